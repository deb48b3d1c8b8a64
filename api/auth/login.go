package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
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
	Recovery string // recovery code in its place
	Caller
}

// Caller is where a request comes from.
type Caller struct {
	IP        string
	UserAgent string
	Request   string // the request's id, for the log
	Device    string // the value of the device cookie
}

// Session is what a log-in or a refresh yields.
type Session struct {
	ID             string
	AccessToken    string
	ExpiresIn      time.Duration // of the access token
	RefreshToken   string        // for the cookie
	RefreshExpires time.Time     // when the session ends unless it is used before
	Device         string        // for the device cookie; empty where it stays as it is
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
	RecoveryCodes    int  // that were not used
	StepUp           Way
	Away             bool
}

// Way is how a person proves to be present.
type Way string

// The ways.
const (
	WayPassword Way = "password"
	WayCode     Way = "code" // password and one-time code
	WayOIDC     Way = "oidc" // at the identity provider
)

func way(st account.State, x account.Session) Way {
	switch {
	case !st.TOTP.IsZero():
		return WayCode
	case x.Method == account.ByOIDC:
		return WayOIDC
	}
	return WayPassword
}

// Profile answers what the caller is shown of her own account.
func (s *Service) Profile(ctx context.Context, p Principal) (Profile, error) {
	st, _, err := s.accounts.Load(ctx, p.Account)
	if err != nil {
		return Profile{}, err
	}
	x, _ := st.Session(p.Session)
	return profile(st, x, s.now()), nil
}

func profile(st account.State, x account.Session, now time.Time) Profile {
	return Profile{
		ID: st.ID, Role: st.Role, Organisation: st.Organisation, OrganisationName: st.OrganisationName,
		Language: st.Language, Email: st.Email, Name: st.Name, TOTP: !st.TOTP.IsZero(), RecoveryCodes: len(st.Recovery), StepUp: way(st, x), Away: st.OnLeave(now),
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
	var owner string
	session, err := s.login(ctx, r, &owner)
	s.note(ctx, "log-in", r.Caller, owner, err)
	return session, err
}

func (s *Service) login(ctx context.Context, r LoginRequest, owner *string) (Session, error) {
	email, err := account.LoginName(r.Email)
	if err != nil {
		email = r.Email // cannot exist, and takes the same way to the same answer
	}
	index := s.loginIndex(email)
	pair, err := s.countLogin(ctx, index, r.Email, r.Caller)
	if err != nil {
		return Session{}, err
	}
	st, err := s.byEmail(ctx, r.Email)
	if err != nil {
		return Session{}, err
	}
	*owner = st.ID
	good, err := s.hasher.Verify(ctx, r.Password, st.Password.Clear())
	if err != nil {
		return Session{}, err
	}
	if !good {
		return Session{}, ErrCredentials
	}
	verified := st.Password
	session, err := s.start(ctx, st, r.Caller, func(st account.State, c account.StartSession) (_ []account.Event, err error) {
		c.Method, c.Verified = account.ByPassword, verified
		if c.Step, c.Recovery, err = s.second(st, r.Code, r.Recovery, c.At); err != nil {
			return nil, err
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

// countLogin counts an attempt to log in. A device that the account trusts is
// counted by itself; once it tried too often it is a device like any other. The
// key answered is the one to forget after a success.
func (s *Service) countLogin(ctx context.Context, index, email string, from Caller) (string, error) {
	device, err := s.knownDevice(ctx, from.Device, email)
	if err != nil {
		return "", err
	}
	if own := "device:" + device; device != "" && s.limits.Allow(ctx, own, limitDevice) == 0 {
		return own, nil
	}
	address := s.addressKey(from.IP)
	pair := "login:" + index + ":" + address
	return pair, s.limited(ctx, attempt{"login:" + address, limitAddress}, attempt{pair, limitPair}, attempt{"login:" + index, limitAccount})
}

// byEmail answers the account of a mailbox, or the zero state. It also looks under
// the forms of the address that accounts had before there was one form.
func (s *Service) byEmail(ctx context.Context, email string) (account.State, error) {
	names, err := account.LoginNames(email)
	if err != nil {
		names = []string{email} // cannot exist, and takes the same work
	}
	for _, name := range names {
		if st, err := s.byLogin(ctx, s.loginIndex(name)); err != nil || st.ID != "" {
			return st, err
		}
	}
	return account.State{}, nil
}

// hasLogin reports whether an account is the one of a mailbox, under whatever form.
func (s *Service) hasLogin(st account.State, email string) bool {
	names, err := account.LoginNames(email)
	return err == nil && slices.ContainsFunc(names, func(name string) bool { return st.Login == s.loginIndex(name) })
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

func (s *Service) loginIndex(name string) string { return s.vault.Index("login", name) }

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
	trust, cookie, err := s.trustDevice(st, c, from.Device)
	if err != nil {
		return Session{}, err
	}
	r, err := s.Transact(ctx, st.ID, self(st, "log in"), nil, func(st account.State) ([]account.Event, error) {
		started, err := decide(st, c)
		if err != nil {
			return nil, err
		}
		trusted, err := trust.Decide(st)
		return append(started, trusted...), err
	})
	if err != nil {
		return Session{}, err
	}
	session, err := s.session(r.State, id)
	session.Device = cookie
	return session, err
}

func cut(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	return strings.ToValidUTF8(s, "") // a header can hold anything, and the cut may be within a character
}

// session makes the tokens of a session as the stream has it.
func (s *Service) session(st account.State, id string) (Session, error) {
	x, ok := st.Session(id)
	if !ok {
		return Session{}, ErrRefresh
	}
	k, found, err := s.keys.recorded(x.Key)
	if err != nil {
		return Session{}, err
	}
	if !found {
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
		Account: profile(st, x, now), MustEnrol: s.mustEnrol(st, x),
	}, nil
}

// mustEnrol reports whether a session is good for nothing but setting up the
// second factor that its role needs.
func (s *Service) mustEnrol(st account.State, x account.Session) bool {
	return st.Role.NeedsSecondFactor() && !x.SecondFactor && !(s.demo && st.Demo)
}
