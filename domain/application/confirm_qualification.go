package application

import "time"

// ConfirmQualification is the second person's yes to what the first one judged.
type ConfirmQualification struct {
	Judged int64 // the revision that the first one judged
	Rules  Rules
	By     Actor
	At     time.Time
}

// Decide answers QualificationConfirmed.
func (c ConfirmQualification) Decide(s State) ([]Event, error) {
	if err := s.confirms(c.By, c.At); err != nil {
		return nil, err
	}
	if c.Judged != s.Proposal.Judged || s.Changed > s.Proposal.Judged {
		return nil, ErrEvidence
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	req := p.Requirements(s.Facts())
	if err := s.decidable(req); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	next := s.qualified().next(req)
	d, err := s.deadline(c.Rules, p, next, h.At)
	if err != nil {
		return nil, err
	}
	return []Event{QualificationConfirmed{Header: h, Judged: s.Proposal.Judged, Next: next, Deadline: d}}, nil
}

// confirms: a lead other than the first person, who holds the claim.
func (s State) confirms(by Actor, at time.Time) error {
	if err := first(s.at(SecondApproval), staff(by), s.maker(by), s.second(by)); err != nil {
		return err
	}
	if s.Decline.Pending() {
		return ErrDeclinePending
	}
	return s.holds(by, at)
}
