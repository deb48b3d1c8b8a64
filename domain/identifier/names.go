package identifier

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Verdict is how two names compare.
type Verdict string

// The verdicts.
const (
	Equal           Verdict = "equal"                     // character for character
	EqualNormalised Verdict = "equal-after-normalisation" // different only in spacing, width, brackets, dots or case
	Different       Verdict = "different"
)

// Comparison is two names side by side. The raw strings are kept because a
// reviewer judges those, not their normal forms.
type Comparison struct {
	Verdict          Verdict
	A, B             string // as given
	NormalA, NormalB string
}

// CompareNames compares two names of people or companies. Width, kinds of
// brackets and middle dots, Latin case and all spaces do not count; every other
// character does. Legal forms such as 有限公司 are part of a name. An empty name
// is equal to none, not even to another empty one.
func CompareNames(a, b string) Comparison {
	c := Comparison{Verdict: Different, A: a, B: b, NormalA: nameForm(a), NormalB: nameForm(b)}
	switch {
	case c.NormalA == "" || c.NormalA != c.NormalB:
	case a == b:
		c.Verdict = Equal
	default:
		c.Verdict = EqualNormalised
	}
	return c
}

// Names is CompareNames as a check of the first name. A difference is a warning
// and not a block: a letter of authorisation can make it lawful. The details
// show both names as they were given.
func Names(a, b string) Result {
	r, _, ok := begin("names", a, nameForm)
	if !ok {
		return r
	}
	c := CompareNames(a, b)
	r.Canonical = c.NormalA
	switch {
	case len(b) > longest:
		r.add(Block, "names-form", "the other name is longer than %d bytes", longest)
	case c.NormalB == "":
		r.add(Block, "names-empty", "the name to compare with is empty")
	case c.Verdict == EqualNormalised:
		r.add(Hint, "names-equal-after-normalisation", "equal after normalisation: %q and %q", a, b)
	case c.Verdict == Different:
		r.add(Warn, "names-different", "different: %q and %q", a, b)
	}
	return r
}

// NormaliseName is the form in which names are compared.
func NormaliseName(s string) string { return nameForm(s) }

func nameForm(s string) string {
	// Without a space between them, a letter and an accent become one character.
	runes := []rune(norm.NFKC.String(noSpace(Normalise(s))))
	for i, r := range runes {
		runes[i] = nameRune(runes, i, r)
	}
	return string(runes)
}

const (
	openBrackets  = "([{〔【［｛〈《「『〖﹝"
	closeBrackets = ")]}〕】］｝〉》」』〗﹞"
	// middleDots are the separators in transcribed names. NFKC has by now made
	// the half-width katakana dot a full one and the Greek ano teleia a middle dot.
	middleDots = "·•・‧∙⋅●⸱ꞏᐧ᛫"
)

func nameRune(runes []rune, i int, r rune) rune {
	switch {
	case strings.ContainsRune(openBrackets, r):
		return '('
	case strings.ContainsRune(closeBrackets, r):
		return ')'
	case strings.ContainsRune(middleDots, r):
		return '·'
	case r == '.' && i > 0 && i+1 < len(runes) && unicode.Is(unicode.Han, runes[i-1]) && unicode.Is(unicode.Han, runes[i+1]):
		// Between Chinese characters a full stop stands in for a middle dot that
		// the keyboard lacks; in Latin names it is an abbreviation.
		return '·'
	}
	return r
}
