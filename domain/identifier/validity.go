package identifier

import (
	"regexp"
	"strings"
	"time"
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

var validityForm = regexp.MustCompile(`^(\d{4})[-./年]?(\d{1,2})[-./月]?(\d{1,2})日?(?:-|/|~|至|到|TO|\s)+(?:(\d{4})[-./年]?(\d{1,2})[-./月]?(\d{1,2})日?|(长期|長期|长期有效|LONG-?TERM))$`)

// ParseValidity reads a period as cards print it, 2016.05.12-2026.05.12 or
// 2016.05.12-长期, with other usual separators too.
func ParseValidity(value string) (Validity, bool) {
	s := hyphens(Normalise(value))
	s = strings.NewReplacer(" - ", "-", "- ", "-", " -", "-", "LONG TERM", "LONG-TERM").Replace(s)
	m := validityForm.FindStringSubmatch(s)
	if m == nil {
		return Validity{}, false
	}
	var v Validity
	var ok bool
	if v.From, ok = civilDate(m[1] + pad(m[2]) + pad(m[3])); !ok {
		return Validity{}, false
	}
	if m[7] != "" {
		return v, true
	}
	if v.Until, ok = civilDate(m[4] + pad(m[5]) + pad(m[6])); !ok {
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
	return v.Until.Year() - v.From.Year(), false
}

// travelDocument checks a passport or travel permit number: 8 to 30 letters and
// digits. Such documents have no back side. The kind names the findings.
func travelDocument(kind, value string) Result {
	r, s, ok := begin(kind, value, Normalise)
	if !ok {
		return r
	}
	if what := oddity(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"); what != "" {
		r.add(Block, kind+"-form", "the number has letters and digits only: %s", what)
		return r
	}
	if len(s) < 8 || len(s) > 30 {
		r.add(Block, kind+"-form", "the number has 8 to 30 characters, not %d", len(s))
		return r
	}
	r.Canonical = s
	return r
}

// Passport checks a passport's number: 8 to 30 letters and digits. A passport
// has no back side to upload.
func Passport(value string) Result { return travelDocument("passport", value) }

// TravelPermit checks the number of a mainland travel permit of a Hong Kong,
// Macao or Taiwan resident: 8 to 30 letters and digits.
func TravelPermit(value string) Result { return travelDocument("travel-permit", value) }
