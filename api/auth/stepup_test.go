package auth_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
)

// enrol sets one-time codes up and answers their secret and the recovery codes.
func (w *world) enrol(s *auth.Service, p auth.Principal) (secret string, recovery []string) {
	w.t.Helper()
	setup, err := s.BeginTOTP(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	if recovery, err = s.ConfirmTOTP(w.t.Context(), p, w.code(setup.Secret)); err != nil {
		w.t.Fatal(err)
	}
	return setup.Secret, recovery
}

func TestAProofOfPresenceIsForOneSessionOnePurposeAndFiveMinutes(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	p, elsewhere := w.principal(s, w.login(s).AccessToken), w.principal(s, w.login(s).AccessToken)
	missing := func(err error) {
		t.Helper()
		var required *auth.StepUpError
		if !errors.As(err, &required) || required.Purpose != account.StepUpCredentials {
			t.Fatalf("got %v, want that a proof is required", err)
		}
	}
	missing(s.CheckProof(p, account.StepUpCredentials, ""))
	missing(s.CheckProof(p, account.StepUpCredentials, "guessed"))
	_, err := s.StepUp(t.Context(), p, auth.StepUpRequest{Purpose: account.StepUpCredentials, Password: "wrong", Caller: here})
	w.want(err, auth.ErrPasswordWrong)
	proof, err := s.StepUp(t.Context(), p, auth.StepUpRequest{Purpose: account.StepUpCredentials, Password: password, Caller: here})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckProof(p, account.StepUpCredentials, proof.Token); err != nil {
		t.Fatal(err)
	}
	if err := w.node().CheckProof(p, account.StepUpCredentials, proof.Token); err != nil {
		t.Fatalf("on another node: %v", err)
	}
	missing(s.CheckProof(elsewhere, account.StepUpCredentials, proof.Token))
	if err := s.CheckProof(p, account.StepUpUnmask, proof.Token); err == nil {
		t.Fatal("a proof for credentials unmasks")
	}
	b := []byte(proof.Token)
	b[3] ^= 1
	missing(s.CheckProof(p, account.StepUpCredentials, string(b)))
	w.want(s.CheckProof(auth.Principal{Account: p.Account, APIKey: "k"}, account.StepUpCredentials, proof.Token), auth.ErrStepUpPerson)
	w.clock.add(account.StepUpLifetime)
	missing(s.CheckProof(p, account.StepUpCredentials, proof.Token))
}

func TestPresenceTakesAFreshCodeWhereCodesAreSetUp(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Lead))
	p := w.principal(s, w.login(s).AccessToken)
	secret, recovery := w.enrol(s, p)
	step := func(code, recovery string) error {
		_, err := s.StepUp(t.Context(), p, auth.StepUpRequest{Purpose: account.StepUpUnmask, Password: password, Code: code, RecoveryCode: recovery, Caller: here})
		var r *account.Refusal
		if errors.As(err, &r) && r.Kind != account.Forbidden {
			t.Errorf("%s would look like a session that ended", r.Code)
		}
		return err
	}
	w.want(step("", ""), account.ErrCodeRequired)
	w.want(step(w.code(secret), ""), account.ErrCodeUsed) // it confirmed the set-up
	w.clock.add(30 * time.Second)
	if err := step(w.code(secret), ""); err != nil {
		t.Fatal(err)
	}
	w.want(step(w.code(secret), ""), account.ErrCodeUsed)
	if err := step("", recovery[0]); err != nil {
		t.Fatal(err)
	}
	w.want(step("", recovery[0]), account.ErrRecoveryCode)
}

func TestARecoveryCodeLogsInOnce(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	id := w.join(s, person(account.Reviewer))
	p := w.principal(s, w.login(s).AccessToken)
	_, recovery := w.enrol(s, p)
	if len(recovery) != account.RecoveryCodes {
		t.Fatal(recovery)
	}
	login := func(code string) (auth.Session, error) {
		return s.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Recovery: code, Caller: here})
	}
	_, err := login("aaaa-aaaa-aaaa-aaaa")
	w.want(err, account.ErrRecoveryCode)
	in, err := login(" " + strings.ToUpper(strings.ReplaceAll(recovery[4], "-", "")))
	if err != nil || in.MustEnrol || in.Account.RecoveryCodes != account.RecoveryCodes-1 {
		t.Fatalf("%+v, %v", in, err)
	}
	_, err = login(recovery[4])
	w.want(err, account.ErrRecoveryCode)
	fresh, err := s.RenewRecoveryCodes(t.Context(), w.principal(s, in.AccessToken))
	if err != nil {
		t.Fatal(err)
	}
	_, err = login(recovery[5])
	w.want(err, account.ErrRecoveryCode)
	if _, err = login(fresh[0]); err != nil {
		t.Fatal(err)
	}
	for r, err := range w.log.ReadStream(t.Context(), "account-"+id, 0, 1000) {
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range append(recovery, fresh...) {
			if bytes.Contains(r.Data, []byte(code)) || bytes.Contains(r.Data, []byte(strings.ReplaceAll(code, "-", ""))) {
				t.Fatalf("%s holds a recovery code", r.Type)
			}
		}
	}
	// The log of another installation's vault would accept none of them.
	other := newWorld(t)
	if other.vault.Index("recovery-code", id) == w.vault.Index("recovery-code", id) {
		t.Fatal("two installations hash alike")
	}
}

func TestCodesAreReplacedWithoutAGap(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Auditor))
	p := w.principal(s, w.login(s).AccessToken)
	old, _ := w.enrol(s, p)
	w.clock.add(time.Minute)
	setup, err := s.BeginTOTP(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	login := func(code string) error {
		_, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Code: code, Caller: here})
		return err
	}
	if err := login(w.code(old)); err != nil {
		t.Fatalf("the old codes, until the new ones are confirmed: %v", err)
	}
	w.clock.add(time.Minute)
	if _, err := s.ConfirmTOTP(t.Context(), p, w.code(setup.Secret)); err != nil {
		t.Fatal(err)
	}
	w.clock.add(time.Minute)
	w.want(login(w.code(old)), auth.ErrCode)
	if err := login(w.code(setup.Secret)); err != nil {
		t.Fatal(err)
	}
	w.want(s.DisableTOTP(t.Context(), p, p.Account), account.ErrSelf)
}

func TestNobodyElsewhereLocksAKnownDeviceOut(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	cookie := w.login(s).Device
	attack := func(ip string) error {
		_, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "wrong", Caller: auth.Caller{IP: ip}})
		return err
	}
	attempt := func(ip, device, password string) (auth.Session, error) {
		return s.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Caller: auth.Caller{IP: ip, Device: device}})
	}
	var limited *auth.LimitedError
	throttled := 0
	for second := range 10 { // of an attack that goes on
		for i := range 200 {
			if err := attack(fmt.Sprintf("198.51.%d.%d", i/100, i%100+1)); errors.As(err, &limited) {
				throttled++
			}
		}
		w.clock.add(time.Second)
		if _, err := attempt("192.0.2.1", cookie, password); err != nil {
			t.Fatalf("second %d: the person on her own device: %v", second, err)
		}
	}
	if throttled < 1900 {
		t.Fatalf("%d of 2000 attempts were throttled", throttled)
	}
	if _, err := attempt("192.0.2.9", "", password); !errors.As(err, &limited) {
		t.Fatalf("a new device during the attack: %v", err)
	}
	// What a known device may try is bounded too.
	for range 10 {
		_, err := attempt("192.0.2.1", cookie, "wrong")
		w.want(err, auth.ErrCredentials)
	}
	if _, err := attempt("192.0.2.1", cookie, "wrong"); !errors.As(err, &limited) {
		t.Fatalf("a device that tried too often: %v", err)
	}
}

func TestADeviceCookieIsForItsAccountAndEndsWithAPasswordChangedElsewhere(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	first := w.login(s)
	known := func(cookie string) bool {
		for range 60 { // a stranger's attempts use up what the account allows
			_, _ = s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "wrong", Caller: auth.Caller{IP: "198.51.100.7"}})
			w.clock.add(time.Millisecond)
		}
		for i := range 60 {
			_, _ = s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "wrong", Caller: auth.Caller{IP: fmt.Sprintf("198.51.101.%d", i+1)}})
		}
		_, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "wrong", Caller: auth.Caller{IP: "192.0.2.1", Device: cookie}})
		return errors.Is(err, auth.ErrCredentials)
	}
	if !known(first.Device) {
		t.Fatal("the cookie of the log-in is not known")
	}
	if known("") || known("x."+first.Device[1:]) || known(strings.Repeat("a", 600)) {
		t.Fatal("what is no cookie of ours is known")
	}
	// A browser that two people share knows both.
	n := person(account.Merchant)
	n.Email = "bob@example.com"
	w.join(s, n)
	shared, err := s.Login(t.Context(), auth.LoginRequest{Email: n.Email, Password: password, Caller: auth.Caller{IP: "192.0.2.77", Device: first.Device}})
	if err != nil || !known(shared.Device) {
		t.Fatal(err)
	}
	p := w.principal(s, first.AccessToken)
	list, err := s.Devices(t.Context(), p, shared.Device)
	if err != nil || len(list) != 1 || !list[0].Current {
		t.Fatalf("%+v, %v", list, err)
	}
	w.clock.add(2 * time.Hour)
	second := w.login(s)
	if err := s.ChangePassword(t.Context(), p, password, "eleven badgers polish trombones", auth.Caller{Device: first.Device}); err != nil {
		t.Fatal(err)
	}
	if !known(first.Device) {
		t.Fatal("the browser that changed the password is a stranger")
	}
	if known(second.Device) {
		t.Fatal("another browser's cookie outlived the password")
	}
	if err := s.ChangePassword(t.Context(), p, "eleven badgers polish trombones", password, auth.Caller{Device: second.Device}); err != nil {
		t.Fatal(err)
	}
	if known(first.Device) {
		t.Fatal("the cookie outlived a password that was changed elsewhere")
	}
}

// Whoever got hold of a session guesses until it may guess no more. Its owner still
// proves her presence, changes her password and sets codes up: in another session,
// and in the same one with the browser that she logged in with.
func TestAThiefOfASessionLocksNobodyOut(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	stolen := w.login(s)
	thief, there := w.principal(s, stolen.AccessToken), auth.Caller{IP: "198.51.100.7"}
	var limited *auth.LimitedError
	guess := func(p auth.Principal, from auth.Caller) error {
		_, err := s.StepUp(t.Context(), p, auth.StepUpRequest{Purpose: account.StepUpCredentials, Password: "wrong", Caller: from})
		return err
	}
	use := map[string]func(auth.Principal, auth.Caller) error{
		"presence": guess,
		"password": func(p auth.Principal, from auth.Caller) error {
			return s.ChangePassword(t.Context(), p, "wrong", "eight walruses hum softly", from)
		},
		"offer": func(p auth.Principal, _ auth.Caller) error { _, err := s.BeginTOTP(t.Context(), p); return err },
		"code": func(p auth.Principal, _ auth.Caller) error {
			_, err := s.ConfirmTOTP(t.Context(), p, "000000")
			return err
		},
		"key": func(p auth.Principal, _ auth.Caller) error {
			_, _, err := s.IssueAPIKey(t.Context(), p, auth.APIKeyRequest{Label: "none"})
			return err
		},
		"recovery codes": func(p auth.Principal, _ auth.Caller) error {
			_, err := s.RenewRecoveryCodes(t.Context(), p)
			return err
		},
	}
	for what, try := range use {
		for range 10 {
			if err := try(thief, there); errors.As(err, &limited) {
				t.Fatalf("%s: a few attempts are too many", what)
			}
		}
		if err := try(thief, there); !errors.As(err, &limited) {
			t.Errorf("%s: the thief goes on guessing: %v", what, err)
		}
	}
	for range 60 {
		_ = guess(thief, there)
	}
	own := w.login(s)
	owner := w.principal(s, own.AccessToken)
	for what, try := range use {
		if err := try(owner, auth.Caller{IP: "192.0.2.1", Device: own.Device}); errors.As(err, &limited) {
			t.Errorf("%s: the thief used up what the owner may try", what)
		}
	}
	if err := guess(thief, auth.Caller{IP: "192.0.2.1", Device: stolen.Device}); errors.As(err, &limited) {
		t.Error("the browser that the session was taken from may try nothing")
	}
}

// An account of before has another form of its log-in name; the browser is known
// all the same.
func TestTheBrowserOfAnAccountOfBeforeIsKnown(t *testing.T) {
	w := newWorld(t)
	before := w.node(func(c *auth.Config) { c.Vault = formerly{w.vault} })
	n := person(account.Merchant)
	n.Email = "x@例子.公司"
	inv, err := before.Open(t.Context(), command("before"), n)
	if err != nil {
		t.Fatal(err)
	}
	w.want(before.Activate(t.Context(), inv.Token, password, here), nil)
	s := w.node()
	in, err := s.Login(t.Context(), auth.LoginRequest{Email: n.Email, Password: password, Caller: here})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 70 { // from everywhere, until nobody unknown may try
		_, err = s.Login(t.Context(), auth.LoginRequest{Email: n.Email, Password: "wrong", Caller: auth.Caller{IP: fmt.Sprintf("198.51.100.%d", i)}})
	}
	var limited *auth.LimitedError
	if !errors.As(err, &limited) {
		t.Fatal(err)
	}
	for _, spelling := range []string{n.Email, "x@xn--fsqu00a.xn--55qx5d"} {
		if _, err := s.Login(t.Context(), auth.LoginRequest{Email: spelling, Password: password, Caller: auth.Caller{IP: "192.0.2.1", Device: in.Device}}); err != nil {
			t.Errorf("%s in the browser of before: %v", spelling, err)
		}
	}
}

// A request that is sent again is answered with the same secrets, and a later one
// with others.
func TestASecretIsShownAgainToWhoRepeatsTheRequest(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	id := w.join(s, person(account.Merchant))
	p := w.principal(s, w.login(s).AccessToken)
	ask := func(operation string) auth.Principal {
		q := p
		q.Request = auth.Request{Command: decider.Command{ID: decider.NewID(), Actor: id, Operation: operation}, Key: decider.NewID().String()}
		return q
	}
	asks := func(operation string, answer func(auth.Principal) (string, error)) {
		t.Helper()
		first := ask(operation)
		a, err := answer(first)
		if err != nil {
			t.Fatalf("%s: %v", operation, err)
		}
		events := len(w.types("account-" + id))
		b, err := answer(first)
		if err != nil || b != a || len(w.types("account-"+id)) != events {
			t.Errorf("%s sent again: %q, then %q, %v", operation, a, b, err)
		}
		if c, err := answer(ask(operation)); err == nil && c == a {
			t.Errorf("%s: two requests get one secret", operation)
		}
	}
	asks("beginTOTP", func(p auth.Principal) (string, error) {
		setup, err := s.BeginTOTP(t.Context(), p)
		return setup.Secret, err
	})
	setup, err := s.BeginTOTP(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	code := w.code(setup.Secret)
	asks("confirmTOTP", func(p auth.Principal) (string, error) {
		codes, err := s.ConfirmTOTP(t.Context(), p, code)
		return strings.Join(codes, " "), err
	})
	asks("renewRecoveryCodes", func(p auth.Principal) (string, error) {
		codes, err := s.RenewRecoveryCodes(t.Context(), p)
		return strings.Join(codes, " "), err
	})
	asks("issueAPIKey", func(p auth.Principal) (string, error) {
		token, k, err := s.IssueAPIKey(t.Context(), p, auth.APIKeyRequest{Label: "shop", Scopes: account.Scopes()[:1], Expires: w.clock.now().Add(time.Hour)})
		return token + k.Label + k.Prefix, err
	})
	change := ask("changePassword")
	for range 2 {
		w.want(s.ChangePassword(t.Context(), change, password, "eight walruses hum softly", here), nil)
	}
}

func TestAttemptsToLogInAreLoggedWithoutWhatWasTyped(t *testing.T) {
	w := newWorld(t)
	var out bytes.Buffer
	s := w.node(func(c *auth.Config) { c.Logger = slog.New(slog.NewTextHandler(&out, nil)) })
	id := w.join(s, person(account.Merchant))
	from := auth.Caller{IP: "192.0.2.44", Request: "req-1"}
	line := func(want ...string) {
		t.Helper()
		got := strings.TrimSpace(out.String())
		out.Reset()
		for _, text := range append(want, "address=192.0.2.44", "request=req-1") {
			if !strings.Contains(got, text) {
				t.Errorf("%q lacks %q", got, text)
			}
		}
		if strings.Count(got, "\n") != 0 || strings.Contains(got, "ann@") || strings.Contains(got, "otters") || strings.Contains(got, "hunter2") {
			t.Errorf("too much in %q", got)
		}
	}
	_, _ = s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "hunter2", Caller: from})
	line("log-in refused", "account="+id, "code=credentials")
	_, _ = s.Login(t.Context(), auth.LoginRequest{Email: "hunter2@example.com", Password: "hunter2", Caller: from})
	line("log-in refused", `account=""`, "code=credentials")
	in, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Caller: from})
	if err != nil {
		t.Fatal(err)
	}
	line("log-in granted", "account="+id)
	_, _ = s.StepUp(t.Context(), w.principal(s, in.AccessToken), auth.StepUpRequest{Purpose: account.StepUpUnmask, Password: "hunter2", Caller: from})
	line("step-up refused", "account="+id, "code=password-wrong")
	s.NoteKeyRefused(t.Context(), from, "alta_x_y", auth.ErrToken)
	line("API key refused", "code=token")
}
