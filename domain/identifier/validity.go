package identifier

import (
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Validity is the period printed on the back of an identity card. Both days are
// included. Until is the zero time where the card is valid for the long term.
type Validity struct {
	From, Until time.Time // midnight UTC of the civil date
}

// LongTerm reports whether the card has no end.
func (v Validity) LongTerm() bool { return v.Until.IsZero() }

// ExpiryNotice is how many days before its end a document is warned about
// unless the policy says otherwise.
const ExpiryNotice = 90

const datePattern = `(\d{4})[-./年]?(\d{1,2})[-./月]?(\d{1,2})日?`

var (
	validityForm = regexp.MustCompile(`^` + datePattern + `(?:-|/|~|至|到|起|TO|AL?\s|HASTA|UNTIL|\s)+(.+)$`)
	dateForm     = regexp.MustCompile(`^` + datePattern + `$`)
)

// noEnd are the words for an end that is none, without their spaces, dashes and
// brackets.
var noEnd = func() map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(`长期 長期 长期有效 長期有效 永久 永久有效 永久长期 长期永久 终身 終身 终身有效 终生 无期限 無期限 无固定期限 不限
		LONGTERM LONGTERMVALID FOREVER PERMANENT PERMANENTLY INDEFINITE INDEFINITELY UNLIMITED LIFETIME LIFELONG PERPETUAL
		NEVER NEVEREXPIRES NOEXPIRY NOEXPIRATION NOEXPIRYDATE NOEND
		PERMANENTE INDEFINIDO INDEFINIDA ILIMITADO ILIMITADA VITALICIO VITALICIA LARGOPLAZO PERPETUO PERPETUA
		SINVENCIMIENTO SINCADUCIDAD NOCADUCA NOVENCE PARASIEMPRE`) {
		words[w] = true
	}
	return words
}()

// endless reports whether a text is a word for the long term, or the last day of
// a year that no document lasts to: 2099-12-31 and 9999-12-31 are conventions.
func endless(s string) bool {
	if m := dateForm.FindStringSubmatch(s); m != nil {
		return m[1] >= "2099" && pad(m[2]) == "12" && pad(m[3]) == "31" || m[1] == "9999"
	}
	return noEnd[strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)]
}

// ParseValidity reads a period as cards print it, 2016.05.12-2026.05.12 or
// 2016.05.12-长期, with other usual separators too.
func ParseValidity(value string) (Validity, bool) {
	s := hyphens(Normalise(value))
	s = strings.NewReplacer(" - ", "-", "- ", "-", " -", "-").Replace(s)
	m := validityForm.FindStringSubmatch(s)
	if m == nil {
		return Validity{}, false
	}
	var v Validity
	var ok bool
	if v.From, ok = civilDate(m[1] + pad(m[2]) + pad(m[3])); !ok {
		return Validity{}, false
	}
	if endless(m[4]) {
		return v, true
	}
	end := dateForm.FindStringSubmatch(m[4])
	if end == nil {
		return Validity{}, false
	}
	if v.Until, ok = civilDate(end[1] + pad(end[2]) + pad(end[3])); !ok {
		return Validity{}, false
	}
	return v, true
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// IDValidity checks the period of an identity card against today and, where
// number is a readable resident ID, against the holder's age at issue. An
// expired card blocks; a period that does not suit the age is a warning, since
// temporary and re-issued cards differ lawfully.
func IDValidity(value, number string, at time.Time) Result {
	return IDValidityWithin(value, number, ExpiryNotice, at)
}

// IDValidityWithin is IDValidity for a policy that warns so many days before
// the end.
func IDValidityWithin(value, number string, notice int, at time.Time) Result {
	r, _, ok := begin("id-validity", value, Normalise)
	if !ok {
		return r
	}
	v, ok := ParseValidity(value)
	if !ok {
		r.add(Block, "id-validity-form", "a period is two real dates, or a date and 长期: 2016.05.12-2026.05.12")
		return r
	}
	r.Canonical = v.From.Format(time.DateOnly) + "/" + "long-term"
	if !v.LongTerm() {
		r.Canonical = v.From.Format(time.DateOnly) + "/" + v.Until.Format(time.DateOnly)
		if !v.Until.After(v.From) {
			r.add(Block, "id-validity-order", "the period ends before it begins")
			return r
		}
	}
	today := civilDay(at)
	if v.From.After(today) {
		r.add(Block, "id-validity-not-yet", "the period has not begun")
	}
	checkPeriod(&r, v, number)
	switch {
	case v.LongTerm():
	case v.Until.Before(today):
		r.add(Block, "id-validity-expired", "the document has expired")
	case v.Until.Before(today.AddDate(0, 0, notice)):
		r.add(Warn, "id-validity-expiring", "the document expires within %d days", notice)
	}
	return r
}

// checkPeriod compares the length of the period with what the law gives at that
// age. Zero years stand for the long term.
func checkPeriod(r *Result, v Validity, number string) {
	years, whole := v.years()
	holder, known := ParseResidentID(number)
	if known && v.From.Before(holder.Birth) {
		r.add(Warn, "id-validity-period", "the period begins before the holder was born")
		return
	}
	lawful := []int{5, 10, 20, 0}
	if IsPermanentCard(number) {
		lawful = []int{5, 10}
	}
	if known {
		switch age := Age(holder.Birth, v.From); {
		case holder.Class == Foreigner:
			lawful = []int{5, 10}
		case holder.Class != Citizen:
			lawful = []int{5}
		case age < 16:
			lawful = []int{5}
		case age < 26:
			lawful = []int{10}
		case age < 46:
			lawful = []int{20}
		default:
			lawful = []int{0}
		}
	}
	for _, n := range lawful {
		if whole && n == years {
			return
		}
	}
	if known {
		r.add(Warn, "id-validity-period", "the period does not suit the holder's age at issue")
	} else {
		r.add(Warn, "id-validity-period", "a card is valid for 5, 10 or 20 years or for the long term")
	}
}

// years is the length in whole years, 0 for the long term, and whether the
// period is a whole number of years. Cards end on the anniversary; some end on
// the day before it, and those issued on 29 February on either neighbour.
func (v Validity) years() (int, bool) {
	if v.LongTerm() {
		return 0, true
	}
	for _, n := range []int{5, 10, 20} {
		end := anniversary(v.From, n)
		if d := v.Until.Sub(end); d >= -24*time.Hour && (d <= 0 || d <= 24*time.Hour && v.From.Day() == 29 && v.From.Month() == time.February) {
			return n, true
		}
	}
	return 0, false
}

// The least and the greatest length of a travel document's number. ICAO 9303
// gives passports up to nine letters and digits; some countries use six.
const (
	leastPassport = 6
	leastPermit   = 8
	longestNumber = 30
)

// travelDocument checks a passport or travel permit number, brought into its
// form before: letters and digits, at least so many. Such documents have no back
// side. The kind names the findings.
func travelDocument(kind, value string, least int, form func(string) string) Result {
	r, s, ok := begin(kind, value, form)
	if !ok {
		return r
	}
	if what := oddity(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"); what != "" {
		r.add(Block, kind+"-form", "the number has letters and digits only: %s", what)
		return r
	}
	if len(s) < least || len(s) > longestNumber {
		r.add(Block, kind+"-form", "the number has %d to %d characters, not %d", least, longestNumber, len(s))
		return r
	}
	r.Canonical = s
	if oneDigit(s) {
		r.add(Warn, kind+"-degenerate", "%s", degenerateDetail)
	}
	if residentLike(s) {
		r.add(Warn, kind+"-resident-id", "%s", residentLikeDetail)
	}
	return r
}

// Passport checks a passport's number: 6 to 30 letters and digits. A passport
// has no back side to upload. The fillers of its machine-readable line do not
// count.
func Passport(value string) Result {
	return travelDocument("passport", value, leastPassport, func(s string) string { return strings.TrimRight(grouped(s), "<") })
}

// issueCount is what travel permits print behind their number: how often the
// card was issued, in digits or as a letter.
var issueCount = regexp.MustCompile(`^([A-Z]?\d{8,10})[(\[【〔]([0-9A-Z]{1,2})[)\]】〕]$`)

// TravelPermit checks the number of a mainland travel permit of a Hong Kong,
// Macao or Taiwan resident: 8 to 30 letters and digits. The brackets around the
// count of issues do not count: H12345678(01) is H1234567801.
func TravelPermit(value string) Result {
	return travelDocument("travel-permit", value, leastPermit, func(s string) string { return issueCount.ReplaceAllString(grouped(s), "$1$2") })
}

// PermanentResidence checks the number of a foreigner's permanent residence
// card: 18 characters from 9 on, or the 15 of the cards issued before December
// 2023. Another person's number is a warning.
func PermanentResidence(value string, at time.Time) Result {
	r := ResidentID(value, at)
	r.Kind = "permanent-residence"
	if p, ok := ParseResidentID(value); ok && p.Class != Foreigner {
		r.add(Warn, "permanent-residence-class", "the number is a resident's of China and not a foreigner's")
	}
	return r
}
