package identifier

import "unicode/utf8"

// Verdict is how two names compare.
type Verdict string

// The verdicts.
const (
	Equal        Verdict = "equal"         // one name, however it is encoded
	ProbablySame Verdict = "probably-same" // a person judges; it asks for nothing and stops nothing
	Different    Verdict = "different"
)

// Comparison is two names side by side. The raw strings are kept because a
// reviewer judges those, not their normal forms.
type Comparison struct {
	Verdict          Verdict
	Why              []Likeness // of ProbablySame
	A, B             string     // as given
	NormalA, NormalB string
}

// CompareNames compares two names of people or companies. Every place of Alta that
// compares names asks it, so that a name is the same name everywhere.
//
// Equal are names that differ by encoding only: width, case, white space and every
// other blank, characters that show nothing (variation selectors, direction marks),
// kinds of brackets, of hyphens, of apostrophes and of the separators in transcribed
// names, radicals for their ideographs, and the private-use characters of older
// national standards for the characters that Unicode has now.
//
// ProbablySame are names that the same person may well have in two papers: a
// separator, hyphen, apostrophe or full stop that only one has (banks drop the dot
// of 买买提·艾力), accents (passports have none), traditional characters, words in
// another order. They need no letter of authorisation; a person is told why.
//
// Legal forms such as 有限公司 and brackets are part of a name. An empty name is
// equal to none, not even to another empty one.
func CompareNames(a, b string) Comparison {
	c := Comparison{Verdict: Different, A: a, B: b, NormalA: nameForm(a), NormalB: nameForm(b)}
	switch {
	case c.NormalA == "": // nor is the other one like it
	case c.NormalA == c.NormalB:
		c.Verdict = Equal
	default:
		if c.Why = likeness(a, b, c.NormalA, c.NormalB); c.Why != nil {
			c.Verdict = ProbablySame
		}
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
	case utf8.RuneCountInString(b) > longest:
		r.add(Block, "names-form", "the other name is longer than %d characters", longest)
	case c.NormalB == "":
		r.add(Block, "names-empty", "the name to compare with is empty")
	case c.Verdict == Equal && a != b:
		r.add(Hint, "names-equal-after-normalisation", "equal after normalisation: %q and %q", a, b)
	case c.Verdict == ProbablySame:
		r.add(Hint, "names-probably-same", "probably the same, but for %s: %q and %q", joined(c.Why), a, b)
	case c.Verdict == Different:
		r.add(Warn, "names-different", "different: %q and %q", a, b)
	}
	return r
}

// joined writes likenesses for people.
func joined(why []Likeness) string {
	s := ""
	for i, l := range why {
		if i > 0 {
			s += ", "
		}
		s += string(l)
	}
	return s
}
