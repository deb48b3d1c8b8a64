package auth_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"alta/api/auth"
	"alta/domain/account"
)

// keyFile is the file as it lies on the disk.
type keyFile struct {
	Keys []struct {
		ID   string `json:"id"`
		Seed []byte `json:"seed"`
	} `json:"keys"`
}

func readKeys(t *testing.T, path string) keyFile {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var f keyFile
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestATokenThatIsNotExactlyOursIsRefused(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "keys.json")
	keys := w.openKeys(path)
	w.keys = keys
	s := w.node()
	id := w.join(s, person(account.Merchant))
	in := w.login(s)
	file := readKeys(t, path)
	private := ed25519.NewKeyFromSeed(file.Keys[0].Seed)
	now := w.clock.now()

	good := func() (jwt.MapClaims, map[string]any) {
		return jwt.MapClaims{
				"iss": "alta", "aud": []string{"alta"}, "sub": id, "sid": in.ID, "role": "merchant", "org": id,
				"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
			}, map[string]any{
				"typ": "at+jwt", "kid": file.Keys[0].ID,
			}
	}
	sign := func(method jwt.SigningMethod, key any, change func(c jwt.MapClaims, h map[string]any)) string {
		c, h := good()
		if change != nil {
			change(c, h)
		}
		token := jwt.NewWithClaims(method, c)
		for k, v := range h {
			token.Header[k] = v
		}
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ours := func(change func(c jwt.MapClaims, h map[string]any)) string {
		return sign(jwt.SigningMethodEdDSA, private, change)
	}
	if _, err := s.Authenticate(t.Context(), ours(nil)); err != nil {
		t.Fatalf("the control must pass: %v", err)
	}
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"nothing":                              "",
		"noise":                                "a.b.c",
		"unsigned":                             sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"our public key as a secret":           sign(jwt.SigningMethodHS256, []byte(private.Public().(ed25519.PublicKey)), nil),
		"another key under our key's id":       sign(jwt.SigningMethodEdDSA, stranger, nil),
		"an extension that must be understood": ours(func(_ jwt.MapClaims, h map[string]any) { h["crit"], h["exp"] = []string{"exp"}, 1 }),
		"another kind of token":                ours(func(_ jwt.MapClaims, h map[string]any) { h["typ"] = "JWT" }),
		"an unknown key":                       ours(func(_ jwt.MapClaims, h map[string]any) { h["kid"] = "x" }),
		"another issuer":                       ours(func(c jwt.MapClaims, _ map[string]any) { c["iss"] = "beta" }),
		"another audience":                     ours(func(c jwt.MapClaims, _ map[string]any) { c["aud"] = "beta" }),
		"expired":                              ours(func(c jwt.MapClaims, _ map[string]any) { c["exp"] = now.Add(-6 * time.Second).Unix() }),
		"without an end":                       ours(func(c jwt.MapClaims, _ map[string]any) { delete(c, "exp") }),
		"issued in the future":                 ours(func(c jwt.MapClaims, _ map[string]any) { c["iat"] = now.Add(time.Minute).Unix() }),
		"a role that the account has not":      ours(func(c jwt.MapClaims, _ map[string]any) { c["role"] = "admin" }),
		"another organisation":                 ours(func(c jwt.MapClaims, _ map[string]any) { c["org"] = "x" }),
		"another person's session":             ours(func(c jwt.MapClaims, _ map[string]any) { c["sub"] = "0b9f5a52-6f4f-4d7c-9a53-6f3f6a3d1a01" }),
		"a session that never was":             ours(func(c jwt.MapClaims, _ map[string]any) { c["sid"] = id }),
		"a refresh token":                      in.RefreshToken,
		"cut short":                            in.AccessToken[:len(in.AccessToken)-1],
		"two megabytes":                        strings.Repeat("a", 2<<20),
	} {
		if _, err := s.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAccessTokenNamesNobody(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	part := strings.Split(w.login(s).AccessToken, ".")[1]
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.ToLower(string(b)); strings.Contains(text, "ann") || strings.Contains(text, "@") {
		t.Fatalf("%s", b)
	}
}

func TestARotationOfTheKeysLogsNobodyOut(t *testing.T) {
	w := newWorld(t)
	s := w.node()
	w.join(s, person(account.Merchant))
	in := w.login(s)
	w.clock.add(time.Minute)
	if err := w.keys.Rotate(w.clock.now()); err != nil {
		t.Fatal(err)
	}
	w.principal(s, in.AccessToken)
	next, err := s.Refresh(t.Context(), in.RefreshToken, here)
	if err != nil {
		t.Fatal(err)
	}
	w.principal(s, next.AccessToken)
	if kid(t, next.AccessToken) == kid(t, in.AccessToken) {
		t.Fatal("the new key is not used")
	}
	again, err := s.Refresh(t.Context(), in.RefreshToken, here) // within the grace, across keys
	if err != nil || again.RefreshToken != next.RefreshToken {
		t.Fatalf("%v", err)
	}
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal(w.keys.JWKS(), &set); err != nil || len(set.Keys) != 2 || set.Keys[0]["crv"] != "Ed25519" || set.Keys[0]["d"] != "" {
		t.Fatalf("%v, %v", set, err)
	}
}

func TestANodeFindsTheKeyThatAnotherNodeMade(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "keys.json")
	first, second := w.openKeys(path), w.openKeys(path)
	a := w.node(func(c *auth.Config) { c.Keys = first })
	b := w.node(func(c *auth.Config) { c.Keys = second })
	w.join(a, person(account.Merchant))
	for range 3 {
		w.clock.add(31 * 24 * time.Hour)
		if err := first.Maintain(w.clock.now()); err != nil {
			t.Fatal(err)
		}
		in := w.login(a)
		w.principal(b, in.AccessToken)
		if _, err := b.Refresh(t.Context(), in.RefreshToken, here); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.Maintain(w.clock.now()); err != nil {
		t.Fatal(err)
	}
	if n := len(readKeys(t, path).Keys); n != 4 {
		t.Fatalf("%d keys after three months", n)
	}
}

// While a node cannot read the key file, what another node made with a new key is
// neither refused nor over: nobody is logged out, and no letter is given up.
func TestAKeyThatCannotBeReadIsNotOneThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "keys.json")
	first, second := w.openKeys(path), w.openKeys(path)
	p := newProvider(t, w.clock.now)
	o := p.login()
	a := w.node(func(c *auth.Config) { c.Keys, c.OIDC = first, o })
	b := w.node(func(c *auth.Config) { c.Keys, c.OIDC = second, o })
	w.join(a, person(account.Reviewer))
	w.clock.add(time.Minute)
	if err := first.Rotate(w.clock.now()); err != nil {
		t.Fatal(err)
	}
	location, kept, err := a.BeginOIDC(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	in, err := a.FinishOIDC(t.Context(), kept, p.visit(location), "good", here)
	if err != nil {
		t.Fatal(err)
	}
	who := w.principal(a, in.AccessToken)
	if err := a.RequestLink(t.Context(), email, here); err != nil {
		t.Fatal(err)
	}
	a.Close() // the link is issued by then
	var link account.LinkIssued
	for r, err := range w.log.ReadStream(t.Context(), account.Category+"-"+who.Account, 0, 1000) {
		if err != nil {
			t.Fatal(err)
		}
		if e, err := account.Decode(r.Type, r.Data, nil); err != nil {
			t.Fatal(err)
		} else if e, ok := e.(account.LinkIssued); ok {
			link = e
		}
	}
	token, err := a.LinkToken(t.Context(), who.Account, link.Link)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]func() error{
		"a request": func() error { _, err := b.Authenticate(t.Context(), in.AccessToken); return err },
		"a log-in": func() error {
			_, err := b.Login(t.Context(), auth.LoginRequest{Email: email, Password: password, Caller: auth.Caller{IP: here.IP, Device: in.Device}})
			return err
		},
		"a letter":    func() error { _, err := b.LinkToken(t.Context(), who.Account, link.Link); return err },
		"a link":      func() error { return b.Activate(t.Context(), token, password, here) },
		"coming back": func() error { _, err := b.FinishOIDC(t.Context(), kept, p.visit(location), "good", here); return err },
		"a proof": func() error {
			return b.CheckProof(who, account.StepUpUnmask, base64.RawURLEncoding.EncodeToString(make([]byte, 40)))
		},
		"a refreshing":  func() error { _, err := b.Refresh(t.Context(), in.RefreshToken, here); return err },
		"a logging-out": func() error { return b.Logout(t.Context(), in.RefreshToken) },
	}
	away := path + ".away"
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	for name, ask := range asked {
		if err := ask(); !errors.Is(err, auth.ErrKeysAway) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Rename(away, path); err != nil {
		t.Fatal(err)
	}
	w.principal(b, in.AccessToken)
	if _, err := b.LinkToken(t.Context(), who.Account, link.Link); err != nil {
		t.Error(err)
	}
	if err := b.Logout(t.Context(), in.RefreshToken); err != nil {
		t.Error(err)
	}
	if _, err := b.Authenticate(t.Context(), in.AccessToken); !errors.Is(err, auth.ErrToken) {
		t.Errorf("after logging out: %v", err)
	}
}

func kid(t *testing.T, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header["kid"].(string)
}

func TestTheKeyFileIsItsOwnersAlone(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "keys.json")
	keys, err := auth.OpenKeys(path, now)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	for range 20 { // at one moment: the order must hold all the same
		if err := keys.Rotate(now); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(readKeys(t, path).Keys); n != 13 {
		t.Fatalf("%d keys kept", n)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys-*")); err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.OpenKeys(path, now); !errors.Is(err, auth.ErrKeyFile) || !strings.Contains(err.Error(), "0640") {
		t.Fatalf("readable by the group: %v", err)
	}
	for _, damaged := range []string{"", "{}", `{"keys":[{"id":"a","seed":"AA==","secret":"AA=="}]}`, `{"keys":[`} {
		if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte(damaged), 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := auth.OpenKeys(path, now); !errors.Is(err, auth.ErrKeyFile) {
			t.Fatalf("%q: %v", damaged, err)
		}
	}
}

func TestTheRefreshCookieIsReadByNoScriptAndSentByNoOtherSite(t *testing.T) {
	until := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	c := auth.RefreshCookie("t", until, true)
	if c.Name != "__Secure-alta-refresh" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != auth.CookiePath || c.Domain != "" {
		t.Fatalf("%+v", c)
	}
	if plain := auth.RefreshCookie("t", until, false); plain.Secure || strings.HasPrefix(plain.Name, "__") {
		t.Fatalf("over plain http: %+v", plain)
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/auth/refresh", nil)
	r.AddCookie(c)
	if auth.CookieToken(r, true) != "t" || auth.CookieToken(r, false) != "" {
		t.Fatal("the cookie is not read back")
	}
	if gone := auth.ClearCookie(true); gone.MaxAge >= 0 || gone.Name != c.Name || gone.Path != c.Path {
		t.Fatalf("%+v", gone)
	}
}

func TestSessionsAreGivenOverHTTPSOrOnThisMachine(t *testing.T) {
	for url, want := range map[string]error{
		"https://alta.example/":       nil,
		"http://localhost:8080/":      nil,
		"http://127.0.0.1:8080/":      nil,
		"http://[::1]:8080/":          nil,
		"http://alta.localhost/":      nil,
		"http://alta.example/":        auth.ErrPlainHTTP,
		"http://192.168.1.5:8080/":    auth.ErrPlainHTTP,
		"http://localhost.evil.test/": auth.ErrPlainHTTP,
	} {
		https, err := auth.Over(httptest.NewRequest(http.MethodPost, url, nil), false)
		if !errors.Is(err, want) || want == nil && err != nil || https != strings.HasPrefix(url, "https") {
			t.Errorf("%s: %v, %v", url, https, err)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "http://alta.example/", nil)
	r.Header.Set("X-Forwarded-Proto", "https")
	if https, err := auth.Over(r, true); !https || err != nil {
		t.Errorf("behind a trusted proxy: %v, %v", https, err)
	}
	if _, err := auth.Over(r, false); err == nil {
		t.Error("a header that anybody can send was believed")
	}
}

// What a caller writes into the header counts for nothing: limits and records would
// be about an address of the caller's choice.
func TestAnAddressIsWhatTheConnectionOrTheTrustedProxySays(t *testing.T) {
	for _, x := range []struct {
		told  []string
		trust bool
		want  string
	}{
		{nil, false, "192.0.2.1"},
		{nil, true, "192.0.2.1"},
		{[]string{"203.0.113.7"}, false, "192.0.2.1"},
		{[]string{"203.0.113.7"}, true, "203.0.113.7"},
		{[]string{"10.0.0.1, 203.0.113.7"}, true, "203.0.113.7"},
		{[]string{"10.0.0.1", "::1,203.0.113.7 "}, true, "203.0.113.7"},
		{[]string{"2001:db8::1"}, true, "2001:db8::1"},
		{[]string{"203.0.113.7, nonsense"}, true, "192.0.2.1"},
		{[]string{""}, true, "192.0.2.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil) // from 192.0.2.1
		for _, v := range x.told {
			r.Header.Add("X-Forwarded-For", v)
		}
		if got := auth.Address(r, x.trust); got != x.want {
			t.Errorf("%q, trusted %v: %s, want %s", x.told, x.trust, got, x.want)
		}
	}
}

func TestACookieIsNotUsedByAnotherSite(t *testing.T) {
	for name, c := range map[string]struct {
		site, origin string
		want         error
	}{
		"our own page":                     {site: "same-origin"},
		"a page of a neighbouring host":    {site: "same-site", want: auth.ErrOrigin},
		"another site":                     {site: "cross-site", want: auth.ErrOrigin},
		"typed by the user":                {site: "none", want: auth.ErrOrigin},
		"an old browser, our own page":     {origin: "http://alta.example"},
		"an old browser, another site":     {origin: "https://evil.test", want: auth.ErrOrigin},
		"an old browser, a sandboxed page": {origin: "null", want: auth.ErrOrigin},
		"a program":                        {},
	} {
		r := httptest.NewRequest(http.MethodPost, "http://alta.example/v1/auth/refresh", nil)
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if err := auth.CheckSite(r); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
