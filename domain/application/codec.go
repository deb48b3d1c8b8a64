package application

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"alta/domain/strictjson"
)

// UnknownEventError says that a stored name is none of this version's. Whoever
// reads it must stop: a newer version of the program wrote it.
type UnknownEventError struct{ Name string }

func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("application: there is no event of the name %q", e.Name)
}

// Name is the name under which an event is stored now. Names are permanent and
// carry a version; the shape behind a name never changes. A new shape gets a new
// version here, and the old one stays in past.go with an upcaster.
func Name(e Event) string {
	switch e.(type) {
	case Opened:
		return "application.opened.v1"
	case KindSwitched:
		return "application.kind-switched.v1"
	case ProductsChosen:
		return "application.products-chosen.v1"
	case DetailsFilled:
		return "application.details-filled.v2"
	case DocumentUploaded:
		return "application.document-uploaded.v2"
	case DocumentRemoved:
		return "application.document-removed.v1"
	case DocumentMoved:
		return "application.document-moved.v1"
	case DocumentRedacted:
		return "application.document-redacted.v3"
	case ConsentGiven:
		return "application.consent-given.v1"
	case ConsentWithdrawn:
		return "application.consent-withdrawn.v1"
	case Submitted:
		return "application.submitted.v1"
	case PrecheckFound:
		return "application.precheck-found.v1"
	case Claimed:
		return "application.claimed.v2"
	case Released:
		return "application.released.v2"
	case Reassigned:
		return "application.reassigned.v2"
	case Prioritised:
		return "application.prioritised.v2"
	case ItemsAccepted:
		return "application.items-accepted.v1"
	case ReasonRaised:
		return "application.reason-raised.v2"
	case ReasonWithdrawn:
		return "application.reason-withdrawn.v2"
	case LateReasonAllowed:
		return "application.late-reason-allowed.v2"
	case NoteAdded:
		return "application.note-added.v2"
	case Returned:
		return "application.returned.v1"
	case ItemCorrected:
		return "application.item-corrected.v3"
	case Resubmitted:
		return "application.resubmitted.v1"
	case QualificationApproved:
		return "application.qualification-approved.v1"
	case QualificationProposed:
		return "application.qualification-proposed.v1"
	case QualificationConfirmed:
		return "application.qualification-confirmed.v1"
	case QualificationRefused:
		return "application.qualification-refused.v2"
	case ICPEvidenceRecorded:
		return "application.icp-evidence-recorded.v1"
	case ICPVerified:
		return "application.icp-verified.v1"
	case SiteDeclared:
		return "application.site-declared.v2"
	case SiteApproved:
		return "application.site-approved.v1"
	case ContractOffered:
		return "application.contract-offered.v2"
	case ContractTakenBack:
		return "application.contract-taken-back.v1"
	case ContractLapsed:
		return "application.contract-lapsed.v1"
	case ContractSigned:
		return "application.contract-signed.v1"
	case ContractCountersigned:
		return "application.contract-countersigned.v1"
	case Activated:
		return "application.activated.v1"
	case Withdrawn:
		return "application.withdrawn.v2"
	case Reopened:
		return "application.reopened.v1"
	case DeclineProposed:
		return "application.decline-proposed.v2"
	case DeclineConfirmed:
		return "application.decline-confirmed.v1"
	case DeclineRefused:
		return "application.decline-refused.v2"
	case Expired:
		return "application.expired.v1"
	case DeadlineWarned:
		return "application.deadline-warned.v1"
	case DeadlineBreached:
		return "application.deadline-breached.v1"
	case DeadlineExtended:
		return "application.deadline-extended.v2"
	case PolicyMoved:
		return "application.policy-moved.v2"
	case Restricted:
		return "application.restricted.v2"
	case RestrictionLifted:
		return "application.restriction-lifted.v1"
	case HoldPlaced:
		return "application.hold-placed.v2"
	case HoldLifted:
		return "application.hold-lifted.v2"
	case Shredded:
		return "application.shredded.v1"
	}
	return ""
}

// readers read every stored name, those of today and those of the past.
var readers = map[string]func([]byte) (Event, error){
	"application.opened.v1":                  read[Opened],
	"application.kind-switched.v1":           read[KindSwitched],
	"application.products-chosen.v1":         read[ProductsChosen],
	"application.details-filled.v1":          read[DetailsFilled],
	"application.details-filled.v2":          read[DetailsFilled],
	"application.document-uploaded.v1":       read[DocumentUploaded],
	"application.document-uploaded.v2":       read[DocumentUploaded],
	"application.document-removed.v1":        read[DocumentRemoved],
	"application.document-moved.v1":          read[DocumentMoved],
	"application.document-redacted.v1":       read[DocumentRedacted],
	"application.document-redacted.v2":       read[DocumentRedacted],
	"application.document-redacted.v3":       read[DocumentRedacted],
	"application.consent-given.v1":           read[ConsentGiven],
	"application.consent-withdrawn.v1":       read[ConsentWithdrawn],
	"application.submitted.v1":               read[Submitted],
	"application.precheck-found.v1":          read[PrecheckFound],
	"application.claimed.v1":                 upcast(claimedV1.up),
	"application.claimed.v2":                 read[Claimed],
	"application.released.v1":                read[Released],
	"application.released.v2":                read[Released],
	"application.reassigned.v1":              read[Reassigned],
	"application.reassigned.v2":              read[Reassigned],
	"application.prioritised.v1":             read[Prioritised],
	"application.prioritised.v2":             read[Prioritised],
	"application.items-accepted.v1":          read[ItemsAccepted],
	"application.reason-raised.v1":           read[ReasonRaised],
	"application.reason-raised.v2":           read[ReasonRaised],
	"application.reason-withdrawn.v1":        read[ReasonWithdrawn],
	"application.reason-withdrawn.v2":        read[ReasonWithdrawn],
	"application.late-reason-allowed.v1":     read[LateReasonAllowed],
	"application.late-reason-allowed.v2":     read[LateReasonAllowed],
	"application.note-added.v1":              read[NoteAdded],
	"application.note-added.v2":              read[NoteAdded],
	"application.returned.v1":                read[Returned],
	"application.item-corrected.v1":          read[ItemCorrected],
	"application.item-corrected.v2":          read[ItemCorrected],
	"application.item-corrected.v3":          read[ItemCorrected],
	"application.resubmitted.v1":             read[Resubmitted],
	"application.qualification-approved.v1":  read[QualificationApproved],
	"application.qualification-proposed.v1":  read[QualificationProposed],
	"application.qualification-confirmed.v1": read[QualificationConfirmed],
	"application.qualification-refused.v1":   read[QualificationRefused],
	"application.qualification-refused.v2":   read[QualificationRefused],
	"application.icp-evidence-recorded.v1":   read[ICPEvidenceRecorded],
	"application.icp-verified.v1":            read[ICPVerified],
	"application.site-declared.v1":           read[SiteDeclared],
	"application.site-declared.v2":           read[SiteDeclared],
	"application.site-approved.v1":           read[SiteApproved],
	"application.contract-offered.v1":        read[ContractOffered],
	"application.contract-offered.v2":        read[ContractOffered],
	"application.contract-taken-back.v1":     read[ContractTakenBack],
	"application.contract-lapsed.v1":         read[ContractLapsed],
	"application.contract-signed.v1":         read[ContractSigned],
	"application.contract-countersigned.v1":  read[ContractCountersigned],
	"application.activated.v1":               read[Activated],
	"application.withdrawn.v1":               read[Withdrawn],
	"application.withdrawn.v2":               read[Withdrawn],
	"application.reopened.v1":                read[Reopened],
	"application.decline-proposed.v1":        read[DeclineProposed],
	"application.decline-proposed.v2":        read[DeclineProposed],
	"application.decline-confirmed.v1":       read[DeclineConfirmed],
	"application.decline-refused.v1":         read[DeclineRefused],
	"application.decline-refused.v2":         read[DeclineRefused],
	"application.expired.v1":                 read[Expired],
	"application.deadline-warned.v1":         read[DeadlineWarned],
	"application.deadline-breached.v1":       read[DeadlineBreached],
	"application.deadline-extended.v1":       read[DeadlineExtended],
	"application.deadline-extended.v2":       read[DeadlineExtended],
	"application.policy-moved.v1":            read[PolicyMoved],
	"application.policy-moved.v2":            read[PolicyMoved],
	"application.restricted.v1":              read[Restricted],
	"application.restricted.v2":              read[Restricted],
	"application.restriction-lifted.v1":      read[RestrictionLifted],
	"application.hold-placed.v1":             read[HoldPlaced],
	"application.hold-placed.v2":             read[HoldPlaced],
	"application.hold-lifted.v1":             read[HoldLifted],
	"application.hold-lifted.v2":             read[HoldLifted],
	"application.shredded.v1":                read[Shredded],
}

// Names lists every stored name that Decode reads, in order.
func Names() []string {
	out := make([]string, 0, len(readers))
	for n := range readers {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Known reports whether Decode reads events of a stored name.
func Known(name string) bool { return readers[name] != nil }

// MerchantOf is the account that an event of a stream's beginning names as the
// merchant, of whatever version it is; empty where it names none. It is for asking
// whose an application is that cannot be read.
func MerchantOf(data []byte) string {
	var opened struct {
		Merchant string `json:"merchant"`
	}
	_ = json.Unmarshal(data, &opened) // what names nobody is nobody's
	return opened.Merchant
}

// Encode writes an event as it is stored: its name and canonical JSON, the same
// bytes for the same event. Every personal value is handed to seal together with
// the name of its field, such as "personal.identity.name"; a value that is
// sealed or erased already stays as it is. Sentences are sealed likewise, and so
// are the digests of files and what is known of a company.
func Encode(e Event, seal func(field, clear string) (ciphertext string, err error)) (name string, data []byte, err error) {
	if name = Name(e); name == "" {
		return "", nil, &UnknownEventError{fmt.Sprintf("%T", e)}
	}
	if e, err = sealed(e, seal); err == nil {
		e, err = covered(e, seal)
	}
	if err == nil {
		e, err = sealIdentifying(e, seal)
	}
	if err == nil {
		data, err = canonicalJSON(e)
	}
	if err != nil {
		return "", nil, fmt.Errorf("application: %s: %w", name, err)
	}
	return name, data, nil
}

// Show writes an event as people read it: like Encode, but what mask makes of them
// stands in place of personal values, and sentences stand there as they are.
func Show(e Event, mask func(clear string) string) ([]byte, error) {
	name := Name(e)
	e, err := sealed(e, func(_, clear string) (string, error) { return mask(clear), nil })
	var data []byte
	if err == nil {
		data, err = canonicalJSON(e)
	}
	if err != nil {
		return nil, fmt.Errorf("application: %s: %w", name, err)
	}
	return data, nil
}

func canonicalJSON(e Event) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Decode reads a stored event of any version. With open it unseals every
// personal value, sentence and identifying value; without, they stay sealed. An unknown name is an
// *UnknownEventError, and an unknown field an error too: nothing that was stored
// is lost in silence.
func Decode(name string, data []byte, open func(field, ciphertext string) (clear string, erased bool, err error)) (Event, error) {
	read, ok := readers[name]
	if !ok {
		return nil, &UnknownEventError{name}
	}
	e, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("application: %s: %w", name, err)
	}
	if open != nil {
		if e, err = opened(e, open); err == nil {
			e, err = uncovered(e, open)
		}
		if err == nil {
			e, err = openIdentifying(e, open)
		}
		if err != nil {
			return nil, fmt.Errorf("application: %s: %w", name, err)
		}
	}
	return e, nil
}

// read reads an event of today's shape.
func read[E Event](data []byte) (Event, error) {
	var e E
	err := strictjson.Unmarshal(data, &e)
	return e, err
}

// upcast reads an event of a past shape and brings it up to today's.
func upcast[Past any](up func(Past) Event) func([]byte) (Event, error) {
	return func(data []byte) (Event, error) {
		var p Past
		if err := strictjson.Unmarshal(data, &p); err != nil {
			return nil, err
		}
		return up(p), nil
	}
}
