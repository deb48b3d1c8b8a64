package policy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/policy"
)

func TestAnApplicationIsJudgedByTheVersionItWasSubmittedUnder(t *testing.T) {
	b := policy.Default()
	if got := b.Versions(); !slices.Equal(got, []string{"2026-01", "2026-07"}) || b.Latest().Version != "2026-07" {
		t.Fatalf("versions %v, latest %s", got, b.Latest().Version)
	}
	older, ok := b.At("2026-01")
	if !ok {
		t.Fatal("the older version is gone")
	}
	before, now := older.Requirements(webIndividual), b.Latest().Requirements(webIndividual)
	if before.Policy != "2026-01" || now.Policy != "2026-07" {
		t.Errorf("answered by %s and %s", before.Policy, now.Policy)
	}
	if q, _ := before.Find(item.ContactAddress); q.Required {
		t.Error("2026-01 asks for the contact address, which came with 2026-07")
	}
	if q, _ := now.Find(item.ContactAddress); !q.Required {
		t.Error("2026-07 does not ask for the contact address")
	}
	if older.Terms.ICPEvidenceDays != 90 || b.Latest().Terms.ICPEvidenceDays != 30 {
		t.Errorf("ICP evidence: %d and %d days", older.Terms.ICPEvidenceDays, b.Latest().Terms.ICPEvidenceDays)
	}
	if _, ok := b.At("1999-01"); ok {
		t.Error("a version that never was is found")
	}
}

func TestAVersionIsInForceFromItsDay(t *testing.T) {
	beijing := time.FixedZone("CST", 8*3600)
	for day, want := range map[string]string{
		"2025-12-31T23:59:59": "", "2026-01-01T00:00:00": "2026-01", "2026-06-30T23:59:59": "2026-01",
		"2026-07-01T00:00:00": "2026-07", "2026-11-23T09:00:00": "2026-07",
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04:05", day, beijing)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := policy.Default().InForce(at)
		if p.Version != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", day, p.Version, want)
		}
	}
}

func TestWhatIsSignedIsTheSHA256OfExactlyTheseWords(t *testing.T) {
	for _, version := range []string{"2026-01", "2026-07"} {
		p, _ := policy.Default().At(version)
		ref, ok := p.Text(policy.ContractText)
		if !ok || ref.Version != version {
			t.Fatalf("%s pins contract %q", version, ref.Version)
		}
		for _, l := range lang.All() {
			text, sum, err := policy.Contract(ref.Version, l)
			if err != nil {
				t.Fatal(err)
			}
			want := sha256.Sum256([]byte(text))
			if sum != hex.EncodeToString(want[:]) || ref.SHA256[l] != sum {
				t.Errorf("%s %s: %s", version, l, sum)
			}
			if !strings.Contains(text, version) || len(text) < 1000 {
				t.Errorf("%s %s is no agreement of that version", version, l)
			}
		}
	}
	if _, _, err := policy.Contract("1999-01", lang.English); !errors.Is(err, policy.ErrUnknownText) {
		t.Errorf("%v", err)
	}
}

func TestConsentToFinancialDataIsATextOfItsOwn(t *testing.T) {
	for _, l := range lang.All() {
		sums := map[string]bool{}
		for _, name := range []policy.TextName{policy.PrivacyConsent, policy.FinancialDataConsent} {
			ref, ok := latest().Text(name)
			if !ok {
				t.Fatalf("%s is not pinned", name)
			}
			d, err := policy.Default().Text(name, ref.Version, l)
			if err != nil || d.SHA256 != ref.SHA256[l] {
				t.Errorf("%s %s: %v", name, l, err)
			}
			sums[d.SHA256] = true
		}
		if len(sums) != 2 {
			t.Errorf("%s: both consents are the same text", l)
		}
	}
}

// changed parses the newest version after a change of its JSON.
func changed(t *testing.T, change func(map[string]any)) error {
	t.Helper()
	raw, err := os.ReadFile("versions/2026-07.json")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	change(m)
	raw, err = json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	_, err = policy.Parse(raw)
	return err
}

func first(m map[string]any, list string) map[string]any { return m[list].([]any)[0].(map[string]any) }

func TestAPolicyThatWouldJudgeWronglyIsRefusedByField(t *testing.T) {
	if err := changed(t, func(map[string]any) {}); err != nil {
		t.Fatalf("the version itself is refused: %v", err)
	}
	for _, c := range []struct {
		rule   string
		field  string
		change func(map[string]any)
	}{
		{"a nameless version", "version", func(m map[string]any) { m["version"] = "new" }},
		{"no date", "effective", func(m map[string]any) { m["effective"] = "soon" }},
		{"a misspelt rule", "itmes", func(m map[string]any) { m["itmes"] = 1 }},
		{"an item that does not exist", "items[0].item", func(m map[string]any) { first(m, "items")["item"] = "soul" }},
		{"no reason given in one language", "items[0].why", func(m map[string]any) { first(m, "items")["why"] = map[string]any{"en": "x", "es": "x"} }},
		{"an unknown kind in a condition", "items[0].when", func(m map[string]any) { first(m, "items")["when"] = map[string]any{"kinds": []any{"robot"}} }},
		{"an unknown condition", "planet", func(m map[string]any) { first(m, "items")["when"] = map[string]any{"planet": "Mars"} }},
		{"an item due at no stage", "items[0].stage", func(m map[string]any) { first(m, "items")["stage"] = "someday" }},
		{"a waiver without condition", "waivers[0].when", func(m map[string]any) { first(m, "waivers")["when"] = map[string]any{} }},
		{"a value read beyond the number", "waivers[0].derive", func(m map[string]any) { first(m, "waivers")["derive"].(map[string]any)["end"] = 19 }},
		{"no qualification review", "stages", func(m map[string]any) { m["stages"] = m["stages"].([]any)[1:] }},
		{"a product forgotten", "products", func(m map[string]any) { m["products"] = m["products"].([]any)[1:] }},
		{"an unknown act", "four_eyes_acts[0].act", func(m map[string]any) { first(m, "four_eyes_acts")["act"] = "x" }},
		{"no time for the qualification", "terms.qualification", func(m map[string]any) {
			m["terms"].(map[string]any)["qualification"] = map[string]any{"business_days": 0}
		}},
		{"records destroyed before ten years", "terms.retention_years", func(m map[string]any) { m["terms"].(map[string]any)["retention_years"] = 5 }},
		{"a reminder after the end", "terms.correction_reminder_days[0]", func(m map[string]any) {
			m["terms"].(map[string]any)["correction_reminder_days"] = []any{20}
		}},
		{"no separate consent", "texts", func(m map[string]any) { m["texts"] = m["texts"].([]any)[:2] }},
		{"a register answer with a reason that does not exist", "icp_statuses[0].reason", func(m map[string]any) { first(m, "icp_statuses")["reason"] = "x" }},
		{"a check of something that is not the site", "website_checklist[0].items", func(m map[string]any) { first(m, "website_checklist")["items"] = []any{"bank.number"} }},
		{"a bank without digits", "banks[0]", func(m map[string]any) { first(m, "banks")["code"] = "1O2" }},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if err := changed(t, c.change); err == nil || !strings.Contains(err.Error(), c.field) {
				t.Errorf("%v, want a fault of %s", err, c.field)
			}
		})
	}
}

// fsCopy copies the book's files.
func fsCopy(to fstest.MapFS, from fs.FS) error {
	return fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".go") {
			return err
		}
		raw, err := fs.ReadFile(from, path)
		to[path] = &fstest.MapFile{Data: raw}
		return err
	})
}

func TestAnOperatorMayBringABookOfTheirOwn(t *testing.T) {
	files := func() fstest.MapFS {
		m := fstest.MapFS{}
		if err := fsCopy(m, os.DirFS(".")); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if b, err := policy.Load(files()); err != nil || len(b.Versions()) != 2 {
		t.Fatalf("%v", err)
	}
	later := files() // a version named by its day stands after that of its month, though its file does not
	later["versions/2026-07-15.json"] = &fstest.MapFile{Data: []byte(strings.Replace(strings.Replace(string(later["versions/2026-07.json"].Data),
		`"2026-07-01"`, `"2026-07-15"`, 1), `"version": "2026-07"`, `"version": "2026-07-15"`, 1))}
	if b, err := policy.Load(later); err != nil || b.Latest().Version != "2026-07-15" {
		t.Fatalf("%v", err)
	}
	for _, c := range []struct {
		rule, want string
		change     func(fstest.MapFS)
	}{
		{"a contract text changed after it was pinned", "SHA-256", func(m fstest.MapFS) {
			m["texts/contract/2026-07/es.txt"] = &fstest.MapFile{Data: []byte("otra cosa")}
		}},
		{"a contract text in one language only", "no such text", func(m fstest.MapFS) { delete(m, "texts/contract/2026-07/es.txt") }},
		{"a version under another's name", "2026-09.json", func(m fstest.MapFS) { m["versions/2026-09.json"] = m["versions/2026-07.json"] }},
		{"no version at all", "at least one", func(m fstest.MapFS) {
			delete(m, "versions/2026-01.json")
			delete(m, "versions/2026-07.json")
		}},
		{"broken JSON", "2026-01.json", func(m fstest.MapFS) { m["versions/2026-01.json"] = &fstest.MapFile{Data: []byte("{")} }},
		{"two policies in a file", "after top-level value", func(m fstest.MapFS) {
			m["versions/2026-01.json"] = &fstest.MapFile{Data: append(slices.Clone(m["versions/2026-01.json"].Data), "{}"...)}
		}},
		{"two versions from the same day", "takes effect", func(m fstest.MapFS) {
			m["versions/2026-07.json"] = &fstest.MapFile{Data: []byte(strings.Replace(string(m["versions/2026-07.json"].Data), "2026-07-01", "2026-01-01", 1))}
		}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			m := files()
			c.change(m)
			if _, err := policy.Load(m); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
