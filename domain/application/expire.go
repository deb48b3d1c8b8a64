package application

import "time"

// Expire ends an application whose merchant was silent too long while it had the
// ball.
type Expire struct {
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers Expired, and nothing while the merchant may still act.
func (c Expire) Decide(s State) ([]Event, error) {
	if err := system(c.By); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	if s.idle() || s.Holder() != Merchant {
		return nil, nil
	}
	until, err := s.ExpiresAt(c.Rules)
	if err != nil {
		return nil, err
	}
	if h.At.Before(until) {
		return nil, nil
	}
	return []Event{Expired{Header: h, Silent: h.At.Sub(s.Silent)}}, nil
}

// ExpiresAt is when the merchant's silence ends the application; the zero time
// while the merchant does not have the ball.
func (s State) ExpiresAt(r Rules) (time.Time, error) {
	if s.idle() || s.Holder() != Merchant {
		return time.Time{}, nil
	}
	p, err := s.policy(r, s.Last)
	if err != nil {
		return time.Time{}, err
	}
	return s.Silent.Add(time.Duration(p.Terms.ExpiryDays) * day), nil
}
