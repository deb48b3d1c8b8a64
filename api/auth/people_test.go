package auth_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/eventstore"
)

func TestTwentyWhoRegisterOneAddressAtOnceGetOneAccount(t *testing.T) {
	w := newWorld(t)
	a, b := w.node(), w.node()
	var wg sync.WaitGroup
	got := make([]auth.Invitation, 20)
	errs := make([]error, 20)
	for i := range got {
		s := a
		if i%2 == 1 {
			s = b
		}
		wg.Go(func() { got[i], errs[i] = s.Open(t.Context(), command("register"), person(account.Merchant)) })
	}
	wg.Wait()
	var won []auth.Invitation
	for i, err := range errs {
		switch {
		case err == nil:
			won = append(won, got[i])
		case !errors.Is(err, account.ErrLoginTaken) && !errors.Is(err, account.ErrExists):
			t.Errorf("%d: %v", i, err)
		}
	}
	if len(won) == 0 {
		t.Fatal("nobody got an account")
	}
	opened := 0
	for r, err := range w.log.ReadAll(t.Context(), eventstore.Start, 1000) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Type == "account.opened.v1" {
			opened++
		}
	}
	if opened != 1 {
		t.Fatalf("%d accounts", opened)
	}
	for _, one := range won {
		if one.Account != won[0].Account {
			t.Fatalf("%+v", won)
		}
	}
}

func TestAnInvitationSentAgainIsTheSameInvitation(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	cmd := command("invite")
	first, err := s.Open(t.Context(), cmd, person(account.Reviewer))
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.node().Open(t.Context(), cmd, person(account.Reviewer))
	if err != nil || again != first {
		t.Fatalf("%+v, %v; want %+v", again, err, first)
	}
	if err := s.Activate(t.Context(), first.Token, password, here); err != nil {
		t.Fatal(err)
	}
	if again, err = s.Open(t.Context(), cmd, person(account.Reviewer)); err != nil || again.Account != first.Account || again.Token != "" {
		t.Fatalf("after activation: %+v, %v", again, err)
	}
}

// Whoever could take an address for an account that goes by another would keep its
// owner out for good, and get the mails that the owner asks for.
func TestOneCommandForTwoAddressesTakesOne(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	mine, theirs := person(account.Merchant), person(account.Merchant)
	mine.Email = "mallory@example.com"
	cmd := command("register")
	if _, err := s.Open(t.Context(), cmd, mine); err != nil {
		t.Fatal(err)
	}
	_, err := s.Open(t.Context(), cmd, theirs)
	w.want(err, decider.ErrCommandReused)
	w.join(s, theirs)

	// Both at once, on two nodes.
	for range 20 {
		mine.ID, cmd = decider.NewID().String(), command("register")
		mine.Email, theirs.ID, theirs.Email = mine.ID+"@example.com", mine.ID, "owner."+mine.ID+"@example.com"
		var both sync.WaitGroup
		for i, n := range []auth.NewAccount{mine, theirs} {
			node := []*auth.Service{s, w.node()}[i]
			both.Go(func() { _, _ = node.Open(t.Context(), cmd, n) })
		}
		both.Wait()
		st, _, err := s.Account(t.Context(), mine.ID)
		if err != nil {
			t.Fatal(err)
		}
		left := theirs
		if st.Email.Clear() == theirs.Email {
			left = mine
		}
		left.ID = ""
		w.join(s, left)
	}
}

func TestANameTakenForAnAccountThatNeverCameToBeIsNotLost(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	// A process that ended between the two appends left a name without account.
	half := account.ReserveLogin{Account: decider.NewID().String(), At: w.clock.now()}
	reserved, err := half.Decide(account.LoginState{})
	if err != nil {
		t.Fatal(err)
	}
	name, data, err := account.EncodeLogin(reserved[0])
	if err != nil {
		t.Fatal(err)
	}
	stream := account.LoginCategory + "-" + w.vault.Index("login", email)
	if _, err := w.log.Append(t.Context(), stream, eventstore.NoStream, eventstore.Proposed{ID: decider.NewID(), Type: name, Data: data}); err != nil {
		t.Fatal(err)
	}
	cmd := command("open")
	_, err = s.Open(t.Context(), cmd, person(account.Merchant))
	w.want(err, account.ErrLoginTaken) // it may be a process that is just a little slow
	w.clock.add(time.Minute)
	n := person(account.Merchant)
	n.ID = decider.NewID().String()
	inv, err := s.Open(t.Context(), cmd, n)
	if err != nil || inv.Account != n.ID {
		t.Fatalf("%+v, %v", inv, err)
	}
	again, err := s.Open(t.Context(), cmd, n)
	if err != nil || again != inv {
		t.Fatalf("sent again: %+v, %v", again, err)
	}
}

func TestWhatMakesNoSenseTakesNoName(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	bad := person(account.Merchant)
	bad.Name = ""
	_, err := s.Open(t.Context(), command("open"), bad)
	w.want(err, account.ErrText)
	_, err = s.Open(t.Context(), command("open"), person(account.Merchant))
	w.want(err, nil)
	_, err = s.Open(t.Context(), command("open"), person(account.Agent))
	w.want(err, account.ErrLoginTaken)
}

func TestAnAgentsColleagueWorksForTheSameOrganisation(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	boss := w.join(s, person(account.Agent))
	n := person(account.Agent)
	n.Email, n.Organisation, n.By = "bob@example.com", boss, boss
	w.join(s, n)
	in, err := s.Login(t.Context(), auth.LoginRequest{Email: n.Email, Password: password, Caller: here})
	if err != nil || in.Account.Organisation != boss || in.Account.ID == boss {
		t.Fatalf("%+v, %v", in, err)
	}
}

func TestRegisteringATakenAddressLooksLikeAnyOther(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	id := w.join(s, person(account.Merchant))
	n := person(account.Admin) // what a stranger asks for does not count
	n.Demo, n.Organisation = true, id
	taken, err := s.Register(t.Context(), command("register"), n, here)
	if err != nil || taken.Account == "" || taken.Account == id {
		t.Fatalf("%+v, %v", taken, err)
	}
	n.Email = "new@example.com"
	fresh, err := s.Register(t.Context(), command("register"), n, here)
	if err != nil || fresh.Account == "" {
		t.Fatalf("%+v, %v", fresh, err)
	}
	s.Close()
	owner, _, err := s.Account(t.Context(), id)
	if err != nil || owner.Link.Purpose != account.Reset {
		t.Fatalf("the owner gets no mail: %+v, %v", owner.Link, err)
	}
	made, _, err := s.Account(t.Context(), fresh.Account)
	if err != nil || made.Role != account.Merchant || made.Organisation != fresh.Account || made.Demo {
		t.Fatalf("%+v, %v", made, err)
	}
}

func TestWhoMayInviteWhom(t *testing.T) {
	w := newWorld(t)
	s := w.node(func(c *auth.Config) {
		c.Limiter = auth.NewLimiter(nil, w.clock.now)
	})
	n := 0
	for _, c := range []struct {
		by      auth.Principal
		role    account.Role
		allowed bool
	}{
		{auth.Principal{Role: account.Admin, Session: "s"}, account.Reviewer, true},
		{auth.Principal{Role: account.Admin, Session: "s"}, account.Admin, true},
		{auth.Principal{Role: account.Admin, Session: "s"}, account.Agent, true},
		{auth.Principal{Role: account.Admin, Session: "s"}, account.System, false},
		{auth.Principal{Role: account.Admin, Session: "s", MustEnrol: true}, account.Reviewer, false},
		{auth.Principal{Role: account.Lead, Session: "s"}, account.Reviewer, false},
		{auth.Principal{Role: account.Auditor, Session: "s"}, account.Merchant, false},
		{auth.Principal{Role: account.Agent, Session: "s"}, account.Agent, true},
		{auth.Principal{Role: account.Agent, Session: "s"}, account.Merchant, true},
		{auth.Principal{Role: account.Agent, Session: "s"}, account.Reviewer, false},
		{auth.Principal{Role: account.Agent, APIKey: "k", Scopes: []account.Scope{account.WriteApplications}}, account.Merchant, true},
		{auth.Principal{Role: account.Agent, APIKey: "k", Scopes: []account.Scope{account.WriteApplications}}, account.Agent, false},
		{auth.Principal{Role: account.Agent, APIKey: "k", Scopes: []account.Scope{account.ReadApplications}}, account.Merchant, false},
		{auth.Principal{Role: account.Merchant, Session: "s"}, account.Merchant, true},
		{auth.Principal{Role: account.Merchant, Session: "s"}, account.Agent, false},
		{auth.Principal{}, account.Merchant, false},
	} {
		n++
		c.by.Account = decider.NewID().String()
		if !c.by.Role.Staff() {
			c.by.Organisation = "org-of-" + c.by.Account
		}
		who := person(c.role)
		who.Email = "p" + string(rune('a'+n)) + "@example.com"
		inv, err := s.Invite(t.Context(), c.by, c.by.Command("invite"), who)
		if (err == nil) != c.allowed {
			t.Errorf("%s invites %s: %v", c.by.Role, c.role, err)
			continue
		}
		if err != nil {
			continue
		}
		st, _, err := s.Account(t.Context(), inv.Account)
		colleague := c.by.Role == c.role && !c.role.Staff()
		if err != nil || colleague != (st.Organisation != "" && st.Organisation == c.by.Organisation) {
			t.Errorf("%s invites %s into %q, %v", c.by.Role, c.role, st.Organisation, err)
		}
	}
}

func TestALinkSetsOnePasswordOnce(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	inv, err := s.Open(t.Context(), command("open"), person(account.Merchant))
	if err != nil {
		t.Fatal(err)
	}
	w.want(s.Activate(t.Context(), inv.Token, "short", here), auth.ErrPasswordShort)
	w.want(s.Activate(t.Context(), inv.Token, "ann example", here), auth.ErrPasswordPersonal)
	w.want(s.Activate(t.Context(), inv.Token[:10]+"A"+inv.Token[11:], password, here), account.ErrLinkOver)
	token, err := s.LinkToken(t.Context(), inv.Account, inv.Link)
	if err != nil || token != inv.Token {
		t.Fatalf("the mail gets another token: %v", err)
	}
	w.want(s.Activate(t.Context(), token, password, here), nil)
	w.want(s.Activate(t.Context(), token, password, here), account.ErrLinkOver)
	_, err = s.LinkToken(t.Context(), inv.Account, inv.Link)
	w.want(err, account.ErrLinkOver)
}

func TestAForgottenPasswordIsReplacedThroughTheMailbox(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	id := w.join(s, person(account.Merchant))
	in := w.login(s)
	for _, who := range []string{email, "nobody@example.com"} {
		if err := s.RequestLink(t.Context(), who, here); err != nil {
			t.Fatalf("%s: %v", who, err)
		}
	}
	s.Close() // waits for the work behind the answers
	st, _, err := s.Account(t.Context(), id)
	if err != nil || st.Link.Purpose != account.Reset {
		t.Fatalf("%+v, %v", st.Link, err)
	}
	token, err := s.LinkToken(t.Context(), id, st.Link.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.add(59 * time.Minute)
	w.want(s.Activate(t.Context(), token, "eight walruses hum softly", here), nil)
	_, err = s.Refresh(t.Context(), in.RefreshToken, here)
	w.want(err, auth.ErrRefresh)
	_, err = s.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Caller: here})
	w.want(err, auth.ErrCredentials)
	_, err = s.Login(t.Context(), auth.LoginRequest{Email: email, Password: "eight walruses hum softly", Caller: here})
	w.want(err, nil)
}

func TestANewPasswordTakesTheOldOneAndKeepsThisSessionOnly(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	here, there := w.login(s), w.login(s)
	p := w.principal(s, here.AccessToken)
	w.want(s.ChangePassword(t.Context(), p, "wrong", "eight walruses hum softly", auth.Caller{}), auth.ErrCredentials)
	w.want(s.ChangePassword(t.Context(), p, password, "password1234", auth.Caller{}), auth.ErrPasswordCommon)
	w.want(s.ChangePassword(t.Context(), p, password, "eight walruses hum softly", auth.Caller{}), nil)
	w.principal(s, here.AccessToken)
	_, err := s.Authenticate(t.Context(), there.AccessToken)
	w.want(err, auth.ErrToken)
}

func TestAClosedAccountFreesItsAddress(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	old := w.join(s, person(account.Merchant))
	cmd := command("close")
	for range 2 { // sent twice
		w.want(s.CloseAccount(t.Context(), cmd, old, "asked for"), nil)
	}
	_, err := s.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Caller: here})
	w.want(err, auth.ErrCredentials)
	if fresh := w.join(s, person(account.Merchant)); fresh == old {
		t.Fatal("the closed account came back")
	}
}

func TestAnOrganisationsServerUsesAKey(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	id := w.join(s, person(account.Merchant))
	w.follow(s)
	p := w.principal(s, w.login(s).AccessToken)
	issue := func() (string, account.APIKey) {
		token, k, err := s.IssueAPIKey(t.Context(), p, auth.APIKeyRequest{
			Label: "shop", Scopes: []account.Scope{account.ReadApplications}, Expires: w.clock.now().Add(48 * time.Hour),
		})
		if err != nil || !strings.HasPrefix(token, k.Prefix) || len(k.Prefix) != len("alta_")+8 {
			t.Fatalf("%+v, %v", k, err)
		}
		return token, k
	}
	token, k := issue()
	for range 3 {
		got := w.principal(s, token)
		if got.Account != id || got.APIKey != k.ID || got.Session != "" || !got.May(account.ReadApplications) || got.May(account.WriteApplications) {
			t.Fatalf("%+v", got)
		}
	}
	if n := len(slices.DeleteFunc(w.types("account-"+id), func(s string) bool { return s != "account.api_key_used.v1" })); n != 1 {
		t.Fatalf("%d events for one day's use", n)
	}
	keys, err := s.APIKeys(t.Context(), p)
	if err != nil || len(keys) != 1 || keys[0].Hash != "" || !keys[0].Used.Equal(w.clock.now()) {
		t.Fatalf("%+v, %v", keys, err)
	}
	for i := len("alta_"); i < len(token); i += 7 {
		forged := []byte(token)
		forged[i] = 'a' + (forged[i]-'a'+1)%26
		if string(forged) == token {
			continue
		}
		_, err := s.Authenticate(t.Context(), string(forged))
		w.want(err, auth.ErrToken)
	}
	w.want(s.RevokeAPIKey(t.Context(), p, k.ID), nil)
	_, err = s.Authenticate(t.Context(), token)
	w.want(err, auth.ErrToken)
	expiring, _ := issue()
	w.principal(s, expiring)
	w.clock.add(48 * time.Hour)
	_, err = s.Authenticate(t.Context(), expiring)
	w.want(err, auth.ErrToken)
}
