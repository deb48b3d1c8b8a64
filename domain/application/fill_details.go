package application

import (
	"time"

	"alta/domain/item"
)

// FillDetails types fields of the form in. A field that is not named keeps its
// value; an empty one is cleared. A value need not be right yet: what is wrong
// with it stands in the way of the submission, not of typing.
type FillDetails struct {
	Values map[item.Key]string
	By     Actor
	At     time.Time
}

// Decide answers DetailsFilled with those fields that really change.
func (c FillDetails) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.helper(c.By)); err != nil {
		return nil, err
	}
	if len(c.Values) == 0 {
		return nil, ErrRequired.in("values")
	}
	changed := map[item.Key]string{}
	for _, i := range item.All() { // in the catalogue's order, so that the first complaint is always the same
		v, ok := c.Values[i.Key]
		if !ok {
			continue
		}
		if err := first(s.supplied(i.Key, item.Field), text("values."+string(i.Key), v, maxValue)); err != nil {
			return nil, err
		}
		if v = canonical(s, c.Values, i.Key, v, c.At); v != s.Text(i.Key) || s.erased(i.Key) {
			changed[i.Key] = v
		}
	}
	for k := range c.Values {
		if _, ok := item.Lookup(k); !ok {
			return nil, ErrUnknownItem.on(k)
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	for _, i := range item.All() {
		if _, ok := changed[i.Key]; ok {
			if err := s.writable(i.Key); err != nil {
				return nil, err
			}
		}
	}
	if !s.allAwaited(changed) {
		if err := s.at(Draft); err != nil {
			return nil, err
		}
	}
	e := DetailsFilled{Header: s.head(c.By, c.At)}
	e.Fields, e.Personal = separate(changed)
	return []Event{e}, nil
}

// allAwaited: every one of them is an item that a later stage waits for.
func (s State) allAwaited(changed map[item.Key]string) bool {
	for k := range changed {
		if !s.awaits(k) {
			return false
		}
	}
	return true
}

func (s State) erased(k item.Key) bool { return s.Item(k).Personal.IsErased() }
