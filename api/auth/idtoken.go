package auth

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"alta/domain/account"
)

// oidcAlgorithms are the signatures of ID tokens that are accepted: public-key
// ones only, so that neither "none" nor the client's secret can make a token.
var oidcAlgorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// oidcSkew is how far the provider's clock may be off.
const oidcSkew = time.Minute

// authStyle is how the client shows its secret: as the provider says where it takes
// one way alone, else in the header first and in the body where that is refused,
// since each client is registered for one of them.
func authStyle(secret string, supported []string) oauth2.AuthStyle {
	basic, post := slices.Contains(supported, "client_secret_basic"), slices.Contains(supported, "client_secret_post")
	switch {
	case secret == "", post && !basic:
		return oauth2.AuthStyleInParams
	case basic && post:
		return oauth2.AuthStyleAutoDetect
	}
	return oauth2.AuthStyleInHeader
}

// identity is what an ID token says (OpenID Connect Core §2, RFC 8176), with what
// the provider only says at its userinfo endpoint. Providers write booleans as
// strings, and a single method without the list around it.
type identity struct {
	Subject  string   `json:"sub"`
	Audience words    `json:"aud"`
	Party    string   `json:"azp"`
	Email    string   `json:"email"`
	Verified *boolean `json:"email_verified"` // nil: the provider does not say
	Methods  words    `json:"amr"`
	Context  string   `json:"acr"`
	Expires  seconds  `json:"exp"`
	Issued   seconds  `json:"iat"`
	NotYet   seconds  `json:"nbf"`
	AuthTime int64    `json:"auth_time"`
}

type boolean bool

func (b *boolean) UnmarshalJSON(data []byte) error {
	switch string(bytes.ToLower(data)) {
	case `true`, `"true"`:
		*b = true
	case `false`, `"false"`, `null`:
		*b = false
	default:
		return errors.New("is neither true nor false")
	}
	return nil
}

type words []string

func (w *words) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*w = strings.Fields(one)
		return nil
	}
	return json.Unmarshal(data, (*[]string)(w))
}

// seconds are a NumericDate (RFC 7519 §2), which may have a fraction.
type seconds float64

func (s seconds) time() time.Time { return time.Unix(int64(s), 0) }

// strong reports whether the provider asked for two factors: it says so, it names
// a method that no provider uses alone, it names methods of two kinds, or it names
// an authentication context that the operator vouches for.
func (w identity) strong(contexts []string) bool {
	kinds := map[string]bool{}
	for _, m := range w.Methods {
		if slices.Contains([]string{"mfa", "otp", "hwk", "fido", "sms"}, m) {
			return true
		}
		if kind, ok := methodKinds[m]; ok {
			kinds[kind] = true
		}
	}
	return len(kinds) > 1 || w.Context != "" && slices.Contains(contexts, w.Context)
}

// methodKinds are what the methods of RFC 8176 prove: something known, something
// held, something that one is.
var methodKinds = map[string]string{
	"pwd": "known", "pin": "known", "kba": "known",
	"swk": "held", "pop": "held", "sc": "held", "tel": "held",
	"face": "is", "fpt": "is", "iris": "is", "retina": "is", "vbm": "is",
}

// address is the e-mail address that the identity stands for. One that the
// provider did not verify may be anybody's.
func (w identity) address(trust bool) (string, error) {
	switch {
	case w.Email == "":
		return "", because(ErrOIDC, "email-missing")
	case w.Verified == nil && !trust:
		return "", because(ErrOIDC, "email-verified-missing")
	case w.Verified != nil && !bool(*w.Verified):
		return "", because(ErrOIDC, "email-unverified")
	}
	email, err := account.NormalEmail(w.Email)
	if err != nil {
		return "", because(ErrOIDC, "email-malformed")
	}
	return email, nil
}

// identify exchanges the code for an ID token and checks it (OpenID Connect Core
// §3.1.3.7). What the ID token does not hold is asked for at userinfo.
func (p *provider) identify(ctx context.Context, code string, f flow) (identity, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil { // the provider's own words could name a person
		var answer *oauth2.RetrieveError
		switch {
		case errors.As(err, &answer) && slices.Contains(exchangeErrors, answer.ErrorCode):
			return identity{}, because(ErrOIDC, "exchange-"+answer.ErrorCode)
		case unanswered(err), answer != nil && answer.Response.StatusCode >= http.StatusInternalServerError:
			return identity{}, because(ErrOIDCAway, "exchange")
		}
		return identity{}, because(ErrOIDC, "exchange")
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return identity{}, because(ErrOIDC, "id-token-missing")
	}
	id, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		reason := verifyReason(err)
		if reason == keysUnavailable {
			return identity{}, because(ErrOIDCAway, reason)
		}
		return identity{}, because(ErrOIDC, reason)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return identity{}, because(ErrOIDC, "nonce")
	}
	var who identity
	if err := id.Claims(&who); err != nil {
		return identity{}, because(ErrOIDC, "id-token-malformed")
	}
	if reason := who.invalid(p.clientID, p.now()); reason != "" {
		return identity{}, because(ErrOIDC, reason)
	}
	if who.Email == "" || who.Verified == nil {
		if err := p.complete(ctx, token, &who); err != nil {
			return identity{}, err
		}
	}
	return who, nil
}

// unanswered reports whether no answer came at all: it says nothing about the person.
func unanswered(err error) bool { return errors.As(err, new(*url.Error)) }

// keysUnavailable: whether a token is genuine is not known.
const keysUnavailable = "keys-unavailable"

// exchangeErrors are the codes of RFC 6749 §5.2, which name nobody.
var exchangeErrors = []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}

// verifyReason is the verifier's complaint as a code.
func verifyReason(err error) string {
	text := err.Error()
	for _, r := range []struct{ part, reason string }{
		{"issued by a different provider", "issuer"}, {"audience", "audience"},
		{"unexpected signature algorithm", "algorithm"}, {"unsupported algorithm", "algorithm"}, {"signed with unsupported", "algorithm"},
		{"malformed jwt", "id-token-malformed"},
		{errKeysResting.Error(), "signature"}, // they were fetched just now, and the token's is not among them
		{"fetching keys", keysUnavailable}, {"failed to verify signature", "signature"},
	} {
		if strings.Contains(text, r.part) {
			return r.reason
		}
	}
	return "id-token"
}

// invalid answers why a genuine token must not be used, or "". A token that is for
// others too could be sent here by one of them, so none but this client is trusted
// as an audience.
func (w identity) invalid(clientID string, now time.Time) string {
	switch {
	case w.Subject == "":
		return "subject-missing"
	case slices.ContainsFunc(w.Audience, func(a string) bool { return a != clientID }):
		return "audience-other"
	case w.Party != "" && w.Party != clientID:
		return "authorised-party"
	case w.Expires == 0 || !now.Before(w.Expires.time().Add(oidcSkew)):
		return "expired"
	case w.Issued == 0 || w.Issued.time().After(now.Add(oidcSkew)), w.NotYet.time().After(now.Add(oidcSkew)):
		return "issued-in-the-future"
	}
	return ""
}

// complete takes from userinfo what the ID token did not say. A provider without
// that endpoint, or one that speaks of another person there, adds nothing; one that
// does not answer there fails with ErrOIDCAway.
func (p *provider) complete(ctx context.Context, token *oauth2.Token, who *identity) error {
	info, err := p.found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil && (unanswered(err) || strings.HasPrefix(err.Error(), "5")) { // the status of its answer
		return because(ErrOIDCAway, "userinfo")
	}
	if err != nil || info.Subject != who.Subject {
		return nil // it has no such endpoint, or does not let this client ask
	}
	var more identity
	if info.Claims(&more) != nil {
		return nil // what it says there cannot be read, so it adds nothing
	}
	// An address and whether it was verified belong together.
	if who.Email == "" {
		who.Email, who.Verified = more.Email, more.Verified
	} else if who.Verified == nil && strings.EqualFold(who.Email, more.Email) {
		who.Verified = more.Verified
	}
	return nil
}

// rationed bounds how often the provider's keys are fetched: anybody who can finish
// a flow could otherwise make Alta ask at every turn.
type rationed struct {
	next    http.RoundTripper
	now     func() time.Time
	address string // of the keys

	mu    sync.Mutex
	asked []time.Time
}

// Keys are fetched at most keyFetches times within keyRest.
const (
	keyRest    = time.Minute
	keyFetches = 5
)

var errKeysResting = errors.New("auth: the identity provider's keys were fetched too often")

// RoundTrip passes a request on.
func (r *rationed) RoundTrip(q *http.Request) (*http.Response, error) {
	if r.address != "" && q.URL.String() == r.address && !r.allow() {
		return nil, errKeysResting
	}
	next := r.next
	if next == nil {
		next = http.DefaultTransport
	}
	return next.RoundTrip(q)
}

func (r *rationed) allow() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.asked = slices.DeleteFunc(r.asked, func(t time.Time) bool { return now.Sub(t) >= keyRest })
	if len(r.asked) >= keyFetches {
		return false
	}
	r.asked = append(r.asked, now)
	return true
}
