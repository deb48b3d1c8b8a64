package account

import "time"

// RevokeSession ends one session.
type RevokeSession struct {
	Session string
	Reason  Ending
	By      string
	At      time.Time
}

// Decide ends the session; one that is over already stays over.
func (c RevokeSession) Decide(s State) ([]Event, error) {
	if s.Status == "" {
		return nil, ErrNoAccount
	}
	if _, ok := s.Session(c.Session); !ok {
		return nil, nil
	}
	return []Event{SessionRevoked(c)}, nil
}

// RevokeSessions ends all sessions but one, which may be none.
type RevokeSessions struct {
	Except string
	By     string
	At     time.Time
}

// Decide ends them.
func (c RevokeSessions) Decide(s State) ([]Event, error) {
	if s.Status == "" {
		return nil, ErrNoAccount
	}
	return s.endSessions(RevokedByPerson, c.By, c.At, c.Except), nil
}
