package mail

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/eventstore"
)

// logIn is what happens to an account's log-in.
func (w *world) logIn(events ...account.Event) {
	w.t.Helper()
	for _, e := range events {
		synctest.Wait() // the mailer, which reads who it is, has come to rest
		w.who = account.Evolve(w.who, e)
		typ, data, err := account.Encode(e, clearly)
		if err != nil {
			w.t.Fatal(err)
		}
		w.put("account-merchant-1", typ, data)
	}
}

// logInTogether is what one command does to an account's log-in.
func (w *world) logInTogether(events ...account.Event) {
	w.t.Helper()
	cmd := decider.Command{ID: decider.NewID(), Actor: "merchant-1"}
	meta, err := cmd.Meta()
	if err != nil {
		w.t.Fatal(err)
	}
	const stream = "account-merchant-1"
	for i, e := range events {
		synctest.Wait() // the mailer, which reads who it is, has come to rest
		w.who = account.Evolve(w.who, e)
		typ, data, err := account.Encode(e, clearly)
		if err != nil {
			w.t.Fatal(err)
		}
		n := eventstore.Revision(len(w.All(stream))) - 1
		if _, err := w.Append(w.t.Context(), stream, n, eventstore.Proposed{ID: decider.EventID(cmd.ID, stream, i), Type: typ, Data: data, Meta: meta}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestWhoseLogInChangedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.who.Status = account.StatusActive
		w.Repeat = 1
		at := time.Now()
		device := func(id string, kind account.Trust) account.DeviceTrusted {
			return account.DeviceTrusted{Device: id, Session: "s", Kind: kind, Expires: at.Add(time.Hour), At: at,
				Agent: personal.New("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0")}
		}
		w.logIn(device("d1", account.TrustFirst))
		w.logInTogether(
			account.TOTPEnrolled{Step: 1, Session: "s", At: at},
			account.RecoveryCodesIssued{Set: "set", Hashes: []string{"h1", "h2", "h3"}, At: at},
		)
		w.logInTogether(account.RecoveryCodesIssued{Set: "another", Hashes: []string{"h1", "h4", "h5"}, At: at})
		w.logIn(
			account.RecoveryCodeUsed{Hash: "h1", Session: "s", At: at},
			account.APIKeyIssued{Key: "k1", Prefix: "alta_abcdefgh", Label: "shop server", Expires: at.Add(time.Hour), At: at},
			device("d1", account.TrustRenewed),
			device("d2", account.TrustNew),
			account.SessionStarted{Session: "s", Hash: "h", Key: "k", At: at},
			account.TOTPDisabled{By: "admin", At: at},
		)
		_, stop := w.runs()
		time.Sleep(time.Minute)
		w.logIn(account.PasswordChanged{Password: personal.New("$argon2id$x"), At: at})
		time.Sleep(time.Minute)
		stop()
		want := []struct{ subject, text string }{
			{"One-time codes were set up", ""}, {"New recovery codes were made", "Earlier ones no longer work"}, {"A recovery code was used", ""}, {"A new API key was issued", "shop server (alta_abcdefgh…)"},
			{"Log-in on a new device", "Edge, Windows"}, {"One-time codes were removed", ""}, {"Your password was changed", "every API key"},
		}
		if len(w.box.got) != len(want) {
			t.Fatalf("%d mails: %v", len(w.box.got), w.box.subjects())
		}
		for i, m := range w.box.got {
			if m.Subject != want[i].subject || !strings.Contains(m.Text, want[i].text) || !strings.Contains(m.Text, "If it was not you") ||
				!strings.Contains(m.Text, "https://alta.example/account") || m.To != "chen@example.cn" {
				t.Errorf("%q, want %q:\n%s", m.Subject, want[i].subject, m.Text)
			}
		}
	})
}

func TestDemoPeopleAreNotToldOfEachOthersBrowsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.who.Status, w.who.Demo = account.StatusActive, true
		w.logIn(account.DeviceTrusted{Device: "d", Session: "s", Kind: account.TrustNew, Expires: time.Now().Add(time.Hour), At: time.Now()})
		m, stop := w.runs()
		time.Sleep(time.Minute)
		stop()
		if got := w.box.subjects(); len(got) > 0 || m.Stats().Backlog != 0 {
			t.Errorf("%v", got)
		}
	})
}

func TestLettersAboutALogInAreThereInEveryLanguage(t *testing.T) {
	for _, template := range []Template{PasswordChanged, KeyIssued, CodesChanged, CodesRemoved, RecoveryCodeUsed, RecoveryCodesNew, NewDevice} {
		seen := map[string]bool{}
		for _, l := range lang.All() {
			x := write(template, l, params{"when": "w", "key": "k", "expires": "e", "left": "2", "device": "d"})
			if x.Subject == "" || len(x.Body) == 0 || len(x.After) != 1 || len(x.Facts) == 0 || seen[x.Subject] {
				t.Errorf("%s in %s: %+v", template, l, x)
			}
			seen[x.Subject] = true
		}
	}
}
