package projections

import "testing"

func FuzzParseCursor(f *testing.F) {
	f.Add(cursor{1.5, "a"}.String())
	f.Add("abc")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseCursor(s)
		if err != nil || c == nil {
			return
		}
		if again, err := parseCursor(c.String()); err != nil || *again != *c {
			t.Errorf("%q is %v, and %v when written and read again (%v)", s, *c, again, err)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add("1", "2", "0000000000000001-0000000000000002")
	f.Fuzz(func(_ *testing.T, epoch, beat, position string) {
		_, _ = parseCheckpoint(map[string]string{"epoch": epoch, "beat": beat, "position": position, "last": epoch, "revision": beat})
	})
}
