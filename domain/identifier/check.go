package identifier

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// KindInfo is one row of the table of checks.
type KindInfo struct {
	Kind  string
	About string // what is checked
	Other string // what a second value means; empty where there is none
	Must  bool   // the second value is required
	check func(value, other string, at time.Time) Result
}

// kinds is the one place that ties a kind's name to its rule.
var kinds = []KindInfo{
	{Kind: "resident-id", About: "resident identity number or permit of its shape (GB 11643)",
		check: func(v, _ string, at time.Time) Result { return ResidentID(v, at) }},
	{Kind: "uscc", About: "unified social credit code (GB 32100)", Other: "chosen kind: individual or enterprise",
		check: func(v, o string, _ time.Time) Result { return USCC(v, o) }},
	{Kind: "org-code", About: "organisation code (GB 11714)",
		check: func(v, _ string, _ time.Time) Result { return OrgCode(v) }},
	{Kind: "licence", About: "business licence number, 15 digits or a USCC", Other: "chosen kind: individual or enterprise",
		check: func(v, o string, _ time.Time) Result { return Licence(v, o) }},
	{Kind: "cnaps", About: "CNAPS branch code", Other: "chosen bank: three digits, name or abbreviation",
		check: func(v, o string, _ time.Time) Result { return CNAPS(v, o) }},
	{Kind: "bank-card", About: "personal bank card number (Luhn)", Other: "holder: individual, or enterprise for a company's account, which has no check digit",
		check: func(v, o string, _ time.Time) Result { return SettlementAccount(v, o) }},
	{Kind: "corporate-account", About: "company's account number",
		check: func(v, _ string, _ time.Time) Result { return CorporateAccount(v) }},
	{Kind: "mobile", About: "mainland mobile number",
		check: func(v, _ string, _ time.Time) Result { return Mobile(v) }},
	{Kind: "phone", About: "service telephone: mobile, landline, 400, 800 or a short number such as 95588",
		check: func(v, _ string, _ time.Time) Result { return Phone(v) }},
	{Kind: "email", About: "e-mail address",
		check: func(v, _ string, _ time.Time) Result { return Email(v) }},
	{Kind: "icp", About: "ICP filing or licence number", Other: "number to compare the subject with",
		check: ICPNumber},
	{Kind: "domain", About: "web address or host name",
		check: func(v, _ string, _ time.Time) Result { return Domain(v) }},
	{Kind: "names", About: "two names of people or companies", Other: "name to compare with", Must: true,
		check: func(v, o string, _ time.Time) Result { return Names(v, o) }},
	{Kind: "permanent-residence", About: "foreigner's permanent residence card, 18 characters or the older 15",
		check: func(v, _ string, at time.Time) Result { return PermanentResidence(v, at) }},
	{Kind: "passport", About: "passport number",
		check: func(v, _ string, _ time.Time) Result { return Passport(v) }},
	{Kind: "travel-permit", About: "mainland travel permit number",
		check: func(v, _ string, _ time.Time) Result { return TravelPermit(v) }},
	{Kind: "id-validity", About: "identity card's period, 2016.05.12-2026.05.12 or 2016.05.12-长期", Other: "resident ID of the holder",
		check: IDValidity},
}

// Kinds lists what Check can check, in the order in which help shows it.
func Kinds() []KindInfo { return slices.Clone(kinds) }

// KindError says that there is no check of that name.
type KindError struct{ Kind string }

func (e *KindError) Error() string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Kind
	}
	return fmt.Sprintf("there is no check of kind %q; the kinds are %s", e.Kind, strings.Join(names, ", "))
}

// FindKind finds a row of the table by its name; the error is a *[KindError].
func FindKind(kind string) (KindInfo, error) {
	i := slices.IndexFunc(kinds, func(k KindInfo) bool { return k.Kind == kind })
	if i < 0 {
		return KindInfo{}, &KindError{kind}
	}
	return kinds[i], nil
}

// Check runs the check of that kind at that moment. Other is the second value
// of kinds that compare, and is ignored by the rest. The error is a *[KindError]:
// a bad value is a finding, never an error.
func Check(kind, value, other string, at time.Time) (Result, error) {
	k, err := FindKind(kind)
	if err != nil {
		return Result{}, err
	}
	return k.check(value, other, at), nil
}
