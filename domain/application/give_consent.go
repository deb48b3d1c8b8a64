package application

import (
	"slices"
	"time"

	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

// GiveConsent agrees to a text of the policy. Only the merchant can: consent is
// a person's own (PIPL arts. 14, 29).
type GiveConsent struct {
	Consent  policy.TextName
	Version  string
	SHA256   string
	Language string
	Address  personal.Text // network address
	Rules    Rules
	By       Actor
	At       time.Time
}

// Decide answers ConsentGiven.
func (c GiveConsent) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.merchant(c.By)); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(s.Consents, func(k Consent) bool {
		return k.Name == string(c.Consent) && k.Version == c.Version && k.SHA256 == c.SHA256
	}) {
		return nil, nil
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	if c.Consent == policy.ContractText || !named(p, c.Consent, c.Version, c.Language, c.SHA256) {
		return nil, ErrConsentText.with("consent", string(c.Consent))
	}
	return []Event{ConsentGiven{
		Header: s.head(c.By, c.At), Consent: string(c.Consent), Version: c.Version, SHA256: c.SHA256,
		Language: string(lang.Match(c.Language)), Address: c.Address,
	}}, nil
}

// named: the policy names this very text.
func named(p policy.Policy, name policy.TextName, version, language, sha256 string) bool {
	t, ok := p.Text(name)
	return ok && t.Version == version && sha256 != "" && t.SHA256[lang.Match(language)] == sha256
}
