package account

import "time"

// DisableTOTP takes the one-time codes away, for a lost telephone: an admin does
// it for somebody else. All sessions end.
type DisableTOTP struct {
	By string
	At time.Time
}

// Decide disables the codes. Owners whose role needs a second factor cannot do
// it themselves: a stolen session would otherwise shed it.
func (c DisableTOTP) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	switch {
	case s.TOTP.IsZero():
		return nil, nil
	case c.By == s.ID && s.Role.NeedsSecondFactor():
		return nil, ErrSelf
	}
	return append([]Event{TOTPDisabled(c)}, s.endSessions(FactorMoved, c.By, c.At, "")...), nil
}
