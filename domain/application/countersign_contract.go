package application

import "time"

// CountersignContract is the platform's signature. Where the policy asks for
// four eyes it is not that of the person who offered the contract.
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
	if req.FourEyes && s.Offer.By.ID == c.By.ID {
		return nil, ErrSamePerson
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
