package auth

import (
	"context"
	"errors"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/domain/lang"
	"alta/domain/personal"
)

// LoginRequest is what somebody offers as proof.
type LoginRequest struct {
	Email    string
	Password string
	Code     string // one-time code; empty until it is asked for with account.ErrCodeRequired
	Caller
}

// Caller is where a request comes from.
type Caller struct {
	IP        string
	UserAgent string
}

// Session is what a log-in or a refresh yields.
type Session struct {
	ID             string
	AccessToken    string
	ExpiresIn      time.Duration // of the access token
	RefreshToken   string        // for the cookie
	RefreshExpires time.Time     // when the session ends unless it is used before
	Account        Profile
	// MustEnrol: the role needs a second factor and the person has none yet. The
	// session is good for setting it up and for nothing else.
	MustEnrol bool
}

// Profile is what an account's owner is shown of it.
type Profile struct {
	ID               string
	Role             account.Role
	Organisation     string
	OrganisationName string
	Language         lang.Lang
	Email, Name      personal.Text
	TOTP             bool // one-time codes are set up
	Away             bool
}

func profile(st account.State, now time.Time) Profile {
	return Profile{
		ID: st.ID, Role: st.Role, Organisation: st.Organisation, OrganisationName: st.OrganisationName,
		Language: st.Language, Email: st.Email, Name: st.Name, TOTP: !st.TOTP.IsZero(), Away: st.OnLeave(now),
	}
}

// Login checks e-mail address, password and, where codes are set up, the
// one-time code, and starts a session.
//
// Errors: ErrCredentials for an unknown address, a wrong password, and an account
// without password alike, after the same work; only with the right password
// account.ErrSuspended, account.ErrCodeRequired, ErrCode, account.ErrCodeUsed;
// LimitedError; ErrBusy.
func (s *Service) Login(ctx context.Context, r LoginRequest) (Session, error) {
	email, err := account.NormalEmail(r.Email)
	if err != nil {
		email = r.Email // cannot exist, and takes the same way to the same answer
	}
	index := s.loginIndex(email)
	address := s.addressKey(r.IP)
	pair := "login:" + index + ":" + address
	err = s.limited(ctx, attempt{"login:" + address, limitAddress}, attempt{pair, limitPair}, attempt{"login:" + index, limitAccount})
	if err != nil {
		return Session{}, err
	}
	st, err := s.byLogin(ctx, index)
	if err != nil {
		return Session{}, err
	}
	good, err := s.hasher.Verify(ctx, r.Password, st.Password.Clear())
	if err != nil {
		return Session{}, err
	}
	if !good {
		s.log.InfoContext(ctx, "log-in refused", "account", st.ID)
		return Session{}, ErrCredentials
	}
	verified := st.Password
	session, err := s.start(ctx, st, r.Caller, func(st account.State, c account.StartSession) ([]account.Event, error) {
		c.Method, c.Verified = account.ByPassword, verified
		if !st.TOTP.IsZero() && r.Code != "" {
			step, ok := checkCode(st.TOTP.Clear(), r.Code, c.At)
			if !ok {
				return nil, ErrCode
			}
			c.Step = step
		}
		return c.Decide(st)
	})
	switch {
	case errors.Is(err, account.ErrPassword), errors.Is(err, account.ErrClosed), errors.Is(err, account.ErrNoAccount):
		return Session{}, ErrCredentials
	case err == nil:
		s.limits.Reset(ctx, pair)
	}
	return session, err
}

// byLogin answers the account that a log-in name belongs to, or the zero state.
func (s *Service) byLogin(ctx context.Context, index string) (account.State, error) {
	login, _, err := s.logins.Load(ctx, index)
	if err != nil || login.Account == "" {
		return account.State{}, err
	}
	st, _, err := s.accounts.Load(ctx, login.Account)
	if err == nil && st.Login != index {
		return account.State{}, nil // the name was taken for an account that goes by another
	}
	return st, err
}

func (s *Service) loginIndex(normalEmail string) string { return s.vault.Index("login", normalEmail) }

// start appends a new session that decide agreed to and answers its tokens.
func (s *Service) start(ctx context.Context, st account.State, from Caller, decide func(account.State, account.StartSession) ([]account.Event, error)) (Session, error) {
	id := decider.NewID().String()
	o, err := newOpaque(st.ID, id, 0)
	if err != nil {
		return Session{}, err
	}
	k := s.keys.newest()
	c := account.StartSession{
		Session: id, Address: cut(from.IP, 64), Agent: cut(from.UserAgent, 256),
		Hash: hashToken(o.token(k, purposeRefresh)), Key: k.ID, At: s.now(),
	}
	r, err := s.Transact(ctx, st.ID, self(st, "log in"), nil, func(st account.State) ([]account.Event, error) {
		return decide(st, c)
	})
	if err != nil {
		return Session{}, err
	}
	return s.session(r.State, id)
}

func cut(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	return s
}

// session makes the tokens of a session as the stream has it.
func (s *Service) session(st account.State, id string) (Session, error) {
	x, ok := st.Session(id)
	k, found := s.keys.recorded(x.Key)
	if !ok || !found {
		return Session{}, ErrRefresh
	}
	o, err := newOpaque(st.ID, id, x.Generation)
	if err != nil {
		return Session{}, err
	}
	refresh := o.token(k, purposeRefresh)
	if hashToken(refresh) != x.Hash {
		return Session{}, ErrRefresh
	}
	now := s.now()
	access, err := s.accessToken(st, id, now)
	if err != nil {
		return Session{}, err
	}
	idle, _ := st.Role.Lifetimes()
	ends := x.Used.Add(idle)
	if x.Expires.Before(ends) {
		ends = x.Expires
	}
	return Session{
		ID: id, AccessToken: access, ExpiresIn: AccessLifetime, RefreshToken: refresh, RefreshExpires: ends,
		Account: profile(st, now), MustEnrol: s.mustEnrol(st, x),
	}, nil
}

// mustEnrol reports whether a session is good for nothing but setting up the
// second factor that its role needs.
func (s *Service) mustEnrol(st account.State, x account.Session) bool {
	return st.Role.NeedsSecondFactor() && !x.SecondFactor && !(s.demo && st.Demo)
}
