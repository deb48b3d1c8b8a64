package application

import "time"

// ConfirmDecline is the second person's yes; final.
type ConfirmDecline struct {
	Judged int64 // the revision that the first one judged
	By     Actor
	At     time.Time
}

// Decide answers DeclineConfirmed.
func (c ConfirmDecline) Decide(s State) ([]Event, error) {
	if err := s.declines(c.By, c.At); err != nil {
		return nil, err
	}
	if c.Judged != s.Decline.Judged || s.Changed > s.Decline.Judged {
		return nil, ErrEvidence
	}
	return []Event{DeclineConfirmed{Header: s.head(c.By, c.At), Judged: s.Decline.Judged}}, nil
}

// declines: a proposal is pending, and this is its second person, who holds the
// claim.
func (s State) declines(by Actor, at time.Time) error {
	if err := first(s.at(claimable...), staff(by), s.maker(by)); err != nil {
		return err
	}
	if !s.Decline.Pending() {
		return ErrNoProposal
	}
	return first(s.second(by), s.holds(by, at))
}
