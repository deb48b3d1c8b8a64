package account

import (
	"slices"
	"time"

	"alta/domain/personal"
)

// StartSession logs somebody in whose proof was checked.
type StartSession struct {
	Session      string
	Method       Method
	Verified     personal.Text // the hash that the password was checked against
	Step         int64         // of the one-time code that was checked; 0 without one
	Recovery     string        // keyed hash of a recovery code in its place
	SecondFactor bool          // whether the identity provider asked for one
	Address      string        // network address of the caller
	Agent        string        // what the caller's program calls itself
	Hash, Key    string        // of the first refresh token
	At           time.Time
}

// Decide starts the session. Beyond MaxSessions the one unused for longest ends.
func (c StartSession) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if _, ok := s.Session(c.Session); ok {
		return nil, nil
	}
	var events []Event
	switch c.Method {
	case ByPassword:
		if s.Password != c.Verified {
			return nil, ErrPassword
		}
		var err error
		if events, c.SecondFactor, err = s.secondFactor(c.Step, c.Recovery, c.Session, c.At); err != nil {
			return nil, err
		}
	case ByOIDC:
		if s.OIDC.IsZero() || !s.Role.Staff() {
			return nil, ErrOIDCOther
		}
	default:
		return nil, ErrMalformed.in("method")
	}
	if c.Session == "" || c.Hash == "" || c.Key == "" || c.At.IsZero() {
		return nil, ErrMalformed
	}
	_, absolute := s.Role.Lifetimes()
	live := s.live(c.At)
	slices.SortFunc(live, func(a, b Session) int { return a.Used.Compare(b.Used) })
	for i := range len(live) - MaxSessions + 1 {
		events = append(events, SessionRevoked{Session: live[i].ID, Reason: TooMany, By: s.ID, At: c.At})
	}
	return append(events, SessionStarted{
		Session: c.Session, Method: c.Method, SecondFactor: c.SecondFactor, Step: c.Step,
		Address: personal.New(c.Address), Agent: personal.New(c.Agent),
		Hash: c.Hash, Key: c.Key, Expires: c.At.Add(absolute), At: c.At,
	}), nil
}
