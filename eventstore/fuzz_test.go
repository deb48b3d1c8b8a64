package eventstore

import "testing"

func FuzzParsePosition(f *testing.F) {
	f.Add(Position{1, 2}.String())
	f.Add("0000000000000000-000000000000000g")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePosition(s)
		if err != nil {
			return
		}
		if again, err := ParsePosition(p.String()); err != nil || again != p {
			t.Errorf("%q is %v, and %v when written and read again (%v)", s, p, again, err)
		}
	})
}
