package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/domain/lang"
	"alta/domain/personal"
)

// NewAccount describes a person who is to get an account.
type NewAccount struct {
	ID               string // a UUID; empty: derived from the command's id
	Role             account.Role
	Organisation     string // whose people they join; empty: a merchant or agent founds one
	OrganisationName string
	Language         lang.Lang
	Email, Name      string
	Demo             bool
	By               string // who invites; empty: the person registers
}

// Invitation is an account that waits for its first password.
type Invitation struct {
	Account string
	Link    string
	Token   string // of the activation link; only for the owner's mailbox
}

// Open makes an account and its activation link, in one append. The mail is sent
// by whoever follows account.LinkIssued, with LinkToken; the token is answered
// here for set-up from the command line and for demo people.
//
// A command that opened an account for another address is decider.ErrCommandReused:
// that other address would be taken for it, and its owner kept out. A taken e-mail
// address is account.ErrLoginTaken. Strangers must not be told, or
// the addresses of all merchants can be asked for; Register sees to that. Open
// itself asks nobody for permission: it is what Invite, Register and the command
// line share.
func (s *Service) Open(ctx context.Context, cmd decider.Command, n NewAccount) (Invitation, error) {
	now := s.now()
	id := n.ID
	if id == "" {
		id = decider.DeriveID(cmd.ID, "account").String()
	} else if _, err := decider.ParseID(id); err != nil {
		return Invitation{}, err
	}
	c := account.Open{
		Account: id, Role: n.Role, Organisation: n.Organisation, OrganisationName: n.OrganisationName,
		Language: n.Language, Email: n.Email, Name: n.Name, Demo: n.Demo, By: n.By, At: now,
	}
	email, err := account.LoginName(n.Email)
	if err != nil {
		return Invitation{}, err
	}
	c.Login = s.loginIndex(email)
	if c.By == "" {
		c.By = id
	}
	// What makes no sense is refused before the name is taken for it.
	if _, err := c.Decide(account.State{}); err != nil {
		return Invitation{}, err
	}
	other := func(st account.State) bool { return st.Status != "" && st.Login != c.Login }
	if st, _, err := s.accounts.Load(ctx, id); err != nil {
		return Invitation{}, err
	} else if s.hasLogin(st, n.Email) {
		c.Login = st.Login // this command's own account, perhaps under a form of before
	} else if other(st) {
		return Invitation{}, decider.ErrCommandReused
	}
	// A key service that is away refuses here, before the name is taken: otherwise
	// the name would stay taken for a minute by an account that never came to be.
	if err := s.vault.Probe(ctx); err != nil {
		return Invitation{}, err
	}
	// An account of this mailbox under a form of before keeps its name.
	if st, err := s.byEmail(ctx, n.Email); err != nil {
		return Invitation{}, err
	} else if st.ID != "" && st.ID != id && st.Status != account.StatusClosed {
		return Invitation{}, account.ErrLoginTaken
	}
	if err := s.reserve(ctx, cmd, c.Login, id); err != nil {
		return Invitation{}, err
	}
	if cmd.Actor == "" {
		cmd.Actor, cmd.Role = c.By, string(n.Role)
	}
	link, issue, err := s.newLink(cmd, c.Account, account.Activation)
	if err != nil {
		return Invitation{}, err
	}
	_, err = s.Transact(ctx, c.Account, cmd, nil, func(st account.State) ([]account.Event, error) {
		opened, err := c.Decide(st)
		if err != nil {
			return nil, err
		}
		for _, e := range opened {
			st = account.Evolve(st, e)
		}
		issued, err := issue.Decide(st)
		return append(opened, issued...), err
	})
	if err != nil {
		return Invitation{}, err
	}
	// The same command for two addresses at once is one append to the log: only the
	// account as it is now tells whose.
	if st, _, err := s.accounts.Load(ctx, id); err != nil {
		return Invitation{}, err
	} else if other(st) {
		return Invitation{}, errors.Join(decider.ErrCommandReused, s.release(ctx, cmd, c.Login, id))
	}
	token, err := s.LinkToken(ctx, c.Account, link)
	if errors.Is(err, account.ErrLinkOver) {
		err = nil // the command was repeated after the link had done its work
	}
	return Invitation{Account: c.Account, Link: link, Token: token}, err
}

// Register opens a merchant's account for a stranger and has the activation link
// mailed. Whether the address was taken already shows nowhere: then its owner is
// sent a link, and the answer is an Invitation with a made-up account and no
// Link. Tell the caller nothing of the Invitation but that a mail is on its way.
func (s *Service) Register(ctx context.Context, cmd decider.Command, n NewAccount, from Caller) (Invitation, error) {
	if err := s.limited(ctx, attempt{"register:" + s.addressKey(from.IP), limitAddress}); err != nil {
		return Invitation{}, err
	}
	n.ID, n.Role, n.Organisation, n.Demo, n.By = "", account.Merchant, "", false, ""
	inv, err := s.Open(ctx, cmd, n)
	if errors.Is(err, account.ErrLoginTaken) || errors.Is(err, account.ErrExists) {
		return Invitation{Account: decider.DeriveID(cmd.ID, "account").String()}, s.RequestLink(ctx, n.Email, from)
	}
	return inv, err
}

// Invite opens an account for somebody whom the caller may bring in: an admin
// anybody; an agent a merchant, or a colleague into the own organisation; a
// merchant a colleague. Everybody else, and everything else, is ErrInvite.
func (s *Service) Invite(ctx context.Context, by Principal, cmd decider.Command, n NewAccount) (Invitation, error) {
	switch {
	case by.MustEnrol || !by.May(account.WriteApplications):
		return Invitation{}, ErrInvite
	case by.Role == account.Admin && by.Session != "":
	case by.Role == account.Agent && n.Role == account.Merchant:
		n.Organisation = "" // the merchant's own, whatever was asked for
	case (by.Role == account.Agent || by.Role == account.Merchant) && n.Role == by.Role && by.Session != "":
		n.Organisation, n.OrganisationName = by.Organisation, ""
	default:
		return Invitation{}, ErrInvite
	}
	n.Demo, n.By = false, by.Account
	return s.Open(ctx, cmd, n)
}

// abandoned is how old a reservation without account must be to be a dead one:
// its process ended between the two appends, which are milliseconds apart.
const abandoned = time.Minute

// reserve takes the log-in name for an account. A name that was taken for an
// account which never came to be, or came to be under another name, is made free
// first.
func (s *Service) reserve(ctx context.Context, cmd decider.Command, login, id string) error {
	now := s.now()
	take := func() error {
		r, err := s.logins.Transact(ctx, login, cmd, nil, account.ReserveLogin{Account: id, At: now}.Decide)
		if err == nil && r.State.Account != id {
			return account.ErrLoginTaken // the command is repeated and the name went on since
		}
		return err
	}
	err := take()
	if !errors.Is(err, account.ErrLoginTaken) {
		return err
	}
	holder, _, loadErr := s.logins.Load(ctx, login)
	if loadErr != nil {
		return loadErr
	}
	st, _, loadErr := s.accounts.Load(ctx, holder.Account)
	if loadErr != nil {
		return loadErr
	}
	if st.Status != "" && st.Login == login || now.Sub(holder.Since) < abandoned {
		return err
	}
	if err := s.release(ctx, cmd, login, holder.Account); err != nil {
		return err
	}
	return take()
}

// release makes a log-in name free that an account holds and does not have.
func (s *Service) release(ctx context.Context, cmd decider.Command, login, holder string) error {
	cmd.ID = decider.DeriveID(cmd.ID, "release")
	_, err := s.logins.Transact(ctx, login, cmd, nil, account.ReleaseLogin{Account: holder, At: s.now()}.Decide)
	return err
}

// newLink prepares a link whose id follows from the command, so that a repeated
// command yields the same link.
func (s *Service) newLink(cmd decider.Command, accountID string, purpose account.Purpose) (string, account.IssueLink, error) {
	link := decider.DeriveID(cmd.ID, "link").String()
	o, err := newOpaque(accountID, link, 0)
	k := s.keys.newest()
	return link, account.IssueLink{
		Link: link, Purpose: purpose, Hash: hashToken(o.token(k, purposeLink)), Key: k.ID, By: cmd.Actor, At: s.now(),
	}, err
}

// LinkToken makes the token of the link that an account can use now, for the
// mail that carries it. It can be asked again: a mail that was not sent is sent
// later. account.ErrLinkOver when the link was used or replaced.
func (s *Service) LinkToken(ctx context.Context, accountID, link string) (string, error) {
	st, _, err := s.accounts.Load(ctx, accountID)
	if err != nil {
		return "", err
	}
	if st.Link.ID != link {
		return "", account.ErrLinkOver
	}
	k, found, err := s.keys.recorded(st.Link.Key)
	if err != nil {
		return "", err
	}
	if !found {
		return "", account.ErrLinkOver
	}
	o, err := newOpaque(accountID, link, 0)
	return o.token(k, purposeLink), err
}

// RequestLink sends the owner of an e-mail address a link to set a password:
// activation or reset, whichever the account needs. The answer is the same
// whether there is such an account or not, and comes before the work is done;
// only LimitedError tells something, and that about the caller.
func (s *Service) RequestLink(ctx context.Context, email string, from Caller) error {
	err := s.limited(ctx, attempt{"link:" + s.addressKey(from.IP), limitAddress})
	if err != nil {
		return err
	}
	name, err := account.LoginName(email)
	if err != nil {
		return err // about the text alone
	}
	index := s.loginIndex(name)
	if s.limits.Allow(ctx, "link:"+index, limitMail) > 0 {
		return nil // the mailbox has had enough
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return ErrBusy
	}
	ctx = context.WithoutCancel(ctx)
	s.background.Go(func() {
		defer func() { <-s.slots }()
		if err := s.requestLink(ctx, email); err != nil && !refused(err) {
			s.log.ErrorContext(ctx, "a password link could not be issued", "error", err)
		}
	})
	return nil
}

func (s *Service) requestLink(ctx context.Context, email string) error {
	st, err := s.byEmail(ctx, email)
	if err != nil || st.Status == "" {
		return err
	}
	purpose := account.Reset
	if st.Status == account.StatusInvited {
		purpose = account.Activation
	}
	return s.IssueLink(ctx, self(st, "request link"), st.ID, purpose)
}

// IssueLink replaces an account's link by a new one, which is mailed.
func (s *Service) IssueLink(ctx context.Context, cmd decider.Command, accountID string, purpose account.Purpose) error {
	_, issue, err := s.newLink(cmd, accountID, purpose)
	if err != nil {
		return err
	}
	_, err = s.Transact(ctx, accountID, cmd, nil, issue.Decide)
	return err
}

// Activate sets a password through a mailed link, the first one or a new one.
// account.ErrLinkOver for any link that does not work; the ErrPassword… refusals
// say what is wrong with the password and leave the link good.
func (s *Service) Activate(ctx context.Context, token, password string, from Caller) error {
	if err := s.limited(ctx, attempt{"activate:" + s.addressKey(from.IP), limitAddress}); err != nil {
		return err
	}
	o, ok, err := s.parseOpaque(token, purposeLink)
	if err != nil {
		return err
	}
	if !ok {
		return account.ErrLinkOver
	}
	st, _, err := s.accounts.Load(ctx, o.account.String())
	if err != nil {
		return err
	}
	c := account.UseLink{Link: o.subject.String(), Hash: hashToken(token), At: s.now()}
	// Asked before the costly hash with a stand-in for it; asked again with it.
	c.Password = personal.New("-")
	if _, err := c.Decide(st); err != nil {
		return err
	}
	if c.Password, err = s.newPassword(ctx, password, st); err != nil {
		return err
	}
	_, err = s.Transact(ctx, st.ID, self(st, "use link"), nil, c.Decide)
	return err
}

// ChangePassword replaces the caller's own password, ends their other sessions
// and the trust in all devices but the one that the request comes from.
func (s *Service) ChangePassword(ctx context.Context, p Principal, old, fresh string, from Caller) error {
	cmd := p.Command("change password")
	st, _, err := s.accounts.Load(ctx, p.Account)
	if err != nil {
		return err
	}
	device, err := s.ownDevice(st, from.Device)
	if err != nil {
		return err
	}
	if err := s.counted(ctx, "password", p, device, limitPair); err != nil {
		return err
	}
	// The old password is no longer good where an earlier sending changed it.
	if _, done, err := s.accounts.Repeated(ctx, p.Account, cmd); done || err != nil {
		return err
	}
	good, err := s.hasher.Verify(ctx, old, st.Password.Clear())
	if err != nil {
		return err
	}
	if !good {
		return ErrCredentials
	}
	c := account.ChangePassword{Verified: st.Password, Session: p.Session, Device: device, At: s.now()}
	if c.Password, err = s.newPassword(ctx, fresh, st); err != nil {
		return err
	}
	_, err = s.Transact(ctx, p.Account, cmd, nil, c.Decide)
	return err
}

func (s *Service) newPassword(ctx context.Context, password string, st account.State) (personal.Text, error) {
	if err := CheckPassword(password, st.Role, st.Email.Clear(), st.Name.Clear()); err != nil {
		return personal.Text{}, err
	}
	hash, err := s.hasher.Hash(ctx, password)
	return personal.New(hash), err
}

// CloseAccount ends an account for good and makes its e-mail address free.
func (s *Service) CloseAccount(ctx context.Context, cmd decider.Command, accountID, reason string) error {
	c := account.Close{Reason: reason, By: cmd.Actor, At: s.now()}
	r, err := s.Transact(ctx, accountID, cmd, nil, c.Decide)
	if err != nil {
		return err
	}
	release := account.ReleaseLogin{Account: accountID, At: s.now()}
	if _, err = s.logins.Transact(ctx, r.State.Login, cmd, nil, release.Decide); err != nil {
		return fmt.Errorf("auth: the account is closed, its e-mail address not yet free: %w", err)
	}
	return nil
}

// refused reports whether an error is a decision's no rather than a fault.
func refused(err error) bool {
	var r *account.Refusal
	return errors.As(err, &r)
}

// Find answers the account that logs in with an e-mail address;
// account.ErrNoAccount when there is none. It is for operators: nobody else may
// ask who is known here.
func (s *Service) Find(ctx context.Context, email string) (account.State, error) {
	if _, err := account.LoginName(email); err != nil {
		return account.State{}, err
	}
	st, err := s.byEmail(ctx, email)
	if err == nil && st.Status == "" {
		err = account.ErrNoAccount
	}
	return st, err
}
