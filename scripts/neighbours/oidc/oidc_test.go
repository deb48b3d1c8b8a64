//go:build neighbours

// Package oidc logs staff in through a certified OpenID provider (oidc-provider),
// as a browser would, while it speaks as one of the providers that are out there.
package oidc

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"alta/scripts/neighbours/neighbourtest"
)

const (
	email    = "zhao@shop.test"
	password = "quiet harbour lantern 73"
)

// place is an Alta beside a provider that is started anew with each quirk.
type place struct {
	t         *testing.T
	alta      *neighbourtest.Alta
	authority neighbourtest.Authority
	port      int // of the provider
	origin    string
	trusted   *x509.CertPool
}

func newPlace(t *testing.T, authority neighbourtest.Authority, port int, data string, flags ...string) *place {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("alta-secret-0123456789-0123456789-01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(authority.CA)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, authority: authority, port: port, trusted: x509.NewCertPool()}
	p.trusted.AppendCertsFromPEM(pem)
	listen := fmt.Sprintf("127.0.0.1:%d", neighbourtest.FreePort(t))
	p.origin = "http://" + listen
	flags = append([]string{
		"--listen", listen, "--origin", p.origin, "--limit-factor", "100",
		"--oidc-issuer", fmt.Sprintf("https://localhost:%d", port), "--oidc-client", "alta", "--oidc-secret-file", secret,
	}, flags...)
	p.alta = neighbourtest.Serve(t, data, []string{"SSL_CERT_FILE=" + authority.CA}, flags...)
	return p
}

// provider runs until the test that it is started for ends.
func (p *place) provider(t *testing.T, quirk string) {
	t.Helper()
	cmd := exec.Command(neighbourtest.Program(t, "node"), "op.mjs", fmt.Sprint(p.port), quirk)
	cmd.Env = append(os.Environ(), "TLS_CERT="+p.authority.Cert, "TLS_KEY="+p.authority.Key, "REDIRECT="+p.origin+"/oidc", "KEYS="+filepath.Join(p.alta.Data, "..", "provider-keys.json"))
	neighbourtest.Start(t, cmd, neighbourtest.Answers(p.port))
}

// invite makes the person staff: a link from the operator, a password by herself.
func (p *place) invite() {
	p.t.Helper()
	cmd := exec.Command(neighbourtest.Binary(p.t), "account", "invite", "--data", p.alta.Data,
		"--role", "reviewer", "--email", email, "--name", "Zhao Min", "--print-link")
	out, err := cmd.CombinedOutput()
	link := regexp.MustCompile(`token=(\S+)`).FindSubmatch(out)
	if err != nil || link == nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	if status, _ := p.call(p.t, http.DefaultClient, "POST", "/v1/auth/activation", "", map[string]string{"token": string(link[1]), "password": password}); status != http.StatusNoContent {
		p.t.Fatalf("activation: %d", status)
	}
}

// answer is what Alta says at the end.
type answer struct {
	Code        string
	AccessToken string `json:"access_token"`
	MustEnrol   bool   `json:"must_enrol"`
	Proof       string
	Location    string
	Account     struct {
		StepUp string `json:"step_up"`
	}
}

func (p *place) call(t *testing.T, c *http.Client, method, path, token string, body any) (int, answer) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, p.origin+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", p.origin)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err = io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if len(b) > 0 {
		if err := json.Unmarshal(b, &a); err != nil {
			t.Fatalf("%s %s: %d %q", method, path, res.StatusCode, b)
		}
	}
	return res.StatusCode, a
}

// browser keeps cookies, trusts the authority, and stops where the provider sends
// it back to Alta.
func (p *place) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Jar: jar, Timeout: 20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.trusted}},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if strings.HasPrefix(req.URL.String(), p.origin) || len(via) > 12 {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

// walk begins at path, goes to the provider and comes back, and ends at path.
func (p *place) walk(t *testing.T, c *http.Client, path, token string, begin any) (int, answer) {
	t.Helper()
	status, a := p.call(t, c, "POST", path, token, begin)
	if status != http.StatusOK {
		return status, a
	}
	res, err := c.Get(a.Location)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || back.Query().Get("state") == "" {
		t.Fatalf("the provider answered %s, %s", res.Status, back)
	}
	return p.call(t, c, "PUT", path, token, map[string]string{"state": back.Query().Get("state"), "code": back.Query().Get("code")})
}

func TestACertifiedProviderInManyVoices(t *testing.T) {
	authority, port, data := neighbourtest.NewAuthority(t), neighbourtest.FreePort(t), t.TempDir()
	p := newPlace(t, authority, port, data)
	p.invite()
	for _, c := range []struct{ quirk, code, reason string }{
		{quirk: "good"},
		{quirk: "userinfo"},
		{quirk: "amrstring"},
		{quirk: "verifiedstring"},
		{quirk: "swk"},
		{quirk: "post"},
		{quirk: "es256"},
		{quirk: "rotated"},
		{"noamr", "oidc-second-factor", "second-factor-missing"},
		{"password", "oidc-second-factor", "second-factor-missing"},
		{"entra", "oidc", "email-verified-missing"},
		{"unverified", "oidc", "email-unverified"},
		{"hs256", "oidc", "algorithm"},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			p.provider(t, c.quirk)
			before := len(p.alta.Output())
			status, a := p.walk(t, p.browser(t), "/v1/auth/oidc", "", map[string]any{})
			log := p.alta.Output()[before:]
			switch {
			case c.code == "" && (status != http.StatusOK || a.AccessToken == "" || a.MustEnrol):
				t.Errorf("not let in: %d %s\n%s", status, a.Code, log)
			case c.code != "" && (a.Code != c.code || !strings.Contains(log, c.reason)):
				t.Errorf("%d %s, want %s; the log says %s", status, a.Code, c.code, log)
			}
			if strings.Contains(log, email) {
				t.Errorf("the log names the person: %s", log)
			}
		})
	}
	t.Run("presence", func(t *testing.T) {
		p.provider(t, "good")
		c := p.browser(t)
		_, in := p.walk(t, c, "/v1/auth/oidc", "", map[string]any{})
		if in.Account.StepUp != "oidc" {
			t.Fatalf("%+v", in)
		}
		status, a := p.walk(t, c, "/v1/auth/step-up/oidc", in.AccessToken, map[string]string{"purpose": "unmask"})
		if status != http.StatusOK || a.Proof == "" {
			t.Errorf("a proof of presence: %d %s", status, a.Code)
		}
	})
	p.alta.Stop()

	trusting := newPlace(t, authority, port, data, "--oidc-trust-email")
	t.Run("entra, trusted", func(t *testing.T) {
		trusting.provider(t, "entra")
		if status, a := trusting.walk(t, trusting.browser(t), "/v1/auth/oidc", "", map[string]any{}); status != http.StatusOK {
			t.Errorf("not let in: %d %s", status, a.Code)
		}
	})
	t.Run("unverified, trusted", func(t *testing.T) {
		trusting.provider(t, "unverified")
		if _, a := trusting.walk(t, trusting.browser(t), "/v1/auth/oidc", "", map[string]any{}); a.Code != "oidc" {
			t.Errorf("let in though the provider says that the address is not verified")
		}
	})
}
