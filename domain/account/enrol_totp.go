package account

import "time"

// EnrolTOTP confirms the offered secret with a code that was made from it. The
// other sessions end: they were opened with less proof.
type EnrolTOTP struct {
	Step    int64 // of the code, which was checked against State.TOTPOffer
	Session string
	At      time.Time
}

// Decide switches the codes on.
func (c EnrolTOTP) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	switch {
	case !s.TOTP.IsZero():
		return nil, ErrTOTPActive
	case s.TOTPOffer.IsZero():
		return nil, ErrNoTOTPOffer
	case c.Step <= 0:
		return nil, ErrCodeRequired
	}
	return append([]Event{TOTPEnrolled(c)}, s.endSessions(FactorMoved, s.ID, c.At, c.Session)...), nil
}
