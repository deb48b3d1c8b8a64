package sample

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"alta/domain/policy"
)

// writeGolden writes the golden file of a name that has none; it never touches
// one that is there.
var writeGolden = flag.Bool("golden", false, "write missing golden files")

// samples has one event of every kind, with every field filled.
func samples() []Event {
	v := Verdict{Return, []Reason{mobile, unclear}}
	return []Event{
		Drawn{by(robot, 6), "application-1", 8, 1, anna, v, []string{"merchant-1", "anna"}, policy.Individual, []policy.Product{policy.WeChat},
			policy.Offline, "es", "2026-01", 5, when("2026-03-09T02:06:00Z")},
		Judged{by(cleo, 60), v},
		Dropped{by(robot, 90)},
	}
}

func TestEveryStoredNameHasAGoldenFileAndReadsAsItAlwaysDid(t *testing.T) {
	for _, e := range samples() {
		name, data, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", "events", name+".json")
		stored, err := os.ReadFile(path)
		if os.IsNotExist(err) && *writeGolden {
			stored, err = data, os.WriteFile(path, append(data, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(name, stored); err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%s: read %#v, %v\nwant %#v", name, got, err, e)
		}
		if !bytes.Equal(data, bytes.TrimSpace(stored)) {
			t.Errorf("written today:\n%s\nstored:\n%s", data, stored)
		}
	}
	files, err := filepath.Glob(filepath.Join("testdata", "events", "*"))
	if err != nil || len(files) != len(Names()) || len(samples()) != len(Names()) {
		t.Errorf("%d golden files and %d samples for %d stored names, %v", len(files), len(samples()), len(Names()), err)
	}
}

func TestAnUnknownNameIsRefusedAndNothingIsSkipped(t *testing.T) {
	for what, r := range map[string][2]string{
		"a name of tomorrow": {"sample.drawn.v99", `{}`},
		"an unknown field":   {"sample.dropped.v1", `{"by":{"id":"a","role":"system"},"at":"2026-03-02T02:00:00Z","more":1}`},
		"broken JSON":        {"sample.judged.v1", `{"by":`},
		"a second value":     {"sample.dropped.v1", `{} {}`},
	} {
		if _, err := Decode(r[0], []byte(r[1])); err == nil {
			t.Errorf("%s was read", what)
		}
	}
	if _, _, err := Encode(nil); err == nil {
		t.Error("what is no event was written")
	}
	if !slices.IsSorted(Names()) {
		t.Error("the stored names are listed in their order")
	}
}
