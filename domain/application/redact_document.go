package application

import (
	"time"

	"alta/domain/item"
)

// RedactDocument covers a part of an image that must not be kept, such as a
// card's security code. The covered file takes the place of the former one,
// whose key is destroyed, and cannot be accepted: the reviewer asks for a new
// upload.
type RedactDocument struct {
	Slot     item.Key
	Former   string
	Document Document
	Why      string
	By       Actor
	At       time.Time
}

// Decide answers DocumentRedacted.
func (c RedactDocument) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.supplied(c.Slot, item.Document), c.Document.valid(), required("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	if s.Item(c.Slot).Document.ID == c.Document.ID {
		return nil, nil
	}
	if err := s.judge(c.By, c.At, append(judged[:len(judged):len(judged)], Correction)...); err != nil {
		return nil, err
	}
	if err := s.unoffered(); err != nil {
		return nil, err
	}
	if s.Item(c.Slot).Document.ID != c.Former || c.Former == "" {
		return nil, ErrDocumentGone.on(c.Slot)
	}
	return []Event{DocumentRedacted{Header: s.head(c.By, c.At), Slot: c.Slot, Former: c.Former, Document: c.Document, Why: c.Why}}, nil
}
