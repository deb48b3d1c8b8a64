package application

import "time"

// RefuseDecline is the second person's no: the proposal is gone.
type RefuseDecline struct {
	Why string
	By  Actor
	At  time.Time
}

// Decide answers DeclineRefused.
func (c RefuseDecline) Decide(s State) ([]Event, error) {
	if err := first(s.declines(c.By, c.At), required("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	return []Event{DeclineRefused{Header: s.head(c.By, c.At), Why: c.Why}}, nil
}
