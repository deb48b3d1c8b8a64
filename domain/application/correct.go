package application

import (
	"time"

	"alta/domain/item"
	"alta/domain/personal"
)

// Correct puts right what a return unlocked: a field's value, or what the
// merchant says she did about an item that has none, such as a page of the site.
// Documents are uploaded, and the declared site is declared again.
type Correct struct {
	Item      item.Key
	Value     *string // of a field
	Statement string
	By        Actor
	At        time.Time
}

// Decide answers ItemCorrected.
func (c Correct) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.helper(c.By)); err != nil {
		return nil, err
	}
	switch {
	case c.Value == nil && c.Statement == "":
		return nil, ErrRequired.in("value")
	case !known(c.Item):
		return nil, ErrUnknownItem.on(c.Item)
	case !c.Item.Fits(s.Kind.Audience()):
		return nil, ErrItemKind.on(c.Item)
	case c.Value != nil && !c.Item.IsField():
		return nil, ErrUnknownItem.on(c.Item).in("value")
	}
	e := ItemCorrected{Item: c.Item}
	if err := text("statement", c.Statement, maxText); err != nil {
		return nil, err
	}
	if c.Value != nil {
		if err := text("value", *c.Value, maxValue); err != nil {
			return nil, err
		}
		v := canonical(s, nil, c.Item, *c.Value, c.At)
		switch {
		case v == s.Text(c.Item) && !s.erased(c.Item):
		case c.Item.IsPersonal():
			sealed := personal.New(v)
			e.Personal = &sealed
		default:
			e.Field = &v
		}
	}
	if said := tidy(c.Statement); said != s.Item(c.Item).Statement {
		e.Statement = said
	}
	if e.Field == nil && e.Personal == nil && e.Statement == "" {
		return nil, nil
	}
	if err := s.writable(c.Item); err != nil {
		return nil, err
	}
	if err := s.at(Correction); err != nil {
		return nil, err
	}
	e.Header = s.head(c.By, c.At)
	return []Event{e}, nil
}

func known(k item.Key) bool {
	_, ok := item.Lookup(k)
	return ok
}
