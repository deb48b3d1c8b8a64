package application

import (
	"time"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

// OneTimeCode is how a contract is signed: with a code that was sent to the
// merchant and that the edge has checked.
const OneTimeCode = "one-time-code"

// SignContract is the merchant's signature under the digest of the text.
type SignContract struct {
	SHA256    string
	Name      personal.Text
	Method    string
	Address   personal.Text // network address
	UserAgent string
	Rules     Rules
	By        Actor
	At        time.Time
}

// Decide answers ContractSigned.
func (c SignContract) Decide(s State) ([]Event, error) {
	if err := s.live(); err != nil {
		return nil, err
	}
	if s.merchant(c.By) != nil {
		return nil, ErrSignerNotMerchant
	}
	if s.Offer.Signed && s.Offer.SHA256 == c.SHA256 {
		return nil, nil
	}
	if err := first(s.at(Signature), required("name", c.Name.Clear(), maxValue), text("user_agent", c.UserAgent, maxText)); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	switch {
	case c.Method != OneTimeCode:
		return nil, ErrMethod.in("method")
	case c.SHA256 != s.Offer.SHA256 || !s.current(c.Rules, p):
		return nil, ErrContractText.in("sha256")
	case !h.At.Before(s.Offer.Expires):
		return nil, ErrContractOver
	case different(c.Name.Clear(), s.Text(item.IdentityName)) && different(c.Name.Clear(), s.Text(item.ContactName)):
		return nil, ErrSignerName.in("name")
	}
	req := p.Requirements(s.Facts())
	if err := first(s.ready(p, req, h.At), s.decidable(req)); err != nil {
		return nil, err
	}
	e := ContractSigned{Header: h, SHA256: c.SHA256, Name: c.Name, Method: c.Method, Address: c.Address, UserAgent: c.UserAgent}
	if e.Deadline, err = s.deadline(c.Rules, p, Countersignature, h.At); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// current: what was offered is still the text of the policy, and the digest is
// that of the text.
func (s State) current(r Rules, p policy.Policy) bool {
	t, ok := p.Text(policy.ContractText)
	if !ok || t.Version != s.Offer.Version {
		return false
	}
	text, err := r.Policies.Text(policy.ContractText, t.Version, lang.Match(s.Offer.Language))
	return err == nil && digestOf(s.Offer.Text(text.Text)) == s.Offer.SHA256
}
