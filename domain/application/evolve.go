package application

import (
	"slices"
	"time"

	"alta/domain/item"
)

// Evolve is the whole state machine. It never refuses: events already happened.
// It changes nothing that s refers to.
func Evolve(s State, e Event) State {
	s = s.passed(e)
	switch e := e.(type) {
	case Opened:
		s.Merchant, s.MerchantNumber, s.Agent, s.Registrar = e.Merchant, e.MerchantNumber, e.Agent, e.By
		s.Kind, s.Products, s.Banks, s.Site = e.Kind, e.Products, e.Banks, e.Site
		s.Language, s.Policy, s.Stage = e.Language, e.Policy, Draft
	case KindSwitched:
		s.Kind = e.Kind
		for _, k := range e.Dropped {
			s = s.edit(k, func(i *Item) { *i = Item{Key: k, Version: i.Version, Uploads: i.Uploads} })
		}
	case ProductsChosen:
		s.Products, s.Banks, s.Site = e.Products, e.Banks, e.Site
	case DetailsFilled:
		s = s.filled(e)
	case DocumentUploaded:
		s.Bytes += e.Document.Size
		s = s.edit(e.Slot, func(i *Item) { i.Document, i.Uploads = e.Document, i.Uploads+1 })
	case DocumentRemoved:
		s = s.edit(e.Slot, func(i *Item) { i.Document = Document{} })
	case DocumentMoved:
		from, to := s.Item(e.From).Document, s.Item(e.To).Document
		s = s.edit(e.From, func(i *Item) { i.Document = to })
		s = s.edit(e.To, func(i *Item) { i.Document = from })
	case DocumentRedacted:
		s.Items = s.put(e.Slot, func(i *Item) { i.Document, i.Accepted, i.Redacted = e.Document, 0, true })
		s.Changed = s.Revision()
		if s.Stage == Correction && !slices.Contains(s.Unlocked, e.Slot) {
			s.Unlocked = append(slices.Clip(s.Unlocked), e.Slot) // a new upload is asked for
		}
	case ConsentGiven:
		s.Consents = append(slices.Clip(s.Consents), Consent{e.Consent, e.Version, e.SHA256, e.Language, e.At})
	case ConsentWithdrawn:
		s.Consents = slices.DeleteFunc(slices.Clone(s.Consents), func(c Consent) bool { return c.Name == e.Consent })
	case Submitted:
		s.Round, s.Policy, s.Registry, s.Changed = e.Round, e.Policy, e.Registry, s.Revision()
		s = s.enter(e.Next, e.Deadline)
	case PrecheckFound:
		s.Findings, s.Checked = e.Findings, e.Round
		if len(e.Findings) > 0 {
			s.Changed = s.Revision()
		}
		for _, k := range e.Contests(s.Stage) {
			s.Items = s.put(k, func(i *Item) { i.Accepted = 0 })
		}
	case Claimed:
		s.Claim = Lease{e.By, e.At, e.Until, e.Lease}
	case Released:
		s.Claim = Lease{}
		if e.Cause == Skipped {
			s = s.skip(e.Holder, e.At)
		}
	case Reassigned:
		s.Claim, s.Skips = Lease{e.To, e.At, e.Until, e.Lease}, nil
	case Prioritised:
		s.Priority, s.Skips = e.Priority, nil
	case ItemsAccepted:
		s = s.accepted(e)
	case ReasonRaised:
		s.Reasons = append(slices.Clip(s.Reasons), Reason{e.Reason, e.Code, e.Sub, e.Target, e.Round, s.Stage, StatusOpen})
		s.Items = s.put(e.Target, func(i *Item) { i.Accepted = 0 })
		s.Changed = s.Revision()
	case ReasonWithdrawn:
		s.Reasons = settle(s.Reasons, StatusWithdrawn, func(r Reason) bool { return r.ID == e.Reason })
		s.Changed = s.Revision()
	case LateReasonAllowed:
		s.Allowed = append(slices.Clip(s.Allowed), e.Target)
	case NoteAdded:
		s.Notes = append(slices.Clip(s.Notes), e.Note)
	case Returned:
		s = s.returned(e)
	case ItemCorrected:
		s = s.corrected(e)
	case Resubmitted:
		s = s.resubmitted(e)
	case QualificationApproved:
		s.Approvers = []string{e.By.ID}
		s = s.qualified().enter(e.Next, e.Deadline)
	case QualificationProposed:
		s = s.decide(Qualification)
		s.Proposal = Proposal{e.By, e.Judged}
		s = s.enter(SecondApproval, e.Deadline)
	case QualificationConfirmed:
		s.Approvers = []string{s.Proposal.By.ID, e.By.ID}
		s = s.qualified().enter(e.Next, e.Deadline)
	case QualificationRefused:
		s = s.enter(Qualification, e.Deadline)
	case ICPEvidenceRecorded:
		s.Evidence, s.ICPVerified = e.Evidence, false
		s.Lookups = append(slices.Clip(s.Lookups), e.Evidence.ID)
		s.Changed = s.Revision()
	case ICPVerified:
		s.ICPVerified = true
		if e.Next != s.Stage { // otherwise it was looked up again before signing
			s = s.decide(ICP).enter(e.Next, e.Deadline)
		}
	case SiteDeclared:
		s = s.declared(e)
	case SiteApproved:
		s.SiteApproved = true
		s = s.decide(Website).enter(e.Next, e.Deadline)
	case ContractOffered:
		s.Offer = Offer{Version: e.Version, Language: e.Language, SHA256: e.SHA256, By: e.By, Expires: e.Expires, Terms: e.Terms}
		s = s.enter(Signature, e.Deadline)
	case ContractTakenBack:
		s = s.without([]Check{CheckContract}).enter(Contract, e.Deadline)
	case ContractLapsed:
		s = s.without([]Check{CheckContract}).enter(Contract, e.Deadline)
	case ContractSigned:
		s.Offer.Signed = true
		s = s.enter(Countersignature, e.Deadline)
	case ContractCountersigned:
		s.Offer.Countersigned = true
		s = s.enter(Activation, e.Deadline)
	case Activated:
		s = s.enter(Active, nil)
	case Withdrawn:
		s = s.enter(WithdrawnStage, nil)
	case Reopened:
		s = s.reopened().enter(e.Next, e.Deadline)
	case DeclineProposed:
		s.Decline, s.Claim = Proposal{e.By, e.Judged}, Lease{}
	case DeclineConfirmed:
		s = s.enter(DeclinedStage, nil)
	case DeclineRefused:
		s.Decline, s.Claim = Proposal{}, Lease{}
	case Expired:
		s = s.enter(ExpiredStage, nil)
	case DeadlineWarned:
		s.Marks = append(slices.Clip(s.Marks), e.Mark)
	case DeadlineBreached:
		s.Breached = true
	case DeadlineExtended:
		s = s.rescheduled(e.Deadline)
	case PolicyMoved:
		s.Policy, s.Changed = e.To, s.Revision()
	case Restricted:
		s.Restricted, s.Retain, s.Back = true, e.Until, e.Back
	case RestrictionLifted:
		s.Restricted, s.Retain, s.Back, s.Claim = false, time.Time{}, time.Time{}, Lease{}
		if e.Deadline != nil {
			s = s.rescheduled(*e.Deadline)
		}
	case HoldPlaced:
		s.Hold = true
	case HoldLifted:
		s.Hold = false
	case Shredded:
		s = s.shredded()
	}
	return s
}

// rescheduled has another deadline for the same stage.
func (s State) rescheduled(d Deadline) State {
	s.Deadline, s.Marks, s.Breached = &d, nil, false
	if s.Stage == Signature && d.Due.After(s.Offer.Expires) {
		s.Offer.Expires = d.Due // more time to sign is a longer offer
	}
	return s
}

// passed is what every event does: it counts, renews the lease of whoever holds
// the application, and ends a merchant's silence.
func (s State) passed(e Event) State {
	h := e.Head()
	s.Events, s.Last = s.Events+1, h.At
	if Told(e) {
		s.Told++
	}
	if s.Claim.Live(h.At) && s.Claim.By.ID == h.By.ID {
		s.Claim.Until = h.At.Add(s.Claim.Renew)
	}
	if h.By.Role == RoleMerchant || h.By.Role == RoleAgent {
		s.Silent = h.At
	}
	return s
}

// enter goes to a stage: nobody holds the application there yet, its own
// deadline runs, and what was proposed before is done with.
func (s State) enter(next Stage, d *Deadline) State {
	if next != SecondApproval {
		s.Proposal = Proposal{}
	}
	s.Stage, s.Claim, s.Skips, s.Decline = next, Lease{}, nil, Proposal{}
	s.Deadline, s.Marks, s.Breached = d, nil, false
	if s.Holder() == Merchant {
		s.Silent = s.Last // its turn begins now
	}
	return s
}

// decide notes that a stage was decided in this round, so that what it left
// alone is late afterwards.
func (s State) decide(stage Stage) State {
	if d := (Decision{stage, s.Round}); !slices.Contains(s.Decided, d) {
		s.Decided = append(slices.Clip(s.Decided), d)
	}
	return s
}

func (s State) qualified() State {
	s = s.decide(Qualification)
	s.Qualified, s.Overridden, s.Account = true, nil, false
	return s
}

func (s State) filled(e DetailsFilled) State {
	before, draft := s.Changed, s.Stage == Draft
	for _, k := range catalogue { // maps have no order, and a fold must have one
		if v, ok := e.Fields[k]; ok {
			s = s.edit(k, func(i *Item) { i.Value = v })
		}
		if v, ok := e.Personal[k]; ok {
			s = s.edit(k, func(i *Item) { i.Personal = v })
		}
	}
	if !draft && s.Stage != ICP {
		s.Changed = before // who is qualified does not depend on what a later stage waits for
	}
	return s
}

// catalogue is every item's key in the order of package item.
var catalogue = func() []item.Key {
	var keys []item.Key
	for _, i := range item.All() {
		keys = append(keys, i.Key)
	}
	return keys
}()

func (s State) accepted(e ItemsAccepted) State {
	for _, k := range e.Items {
		if s.objected(k) && !slices.Contains(s.Overridden, k) {
			s.Overridden = append(slices.Clip(s.Overridden), k)
		}
		s.Items = s.put(k, func(i *Item) { i.Accepted = s.Round })
	}
	s.Reasons = settle(s.Reasons, StatusSettled, func(r Reason) bool {
		return r.Status == StatusAddressed && slices.Contains(e.Items, r.Target)
	})
	return s
}

// settle answers the reasons with a new status for those that match.
func settle(all []Reason, to ReasonStatus, match func(Reason) bool) []Reason {
	out := slices.Clone(all)
	for i := range out {
		if match(out[i]) {
			out[i].Status = to
		}
	}
	return out
}

func (s State) returned(e Returned) State {
	s = s.decide(e.From)
	s.Reasons = settle(s.Reasons, StatusReturned, func(r Reason) bool { return slices.Contains(e.Reasons, r.ID) })
	s.From, s.Unlocked, s.Allowed, s.Paused = e.From, e.Unlocked, nil, e.Paused
	s.Items = s.each(func(i *Item) { i.Former, i.Statement = nil, "" })
	return s.enter(Correction, e.Deadline)
}

func (s State) corrected(e ItemCorrected) State {
	s = s.edit(e.Item, func(i *Item) {
		if e.Field != nil {
			i.Value = *e.Field
		}
		if e.Personal != nil {
			i.Personal = *e.Personal
		}
		if e.Statement != "" {
			i.Statement = e.Statement
		}
	})
	return s
}

func (s State) resubmitted(e Resubmitted) State {
	s.Reasons = settle(s.Reasons, StatusAddressed, func(r Reason) bool { return r.Status == StatusReturned })
	s.Account = s.Account || s.accountChanged()
	s = s.without(e.Voided)
	s.Overridden = slices.DeleteFunc(slices.Clone(s.Overridden), func(k item.Key) bool { return slices.Contains(e.Changed, k) })
	s.Round, s.Unlocked, s.Allowed, s.Findings = e.Round, nil, nil, nil
	s.Changed = s.Revision()
	return s.enter(e.Next, e.Deadline)
}

// without undoes results.
func (s State) without(voided []Check) State {
	for _, c := range voided {
		switch c {
		case CheckQualification:
			s.Qualified, s.Approvers = false, nil
		case CheckICP:
			s.ICPVerified, s.Evidence = false, ICPEvidence{} // looked up anew
		case CheckSite:
			s.SiteApproved = false
		case CheckContract:
			s.Offer = Offer{}
		}
	}
	return s
}

func (s State) declared(e SiteDeclared) State {
	before := s.Changed
	s.Declaration = Declaration{e.URL, e.TestUser, e.TestPassword, e.Guide}
	s = s.edit(item.SiteURL, func(i *Item) { i.Value = e.URL })
	s = s.edit(item.SiteTestAccount, func(i *Item) { i.Personal = e.TestPassword })
	if s.Stage == Qualification || s.Stage == SecondApproval {
		s.Changed = before // who is qualified does not depend on the site
	}
	if e.Deadline != nil { // the review waited for it
		s.Deadline, s.Marks, s.Breached = e.Deadline, nil, false
	}
	return s
}

// reopened begins again with what was there: nothing is accepted any more.
func (s State) reopened() State {
	s.Qualified, s.Approvers, s.SiteApproved = false, nil, false
	s = s.without([]Check{CheckICP})
	s.Offer, s.Overridden, s.Decided, s.Unlocked, s.Allowed, s.From = Offer{}, nil, nil, nil, nil, ""
	s.Items = s.each(func(i *Item) { i.Accepted, i.Former, i.Statement = 0, nil, "" })
	s.Reasons = settle(s.Reasons, StatusWithdrawn, func(r Reason) bool { return r.Status != StatusSettled })
	return s
}
