package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/lang"
	"alta/eventstore"
)

// account does what an operator asks for, as events of the account.
func (p *program) account(ctx context.Context, r accountRequest, out io.Writer) error {
	cmd := decider.Command{ID: decider.NewID(), Actor: r.By, Role: string(account.System), Operation: "alta account " + r.Verb}
	switch r.Verb {
	case "list":
		return p.listAccounts(ctx, r, out)
	case "invite":
		inv, err := p.auth.Open(ctx, cmd, auth.NewAccount{
			Role: account.Role(r.Role), OrganisationName: r.Organisation, Language: lang.Lang(r.Language),
			Email: r.Email, Name: r.Name, By: r.By,
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "invited %s; a mail with the link to set a password is sent\n", inv.Account)
		p.printLink(r, inv.Token, out)
		return nil
	}
	st, err := p.findAccount(ctx, r.Account)
	if err != nil {
		return err
	}
	now := p.now().UTC().Truncate(time.Microsecond)
	do := func(done string, decide func(account.State) ([]account.Event, error)) error {
		res, err := p.auth.Transact(ctx, st.ID, cmd, nil, decide)
		if err != nil {
			return err
		}
		if len(res.Events) == 0 {
			done = "nothing had to be changed"
		}
		_, err = fmt.Fprintf(out, "%s: %s\n", st.ID, done)
		return err
	}
	switch r.Verb {
	case "show":
		return p.showAccount(st, now, out)
	case "link":
		return p.sendLink(ctx, cmd, st, r, out)
	case "role":
		return do("is "+r.Role+" now; every session ended", account.ChangeRole{Role: account.Role(r.Role), By: r.By, At: now}.Decide)
	case "disable":
		return do("is shut; every session ended", account.Suspend{Reason: r.Why, By: r.By, At: now}.Decide)
	case "enable":
		return do("is open again", account.Restore{By: r.By, At: now}.Decide)
	case "close":
		if err := p.auth.CloseAccount(ctx, cmd, st.ID, r.Why); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "%s: is closed for good; its e-mail address is free\n", st.ID)
		return err
	case "reset-totp":
		return do("has no one-time codes; every session ended", account.DisableTOTP{By: r.By, At: now}.Decide)
	case "sign-out":
		return do("every session ended", account.RevokeSessions{By: r.By, At: now}.Decide)
	}
	return fmt.Errorf("account: there is no %q", r.Verb)
}

// findAccount takes an id or an e-mail address. The error repeats neither.
func (p *program) findAccount(ctx context.Context, name string) (account.State, error) {
	if strings.Contains(name, "@") {
		return p.auth.Find(ctx, name)
	}
	if _, err := decider.ParseID(name); err != nil {
		return account.State{}, errors.New("account: this is neither an id nor an e-mail address")
	}
	st, _, err := p.auth.Account(ctx, name)
	if err == nil && st.Status == "" {
		err = account.ErrNoAccount
	}
	return st, err
}

func (p *program) sendLink(ctx context.Context, cmd decider.Command, st account.State, r accountRequest, out io.Writer) error {
	purpose := account.Reset
	if st.Status == account.StatusInvited {
		purpose = account.Activation
	}
	if err := p.auth.IssueLink(ctx, cmd, st.ID, purpose); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: a mail with a new link is sent; it is good for %s\n", st.ID, purpose.Lifetime())
	if !r.PrintLink {
		return nil
	}
	st, _, err := p.auth.Account(ctx, st.ID)
	if err != nil {
		return err
	}
	token, err := p.auth.LinkToken(ctx, st.ID, st.Link.ID)
	if err == nil {
		p.printLink(r, token, out)
	}
	return err
}

// printLink prints the link where it was asked for. Without an origin only the
// running installation knows where people reach it.
func (p *program) printLink(r accountRequest, token string, out io.Writer) {
	if !r.PrintLink || token == "" {
		return
	}
	origin := p.cfg.Origin
	if origin == "" {
		origin = "http://" + p.cfg.Listen
	}
	fmt.Fprintf(out, "SECRET: %s/activate?token=%s\n", strings.TrimSuffix(origin, "/"), token)
}

// called is how a person is shown to an operator: staff by name, everybody else
// masked, because looking after accounts needs no merchant's data.
func called(st account.State) (name, email string) {
	if st.Role.Staff() {
		return st.Name.Clear(), st.Email.Clear()
	}
	return st.Name.Masked(), st.Email.Masked()
}

func (p *program) showAccount(st account.State, now time.Time, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	name, email := called(st)
	codes := "not set up"
	switch {
	case !st.TOTP.IsZero():
		codes = "set up"
	case st.Role.NeedsSecondFactor():
		codes = "not set up, and needed by the role"
	}
	fmt.Fprintf(w, "id\t%s\nrole\t%s\nstatus\t%s\nname\t%s\ne-mail\t%s\nlanguage\t%s\none-time codes\t%s\n", st.ID, st.Role, st.Status, name, email, st.Language, codes)
	if !st.Role.Staff() {
		fmt.Fprintf(w, "organisation\t%s %s\n", st.Organisation, st.OrganisationName)
	}
	if st.OIDCIssuer != "" {
		fmt.Fprintf(w, "identity provider\t%s\n", st.OIDCIssuer)
	}
	if st.Link.ID != "" {
		fmt.Fprintf(w, "open link\t%s, until %s\n", st.Link.Purpose, st.Link.Expires.Format(time.RFC3339))
	}
	for _, s := range st.Sessions {
		if s.Live(st.Role, now) {
			fmt.Fprintf(w, "session\t%s since %s, used %s\n", s.Method, s.Started.Format(time.RFC3339), s.Used.Format(time.RFC3339))
		}
	}
	for _, k := range st.Keys {
		used := "never used"
		if !k.Used.IsZero() {
			used = "used " + k.Used.Format(time.RFC3339)
		}
		fmt.Fprintf(w, "API key\t%s… %v, %s, until %s\n", k.Prefix, k.Scopes, used, k.Expires.Format(time.RFC3339))
	}
	return w.Flush()
}

// maxListed bounds a list of accounts.
const maxListed = 500

// listAccounts lists staff, or whom the role names. The log is read once for who
// was ever opened; only those are loaded who could be meant.
func (p *program) listAccounts(ctx context.Context, r accountRequest, out io.Writer) error {
	role := account.Role(r.Role)
	meant := func(x account.Role) bool {
		return role == "" && x.Staff() || role.Staff() && x.Staff() || x == role // staff change roles
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tROLE\tSTATUS\tCODES\tSESSIONS\tNAME\tE-MAIL")
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	listed, more := 0, false
	now := p.now()
	filter := eventstore.Filter{Name: "account list", Types: []string{account.StoredName(account.Opened{})}}
	for rec, err := range eventstore.Stored(p.log.Subscribe(ctx, eventstore.Start, filter)) {
		if err != nil {
			return err
		}
		e, err := account.Decode(rec.Type, rec.Data, nil)
		if err != nil {
			return fmt.Errorf("revision %d of %s: %w", rec.Revision, rec.Stream, err)
		}
		opened, ok := e.(account.Opened)
		if !ok || !meant(opened.Role) {
			continue
		}
		st, _, err := p.auth.Account(ctx, opened.Account)
		if err != nil {
			return err
		}
		if role != "" && st.Role != role || r.Status != "" && st.Status != account.Status(r.Status) {
			continue
		}
		if more = listed == maxListed; more {
			break
		}
		listed++
		live := 0
		for _, s := range st.Sessions {
			if s.Live(st.Role, now) {
				live++
			}
		}
		codes := "no"
		if !st.TOTP.IsZero() {
			codes = "yes"
		}
		name, email := called(st)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", st.ID, st.Role, st.Status, codes, live, name, email)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more {
		_, err := fmt.Fprintf(out, "… only the first %d are shown\n", maxListed)
		return err
	}
	return nil
}
