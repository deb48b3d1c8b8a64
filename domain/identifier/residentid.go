package identifier

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// AdultAge is the age, in years, from which a person may open an account
// unless the policy says otherwise.
const AdultAge = 18

// beijing is where ages and dates are reckoned. China has had no daylight
// saving since 1991, so a fixed offset is exact for every day a check is run.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// ResidentClass is whom a number of the GB 11643 shape belongs to.
type ResidentClass string

// The classes, told apart by the first digits.
const (
	Citizen          ResidentClass = "citizen"           // resident identity card
	HongKongResident ResidentClass = "hong-kong"         // residence permit, region 810000
	MacaoResident    ResidentClass = "macao"             // residence permit, region 820000
	TaiwanResident   ResidentClass = "taiwan"            // residence permit, region 830000
	Foreigner        ResidentClass = "foreign-permanent" // permanent residence card, first digit 9
)

// Resident is what a resident ID says of its holder.
type Resident struct {
	Class    ResidentClass
	Region   string    // the first six digits
	Province string    // its first two, empty for a foreigner
	Birth    time.Time // midnight UTC of the civil date
	Male     bool
}

// provinces are the lawful first two digits of a resident ID.
var provinces = map[string]bool{
	"11": true, "12": true, "13": true, "14": true, "15": true,
	"21": true, "22": true, "23": true,
	"31": true, "32": true, "33": true, "34": true, "35": true, "36": true, "37": true,
	"41": true, "42": true, "43": true, "44": true, "45": true, "46": true,
	"50": true, "51": true, "52": true, "53": true, "54": true,
	"61": true, "62": true, "63": true, "64": true, "65": true,
	"81": true, "82": true, "83": true,
}

// earliestBirth is the first year of birth that can be real: the numbers were
// introduced in 1984, and nobody then living was born before it.
const earliestBirth = 1850

// ParseResidentID reads the parts of a number, and reports false unless it has
// 18 characters, the right alphabet and a real date of birth. It does not look
// at the check character: [ResidentID] does.
func ParseResidentID(value string) (Resident, bool) {
	s := idText(value)
	if !residentForm(s) {
		return Resident{}, false
	}
	birth, ok := civilDate(s[6:14])
	if !ok || birth.Year() < earliestBirth {
		return Resident{}, false
	}
	p := Resident{Class: Citizen, Region: s[:6], Province: s[:2], Birth: birth, Male: (s[16]-'0')%2 == 1}
	switch {
	case s[0] == '9':
		p.Class, p.Province = Foreigner, ""
	case s[:2] == "81":
		p.Class = HongKongResident
	case s[:2] == "82":
		p.Class = MacaoResident
	case s[:2] == "83":
		p.Class = TaiwanResident
	}
	return p, true
}

// ResidentID checks a resident identity number, or one of the permits that
// share its shape, with the age that counts as adult by default.
func ResidentID(value string, at time.Time) Result {
	return ResidentIDFrom(value, AdultAge, at)
}

// ResidentIDFrom is ResidentID for a policy with another least age, in years.
func ResidentIDFrom(value string, leastAge int, at time.Time) Result {
	r, s, ok := begin("resident-id", value, idText)
	if !ok {
		return r
	}
	if IsPermanentCard(s) {
		// The cards issued before December 2023 stay valid to their end. The number
		// has no check digit, and its two digits of the year leave the age open.
		r.Canonical = s
		return r
	}
	if len(s) == 15 && digits(s) {
		r.add(Block, "resident-id-void", "15-digit numbers are void since 2013; the number of the present card has 18 characters")
		return r
	}
	if !residentForm(s) {
		r.add(Block, "resident-id-form", "%s", residentFormError(s))
		if rounded.MatchString(s) {
			r.add(Warn, "resident-id-spreadsheet", "%s", exponentDetail)
		}
		return r
	}
	r.Canonical = s
	switch {
	case s[0] == '9':
		// A foreigner's number has a place of application and a nationality
		// where a citizen's has the region; neither list is ours to judge.
	case !provinces[s[:2]]:
		r.add(Block, "resident-id-region", "the first two digits are no province")
	case s[0] == '8' && s[2:6] != "0000":
		r.add(Warn, "resident-id-region", "residence permits start with 810000, 820000 or 830000")
	}
	checkBirth(&r, s[6:14], leastAge, at)
	if want := ResidentIDCheck(s[:17]); s[17] != want {
		r.add(Block, "resident-id-checksum", "the last character does not follow from the first 17")
		if spreadsheetCut(s) {
			r.add(Warn, "resident-id-spreadsheet", "%s", spreadsheetDetail)
		}
	}
	return r
}

// permanentCard is the number of a foreigner's permanent residence card issued
// before December 2023: nationality, place, birth, sequence.
var permanentCard = regexp.MustCompile(`^[A-Z]{3}\d{12}$`)

// IsPermanentCard reports whether a number is that of a permanent residence card
// of the older, 15-character form.
func IsPermanentCard(value string) bool { return permanentCard.MatchString(idText(value)) }

// idText is Normalise for the number of an identity document. What looks like
// an X at the end of 17 digits, such as the Cyrillic letter, is one.
func idText(value string) string {
	s := grouped(value)
	if len(s) > 17 && digits(s[:17]) && strings.Contains("ХΧ×✕✖╳Ⅹ", s[17:]) {
		return s[:17] + "X"
	}
	return s
}

// residentLike reports whether a number that was given as something else is a
// person's: its place, its date of birth and its check character are right.
func residentLike(s string) bool {
	p, _ := ParseResidentID(s) // what cannot be read has no province, nor has a foreigner
	return provinces[p.Province] && p.Birth.Year() >= 1900 && p.Birth.Year() < 2100 && s[17] == ResidentIDCheck(s[:17])
}

func checkBirth(r *Result, text string, leastAge int, at time.Time) {
	birth, ok := civilDate(text)
	if !ok || birth.Year() < earliestBirth {
		r.add(Block, "resident-id-birth-date", "characters 7 to 14 are no real date of birth")
		return
	}
	switch today := civilDay(at); {
	case birth.After(today):
		r.add(Block, "resident-id-birth-future", "the date of birth lies in the future")
	case Age(birth, today) < leastAge:
		r.add(Block, "resident-id-under-age", "the holder is younger than %d", leastAge)
	case Age(birth, today) > 120:
		r.add(Warn, "resident-id-age", "the holder would be older than 120")
	}
}

func residentForm(s string) bool {
	return len(s) == 18 && digits(s[:17]) && (s[17] == 'X' || digits(s[17:]))
}

func residentFormError(s string) string {
	if what := oddity(s, "X"); what != "" {
		return "the number is 17 digits and a digit or X: " + what
	}
	if strings.Contains(s, "X") && len(s) == 18 {
		return "X can only be the last character"
	}
	return "the number has 18 characters, not " + strconv.Itoa(len(s))
}

// Age is how many whole years lie between two civil dates (midnight UTC). A
// year is complete on the anniversary; who was born on 29 February completes it
// on the last day of February where that day is missing (Civil Code art. 202).
func Age(birth, day time.Time) int {
	years := day.Year() - birth.Year()
	if day.Before(anniversary(birth, years)) {
		years--
	}
	return years
}

func anniversary(day time.Time, years int) time.Time {
	y, m, d := day.Date()
	t := time.Date(y+years, m, d, 0, 0, 0, 0, time.UTC)
	if t.Month() != m {
		t = t.AddDate(0, 0, -t.Day())
	}
	return t
}

// civilDay is the date in Beijing at that moment, as midnight UTC.
func civilDay(at time.Time) time.Time {
	y, m, d := at.In(beijing).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// civilDate reads eight digits as a date; it knows the lengths of months.
func civilDate(yyyymmdd string) (time.Time, bool) {
	t, err := time.Parse("20060102", yyyymmdd)
	return t, err == nil
}
