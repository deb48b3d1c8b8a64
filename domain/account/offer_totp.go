package account

import (
	"time"

	"alta/domain/personal"
)

// OfferTOTP begins setting up one-time codes. A new offer replaces the one
// before.
type OfferTOTP struct {
	Secret  personal.Text // base32
	Replace bool          // the person proved to be present and wants to replace the codes
	At      time.Time
}

// Decide offers a secret. Whoever got hold of a session must not be able to
// replace the owner's codes, so replacing them needs a proof of presence.
func (c OfferTOTP) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	switch {
	case c.Secret.IsZero():
		return nil, ErrMalformed.in("secret")
	case !s.TOTP.IsZero() && !c.Replace:
		return nil, ErrTOTPActive
	case s.TOTPOffer == c.Secret:
		return nil, nil
	}
	return []Event{TOTPOffered{Secret: c.Secret, At: c.At}}, nil
}
