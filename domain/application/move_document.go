package application

import (
	"time"

	"alta/domain/item"
)

// MoveDocument puts a file into the slot where it belongs; what lies there
// comes back the other way.
type MoveDocument struct {
	From, To item.Key
	Document string // the file that is meant, so that a repeated click does not move it back
	By       Actor
	At       time.Time
}

// Decide answers DocumentMoved.
func (c MoveDocument) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.helper(c.By), s.supplied(c.From, item.Document), s.supplied(c.To, item.Document),
		required("document", c.Document, maxValue)); err != nil {
		return nil, err
	}
	switch {
	case s.Item(c.To).Document.ID == c.Document:
		return nil, nil
	case s.Item(c.From).Document.ID != c.Document:
		return nil, ErrDocumentGone.on(c.From)
	}
	if err := first(s.writable(c.From), s.writable(c.To)); err != nil {
		return nil, err
	}
	return []Event{DocumentMoved{Header: s.head(c.By, c.At), From: c.From, To: c.To}}, nil
}
