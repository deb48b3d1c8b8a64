package identifier

import (
	"fmt"
	"regexp"
	"strings"
)

// Registration is what a unified social credit code says of its holder.
type Registration struct {
	Code      string // all 18 characters
	Class     string // the first two: 91 company, 92 sole trader …
	Region    string // characters 3 to 8, the registering authority's area
	TaxNumber string // the code without its class and check: [2:17]
	OrgCode   string // the organisation code, nine characters without dash: [8:17]
}

// The classes that decide between the kinds of merchant.
const (
	ClassCompany    = "91" // company or other enterprise
	ClassSoleTrader = "92" // 个体工商户
)

// usccClasses are the first two characters of GB 32100: the registering
// authority and the class of its holders. Codes beginning with 54 were added
// for residents' and villagers' committees.
var usccClasses = func() map[string]bool {
	classes := map[string]bool{}
	for authority, kinds := range map[string]string{
		"1": "1239", "2": "19", "3": "123459", "4": "19", "5": "12349", "6": "129", "7": "129", "8": "19",
		"9": "123", "A": "19", "N": "1239", "Y": "1",
	} {
		for _, kind := range kinds {
			classes[authority+string(kind)] = true
		}
	}
	return classes
}()

// The kinds of merchant, as the application spells them.
const (
	individual = "individual"
	enterprise = "enterprise"
)

var usccForm = regexp.MustCompile(`^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}$`)

// ParseUSCC reads the parts of a code, and reports false where its form is
// wrong. It does not look at the check character: [USCC] does.
func ParseUSCC(value string) (Registration, bool) {
	s := grouped(value)
	if !usccForm.MatchString(s) {
		return Registration{}, false
	}
	return Registration{Code: s, Class: s[:2], Region: s[2:8], TaxNumber: s[2:17], OrgCode: s[8:17]}, true
}

// USCC checks a unified social credit code. The kind is the chosen kind of
// merchant, individual or enterprise; with it, a class that does not suit is a
// hint. An empty kind compares nothing, and an unknown one is a hint.
func USCC(value, kind string) Result {
	r, s, ok := begin("uscc", value, grouped)
	if !ok {
		return r
	}
	checkUSCC(&r, s, kind)
	return r
}

func checkUSCC(r *Result, s, kind string) {
	p, ok := ParseUSCC(s)
	if !ok {
		r.add(Block, "uscc-form", "%s", usccFormError(s))
		if rounded.MatchString(s) {
			r.add(Warn, "uscc-spreadsheet", "%s", exponentDetail)
		}
		return
	}
	r.Canonical = s
	if !usccClasses[p.Class] {
		r.add(Warn, "uscc-class", "no registering authority and class of holder begin with %s", p.Class)
	}
	if residentLike(s) {
		r.add(Warn, "uscc-resident-id", "%s", residentLikeDetail)
	}
	if s[17] != USCCCheck(s[:17]) {
		r.add(Warn, "uscc-checksum", "the last character does not follow from the first 17; some codes of the pilot era are lawful all the same")
		if spreadsheetCut(s) {
			r.add(Warn, "uscc-spreadsheet", "%s", spreadsheetDetail)
		}
	}
	switch {
	case p.Class == ClassCompany && kind == individual:
		r.add(Hint, "uscc-kind", "91 is a company's code, and the application is an individual's")
	case p.Class == ClassSoleTrader && kind == enterprise:
		r.add(Hint, "uscc-kind", "92 is a sole trader's code, and the application is an enterprise's")
	}
	checkKind(r, kind)
}

// checkKind hints at a kind of merchant that is none, since nothing was compared
// with it.
func checkKind(r *Result, kind string) {
	if kind != "" && kind != individual && kind != enterprise {
		r.add(Hint, r.Kind+"-kind-unknown", "the kind of merchant is individual or enterprise, not %.40q", fold(kind))
	}
}

// lookalikes are the letters that the alphabet leaves out, each with what it is
// most often mistaken for.
var lookalikes = map[rune]string{'I': "1", 'O': "0", 'S': "5", 'V': "U", 'Z': "2"}

func usccFormError(s string) string {
	place := 0
	for _, r := range s {
		place++
		if like, ok := lookalikes[r]; ok {
			return fmt.Sprintf("character %d is the letter %c, which no code has; perhaps it is %s", place, r, like)
		}
	}
	if what := oddity(s, usccAlphabet); what != "" {
		return "a code has digits and letters only: " + what
	}
	if len(s) != 18 {
		return fmt.Sprintf("a code has 18 characters, not %d", len(s))
	}
	return "characters 3 to 8 are digits"
}

var orgForm = regexp.MustCompile(`^([0-9A-Z]{8})-?([0-9X])$`)

// OrgCode checks an organisation code, with its dash or without. All that it
// finds in a given value are warnings: the code has been absorbed by the
// unified social credit code. The canonical form has the dash: D2143569-X.
func OrgCode(value string) Result {
	r, s, ok := begin("org-code", value, func(s string) string { return textMark(hyphens(noBlank(Normalise(s)))) })
	if !ok {
		return r
	}
	m := orgForm.FindStringSubmatch(s)
	if m == nil {
		r.add(Warn, "org-code-form", "an organisation code is eight digits or letters, a dash, and a digit or X")
		return r
	}
	r.Canonical = m[1] + "-" + m[2]
	if oneDigit(m[1] + m[2]) {
		r.add(Warn, "org-code-degenerate", "%s", degenerateDetail)
	}
	if m[2][0] != OrgCodeCheck(m[1]) {
		r.add(Warn, "org-code-checksum", "the last character does not follow from the first eight")
	}
	return r
}

// Licence checks the number of a business licence: an 18-character one is a
// unified social credit code and is checked as one; any other is the older
// number of 15 digits, of which all findings are warnings.
func Licence(value, kind string) Result {
	r, s, ok := begin("licence", value, grouped)
	switch {
	case !ok:
		return r
	case len([]rune(s)) == 18:
		checkUSCC(&r, s, kind)
	case len(s) != 15 || !digits(s):
		what := "the number has 15 digits, or 18 characters where it is a unified social credit code"
		if odd := oddity(s, ""); odd != "" && !strings.ContainsAny(s, usccAlphabet[10:]) {
			what += ": " + odd
		}
		r.add(Warn, "licence-form", "%s", what)
		if rounded.MatchString(s) {
			r.add(Warn, "licence-spreadsheet", "%s", exponentDetail)
		}
	default:
		r.Canonical = s
		if s[14] != LicenceCheck(s[:14]) {
			r.add(Warn, "licence-checksum", "the last digit does not follow from the first 14")
			if _, born := civilDate("19" + s[6:12]); born && provinces[s[:2]] {
				r.add(Warn, "licence-resident-id", "this may be an old resident identity number of 15 digits")
			}
		}
		if oneDigit(s) {
			r.add(Warn, "licence-degenerate", "%s", degenerateDetail)
		}
	}
	return r
}
