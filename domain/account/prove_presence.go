package account

import (
	"slices"
	"time"

	"alta/domain/personal"
)

// ProvePresence is a person who proves again, within a session, who they are.
type ProvePresence struct {
	Session  string
	Purpose  StepUp
	Method   Method
	Verified personal.Text // the hash that the password was checked against
	Step     int64         // of the one-time code that was checked; 0 without one
	Recovery string        // keyed hash of a recovery code in its place
	At       time.Time
}

// Decide accepts what a log-in of the same person would need. Where the identity
// provider vouched for the second factor, a password alone proves too little.
func (c ProvePresence) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	x, ok := s.Session(c.Session)
	switch {
	case !ok || !x.Live(s.Role, c.At):
		return nil, ErrSessionOver
	case !slices.Contains(StepUps(), c.Purpose):
		return nil, ErrStepUp
	}
	var events []Event
	switch c.Method {
	case ByPassword:
		if s.Password != c.Verified {
			return nil, ErrPassword
		}
		if x.Method == ByOIDC && s.TOTP.IsZero() {
			return nil, ErrStepUpOther
		}
		var err error
		if events, _, err = s.secondFactor(c.Step, c.Recovery, c.Session, c.At); err != nil {
			return nil, err
		}
	case ByOIDC:
		if s.OIDC.IsZero() || !s.Role.Staff() {
			return nil, ErrOIDCOther
		}
	default:
		return nil, ErrMalformed.in("method")
	}
	return append(events, PresenceProved{
		Session: c.Session, Purpose: c.Purpose, Method: c.Method, Step: c.Step, Expires: c.At.Add(StepUpLifetime), At: c.At,
	}), nil
}
