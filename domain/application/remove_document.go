package application

import (
	"time"

	"alta/domain/item"
)

// RemoveDocument empties a slot.
type RemoveDocument struct {
	Slot     item.Key
	Document string // the file that is meant; empty means whichever lies there
	By       Actor
	At       time.Time
}

// Decide answers DocumentRemoved.
func (c RemoveDocument) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.helper(c.By), s.supplied(c.Slot, item.Document)); err != nil {
		return nil, err
	}
	there := s.Item(c.Slot).Document.ID
	if there == "" || c.Document != "" && c.Document != there {
		return nil, nil // it is gone already
	}
	if err := s.writable(c.Slot); err != nil {
		return nil, err
	}
	return []Event{DocumentRemoved{Header: s.head(c.By, c.At), Slot: c.Slot, Document: there}}, nil
}
