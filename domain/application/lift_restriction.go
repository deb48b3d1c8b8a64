package application

import (
	"time"

	"alta/domain/calendar"
)

// LiftRestriction takes a restriction back: the application goes on where it stood.
type LiftRestriction struct {
	Rules Rules
	By    Actor // the merchant itself
	At    time.Time
}

// Decide answers RestrictionLifted. Nobody may lose time by the restriction: a
// deadline of the platform begins anew with the stage's whole term, because nobody
// could work on it. The merchant's deadline moves by as long as the restriction
// stood, so that a merchant cannot gain time by it; one that was over before stays.
func (c LiftRestriction) Decide(s State) ([]Event, error) {
	if !s.Opened() {
		return nil, ErrNotOpened
	}
	if err := s.merchant(c.By); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	switch {
	case !s.Restricted:
		return nil, nil
	case !h.At.Before(s.Back):
		return nil, ErrBackOver.with("until", s.Back.Format(time.RFC3339))
	}
	e := RestrictionLifted{Header: h}
	if s.Deadline == nil {
		return []Event{e}, nil
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	began := s.Back.AddDate(0, 0, -BackDays)
	switch d := s.Deadline; {
	case d.Holder == Platform:
		e.Deadline, err = s.deadline(c.Rules, p, d.Stage, h.At)
	case d.Due.After(began):
		e.Deadline = s.merchantsUntil(c.Rules, p, d.Stage, h.At, calendar.Moment{At: d.Due.Add(h.At.Sub(began))})
	}
	if err != nil {
		return nil, err
	}
	return []Event{e}, nil
}
