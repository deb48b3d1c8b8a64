package application

import "time"

// LapseContract ends an offer that ran out unsigned: it is the platform's turn to
// offer the contract anew.
type LapseContract struct {
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers ContractLapsed, and nothing where no offer stands or it can still
// be signed.
func (c LapseContract) Decide(s State) ([]Event, error) {
	if err := system(c.By); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	if s.idle() || s.Stage != Signature || h.At.Before(s.Offer.Expires) {
		return nil, nil
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	e := ContractLapsed{Header: h, SHA256: s.Offer.SHA256, Expired: s.Offer.Expires}
	if e.Deadline, err = s.deadline(c.Rules, p, Contract, h.At); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}
