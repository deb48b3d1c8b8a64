package account

import (
	"slices"
	"time"

	"alta/domain/personal"
)

// ChangePassword is the owner's new password. Every other session ends, and so does
// every API key: whoever knew the old password may have issued one. Of the trusted
// devices the one that asks stays trusted for as long as it was.
type ChangePassword struct {
	Verified personal.Text // the hash that the old password was checked against
	Password personal.Text // the new one's
	Session  string        // the one that asks and stays
	Device   string        // the trusted one that asks; empty where it is none
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
	events := slices.Concat([]Event{PasswordChanged{Password: c.Password, At: c.At}}, s.endSessions(PasswordMoved, s.ID, c.At, c.Session), s.endKeys(s.ID, c.At))
	if d, ok := s.Device(c.Device, c.At); ok { // the change ended the trust in all of them
		events = append(events, DeviceTrusted{Device: d.ID, Session: c.Session, Kind: TrustRenewed, Agent: d.Agent, Expires: d.Expires, At: c.At})
	}
	return events, nil
}
