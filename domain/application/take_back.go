package application

import "time"

// TakeBack is a lead's release of what somebody else holds: the application
// stands in its queue again.
type TakeBack struct {
	Why string
	By  Actor
	At  time.Time
}

// Decide answers Released, and nothing where nobody holds it.
func (c TakeBack) Decide(s State) ([]Event, error) {
	if err := first(s.exists(), lead(c.By), text("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	if s.Claim.By.ID == "" {
		return nil, nil
	}
	h, cause := s.head(c.By, c.At), TakenOver
	if s.Claim.By.ID == c.By.ID {
		cause = GivenBack
	}
	return []Event{Released{Header: h, Holder: s.Claim.By.ID, Cause: cause, Why: c.Why, Held: h.At.Sub(s.Claim.Since)}}, nil
}
