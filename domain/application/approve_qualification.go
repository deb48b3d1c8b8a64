package application

import "time"

// ApproveQualification finds the merchant qualified. Where one pair of eyes is
// not enough it is a proposal to the second one.
type ApproveQualification struct {
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers QualificationApproved or QualificationProposed.
func (c ApproveQualification) Decide(s State) ([]Event, error) {
	if s.Stage == SecondApproval && s.Proposal.By.ID == c.By.ID && s.exists() == nil {
		return nil, nil
	}
	if err := s.judge(c.By, c.At, Qualification); err != nil {
		return nil, err
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
	if s.fourEyes(p, req) {
		d, err := s.deadline(c.Rules, p, SecondApproval, h.At)
		if err != nil {
			return nil, err
		}
		return []Event{QualificationProposed{Header: h, Judged: s.Revision(), Deadline: d}}, nil
	}
	next := s.qualified().next(req)
	d, err := s.deadline(c.Rules, p, next, h.At)
	if err != nil {
		return nil, err
	}
	return []Event{QualificationApproved{Header: h, Next: next, Deadline: d}}, nil
}
