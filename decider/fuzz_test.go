package decider

import (
	"strings"
	"testing"

	"alta/eventstore"
)

func FuzzParseID(f *testing.F) {
	f.Add(NewID().String())
	f.Add("00000000-0000-0000-0000-000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseID(s); err == nil && id.String() != strings.ToLower(s) {
			t.Errorf("%q is read as %s", s, id)
		}
	})
}

func FuzzReadMeta(f *testing.F) {
	meta, err := Command{ID: NewID(), Actor: "a", Role: "lead", Operation: "claim", Causation: NewID(), Policy: "1"}.Meta()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(meta)
	f.Add([]byte(`{"command":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ReadMeta(b)
		if err != nil || c.ID == (eventstore.ID{}) { // of an event from elsewhere
			return
		}
		written, err := c.Meta()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadMeta(written)
		if c.Correlation == "" { // then the command is its own
			c.Correlation = again.Correlation
		}
		if err != nil || again != c {
			t.Errorf("%+v is %+v when written and read again (%v)", c, again, err)
		}
	})
}
