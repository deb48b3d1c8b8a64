package application

import (
	"time"

	"alta/domain/personal"
	"alta/domain/policy"
)

// WithdrawConsent takes back a consent, of whatever version (PIPL art. 15). Only
// the merchant can.
type WithdrawConsent struct {
	Consent policy.TextName
	Address personal.Text // network address
	By      Actor
	At      time.Time
}

// Decide answers ConsentWithdrawn. While the platform reviews, or the contract
// waits for the signature, the merchant withdraws the application first: an
// application without consent must not be worked on. An active merchant's data
// are kept because the law and the contract require it.
func (c WithdrawConsent) Decide(s State) ([]Event, error) {
	if err := first(s.exists(), s.merchant(c.By)); err != nil {
		return nil, err
	}
	version, given := "", false
	for _, k := range s.Consents {
		if k.Name == string(c.Consent) {
			version, given = k.Version, true
		}
	}
	switch {
	case !given:
		return nil, nil
	case s.Stage == Active:
		return nil, ErrConsentActive
	case s.Stage != Draft && s.Stage != Correction && !s.Stage.Ended():
		return nil, ErrConsentInUse.with("stage", string(s.Stage))
	}
	return []Event{ConsentWithdrawn{Header: s.head(c.By, c.At), Consent: string(c.Consent), Version: version, Address: c.Address}}, nil
}
