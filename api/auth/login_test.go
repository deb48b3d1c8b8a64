package auth_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"alta/api/auth"
	"alta/domain/account"
	"alta/projections/redistest"
)

func TestUnknownWrongAndNotYetActivatedGetOneAnswerAfterTheSameWork(t *testing.T) {
	w := newWorld(t)
	hasher := auth.NewHasher(cheap)
	s := w.node(func(c *auth.Config) { c.Hasher = hasher })
	w.join(s, person(account.Merchant))
	invited := person(account.Merchant)
	invited.Email = "bob@example.com"
	if _, err := s.Open(t.Context(), command("open"), invited); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]auth.LoginRequest{
		"wrong password":      {Email: email, Password: "wrong"},
		"unknown person":      {Email: "nobody@example.com", Password: password},
		"not yet activated":   {Email: invited.Email, Password: password},
		"no password at all":  {Email: email},
		"no e-mail address":   {Email: "\x00", Password: password},
		"a megabyte of noise": {Email: email, Password: strings.Repeat("x", 1<<20)},
	} {
		before := hasher.Done()
		_, err := s.Login(t.Context(), r)
		if !errors.Is(err, auth.ErrCredentials) || hasher.Done()-before != 1 {
			t.Errorf("%s: %v after %d hashes", name, err, hasher.Done()-before)
		}
	}
}

func TestUnknownAndWrongTakeTheSameTime(t *testing.T) {
	w := newWorld(t)
	s := w.node(func(c *auth.Config) { c.Hasher = auth.NewHasher(auth.Argon2{MemoryKiB: 8 << 10, Time: 2}) })
	w.join(s, person(account.Merchant))
	took := map[string][]time.Duration{}
	for i := range 15 { // in turns, so that what else the machine does hits both
		w.clock.add(time.Hour)
		for _, who := range []string{email, "nobody" + strconv.Itoa(i) + "@example.com"} {
			start := time.Now()
			_, err := s.Login(t.Context(), auth.LoginRequest{Email: who, Password: "not the password", Caller: here})
			if who != email {
				who = "unknown"
			}
			took[who] = append(took[who], time.Since(start))
			w.want(err, auth.ErrCredentials)
		}
	}
	median := func(d []time.Duration) time.Duration { slices.Sort(d); return d[len(d)/2] }
	known, unknown := median(took[email]), median(took["unknown"])
	t.Logf("known %v, unknown %v", known, unknown)
	if known > unknown*2 || unknown > known*2 {
		t.Fatalf("median %v for a known and %v for an unknown address", known, unknown)
	}
}

func TestTheNameIsFoundHoweverItIsTyped(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	for _, typed := range []string{"ANN@EXAMPLE.COM", "  ann@example.com ", "ａｎｎ@example.com"} {
		if _, err := s.Login(t.Context(), auth.LoginRequest{Email: typed, Password: password}); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestWhoCanSeePersonalDataNeedsASecondFactor(t *testing.T) {
	for _, role := range []account.Role{account.Reviewer, account.Lead, account.Auditor, account.Admin} {
		t.Run(string(role), func(t *testing.T) { needsSecondFactor(t, role) })
	}
}

func needsSecondFactor(t *testing.T, role account.Role) {
	w := newWorld(t)
	s := w.node(func(c *auth.Config) { c.DemoWithoutTOTP = true }) // which is for demo accounts only
	id := w.join(s, person(role))
	in := w.login(s)
	p := w.principal(s, in.AccessToken)
	if !in.MustEnrol || !p.MustEnrol {
		t.Fatal("who has no second factor may only set one up")
	}
	setup, err := s.BeginTOTP(t.Context(), p)
	if err != nil || !strings.HasPrefix(setup.URI, "otpauth://totp/") || len(setup.QR) == 0 {
		t.Fatalf("%+v, %v", setup, err)
	}
	_, err = s.ConfirmTOTP(t.Context(), p, "000000")
	w.want(err, auth.ErrCode)
	code := w.code(setup.Secret)
	if _, err := s.ConfirmTOTP(t.Context(), p, code); err != nil {
		t.Fatal(err)
	}
	if p = w.principal(s, in.AccessToken); p.MustEnrol {
		t.Fatal("the session that proved the code is still held back")
	}

	login := func(code string) error {
		_, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Code: code, Caller: here})
		return err
	}
	w.want(login(""), account.ErrCodeRequired)
	w.want(login(code), account.ErrCodeUsed)
	w.want(login("123"), auth.ErrCode)
	w.clock.add(30 * time.Second)
	code = w.code(setup.Secret)
	if err := login(code[:3] + " " + code[3:]); err != nil {
		t.Fatal(err)
	}
	w.want(login(code), account.ErrCodeUsed)
	w.clock.add(5 * time.Minute)
	w.want(login(code), auth.ErrCode)

	admin := auth.Principal{Account: "admin", Role: account.Admin}
	if err := s.DisableTOTP(t.Context(), admin, id); err != nil {
		t.Fatal(err)
	}
	_, err = s.Authenticate(t.Context(), in.AccessToken)
	w.want(err, auth.ErrToken)
	if again := w.login(s); !again.MustEnrol {
		t.Fatal("whose codes were disabled must set them up again")
	}
}

func TestOnlyDemoPeopleInADemoDoWithoutASecondFactor(t *testing.T) {
	for _, c := range []struct{ demoServer, demoAccount, held bool }{
		{true, true, false}, {true, false, true}, {false, true, true}, {false, false, true},
	} {
		w := newWorld(t)
		s := w.node(func(cfg *auth.Config) { cfg.DemoWithoutTOTP = c.demoServer })
		n := person(account.Auditor)
		n.Demo = c.demoAccount
		w.join(s, n)
		if got := w.login(s).MustEnrol; got != c.held {
			t.Errorf("%+v: held back %v", c, got)
		}
	}
}

func TestGuessingStopsWithoutLockingTheOwnerOut(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) redis.UniversalClient{
		"counting in this process": func(*testing.T) redis.UniversalClient { return nil },
		"counting in Redis": func(t *testing.T) redis.UniversalClient {
			rdb := redis.NewClient(redistest.Server(t))
			t.Cleanup(func() { _ = rdb.Close() })
			return rdb
		},
		"counting in its stand-in": func(t *testing.T) redis.UniversalClient {
			rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
			t.Cleanup(func() { _ = rdb.Close() })
			return rdb
		},
		"while Redis is away": func(t *testing.T) redis.UniversalClient {
			rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: filepath.Join(t.TempDir(), "none"), MaxRetries: -1})
			t.Cleanup(func() { _ = rdb.Close() })
			return rdb
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.node(func(c *auth.Config) {
				c.Limiter = auth.NewLimiter(open(t), w.clock.now)
				c.Limiter.Patience = time.Minute
			})
			w.join(s, person(account.Merchant))
			try := func(pw, ip string) error {
				_, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: pw, Caller: auth.Caller{IP: ip}})
				return err
			}
			for range 10 {
				w.want(try("wrong", "198.51.100.9"), auth.ErrCredentials)
			}
			var limited *auth.LimitedError
			if err := try(password, "198.51.100.9"); !errors.As(err, &limited) || limited.RetryAfter <= 0 || limited.RetryAfter > 15*time.Minute {
				t.Fatalf("the eleventh guess: %v", err)
			}
			if err := try(password, here.IP); err != nil {
				t.Fatalf("the owner, elsewhere: %v", err)
			}
		})
	}
}

func TestACustomersWholeNetworkIsOneAddress(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	for i := range 10 {
		_, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "x", Caller: auth.Caller{IP: "2001:db8::" + strconv.Itoa(i)}})
		w.want(err, auth.ErrCredentials)
	}
	var limited *auth.LimitedError
	if _, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "x", Caller: auth.Caller{IP: "2001:db8::99"}}); !errors.As(err, &limited) {
		t.Fatal(err)
	}
	_, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "x", Caller: auth.Caller{IP: "2001:db8:0:1::"}})
	w.want(err, auth.ErrCredentials)
}

func TestMorePasswordsThanTheMachineCanCheckAreTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := auth.NewHasher(auth.Argon2{MemoryKiB: 64, Time: 1, AtOnce: 1, Waiting: 1})
		release := h.Occupy()
		waiting := make(chan error, 1)
		go func() {
			_, err := h.Hash(context.Background(), "x")
			waiting <- err
		}()
		synctest.Wait()
		if _, err := h.Hash(t.Context(), "x"); !errors.Is(err, auth.ErrBusy) {
			t.Fatalf("the third: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		release()
		if err := <-waiting; err != nil {
			t.Fatalf("the second: %v", err)
		}
		release = h.Occupy()
		if _, err := h.Hash(gone, "x"); !errors.Is(err, context.Canceled) {
			t.Fatalf("who hung up: %v", err)
		}
		release()
	})
}

func TestPasswordHashesAreArgon2idWithTheirCostsWrittenDown(t *testing.T) {
	h := auth.NewHasher(auth.Argon2{})
	stored, err := h.Hash(t.Context(), password)
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=65536,t=3,p=1$") {
		t.Fatalf("%s, %v", stored, err)
	}
	for pw, want := range map[string]bool{password: true, password + "x": false, "": false} {
		if got, err := h.Verify(t.Context(), pw, stored); err != nil || got != want {
			t.Errorf("%q: %v, %v", pw, got, err)
		}
	}
	// A hash made with other costs is still checked with its own.
	old, err := auth.NewHasher(cheap).Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Verify(t.Context(), password, old); !ok || err != nil {
		t.Fatalf("%v, %v", ok, err)
	}
	for _, bad := range []string{"x", "$argon2id$v=19$m=999999999,t=3,p=1$" + strings.Repeat("A", 66), "$argon2id$v=19$m=64,t=0,p=1$" + strings.Repeat("A", 66)} {
		if ok, err := h.Verify(t.Context(), password, bad); ok || err == nil {
			t.Errorf("%q was accepted as a stored hash", bad)
		}
	}
}

func TestWhichPasswordsAreRefused(t *testing.T) {
	for pw, want := range map[string]error{
		"seven otters juggle turnips": nil,
		"7f!Kq0-zzR_w":                nil,
		"我喜欢在河边慢慢散步看日落":               nil,
		"short":                     auth.ErrPasswordShort,
		"elevenchars":               auth.ErrPasswordShort,
		"Password1234!":             auth.ErrPasswordCommon,
		"P@ssw0rd1234":              auth.ErrPasswordCommon,
		"passwordpassword":          auth.ErrPasswordCommon,
		"qwertyuiop123":             auth.ErrPasswordCommon,
		"123456789012":              auth.ErrPasswordCommon,
		"abcdefghijklm":             auth.ErrPasswordCommon,
		"aaaaaaaaaaaaaa":            auth.ErrPasswordCommon,
		"abc123abc123":              auth.ErrPasswordCommon,
		"1qaz2wsx3edc":              auth.ErrPasswordCommon,
		"woaini520131488":           auth.ErrPasswordCommon,
		"Contraseña2026":            auth.ErrPasswordCommon,
		"iloveyouprincess":          auth.ErrPasswordCommon,
		"Liverpool-2026":            auth.ErrPasswordCommon,
		"annabelle.x9q":             auth.ErrPasswordPersonal,
		"Kowalskix_2931":            auth.ErrPasswordPersonal,
		strings.Repeat("long ", 60): auth.ErrPasswordLong,
		"not\xffreadable text":      auth.ErrPasswordLong,
	} {
		if err := auth.CheckPassword(pw, account.Reviewer, "annabelle@example.com", "Anna Kowalski"); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%q: got %v, want %v", pw, err, want)
		}
	}
	for pw, want := range map[string]error{
		"annabelleannabelle26":          auth.ErrPasswordPersonal,
		"Annabelle Annabelle 1":         auth.ErrPasswordPersonal,
		"ANNA-BELLE.annabelle":          auth.ErrPasswordPersonal,
		"4nn4b3ll3 annabelle":           auth.ErrPasswordPersonal,
		"kowalski annabelle 9":          auth.ErrPasswordPersonal,
		"Nuñez-NUNEZ-2026":              auth.ErrPasswordPersonal,
		"买买提艾力买买提·艾力9":                  auth.ErrPasswordPersonal,
		"买買提•艾力 2026!!":                 auth.ErrPasswordPersonal,
		"annabelle, a violet tram hums": nil,
	} {
		if err := auth.CheckPassword(pw, account.Merchant, "annabelle@example.com", "Anna Kowalski", "Núñez", "买买提·艾力"); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%q: got %v, want %v", pw, err, want)
		}
	}
	if err := auth.CheckPassword("ten chars!", account.Merchant); err != nil {
		t.Errorf("ten characters for a merchant: %v", err)
	}
}
