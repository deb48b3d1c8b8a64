package projections

import (
	"slices"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
)

// Summary is what everyone shares of an application: where it stands, who holds
// it, until when, and what is open. Lists and queues are made from it alone, so a
// rebuild keeps a summary of each application in memory, under a kilobyte, and
// not the whole; Application is a Summary with the items and the rest.
type Summary struct {
	ID             string             `json:"id"`
	Revision       int64              `json:"revision"`
	MerchantNumber string             `json:"merchant_number"`
	Merchant       string             `json:"merchant"`
	Agent          string             `json:"agent,omitempty"`
	Name           string             `json:"name"` // a company's in clear, a person's masked
	Kind           policy.Kind        `json:"kind"`
	Products       []policy.Product   `json:"products"`
	SiteType       policy.SiteType    `json:"site_type"`
	Language       string             `json:"language"`
	Stage          application.Stage  `json:"stage"`
	Holder         application.Holder `json:"holder"`
	Round          int                `json:"round"`
	Priority       int                `json:"priority,omitempty"`
	OpenedAt       time.Time          `json:"opened_at"`
	SubmittedAt    *time.Time         `json:"submitted_at,omitempty"`
	EnteredAt      time.Time          `json:"entered_at"`
	UpdatedAt      time.Time          `json:"updated_at"`
	Deadline       *Deadline          `json:"deadline,omitempty"`
	Claim          *Claim             `json:"claim,omitempty"`
	Skips          []Skip             `json:"skips,omitempty"` // since it came to its stage
	Reasons        []Reason           `json:"reasons"`
	Proposal       *Proposal          `json:"proposal,omitempty"`
	Decline        *Proposal          `json:"decline,omitempty"`
	Restricted     bool               `json:"restricted,omitempty"`
	Erased         bool               `json:"erased,omitempty"`

	told            int64     // events that the merchant is told of; see application.Told
	toldAt          time.Time // of the newest of them
	found           found
	declared        bool // the site to be reviewed is known
	person, company string
	domain          string
}

// found counts what the machine found in the round at hand, by severity.
type found struct{ blocks, warns, hints int }

// newSummary is that of an application of which nothing is known yet.
func newSummary(id string) *Summary { return &Summary{ID: id, Revision: -1, Reasons: []Reason{}} }

// Fold adds the event at a revision; an event that the summary has already seen
// changes nothing, so a second delivery is harmless, and the answer is false.
// Personal values of the event must be clear or erased: they are masked here.
func (s *Summary) Fold(revision int64, e application.Event) bool {
	if !s.touch(revision, e.Head(), application.Told(e)) {
		return false
	}
	s.apply(e.Head(), e)
	s.Holder = s.Stage.Holder()
	if s.Stage == application.Website && !s.declared {
		s.Holder = application.Merchant // the review waits for the declaration
	}
	return true
}

// touch notes who did something and when, and answers false for what the summary
// has already seen. An act of the holder renews her claim. told says whether the
// merchant is told of it.
func (s *Summary) touch(revision int64, h application.Header, told bool) bool {
	if revision <= s.Revision {
		return false
	}
	s.Revision, s.UpdatedAt = revision, h.At
	if told {
		s.told, s.toldAt = s.told+1, h.At
	}
	if s.Claim != nil && s.Claim.By.ID == h.By.ID && h.At.Before(s.Claim.Until) {
		s.Claim.Until = h.At.Add(time.Duration(s.Claim.LeaseSeconds * float64(time.Second)))
	}
	return true
}

// indifferent reports whether an event of a stored name changes nothing in the
// summary but who touched it last. Papers and acceptances matter where a reason
// waits for them.
//
// told says whether the merchant is told of such an event.
func (s *Summary) indifferent(name string) (indifferent, told bool) {
	switch name {
	case "application.note-added.v1", "application.note-added.v2", "application.icp-evidence-recorded.v1":
		return true, false
	case "application.consent-given.v1", "application.consent-withdrawn.v1", "application.document-removed.v1", "application.document-redacted.v1", "application.document-redacted.v2", "application.document-redacted.v3":
		return true, true
	case "application.document-moved.v1", "application.items-accepted.v1":
		return !slices.ContainsFunc(s.Reasons, func(r Reason) bool { return r.State == ReasonReturned || r.State == ReasonAddressed }),
			name != "application.items-accepted.v1"
	}
	return false, false
}

func (s *Summary) apply(h application.Header, e application.Event) {
	switch e := e.(type) {
	case application.Opened:
		s.Merchant, s.MerchantNumber, s.Agent, s.Language = e.Merchant, e.MerchantNumber, e.Agent, e.Language
		s.Kind, s.Products, s.SiteType = e.Kind, e.Products, e.Site
		s.OpenedAt, s.Name = h.At, e.MerchantNumber
		s.enter(application.Draft, nil, h)
	case application.KindSwitched:
		s.Kind = e.Kind
		for _, k := range e.Dropped {
			s.learn(k, "")
		}
		s.rename()
	case application.ProductsChosen:
		s.Products, s.SiteType = e.Products, e.Site
	case application.DetailsFilled:
		for _, k := range []item.Key{item.CompanyName, item.SiteDomain} {
			if v, ok := e.Fields[k]; ok {
				s.learn(k, v)
			}
		}
		if v, ok := e.Personal[item.IdentityName]; ok {
			s.learn(item.IdentityName, v.Masked())
		}
		s.rename()
	case application.DocumentUploaded:
		s.address(e.Slot)
	case application.DocumentMoved:
		s.address(e.From)
		s.address(e.To)
	case application.DocumentRemoved, application.DocumentRedacted, application.ConsentGiven, application.ConsentWithdrawn:
		// Of the application itself they change nothing.
	case application.Submitted:
		s.Round, s.SubmittedAt = e.Round, &h.At
		s.enter(e.Next, e.Deadline, h)
	case application.PrecheckFound:
		s.found = found{}
		for _, f := range e.Findings {
			switch f.Severity {
			case "block":
				s.found.blocks++
			case "warn":
				s.found.warns++
			case "hint":
				s.found.hints++
			}
		}
	case application.Claimed:
		s.Claim = &Claim{e.By, e.Until, e.Lease.Seconds()}
	case application.Released:
		s.Claim = nil
		if e.Cause == application.Skipped {
			s.Skips = append(slices.Clip(s.Skips), Skip{h.By, h.At, e.Why})
			s.Skips = s.Skips[max(0, len(s.Skips)-maxSkips):]
		}
	case application.Reassigned:
		s.Claim = &Claim{e.To, e.Until, e.Lease.Seconds()}
	case application.Prioritised:
		s.Priority = e.Priority
	case application.ItemsAccepted:
		for _, k := range e.Items {
			s.turn(k, ReasonAddressed, ReasonSettled)
		}
	case application.ReasonRaised:
		s.Reasons = append(s.Reasons, Reason{
			ID: e.Reason, Code: e.Code, Sub: e.Sub, Target: e.Target, Note: e.Note, Internal: e.Internal,
			Round: e.Round, By: h.By, At: h.At, State: ReasonOpen,
		})
	case application.ReasonWithdrawn:
		for i := range s.Reasons {
			if r := &s.Reasons[i]; r.ID == e.Reason {
				r.State = ReasonWithdrawn
			}
		}
	case application.LateReasonAllowed, application.NoteAdded:
		// What the first allows is the decider's business; the second is for reading.
	case application.Returned:
		for i := range s.Reasons {
			if r := &s.Reasons[i]; r.State == ReasonOpen && slices.Contains(e.Reasons, r.ID) {
				r.State = ReasonReturned
			}
		}
		s.enter(application.Correction, e.Deadline, h)
	case application.ItemCorrected:
		switch {
		case e.Field != nil:
			s.learn(e.Item, *e.Field)
		case e.Personal != nil:
			s.learn(e.Item, e.Personal.Masked())
		}
		s.rename()
		s.address(e.Item)
	case application.Resubmitted:
		s.Round, s.found = e.Round, found{}
		for i := range s.Reasons { // also those that a change elsewhere answered
			if r := &s.Reasons[i]; r.State == ReasonReturned {
				r.State = ReasonAddressed
			}
		}
		s.enter(e.Next, e.Deadline, h)
	case application.QualificationApproved:
		s.enter(e.Next, e.Deadline, h)
	case application.QualificationProposed:
		s.enter(application.SecondApproval, e.Deadline, h)
		s.Proposal = &Proposal{By: h.By, At: h.At, Judged: e.Judged}
	case application.QualificationConfirmed:
		s.enter(e.Next, e.Deadline, h)
	case application.QualificationRefused:
		s.enter(application.Qualification, e.Deadline, h)
	case application.ICPEvidenceRecorded:
		// Evidence is read by whoever judges it.
	case application.ICPVerified:
		if e.Next != s.Stage { // otherwise it was looked up again before signing
			s.enter(e.Next, e.Deadline, h)
		}
	case application.SiteDeclared:
		s.declared = true
		s.address(item.SiteURL)
		s.address(item.SiteTestAccount)
		if e.Deadline != nil {
			s.Deadline = &Deadline{Deadline: *e.Deadline}
		}
	case application.SiteApproved:
		s.enter(e.Next, e.Deadline, h)
	case application.ContractOffered:
		s.enter(application.Signature, e.Deadline, h)
	case application.ContractTakenBack:
		s.enter(application.Contract, e.Deadline, h)
	case application.ContractLapsed:
		s.enter(application.Contract, e.Deadline, h)
	case application.ContractSigned:
		s.enter(application.Countersignature, e.Deadline, h)
	case application.ContractCountersigned:
		s.enter(application.Activation, e.Deadline, h)
	case application.Activated:
		s.enter(application.Active, nil, h)
	case application.Withdrawn:
		s.enter(application.WithdrawnStage, nil, h)
	case application.Reopened:
		for i := range s.Reasons {
			if r := &s.Reasons[i]; r.State != ReasonSettled {
				r.State = ReasonWithdrawn
			}
		}
		s.enter(e.Next, e.Deadline, h)
	case application.DeclineProposed:
		s.Decline, s.Claim = &Proposal{By: h.By, At: h.At, Judged: e.Judged, Note: e.Note, Internal: e.Internal}, nil
	case application.DeclineConfirmed:
		declined := s.Decline // the merchant is told why
		s.enter(application.DeclinedStage, nil, h)
		s.Decline = declined
	case application.DeclineRefused:
		s.Decline, s.Claim = nil, nil
	case application.Expired:
		s.enter(application.ExpiredStage, nil, h)
	case application.DeadlineWarned:
		if s.Deadline != nil && s.Deadline.ID == e.Deadline {
			s.Deadline.Warned = true
		}
	case application.DeadlineBreached:
		if s.Deadline != nil && s.Deadline.ID == e.Deadline {
			s.Deadline.Breached = true
		}
	case application.DeadlineExtended:
		s.Deadline = &Deadline{Deadline: e.Deadline}
	case application.PolicyMoved, application.HoldPlaced, application.HoldLifted:
		// Which items are asked for, and whether data may be destroyed, is not told here.
	case application.Restricted:
		s.Restricted, s.Claim = true, nil
	case application.RestrictionLifted:
		s.Restricted, s.Claim = false, nil
		if e.Deadline != nil {
			s.Deadline = &Deadline{Deadline: *e.Deadline}
		}
	case application.Shredded:
		s.Erased, s.Claim = true, nil
		if s.Kind == policy.Individual {
			s.Name = personal.Erased().Masked()
		}
	}
}

// enter moves the application to a stage: whoever held it holds it no more, and
// what was proposed before is done with.
func (s *Summary) enter(to application.Stage, d *application.Deadline, h application.Header) {
	s.Stage, s.EnteredAt, s.Claim, s.Skips, s.Deadline, s.Proposal, s.Decline = to, h.At, nil, nil, nil, nil, nil
	if d != nil {
		s.Deadline = &Deadline{Deadline: *d}
	}
	for i := range s.Reasons {
		s.Reasons[i].told = s.Reasons[i].State // the stage's judgement is told when it ends
	}
}

// learn keeps the values that lists show.
func (s *Summary) learn(k item.Key, value string) {
	switch k {
	case item.IdentityName:
		s.person = value
	case item.CompanyName:
		s.company = value
	case item.SiteDomain:
		s.domain = value
	}
}

// rename keeps the name that lists show.
func (s *Summary) rename() {
	name := s.person
	if s.Kind == policy.Enterprise {
		name = s.company
	}
	if name != "" {
		s.Name = name
	}
}

// address notes that the merchant answered the reasons on an item.
func (s *Summary) address(k item.Key) {
	s.turn(k, ReasonReturned, ReasonAddressed)
	for i := range s.Reasons {
		if r := &s.Reasons[i]; r.Target == k && r.told == ReasonReturned {
			r.told = ReasonAddressed
		}
	}
}

// turn moves the reasons on an item from one state to another.
func (s *Summary) turn(k item.Key, from, to ReasonState) {
	for i := range s.Reasons {
		if r := &s.Reasons[i]; r.Target == k && r.State == from {
			r.State = to
		}
	}
}
