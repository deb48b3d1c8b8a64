package application

import (
	"fmt"
	"strings"

	"alta/domain/personal"
)

// People write sentences: a remark about a call, what the merchant did about a
// reason, why something was handed over. No rule reads them, and anybody's name or
// number may stand in them. So they are sealed under the merchant's key like a
// personal value, and erased with it; whoever may open the application reads them.
//
// In the domain a sentence is a string. As stored it is sealedMark and the vault's
// ciphertext; events from before (v1 of their names) hold it in clear.

// sealedMark begins a stored sentence.
const sealedMark = "sealed:"

// sentences hands every sentence of an event, with the name of its field, to
// change, and answers the event with what came back. The event that was given
// stays as it was.
func sentences(e Event, change func(field, s string) (string, error)) (Event, error) {
	var err error
	on := func(field string, s *string) {
		if err == nil && *s != "" {
			*s, err = change(field, *s)
		}
	}
	switch e := e.(type) {
	case DocumentRedacted:
		on("why", &e.Why)
		return e, err
	case Released:
		on("why", &e.Why)
		return e, err
	case Reassigned:
		on("why", &e.Why)
		return e, err
	case Prioritised:
		on("why", &e.Why)
		return e, err
	case ReasonRaised:
		on("note", &e.Note)
		on("internal", &e.Internal)
		return e, err
	case ReasonWithdrawn:
		on("why", &e.Why)
		return e, err
	case LateReasonAllowed:
		on("why", &e.Why)
		return e, err
	case NoteAdded:
		on("text", &e.Text)
		return e, err
	case ItemCorrected:
		on("statement", &e.Statement)
		return e, err
	case QualificationRefused:
		on("why", &e.Why)
		return e, err
	case SiteDeclared:
		on("guide", &e.Guide)
		return e, err
	case ContractTakenBack:
		on("why", &e.Why)
		return e, err
	case Withdrawn:
		on("why", &e.Why)
		return e, err
	case DeclineProposed:
		on("note", &e.Note)
		on("internal", &e.Internal)
		return e, err
	case DeclineRefused:
		on("why", &e.Why)
		return e, err
	case DeadlineExtended:
		on("why", &e.Why)
		return e, err
	case PolicyMoved:
		on("why", &e.Why)
		return e, err
	case HoldPlaced:
		on("why", &e.Why)
		return e, err
	case HoldLifted:
		on("why", &e.Why)
		return e, err
	default: // nobody writes a sentence there; a test looks for what was forgotten
		return e, nil
	}
}

// covered is the event with every sentence sealed, but for those that the platform
// itself wrote: they are the same for everybody.
func covered(e Event, seal func(field, clear string) (string, error)) (Event, error) {
	if e.Head().By.Role == RoleSystem {
		return e, nil
	}
	return sentences(e, sealString(seal))
}

// uncovered is the event with every sentence in clear, or erased.
func uncovered(e Event, open func(field, ciphertext string) (string, bool, error)) (Event, error) {
	return sentences(e, openString(open, personal.Erased().Masked()))
}

// sealString seals a string: sealedMark and the ciphertext.
func sealString(seal func(field, clear string) (string, error)) func(field, s string) (string, error) {
	return func(field, s string) (string, error) {
		if seal == nil {
			return s, fmt.Errorf("%s: %w", field, personal.ErrClear)
		}
		c, err := seal(field, s)
		if err != nil {
			return s, fmt.Errorf("%s: %w", field, err)
		}
		return sealedMark + c, nil
	}
}

// openString opens what sealString sealed; gone stands in the place of what was
// erased. A string without sealedMark is from before it was sealed.
func openString(open func(field, ciphertext string) (string, bool, error), gone string) func(field, s string) (string, error) {
	return func(field, s string) (string, error) {
		c, ok := strings.CutPrefix(s, sealedMark)
		if !ok {
			return s, nil
		}
		clear, erased, err := open(field, c)
		switch {
		case err != nil:
			return s, fmt.Errorf("%s: %w", field, err)
		case erased:
			return gone, nil
		}
		return clear, nil
	}
}
