package application

import "time"

// ProposeDecline is the first of two who want to decline for good.
type ProposeDecline struct {
	Note     string // for the merchant
	Internal string // never leaves the house
	By       Actor
	At       time.Time
}

// Decide answers DeclineProposed.
func (c ProposeDecline) Decide(s State) ([]Event, error) {
	if s.Decline.By.ID == c.By.ID && s.Decline.Pending() && s.exists() == nil {
		return nil, nil
	}
	if err := first(s.judge(c.By, c.At, claimable...), required("note", c.Note, maxText), text("internal", c.Internal, maxText)); err != nil {
		return nil, err
	}
	return []Event{DeclineProposed{Header: s.head(c.By, c.At), Note: c.Note, Internal: c.Internal, Judged: s.Revision()}}, nil
}
