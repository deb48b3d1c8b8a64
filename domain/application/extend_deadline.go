package application

import (
	"time"

	"alta/domain/calendar"
)

// ExtendDeadline gives more time. A new table of the calendar may move a
// deadline either way, but never into the past.
type ExtendDeadline struct {
	Deadline string // the id of the one that is meant
	Due      time.Time
	Why      string
	Rules    Rules
	By       Actor // a lead, or the platform after an import
	At       time.Time
}

// Decide answers DeadlineExtended. The extended deadline has an id of its own,
// so that its marks are told anew.
func (c ExtendDeadline) Decide(s State) ([]Event, error) {
	if err := first(s.live(), required("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	if c.By.Role != RoleSystem {
		if err := lead(c.By); err != nil {
			return nil, err
		}
	}
	h, due := s.head(c.By, c.At), stamp(c.Due)
	switch {
	case s.Deadline != nil && s.Deadline.Due.Equal(due):
		return nil, nil
	case s.Deadline == nil || s.Deadline.ID != c.Deadline:
		return nil, ErrDeadlineGone.with("deadline", c.Deadline)
	case !due.After(h.At), c.By.Role != RoleSystem && due.Before(s.Deadline.Due), due.After(h.At.AddDate(2, 0, 0)):
		return nil, ErrDeadlineTime.in("due")
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	if s.Stage == Signature { // more time to sign is a longer offer, which the evidence has to outlast
		if err := s.lasts(p, p.Requirements(s.Facts()), due); err != nil {
			return nil, err
		}
	}
	e := DeadlineExtended{Header: h, Why: c.Why}
	d := s.merchantsUntil(c.Rules, p, s.Deadline.Stage, h.At, calendar.Moment{At: due})
	if s.Deadline.Holder == Platform {
		if d, err = s.platformUntil(c.Rules, p, s.Deadline.Stage, h.At, calendar.Moment{At: due}); err != nil {
			return nil, err
		}
	}
	e.Deadline, e.Deadline.Started = *d, s.Deadline.Started
	return []Event{e}, nil
}
