package application

import "time"

// TakeBackContract takes an offered contract back before it is signed. Whatever
// would make the signature impossible (a reason, a look-up, a covered image) takes
// this first, so that no clock runs against a merchant who cannot sign.
type TakeBackContract struct {
	Why   string // never leaves the house
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers ContractTakenBack.
func (c TakeBackContract) Decide(s State) ([]Event, error) {
	if s.Stage == Contract && s.exists() == nil && staff(c.By) == nil {
		return nil, nil
	}
	if err := first(s.judge(c.By, c.At, Signature), required("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	e := ContractTakenBack{Header: s.head(c.By, c.At), SHA256: s.Offer.SHA256, Why: c.Why}
	if e.Deadline, err = s.deadline(c.Rules, p, Contract, e.At); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// unoffered: no contract lies with the merchant to be signed.
func (s State) unoffered() error {
	if s.Stage == Signature {
		return ErrOfferStands.with("expires", s.Offer.Expires.Format(time.RFC3339))
	}
	return nil
}
