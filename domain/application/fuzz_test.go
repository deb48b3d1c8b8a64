package application

import "testing"

// What is stored may be damaged or another's; it must never stop the program.
func FuzzDecode(f *testing.F) {
	for _, name := range Names() {
		f.Add(name, []byte(`{}`))
		f.Add(name, []byte(`{"by":{"id":"x","role":"lead"},"at":"2026-11-23T09:00:00Z","revision":3}`))
	}
	open := func(_, sealed string) (string, bool, error) { return sealed, len(sealed) == 0, nil }
	f.Fuzz(func(_ *testing.T, name string, data []byte) {
		if e, err := Decode(name, data, open); err == nil {
			Evolve(State{}, e)
		}
	})
}
