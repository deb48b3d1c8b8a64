package application

import (
	"slices"
	"time"
)

// MovePolicy has an application judged by a newer version of the policy than the
// one it was submitted under.
type MovePolicy struct {
	To    string
	Why   string
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers PolicyMoved.
func (c MovePolicy) Decide(s State) ([]Event, error) {
	if err := first(s.at(Qualification, SecondApproval, Correction, ICP, Website, Contract), lead(c.By), s.maker(c.By),
		required("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	if s.Policy == c.To {
		return nil, nil
	}
	if _, err := c.Rules.version(c.To); err != nil {
		return nil, err
	}
	all := c.Rules.Policies.Versions()
	if slices.Index(all, c.To) < slices.Index(all, s.Policy) {
		return nil, ErrPolicy.in("version").with("version", c.To)
	}
	return []Event{PolicyMoved{Header: s.head(c.By, c.At), From: s.Policy, To: c.To, Why: c.Why}}, nil
}
