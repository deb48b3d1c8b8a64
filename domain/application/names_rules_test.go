package application

import (
	"slices"
	"strings"
	"testing"

	"alta/domain/identifier"
	"alta/domain/item"
)

// Only two different names ask for a letter of authorisation. A likeness is a hint
// to the reviewer, and an encoding is nothing at all.
func TestANameThatIsProbablyTheSameAsksForNoLetter(t *testing.T) {
	for rule, k := range map[string]struct {
		identity, contact string
		letter            bool
		finding           string
	}{
		"radicals from a PDF":             {"马云龙", "⻢云⻰", false, ""},
		"another separator":               {"买买提·艾力", "买买提ㆍ艾力", false, ""},
		"a variation selector":            {"葛红", "葛\U000e0100红", false, "text-invisible hint"},
		"a private-use character":         {"王䶮", "王\ue863", false, "text-private-use warn"},
		"the separator dropped by a bank": {"买买提·艾力", "买买提艾力", false, "contact-resembles hint signs"},
		"an accent missing":               {"José García", "JOSE GARCIA", false, "contact-resembles hint accents"},
		"the family name first":           {"John Smith", "SMITH JOHN", false, "contact-resembles hint order"},
		"traditional characters":          {"马云龙", "馬雲龍", false, "contact-resembles hint variants"},
		"somebody else":                   {"马云龙", "王芳", true, "contact-differs warn"},
	} {
		t.Run(rule, func(t *testing.T) {
			w := individual(t).filled()
			w.do(FillDetails{Values: map[item.Key]string{item.IdentityName: k.identity, item.ContactName: k.contact, item.BankHolder: k.identity}, By: merchant, At: w.now()})
			req, err := w.s.Requirements(rules, w.now())
			if err != nil {
				t.Fatal(err)
			}
			q, asked := req.Find(item.AuthorisationContact)
			is(t, asked && q.Required, k.letter)
			findings, err := Precheck(w.s, rules, w.now())
			if err != nil {
				t.Fatal(err)
			}
			findings = slices.DeleteFunc(findings, func(f Finding) bool { return f.Item != item.ContactName })
			got := make([]string, len(findings))
			for i, f := range findings {
				got[i] = f.Code + " " + f.Severity
				for _, p := range f.Params {
					if p.Name == "why" {
						got[i] += " " + p.Value
					}
				}
			}
			is(t, strings.Join(got, "; "), k.finding)
		})
	}
	if different("JOSE GARCIA", "José García") || !different("JOSE GARCIA", "Juan García") {
		t.Error("a signature without its accent is the same person's, one with another name is not")
	}
	if identifier.CompareNames("王\ue863", "王䶮").Verdict != identifier.Equal {
		t.Error("the comparison of the rules is the identifier's")
	}
}

// Lengths are counted in characters, whatever they take in bytes.
func TestALengthIsCountedInCharacters(t *testing.T) {
	for _, c := range []string{"a", "é", "李", "𠮷"} {
		for n, want := range map[int]*Refusal{maxValue - 1: nil, maxValue: nil, maxValue + 1: ErrTooLong} {
			err := text("x", strings.Repeat(c, n), maxValue)
			if want == nil && err != nil || want != nil && !want.Is(err) {
				t.Errorf("%d × %s: %v, want %v", n, c, err, want)
			}
		}
	}
}
