package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"alta/api/auth"
	"alta/domain/account"
	"alta/vault"
)

const accountUsage = `usage: alta account list    [--role ROLE] [--status STATUS]
       alta account show    ACCOUNT
       alta account invite  --role ROLE --email ADDRESS --name NAME [--language en] [--organisation NAME]
       alta account link    ACCOUNT               send a new link to set a password
       alta account role    ACCOUNT --role ROLE   give staff another role
       alta account disable ACCOUNT --why TEXT    shut at once; every session ends
       alta account enable  ACCOUNT               undo that
       alta account close   ACCOUNT --why TEXT    end for good; the e-mail address is free again
       alta account reset-totp ACCOUNT            lost telephone: one-time codes must be set up anew
       alta account sign-out   ACCOUNT            end every session

ACCOUNT is an id or an e-mail address. Every act is an event with who did it (--by,
your user name by default). Links are mailed; --print-link prints them too, for when
mail is down: whoever has the link has the account. --data and, for a log on a server,
--eventstore, --kms and --blobs name the installation, which may be running.`

// accountRequest is what an operator wants of the accounts.
type accountRequest struct {
	Verb, Account                       string
	Role, Status                        string
	Email, Name, Language, Organisation string
	Why, By                             string
	PrintLink                           bool
}

// accountVerbs says which act needs an account named.
var accountVerbs = map[string]bool{
	"list": false, "show": true, "invite": false, "link": true, "role": true, "disable": true,
	"enable": true, "close": true, "reset-totp": true, "sign-out": true,
}

// runAccount looks after accounts, of a running installation too: then the process
// that has the log open does it, and it takes effect there at once.
func runAccount(ctx context.Context, args []string, out, errOut io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprintln(out, accountUsage)
		return nil
	}
	r := accountRequest{Verb: args[0]}
	named, known := accountVerbs[r.Verb]
	if !known {
		return errUsage("account: there is no %q\n%s", r.Verb, accountUsage)
	}
	if args = args[1:]; named {
		if len(args) == 0 || strings.HasPrefix(args[0], "-") {
			return errUsage("account %s: name the account, by id or e-mail address", r.Verb)
		}
		r.Account, args = args[0], args[1:]
	}
	cfg, err := parseConfig("account", args, errOut, func(fs *flag.FlagSet) {
		fs.StringVar(&r.Role, "role", "", "merchant, agent, reviewer, lead, auditor or admin")
		fs.StringVar(&r.Status, "status", "", "list only: invited, active, suspended or closed")
		fs.StringVar(&r.Email, "email", "", "e-mail address of who is invited")
		fs.StringVar(&r.Name, "name", "", "name of who is invited")
		fs.StringVar(&r.Language, "language", "en", "language of who is invited: zh-CN, es or en")
		fs.StringVar(&r.Organisation, "organisation", "", "name of the organisation that an invited agent or merchant founds")
		fs.StringVar(&r.Why, "why", "", "reason, for colleagues; without personal data")
		fs.StringVar(&r.By, "by", "", "who does it; your user name when empty")
		fs.BoolVar(&r.PrintLink, "print-link", false, "also print the link that is mailed")
	})
	if err != nil {
		return err
	}
	if r.By == "" {
		r.By = operator()
	}
	if err := r.check(); err != nil {
		return err
	}
	if cfg.EventStore == "" {
		if runs, err := inUse(ctx, cfg); err != nil {
			return err
		} else if runs {
			return handOver(ctx, cfg.Data, "account", r, out)
		}
		if _, err := os.Stat(storeDir(cfg.Data)); err != nil {
			return fmt.Errorf("there is no event log in %s: %w", cfg.Data, err)
		}
	}
	p, err := openAccounts(ctx, cfg, slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	return errors.Join(p.account(ctx, r, out), p.Close())
}

// operator names the machine's user, as the record keeps it.
func operator() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return "operator:" + u.Username
	}
	return "operator"
}

// check refuses what no account could be asked.
func (r accountRequest) check() error {
	missing := func(name, value string) error {
		if strings.TrimSpace(value) == "" {
			return errUsage("account %s: --%s is missing", r.Verb, name)
		}
		return nil
	}
	if r.Role != "" && !slices.Contains(account.Roles(), account.Role(r.Role)) {
		return errUsage("account %s: --role must be merchant, agent, reviewer, lead, auditor or admin", r.Verb)
	}
	statuses := []account.Status{"", account.StatusInvited, account.StatusActive, account.StatusSuspended, account.StatusClosed}
	if !slices.Contains(statuses, account.Status(r.Status)) {
		return errUsage("account %s: --status must be invited, active, suspended or closed", r.Verb)
	}
	switch r.Verb {
	case "invite":
		for _, x := range [][2]string{{"role", r.Role}, {"email", r.Email}, {"name", r.Name}} {
			if err := missing(x[0], x[1]); err != nil {
				return err
			}
		}
	case "role":
		return missing("role", r.Role)
	case "disable", "close":
		return missing("why", r.Why)
	}
	return nil
}

// openAccounts opens what accounts need and nothing else: no Redis, no decoders.
func openAccounts(ctx context.Context, cfg config, logger *slog.Logger) (_ *program, err error) {
	p := &program{cfg: cfg, logger: logger, now: cfg.clock}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if err := p.openLog(); err != nil {
		return nil, err
	}
	if err := p.compareLog(ctx); err != nil {
		return nil, err
	}
	if err := p.openVault(ctx); err != nil {
		return nil, err
	}
	if p.keys, err = auth.OpenKeys(filepath.Join(cfg.Data, "auth.keys"), p.now()); err != nil {
		return nil, err
	}
	p.auth, err = auth.New(auth.Config{Log: p.log, Vault: p.vault, Erased: vault.ErrErased, Keys: p.keys, Now: p.now, Logger: logger})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() error { p.auth.Close(); return nil })
	return p, nil
}
