package application

import (
	"slices"
	"time"

	"alta/domain/item"
	"alta/domain/policy"
)

// SwitchKind makes an individual an enterprise or the reverse, before the first
// submission. Whatever still fits is kept.
type SwitchKind struct {
	Kind policy.Kind
	By   Actor
	At   time.Time
}

// Decide answers KindSwitched.
func (c SwitchKind) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.helper(c.By)); err != nil {
		return nil, err
	}
	if !slices.Contains(policy.Kinds(), c.Kind) {
		return nil, ErrKind.in("kind")
	}
	switch {
	case s.Kind == c.Kind:
		return nil, nil
	case s.Round > 0:
		return nil, ErrKindFixed
	}
	var dropped []item.Key
	for _, i := range item.All() {
		if !i.Key.Fits(c.Kind.Audience()) && !s.Item(i.Key).Empty() {
			dropped = append(dropped, i.Key)
		}
	}
	return []Event{KindSwitched{Header: s.head(c.By, c.At), Kind: c.Kind, Dropped: dropped}}, nil
}
