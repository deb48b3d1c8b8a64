package account

import (
	"slices"
	"time"
)

// EnrolTOTP confirms the offered secret with a code that was made from it, and
// brings new recovery codes. The other sessions end: they were opened with less
// proof.
type EnrolTOTP struct {
	Step    int64  // of the code, which was checked against State.TOTPOffer
	Set     string // names the recovery codes that come with it
	Hashes  []string
	Session string
	At      time.Time
}

// Decide switches the codes on.
func (c EnrolTOTP) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	switch {
	case s.TOTPOffer.IsZero() && !s.TOTP.IsZero():
		return nil, ErrTOTPActive
	case s.TOTPOffer.IsZero():
		return nil, ErrNoTOTPOffer
	case c.Step <= 0:
		return nil, ErrCodeRequired
	}
	events := []Event{TOTPEnrolled{Step: c.Step, Session: c.Session, At: c.At}}
	s.TOTP = s.TOTPOffer // what is decided next finds the codes in place
	issued, err := IssueRecoveryCodes{Set: c.Set, Hashes: c.Hashes, At: c.At}.Decide(s)
	if err != nil {
		return nil, err
	}
	return slices.Concat(events, issued, s.endSessions(FactorMoved, s.ID, c.At, c.Session)), nil
}
