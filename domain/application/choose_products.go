package application

import (
	"slices"
	"time"

	"alta/domain/policy"
)

// ChooseProducts says what the merchant applies for, and where it sells.
type ChooseProducts struct {
	Products []policy.Product
	Banks    []string // CNAPS bank codes, for online banking
	Site     policy.SiteType
	Rules    Rules
	By       Actor
	At       time.Time
}

// Decide answers ProductsChosen.
func (c ChooseProducts) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.helper(c.By)); err != nil {
		return nil, err
	}
	if slices.Equal(c.Products, s.Products) && slices.Equal(c.Banks, s.Banks) && c.Site == s.Site {
		return nil, nil
	}
	if err := s.at(Draft); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	if err := chosen(p, s.Kind, c.Products, c.Banks, c.Site); err != nil {
		return nil, err
	}
	return []Event{ProductsChosen{Header: s.head(c.By, c.At), Products: c.Products, Banks: c.Banks, Site: c.Site}}, nil
}

// chosen: kind, products, banks and site go together. Banks belong to online
// banking, which needs at least one.
func chosen(p policy.Policy, kind policy.Kind, products []policy.Product, banks []string, site policy.SiteType) error {
	if err := p.Check(policy.Facts{Kind: kind, Products: products, Site: site}); err != nil {
		return ErrProducts.with("detail", err.Error())
	}
	for i, q := range products {
		if slices.Contains(products[:i], q) {
			return ErrProducts.in("products").with("detail", "a product is named twice")
		}
	}
	online := slices.Contains(products, policy.OnlineBanking)
	switch {
	case online && len(banks) == 0:
		return ErrProducts.in("banks").with("detail", "online banking needs at least one bank")
	case !online && len(banks) > 0:
		return ErrProducts.in("banks").with("detail", "banks belong to online banking")
	}
	for i, b := range banks {
		if _, ok := p.Bank(b); !ok || slices.Contains(banks[:i], b) {
			return ErrProducts.in("banks").with("detail", "a bank is not offered or is named twice")
		}
	}
	return nil
}
