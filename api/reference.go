package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/policy"
	"alta/domain/reason"
	"alta/projections"
)

type referenceItem struct {
	Key      item.Key      `json:"key"`
	Class    item.Class    `json:"class"`
	Audience item.Audience `json:"audience"`
	Personal bool          `json:"personal"`
	Label    lang.Text     `json:"label"`
	Proves   []item.Key    `json:"proves,omitempty"`
}

type referenceReason struct {
	Code     reason.Code             `json:"code"`
	Sub      reason.Sub              `json:"sub,omitempty"`
	Targets  []item.Key              `json:"targets"`
	Machine  reason.Class            `json:"machine"`
	Final    bool                    `json:"final"`
	Text     projections.ReasonTexts `json:"text"`
	Internal lang.Text               `json:"internal"`
}

type labelled struct {
	Code  string    `json:"code,omitempty"`
	ID    string    `json:"id,omitempty"`
	Label lang.Text `json:"label"`
}

type referenceText struct {
	Consent policy.TextName `json:"consent"`
	Version string          `json:"version"`
	Text    lang.Text       `json:"text"`
	SHA256  lang.Text       `json:"sha256"`
}

type reference struct {
	Policy           string          `json:"policy"`
	Policies         []string        `json:"policies"`
	Items            []referenceItem `json:"items"`
	Banks            []labelled      `json:"banks"`
	SiteRequirements []labelled      `json:"site_requirements"`
	Consents         []referenceText `json:"consents"`
}

// proves says which fields of the form a document shows, so that the screen puts
// them side by side.
var proves = map[item.Key][]item.Key{
	item.IDCardFront:             {item.IdentityName, item.IdentityNumber, item.ContactName},
	item.IDCardBack:              {item.IdentityValidFrom, item.IdentityValidTo},
	item.BankFront:               {item.BankNumber, item.BankCode},
	item.BankBack:                {item.BankHolder},
	item.BusinessLicence:         {item.CompanyName, item.CompanyLicence, item.CompanyAddress, item.IdentityName},
	item.TaxCertificate:          {item.CompanyTaxNumber},
	item.OrgCodeCertificate:      {item.CompanyOrgCode},
	item.LegalPersonFront:        {item.IdentityName, item.IdentityNumber},
	item.LegalPersonBack:         {item.IdentityValidFrom, item.IdentityValidTo},
	item.AccountOpeningLicence:   {item.BankHolder, item.BankNumber, item.BankBranch},
	item.AuthorisationContact:    {item.ContactName},
	item.AuthorisationSettlement: {item.BankHolder},
	item.AuthorisationSite:       {item.SiteDomain},
	item.DomainCertificate:       {item.SiteDomain},
}

func everyLanguage(f func(lang.Lang) string) lang.Text {
	return lang.Text{Zh: f(lang.Chinese), Es: f(lang.Spanish), En: f(lang.English)}
}

// reference answers what screens need to put names to keys. It is for everybody,
// so nothing of it is meant for the house alone.
func (s *Server) reference(c *call) error {
	book := c.rules().Policies
	p, ok := book.InForce(c.now().In(c.rules().Calendar.Zone()))
	if !ok {
		p = book.Latest()
	}
	out := reference{Policy: p.Version, Policies: book.Versions()}
	for _, i := range item.All() {
		out.Items = append(out.Items, referenceItem{
			Key: i.Key, Class: i.Class, Audience: i.Audience, Personal: i.Personal, Proves: proves[i.Key],
			Label: everyLanguage(func(l lang.Lang) string { return reason.ItemLabel(i.Key, l) }),
		})
	}
	for _, b := range p.Banks {
		out.Banks = append(out.Banks, labelled{Code: b.Code, Label: b.Name})
	}
	for _, r := range p.Checklist {
		out.SiteRequirements = append(out.SiteRequirements, labelled{ID: r.ID, Label: r.Title})
	}
	for _, name := range []policy.TextName{policy.PrivacyConsent, policy.FinancialDataConsent} {
		ref, ok := p.Text(name)
		if !ok {
			continue
		}
		t := referenceText{Consent: name, Version: ref.Version}
		var err error
		get := func(l lang.Lang) policy.Document {
			d, e := book.Text(name, ref.Version, l)
			if e != nil {
				err = e
			}
			return d
		}
		t.Text = everyLanguage(func(l lang.Lang) string { return get(l).Text })
		t.SHA256 = everyLanguage(func(l lang.Lang) string { return get(l).SHA256 })
		if err != nil {
			return err
		}
		out.Consents = append(out.Consents, t)
	}
	return c.kept(out)
}

// reasons answers the registry of reasons, with the texts for the house.
func (s *Server) reasons(c *call) error {
	out := []referenceReason{}
	for _, e := range reason.All() {
		out = append(out, referenceReason{
			Code: e.Code, Sub: e.Sub, Targets: e.Targets, Machine: e.Machine, Final: e.Final,
			Text:     projections.Wordings(e),
			Internal: everyLanguage(func(l lang.Lang) string { return e.Wording(l).Internal }),
		})
	}
	return c.kept(map[string]any{"reasons": out})
}

// kept answers what changes only with the program and the policy, so that
// browsers may keep it for a while.
func (c *call) kept(out any) error {
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h := c.Response().Header()
	h.Set("Cache-Control", "private, max-age=300")
	h.Set("ETag", etag)
	if done, err := c.notModified(); done {
		return err
	}
	return c.JSONBlob(http.StatusOK, b)
}
