package account

import "time"

// DisableTOTP takes the one-time codes and recovery codes away: an admin does it
// for a lost telephone, the owner with a proof of presence. The sessions end.
type DisableTOTP struct {
	By     string
	Except string // the owner's session that asks and stays; empty where an admin does
	At     time.Time
}

// Decide disables the codes. Owners whose role needs a second factor replace them
// instead.
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
	return append([]Event{TOTPDisabled{By: c.By, At: c.At}}, s.endSessions(FactorMoved, c.By, c.At, c.Except)...), nil
}
