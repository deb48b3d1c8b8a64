package sample

import (
	"time"

	"alta/domain/application"
)

// Judge is the second person's verdict.
type Judge struct {
	Verdict Verdict
	Acted   []string // who has acted on the application, up to now
	By      application.Actor
	At      time.Time
}

// Decide answers Judged. The same verdict by the same person again is nothing new;
// another one is refused.
func (c Judge) Decide(s State) ([]Event, error) {
	if !s.Drawn() {
		return nil, ErrNotDrawn
	}
	if err := s.Readable(c.By, c.Acted); err != nil {
		return nil, err
	}
	v := c.Verdict.ordered()
	if s.Judged() {
		if !s.Second.equal(v) {
			return nil, ErrJudged
		}
		return nil, nil
	}
	if err := v.check(s.Kind); err != nil {
		return nil, err
	}
	at := c.At.UTC().Truncate(time.Millisecond)
	if at.Before(s.DecidedAt) {
		at = s.DecidedAt // business time never runs backwards
	}
	return []Event{Judged{Header: application.Header{By: c.By, At: at}, Verdict: v}}, nil
}
