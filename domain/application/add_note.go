package application

import (
	"slices"
	"time"
)

// AddNote leaves an internal remark. It needs no claim: whoever knows something
// may say so.
type AddNote struct {
	Note string // id, chosen by the caller
	Text string
	By   Actor
	At   time.Time
}

// Decide answers NoteAdded.
func (c AddNote) Decide(s State) ([]Event, error) {
	if err := first(s.exists(), staff(c.By), required("note", c.Note, maxValue), required("text", c.Text, maxText)); err != nil {
		return nil, err
	}
	if slices.Contains(s.Notes, c.Note) {
		return nil, nil
	}
	return []Event{NoteAdded{Header: s.head(c.By, c.At), Note: c.Note, Text: c.Text}}, nil
}
