package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
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
	claims    jwt.MapClaims // replace those of the ID token; nil leaves one out
	userinfo  map[string]any

	unknownKey bool
	keysAsked  int
	down       atomic.Value // what it does not answer, by its path, a string; whoever hangs up synchronises nothing
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
			"jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo",
			"id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { p.answer(w, p.userinfo) })
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.keysAsked++
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
			"iss": p.URL, "aud": "alta-client", "sub": "person-1", "email": email, "email_verified": true, "nonce": p.nonce, "amr": []string{"pwd", "mfa"},
			"iat": p.now().Unix(), "exp": p.now().Add(time.Minute).Unix(),
		}
		for k, v := range p.claims {
			if c[k] = v; v == nil {
				delete(c, k)
			}
		}
		token := jwt.NewWithClaims(jwt.SigningMethodES256, c)
		token.Header["kid"] = "1"
		if p.unknownKey {
			token.Header["kid"] = "2"
		}
		raw, err := token.SignedString(key)
		if err != nil {
			t.Error(err)
		}
		p.answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": raw})
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case p.down.Load() == r.URL.Path:
			w.WriteHeader(http.StatusBadGateway)
		case p.down.Load() == "!"+r.URL.Path: // it hangs up
			panic(http.ErrAbortHandler)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

// login is the way through this provider, with changes to its configuration.
func (p *provider) login(changes ...func(*auth.OIDCConfig)) *auth.OIDC {
	p.t.Helper()
	c := auth.OIDCConfig{Issuer: p.URL, ClientID: "alta-client", ClientSecret: "s", RedirectURL: "https://alta.example/oidc", Now: p.now}
	for _, change := range changes {
		change(&c)
	}
	o, err := auth.NewOIDC(c)
	if err != nil {
		p.t.Fatal(err)
	}
	return o
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
	o := p.login()
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
		if _, err := try(c.claims, c.change); !errors.Is(err, auth.ErrOIDC) {
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

	_, err = try(jwt.MapClaims{"amr": nil}, nil)
	w.want(err, auth.ErrOIDCFactor)
}

// What providers say, and how they say it, decides who is let in; the log says why
// somebody was not.
// The node that the person comes back to has not heard of the key with which another
// one has sealed the way there.
func TestAfterARotationEveryNodeTakesWhatAnotherOneMadeAtOnce(t *testing.T) {
	w := newWorld(t)
	p := newProvider(t, w.clock.now)
	o := p.login()
	path := filepath.Join(t.TempDir(), "keys.json")
	var keys [2]*auth.Keys
	var nodes [2]*auth.Service
	for i := range nodes {
		keys[i] = w.openKeys(path)
		nodes[i] = w.node(func(c *auth.Config) { c.OIDC, c.Keys = o, keys[i] })
	}
	w.join(nodes[0], person(account.Reviewer))
	for range 3 { // and the next rotation may come in the same second
		if err := keys[0].Rotate(w.clock.now()); err != nil {
			t.Fatal(err)
		}
		location, kept, err := nodes[0].BeginOIDC(t.Context(), here)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nodes[1].FinishOIDC(t.Context(), kept, p.visit(location), "good", here); err != nil {
			t.Fatal(err)
		}
		// What a stranger sends in between does not keep the node from looking again.
		if err := keys[0].Rotate(w.clock.now()); err != nil {
			t.Fatal(err)
		}
		if _, err := nodes[1].Refresh(t.Context(), strings.Repeat("A", 90), here); err == nil {
			t.Fatal("a made-up token was taken")
		}
		w.principal(nodes[1], w.login(nodes[0]).AccessToken)
	}
}

func TestIdentityProvidersAsTheyAre(t *testing.T) {
	w := newWorld(t)
	p := newProvider(t, w.clock.now)
	var out bytes.Buffer
	node := func(trust bool) *auth.Service {
		o := p.login(func(c *auth.OIDCConfig) { c.TrustEmail, c.StrongACR = trust, []string{"urn:two"} })
		return w.node(func(c *auth.Config) { c.OIDC, c.Logger = o, slog.New(slog.NewTextHandler(&out, nil)) })
	}
	strict, trusting := node(false), node(true)
	w.join(strict, person(account.Reviewer))
	now := func(d time.Duration) int64 { return w.clock.now().Add(time.Minute + d).Unix() }
	for name, c := range map[string]struct {
		claims   jwt.MapClaims
		userinfo map[string]any
		trust    bool
		key      bool
		reason   string // of the log; "" is let in
	}{
		"verified":                                  {},
		"verified, as a string":                     {claims: jwt.MapClaims{"email_verified": "true"}},
		"not verified, as a string":                 {claims: jwt.MapClaims{"email_verified": "false"}, reason: "email-unverified"},
		"not said to be verified":                   {claims: jwt.MapClaims{"email_verified": nil}, reason: "email-verified-missing"},
		"not said to be verified, by one trusted":   {claims: jwt.MapClaims{"email_verified": nil}, trust: true},
		"said not to be verified, by one trusted":   {claims: jwt.MapClaims{"email_verified": false}, trust: true, reason: "email-unverified"},
		"no address":                                {claims: jwt.MapClaims{"email": nil}, trust: true, reason: "email-missing"},
		"an address at userinfo only":               {claims: jwt.MapClaims{"email": nil, "email_verified": nil}, userinfo: map[string]any{"sub": "person-1", "email": email, "email_verified": true}},
		"userinfo about another person":             {claims: jwt.MapClaims{"email": nil, "email_verified": nil}, userinfo: map[string]any{"sub": "person-2", "email": email, "email_verified": true}, reason: "email-missing"},
		"userinfo that vouches for another address": {claims: jwt.MapClaims{"email_verified": nil}, userinfo: map[string]any{"sub": "person-1", "email": "x@example.com", "email_verified": true}, reason: "email-verified-missing"},
		"no methods":                                {claims: jwt.MapClaims{"amr": nil}, reason: "second-factor-missing"},
		"a password alone":                          {claims: jwt.MapClaims{"amr": []string{"pwd"}}, reason: "second-factor-missing"},
		"a method without the list around it":       {claims: jwt.MapClaims{"amr": "mfa"}},
		"a passkey with a PIN":                      {claims: jwt.MapClaims{"amr": []string{"swk", "user", "pin"}}},
		"a passkey without one":                     {claims: jwt.MapClaims{"amr": []string{"swk", "user"}}, reason: "second-factor-missing"},
		"a context that stands for two factors":     {claims: jwt.MapClaims{"amr": nil, "acr": "urn:two"}},
		"another context":                           {claims: jwt.MapClaims{"amr": nil, "acr": "urn:one"}, reason: "second-factor-missing"},
		"the audience as a list":                    {claims: jwt.MapClaims{"aud": []string{"alta-client"}, "azp": "alta-client"}},
		"another audience beside ours":              {claims: jwt.MapClaims{"aud": []string{"alta-client", "other"}, "azp": "other"}, reason: "audience-other"},
		"another audience, though issued to us":     {claims: jwt.MapClaims{"aud": []string{"alta-client", "other"}, "azp": "alta-client"}, reason: "audience-other"},
		"issued to another party":                   {claims: jwt.MapClaims{"azp": "other"}, reason: "authorised-party"},
		"for another client":                        {claims: jwt.MapClaims{"aud": "other"}, reason: "audience"},
		"of another issuer":                         {claims: jwt.MapClaims{"iss": p.URL + "/"}, reason: "issuer"},
		"another nonce":                             {claims: jwt.MapClaims{"nonce": "x"}, reason: "nonce"},
		"a clock a little slow":                     {claims: jwt.MapClaims{"exp": now(-30 * time.Second)}},
		"over":                                      {claims: jwt.MapClaims{"exp": now(-2 * time.Minute)}, reason: "expired"},
		"a clock a little fast":                     {claims: jwt.MapClaims{"iat": now(30 * time.Second)}},
		"issued tomorrow":                           {claims: jwt.MapClaims{"iat": now(24 * time.Hour), "exp": now(25 * time.Hour)}, reason: "issued-in-the-future"},
		"a time with a fraction":                    {claims: jwt.MapClaims{"iat": float64(now(0)) + 0.5}},
		"signed with a key that is not published":   {key: true, reason: "signature"},
		"somebody we do not know":                   {claims: jwt.MapClaims{"email": "nobody@example.com"}, reason: "account-unknown"},
	} {
		s := strict
		if c.trust {
			s = trusting
		}
		start := w.clock.now()
		w.clock.add(time.Minute)
		location, kept, err := s.BeginOIDC(t.Context(), here)
		if err != nil {
			t.Fatal(err)
		}
		p.claims, p.userinfo, p.unknownKey = c.claims, c.userinfo, c.key
		out.Reset()
		_, err = s.FinishOIDC(t.Context(), kept, p.visit(location), "good", here)
		w.clock.add(start.Sub(w.clock.now())) // so that the cases do not depend on their order
		switch line := strings.TrimSpace(out.String()); {
		case c.reason == "" && err != nil:
			t.Errorf("%s: %v, %s", name, err, line)
		case c.reason != "" && !errors.Is(err, auth.ErrOIDC) && !errors.Is(err, auth.ErrOIDCFactor):
			t.Errorf("%s: let in: %v", name, err)
		case c.reason != "" && (!strings.HasSuffix(line, "reason="+c.reason) || strings.Count(line, "\n") > 0 || strings.Contains(line, "@")):
			t.Errorf("%s: the log says %q", name, line)
		}
	}
}

// Whoever comes back while the provider does not answer has not been refused by it.
func TestAProviderThatDoesNotAnswerHasRefusedNobody(t *testing.T) {
	for _, path := range []string{"/token", "/keys", "/userinfo"} {
		for _, how := range []string{"", "!"} {
			t.Run(how+path, func(t *testing.T) {
				w := newWorld(t)
				p := newProvider(t, w.clock.now)
				var out bytes.Buffer
				o := p.login()
				s := w.node(func(c *auth.Config) { c.OIDC, c.Logger = o, slog.New(slog.NewTextHandler(&out, nil)) })
				w.join(s, person(account.Reviewer))
				p.claims, p.userinfo = jwt.MapClaims{"email": nil, "email_verified": nil}, map[string]any{"sub": "person-1", "email": email, "email_verified": true}
				location, kept, err := s.BeginOIDC(t.Context(), here)
				if err != nil {
					t.Fatal(err)
				}
				out.Reset()
				p.down.Store(how + path)
				_, err = s.FinishOIDC(t.Context(), kept, p.visit(location), "good", here)
				if !errors.Is(err, auth.ErrOIDCAway) || errors.Is(err, auth.ErrOIDC) || !strings.Contains(out.String(), "code=oidc-unavailable") {
					t.Errorf("%v, and the log says %s", err, out.String())
				}
				p.down.Store("")
				if _, err := s.FinishOIDC(t.Context(), kept, p.visit(location), "good", here); err != nil {
					t.Errorf("once it answers: %v", err)
				}
			})
		}
	}
}

func TestUnknownKeysMakeTheProviderBeAskedSeldom(t *testing.T) {
	w := newWorld(t)
	p := newProvider(t, w.clock.now)
	o := p.login()
	s := w.node(func(c *auth.Config) { c.OIDC = o })
	w.join(s, person(account.Reviewer))
	p.unknownKey = true
	for range 30 {
		location, kept, err := s.BeginOIDC(t.Context(), here)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.FinishOIDC(t.Context(), kept, p.visit(location), "good", here)
		w.want(err, auth.ErrOIDC)
	}
	if p.keysAsked > 5 {
		t.Errorf("the keys were fetched %d times", p.keysAsked)
	}
	p.unknownKey = false
	w.clock.add(time.Minute)
	location, kept, err := s.BeginOIDC(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.FinishOIDC(t.Context(), kept, p.visit(location), "good", here); err != nil {
		t.Errorf("a known key: %v", err)
	}
}

func TestWhoCameFromTheProviderProvesPresenceThere(t *testing.T) {
	w := newWorld(t)
	p := newProvider(t, w.clock.now)
	o := p.login()
	s := w.node(func(c *auth.Config) { c.OIDC = o })
	w.join(s, person(account.Lead))
	location, kept, err := s.BeginOIDC(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.FinishOIDC(t.Context(), kept, p.visit(location), "good", here)
	if err != nil || in.Account.StepUp != auth.WayOIDC {
		t.Fatalf("%+v, %v", in, err)
	}
	who := w.principal(s, in.AccessToken)
	_, err = s.StepUp(t.Context(), who, auth.StepUpRequest{Purpose: account.StepUpUnmask, Password: password, Caller: here})
	w.want(err, account.ErrStepUpOther)
	again := func(claims jwt.MapClaims) (auth.Proof, error) {
		location, kept, err := s.BeginOIDCStepUp(t.Context(), who, account.StepUpUnmask, here)
		if err != nil {
			t.Fatal(err)
		}
		if u, _ := url.Parse(location); u.Query().Get("prompt") != "login" || u.Query().Get("max_age") != "0" {
			t.Fatalf("the provider would not ask again: %s", location)
		}
		p.claims = claims
		state := p.visit(location)
		if _, err := s.FinishOIDC(t.Context(), kept, state, "good", here); !errors.Is(err, auth.ErrOIDC) {
			t.Errorf("a proof of presence began a session: %v", err)
		}
		return s.FinishOIDCStepUp(t.Context(), who, kept, state, "good", here)
	}
	for name, claims := range map[string]jwt.MapClaims{
		"without the time":   {},
		"of an hour ago":     {"auth_time": w.clock.now().Add(-time.Hour).Unix()},
		"by another person":  {"auth_time": w.clock.now().Unix(), "sub": "person-2"},
		"by a password only": {"auth_time": w.clock.now().Unix(), "amr": []string{"pwd"}},
	} {
		if _, err := again(claims); err == nil {
			t.Errorf("a log-in there %s proves presence", name)
		}
	}
	proof, err := again(jwt.MapClaims{"auth_time": w.clock.now().Unix()})
	if err != nil || s.CheckProof(who, account.StepUpUnmask, proof.Token) != nil {
		t.Fatal(err)
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
	o := p.login()
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
