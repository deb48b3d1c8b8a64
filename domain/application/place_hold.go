package application

import "time"

// PlaceHold keeps the data beyond its retention term: a court or an authority
// asked for it.
type PlaceHold struct {
	Why string
	By  Actor // a lead or an admin
	At  time.Time
}

// Decide answers HoldPlaced.
func (c PlaceHold) Decide(s State) ([]Event, error) {
	if err := first(keeper(s, c.By), required("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	if s.Hold || s.Shredded {
		return nil, nil
	}
	return []Event{HoldPlaced{Header: s.head(c.By, c.At), Why: c.Why}}, nil
}

// keeper: who answers for keeping and destroying data.
func keeper(s State, by Actor) error {
	if !s.Opened() {
		return ErrNotOpened
	}
	if by.Role == RoleAdmin && by.ID != "" {
		return nil
	}
	return lead(by)
}
