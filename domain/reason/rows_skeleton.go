package reason

import (
	"slices"

	"alta/domain/item"
)

func only(c Code, s Sub, m Class, keys ...item.Key) Entry {
	return Entry{Code: c, Sub: s, Machine: m, Targets: keys}
}

var missing = []Entry{
	only(R01, MissingDomain, Certain, item.SiteDomain),
	only(R01, MissingIDCardFront, Certain, item.IDCardFront),
	only(R01, MissingIDCardBack, Certain, item.IDCardBack),
	only(R01, MissingBankCardFront, Certain, item.BankFront),
	only(R01, MissingBankCardBack, Certain, item.BankBack),
	only(R01, MissingBankInfo, Certain, item.BankHolder, item.BankNumber, item.BankCode, item.BankBranch),
	only(R01, MissingBusinessLicence, Certain, item.BusinessLicence),
	only(R01, MissingTaxCertificate, Certain, item.TaxCertificate),
	only(R01, MissingOrgCodeCertificate, Certain, item.OrgCodeCertificate),
	only(R01, MissingLegalPersonFront, Certain, item.LegalPersonFront),
	only(R01, MissingLegalPersonBack, Certain, item.LegalPersonBack),
	only(R01, MissingAccountOpeningLicence, Certain, item.AccountOpeningLicence),
	only(R01, MissingField, Certain, otherFields...),
	only(R01, MissingProof, Person, proofs...),
	only(R01, MissingSite, Certain, siteParts...),
	only(R01, SameFile, Certain, twoSided...),
}
var wrongSlot = []Entry{
	only(R02, BelongsElsewhere, Suspicion, slots...),
	only(R02, Swapped, Suspicion, twoSided...),
}
var notAcceptable = []Entry{
	only(R03, Unclear, Suspicion, slots...),
	only(R03, Forged, Person, slots...),
	only(R03, Incomplete, Suspicion, slots...),
	only(R03, Expired, Certain, slices.Concat(slots, validity)...),
	only(R03, Invalid, Person, slices.Concat(slots, validity)...),
	only(R03, CVNVisible, Person, item.BankBack),
}
var contactHolder = []Entry{
	only(R04, Mismatch, Certain, item.ContactName),
	only(R04, Holder, Person, item.IdentityName, item.CompanyName),
}
var contactInvalid = []Entry{
	only(R05, Mobile, Certain, item.ContactMobile),
	only(R05, Email, Certain, item.ContactEmail),
	only(R05, Phone, Certain, item.ContactPhone),
	only(R05, Address, Person, item.ContactAddress, item.CompanyAddress),
}
var accountHolder = []Entry{only(R06, Mismatch, Certain, item.BankHolder)}
var accountNumber = []Entry{
	only(R07, Mismatch, Suspicion, item.BankNumber),
	only(R07, Bank, Certain, item.BankCode, item.BankBranch),
}
var idNumber = []Entry{
	only(R08, Mismatch, Suspicion, item.IdentityType, item.IdentityNumber, item.CompanyLicence, item.CompanyTaxNumber, item.CompanyOrgCode),
	only(R08, Malformed, Certain, item.IdentityNumber, item.CompanyLicence, item.CompanyTaxNumber, item.CompanyOrgCode),
	only(R08, Duplicate, Certain, item.IdentityNumber, item.CompanyLicence),
}
var noFiling = []Entry{
	only(R09, NoFiling, LookUp, item.SiteDomain, item.SiteICPNumber),
	only(R09, AppOnly, Certain, item.SiteDomain, item.SiteICPNumber),
	only(R09, Cancelled, LookUp, item.SiteDomain, item.SiteICPNumber),
	only(R09, OtherSubject, LookUp, item.SiteDomain, item.SiteICPNumber),
	only(R09, Malformed, Certain, item.SiteICPNumber),
}
var registrant = []Entry{only(R10, Mismatch, LookUp, item.IdentityName, item.CompanyName, item.SiteDomain)}
var unreachable = []Entry{
	only(R11, Unreachable, Suspicion, item.SiteDomain, item.SiteURL),
	only(R11, Blocked, Suspicion, item.SiteDomain, item.SiteURL),
	only(R11, Dangerous, LookUp, item.SiteDomain, item.SiteURL),
	only(R11, OffDomain, Suspicion, item.SiteDomain, item.SiteURL),
}
var siteDiffers = []Entry{
	only(R12, SiteContact, Suspicion, item.SiteContact),
	only(R12, SiteCompany, Suspicion, item.SiteCompany),
	only(R12, SiteContent, Person, item.SiteContent),
	only(R12, ProhibitedGoods, Person, item.SiteContent),
	only(R12, DisplayBroken, Person, item.SiteDisplay),
	only(R12, Unfinished, Person, item.SiteURL, item.SiteContent),
	only(R12, NoPurchaseFlow, Person, item.SitePurchase),
	only(R12, TestAccountFails, Person, item.SiteTestAccount),
	only(R12, TermsMissing, Person, item.SiteTerms),
}
var fallback Entry
