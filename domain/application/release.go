package application

import "time"

// Release gives an application back to its queue. With a reason it was skipped.
type Release struct {
	Why string
	By  Actor
	At  time.Time
}

// Decide answers Released; nobody can give back what somebody else holds.
func (c Release) Decide(s State) ([]Event, error) {
	if err := first(s.exists(), staff(c.By), text("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	switch {
	case s.Claim.By.ID == "":
		return nil, nil
	case s.Claim.By.ID != c.By.ID:
		return nil, ErrNotClaimed
	}
	cause := GivenBack
	if c.Why != "" {
		cause = Skipped
	}
	return []Event{Released{Header: h, Holder: c.By.ID, Cause: cause, Why: c.Why, Held: h.At.Sub(s.Claim.Since)}}, nil
}
