package account_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"alta/domain/account"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/eventstore"
)

var record = flag.Bool("record", false, "write golden files of stored names that have none")

// binding stands in for the vault: it shows what a value was bound to and opens
// it for nothing else.
type binding struct{ erased bool }

var errErased = errors.New("erased")

func (b binding) Seal(_ context.Context, subject string, event eventstore.ID, field, clear string) (string, error) {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s|%s|%s|%s", subject, event, field, clear)), nil
}

func (b binding) Open(_ context.Context, subject string, event eventstore.ID, field, ciphertext string) (string, error) {
	if b.erased {
		return "", fmt.Errorf("open: %w", errErased)
	}
	raw, _ := base64.StdEncoding.DecodeString(ciphertext)
	clear, ok := strings.CutPrefix(string(raw), fmt.Sprintf("%s|%s|%s|", subject, event, field))
	if !ok {
		return "", errors.New("bound to something else")
	}
	return clear, nil
}

var (
	eventID = eventstore.ID{0xee, 15: 1}
	stream  = account.Category + "-" + ann
)

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
		account.APIKeyIssued(key(nil)),
		account.APIKeyUsed{Key: "key", At: day},
		account.APIKeyRevoked{Key: "key", By: ann, At: day},
		account.WentAway{Until: at(time.Hour), At: day},
		account.CameBack{At: day},
		account.SkillsStated{Languages: []lang.Lang{lang.Spanish}, Products: []string{"alipay"}, By: ann, At: day},
		account.LanguageChosen{Language: lang.Chinese, At: day},
	}
}

func TestEveryStoredEventReadsAsItWasRecorded(t *testing.T) {
	codec := account.Codec{Sealer: binding{}, Erased: errErased}
	names := map[string]bool{}
	for _, e := range samples() {
		p, err := codec.Encode(t.Context(), stream, eventID, e)
		if err != nil {
			t.Fatal(err)
		}
		names[p.Type] = true
		golden := golden(t, p.Type, p.Data)
		back, err := codec.Decode(t.Context(), &eventstore.Record{Proposed: eventstore.Proposed{ID: eventID, Type: p.Type, Data: golden}, Stream: stream})
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%s reads as %#v, %v; want %#v", p.Type, back, err, e)
		}
		for _, clear := range []string{"ann@example.com", "argon2id", "JBSWY3DPEHPK3PXP", "192.0.2.1", "sub-1"} {
			if bytes.Contains(p.Data, []byte(clear)) {
				t.Errorf("%s holds %s in clear", p.Type, clear)
			}
		}
	}
	for _, e := range []account.LoginEvent{account.LoginReserved{Account: ann, At: day}, account.LoginReleased{Account: ann, At: day}} {
		p, err := account.EncodeLogin(t.Context(), "login-x", eventID, e)
		if err != nil {
			t.Fatal(err)
		}
		names[p.Type] = true
		back, err := account.DecodeLogin(t.Context(), &eventstore.Record{Proposed: eventstore.Proposed{Type: p.Type, Data: golden(t, p.Type, p.Data)}})
		if err != nil || back != e {
			t.Errorf("%s reads as %#v, %v", p.Type, back, err)
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
	p, err := account.Codec{Sealer: binding{}}.Encode(t.Context(), stream, eventID, opened(account.Merchant))
	if err != nil {
		t.Fatal(err)
	}
	r := &eventstore.Record{Proposed: p, Stream: stream}
	e, err := account.Codec{Sealer: binding{erased: true}, Erased: errErased}.Decode(t.Context(), r)
	if o, ok := e.(account.Opened); err != nil || !ok || !o.Email.IsErased() || !o.Name.IsErased() || o.Role != account.Merchant {
		t.Fatalf("%#v, %v", e, err)
	}
}

func TestASealedValueThatWasMovedIsRefused(t *testing.T) {
	codec := account.Codec{Sealer: binding{}, Erased: errErased}
	p, err := codec.Encode(t.Context(), stream, eventID, opened(account.Merchant))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codec.Decode(t.Context(), &eventstore.Record{Proposed: p, Stream: account.Category + "-" + admin}); err == nil {
		t.Fatal("a value of another account was opened")
	}
}

func TestAnUnknownStoredNameIsRefused(t *testing.T) {
	_, err := account.DecodeSealed(&eventstore.Record{Proposed: eventstore.Proposed{Type: "account.opened.v2", Data: []byte("{}")}})
	if !errors.Is(err, account.ErrUnknownEvent) {
		t.Fatal(err)
	}
}
