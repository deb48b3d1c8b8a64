package account_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"alta/domain/account"
	"alta/domain/lang"
	"alta/domain/personal"
)

var record = flag.Bool("record", false, "write golden files of stored names that have none")

// The vault's stand-in shows which field a value was sealed for.
func seal(field, clear string) (string, error) {
	return base64.StdEncoding.EncodeToString([]byte(field + "|" + clear)), nil
}

func open64(field, ciphertext string) (string, bool, error) {
	raw, _ := base64.StdEncoding.DecodeString(ciphertext)
	clear, ok := strings.CutPrefix(string(raw), field+"|")
	if !ok {
		return "", false, errors.New("sealed for another field")
	}
	return clear, false, nil
}

// samples has one event of every kind, with every field set.
func samples() []account.Event {
	o := opened(account.Agent)
	o.OrganisationName, o.Demo = "Example & Co", true
	s := started(session, day, account.Agent)
	s.SecondFactor, s.Step = true, 59000000
	return []account.Event{
		o, link(account.Activation), activated,
		account.PasswordChanged{Link: "l1", Password: hash, At: day},
		account.RoleChanged{Role: account.Lead, By: admin, At: day},
		account.Suspended{Reason: "left", By: admin, At: day},
		account.Restored{By: admin, At: day},
		account.Closed{Reason: "left", By: admin, At: day},
		account.TOTPOffered{Secret: secret, At: day},
		account.TOTPEnrolled{Step: 59000000, Session: session, At: day},
		account.TOTPDisabled{By: admin, At: day},
		account.OIDCLinked{Issuer: "https://idp.example", Subject: personal.New("sub-1"), At: day},
		s, rotated(1, "t1", day), revoked(session, account.LoggedOut, ann, day),
		account.PresenceProved{Session: session, Purpose: account.StepUpCredentials, Method: account.ByPassword, Step: 59000000, Expires: at(account.StepUpLifetime), At: day},
		codes("5e550000-0000-4000-8000-000000000003"),
		account.RecoveryCodeUsed{Hash: "h3", Session: session, At: day},
		trusted("5e550000-0000-4000-8000-000000000004", account.TrustNew, day),
		account.DeviceForgotten{Device: "5e550000-0000-4000-8000-000000000004", By: ann, At: day},
		account.APIKeyIssued(key(nil)),
		account.APIKeyUsed{Key: "key", At: day},
		account.APIKeyRevoked{Key: "key", By: ann, At: day},
		account.WentAway{Until: at(time.Hour), At: day},
		account.CameBack{At: day},
		account.SkillsStated{Languages: []lang.Lang{lang.Spanish}, Products: []string{"alipay"}, By: ann, At: day},
		account.LanguageChosen{Language: lang.Chinese, At: day},
		account.ViewSaved{View: "v1", Name: "Spanish, due soon", Queue: "qualification", Filters: map[string]string{"language": "es", "sort": "age"}, Shared: true, By: ann, At: day},
		account.ViewRemoved{View: "v1", By: ann, At: day},
	}
}

func TestEveryStoredEventReadsAsItWasRecorded(t *testing.T) {
	names := map[string]bool{}
	for _, e := range samples() {
		name, data, err := account.Encode(e, seal)
		if err != nil {
			t.Fatal(err)
		}
		names[name] = true
		stored := golden(t, name, data)
		back, err := account.Decode(name, stored, open64)
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%s reads as %#v, %v; want %#v", name, back, err, e)
		}
		if name, again, err := account.Encode(back, seal); err != nil || !bytes.Equal(again, stored) {
			t.Errorf("%s is written as %s, %v; recorded was %s", name, again, err, stored)
		}
		for _, clear := range []string{"ann@example.com", "argon2id", "JBSWY3DPEHPK3PXP", "192.0.2.1", "sub-1"} {
			if bytes.Contains(data, []byte(clear)) {
				t.Errorf("%s holds %s in clear", name, clear)
			}
		}
	}
	for _, e := range []account.LoginEvent{account.LoginReserved{Account: ann, At: day}, account.LoginReleased{Account: ann, At: day}} {
		name, data, err := account.EncodeLogin(e)
		if err != nil {
			t.Fatal(err)
		}
		names[name] = true
		if back, err := account.DecodeLogin(name, golden(t, name, data)); err != nil || back != e {
			t.Errorf("%s reads as %#v, %v", name, back, err)
		}
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !names[strings.TrimSuffix(filepath.Base(f), ".json")] {
			t.Errorf("%s: no event has this stored name any more; keep its frozen shape", f)
		}
	}
}

// Stored names of accounts and log-ins are their category, words in lower case
// joined by "_", and a version. Those of applications join words by "-"; both are
// permanent, so each family keeps its own way.
func TestStoredNamesFollowOneRule(t *testing.T) {
	rule := regexp.MustCompile(`^(account|login)\.[a-z]+(_[a-z]+)*\.v[1-9][0-9]*$`)
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".json"); !rule.MatchString(name) {
			t.Errorf("%s does not follow the rule", name)
		}
	}
	for _, e := range samples() {
		if name := account.StoredName(e); !rule.MatchString(name) {
			t.Errorf("%s does not follow the rule", name)
		}
	}
}

// golden answers the recorded bytes of a stored name. They are never edited:
// they are what logs out there hold.
func golden(t *testing.T, name string, fresh []byte) []byte {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && *record {
		b = append(bytes.Clone(fresh), '\n')
		err = os.WriteFile(file, b, 0o644)
	}
	if err != nil {
		t.Fatalf("%v (a new stored name is recorded with -record)", err)
	}
	if !json.Valid(b) {
		t.Fatalf("%s is not JSON", file)
	}
	return bytes.TrimSpace(b)
}

func TestAnErasedPersonsHistoryStillReads(t *testing.T) {
	name, data, err := account.Encode(opened(account.Merchant), seal)
	if err != nil {
		t.Fatal(err)
	}
	e, err := account.Decode(name, data, func(string, string) (string, bool, error) { return "", true, nil })
	if o, ok := e.(account.Opened); err != nil || !ok || !o.Email.IsErased() || !o.Name.IsErased() || o.Role != account.Merchant {
		t.Fatalf("%#v, %v", e, err)
	}
}

func TestAForgottenSealFailsInsteadOfLeaking(t *testing.T) {
	if _, _, err := account.Encode(opened(account.Merchant), nil); !errors.Is(err, personal.ErrClear) {
		t.Fatal(err)
	}
}

func TestAnUnknownStoredNameIsRefused(t *testing.T) {
	if _, err := account.Decode("account.opened.v2", []byte("{}"), nil); !errors.Is(err, account.ErrUnknownEvent) {
		t.Fatal(err)
	}
	if _, err := account.DecodeLogin("login.reserved.v2", []byte("{}")); !errors.Is(err, account.ErrUnknownEvent) {
		t.Fatal(err)
	}
}

// FuzzDecode shows that no stored bytes crash the reader or the fold.
func FuzzDecode(f *testing.F) {
	for _, e := range samples() {
		name, data, err := account.Encode(e, seal)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, data)
	}
	f.Fuzz(func(_ *testing.T, name string, data []byte) {
		if e, err := account.Decode(name, data, open64); err == nil {
			account.Evolve(fold(enrolled(account.Lead, started(session, day, account.Lead))), e)
		}
	})
}
