package application

import "time"

// Activate switches the merchant on. Everything is looked at once more.
type Activate struct {
	Rules Rules
	By    Actor // staff who hold the claim, or the platform itself
	At    time.Time
}

// Decide answers Activated.
func (c Activate) Decide(s State) ([]Event, error) {
	if s.Stage == Active && s.exists() == nil {
		return nil, nil
	}
	if c.By.Role == RoleSystem {
		if err := s.at(Activation); err != nil {
			return nil, err
		}
	} else if err := s.judge(c.By, c.At, Activation); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	req := p.Requirements(s.Facts())
	if s.Decline.Pending() {
		return nil, ErrDeclinePending
	}
	if req.Asks("contract") && !(s.Offer.Signed && s.Offer.Countersigned) {
		return nil, ErrUnsigned
	}
	// The evidence's age mattered at the signature; a contract in force is kept.
	if err := first(s.ready(p, req, s.Evidence.LookedUpAt), s.decidable(req)); err != nil {
		return nil, err
	}
	return []Event{Activated{Header: h, Products: s.Products}}, nil
}
