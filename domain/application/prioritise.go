package application

import "time"

// Prioritise moves an application up or down in its queue: higher goes first, 0
// is usual.
type Prioritise struct {
	Priority int // -9 to 9
	Why      string
	By       Actor
	At       time.Time
}

// Decide answers Prioritised.
func (c Prioritise) Decide(s State) ([]Event, error) {
	if err := first(s.live(), lead(c.By), text("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	switch {
	case c.Priority < -9 || c.Priority > 9:
		return nil, ErrTooLong.in("priority")
	case c.Priority == s.Priority:
		return nil, nil
	}
	return []Event{Prioritised{Header: s.head(c.By, c.At), Priority: c.Priority, Why: c.Why}}, nil
}
