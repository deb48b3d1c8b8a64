package item_test

import (
	"slices"
	"testing"

	"alta/domain/item"
)

// fits lists the items of a class that a merchant of the kind can supply.
func fits(kind item.Audience, class item.Class) []item.Key {
	var out []item.Key
	for _, i := range item.All() {
		if i.Class == class && i.Key.Fits(kind) {
			out = append(out, i.Key)
		}
	}
	return out
}

func TestTheSlotsOfEachKindOfMerchant(t *testing.T) {
	optional := []item.Key{item.AuthorisationContact, item.AuthorisationSite, item.AuthorisationSettlement, item.DomainCertificate}
	for kind, own := range map[item.Audience][]item.Key{
		item.Individual: {item.IDCardFront, item.IDCardBack, item.BankFront, item.BankBack},
		item.Enterprise: {item.BusinessLicence, item.TaxCertificate, item.OrgCodeCertificate,
			item.LegalPersonFront, item.LegalPersonBack, item.AccountOpeningLicence},
	} {
		t.Run(string(kind), func(t *testing.T) {
			if got, want := fits(kind, item.Document), append(own, optional...); !slices.Equal(got, want) {
				t.Errorf("uploads %v, want %v", got, want)
			}
		})
	}
}

func TestOnlyACompanyHasACompanysFields(t *testing.T) {
	for _, k := range []item.Key{item.CompanyName, item.CompanyLicence, item.CompanyTaxNumber, item.CompanyOrgCode, item.CompanyAddress} {
		if k.Fits(item.Individual) || !k.Fits(item.Enterprise) {
			t.Errorf("%s is not a company's alone", k)
		}
	}
}

func TestWhatBelongsToANaturalPersonIsSealed(t *testing.T) {
	for _, k := range []item.Key{
		item.IdentityName, item.IdentityNumber, item.IdentityValidFrom, item.IdentityValidTo,
		item.ContactName, item.ContactMobile, item.ContactEmail, item.ContactPhone, item.ContactAddress,
		item.BankHolder, item.BankNumber, item.SiteTestAccount,
	} {
		if !k.IsPersonal() {
			t.Errorf("%s is kept in clear", k)
		}
	}
	for _, i := range item.All() {
		if i.Class == item.Document && !i.Personal {
			t.Errorf("the image in %s is kept in clear", i.Key)
		}
	}
}

func TestAKeyHasOneClassAndAnUnknownOneHasNone(t *testing.T) {
	for _, i := range item.All() {
		classes := 0
		for _, is := range []bool{i.Key.IsField(), i.Key.IsDocument(), i.Key.IsSite()} {
			if is {
				classes++
			}
		}
		if found, ok := item.Lookup(i.Key); !ok || found != i || classes != 1 {
			t.Errorf("%s is of %d classes, found %v as %+v", i.Key, classes, ok, found)
		}
	}
	const none = item.Key("passport.photo")
	if _, ok := item.Lookup(none); ok || none.Fits(item.Individual) || none.Fits(item.Enterprise) || none.IsPersonal() ||
		none.IsField() || none.IsDocument() || none.IsSite() {
		t.Error("an item that does not exist is taken for one")
	}
}
