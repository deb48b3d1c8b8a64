package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"alta/api/auth"
)

// identityProvider lets in whoever comes as one person, and checks the client's
// secret.
func identityProvider(t *testing.T, email, secret string, nonce *string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": srv.URL, "authorization_endpoint": srv.URL + "/auth", "token_endpoint": srv.URL + "/token",
			"jwks_uri": srv.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		public, err := key.PublicKey.Bytes() // 4 | x | y
		if err != nil {
			t.Error(err)
		}
		enc := base64.RawURLEncoding.EncodeToString
		answer(w, map[string]any{"keys": []any{map[string]any{
			"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1", "x": enc(public[1:33]), "y": enc(public[33:]),
		}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		id, pass, _ := r.BasicAuth()
		if id != "alta" || pass != secret || r.FormValue("code") != "good" {
			w.WriteHeader(http.StatusUnauthorized)
			answer(w, map[string]any{"error": "invalid_client"})
			return
		}
		token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
			"iss": srv.URL, "aud": "alta", "sub": "person-1", "email": email, "email_verified": true, "nonce": *nonce,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
		})
		token.Header["kid"] = "1"
		raw, err := token.SignedString(key)
		if err != nil {
			t.Error(err)
		}
		answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": raw})
	})
	return srv.URL
}

// browser sends JSON as a page of the site does, with the cookies it was given.
type browser struct {
	t    *testing.T
	base string
	http http.Client
	jar  map[string]*http.Cookie
}

func (b *browser) do(method, path string, body any, into any) (status int, code string) {
	b.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, bytes.NewReader(raw))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range b.jar {
		req.AddCookie(c)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		// The device's reaches further: a change of one's password keeps the device.
		if !c.HttpOnly || c.Path != "/v1/auth" && (c.Name != "alta-device" || c.Path != auth.DevicePath) {
			b.t.Errorf("cookie %s is for scripts, or for %s", c.Name, c.Path)
		}
		b.jar[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
		}
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	var p struct{ Code string }
	if res.StatusCode >= 400 {
		into = &p
	}
	if err := json.Unmarshal(answer, into); err != nil {
		b.t.Fatalf("%s %s: %s", method, path, answer)
	}
	return res.StatusCode, p.Code
}

func TestStaffLogInThroughTheirIdentityProvider(t *testing.T) {
	nonce := ""
	c := demoConfig(t)
	c.OIDCIssuer = identityProvider(t, "reviewer@demo.alta.example", "its-secret", &nonce)
	c.OIDCClient, c.OIDCName = "alta", "Our directory"
	l, err := net.Listen("tcp", "127.0.0.1:0") // the origin is known before the start
	if err != nil {
		t.Fatal(err)
	}
	c.Listen = l.Addr().String()
	c.Origin = "http://" + c.Listen
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c.OIDCSecretFile = filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(c.OIDCSecretFile, []byte("its-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := start(t, c)
	b := &browser{t: t, base: w.api, jar: map[string]*http.Cookie{}}

	var ways struct{ OIDC struct{ Name string } }
	if status, _ := b.do("GET", "/v1/auth/login", nil, &ways); status != 200 || ways.OIDC.Name != "Our directory" {
		t.Fatal(status, ways)
	}
	begin := func() (state string) {
		t.Helper()
		var to struct{ Location string }
		if status, code := b.do("POST", "/v1/auth/oidc", nil, &to); status != 200 {
			t.Fatal(status, code)
		}
		u, err := url.Parse(to.Location)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if !strings.HasPrefix(to.Location, c.OIDCIssuer+"/auth?") || q.Get("redirect_uri") != c.Origin+"/oidc" || strings.Contains(to.Location, "secret") {
			t.Fatal(to.Location)
		}
		nonce = q.Get("nonce")
		return q.Get("state")
	}
	var session struct {
		AccessToken string `json:"access_token"`
		Account     struct{ Role, Email string }
	}
	// Without the browser that began it, with another state or code: nobody.
	state := begin()
	flow := b.jar
	b.jar = map[string]*http.Cookie{}
	if status, code := b.do("PUT", "/v1/auth/oidc", map[string]string{"state": state, "code": "good"}, &session); status != 401 || code != "oidc" {
		t.Fatal("another browser:", status, code)
	}
	b.jar = flow
	if status, code := b.do("PUT", "/v1/auth/oidc", map[string]string{"state": "x", "code": "good"}, &session); status != 401 || code != "oidc" || len(b.jar) != 0 {
		t.Fatal("another state:", status, code, b.jar)
	}
	begin()
	if status, code := b.do("PUT", "/v1/auth/oidc", map[string]string{"code": "good"}, &session); status != 422 || code != "invalid-body" {
		t.Fatal("no state:", status, code)
	}

	state = begin()
	if status, code := b.do("PUT", "/v1/auth/oidc", map[string]string{"state": state, "code": "good"}, &session); status != 200 {
		t.Fatal(status, code)
	}
	if session.Account.Role != "reviewer" || session.Account.Email != "reviewer@demo.alta.example" || len(b.jar) != 2 { // the session's, the device's
		t.Fatal(session, b.jar)
	}
	// The session goes on as any other.
	if status, code := b.do("POST", "/v1/auth/refresh", nil, &session); status != 200 || session.AccessToken == "" {
		t.Fatal(status, code)
	}
}

func TestAnInstallationWithoutAnIdentityProviderOffersNone(t *testing.T) {
	w := start(t, demoConfig(t))
	b := &browser{t: t, base: w.api, jar: map[string]*http.Cookie{}}
	var ways map[string]any
	if status, _ := b.do("GET", "/v1/auth/login", nil, &ways); status != 200 || len(ways) != 0 {
		t.Fatal(status, ways)
	}
	if status, code := b.do("POST", "/v1/auth/oidc", nil, &ways); status != 401 || code != "oidc" {
		t.Fatal(status, code)
	}
}

func TestAnIdentityProviderIsConfiguredWholeOrNotAtAll(t *testing.T) {
	for _, args := range [][]string{
		{"--oidc-issuer", "https://id.example"},
		{"--oidc-client", "alta"},
		{"--oidc-issuer", "https://id.example", "--oidc-client", "alta"}, // no origin
	} {
		if _, err := parseConfig("serve", args, io.Discard, nil); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
	if _, err := parseConfig("serve", []string{"--oidc-issuer", "https://id.example", "--oidc-client", "alta", "--origin", "https://alta.example"}, io.Discard, nil); err != nil {
		t.Error(err)
	}
}
