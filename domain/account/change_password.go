package account

import (
	"slices"
	"time"

	"alta/domain/personal"
)

// ChangePassword is the owner's new password. Every other session ends, and so does
// every API key: whoever knew the old password may have issued one.
type ChangePassword struct {
	Verified personal.Text // the hash that the old password was checked against
	Password personal.Text // the new one's
	Session  string        // the one that asks and stays
	At       time.Time
}

// Decide changes the password provided that it is still the one that was checked.
func (c ChangePassword) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	switch {
	case s.Password != c.Verified:
		return nil, ErrPassword
	case c.Password.IsZero():
		return nil, ErrMalformed.in("password")
	}
	changed := PasswordChanged{Password: c.Password, At: c.At}
	return slices.Concat([]Event{changed}, s.endSessions(PasswordMoved, s.ID, c.At, c.Session), s.endKeys(s.ID, c.At)), nil
}
