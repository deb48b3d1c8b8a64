package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"alta/domain/account"
	"alta/domain/personal"
)

// OIDC is the staff's identity provider (OpenID Connect, authorisation code flow
// with PKCE). People are let in by it; they are made staff in Alta.
type OIDC struct {
	issuer   string
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	client   *http.Client
}

// OIDCConfig is what the provider's administrator hands out.
type OIDCConfig struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	RedirectURL  string           // of the SPA's page that calls FinishOIDC
	Client       *http.Client     // default: one with a 10-second limit
	Now          func() time.Time // default: time.Now
}

// OpenOIDC asks the provider for its configuration.
func OpenOIDC(ctx context.Context, cfg OIDCConfig) (*OIDC, error) {
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 10 * time.Second}
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, cfg.Client), cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("auth: identity provider %s: %w", cfg.Issuer, err)
	}
	return &OIDC{
		issuer: cfg.Issuer, client: cfg.Client,
		oauth: oauth2.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, RedirectURL: cfg.RedirectURL,
			Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email"},
		},
		verifier: provider.Verifier(&oidc.Config{ClientID: cfg.ClientID, Now: cfg.Now}),
	}, nil
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
func (s *Service) BeginOIDC() (location, kept string, err error) {
	if s.oidc == nil {
		return "", "", ErrOIDC
	}
	f := flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Expires: s.now().Add(FlowLifetime)}
	if kept, err = s.sealFlow(f); err != nil {
		return "", "", err
	}
	return s.oidc.oauth.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), kept, nil
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
	who, err := s.oidc.identify(ctx, code, f)
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
		linked, err := account.LinkOIDC{Issuer: s.oidc.issuer, Subject: personal.New(who.Subject), At: c.At}.Decide(st)
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

func (o *OIDC) identify(ctx context.Context, code string, f flow) (identity, error) {
	ctx = oidc.ClientContext(ctx, o.client)
	token, err := o.oauth.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return identity{}, fmt.Errorf("the code could not be exchanged") // the provider's own words could name a person
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return identity{}, fmt.Errorf("the answer has no id_token")
	}
	id, err := o.verifier.Verify(ctx, raw)
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
