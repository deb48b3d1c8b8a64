// Package auth lets people and their servers in: log-in, sessions, tokens,
// passwords, one-time codes, API keys, and who is behind a request.
//
// It has no routes. The server calls its methods with plain values and turns
// their errors into problems; what a role may do to which merchant is the
// server's authorisation table, which works on a Principal.
//
// # Tokens
//
// An access token is a JWT (RFC 9068, at+jwt), signed with Ed25519, good for ten
// minutes and meant for memory only. A refresh token is opaque; its 256 secret
// bits are an HMAC over account, session and generation, and the account's
// stream holds its SHA-256. So a token can be checked to be genuine and, when an
// answer was lost, be answered once more, while neither the stream alone nor the
// key file alone yields one that works.
//
// # Where sessions live
//
// In the account's stream, rotation included, and nowhere else. Redis would save
// one small event per refresh, and would have to be believed about which token
// is the newest: after a flush, or a failover that lost five seconds, an old
// token would be good again and its reuse go unnoticed. With the stream a flush
// costs nothing, two nodes that rotate one token at once are told apart by the
// revision, and log-in works while Redis is down. Redis keeps only the counters
// of the brute-force limits, which may reset.
//
// # Revocation without a look-up
//
// Authenticate answers from memory what it verified at most a minute ago. Follow
// reads the account events of all nodes and drops what they change, so that a
// revocation is effective at once on the node that did it and within the
// subscription's delay, milliseconds, on the others. While that subscription is
// down nothing is answered from memory: slower, never wrong.
//
// # Nothing to learn by asking
//
// An unknown name, a wrong password, and an account without password get one
// answer after the same work: one argon2id hash. Only who knows the password is
// told more (suspended, one-time code needed).
package auth

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/eventstore"
)

// AccessLifetime is how long an access token is good.
const AccessLifetime = 10 * time.Minute

// Refusals of this package beside those of package account, with which they
// share type and handling. Codes are permanent.
var (
	ErrCredentials   = &account.Refusal{Kind: account.Unauthenticated, Code: "credentials", Detail: "the e-mail address or the password is wrong"}
	ErrPasswordWrong = &account.Refusal{Kind: account.Forbidden, Code: "password-wrong", Detail: "the password is wrong", Field: "password"}
	ErrCode          = &account.Refusal{Kind: account.Unauthenticated, Code: "code-wrong", Detail: "the one-time code is wrong", Field: "code"}
	ErrToken         = &account.Refusal{Kind: account.Unauthenticated, Code: "token", Detail: "the access token or API key is missing, expired, revoked or not ours"}
	ErrRefresh       = &account.Refusal{Kind: account.Unauthenticated, Code: "refresh-token", Detail: "the session cannot be continued; log in again"}
	ErrReused        = &account.Refusal{Kind: account.Unauthenticated, Code: "refresh-reused", Detail: "the session was ended because a used token was sent again; somebody may have a copy"}
	ErrOIDC          = &account.Refusal{Kind: account.Unauthenticated, Code: "oidc", Detail: "the identity provider's answer was not accepted"}
	ErrOIDCFactor    = &account.Refusal{Kind: account.Unauthenticated, Code: "oidc-second-factor", Detail: "the identity provider did not ask for a second factor, which this role needs"}
	ErrOrigin        = &account.Refusal{Kind: account.Forbidden, Code: "cross-site", Detail: "the request did not come from this site"}
	ErrInvite        = &account.Refusal{Kind: account.Forbidden, Code: "invite", Detail: "this person may not be invited by the caller", Field: "role"}
	ErrPlainHTTP     = &account.Refusal{Kind: account.Forbidden, Code: "plain-http", Detail: "sessions need https, except on this machine itself"}

	ErrPasswordShort    = &account.Refusal{Kind: account.Invalid, Code: "password-short", Detail: "the password is too short", Field: "password"}
	ErrPasswordLong     = &account.Refusal{Kind: account.Invalid, Code: "password-long", Detail: "the password is longer than 256 characters or not readable text", Field: "password"}
	ErrPasswordCommon   = &account.Refusal{Kind: account.Invalid, Code: "password-common", Detail: "the password is among the first that an attacker tries", Field: "password"}
	ErrPasswordPersonal = &account.Refusal{Kind: account.Invalid, Code: "password-personal", Detail: "the password contains the name or the e-mail address", Field: "password"}
)

// ErrBusy: more passwords wait to be checked than this machine can check soon.
// It is 503; nothing was decided.
var ErrBusy = errors.New("auth: too many passwords are being checked")

// LimitedError says that too many attempts were made. It is 429, with the code
// too-many-attempts.
type LimitedError struct{ RetryAfter time.Duration }

func (e *LimitedError) Error() string {
	return "auth: too many attempts; try again in " + e.RetryAfter.Round(time.Second).String()
}

// Vault seals personal values and makes the keyed hash by which an e-mail
// address is found.
type Vault interface {
	// Probe fails where nothing new can be sealed now.
	Probe(ctx context.Context) error
	Seal(ctx context.Context, subject string, event eventstore.ID, field, clear string) (string, error)
	Open(ctx context.Context, subject string, event eventstore.ID, field, ciphertext string) (string, error)
	Index(kind, value string) string
}

// Config is what a Service is made of. Log, Vault, Erased and Keys are needed;
// the rest has defaults.
type Config struct {
	Log    decider.Log
	Vault  Vault
	Erased error // the error with which Vault.Open says that the key was destroyed
	Keys   *Keys

	Limiter  *Limiter         // default: counts in this process
	Hasher   *Hasher          // default: argon2id with 64 MiB, t=3, p=1
	Issuer   string           // default "alta"
	Audience string           // default "alta"
	Now      func() time.Time // default time.Now
	Logger   *slog.Logger     // default: silent
	OIDC     *OIDC            // default: no log-in through an identity provider
	// DemoWithoutTOTP lets demo accounts (NewAccount.Demo), and only those, do
	// without the second factor that their role needs. Only `--demo` sets it.
	DemoWithoutTOTP bool
}

// Service is the one thing that this package offers. Its methods may be called
// concurrently. Close ends its background work.
type Service struct {
	accounts *decider.Decider[account.State, account.Event]
	logins   *decider.Decider[account.LoginState, account.LoginEvent]
	vault    Vault
	keys     *Keys
	limits   *Limiter
	hasher   *Hasher
	issuer   string
	audience string
	clock    func() time.Time
	log      *slog.Logger
	oidc     *OIDC
	demo     bool

	seen verified

	background sync.WaitGroup
	slots      chan struct{}
}

// New checks the configuration and makes the service.
func New(cfg Config) (*Service, error) {
	if cfg.Log == nil || cfg.Vault == nil || cfg.Erased == nil || cfg.Keys == nil {
		return nil, errors.New("auth: Config needs Log, Vault, Erased and Keys")
	}
	s := &Service{
		vault: cfg.Vault, keys: cfg.Keys, limits: cfg.Limiter, hasher: cfg.Hasher,
		issuer: cmp.Or(cfg.Issuer, "alta"), audience: cmp.Or(cfg.Audience, "alta"),
		clock: cfg.Now, log: cfg.Logger, oidc: cfg.OIDC, demo: cfg.DemoWithoutTOTP,
		slots: make(chan struct{}, 16),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if s.limits == nil {
		s.limits = NewLimiter(nil, s.clock)
	}
	if s.hasher == nil {
		s.hasher = NewHasher(Argon2{})
	}
	c := codec{cfg.Vault, cfg.Erased}
	s.accounts = &decider.Decider[account.State, account.Event]{
		Log: cfg.Log, Category: account.Category,
		Evolve: account.Evolve, Encode: c.encode, Decode: c.decode,
	}
	s.logins = &decider.Decider[account.LoginState, account.LoginEvent]{
		Log: cfg.Log, Category: account.LoginCategory,
		Evolve: account.EvolveLogin, Encode: encodeLogin, Decode: decodeLogin,
	}
	s.seen.init()
	return s, nil
}

// Close waits for background work, at most a few appends.
func (s *Service) Close() { s.background.Wait() }

// now is the present moment as events hold it: UTC, to the microsecond, without
// Go's monotonic reading, so that a stored time equals the one it was.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// Account answers the present state of an account; its status is empty when
// there is none.
func (s *Service) Account(ctx context.Context, id string) (account.State, eventstore.Revision, error) {
	return s.accounts.Load(ctx, id)
}

// Transact runs a command on an account, as decider.Transact does, and lets
// what it changes take effect on this node before it returns. Every write to an
// account goes through here.
func (s *Service) Transact(ctx context.Context, id string, cmd decider.Command, seen *eventstore.Revision, decide func(account.State) ([]account.Event, error)) (decider.Result[account.State, account.Event], error) {
	r, err := s.accounts.Transact(ctx, id, cmd, seen, decide)
	if len(r.Events) > 0 || err != nil && !refused(err) {
		s.seen.drop(id) // also where it is unknown whether something was written
	}
	return r, err
}

// Forget drops what this node holds in memory of an account whose personal data
// was erased.
func (s *Service) Forget(id string) {
	s.accounts.Forget(id)
	s.seen.drop(id)
}

// self is the envelope of what people do about their own account.
func self(st account.State, operation string) decider.Command {
	return decider.Command{ID: decider.NewID(), Actor: st.ID, Role: string(st.Role), Operation: operation}
}
