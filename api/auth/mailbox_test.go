package auth_test

import (
	"strings"
	"testing"

	"golang.org/x/net/idna"

	"alta/api/auth"
	"alta/domain/account"
	"alta/vault"
)

// formerly is a vault whose log-in names are as they were before a mailbox had one
// form: with the domain as it was typed.
type formerly struct {
	*vault.Vault
}

func (f formerly) Index(kind, value string) string {
	if local, domain, ok := strings.Cut(value, "@"); ok && kind == "login" {
		u, _ := idna.ToUnicode(domain)
		value = local + "@" + u
	}
	return f.Vault.Index(kind, value)
}

func TestOneMailboxIsOneAccountHoweverItsDomainIsWritten(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	n := person(account.Merchant)
	n.Email = "x@例子.公司"
	inv, err := s.Open(t.Context(), command("first"), n)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Activate(t.Context(), inv.Token, password, here); err != nil {
		t.Fatal(err)
	}
	for _, spelling := range []string{"x@xn--fsqu00a.xn--55qx5d", "X@XN--FSQU00A.xn--55qx5d", "x@例子。公司", "ｘ＠例子．公司", " x@例子.公司\u200b", "x@例子.公司"} {
		n.Email = spelling
		_, err := s.Open(t.Context(), command("again "+spelling), n)
		w.want(err, account.ErrLoginTaken)
		if _, err := s.Login(t.Context(), auth.LoginRequest{Email: spelling, Password: password, Caller: here}); err != nil {
			t.Errorf("log-in as %q: %v", spelling, err)
		}
		if st, err := s.Find(t.Context(), spelling); err != nil || st.ID != inv.Account {
			t.Errorf("%q finds %q, %v", spelling, st.ID, err)
		}
	}
}

// Who had an account before there was one form still logs in, and nobody takes the
// mailbox a second time.
func TestAnAccountOfBeforeStaysReachable(t *testing.T) {
	w := newWorld(t)
	before := w.node(func(c *auth.Config) { c.Vault = formerly{w.vault} })
	n := person(account.Merchant)
	n.Email = "x@例子.公司"
	cmd := command("before")
	inv, err := before.Open(t.Context(), cmd, n)
	if err != nil {
		t.Fatal(err)
	}
	if err := before.Activate(t.Context(), inv.Token, password, here); err != nil {
		t.Fatal(err)
	}
	s := w.node()
	for _, spelling := range []string{"x@例子.公司", "x@xn--fsqu00a.xn--55qx5d", "X@例子．公司"} {
		n.Email = spelling
		_, err := s.Open(t.Context(), command("again "+spelling), n)
		w.want(err, account.ErrLoginTaken)
		if _, err := s.Login(t.Context(), auth.LoginRequest{Email: spelling, Password: password, Caller: here}); err != nil {
			t.Errorf("log-in as %q: %v", spelling, err)
		}
	}
	n.Email = "x@例子.公司"
	if again, err := s.Open(t.Context(), cmd, n); err != nil || again.Account != inv.Account {
		t.Errorf("the command of before is repeated: %+v, %v", again, err)
	}
	if _, err := s.Find(t.Context(), "y@例子.公司"); err != account.ErrNoAccount {
		t.Errorf("another mailbox: %v", err)
	}
}
