package application

import "time"

// Withdraw gives the application up, for now. Only the merchant can.
type Withdraw struct {
	Why string
	By  Actor
	At  time.Time
}

// Decide answers Withdrawn.
func (c Withdraw) Decide(s State) ([]Event, error) {
	if err := first(s.exists(), s.merchant(c.By)); err != nil {
		return nil, err
	}
	if s.Stage == WithdrawnStage {
		return nil, nil
	}
	if err := first(s.live(), text("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	return []Event{Withdrawn{Header: s.head(c.By, c.At), Why: c.Why, From: s.Stage}}, nil
}
