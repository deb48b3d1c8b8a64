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

func TestADeviceCookieIsForItsAccountAndEndsWithThePassword(t *testing.T) {
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
	if err := s.ChangePassword(t.Context(), p, password, "eleven badgers polish trombones"); err != nil {
		t.Fatal(err)
	}
	if known(first.Device) {
		t.Fatal("the cookie outlived the password")
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
