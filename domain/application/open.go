package application

import (
	"time"

	"alta/domain/lang"
	"alta/domain/policy"
)

// Open begins an application: a merchant registered itself, or an agent added
// one.
type Open struct {
	Merchant       string // account id of the merchant
	MerchantNumber string
	Kind           policy.Kind
	Products       []policy.Product
	Banks          []string // CNAPS bank codes, for online banking
	Site           policy.SiteType
	Language       string
	Rules          Rules
	By             Actor
	At             time.Time
}

// Decide answers Opened.
func (c Open) Decide(s State) ([]Event, error) {
	if s.Opened() {
		if s.Registrar.ID == c.By.ID && s.Merchant == c.Merchant && s.MerchantNumber == c.MerchantNumber {
			return nil, nil
		}
		return nil, ErrOpened
	}
	if err := first(c.By.valid(), required("merchant", c.Merchant, maxValue),
		required("merchant_number", c.MerchantNumber, maxValue)); err != nil {
		return nil, err
	}
	agent := ""
	switch {
	case c.By.Role == RoleMerchant && c.By.ID == c.Merchant:
	case c.By.Role == RoleAgent:
		if c.By.Organisation == "" {
			return nil, ErrRequired.in("by.organisation")
		}
		agent = c.By.Organisation
	case c.By.Staff(): // over the counter; whoever registers a merchant never decides on it
	default:
		return nil, ErrNotYours
	}
	p, err := c.Rules.inForce(c.At)
	if err != nil {
		return nil, err
	}
	if err := chosen(p, c.Kind, c.Products, c.Banks, c.Site); err != nil {
		return nil, err
	}
	return []Event{Opened{
		Header: s.head(c.By, c.At), Merchant: c.Merchant, MerchantNumber: c.MerchantNumber, Agent: agent,
		Kind: c.Kind, Products: c.Products, Banks: c.Banks, Site: c.Site,
		Language: string(lang.Match(c.Language)), Policy: p.Version,
	}}, nil
}
