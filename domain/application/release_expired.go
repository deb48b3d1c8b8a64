package application

import "time"

// ReleaseExpired frees an application whose lease ran out, so that it stands in
// its queue again.
type ReleaseExpired struct {
	By Actor
	At time.Time
}

// Decide answers Released, and nothing while the lease runs.
func (c ReleaseExpired) Decide(s State) ([]Event, error) {
	if err := system(c.By); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	if s.Claim.By.ID == "" || s.Claim.Live(h.At) {
		return nil, nil
	}
	return []Event{Released{Header: h, Holder: s.Claim.By.ID, Cause: LeaseExpired, Held: s.Claim.Until.Sub(s.Claim.Since)}}, nil
}
