package auth

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"alta/domain/account"
	"alta/domain/personal"
)

// OIDC is the staff's identity provider (OpenID Connect, authorisation code flow
// with PKCE). People are let in by it; they are made staff in Alta.
//
// The provider is asked for its configuration when the first person comes, and
// that is kept. While it cannot be reached, passwords go on working.
type OIDC struct {
	cfg OIDCConfig

	mu     sync.Mutex
	found  *provider
	failed time.Time // when it last could not be reached
}

// OIDCConfig is what the provider's administrator hands out.
type OIDCConfig struct {
	Issuer       string // https, or plain http on this machine
	ClientID     string
	ClientSecret string
	RedirectURL  string // of the SPA's page that finishes the log-in
	Name         string // what people call it, for the button; default: the issuer's host
	// TrustEmail takes the provider's word for an address of which it does not say
	// that it was verified. It is for a provider whose addresses its own
	// administrator hands out.
	TrustEmail bool
	// StrongACR are the authentication contexts that count as two factors where the
	// provider names one instead of the methods.
	StrongACR []string
	Client    *http.Client     // default: one with a 10-second limit
	Now       func() time.Time // default: time.Now
}

// ErrOIDCAway: the identity provider cannot be reached. It is 503.
var ErrOIDCAway = errors.New("auth: the identity provider cannot be reached")

// provider is what it said about itself.
type provider struct {
	issuer   string
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	found    *oidc.Provider
	client   *http.Client
	now      func() time.Time
	clientID string
}

// NewOIDC checks the configuration. It asks nobody.
func NewOIDC(cfg OIDCConfig) (*OIDC, error) {
	u, err := url.Parse(cfg.Issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Host)) {
		return nil, fmt.Errorf("auth: the issuer of the identity provider must be an https address")
	}
	if cfg.ClientID == "" || cfg.RedirectURL == "" {
		return nil, fmt.Errorf("auth: the identity provider needs a client id and an address to come back to")
	}
	cfg.Name = cmp.Or(cfg.Name, u.Hostname())
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &OIDC{cfg: cfg}, nil
}

// tryAgain is how long a provider that could not be reached is left alone, so that
// the people who try meanwhile are told at once.
const tryAgain = 5 * time.Second

// provider answers what the identity provider says about itself.
func (o *OIDC) provider(ctx context.Context) (*provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.found != nil {
		return o.found, nil
	}
	if now := o.cfg.Now(); now.Sub(o.failed) < tryAgain && !now.Before(o.failed) {
		return nil, ErrOIDCAway
	}
	// One caller who gives up must not end the question of all. The verifier fetches
	// keys through the same client, at most keyFetches times within keyRest.
	client := &http.Client{Timeout: o.cfg.Client.Timeout, Transport: &rationed{next: o.cfg.Client.Transport, now: o.cfg.Now}}
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), client)
	found, err := oidc.NewProvider(ctx, o.cfg.Issuer)
	var about struct {
		Keys string   `json:"jwks_uri"`
		Auth []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err == nil {
		err = found.Claims(&about)
	}
	if err != nil {
		o.failed = o.cfg.Now()
		return nil, fmt.Errorf("%w: %w", ErrOIDCAway, err)
	}
	client.Transport.(*rationed).address = about.Keys
	endpoint := found.Endpoint()
	endpoint.AuthStyle = authStyle(o.cfg.ClientSecret, about.Auth)
	o.found = &provider{
		issuer: o.cfg.Issuer, client: o.cfg.Client, found: found,
		oauth: oauth2.Config{
			ClientID: o.cfg.ClientID, ClientSecret: o.cfg.ClientSecret, RedirectURL: o.cfg.RedirectURL,
			Endpoint: endpoint, Scopes: []string{oidc.ScopeOpenID, "email"},
		},
		// The verifier checks issuer, signature and audience; identity.invalid checks
		// the times and the rest.
		verifier: found.VerifierContext(ctx, &oidc.Config{
			ClientID: o.cfg.ClientID, Now: o.cfg.Now, SkipExpiryCheck: true, SupportedSigningAlgs: oidcAlgorithms,
		}),
		now: o.cfg.Now, clientID: o.cfg.ClientID,
	}
	return o.found, nil
}

// OIDCName is what people call the identity provider; empty where there is none.
func (s *Service) OIDCName() string {
	if s.oidc == nil {
		return ""
	}
	return s.oidc.cfg.Name
}

// flow is what has to be remembered between leaving for the provider and coming
// back. It travels in a cookie of the same browser, sealed, so that no node has
// to remember it.
type flow struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Expires  time.Time `json:"expires"`
	// Of a proof of presence; empty for a log-in.
	Session string         `json:"session,omitempty"`
	Purpose account.StepUp `json:"purpose,omitempty"`
}

// stepUpState begins the state of a proof of presence.
const stepUpState = "step-up."

// FlowLifetime is how long somebody may take at the identity provider.
const FlowLifetime = 10 * time.Minute

// BeginOIDC answers where to send the browser and what to keep in it until it
// comes back: an HttpOnly cookie for FlowLifetime, with SameSite=Lax, since the
// way back comes from another site.
//
// ErrOIDC where there is no identity provider, ErrOIDCAway while it cannot be
// reached.
func (s *Service) BeginOIDC(ctx context.Context, from Caller) (location, kept string, err error) {
	return s.beginFlow(ctx, from, flow{})
}

// BeginOIDCStepUp sends somebody who logged in through the identity provider back
// there, to prove that she is present. FinishOIDCStepUp answers the proof.
func (s *Service) BeginOIDCStepUp(ctx context.Context, p Principal, purpose account.StepUp, from Caller) (location, kept string, err error) {
	if p.Session == "" {
		return "", "", ErrStepUpPerson
	}
	// The provider has to ask the person again, and to say when she answered.
	return s.beginFlow(ctx, from, flow{Session: p.Session, Purpose: purpose},
		oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
}

func (s *Service) beginFlow(ctx context.Context, from Caller, f flow, options ...oauth2.AuthCodeOption) (location, kept string, err error) {
	if s.oidc == nil {
		return "", "", ErrOIDC
	}
	if err := s.limited(ctx, attempt{"oidc-begin:" + s.addressKey(from.IP), limitAddress}); err != nil {
		return "", "", err
	}
	p, err := s.oidc.provider(ctx)
	if err != nil {
		return "", "", err
	}
	f.State = rand.Text()
	if f.Session != "" {
		f.State = stepUpState + f.State // by which the page knows what it is the end of
	}
	f.Nonce, f.Verifier, f.Expires = rand.Text(), oauth2.GenerateVerifier(), s.now().Add(FlowLifetime)
	if kept, err = s.sealFlow(f); err != nil {
		return "", "", err
	}
	return p.oauth.AuthCodeURL(f.State, append(options, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier))...), kept, nil
}

// FinishOIDC checks what the provider sent the browser back with and starts a
// session for the staff member with that e-mail address. ErrOIDC for everything
// that does not hold, without saying what; ErrOIDCFactor where the role needs a
// second factor and the provider did not ask for one. The log says what it was.
func (s *Service) FinishOIDC(ctx context.Context, kept, state, code string, from Caller) (Session, error) {
	var owner string
	session, err := s.finishOIDC(ctx, kept, state, code, from, &owner)
	s.note(ctx, "log-in through the identity provider", from, owner, err)
	return session, err
}

func (s *Service) finishOIDC(ctx context.Context, kept, state, code string, from Caller, owner *string) (Session, error) {
	who, f, err := s.identified(ctx, kept, state, code, from)
	if err != nil {
		return Session{}, err
	}
	if f.Session != "" {
		return Session{}, because(ErrOIDC, "flow-purpose")
	}
	email, err := who.address(s.oidc.cfg.TrustEmail)
	if err != nil {
		return Session{}, err
	}
	st, err := s.byEmail(ctx, email)
	if err != nil {
		return Session{}, err
	}
	*owner = st.ID
	if who.Verified == nil {
		s.log.InfoContext(ctx, "the identity provider does not say that the address was verified; it is trusted", "account", st.ID, "request", from.Request)
	}
	switch {
	case st.Status == "":
		return Session{}, because(ErrOIDC, "account-unknown")
	case !st.Role.Staff():
		return Session{}, because(ErrOIDC, "account-not-staff")
	case st.Status != account.StatusActive:
		return Session{}, because(ErrOIDC, "account-"+string(st.Status))
	}
	strong := who.strong(s.oidc.cfg.StrongACR)
	if st.Role.NeedsSecondFactor() && !strong && !(s.demo && st.Demo) {
		return Session{}, because(ErrOIDCFactor, "second-factor-missing")
	}
	session, err := s.start(ctx, st, from, func(st account.State, c account.StartSession) ([]account.Event, error) {
		linked, err := account.LinkOIDC{Issuer: s.oidc.cfg.Issuer, Subject: personal.New(who.Subject), At: c.At}.Decide(st)
		if err != nil {
			return nil, err
		}
		for _, e := range linked {
			st = account.Evolve(st, e)
		}
		c.Method, c.SecondFactor = account.ByOIDC, strong
		started, err := c.Decide(st)
		return append(linked, started...), err
	})
	var r *account.Refusal
	if errors.As(err, &r) {
		return Session{}, because(ErrOIDC, r.Code)
	}
	return session, err
}

// FinishOIDCStepUp checks what the provider sent the browser back with and answers
// a proof of presence: the same person logged in there just now, with as many
// factors as her role needs.
func (s *Service) FinishOIDCStepUp(ctx context.Context, p Principal, kept, state, code string, from Caller) (Proof, error) {
	proof, err := s.finishStepUp(ctx, p, kept, state, code, from)
	s.note(ctx, "step-up", from, p.Account, err)
	return proof, forbidden(err)
}

func (s *Service) finishStepUp(ctx context.Context, p Principal, kept, state, code string, from Caller) (Proof, error) {
	if p.Session == "" {
		return Proof{}, ErrStepUpPerson
	}
	who, f, err := s.identified(ctx, kept, state, code, from)
	if err != nil {
		return Proof{}, err
	}
	now := s.now()
	at := time.Unix(who.AuthTime, 0)
	switch {
	case f.Session != p.Session:
		return Proof{}, because(ErrOIDC, "flow-purpose")
	case who.AuthTime == 0:
		return Proof{}, because(ErrOIDC, "auth-time-missing")
	case now.Sub(at) > account.StepUpLifetime || at.Sub(now) > oidcSkew:
		return Proof{}, because(ErrOIDC, "auth-time-old")
	}
	strong := who.strong(s.oidc.cfg.StrongACR)
	c := account.ProvePresence{Session: p.Session, Purpose: f.Purpose, Method: account.ByOIDC, At: now}
	_, err = s.Transact(ctx, p.Account, p.Command("step up"), nil, func(st account.State) ([]account.Event, error) {
		if st.OIDCIssuer != s.oidc.cfg.Issuer || st.OIDC != personal.New(who.Subject) {
			return nil, because(ErrOIDC, "other-person")
		}
		if st.Role.NeedsSecondFactor() && !strong && !(s.demo && st.Demo) {
			return nil, because(ErrOIDCFactor, "second-factor-missing")
		}
		return c.Decide(st)
	})
	if err != nil {
		return Proof{}, err
	}
	return s.proof(p, f.Purpose, now.Add(account.StepUpLifetime)), nil
}

// identified opens the flow that the browser kept and asks the provider who it is.
func (s *Service) identified(ctx context.Context, kept, state, code string, from Caller) (identity, flow, error) {
	if err := s.limited(ctx, attempt{"oidc:" + s.addressKey(from.IP), limitAddress}); err != nil {
		return identity{}, flow{}, err
	}
	f, ok, err := s.openFlow(kept)
	switch {
	case err != nil:
		return identity{}, f, err
	case s.oidc == nil:
		return identity{}, f, because(ErrOIDC, "no-provider")
	case !ok:
		return identity{}, f, because(ErrOIDC, "flow-cookie")
	case code == "" || subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) != 1:
		return identity{}, f, because(ErrOIDC, "state")
	case !s.now().Before(f.Expires):
		return identity{}, f, because(ErrOIDC, "flow-expired")
	}
	p, err := s.oidc.provider(ctx)
	if err != nil {
		return identity{}, f, err
	}
	who, err := p.identify(ctx, code, f)
	return who, f, err
}

func (k key) flowCipher() (cipher.AEAD, error) {
	secret, err := hkdf.Key(sha256.New, k.Secret, nil, "alta/auth/v1/flow", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s *Service) sealFlow(f flow) (string, error) {
	b, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	a, err := s.keys.newest().flowCipher()
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(a.Seal(nil, nil, b, nil)), nil
}

// openFlow opens what sealFlow sealed; genuine is false for any other text. Another node
// may have begun it, with a new key.
func (s *Service) openFlow(kept string) (f flow, genuine bool, err error) {
	b, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil || len(kept) > 1024 {
		return flow{}, false, nil // no cookie of ours has another form
	}
	var clear []byte
	opened, err := s.keys.either(func() bool { clear = s.flowText(b); return clear != nil })
	return f, opened && json.Unmarshal(clear, &f) == nil, err
}

// flowText opens what sealFlow sealed, with whichever key; nil for none.
func (s *Service) flowText(sealed []byte) []byte {
	for _, k := range s.keys.list() {
		a, err := k.flowCipher()
		if err != nil {
			return nil
		}
		if clear, err := a.Open(nil, nil, sealed, nil); err == nil {
			return clear
		}
	}
	return nil
}
