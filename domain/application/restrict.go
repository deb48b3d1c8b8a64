package application

import "time"

// BackDays are the calendar days within which the merchant can take a restriction
// back. Nothing is destroyed before they are over.
const BackDays = 14

// Restrict stops all processing of the application's data but keeping it: the
// merchant asked for erasure while the law asks for retention (PIPL art. 47, AML
// law 2024 art. 34).
type Restrict struct {
	Why   string
	Rules Rules
	By    Actor // the merchant itself
	At    time.Time
}

// Decide answers Restricted. What was never submitted has no retention term, and is
// kept until the restriction cannot be taken back any more.
//
// It is refused while an account for payments is open, which needs the data, and
// while a proposal to decline awaits its second person: no merchant leaves the
// lists in the middle of that decision.
func (c Restrict) Decide(s State) ([]Event, error) {
	if !s.Opened() {
		return nil, ErrNotOpened
	}
	if err := s.merchant(c.By); err != nil {
		return nil, err
	}
	if s.Restricted {
		return nil, nil
	}
	switch {
	case s.Stage == Active:
		return nil, ErrRelationship
	case s.Decline.Pending():
		return nil, ErrDeclinePending
	}
	if err := required("why", c.Why, maxText); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	e := Restricted{Header: s.head(c.By, c.At), Why: c.Why}
	e.Back = e.At.AddDate(0, 0, BackDays)
	e.Until = e.Back
	if s.Round > 0 {
		e.Until = e.At.AddDate(p.Terms.RetentionYears, 0, 0) // ten at least, says package policy
	}
	return []Event{e}, nil
}
