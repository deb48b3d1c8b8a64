package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"

	"alta/api/auth"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/duplicate"
	"alta/duplicates"
	"alta/durable"
	"alta/eventstore"
	"alta/eventstore/wire"
	"alta/reactions"
	"alta/reactions/mail"
	"alta/vault"
	"alta/vault/s3"
	"alta/vault/transit"
)

// ownSecret reads the 32 random bytes of a file that only we can read, made at
// the first start.
func ownSecret(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		b = make([]byte, 32)
		_, _ = rand.Read(b) // never fails: the runtime ends the process instead
		if err := durable.Create(path, b); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		b, err = os.ReadFile(path) // another node may have made it in the same moment
	}
	if err == nil && len(b) != 32 {
		err = fmt.Errorf("%s: want 32 bytes, found %d", path, len(b))
	}
	return b, err
}

// openKMS reads https://host:8200/<mount>/<key>?token-file=<path>: a key service
// with the interface of Vault's transit engine. Empty: the key file of the vault.
func openKMS(address string) (vault.KMS, error) {
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errUsage("--kms: want https://host:port/mount/key?token-file=path")
	}
	mount, key := path.Split(strings.Trim(u.Path, "/"))
	kms, err := transit.New(transit.Config{
		Address: u.Scheme + "://" + u.Host, Mount: strings.Trim(mount, "/"), Key: key,
		TokenFile: u.Query().Get("token-file"), Namespace: u.Query().Get("namespace"),
	})
	if err != nil {
		return nil, errUsage("--kms: %s", err)
	}
	return kms, nil
}

// openOIDC configures the staff's identity provider; nil where there is none.
func (p *program) openOIDC() (*auth.OIDC, error) {
	if p.cfg.OIDCIssuer == "" {
		return nil, nil
	}
	secret := ""
	if p.cfg.OIDCSecretFile != "" {
		b, err := os.ReadFile(p.cfg.OIDCSecretFile)
		if err != nil {
			return nil, errUsage("--oidc-secret-file: %s", err)
		}
		secret = strings.TrimSpace(string(b))
	}
	o, err := auth.NewOIDC(auth.OIDCConfig{
		Issuer: p.cfg.OIDCIssuer, ClientID: p.cfg.OIDCClient, ClientSecret: secret, Name: p.cfg.OIDCName,
		RedirectURL: strings.TrimSuffix(p.cfg.Origin, "/") + "/oidc", Now: p.now,
		TrustEmail: p.cfg.OIDCTrustEmail, StrongACR: strings.FieldsFunc(p.cfg.OIDCStrongACR, func(r rune) bool { return r == ',' || r == ' ' }),
	})
	if err != nil {
		return nil, errUsage("--oidc-issuer: %s", err)
	}
	return o, nil
}

// openBlobs reads s3://access:secret@host:port/bucket/prefix?region=…&tls=off and
// puts documents, wrapped keys and fences there, so that several processes share
// them. Empty: the local stores of the vault.
func openBlobs(ctx context.Context, address string, cfg *vault.Config) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.User == nil || u.Path == "" {
		return errUsage("--blobs: want s3://access:secret@host/bucket/prefix")
	}
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	secret, _ := u.User.Password()
	if prefix != "" {
		prefix += "/"
	}
	store, err := s3.Open(ctx, s3.Config{
		Endpoint: u.Host, Secure: u.Query().Get("tls") != "off", Region: u.Query().Get("region"),
		Bucket: bucket, Prefix: prefix, AccessKey: u.User.Username(), SecretKey: secret,
	})
	if err != nil {
		return fmt.Errorf("--blobs: %w", err)
	}
	cfg.Objects, cfg.Keys, cfg.Fences = s3.Objects{Store: store}, s3.Keys{Store: store}, s3.Fences{Store: store}
	return nil
}

// startWire offers the embedded log to official clients of this machine.
func (p *program) startWire(ctx context.Context, background background) error {
	if p.cfg.Wire == "" {
		return nil
	}
	l, err := wire.Listen(ctx, p.cfg.Wire)
	if err != nil {
		return fmt.Errorf("--wire: %w", err)
	}
	p.logger.Info("the log is offered to official clients", "address", p.cfg.Wire)
	background("wire", func(ctx context.Context) (err error) {
		if l == nil { // it was closed when the part ended
			if l, err = wire.Listen(ctx, p.cfg.Wire); err != nil {
				return err
			}
		}
		return wire.Serve(ctx, take(&l), keptLog{p.guarded}, wire.Options{Logger: p.logger})
	})
	return nil
}

// background starts a part that runs until the program stops.
type background func(name string, run func(context.Context) error)

// mailDir is where mails are kept that no server was named for.
func (p *program) mailDir() string { return filepath.Join(p.cfg.Data, "mail") }

// newMailer makes the part that writes to merchants. Every process has one, for
// the signing codes that the interface sends; only `reactions` runs it.
func (p *program) newMailer(origin string) (*mail.Mailer, error) {
	sender, err := p.sender(origin)
	if err != nil {
		return nil, err
	}
	return mail.New(mail.Config{
		Log: p.log, Decode: p.details.Decode,
		ApplicationState: func(ctx context.Context, id string) (application.State, error) {
			st, _, err := p.applications.Load(ctx, id)
			return st, err
		},
		Account: func(ctx context.Context, id string) (account.State, error) {
			st, _, err := p.auth.Account(ctx, id)
			return st, err
		},
		LinkToken: p.auth.LinkToken, Index: p.vault.Index, Sender: sender, Origin: origin,
		Rate: float64(p.cfg.MailRate), Now: p.now, Logger: p.logger,
	}), nil
}

// sender is the mail server, or a spool: in clear for development, sealed
// otherwise, because a mail is full of personal data.
func (p *program) sender(origin string) (mail.Sender, error) {
	if p.cfg.SMTP != "" {
		s, err := mail.NewSMTP(p.cfg.SMTP, p.cfg.MailFrom, p.now)
		if err != nil {
			return nil, err
		}
		if s.Hello, err = mail.HelloName(p.cfg.SMTPHello, origin); err != nil {
			return nil, errUsage("--smtp-hello: %s", err)
		}
		p.smtp = s
		return s, nil
	}
	p.logger.Warn("no mail server is set (--smtp): mails are kept as files and sent to nobody", "dir", p.mailDir(), "sealed", !p.cfg.Dev)
	if p.cfg.Dev {
		return mail.NewSpool(p.mailDir(), p.cfg.MailFrom, nil, p.now)
	}
	seal := func(ctx context.Context, subject string, id eventstore.ID, content []byte) ([]byte, error) {
		sealed, err := p.vault.Seal(ctx, subject, id, "mail", string(content))
		return []byte(sealed), err
	}
	return mail.NewSpool(p.mailDir(), p.cfg.MailFrom, seal, p.now)
}

// startReactions starts what events set in motion.
func (p *program) startReactions(mailer *mail.Mailer, background background) {
	p.reactions = []*reaction{
		{name: "mail", runs: mailer, resumes: true},
		{name: "precheck", resumes: true, runs: reactions.NewPrecheck(reactions.PrecheckConfig{
			Log: p.log, Applications: p.applications, Rules: p.rules, Duplicates: checked{p}, Now: p.now, Logger: p.logger,
		})},
		{name: "deadline", runs: reactions.NewDeadline(reactions.DeadlineConfig{
			Log: p.log, Rules: p.rules, Timers: reactions.NewMemoryTimers(), Now: p.now, Logger: p.logger,
		})},
		{name: "sample", resumes: true, runs: reactions.NewSample(reactions.SampleConfig{
			Log: p.log, Samples: p.samples, Rules: p.rules, Percent: p.cfg.SamplePercent, Keyed: p.vault.Index, Now: p.now, Logger: p.logger,
		})},
		{name: "erase", runs: p.newErase()},
	}
	for _, r := range p.reactions {
		run := r.runs.Run
		if r.resumes {
			run = p.oneAtATime(r.name, &r.standby, run)
		}
		background(r.name, run)
	}
	if p.server != nil && p.smtp != nil { // the interface sends codes while another process sends the mails
		background("mail server", p.smtp.Learn)
	}
}

// reaction is one of them, by name.
type reaction struct {
	name string
	runs interface {
		Run(context.Context) error
		Healthy() error
		Position() eventstore.Position
		Accepts(stream, typ string) bool
	}
	// resumes: it goes on from a kept position, so that another process can take over
	// at once. What folds the whole log at its start runs in every process instead,
	// ready for the moment at which something is due.
	resumes bool
	standby atomic.Bool // another process does the work
}

// newDuplicates finds what applications share.
func (p *program) newDuplicates() *duplicates.Finder {
	return &duplicates.Finder{
		Index: p.reader, Keyed: p.vault.Index,
		Load: func(ctx context.Context, id string) (application.State, error) {
			s, _, err := p.applications.Load(ctx, id)
			return s, err
		},
		File: func(ctx context.Context, subject, blob string) ([]byte, error) {
			r, err := p.vault.Blobs().Get(ctx, subject, blob)
			if err != nil {
				return nil, err
			}
			b, err := io.ReadAll(io.LimitReader(r, 1<<20))
			return b, errors.Join(err, r.Close())
		},
	}
}

// checked lets the machine check ask for duplicates once the index has seen the
// submission. So of two that come at one moment the later one finds the earlier.
type checked struct{ *program }

// Find waits for the index and asks it.
func (c checked) Find(ctx context.Context, id string, s application.State, after eventstore.Position) ([]duplicate.Match, error) {
	if err := c.reader.Wait(ctx, after); err != nil {
		return nil, err
	}
	found, err := c.duplicates.Find(ctx, id, s)
	if err != nil {
		return nil, err
	}
	out := make([]duplicate.Match, len(found.Matches))
	for i, m := range found.Matches {
		out[i] = m.Match
	}
	return out, nil
}

// withDevelopment adds what only --dev has: the mails, readable.
func (p *program) withDevelopment(pages http.Handler) http.Handler {
	if !p.cfg.Dev || p.cfg.SMTP != "" {
		return pages
	}
	mails := mail.Browser(p.mailDir())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/dev/mail" || strings.HasPrefix(r.URL.Path, "/dev/mail/") {
			mails.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}
