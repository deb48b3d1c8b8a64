package auth

import (
	"context"
	"time"

	"alta/domain/account"
	"alta/domain/personal"
)

// Refresh uses a refresh token up and answers its successor with a new access
// token. The token used last may be sent again within account.Grace and gets the
// same successor. An older one ends the session: ErrReused. Everything else that
// is not the newest token of a living session is ErrRefresh.
func (s *Service) Refresh(ctx context.Context, token string, from Caller) (Session, error) {
	if err := s.limited(ctx, attempt{"refresh:" + s.addressKey(from.IP), limitRefresh}); err != nil {
		return Session{}, err
	}
	o, ok, err := s.parseOpaque(token, purposeRefresh)
	if err != nil {
		return Session{}, err
	}
	if !ok {
		return Session{}, ErrRefresh
	}
	owner := o.account.String()
	st, _, err := s.accounts.Load(ctx, owner)
	if err != nil {
		return Session{}, err
	}
	k := s.keys.newest()
	next := o
	next.generation++
	id := o.subject.String()
	c := account.RotateSession{
		Session: id, Generation: int(o.generation), Hash: hashToken(token),
		NextHash: hashToken(next.token(k, purposeRefresh)), NextKey: k.ID, At: s.now(),
	}
	// The command's id is a new one each time: derived from the token it would make
	// a thief's second use look like the owner's first one repeated.
	r, err := s.Transact(ctx, owner, self(st, "refresh"), nil, c.Decide)
	if refused(err) {
		return Session{}, ErrRefresh
	}
	if err != nil {
		return Session{}, err
	}
	for _, e := range r.Events {
		if e, ok := e.(account.SessionRevoked); ok && e.Reason == account.TokenReused {
			s.log.WarnContext(ctx, "a used refresh token was sent again; the session was ended", "account", owner, "session", id)
			return Session{}, ErrReused
		}
	}
	return s.session(r.State, id)
}

// Logout ends the session that a refresh token belongs to. A token that is no
// good is no error: the caller is logged out either way.
func (s *Service) Logout(ctx context.Context, token string) error {
	o, ok, err := s.parseOpaque(token, purposeRefresh)
	if err != nil || !ok {
		return err
	}
	st, _, err := s.accounts.Load(ctx, o.account.String())
	if err != nil || st.Status == "" {
		return err
	}
	c := account.RevokeSession{Session: o.subject.String(), Reason: account.LoggedOut, By: st.ID, At: s.now()}
	_, err = s.Transact(ctx, st.ID, self(st, "log out"), nil, c.Decide)
	return err
}

// SessionInfo is one line of the list of one's sessions.
type SessionInfo struct {
	ID             string
	Method         account.Method
	SecondFactor   bool
	Address, Agent personal.Text
	Started, Used  time.Time
	Expires        time.Time
	Current        bool // the one that asks
}

// Sessions lists the living sessions of the caller's account.
func (s *Service) Sessions(ctx context.Context, p Principal) ([]SessionInfo, error) {
	st, _, err := s.accounts.Load(ctx, p.Account)
	if err != nil {
		return nil, err
	}
	now := s.now()
	list := []SessionInfo{}
	for _, x := range st.Sessions {
		if x.Live(st.Role, now) {
			list = append(list, SessionInfo{
				ID: x.ID, Method: x.Method, SecondFactor: x.SecondFactor, Address: x.Address, Agent: x.Agent,
				Started: x.Started, Used: x.Used, Expires: x.Expires, Current: x.ID == p.Session,
			})
		}
	}
	return list, nil
}

// Revoke ends one session of an account, at once on every node.
func (s *Service) Revoke(ctx context.Context, by Principal, accountID, session string) error {
	c := account.RevokeSession{Session: session, Reason: account.RevokedByPerson, By: by.Account, At: s.now()}
	_, err := s.Transact(ctx, accountID, by.Command("revoke session"), nil, c.Decide)
	return err
}

// RevokeAll ends all sessions of an account but one; except may be empty.
func (s *Service) RevokeAll(ctx context.Context, by Principal, accountID, except string) error {
	c := account.RevokeSessions{Except: except, By: by.Account, At: s.now()}
	_, err := s.Transact(ctx, accountID, by.Command("revoke sessions"), nil, c.Decide)
	return err
}
