package auth_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"alta/api/auth"
	"alta/domain/account"
	"alta/domain/personal"
	"alta/eventstore"
)

func TestAPersonIsInvitedGetsInStaysInAndLeaves(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	id := w.join(s, person(account.Merchant))
	in := w.login(s)
	if in.Account.ID != id || in.Account.Email != personal.New(email) || in.Account.Organisation != id || in.MustEnrol || in.ExpiresIn != 10*time.Minute {
		t.Fatalf("%+v", in)
	}
	p := w.principal(s, in.AccessToken)
	if p.Account != id || p.Role != account.Merchant || p.Organisation != id || p.Session != in.ID || !p.May(account.WriteApplications) {
		t.Fatalf("%+v", p)
	}
	w.clock.add(9 * time.Minute)
	next, err := s.Refresh(t.Context(), in.RefreshToken, here)
	if err != nil || next.RefreshToken == in.RefreshToken || next.ID != in.ID {
		t.Fatalf("%+v, %v", next, err)
	}
	w.clock.add(2 * time.Minute)
	_, err = s.Authenticate(t.Context(), in.AccessToken)
	w.want(err, auth.ErrToken) // ten minutes are over
	w.principal(s, next.AccessToken)
	list, err := s.Sessions(t.Context(), p)
	if err != nil || len(list) != 1 || !list[0].Current || list[0].Address != personal.New(here.IP) {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := s.Logout(t.Context(), next.RefreshToken); err != nil {
		t.Fatal(err)
	}
	_, err = s.Authenticate(t.Context(), next.AccessToken)
	w.want(err, auth.ErrToken)
	_, err = s.Refresh(t.Context(), next.RefreshToken, here)
	w.want(err, auth.ErrRefresh)
	want := []string{
		"account.opened.v1", "account.link_issued.v1", "account.activated.v1",
		"account.session_started.v1", "account.device_trusted.v1", "account.session_rotated.v1", "account.session_revoked.v1",
	}
	if got := w.types("account-" + id); !slices.Equal(got, want) {
		t.Fatalf("one event per action: got %v", got)
	}
}

func TestNothingInTheLogLetsAnyoneInOrNamesAnyone(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	inv, err := s.Open(t.Context(), command("open"), person(account.Merchant))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Activate(t.Context(), inv.Token, password, here); err != nil {
		t.Fatal(err)
	}
	in := w.login(s)
	p := w.principal(s, in.AccessToken)
	setup, err := s.BeginTOTP(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	apiKey, _, err := s.IssueAPIKey(t.Context(), p, auth.APIKeyRequest{Label: "shop", Scopes: account.Scopes(), Expires: w.clock.now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{email, "ann@", "Ann Example", password, "argon2id", inv.Token, in.RefreshToken, in.AccessToken, setup.Secret, apiKey, here.IP}
	n := 0
	for r, err := range w.log.ReadAll(t.Context(), eventstore.Start, 1000) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		for _, secret := range secrets {
			if bytes.Contains(r.Data, []byte(secret)) || bytes.Contains(r.Meta, []byte(secret)) || strings.Contains(r.Stream, secret) {
				t.Errorf("%s holds %q", r.Type, secret)
			}
		}
	}
	if n < 7 {
		t.Fatalf("only %d events were looked at", n)
	}
}

func TestAnAnswerThatWasLostIsGivenAgainForTenSeconds(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	in := w.login(s)
	first, err := s.Refresh(t.Context(), in.RefreshToken, here)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.add(10 * time.Second)
	again, err := s.Refresh(t.Context(), in.RefreshToken, here)
	if err != nil || again.RefreshToken != first.RefreshToken {
		t.Fatalf("%+v, %v", again, err)
	}
	w.principal(s, again.AccessToken)
}

func TestAStolenRefreshTokenEndsTheWholeFamily(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	in := w.login(s)
	elsewhere := w.login(s)
	thief, err := s.Refresh(t.Context(), in.RefreshToken, auth.Caller{IP: "198.51.100.9"})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.add(11 * time.Second)
	_, err = s.Refresh(t.Context(), in.RefreshToken, here)
	w.want(err, auth.ErrReused)
	_, err = s.Refresh(t.Context(), thief.RefreshToken, here)
	w.want(err, auth.ErrRefresh)
	_, err = s.Authenticate(t.Context(), thief.AccessToken)
	w.want(err, auth.ErrToken)
	w.principal(s, elsewhere.AccessToken) // another family
}

func TestATokenThatIsNotOursEndsNobodysSession(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	in := w.login(s)
	other := newWorld(t) // other keys
	other.log, other.vault = w.log, w.vault
	o := other.node()
	for i := range in.RefreshToken {
		forged := []byte(in.RefreshToken)
		forged[i] ^= 1
		_, err := s.Refresh(t.Context(), string(forged), auth.Caller{IP: string(rune('a' + i%26))})
		w.want(err, auth.ErrRefresh)
	}
	_, err := o.Refresh(t.Context(), in.RefreshToken, here)
	w.want(err, auth.ErrRefresh)
	w.principal(s, in.AccessToken)
}

func TestTwoNodesThatRotateOneTokenAtOnceAnswerTheSameSuccessor(t *testing.T) {
	w := newWorld(t)
	a, b := w.node(), w.node()
	id := w.join(a, person(account.Merchant))
	token := w.login(a).RefreshToken
	for range 50 {
		w.clock.add(time.Minute)
		var wg sync.WaitGroup
		var got [2]auth.Session
		var errs [2]error
		for i, s := range []*auth.Service{a, b} {
			wg.Go(func() { got[i], errs[i] = s.Refresh(t.Context(), token, here) })
		}
		wg.Wait()
		if err := errors.Join(errs[:]...); err != nil || got[0].RefreshToken != got[1].RefreshToken {
			t.Fatalf("%v, %v", got, err)
		}
		token = got[0].RefreshToken
	}
	rotations := 0
	for _, name := range w.types("account-" + id) {
		if name == "account.session_rotated.v1" {
			rotations++
		}
	}
	if rotations != 50 {
		t.Fatalf("%d rotations for 50 races", rotations)
	}
}

func TestWhoIsLetInIsAnsweredWithoutAskingTheLog(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	f := w.follow(s)
	in := w.login(s)
	f.until(t, "account.session_started.v1")
	w.principal(s, in.AccessToken)
	before := w.log.reads.Load()
	for range 100 {
		w.principal(s, in.AccessToken)
	}
	if n := w.log.reads.Load() - before; n != 0 {
		t.Fatalf("%d reads for 100 requests", n)
	}
}

func TestARevocationOnOneNodeIsEffectiveOnTheOthers(t *testing.T) {
	w := newWorld(t)
	a, b := w.node(), w.node()
	id := w.join(a, person(account.Merchant))
	f := w.follow(b)
	in := w.login(a)
	f.until(t, "account.session_started.v1")
	w.principal(b, in.AccessToken)
	if err := a.Revoke(t.Context(), auth.Principal{Account: id}, id, in.ID); err != nil {
		t.Fatal(err)
	}
	_, err := a.Authenticate(t.Context(), in.AccessToken)
	w.want(err, auth.ErrToken) // at once where it was done
	f.until(t, "account.session_revoked.v1")
	_, err = b.Authenticate(t.Context(), in.AccessToken)
	w.want(err, auth.ErrToken)
}

func TestWhileTheLogCannotBeFollowedNothingIsAnsweredFromMemory(t *testing.T) {
	w := newWorld(t)
	a, b := w.node(), w.node()
	id := w.join(a, person(account.Merchant))
	f := w.follow(b)
	in := w.login(a)
	f.until(t, "account.session_started.v1")
	w.principal(b, in.AccessToken)
	f.refuse.Store(true)
	f.cut <- struct{}{}
	f.until(t, "refused") // the node knows by now that it is deaf
	if err := a.Revoke(t.Context(), auth.Principal{Account: id}, id, in.ID); err != nil {
		t.Fatal(err)
	}
	_, err := b.Authenticate(t.Context(), in.AccessToken)
	w.want(err, auth.ErrToken)
	f.refuse.Store(false)
	f.until(t, "caught up") // and follows again by itself
}

func TestARedisFlushNeitherRevokesNorUnrevokes(t *testing.T) {
	w := newWorld(t)
	r := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: r.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	with := func(c *auth.Config) {
		c.Limiter = auth.NewLimiter(rdb, w.clock.now)
		c.Limiter.Patience = time.Minute
	}
	s := w.node(with)
	id := w.join(s, person(account.Merchant))
	revoked, kept := w.login(s), w.login(s)
	rotated, err := s.Refresh(t.Context(), kept.RefreshToken, here)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Revoke(t.Context(), auth.Principal{Account: id}, id, revoked.ID); err != nil {
		t.Fatal(err)
	}
	if len(r.Keys()) == 0 {
		t.Fatal("Redis was not used at all")
	}
	r.FlushAll()
	fresh := w.node(with) // and a node that knows nothing
	w.clock.add(time.Minute)
	for _, node := range []*auth.Service{s, fresh} {
		_, err := node.Authenticate(t.Context(), revoked.AccessToken)
		w.want(err, auth.ErrToken)
		_, err = node.Refresh(t.Context(), revoked.RefreshToken, here)
		w.want(err, auth.ErrRefresh)
		w.principal(node, rotated.AccessToken)
	}
	_, err = fresh.Refresh(t.Context(), kept.RefreshToken, here)
	w.want(err, auth.ErrReused) // reuse is still known to be reuse
}

func TestSuspendedPeopleAreOutAtOnce(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	id := w.join(s, person(account.Merchant))
	w.follow(s)
	in := w.login(s)
	w.principal(s, in.AccessToken)
	suspend := account.Suspend{Reason: "left", By: "admin", At: w.clock.now()}
	if _, err := s.Transact(t.Context(), id, command("suspend"), nil, suspend.Decide); err != nil {
		t.Fatal(err)
	}
	_, err := s.Authenticate(t.Context(), in.AccessToken)
	w.want(err, auth.ErrToken)
	_, err = s.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Caller: here})
	w.want(err, account.ErrSuspended)
	_, err = s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "wrong", Caller: here})
	w.want(err, auth.ErrCredentials)
}

func TestAnErasedPersonCannotLogInAndTheHistoryStillFolds(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	id := w.join(s, person(account.Merchant))
	if err := w.vault.Shred(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s.Forget(id)
	_, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Caller: here})
	w.want(err, auth.ErrCredentials)
	st, _, err := s.Account(t.Context(), id)
	if err != nil || !st.Email.IsErased() || st.Role != account.Merchant {
		t.Fatalf("%+v, %v", st, err)
	}
}
