package application

import "time"

// Shred says that the subject's key was destroyed, so that personal values can
// never be read again.
type Shred struct {
	Why string
	By  Actor // an admin, or the platform when the term ends
	At  time.Time
}

// Decide answers Shredded: only for restricted data, when the retention term is
// over and no legal hold keeps them.
func (c Shred) Decide(s State) ([]Event, error) {
	if c.By.Role != RoleSystem {
		if err := keeper(s, c.By); err != nil {
			return nil, err
		}
	}
	h := s.head(c.By, c.At)
	switch {
	case !s.Opened():
		return nil, ErrNotOpened
	case s.Shredded:
		return nil, nil
	case !s.Restricted:
		return nil, ErrNotRestricted
	case s.Hold:
		return nil, ErrHold
	case h.At.Before(s.Retain):
		return nil, ErrRetention.with("until", s.Retain.Format(time.RFC3339))
	}
	return []Event{Shredded{Header: h, Why: c.Why}}, nil
}
