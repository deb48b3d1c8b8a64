package reason

import (
	"slices"

	"alta/domain/item"
)

// A dependent is an item that opens together with a target; only says for which
// kind of merchant, where that matters beyond what item.Key.Fits knows.
type dependent struct {
	key  item.Key
	only item.Audience
}

func with(keys ...item.Key) []dependent {
	out := make([]dependent, len(keys))
	for i, k := range keys {
		out[i] = dependent{k, item.Anyone}
	}
	return out
}

func individualWith(keys ...item.Key) []dependent {
	out := with(keys...)
	for i := range out {
		out[i].only = item.Individual
	}
	return out
}

// dependents says what a merchant may have to touch in order to put a target
// right. Three rules made this table; a target without a row opens alone.
//
//  1. What the correction is compared with opens too, or a corrected name would
//     only fail the next comparison: a company's name opens what R04, R06 and
//     R10 look at; a domain opens what R09 to R12 look at.
//  2. A field opens the documents that prove it, and a document the fields that
//     a renewed one changes. A renewed identity document or card is photographed
//     on both sides, and a passport changes its number.
//  3. The optional slot that proves an exception opens with the rule that it is
//     an exception to: a letter of authorisation with the name it explains. The
//     letter itself opens alone: whoever cannot get it is sent back for the rule.
//
// Nothing wider: a covered security code on the back of a card opens no account
// number, and a missing ICP filing opens no company name.
var dependents = map[item.Key][]dependent{
	// Names. For an individual the person's name is also the business name and
	// the name of the account; an enterprise's legal person is neither.
	item.IdentityName: slices.Concat(
		with(item.IDCardFront, item.LegalPersonFront, item.ContactName, item.AuthorisationContact),
		individualWith(item.BankHolder, item.AuthorisationSettlement,
			item.SiteDomain, item.SiteICPNumber, item.SiteURL, item.AuthorisationSite, item.DomainCertificate)),
	item.CompanyName: with(item.BusinessLicence,
		item.ContactName, item.AuthorisationContact,
		item.BankHolder, item.AccountOpeningLicence, item.AuthorisationSettlement,
		item.SiteDomain, item.SiteICPNumber, item.SiteURL, item.AuthorisationSite, item.DomainCertificate),

	// The identity document and what is typed from it: one document, so one group.
	item.IdentityType:      with(identityDocument...),
	item.IdentityNumber:    with(item.IdentityType, item.IDCardFront, item.IDCardBack, item.LegalPersonFront, item.LegalPersonBack),
	item.IdentityValidFrom: with(identityDocument...),
	item.IdentityValidTo:   with(identityDocument...),
	item.IDCardFront:       with(identityDocument...),
	item.IDCardBack:        with(identityDocument...),
	item.LegalPersonFront:  with(identityDocument...),
	item.LegalPersonBack:   with(identityDocument...),

	// A company's numbers. A licence number that turns out to have 15 digits
	// brings back the two certificates that an 18-character one waives.
	item.CompanyLicence: with(item.BusinessLicence, item.CompanyTaxNumber, item.CompanyOrgCode,
		item.TaxCertificate, item.OrgCodeCertificate),
	item.CompanyTaxNumber:   with(item.TaxCertificate),
	item.CompanyOrgCode:     with(item.OrgCodeCertificate),
	item.CompanyAddress:     with(item.BusinessLicence),
	item.BusinessLicence:    with(item.CompanyLicence),
	item.TaxCertificate:     with(item.CompanyTaxNumber),
	item.OrgCodeCertificate: with(item.CompanyOrgCode),

	// Another contact person has another mobile number and mailbox.
	item.ContactName: with(item.AuthorisationContact, item.ContactMobile, item.ContactEmail),

	// The settlement account. "Use an account of your own" needs all of it.
	item.BankHolder: with(item.BankNumber, item.BankCode, item.BankBranch,
		item.BankFront, item.BankBack, item.AccountOpeningLicence, item.AuthorisationSettlement),
	item.BankNumber: with(item.BankCode, item.BankBranch,
		item.BankFront, item.BankBack, item.AccountOpeningLicence),
	item.BankCode:              with(item.BankBranch, item.BankFront, item.AccountOpeningLicence),
	item.BankBranch:            with(item.BankCode, item.AccountOpeningLicence),
	item.BankFront:             with(item.BankBack, item.BankNumber, item.BankCode, item.BankBranch),
	item.BankBack:              with(item.BankFront),
	item.AccountOpeningLicence: with(item.BankNumber, item.BankCode, item.BankBranch),

	// The site. Another domain is another site: everything that R09 to R12 look
	// at, except the name, which is no fault of the domain.
	item.SiteDomain: with(item.SiteICPNumber, item.AuthorisationSite, item.DomainCertificate,
		item.SiteURL, item.SiteTestAccount, item.SiteContact, item.SiteCompany, item.SiteContent,
		item.SiteDisplay, item.SitePurchase, item.SiteTerms),
	item.SiteICPNumber: with(item.SiteDomain, item.SiteURL, item.AuthorisationSite, item.DomainCertificate),
	item.SiteContact:   with(item.ContactMobile, item.ContactEmail, item.ContactPhone, item.ContactAddress),
}

// identityDocument is what changes when an identity document is renewed or another
// one is shown.
var identityDocument = []item.Key{
	item.IdentityNumber, item.IdentityValidFrom, item.IdentityValidTo,
	item.IDCardFront, item.IDCardBack, item.LegalPersonFront, item.LegalPersonBack,
}

// Unlocks lists what a reason on target opens for the merchant's correction: the
// target itself and its dependents, in the order of item.All. Items that the
// merchant's kind cannot supply are among them; UnlocksFor leaves them out. A
// key that item does not know opens nothing.
func Unlocks(target item.Key) []item.Key { return UnlocksFor(item.Anyone, target) }

// UnlocksFor is Unlocks for one kind of merchant, which is never wider.
func UnlocksFor(kind item.Audience, target item.Key) []item.Key {
	if _, ok := item.Lookup(target); !ok {
		return nil
	}
	keys := []item.Key{target}
	for _, d := range dependents[target] {
		if kind == item.Anyone || d.key.Fits(kind) && (d.only == item.Anyone || d.only == kind) {
			keys = append(keys, d.key)
		}
	}
	return ordered(keys)
}
