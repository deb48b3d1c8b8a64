package account

import (
	"time"

	"alta/domain/personal"
)

// OfferTOTP begins setting up one-time codes. A new offer replaces the one
// before.
type OfferTOTP struct {
	Secret personal.Text // base32
	At     time.Time
}

// Decide offers a secret while no codes are set up: whoever got hold of a
// session must not be able to replace the owner's codes.
func (c OfferTOTP) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	switch {
	case c.Secret.IsZero():
		return nil, ErrMalformed.in("secret")
	case !s.TOTP.IsZero():
		return nil, ErrTOTPActive
	case s.TOTPOffer == c.Secret:
		return nil, nil
	}
	return []Event{TOTPOffered(c)}, nil
}
