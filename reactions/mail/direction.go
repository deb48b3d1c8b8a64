package mail

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// isolated is a person's text as a letter can quote it. Direction controls are
// dropped: one that is not closed would turn our own words around, such as the
// address of the page. A text that runs from right to left stands between FSI and
// PDI (UAX #9), so that what follows it stays where it is; other text is unchanged.
func isolated(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
	for _, r := range s {
		p, _ := bidi.LookupRune(r)
		if c := p.Class(); c == bidi.R || c == bidi.AL || c == bidi.AN {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}
