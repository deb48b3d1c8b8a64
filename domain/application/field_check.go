package application

import (
	"strings"
	"time"
	"unicode"

	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
)

// The identity documents that identity.type names.
const (
	residentID         = "resident_id"
	residencePermit    = "residence_permit"
	permanentResidence = "permanent_residence"
	passport           = "passport"
	travelPermit       = "travel_permit"
)

// longTerm is the end of a document that has none.
const longTerm = "long-term"

// check looks at one value in the company of the others; of answers those. A
// value that no rule speaks of has no findings and is kept as it was given.
func check(k item.Key, v string, kind policy.Kind, terms policy.Terms, at time.Time, of func(item.Key) string) identifier.Result {
	switch k {
	case item.IdentityType:
		return oneOf(v, residentID, residencePermit, permanentResidence, passport, travelPermit)
	case item.IdentityNumber:
		switch of(item.IdentityType) {
		case passport:
			return identifier.Passport(v)
		case travelPermit:
			return identifier.TravelPermit(v)
		}
		return identifier.ResidentIDFrom(v, terms.MinimumAge, at)
	case item.IdentityValidFrom, item.IdentityValidTo:
		return validity(k, v, terms.ValidityWarningDays, at, of)
	case item.CompanyLicence:
		return identifier.Licence(v, string(kind))
	case item.CompanyOrgCode:
		return identifier.OrgCode(v)
	case item.ContactMobile:
		return identifier.Mobile(v)
	case item.ContactEmail:
		return identifier.Email(v)
	case item.ContactPhone:
		return identifier.Phone(v)
	case item.BankNumber:
		return identifier.SettlementAccount(v, string(kind))
	case item.BankCode:
		return bank(v)
	case item.BankBranch:
		return identifier.CNAPS(v, of(item.BankCode))
	case item.SiteDomain:
		return identifier.Domain(v)
	case item.SiteICPNumber:
		return identifier.ICPNumber(v, "", at)
	case item.CompanyTaxNumber:
		return identifier.Result{Canonical: identifier.Normalise(v)}
	}
	return identifier.Result{Canonical: tidy(v)}
}

// tidy removes what nobody can see from a name or an address; the rest is kept
// as it was given, because a reviewer compares it with a document.
func tidy(v string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, v))
}

func oneOf(v string, words ...string) identifier.Result {
	word := strings.ToLower(tidy(v))
	for _, w := range words {
		if w == word {
			return identifier.Result{Canonical: w}
		}
	}
	return identifier.Result{Findings: []identifier.Finding{{
		Code: "identity-type-unknown", Severity: identifier.Block, Detail: "want one of " + strings.Join(words, ", "),
	}}}
}

func bank(v string) identifier.Result {
	if b, ok := identifier.FindBank(v); ok {
		return identifier.Result{Canonical: b.Code}
	}
	return identifier.Result{Findings: []identifier.Finding{{
		Code: "bank-unknown", Severity: identifier.Warn, Detail: "no bank has this code or name",
	}}}
}

// validity checks each end of the period by itself, and the whole of it at its
// end.
func validity(k item.Key, v string, notice int, at time.Time, of func(item.Key) string) identifier.Result {
	from := of(item.IdentityValidFrom)
	if k == item.IdentityValidFrom {
		from = v
	}
	if whole, ok := identifier.ParseValidity(from + "/长期"); ok && k == item.IdentityValidFrom {
		return identifier.Result{Canonical: whole.From.Format(time.DateOnly)}
	} else if !ok && k == item.IdentityValidFrom {
		return identifier.Result{Findings: []identifier.Finding{{
			Code: "id-validity-form", Severity: identifier.Block, Detail: "want a real date such as 2016-05-12",
		}}}
	} else if !ok {
		from = "1900-01-01" // judged where it stands; the end is read all the same
	}
	r := identifier.IDValidityWithin(from+"/"+v, of(item.IdentityNumber), notice, at)
	if whole, ok := identifier.ParseValidity(from + "/" + v); ok && whole.LongTerm() {
		r.Canonical = longTerm
	} else if ok {
		r.Canonical = whole.Until.Format(time.DateOnly)
	}
	return r
}

// canonical is how a typed value is stored: its canonical form where it can be
// read, and tidied otherwise. The other values are those typed at the same time
// and then those already there.
func canonical(s State, typed map[item.Key]string, k item.Key, v string, at time.Time) string {
	if k == item.SiteDomain {
		v = identifier.WithoutCredentials(v) // a password is never stored, however the rest reads
	}
	of := func(k item.Key) string {
		if v, ok := typed[k]; ok {
			return v
		}
		return s.Text(k)
	}
	if c := check(k, v, s.Kind, policy.Terms{}, at, of).Canonical; c != "" {
		return c
	}
	return tidy(v)
}

// checkField is what a machine sees in one field.
func (s State) checkField(p policy.Policy, k item.Key, at time.Time) []Finding {
	var out []Finding
	for _, f := range check(k, s.Text(k), s.Kind, p.Terms, at, s.Text).Findings {
		if f.Code == "icp-app-filing" && s.Site == policy.App {
			continue // for an app it is the right filing
		}
		out = append(out, Finding{
			Code: f.Code, Item: k, Severity: string(f.Severity), Detail: f.Detail, Suggests: suggestion(k, f.Code),
		})
	}
	out = append(out, marks(k, s.Text(k))...)
	return append(out, s.identityClass(k)...)
}

// marks are what a machine sees in a text that a reader cannot: characters that
// show nothing, and private-use characters, which look like one thing in the
// merchant's font and like a box in the contract. Typing drops format characters
// (tidy), so that what is left came with the text and belongs to it, or hides in it.
func marks(k item.Key, v string) []Finding {
	var out []Finding
	m := identifier.Marked(v)
	if m.Invisible > 0 {
		out = append(out, Finding{
			Code: textInvisible, Item: k, Severity: string(identifier.Hint),
			Detail: "the text holds characters that nobody can see", Params: []ParamPair{{"count", itoa(m.Invisible)}},
		})
	}
	if m.PrivateUse > 0 {
		out = append(out, Finding{
			Code: textPrivateUse, Item: k, Severity: string(identifier.Warn),
			Detail: "the text holds private-use characters, which other systems cannot show", Params: []ParamPair{{"count", itoa(m.PrivateUse)}},
		})
	}
	return out
}

// identityClass compares a number's class with the kind of document chosen.
func (s State) identityClass(k item.Key) []Finding {
	if k != item.IdentityNumber {
		return nil
	}
	holder, ok := identifier.ParseResidentID(s.Text(k))
	if identifier.IsPermanentCard(s.Text(k)) {
		holder, ok = identifier.Resident{Class: identifier.Foreigner}, true
	}
	if !ok {
		return nil
	}
	want := residentID
	switch holder.Class {
	case identifier.HongKongResident, identifier.MacaoResident, identifier.TaiwanResident:
		want = residencePermit
	case identifier.Foreigner:
		want = permanentResidence
	}
	switch s.Text(item.IdentityType) {
	case want, passport, travelPermit, "":
		return nil
	}
	return []Finding{{
		Code: "identity-type-differs", Item: item.IdentityType, Severity: string(identifier.Warn),
		Detail: "the number belongs to another kind of identity document: " + want, Suggests: suggest(reason.R08, reason.Mismatch),
	}}
}

// suggestion is the reason that a reviewer may want to raise on a finding.
func suggestion(k item.Key, code string) string {
	switch k {
	case item.IdentityType:
		return suggest(reason.R08, reason.Mismatch)
	case item.IdentityNumber, item.CompanyLicence, item.CompanyOrgCode:
		return suggest(reason.R08, reason.Malformed)
	case item.IdentityValidFrom, item.IdentityValidTo:
		if code == "id-validity-expired" || code == "id-validity-expiring" {
			return suggest(reason.R03, reason.Expired)
		}
		return suggest(reason.R03, reason.Invalid)
	case item.ContactMobile:
		return suggest(reason.R05, reason.Mobile)
	case item.ContactEmail:
		return suggest(reason.R05, reason.Email)
	case item.ContactPhone:
		return suggest(reason.R05, reason.Phone)
	case item.BankNumber:
		return suggest(reason.R07, reason.Mismatch)
	case item.BankCode, item.BankBranch:
		return suggest(reason.R07, reason.Bank)
	case item.SiteDomain:
		return suggest(reason.R01, reason.MissingDomain)
	case item.SiteICPNumber:
		if code == "icp-app-filing" {
			return suggest(reason.R09, reason.AppOnly)
		}
		return suggest(reason.R09, reason.Malformed)
	}
	return ""
}
