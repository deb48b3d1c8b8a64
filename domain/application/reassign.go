package application

import (
	"errors"
	"time"
)

// Reassign gives an application to a reviewer, whoever holds it. A lead who
// takes it over names herself.
type Reassign struct {
	To    Actor
	Why   string
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers Reassigned.
func (c Reassign) Decide(s State) ([]Event, error) {
	if err := first(s.at(claimable...), lead(c.By), text("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	if s.Claim.Live(h.At) && s.Claim.By.ID == c.To.ID {
		return nil, nil
	}
	if err := s.assignable(c.To); err != nil {
		because := ErrAssignee.in("to")
		if r := (*Refusal)(nil); errors.As(err, &r) {
			because = because.with("because", r.Code)
		}
		return nil, because
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	lease := p.Terms.Lease()
	return []Event{Reassigned{Header: h, To: c.To, Stage: s.Stage, Until: h.At.Add(lease), Lease: lease, Why: c.Why}}, nil
}
