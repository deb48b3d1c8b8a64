package application

import (
	"slices"
	"time"

	"alta/domain/policy"
)

// CountersignContract is the platform's signature. Where the policy asks for
// four eyes it is not that of the person who offered the contract, and unless the
// policy says otherwise not that of anybody who approved the qualification: so no
// one person takes an application from submission to active.
type CountersignContract struct {
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers ContractCountersigned.
func (c CountersignContract) Decide(s State) ([]Event, error) {
	if s.Offer.Countersigned && s.exists() == nil && staff(c.By) == nil {
		return nil, nil
	}
	if err := s.judge(c.By, c.At, Countersignature); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	req := p.Requirements(s.Facts())
	if err := s.countersigner(p, req, c.By); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	if !s.Offer.Signed {
		return nil, ErrUnsigned
	}
	if err := first(s.ready(p, req, h.At), s.decidable(req)); err != nil {
		return nil, err
	}
	e := ContractCountersigned{Header: h, SHA256: s.Offer.SHA256}
	if e.Deadline, err = s.deadline(c.Rules, p, Activation, h.At); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// countersigner: this person may sign for the platform.
func (s State) countersigner(p policy.Policy, req policy.Requirements, by Actor) error {
	switch {
	case req.FourEyes && s.Offer.By.ID == by.ID:
		return ErrSamePerson
	case !p.ApproverCountersigns && slices.Contains(s.Approvers, by.ID):
		return ErrApprover
	}
	return nil
}
