package simulate

import (
	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
	"alta/simulate/specimen"
)

// formFaults are wrong values, or right values that a paper contradicts: R04 to
// R08.
var formFaults = []Fault{
	{Name: "r04-contact", Code: reason.R04, Sub: reason.Mismatch, Blocks: true, See: "the contact's name is not the one on the ID card, and there is no letter of authorisation",
		target: always(item.ContactName), apply: func(m *Merchant) {
			m.Fields[item.ContactName] = otherName(m.Person.Name)
			delete(m.Documents, item.AuthorisationContact)
		}},
	{Name: "r04-letter", Code: reason.R04, Sub: reason.Mismatch, See: "the contact is not the document's holder, and the letter of authorisation names a third person",
		target: always(item.ContactName), apply: func(m *Merchant) {
			m.Fields[item.ContactName] = otherName(m.Contact.Name)
			letter := authorisation(m)
			letter.Grantee = otherName(m.Fields[item.ContactName])
			m.Documents[item.AuthorisationContact] = specimen.Document{Paper: letter}
		}},
	{Name: "r04-card", Code: reason.R04, Sub: reason.Holder, See: "the ID card is another person's than the form says",
		target: always(item.IdentityName), apply: func(m *Merchant) {
			repaper(m, idFront(m), func(p *specimen.IDFront) { p.Name = otherName(p.Name) })
		}},

	{Name: "r05-mobile-form", Code: reason.R05, Sub: reason.Mobile, Blocks: true, See: "the mobile number has ten digits",
		target: always(item.ContactMobile), apply: set(item.ContactMobile, func(s string) string { return s[:len(s)-1] })},
	{Name: "r05-mobile-silent", Code: reason.R05, Sub: reason.Mobile, See: "the number is well formed, but the code sent to it is never confirmed",
		target: always(item.ContactMobile), apply: set(item.ContactMobile, swapLast)},
	{Name: "r05-email-form", Code: reason.R05, Sub: reason.Email, Blocks: true, See: "the e-mail address has no @",
		target: always(item.ContactEmail), apply: set(item.ContactEmail, func(string) string { return "example.com" })},
	{Name: "r05-email-bounces", Code: reason.R05, Sub: reason.Email, See: "mail to the address comes back",
		target: always(item.ContactEmail), apply: set(item.ContactEmail, func(s string) string { return "bounce." + s })},
	{Name: "r05-phone", Code: reason.R05, Sub: reason.Phone, Blocks: true, See: "the service phone has no area code",
		target: always(item.ContactPhone), apply: set(item.ContactPhone, func(s string) string { return s[max(0, len(s)-8):] })},
	{Name: "r05-address", Code: reason.R05, Sub: reason.Address, See: "the address names only the city",
		target: always(item.ContactAddress), apply: set(item.ContactAddress, func(s string) string { return string([]rune(s)[:min(6, len([]rune(s)))]) })},

	{Name: "r06-holder", Code: reason.R06, Sub: reason.Mismatch, Blocks: true, See: "the account's holder in the form is not the merchant, and there is no letter of authorisation",
		target: always(item.BankHolder), apply: set(item.BankHolder, otherName)},
	{Name: "r06-paper", Code: reason.R06, Sub: reason.Mismatch, See: "the holder on the bank's paper is not the one in the form",
		target: always(item.BankHolder), apply: func(m *Merchant) {
			repaper(m, item.BankBack, func(p *specimen.BankCardBack) { p.Holder = otherName(p.Holder) })
			repaper(m, item.AccountOpeningLicence, func(p *specimen.AccountOpening) { p.Holder = otherSeat(p.Holder) })
		}},

	{Name: "r07-number", Code: reason.R07, Sub: reason.Mismatch, See: "the account number on the bank's paper is not the one in the form",
		target: always(item.BankNumber), apply: func(m *Merchant) {
			repaper(m, item.BankFront, func(p *specimen.BankCardFront) { p.Number = otherCard(p.Number) })
			repaper(m, item.AccountOpeningLicence, func(p *specimen.AccountOpening) { p.Number = swapLast(p.Number) })
		}},
	{Name: "r07-checksum", Code: reason.R07, Sub: reason.Mismatch, See: "the card number in the form fails its checksum (a warning), and the card shows another",
		fits: individual, target: always(item.BankNumber), apply: set(item.BankNumber, bump)},
	{Name: "r07-bank", Code: reason.R07, Sub: reason.Bank, See: "the chosen bank is not the one of the branch code",
		target: always(item.BankCode), apply: set(item.BankCode, func(s string) string {
			if s == "102" {
				return "105"
			}
			return "102"
		})},

	{Name: "r08-card", Code: reason.R08, Sub: reason.Mismatch, See: "the number on the ID card is not the one in the form; both are well formed",
		target: always(item.IdentityNumber), apply: func(m *Merchant) {
			repaper(m, idFront(m), func(p *specimen.IDFront) { p.Number = otherResident(p.Number) })
		}},
	{Name: "r08-checksum", Code: reason.R08, Sub: reason.Malformed, Blocks: true, See: "the ID number's last character does not follow from the others",
		target: always(item.IdentityNumber), apply: set(item.IdentityNumber, bump)},
	{Name: "r08-licence", Code: reason.R08, Sub: reason.Mismatch, See: "the licence shows another number than the form",
		fits: enterprise, target: always(item.CompanyLicence), apply: func(m *Merchant) {
			repaper(m, item.BusinessLicence, func(p *specimen.BusinessLicence) { p.Number = otherLicence(p.Number) })
		}},
	{Name: "r08-licence-checksum", Code: reason.R08, Sub: reason.Malformed, See: "the licence number's last character is wrong (a warning), and the licence shows the right one",
		fits: enterprise, target: always(item.CompanyLicence), apply: set(item.CompanyLicence, bump)},
}

// set changes one field.
func set(k item.Key, change func(string) string) func(*Merchant) {
	return func(m *Merchant) {
		if v := m.Fields[k]; v != "" {
			m.Fields[k] = change(v)
		}
	}
}

// bump replaces the last character by another one, so that a checksum fails.
func bump(s string) string {
	last := s[len(s)-1]
	switch {
	case last >= '0' && last < '9':
		last++
	default:
		last = '0'
	}
	return s[:len(s)-1] + string(rune(last))
}

// swapLast changes a digit that no checksum covers, three from the end.
func swapLast(s string) string {
	i := len(s) - 4
	if i < 0 {
		return s + "7"
	}
	return s[:i] + string(rune('0'+(s[i]-'0'+3)%10)) + s[i+1:]
}

// otherCard, otherResident and otherLicence are well-formed numbers near the
// given one: two digits differ, and the check digit fits.
func otherCard(s string) string {
	first := swapLast(s)
	first = first[:len(first)-1]
	return first + string(rune(identifier.LuhnCheck(first)))
}

func otherResident(s string) string {
	if len(s) != 18 {
		return swapLast(s)
	}
	// The sequence number only: region, birth and sex stay as printed.
	seq := (s[15]-'0'+3)%9 + '1'
	first := s[:15] + string(rune(seq)) + s[16:17]
	return first + string(rune(identifier.ResidentIDCheck(first)))
}

func otherLicence(s string) string {
	switch len(s) {
	default:
		return swapLast(s)
	case 15:
		first := swapLast(s)[:14]
		return first + string(rune(identifier.LicenceCheck(first)))
	case 18:
		last := "A"
		if s[15] == 'A' {
			last = "B"
		}
		org := s[8:15] + last
		first := s[:8] + org + string(rune(identifier.OrgCodeCheck(org)))
		return first + string(rune(identifier.USCCCheck(first)))
	}
}

// otherSeat is a sister company's name: the same brand in another city.
func otherSeat(company string) string {
	runes := []rune(company)
	if len(runes) < 2 {
		return "上海" + company
	}
	if string(runes[:2]) == "上海" {
		return "北京" + string(runes[2:])
	}
	return "上海" + string(runes[2:])
}

// otherMerchant is the name of somebody else of the same kind.
func otherMerchant(m *Merchant) string {
	if m.Kind == policy.Enterprise {
		return otherSeat(m.Company.Name)
	}
	return otherName(m.Person.Name)
}
