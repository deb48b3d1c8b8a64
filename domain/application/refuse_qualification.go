package application

import "time"

// RefuseQualification is the second person's no: it goes back to the first desk.
type RefuseQualification struct {
	Why   string
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers QualificationRefused.
func (c RefuseQualification) Decide(s State) ([]Event, error) {
	if err := first(s.confirms(c.By, c.At), required("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	d, err := s.deadline(c.Rules, p, Qualification, h.At)
	if err != nil {
		return nil, err
	}
	return []Event{QualificationRefused{Header: h, Why: c.Why, Deadline: d}}, nil
}
