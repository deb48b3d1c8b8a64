package application

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/item"
	"alta/domain/personal"
)

// writeGolden writes the golden file of a name that has none; it never touches
// one that is there.
var writeGolden = flag.Bool("golden", false, "write missing golden files")

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// A seal for tests that can be read back and depends on the field.
func testSeal(field, clear string) (string, error) { return field + "|" + clear, nil }

func testOpen(field, ciphertext string) (string, bool, error) {
	clear, ok := strings.CutPrefix(ciphertext, field+"|")
	if !ok {
		return "", false, errors.New("sealed for another field")
	}
	return clear, false, nil
}

func golden(name string) string { return filepath.Join("testdata", "events", name+".json") }

// spoken are the names from before sentences were sealed; they read as those of
// today.
var spoken = []string{
	"released", "reassigned", "prioritised", "reason-raised", "reason-withdrawn", "late-reason-allowed", "note-added",
	"qualification-refused", "site-declared", "withdrawn", "decline-proposed", "decline-refused", "deadline-extended",
	"policy-moved", "hold-placed", "hold-lifted",
}

// identified are the names from before identifying values were sealed, up to which version; they
// read as those of today.
var identified = map[string]string{"details-filled": "1", "document-uploaded": "1", "document-redacted": "12", "item-corrected": "12"}

func init() {
	for _, e := range samples() {
		short := strings.TrimPrefix(Name(e), "application.")
		for _, version := range identified[short[:strings.Index(short, ".v")]] {
			past["application."+short[:strings.Index(short, ".v")]+".v"+string(version)] = e
		}
		if o, ok := e.(ContractOffered); ok { // its digest bound no party
			o.Terms = personal.Text{}
			past["application.contract-offered.v1"] = o
		}
		if r, ok := e.(Restricted); ok { // it could not be taken back
			r.Back = time.Time{}
			past["application.restricted.v1"] = r
		}
		for _, name := range spoken {
			if Name(e) == "application."+name+".v2" {
				past["application."+name+".v1"] = e
			}
		}
	}
}

// past has, for every name that is no longer written, what it reads as.
var past = map[string]Event{
	"application.claimed.v1": Claimed{
		Header{Actor{ID: "reviewer-1", Role: RoleReviewer}, when("2026-03-02T02:00:00Z")}, Qualification, when("2026-03-02T02:30:00Z"), 30 * 60e9,
	},
}

func TestEveryStoredNameHasAGoldenFileAndReadsAsItAlwaysDid(t *testing.T) {
	want := map[string]Event{}
	for _, e := range samples() {
		want[Name(e)] = e
	}
	for name, e := range past {
		want[name] = e
	}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			if !Known(name) {
				t.Error("it is not known to be readable")
			}
			e, ok := want[name]
			if !ok {
				t.Fatal("no sample event has this name")
			}
			stored, err := os.ReadFile(golden(name))
			if os.IsNotExist(err) && *writeGolden {
				if _, old := past[name]; old {
					t.Fatal("a past shape cannot be written any more")
				}
				_, stored, err = Encode(e, testSeal)
				if err == nil {
					err = os.WriteFile(golden(name), append(stored, '\n'), 0o644)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(name, stored, testOpen)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, e) {
				t.Errorf("read %#v\nwant %#v", got, e)
			}
			if _, old := past[name]; old {
				return
			}
			_, again, err := Encode(e, testSeal)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again, bytes.TrimSpace(stored)) {
				t.Errorf("written today:\n%s\nstored:\n%s", again, stored)
			}
		})
	}
	files, err := filepath.Glob(golden("*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(Names()) {
		t.Errorf("%d golden files for %d stored names", len(files), len(Names()))
	}
}

func TestEveryKindOfEventHasASampleAndIsReadable(t *testing.T) {
	names := Names()
	for _, e := range samples() {
		if !slices.Contains(names, Name(e)) {
			t.Errorf("%T is written as %q, which Decode does not know", e, Name(e))
		}
	}
	if got, want := len(samples()), len(names)-len(past); got != want {
		t.Errorf("%d samples for %d kinds of events", got, want)
	}
}

func TestAClaimFromBeforeRenewedLeasesKeepsItsLength(t *testing.T) {
	stored, err := os.ReadFile(golden("application.claimed.v1"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Decode("application.claimed.v1", stored, nil)
	if err != nil {
		t.Fatal(err)
	}
	if name, _, err := Encode(e, testSeal); err != nil || name != "application.claimed.v2" {
		t.Errorf("it is written as %q (%v), want application.claimed.v2", name, err)
	}
}

func TestAnUnknownNameIsRefusedAndNothingIsSkipped(t *testing.T) {
	_, err := Decode("application.opened.v99", []byte(`{}`), nil)
	var unknown *UnknownEventError
	if !errors.As(err, &unknown) || unknown.Name != "application.opened.v99" {
		t.Errorf("got %v, want an UnknownEventError", err)
	}
	if Known("application.opened.v99") {
		t.Error("what a later version writes passes for readable")
	}
	for what, data := range map[string]string{
		"an unknown field": `{"by":{"id":"a","role":"lead"},"at":"2026-03-02T02:00:00Z","note":"n","text":"t","more":1}`,
		"broken JSON":      `{"by":`,
		"a second value":   `{"note":"n"} {}`,
	} {
		if _, err := Decode("application.note-added.v1", []byte(data), nil); err == nil {
			t.Errorf("%s was read", what)
		}
	}
}

// texts counts every personal.Text inside v, however deep.
func texts(v reflect.Value) int {
	if v.Type() == reflect.TypeFor[personal.Text]() {
		return 1
	}
	n := 0
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			n = texts(v.Elem())
		}
	case reflect.Struct:
		if v.Type().PkgPath() == "time" {
			return 0
		}
		for i := range v.NumField() {
			n += texts(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += texts(v.Index(i))
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			n += texts(v.MapIndex(k))
		}
	}
	return n
}

func TestEveryPersonalValueOfEveryEventIsSealed(t *testing.T) {
	value := "陈伟"
	events := append(samples(), ItemCorrected{Header: samples()[1].Head(), Item: "identity.name", Personal: ptr(personal.New(value))})
	sealedOnce := map[string]bool{}
	for _, e := range events {
		visited := 0
		name, data, err := Encode(e, func(field, clear string) (string, error) {
			visited++
			sealedOnce[Name(e)+" "+field] = true
			return "sealed", nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := texts(reflect.ValueOf(e))
		_, _ = sentences(e, func(string, string) (string, error) { want++; return "", nil })
		_, _ = mapIdentifying(e, func(string, string) (string, error) { want++; return "", nil })
		if visited != want {
			t.Errorf("%s has %d personal values, sentences and identifying values, %d were sealed", name, want, visited)
		}
		for _, leak := range []string{value, "13800138000", "203.0.113.7", "secret", "tester"} {
			if bytes.Contains(data, []byte(leak)) {
				t.Errorf("%s holds %q in clear: %s", name, leak, data)
			}
		}
		if _, _, err := Encode(e, nil); visited > 0 && !errors.Is(err, personal.ErrClear) {
			t.Errorf("%s without a seal: %v, want ErrClear", name, err)
		}
	}
	if len(sealedOnce) == 0 {
		t.Error("nothing was sealed")
	}
}

func TestEverySentenceOfEveryEventIsSealed(t *testing.T) {
	ours := map[string]bool{"Restricted.Why": true, "Shredded.Why": true, "KindSwitched.Why": true}
	for _, e := range samples() {
		v := reflect.New(reflect.TypeOf(e)).Elem()
		v.Set(reflect.ValueOf(e))
		for _, f := range []string{"Why", "Note", "Internal", "Text", "Statement", "Guide"} {
			at := v.FieldByName(f)
			if !at.IsValid() || at.Kind() != reflect.String || ours[v.Type().Name()+"."+f] || v.Type().Name() == "NoteAdded" && f == "Note" {
				continue // a note's Note is its id
			}
			at.SetString("call 13900139000 about it")
		}
		name, data, err := Encode(v.Interface().(Event), func(_, clear string) (string, error) { return hash(clear), nil })
		if err != nil || bytes.Contains(data, []byte("13900139000")) {
			t.Errorf("%s: %s, %v", name, data, err)
		}
		gone, err := Decode(name, data, func(string, string) (string, bool, error) { return "", true, nil })
		if err != nil {
			t.Fatal(err)
		}
		if erased := Erase(v.Interface().(Event)); texts(reflect.ValueOf(e)) == 0 && !reflect.DeepEqual(gone, erased) {
			t.Errorf("%s reads %+v when its key is gone, and %+v when it was erased", name, gone, erased)
		}
	}
}

// identifyingIn finds every digest of a file and every field of a company inside v, by the
// names that the code gives them.
func identifyingIn(v reflect.Value, found func(string)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			identifyingIn(v.Elem(), found)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Document]() {
			found(v.FieldByName("SHA256").String())
			found(v.FieldByName("PHash").String())
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				identifyingIn(v.Field(i), found)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			identifyingIn(v.Index(i), found)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if key, ok := k.Interface().(item.Key); ok && key.OfCompany() && v.MapIndex(k).Kind() == reflect.String {
				found(v.MapIndex(k).String())
			}
			identifyingIn(v.MapIndex(k), found)
		}
	}
}

func TestNoEventTellsWhichPaperOrWhichCompanyOnceTheKeyIsGone(t *testing.T) {
	name := "上海示例商贸行"
	events := append(samples(),
		ItemCorrected{Header: samples()[1].Head(), Item: item.CompanyName, Field: &name},
		DetailsFilled{Header: samples()[1].Head(), Fields: map[item.Key]string{
			item.CompanyName: name, item.CompanyLicence: "92310000MA1FL0XX0A", item.CompanyAddress: "上海市示例路1号", item.BankCode: "102",
		}},
	)
	told := 0
	for _, e := range events {
		stored, data, err := Encode(e, func(_, clear string) (string, error) { return hash(clear), nil })
		if err != nil {
			t.Fatal(err)
		}
		identifyingIn(reflect.ValueOf(e), func(clear string) {
			if told++; clear != "" && bytes.Contains(data, []byte(clear)) {
				t.Errorf("%s holds %q in clear: %s", stored, clear, data)
			}
		})
		if bytes.Contains(data, []byte(name)) {
			t.Errorf("%s holds the company's name: %s", stored, data)
		}
		gone, err := Decode(stored, data, func(string, string) (string, bool, error) { return "", true, nil })
		if err != nil {
			t.Fatal(err)
		}
		if erased := Erase(e); texts(reflect.ValueOf(e)) == 0 && !reflect.DeepEqual(gone, erased) {
			t.Errorf("%s reads %+v when its key is gone, and %+v when it was erased", stored, gone, erased)
		}
	}
	if told < 7 {
		t.Errorf("only %d digests and fields of companies were looked at", told)
	}
}

func TestAnErasedValueReadsErasedAndCanBeStoredAgain(t *testing.T) {
	e := ConsentGiven{Header: samples()[0].Head(), Consent: "privacy", Address: personal.New("203.0.113.7")}
	name, data, err := Encode(e, testSeal)
	if err != nil {
		t.Fatal(err)
	}
	gone, err := Decode(name, data, func(string, string) (string, bool, error) { return "", true, nil })
	if err != nil {
		t.Fatal(err)
	}
	if !gone.(ConsentGiven).Address.IsErased() {
		t.Error("the address is still there")
	}
	if _, _, err := Encode(gone, testSeal); err != nil {
		t.Error(err)
	}
	still, err := Decode(name, data, nil)
	if err != nil || still.(ConsentGiven).Address.Ciphertext() == "" {
		t.Errorf("without a key the value stays sealed; got %v", err)
	}
}

func ptr[T any](v T) *T { return &v }

// TestEveryEventTypeIsStored reads events.go, so that a new event without a
// stored name, a sample and a golden file fails here.
func TestEveryEventTypeIsStored(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "events.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	sampled := map[string]bool{}
	for _, e := range samples() {
		sampled[reflect.TypeOf(e).Name()] = true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		fields, ok := spec.Type.(*ast.StructType)
		if ok && len(fields.Fields.List) > 0 && len(fields.Fields.List[0].Names) == 0 && !sampled[spec.Name.Name] {
			t.Errorf("%s has no sample, so nothing shows how it is stored", spec.Name.Name)
		}
		return true
	})
}
