package application_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"alta/domain/application"
)

func TestAGlanceAtAStoredEventTellsWhoAndWhen(t *testing.T) {
	golden, err := filepath.Glob("testdata/events/*")
	if err != nil || len(golden) < 40 {
		t.Fatalf("%d stored events: %v", len(golden), err)
	}
	for _, name := range golden {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			By application.Actor
			At json.RawMessage
		}
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		h, err := application.HeaderOf(b)
		at, _ := json.Marshal(h.At)
		if err != nil || h.By != want.By || string(at) != string(want.At) {
			t.Errorf("%s: %+v, %v", filepath.Base(name), h, err)
		}
	}
}

func FuzzHeaderOf(f *testing.F) {
	for _, s := range []string{
		`{"by":{"id":"m-1","role":"merchant"},"at":"2026-11-20T08:00:00Z","text":"x"}`,
		`{"by":{"id":"a","role":"agent","organisation":"o"},"at":"2026-11-20T08:00:00.123Z"}`,
		`{"by":{"id":"\u0041","role":"agent"},"at":"2026-11-20T08:00:00+08:00"}`, `{"at":"2026-11-20T08:00:00Z"}`, `{`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := application.HeaderOf(data)
		var want application.Header
		if json.Unmarshal(data, &want) == nil && (err != nil || h.By != want.By || !h.At.Equal(want.At)) {
			// A name that stands twice is read as its last by JSON; Encode writes none twice.
			if !json.Valid(data) || !repeats(data) {
				t.Errorf("%q: %+v, want %+v: %v", data, h, want, err)
			}
		}
	})
}

// repeats reports whether an object has a name of the header twice, in any case,
// as JSON in Go matches names.
func repeats(data []byte) bool {
	var o map[string]json.RawMessage
	if json.Unmarshal(data, &o) != nil {
		return true
	}
	again, err := json.Marshal(o)
	return err != nil || len(again) != len(compact(data)) || len(o) > 2
}

func compact(data []byte) []byte {
	var v any
	_ = json.Unmarshal(data, &v)
	b, _ := json.Marshal(v)
	return b
}
