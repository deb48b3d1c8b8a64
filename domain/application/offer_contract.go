package application

import (
	"time"

	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

// OfferContract lays the text of the policy's version ready to be signed. An
// offer that ran out is made again.
//
// Application and Offer name both in the text that is signed; Offer cannot be
// guessed.
type OfferContract struct {
	Application, Offer string

	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers ContractOffered.
func (c OfferContract) Decide(s State) ([]Event, error) {
	h := s.head(c.By, c.At)
	if s.Stage == Signature && s.exists() == nil && staff(c.By) == nil && h.At.Before(s.Offer.Expires) {
		if s.Offer.By.ID == c.By.ID {
			return nil, nil
		}
		return nil, ErrOffered
	}
	if err := s.judge(c.By, c.At, Contract, Signature); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	req := p.Requirements(s.Facts())
	if err := first(s.ready(p, req, h.At), s.decidable(req)); err != nil {
		return nil, err
	}
	t, _ := p.Text(policy.ContractText) // where it names none, there is no such version
	text, err := c.Rules.Policies.Text(policy.ContractText, t.Version, lang.Match(s.Language))
	if err != nil {
		return nil, ErrContractText
	}
	terms := s.terms(p, t, c.Application, c.Offer)
	e := ContractOffered{Header: h, Version: t.Version, Language: s.Language, SHA256: digestOf(text.Text + terms), Terms: personal.New(terms)}
	if e.Deadline, err = s.deadline(c.Rules, p, Signature, h.At); err != nil {
		return nil, err
	}
	e.Expires = e.Deadline.Due
	if err := s.lasts(p, req, e.Expires); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// ready: everything that has to be found good before a contract is found good.
func (s State) ready(p policy.Policy, req policy.Requirements, at time.Time) error {
	switch {
	case !s.Qualified:
		return ErrUnqualified
	case req.Asks(policy.StageICP) && !s.ICPVerified:
		return ErrICPUnverified
	case req.Asks(policy.StageWebsite) && !s.SiteApproved:
		return ErrSiteUnapproved
	}
	return s.lasts(p, req, at)
}

// lasts: where a filing is asked for, its evidence is still fresh then.
func (s State) lasts(p policy.Policy, req policy.Requirements, then time.Time) error {
	if req.Asks(policy.StageICP) {
		return s.fresh(p, then)
	}
	return nil
}
