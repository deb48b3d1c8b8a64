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
	"slices"
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
	RedirectURL  string           // of the SPA's page that finishes the log-in
	Name         string           // what people call it, for the button; default: the issuer's host
	Client       *http.Client     // default: one with a 10-second limit
	Now          func() time.Time // default: time.Now
}

// ErrOIDCAway: the identity provider cannot be reached. It is 503.
var ErrOIDCAway = errors.New("auth: the identity provider cannot be reached")

// provider is what it said about itself.
type provider struct {
	issuer   string
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	client   *http.Client
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
	// One who gives up must not end the question of all.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.cfg.Client), o.cfg.Issuer)
	if err != nil {
		o.failed = o.cfg.Now()
		return nil, fmt.Errorf("%w: %w", ErrOIDCAway, err)
	}
	o.found = &provider{
		issuer: o.cfg.Issuer, client: o.cfg.Client,
		oauth: oauth2.Config{
			ClientID: o.cfg.ClientID, ClientSecret: o.cfg.ClientSecret, RedirectURL: o.cfg.RedirectURL,
			Endpoint: found.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email"},
		},
		verifier: found.Verifier(&oidc.Config{ClientID: o.cfg.ClientID, Now: o.cfg.Now}),
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
}

// FlowLifetime is how long somebody may take at the identity provider.
const FlowLifetime = 10 * time.Minute

// BeginOIDC answers where to send the browser and what to keep in it until it
// comes back: an HttpOnly cookie for FlowLifetime, with SameSite=Lax, since the
// way back comes from another site.
//
// ErrOIDC where there is no identity provider, ErrOIDCAway while it cannot be
// reached.
func (s *Service) BeginOIDC(ctx context.Context, from Caller) (location, kept string, err error) {
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
	f := flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Expires: s.now().Add(FlowLifetime)}
	if kept, err = s.sealFlow(f); err != nil {
		return "", "", err
	}
	return p.oauth.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), kept, nil
}

// FinishOIDC checks what the provider sent the browser back with and starts a
// session for the staff member with that e-mail address. ErrOIDC for everything
// that does not hold, without saying what; ErrOIDCFactor where the role needs a
// second factor and the provider did not ask for one.
func (s *Service) FinishOIDC(ctx context.Context, kept, state, code string, from Caller) (Session, error) {
	if err := s.limited(ctx, attempt{"oidc:" + s.addressKey(from.IP), limitAddress}); err != nil {
		return Session{}, err
	}
	f, ok := s.openFlow(kept)
	if s.oidc == nil || !ok || code == "" || subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) != 1 || !s.now().Before(f.Expires) {
		return Session{}, ErrOIDC
	}
	p, err := s.oidc.provider(ctx)
	if err != nil {
		return Session{}, err
	}
	who, err := p.identify(ctx, code, f)
	if err != nil {
		s.log.WarnContext(ctx, "log-in through the identity provider refused", "error", err)
		return Session{}, ErrOIDC
	}
	email, err := account.NormalEmail(who.Email)
	if err != nil || !who.Verified {
		return Session{}, ErrOIDC
	}
	st, err := s.byLogin(ctx, s.loginIndex(email))
	if err != nil {
		return Session{}, err
	}
	if !st.Role.Staff() || st.Status != account.StatusActive {
		return Session{}, ErrOIDC
	}
	strong := slices.ContainsFunc(who.Methods, func(m string) bool {
		return slices.Contains([]string{"mfa", "otp", "hwk", "fido", "sms"}, m)
	})
	if st.Role.NeedsSecondFactor() && !strong && !(s.demo && st.Demo) {
		return Session{}, ErrOIDCFactor
	}
	session, err := s.start(ctx, st, from, func(st account.State, c account.StartSession) ([]account.Event, error) {
		linked, err := account.LinkOIDC{Issuer: p.issuer, Subject: personal.New(who.Subject), At: c.At}.Decide(st)
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
	if refused(err) {
		return Session{}, ErrOIDC
	}
	return session, err
}

// identity is what an ID token says (OpenID Connect Core §2, RFC 8176).
type identity struct {
	Subject  string   `json:"sub"`
	Email    string   `json:"email"`
	Verified bool     `json:"email_verified"`
	Methods  []string `json:"amr"`
}

func (p *provider) identify(ctx context.Context, code string, f flow) (identity, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return identity{}, fmt.Errorf("the code could not be exchanged") // the provider's own words could name a person
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return identity{}, fmt.Errorf("the answer has no id_token")
	}
	id, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		return identity{}, fmt.Errorf("id_token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return identity{}, fmt.Errorf("the id_token has another nonce")
	}
	var who identity
	if err := id.Claims(&who); err != nil {
		return identity{}, fmt.Errorf("id_token: %w", err)
	}
	return who, nil
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

func (s *Service) openFlow(kept string) (flow, bool) {
	b, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil || len(kept) > 1024 {
		return flow{}, false
	}
	for _, k := range s.keys.list() {
		a, err := k.flowCipher()
		if err != nil {
			return flow{}, false
		}
		if clear, err := a.Open(nil, nil, b, nil); err == nil {
			var f flow
			return f, json.Unmarshal(clear, &f) == nil
		}
	}
	return flow{}, false
}
