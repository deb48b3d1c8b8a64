package application

import "time"

// BreachDeadline says that a deadline passed.
type BreachDeadline struct {
	Deadline string // its id
	By       Actor
	At       time.Time
}

// Decide answers DeadlineBreached, once, and nothing where the deadline is
// another one by now or the time has not come.
func (c BreachDeadline) Decide(s State) ([]Event, error) {
	if err := system(c.By); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	if s.idle() || s.Deadline == nil || s.Deadline.ID != c.Deadline || s.Breached || h.At.Before(s.Deadline.Due) {
		return nil, nil
	}
	return []Event{DeadlineBreached{Header: h, Deadline: c.Deadline, Due: s.Deadline.Due}}, nil
}
