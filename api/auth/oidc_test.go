package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"alta/api/auth"
	"alta/domain/account"
)

// provider is a small OpenID provider: it knows one person and checks PKCE.
type provider struct {
	*httptest.Server
	t         *testing.T
	key       *ecdsa.PrivateKey
	now       func() time.Time
	challenge string
	nonce     string
	claims    jwt.MapClaims // replace those of the ID token
}

func newProvider(t *testing.T, now func() time.Time) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, now: now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		public, err := key.PublicKey.Bytes() // 4 | x | y
		if err != nil {
			t.Error(err)
		}
		enc := base64.RawURLEncoding.EncodeToString
		p.answer(w, map[string]any{"keys": []any{map[string]any{
			"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1", "x": enc(public[1:33]), "y": enc(public[33:]),
		}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if r.FormValue("code") != "good" || base64.RawURLEncoding.EncodeToString(sum[:]) != p.challenge {
			w.WriteHeader(http.StatusBadRequest)
			p.answer(w, map[string]any{"error": "invalid_grant"})
			return
		}
		c := jwt.MapClaims{
			"iss": p.URL, "aud": "alta-client", "sub": "person-1", "email": email, "email_verified": true, "nonce": p.nonce,
			"iat": p.now().Unix(), "exp": p.now().Add(time.Minute).Unix(),
		}
		for k, v := range p.claims {
			c[k] = v
		}
		token := jwt.NewWithClaims(jwt.SigningMethodES256, c)
		token.Header["kid"] = "1"
		raw, err := token.SignedString(key)
		if err != nil {
			t.Error(err)
		}
		p.answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": raw})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

// visit does what the browser does at the provider and answers the state that
// it is sent back with.
func (p *provider) visit(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		p.t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("client_id") != "alta-client" || q.Get("redirect_uri") != "https://alta.example/oidc" {
		p.t.Fatalf("%s", location)
	}
	p.challenge, p.nonce = q.Get("code_challenge"), q.Get("nonce")
	return q.Get("state")
}

func TestStaffAreLetInByTheirIdentityProvider(t *testing.T) {
	w := newWorld(t)
	p := newProvider(t, w.clock.now)
	o, err := auth.NewOIDC(auth.OIDCConfig{
		Issuer: p.URL, ClientID: "alta-client", ClientSecret: "s", RedirectURL: "https://alta.example/oidc", Now: w.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := w.node(func(c *auth.Config) { c.OIDC = o })
	id := w.join(s, person(account.Reviewer))
	n := person(account.Merchant)
	n.Email = "shop@example.com"
	w.join(s, n)

	try := func(claims jwt.MapClaims, change func(kept, state, code *string)) (auth.Session, error) {
		t.Helper()
		w.clock.add(time.Minute)
		location, kept, err := s.BeginOIDC(t.Context(), here)
		if err != nil {
			t.Fatal(err)
		}
		p.claims = claims
		state, code := p.visit(location), "good"
		if change != nil {
			change(&kept, &state, &code)
		}
		return s.FinishOIDC(t.Context(), kept, state, code, here)
	}
	for name, c := range map[string]struct {
		claims jwt.MapClaims
		change func(kept, state, code *string)
	}{
		"another state":                     {change: func(_, state, _ *string) { *state += "x" }},
		"another browser":                   {change: func(kept, _, _ *string) { *kept = "" }},
		"a flow that was tampered with":     {change: func(kept, _, _ *string) { *kept = "A" + (*kept)[1:] + "A" }},
		"a code that is no good":            {change: func(_, _, code *string) { *code = "bad" }},
		"somebody who took too long":        {change: func(_, _, _ *string) { w.clock.add(auth.FlowLifetime) }},
		"another nonce":                     {claims: jwt.MapClaims{"nonce": "x"}},
		"a token for another client":        {claims: jwt.MapClaims{"aud": "x"}},
		"a token of another issuer":         {claims: jwt.MapClaims{"iss": "https://evil.test"}},
		"a token that is over":              {claims: jwt.MapClaims{"exp": w.clock.now().Add(-time.Hour).Unix()}},
		"an address that was not confirmed": {claims: jwt.MapClaims{"email_verified": false}},
		"somebody we do not know":           {claims: jwt.MapClaims{"email": "nobody@example.com"}},
		"a merchant":                        {claims: jwt.MapClaims{"email": n.Email}},
	} {
		if _, err := try(c.claims, c.change); err != auth.ErrOIDC {
			t.Errorf("%s: %v", name, err)
		}
	}

	in, err := try(nil, nil)
	if err != nil || in.Account.ID != id || in.MustEnrol {
		t.Fatalf("%+v, %v", in, err)
	}
	w.principal(s, in.AccessToken)
	// The address now belongs to somebody else at the provider.
	_, err = try(jwt.MapClaims{"sub": "person-2"}, nil)
	w.want(err, auth.ErrOIDC)

	promote := account.ChangeRole{Role: account.Lead, By: "admin", At: w.clock.now()}
	if _, err := s.Transact(t.Context(), id, command("promote"), nil, promote.Decide); err != nil {
		t.Fatal(err)
	}
	_, err = try(nil, nil)
	w.want(err, auth.ErrOIDCFactor)
	in, err = try(jwt.MapClaims{"amr": []string{"pwd", "mfa"}}, nil)
	if err != nil || in.MustEnrol {
		t.Fatalf("a lead with a second factor at the provider: %+v, %v", in, err)
	}
}

func TestWithoutAnIdentityProviderThereIsNoSuchLogIn(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	_, _, err := s.BeginOIDC(t.Context(), here)
	w.want(err, auth.ErrOIDC)
	_, err = s.FinishOIDC(t.Context(), "x", "y", "z", here)
	w.want(err, auth.ErrOIDC)
}

func TestAnIdentityProviderThatIsAwayHindersNobodyElse(t *testing.T) {
	w := newWorld(t)
	p := newProvider(t, w.clock.now)
	down := true
	asked := 0
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if asked++; down {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		p.Config.Handler.ServeHTTP(rw, r)
	}))
	defer front.Close()
	p.URL = front.URL // as it calls itself
	o, err := auth.NewOIDC(auth.OIDCConfig{
		Issuer: front.URL, ClientID: "alta-client", RedirectURL: "https://alta.example/oidc", Now: w.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := w.node(func(c *auth.Config) { c.OIDC = o })
	if s.OIDCName() != "127.0.0.1" {
		t.Errorf("it is called %q", s.OIDCName())
	}
	for range 3 { // only the first one waits for it
		_, _, err := s.BeginOIDC(t.Context(), here)
		w.want(err, auth.ErrOIDCAway)
	}
	if asked != 1 {
		t.Errorf("it was asked %d times", asked)
	}
	w.clock.add(time.Minute)
	down = false
	location, kept, err := s.BeginOIDC(t.Context(), here)
	if err != nil || kept == "" || p.visit(location) == "" {
		t.Fatal(location, err)
	}
	for range 10_000 { // nobody makes us seal flows for ever
		if _, _, err = s.BeginOIDC(t.Context(), here); err != nil {
			break
		}
	}
	if limited := (*auth.LimitedError)(nil); !errors.As(err, &limited) {
		t.Errorf("after 10,000 begun log-ins: %v", err)
	}
}

func TestAnIdentityProviderIsReachedOverHTTPSOnly(t *testing.T) {
	for issuer, good := range map[string]bool{
		"https://id.example": true, "http://127.0.0.1:9": true, "http://localhost:9": true,
		"http://id.example": false, "id.example": false, "": false, "ftp://id.example": false,
	} {
		_, err := auth.NewOIDC(auth.OIDCConfig{Issuer: issuer, ClientID: "x", RedirectURL: "https://alta.example/oidc"})
		if (err == nil) != good {
			t.Errorf("%q: %v", issuer, err)
		}
	}
	if _, err := auth.NewOIDC(auth.OIDCConfig{Issuer: "https://id.example", ClientID: "x"}); err == nil {
		t.Error("without an address to come back to")
	}
}
