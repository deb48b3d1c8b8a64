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

// ExpiryDue is when the platform ends a silent application: in the daytime after
// the silence is over, since the merchant gets a mail of it.
func (s State) ExpiryDue(r Rules) (time.Time, error) {
	until, err := s.ExpiresAt(r)
	if err != nil || until.IsZero() {
		return until, err
	}
	p, err := s.policy(r, s.Last)
	if err != nil {
		return time.Time{}, err
	}
	opens, closes := p.Terms.NoticeHours()
	return r.Calendar.Daytime(until, opens, closes, until.Add(day)), nil
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
	end, err := periodEnd(r, p.Terms, s.Silent, p.Terms.ExpiryDays)
	return end.At, err
}
