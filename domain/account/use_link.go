package account

import (
	"crypto/subtle"
	"slices"
	"time"

	"alta/domain/personal"
)

// UseLink sets a password through a mailed link: the first one activates the
// account, a later one replaces the password and ends every session and API key.
type UseLink struct {
	Link     string
	Hash     string        // of the token that was sent
	Password personal.Text // argon2id hash
	At       time.Time
}

// Decide lets a link work once.
func (c UseLink) Decide(s State) ([]Event, error) {
	switch {
	case s.Link.ID == "" || s.Link.ID != c.Link || !c.At.Before(s.Link.Expires),
		subtle.ConstantTimeCompare([]byte(s.Link.Hash), []byte(c.Hash)) != 1:
		return nil, ErrLinkOver
	case c.Password.IsZero():
		return nil, ErrMalformed.in("password")
	case s.Status == StatusInvited:
		return []Event{Activated{Link: c.Link, Password: c.Password, At: c.At}}, nil
	}
	if err := s.usable(); err != nil {
		return nil, err
	}
	changed := PasswordChanged{Link: c.Link, Password: c.Password, At: c.At}
	return slices.Concat([]Event{changed}, s.endSessions(PasswordMoved, s.ID, c.At, ""), s.endKeys(s.ID, c.At)), nil
}
