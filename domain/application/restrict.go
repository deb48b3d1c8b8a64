package application

import "time"

// Restrict stops all processing of the application's data but keeping it: the
// merchant asked for erasure while the law asks for retention (PIPL art. 47, AML
// law 2024 art. 34).
type Restrict struct {
	Why   string
	Rules Rules
	By    Actor // the merchant itself, a lead or an admin
	At    time.Time
}

// Decide answers Restricted. What was never submitted has no retention term.
func (c Restrict) Decide(s State) ([]Event, error) {
	if !s.Opened() {
		return nil, ErrNotOpened
	}
	if c.By.Role != RoleAdmin && c.By.Role != RoleSystem && lead(c.By) != nil {
		if err := s.merchant(c.By); err != nil {
			return nil, err
		}
	}
	if s.Restricted {
		return nil, nil
	}
	if err := required("why", c.Why, maxText); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	e := Restricted{Header: s.head(c.By, c.At), Why: c.Why}
	e.Until = e.At
	if s.Round > 0 {
		e.Until = e.At.AddDate(p.Terms.RetentionYears, 0, 0)
	}
	return []Event{e}, nil
}
