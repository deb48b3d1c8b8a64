package identifier

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Severity is how much a finding matters.
type Severity string

// The severities, from the gravest.
const (
	Block Severity = "block" // the application cannot be submitted
	Warn  Severity = "warn"  // shown and flagged, never in the way
	Hint  Severity = "hint"  // for the reviewer only
)

// Finding is one thing that a check saw.
type Finding struct {
	Code     string   `json:"code"` // permanent, lower case with dashes
	Severity Severity `json:"severity"`
	Detail   string   `json:"detail"` // an English sentence for staff
}

// Result is what a check says of one value.
type Result struct {
	Kind      string    `json:"kind"`
	Value     string    `json:"value"`     // as it was given
	Canonical string    `json:"canonical"` // how it is stored and compared; empty where it cannot be read
	Findings  []Finding `json:"findings"`  // never nil, in the order of the value's parts
}

// Blocked reports whether a finding stands in the way of submission.
func (r Result) Blocked() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == Block })
}

// Has reports whether there is a finding of that code.
func (r Result) Has(code string) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == code })
}

func (r *Result) add(s Severity, code, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{code, s, fmt.Sprintf(format, args...)})
}

// longest bounds every value, in characters: nothing lawful comes near it.
const longest = 4096

// begin makes the Result of a kind, normalises the value, and reports whether
// there is anything to look at. An empty value blocks whatever the kind: a
// caller with an optional field does not ask.
func begin(kind, value string, normalise func(string) string) (r Result, s string, ok bool) {
	r = Result{Kind: kind, Value: value, Findings: []Finding{}}
	if utf8.RuneCountInString(value) > longest {
		r.add(Block, kind+"-form", "the value is longer than %d characters", longest)
		return r, "", false
	}
	if s = normalise(value); s == "" {
		r.add(Block, kind+"-empty", "the value is empty")
		return r, "", false
	}
	return r, s, true
}

// Normalise is the form in which every number is compared: NFKC (hence
// half-width), no invisible format characters, no white space at either end,
// Latin letters in upper case. Normalising twice changes nothing more.
func Normalise(s string) string {
	// Upper-casing can undo NFKC (ͅ becomes Ι), so it is brought back.
	return strings.TrimSpace(norm.NFKC.String(strings.ToUpper(fold(s))))
}

// fold is Normalise without the upper case.
func fold(s string) string {
	s = strings.Map(dropInvisible, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.TrimSpace(norm.NFKC.String(s))
}

// dropInvisible removes format characters (zero-width spaces, byte order marks,
// direction marks). They come along when numbers are pasted from chats and
// property sheets; nobody can see them, so nobody could correct them.
func dropInvisible(r rune) rune {
	if unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

// hyphens makes every kind of dash an ASCII hyphen.
func hyphens(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Pd, r), r == '\u2212', r == '\u2500':
			return '-'
		}
		return r
	}, s)
}

// noBlank drops all white space, and what no font draws: fillers, variation
// selectors, default-ignorable characters.
func noBlank(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point), r == '\u2800':
			return -1
		}
		return r
	}, s)
}

// oneDigit reports whether s is one digit over and over, which is nobody's
// number even where its check digit is right.
func oneDigit(s string) bool {
	return digits(s) && strings.Count(s, s[:1]) == len(s)
}

// rounded is a number with an exponent, as a spreadsheet shows a long one.
var rounded = regexp.MustCompile(`^\d(?:[.,]\d+)?E\+?\d{1,2}$`)

// spreadsheetCut reports whether a spreadsheet kept the first 15 digits of a
// number and wrote zeros for the others. At least three digits are gone.
func spreadsheetCut(s string) bool {
	return digits(s) && len(s) >= 18 && strings.Trim(s[15:], "0") == ""
}

const (
	spreadsheetDetail  = "digits 16 to 18 were lost in a spreadsheet, which keeps 15; format the column as text and type the number again"
	exponentDetail     = "a spreadsheet wrote the number with an exponent and lost its last digits; format the column as text and type the number again"
	degenerateDetail   = "the number is one digit over and over"
	residentLikeDetail = "this is a resident identity number of a person"
)

// digits reports whether s is made of ASCII digits only, and of at least one.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// oddity describes, for a detail, what in s is neither a digit nor in allowed.
// It names the place and the sort of character, never the character of a
// personal number. It is empty when all characters are allowed.
func oddity(s, allowed string) string {
	place := 0
	for _, r := range s {
		place++
		if r >= '0' && r <= '9' || strings.ContainsRune(allowed, r) {
			continue
		}
		switch {
		case r >= 'A' && r <= 'Z':
			return fmt.Sprintf("character %d is a letter that cannot stand there", place)
		case unicode.IsLetter(r):
			return fmt.Sprintf("character %d is a letter outside A–Z", place)
		default:
			return fmt.Sprintf("character %d is neither a digit nor a letter", place)
		}
	}
	return ""
}
