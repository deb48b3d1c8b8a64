package account

import "time"

// Suspend shuts an account at once; its sessions end and its API keys rest.
type Suspend struct {
	Reason string
	By     string
	At     time.Time
}

// Decide suspends; nobody suspends themselves.
func (c Suspend) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	reason, ok := line(c.Reason, MaxReason)
	switch {
	case !ok || reason == "":
		return nil, ErrText.in("reason")
	case c.By == s.ID:
		return nil, ErrSelf
	case s.Status == StatusSuspended:
		return nil, nil
	}
	suspended := Suspended{Reason: reason, By: c.By, At: c.At}
	return append([]Event{suspended}, s.endSessions(AccountShut, c.By, c.At, "")...), nil
}
