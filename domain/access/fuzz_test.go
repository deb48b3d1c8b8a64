package access

import "testing"

func FuzzDecode(f *testing.F) {
	f.Add("access.looked.v1", []byte(`{"what":"image","why":"x"}`))
	f.Fuzz(func(_ *testing.T, name string, data []byte) {
		if e, err := Decode(name, data); err == nil {
			Evolve(State{}, e)
		}
	})
}
