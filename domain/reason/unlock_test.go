package reason_test

import (
	"slices"
	"testing"

	"alta/domain/item"
	"alta/domain/reason"
)

func TestAReasonOpensItsTargetAndWhatItTakesToFixIt(t *testing.T) {
	for _, c := range []struct {
		rule   string
		kind   item.Audience
		target item.Key
		opens  []item.Key
		locked []item.Key
	}{
		{"another contact person comes with a letter and other numbers", item.Enterprise, item.ContactName,
			[]item.Key{item.AuthorisationContact, item.ContactMobile, item.ContactEmail},
			[]item.Key{item.CompanyName, item.BankHolder, item.IdentityName}},
		{"an individual may change the account when its holder is wrong", item.Individual, item.BankHolder,
			[]item.Key{item.BankNumber, item.BankCode, item.BankBranch, item.BankFront, item.BankBack, item.AuthorisationSettlement},
			[]item.Key{item.AccountOpeningLicence, item.IdentityName}},
		{"an enterprise proves its account with the licence", item.Enterprise, item.BankHolder,
			[]item.Key{item.AccountOpeningLicence, item.AuthorisationSettlement}, []item.Key{item.BankFront, item.CompanyName}},
		{"a wrong ID number opens both sides of the card", item.Individual, item.IdentityNumber,
			[]item.Key{item.IdentityType, item.IDCardFront, item.IDCardBack}, []item.Key{item.IdentityName, item.BankNumber, item.LegalPersonFront}},
		{"a renewed document has new dates, and a passport a new number", item.Individual, item.IDCardBack,
			[]item.Key{item.IDCardFront, item.IdentityNumber, item.IdentityValidFrom, item.IdentityValidTo}, []item.Key{item.IdentityName}},
		{"a company's name opens what R04, R06 and R10 look at", item.Enterprise, item.CompanyName,
			[]item.Key{item.ContactName, item.BankHolder, item.SiteDomain, item.AuthorisationSite, item.DomainCertificate, item.BusinessLicence},
			[]item.Key{item.BankNumber, item.IdentityNumber, item.SiteTestAccount}},
		{"a domain opens what R09 to R12 look at, and no name", item.Individual, item.SiteDomain,
			[]item.Key{item.SiteICPNumber, item.AuthorisationSite, item.DomainCertificate, item.SiteURL, item.SiteTestAccount,
				item.SiteContact, item.SiteCompany, item.SiteContent, item.SiteDisplay, item.SitePurchase, item.SiteTerms},
			[]item.Key{item.IdentityName, item.ContactMobile}},
		{"without a filing, another filed domain will do", item.Individual, item.SiteICPNumber,
			[]item.Key{item.SiteDomain, item.SiteURL}, []item.Key{item.IdentityName, item.SiteContent}},
		{"an individual's name is also the business name", item.Individual, item.IdentityName,
			[]item.Key{item.BankHolder, item.SiteDomain, item.DomainCertificate}, []item.Key{item.BankNumber, item.IdentityNumber}},
		{"a legal person's name has nothing to do with the domain", item.Enterprise, item.IdentityName,
			[]item.Key{item.LegalPersonFront, item.ContactName}, []item.Key{item.SiteDomain, item.BankHolder, item.CompanyName}},
		{"a visible security code opens no account number", item.Individual, item.BankBack,
			[]item.Key{item.BankFront}, []item.Key{item.BankNumber, item.BankHolder}},
		{"a licence number may bring back the two old certificates", item.Enterprise, item.CompanyLicence,
			[]item.Key{item.TaxCertificate, item.OrgCodeCertificate, item.CompanyTaxNumber, item.CompanyOrgCode}, []item.Key{item.CompanyName}},
		{"the site's contact can be right and the form's wrong", item.Enterprise, item.SiteContact,
			[]item.Key{item.ContactPhone, item.ContactEmail}, []item.Key{item.ContactName, item.SiteDomain}},
		{"a letter opens alone", item.Enterprise, item.AuthorisationSettlement, nil, []item.Key{item.BankHolder, item.BankNumber}},
		{"a mobile number opens alone", item.Individual, item.ContactMobile, nil, []item.Key{item.ContactName, item.ContactEmail}},
		{"a broken page opens alone", item.Individual, item.SiteDisplay, nil, []item.Key{item.SiteDomain, item.SiteURL}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := reason.UnlocksFor(c.kind, c.target)
			for _, k := range append([]item.Key{c.target}, c.opens...) {
				if !slices.Contains(got, k) {
					t.Errorf("%s stays locked", k)
				}
			}
			for _, k := range c.locked {
				if slices.Contains(got, k) {
					t.Errorf("%s is open", k)
				}
			}
			if c.opens == nil && len(got) != 1 {
				t.Errorf("opens %v, want itself alone", got)
			}
		})
	}
}

func TestAKindOpensNothingItCannotSupplyAndNeverMoreThanBothTogether(t *testing.T) {
	for _, i := range item.All() {
		both := reason.Unlocks(i.Key)
		for _, kind := range []item.Audience{item.Individual, item.Enterprise} {
			for _, k := range reason.UnlocksFor(kind, i.Key) {
				if k != i.Key && !k.Fits(kind) {
					t.Errorf("%s opens %s for an %s, which cannot supply it", i.Key, k, kind)
				}
				if !slices.Contains(both, k) {
					t.Errorf("%s opens %s for an %s and not in general", i.Key, k, kind)
				}
			}
		}
	}
}

func TestAnUnknownItemOpensNothing(t *testing.T) {
	if got := reason.Unlocks("someday.new"); got != nil {
		t.Errorf("opens %v", got)
	}
}

func TestTwoSidedDocumentsKnowTheirOtherSide(t *testing.T) {
	for _, i := range item.All() {
		other, ok := reason.OtherSide(i.Key)
		if !ok {
			continue
		}
		if back, _ := reason.OtherSide(other); back != i.Key || other == i.Key {
			t.Errorf("%s → %s → %s", i.Key, other, back)
		}
		if !slices.Contains(reason.Unlocks(i.Key), other) {
			t.Errorf("%s: the sides cannot be swapped, %s stays locked", i.Key, other)
		}
	}
	if _, ok := reason.OtherSide(item.BusinessLicence); ok {
		t.Error("a business licence has one side")
	}
}
