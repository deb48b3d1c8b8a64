package application

import "time"

// LiftHold ends a legal hold.
type LiftHold struct {
	Why string
	By  Actor // a lead or an admin
	At  time.Time
}

// Decide answers HoldLifted.
func (c LiftHold) Decide(s State) ([]Event, error) {
	if err := first(keeper(s, c.By), required("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	if !s.Hold {
		return nil, nil
	}
	return []Event{HoldLifted{Header: s.head(c.By, c.At), Why: c.Why}}, nil
}
