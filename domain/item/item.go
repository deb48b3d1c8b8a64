// Package item names the things that a merchant supplies and a reviewer judges
// one by one: the fields of the form, the document slots, and the parts of the
// web site.
//
// Everything that speaks about "what exactly" uses these names: the policy says
// which items are required, a reason is raised on items, a return unlocks
// items, a finding points at an item, the difference between two rounds is a
// list of items, and the API's field pointers are made of them. A key is
// permanent: it is stored in events.
package item

import "slices"

// Key is the permanent name of an item, such as "bank.number" or
// "id_card.front".
type Key string

// The fields of the form.
const (
	IdentityName      Key = "identity.name"       // individual: the person; enterprise: the legal person
	IdentityType      Key = "identity.type"       // resident_id, residence_permit, permanent_residence, passport, travel_permit
	IdentityNumber    Key = "identity.number"     // number of that identity document
	IdentityValidFrom Key = "identity.valid_from" // YYYY-MM-DD
	IdentityValidTo   Key = "identity.valid_to"   // YYYY-MM-DD or "long-term"

	CompanyName      Key = "company.name"
	CompanyLicence   Key = "company.licence_number" // 18-character USCC or 15-digit licence number
	CompanyTaxNumber Key = "company.tax_number"     // waived with a USCC
	CompanyOrgCode   Key = "company.org_code"       // waived with a USCC
	CompanyAddress   Key = "company.address"

	ContactName    Key = "contact.name"
	ContactMobile  Key = "contact.mobile"
	ContactEmail   Key = "contact.email"
	ContactPhone   Key = "contact.phone" // service phone; optional
	ContactAddress Key = "contact.address"

	BankHolder Key = "bank.holder"
	BankNumber Key = "bank.number"
	BankCode   Key = "bank.code"   // three digits of the CNAPS numbering, such as "102"
	BankBranch Key = "bank.branch" // 12-digit CNAPS branch code

	SiteDomain    Key = "site.domain"
	SiteICPNumber Key = "site.icp_number"
)

// The parts of the web site, which are declared before the site review and
// looked at on the site itself.
const (
	SiteURL         Key = "site.url"
	SiteTestAccount Key = "site.test_account" // user and password of the test account
	SiteContact     Key = "site.contact"      // the contact information the site shows
	SiteCompany     Key = "site.company"      // the company information the site shows
	SiteContent     Key = "site.content"      // goods and services
	SiteDisplay     Key = "site.display"      // pages show as they should
	SitePurchase    Key = "site.purchase"     // the purchase flow
	SiteTerms       Key = "site.terms"        // terms, refund and privacy texts
)

// The document slots: document type × side.
const (
	IDCardFront Key = "id_card.front" // portrait side
	IDCardBack  Key = "id_card.back"  // emblem side
	BankFront   Key = "bank_card.front"
	BankBack    Key = "bank_card.back" // CVN covered

	BusinessLicence       Key = "business_licence"
	TaxCertificate        Key = "tax_certificate"
	OrgCodeCertificate    Key = "org_code_certificate"
	LegalPersonFront      Key = "legal_person_id.front"
	LegalPersonBack       Key = "legal_person_id.back"
	AccountOpeningLicence Key = "account_opening_licence" // or the basic deposit account information

	AuthorisationContact    Key = "authorisation.contact"    // contact ≠ legal person
	AuthorisationSite       Key = "authorisation.site"       // domain or ICP subject ≠ company
	AuthorisationSettlement Key = "authorisation.settlement" // settlement account of another name
	DomainCertificate       Key = "domain_certificate"
)

// Class says how an item is supplied.
type Class string

// The classes of items.
const (
	Field    Class = "field"    // typed into the form
	Document Class = "document" // uploaded into a slot
	Site     Class = "site"     // a part of the web site
)

// Audience says which kind of merchant an item concerns.
type Audience string

// The audiences.
const (
	Anyone     Audience = "anyone"
	Individual Audience = "individual"
	Enterprise Audience = "enterprise"
)

// Item is what is fixed about a key.
type Item struct {
	Key      Key
	Class    Class
	Audience Audience
	// Personal items hold data of a natural person: sealed in the log, masked
	// on screens.
	Personal bool
}

var all = []Item{
	{IdentityName, Field, Anyone, true},
	{IdentityType, Field, Anyone, false},
	{IdentityNumber, Field, Anyone, true},
	{IdentityValidFrom, Field, Anyone, true},
	{IdentityValidTo, Field, Anyone, true},
	{CompanyName, Field, Enterprise, false},
	{CompanyLicence, Field, Enterprise, false},
	{CompanyTaxNumber, Field, Enterprise, false},
	{CompanyOrgCode, Field, Enterprise, false},
	{CompanyAddress, Field, Enterprise, false},
	{ContactName, Field, Anyone, true},
	{ContactMobile, Field, Anyone, true},
	{ContactEmail, Field, Anyone, true},
	{ContactPhone, Field, Anyone, true},
	{ContactAddress, Field, Anyone, true},
	{BankHolder, Field, Anyone, true},
	{BankNumber, Field, Anyone, true},
	{BankCode, Field, Anyone, false},
	{BankBranch, Field, Anyone, false},
	{SiteDomain, Field, Anyone, false},
	{SiteICPNumber, Field, Anyone, false},
	{IDCardFront, Document, Individual, true},
	{IDCardBack, Document, Individual, true},
	{BankFront, Document, Individual, true},
	{BankBack, Document, Individual, true},
	{BusinessLicence, Document, Enterprise, true},
	{TaxCertificate, Document, Enterprise, true},
	{OrgCodeCertificate, Document, Enterprise, true},
	{LegalPersonFront, Document, Enterprise, true},
	{LegalPersonBack, Document, Enterprise, true},
	{AccountOpeningLicence, Document, Enterprise, true},
	{AuthorisationContact, Document, Anyone, true},
	{AuthorisationSite, Document, Anyone, true},
	{AuthorisationSettlement, Document, Anyone, true},
	{DomainCertificate, Document, Anyone, true},
	{SiteURL, Site, Anyone, false},
	{SiteTestAccount, Site, Anyone, true},
	{SiteContact, Site, Anyone, false},
	{SiteCompany, Site, Anyone, false},
	{SiteContent, Site, Anyone, false},
	{SiteDisplay, Site, Anyone, false},
	{SitePurchase, Site, Anyone, false},
	{SiteTerms, Site, Anyone, false},
}

var byKey = func() map[Key]Item {
	m := make(map[Key]Item, len(all))
	for _, i := range all {
		m[i.Key] = i
	}
	return m
}()

// All lists every item in the order in which forms and check-lists show them.
func All() []Item { return slices.Clone(all) }

// Lookup finds an item by its key.
func Lookup(k Key) (Item, bool) {
	i, ok := byKey[k]
	return i, ok
}

// IsDocument reports whether k is a document slot.
func (k Key) IsDocument() bool { return byKey[k].Class == Document }

// IsField reports whether k is a field of the form.
func (k Key) IsField() bool { return byKey[k].Class == Field }

// IsSite reports whether k is a part of the web site.
func (k Key) IsSite() bool { return byKey[k].Class == Site }

// IsPersonal reports whether k holds data of a natural person.
func (k Key) IsPersonal() bool { return byKey[k].Personal }

// OfCompany reports whether k is a field about a company, which may be a sole
// trader: not masked, and sealed in the log all the same.
func (k Key) OfCompany() bool { return byKey[k].Class == Field && byKey[k].Audience == Enterprise }

// IsCode reports whether what k holds is a code of ours, which says nothing to
// whoever filled in the form.
func (k Key) IsCode() bool { return k == IdentityType || k == BankCode }

// Fits reports whether a merchant of the kind can supply k.
func (k Key) Fits(kind Audience) bool {
	i, ok := byKey[k]
	return ok && (i.Audience == Anyone || i.Audience == kind)
}
