package application

import (
	"slices"
	"time"
)

// WarnDeadline says that a mark of a deadline was passed.
type WarnDeadline struct {
	Deadline string // its id
	Mark     string
	By       Actor
	At       time.Time
}

// Decide answers DeadlineWarned, once for every mark, and nothing where the
// deadline is another one by now or the time has not come.
func (c WarnDeadline) Decide(s State) ([]Event, error) {
	if err := system(c.By); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	if s.idle() || s.Deadline == nil || s.Deadline.ID != c.Deadline || slices.Contains(s.Marks, c.Mark) {
		return nil, nil
	}
	for _, m := range s.Deadline.Marks() {
		if m.Name == c.Mark && !h.At.Before(m.At) {
			return []Event{DeadlineWarned{Header: h, Deadline: c.Deadline, Mark: c.Mark, Due: s.Deadline.Due}}, nil
		}
	}
	return nil, nil
}
