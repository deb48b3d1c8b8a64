package identifier

import (
	"regexp"
	"strings"
)

// SettlementAccount checks the account of a merchant of that kind: an
// enterprise's as a [CorporateAccount], any other as a [BankCard].
func SettlementAccount(value, kind string) Result {
	if kind == enterprise {
		r := CorporateAccount(value)
		r.Kind = "bank-card" // what was asked, whatever answered it
		return r
	}
	r := BankCard(value)
	checkKind(&r, kind)
	return r
}

// BankCard checks a personal card number: 13 to 19 digits that satisfy the Luhn
// scheme. Spaces and dashes between groups are lawful. All findings on a given
// value are warnings, since passbooks and some old cards differ.
//
// Only personal numbers are cards; a company's is a [CorporateAccount].
func BankCard(value string) Result {
	r, s, ok := begin("bank-card", value, grouped)
	if !ok {
		return r
	}
	switch {
	case !digits(s):
		r.add(Warn, "bank-card-form", "a card number has digits only: %s", oddity(s, ""))
	case len(s) < 13 || len(s) > 19:
		r.add(Warn, "bank-card-form", "a card number has 13 to 19 digits, not %d", len(s))
	default:
		r.Canonical = s
		if s[len(s)-1] != LuhnCheck(s[:len(s)-1]) {
			r.add(Warn, "bank-card-checksum", "the last digit does not follow from those before it")
			if spreadsheetCut(s) {
				r.add(Warn, "bank-card-spreadsheet", "%s", spreadsheetDetail)
			}
		}
		if oneDigit(s) {
			r.add(Warn, "bank-card-degenerate", "%s", degenerateDetail)
		}
		if residentLike(s) {
			r.add(Warn, "bank-card-resident-id", "%s", residentLikeDetail)
		}
	}
	if rounded.MatchString(s) {
		r.add(Warn, "bank-card-spreadsheet", "%s", exponentDetail)
	}
	return r
}

// CorporateAccount checks a company's account number: 5 to 32 digits or dashes,
// of which at least one is a digit. There is no check digit: every bank has its
// own scheme. Findings on a given value are warnings.
func CorporateAccount(value string) Result {
	r, s, ok := begin("corporate-account", value, func(s string) string { return textMark(hyphens(noBlank(Normalise(s)))) })
	if !ok {
		return r
	}
	switch what := oddity(s, "-"); {
	case what != "":
		r.add(Warn, "corporate-account-form", "an account number has digits and dashes only: %s", what)
	case len(s) < 5 || len(s) > 32:
		r.add(Warn, "corporate-account-form", "an account number has 5 to 32 digits or dashes, not %d", len(s))
	case strings.Trim(s, "-") == "":
		r.add(Warn, "corporate-account-form", "an account number has digits")
	default:
		r.Canonical = s
		if spreadsheetCut(s) {
			r.add(Hint, "corporate-account-spreadsheet", "the digits from the sixteenth on are zeros, as where a spreadsheet lost them")
		}
		if oneDigit(s) {
			r.add(Warn, "corporate-account-degenerate", "%s", degenerateDetail)
		}
		if residentLike(s) {
			r.add(Warn, "corporate-account-resident-id", "%s", residentLikeDetail)
		}
	}
	if rounded.MatchString(s) {
		r.add(Warn, "corporate-account-spreadsheet", "%s", exponentDetail)
	}
	return r
}

// label is what people paste before a number: 统一社会信用代码：, 卡号, Tel.:
var label = regexp.MustCompile(`^(?:[\p{L}/().-]+:|\p{Han}+)`)

// unlabel drops the label before a number. No number of these kinds has a colon
// or begins with a Chinese character.
func unlabel(s string) string { return label.ReplaceAllString(s, "") }

// textMark drops the apostrophe with which a spreadsheet marks text.
func textMark(s string) string { return strings.TrimLeft(s, "'’‘`´′") }

// grouped is Normalise for numbers that people write in groups: blanks anywhere
// and dashes inside do not count.
func grouped(s string) string {
	s = unlabel(textMark(strings.ReplaceAll(hyphens(noBlank(Normalise(s))), "_", "-")))
	if strings.HasPrefix(s, "-") || strings.HasSuffix(s, "-") {
		return s
	}
	return strings.ReplaceAll(s, "-", "")
}
