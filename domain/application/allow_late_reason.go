package application

import (
	"slices"
	"time"

	"alta/domain/item"
)

// AllowLateReason lets an item that was judged in an earlier round and is
// unchanged get a new reason in this round after all.
type AllowLateReason struct {
	Target item.Key
	Why    string
	By     Actor
	At     time.Time
}

// Decide answers LateReasonAllowed.
func (c AllowLateReason) Decide(s State) ([]Event, error) {
	if err := first(s.at(judged...), lead(c.By), s.maker(c.By), required("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	if _, ok := item.Lookup(c.Target); !ok {
		return nil, ErrUnknownItem.on(c.Target)
	}
	if slices.Contains(s.Allowed, c.Target) {
		return nil, nil
	}
	return []Event{LateReasonAllowed{Header: s.head(c.By, c.At), Target: c.Target, Round: s.Round, Why: c.Why}}, nil
}
