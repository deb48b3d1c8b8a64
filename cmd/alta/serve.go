package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"alta/api"
	"alta/api/auth"
	"alta/decider"
	"alta/documents"
	"alta/domain/application"
	"alta/domain/policy"
	"alta/duplicates"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/frontend"
	"alta/projections"
	"alta/reactions"
	"alta/reactions/mail"
	"alta/vault"

	"github.com/redis/go-redis/v9"
)

// eventLog is what the program needs of an event log; both engines have it.
type eventLog interface {
	decider.Log
	eventstore.Finding
	ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
	ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
	Head(ctx context.Context) (eventstore.Position, error)
	Close() error
}

// program is everything that runs in one process, in the order in which it was
// opened. It is closed in the reverse order.
type program struct {
	cfg    config
	logger *slog.Logger
	now    func() time.Time

	log      eventLog
	health   *health
	guarded  *guardedLog // the same, when it is the embedded one
	server   *serverLog  // the same, when it is on a server
	vault    *vault.Vault
	keyState keyHealth // whether the vault's keys could be used last
	redis    redis.UniversalClient
	child    *privateRedis // the same, where it is a process of ours
	fit      *redisFit
	parts    *supervisor // once they run
	auth     *auth.Service
	keys     *auth.Keys
	limits   *auth.Limiter
	intake   *documents.Intake
	rules    func() application.Rules
	inForce  atomic.Pointer[application.Rules] // what rules answers

	applications *api.Applications
	accesses     *api.Accesses
	samples      *api.Samples
	store        *projections.Store
	runner       *projections.Runner
	reader       projections.Reader
	details      *projections.Details
	duplicates   *duplicates.Finder
	counter      *counter
	reactions    []*reaction
	orphans      *reactions.Orphans // where reactions run
	mailer       *mail.Mailer
	smtp         *mail.SMTP // nil without a mail server
	metrics      *metrics
	answering    atomic.Pointer[api.Server] // once requests are answered
	hidden       *hiddenWatch               // nil where the log is the embedded one
	asides       asideWatch

	closers []func() error
}

// open opens everything that a command needs, and compares a log on a server with what
// this data directory knows of it.
func open(ctx context.Context, cfg config, logger *slog.Logger) (*program, error) {
	p, err := assemble(ctx, cfg, logger)
	if err != nil {
		return nil, err
	}
	if err := p.compareLog(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// assemble opens everything that this process needs, without asking a log on a server
// for anything. After an error what was opened is closed again.
func assemble(ctx context.Context, cfg config, logger *slog.Logger) (_ *program, err error) {
	p := &program{cfg: cfg, logger: logger, now: cfg.clock}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	if err := p.openLog(); err != nil {
		return nil, err
	}
	p.health = newHealth(p)
	if err := p.openVault(ctx); err != nil {
		return nil, err
	}
	var stop func() error
	if p.redis, p.child, stop, err = openRedis(ctx, cfg.Redis, cfg.Data, logger); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, stop)
	p.fit = &redisFit{client: p.redis, logger: logger}
	if _, err := p.fit.look(ctx); err != nil {
		return nil, fmt.Errorf("--redis: %w", err)
	}
	if err := p.openRules(); err != nil {
		return nil, err
	}
	if p.keys, err = auth.OpenKeys(filepath.Join(cfg.Data, "auth.keys"), p.now()); err != nil {
		return nil, err
	}
	p.limits = auth.NewLimiter(p.redis, p.now)
	p.limits.Factor = cfg.LimitFactor
	identity, err := p.openOIDC()
	if err != nil {
		return nil, err
	}
	p.auth, err = auth.New(auth.Config{
		Log: p.log, Vault: p.vault, Erased: vault.ErrErased, Keys: p.keys, Limiter: p.limits, OIDC: identity, Hasher: auth.NewHasher(cfg.passwords),
		Now: p.now, Logger: logger, DemoWithoutTOTP: cfg.Demo,
	})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() error { p.auth.Close(); return nil })

	codec := sealing{p.vault}
	p.applications, p.accesses, p.samples = codec.applications(p.log), accesses(p.log), samples(p.log)
	p.store = projections.NewStore(p.redis)
	folder := projections.Folder{Policies: p.rules().Policies}
	p.runner = &projections.Runner{
		Store: p.store, Log: p.log, Decode: codec.decodeForLists, Readable: readable, Watched: watched, Index: p.vault.Index, Now: p.now, Logger: logger,
	}
	if p.child != nil {
		p.runner.Unlisted = p.child.Erased
		p.child.roomy = func() bool { return p.guarded == nil || p.guarded.Writable() == nil }
	}
	p.hidden = p.newHidden()
	p.asides.hidden = p.hidden
	p.details = &projections.Details{Log: p.log, Folder: folder, Decode: codec.decode}
	p.counter = p.newCounter()
	p.reader = projections.Reader{Store: p.store, Index: p.vault.Index, Now: p.now, Unreadable: p.hidden.hides}
	p.duplicates = p.newDuplicates()
	return p, nil
}

func (p *program) openLog() error {
	if p.cfg.EventStore != "" {
		return p.openServerLog()
	}
	g, err := openLog(p.cfg.Data, embedded.Options{Now: p.now, Logger: p.logger})
	if err != nil {
		return err
	}
	p.log, p.guarded = g, g
	p.closers = append(p.closers, g.Close)
	return nil
}

func (p *program) openVault(ctx context.Context) error {
	cfg := vault.Config{Dir: filepath.Join(p.cfg.Data, "vault"), Clock: p.now}
	var err error
	if cfg.KMS, err = openKMS(p.cfg.KMS); err != nil {
		return err
	}
	if err := openBlobs(ctx, p.cfg.Blobs, &cfg); err != nil {
		return err
	}
	if p.vault, err = vault.Open(cfg); err != nil {
		return err
	}
	exe := p.cfg.worker
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return err
		}
	}
	cache := p.cfg.rendererCache
	if cache == "" {
		cache = filepath.Join(p.cfg.Data, "cache")
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return err
	}
	if cache, err = filepath.Abs(cache); err != nil {
		return err
	}
	spool := filepath.Join(p.cfg.Data, "spool")
	if err := os.MkdirAll(spool, 0o700); err != nil {
		return err
	}
	in := documents.Config{Worker: []string{exe, "document-worker"}, CacheDir: cache, SpoolDir: spool}
	if p.cfg.ClamAV != "" {
		in.Scanner = documents.Clamd{Address: p.cfg.ClamAV}
	}
	if p.intake, err = documents.Open(in); err != nil {
		return err
	}
	p.closers = append(p.closers, p.intake.Close)
	return nil
}

// openRules loads the policies and the calendar that decisions rest on.
func (p *program) openRules() error {
	rules, err := p.readRules()
	if err != nil {
		return err
	}
	if c := rules.Calendar.Coverage(p.now()); c.Low {
		p.logger.Warn("the calendar soon ends: import the next year's table", "official_through", c.Through.String(), "business_days_left", c.Days)
	}
	p.inForce.Store(&rules)
	p.rules = func() application.Rules { return *p.inForce.Load() }
	return nil
}

// readRules reads them; the calendar's file may have changed since the start.
func (p *program) readRules() (application.Rules, error) {
	cal, err := openCalendar(p.cfg.Calendar)
	return application.Rules{Policies: policy.Default(), Calendar: cal}, err
}

// Close closes what was opened, last first.
func (p *program) Close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	p.closers = nil
	return errors.Join(errs...)
}

func runServe(ctx context.Context, args []string, out, errOut io.Writer) error {
	var addressFile string
	cfg, err := parseConfig("serve", args, errOut, func(fs *flag.FlagSet) {
		fs.StringVar(&addressFile, "address-file", "", "write the address to this file once the interface answers")
	})
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(errOut, nil))
	return serve(ctx, cfg, logger, func(address string) error {
		fmt.Fprintf(out, "Alta answers at %s\n", address)
		if cfg.Demo {
			printDemoPeople(out)
		}
		if addressFile == "" {
			return nil
		}
		return os.WriteFile(addressFile, []byte(address+"\n"), 0o600)
	})
}

// serve runs the parts until the context ends. listening is called with the
// address once requests are answered. From the first moment on /livez and /readyz
// are; everything else is refused until a log on a server has answered.
func serve(ctx context.Context, cfg config, logger *slog.Logger, listening func(address string) error) (err error) {
	// Requests outlive the order to stop by a moment, the parts by no more.
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen at %s: %w", cfg.Listen, err)
	}
	f := openFront(l, logger)
	p, err := assemble(ctx, cfg, logger)
	if err != nil {
		return errors.Join(err, f.close())
	}
	p.parts = newSupervisor(run, logger)
	defer func() {
		err = errors.Join(err, f.close())
		stop()
		p.parts.wait.Wait()
		err = errors.Join(err, p.Close())
	}()
	start := p.parts.start
	if p.child != nil {
		start("redis", p.child.run)
	}
	start("redis policy", p.fit.run)
	start("health", p.health.run)
	f.show(api.Aside(p.health.readiness, api.Starting()))
	p.metrics = newMetrics(p)
	if err := p.startMetrics(start); err != nil {
		return err
	}
	p.startControl(start)
	if err := p.awaitLog(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped before there was anything to do
		}
		return err
	}
	if cfg.does("sequencer") && p.server != nil {
		if err := p.startSequencer(start); err != nil {
			return err
		}
	}
	if cfg.does("projector") {
		start("projector", p.runner.Run)
		start("statistics", p.counter.Run)
	}
	start("sessions", func(ctx context.Context) error { p.auth.Follow(ctx, p.log); return nil })
	p.startStates(start)
	if cfg.Demo {
		if err := p.whileAway(ctx, func(ctx context.Context) error { return makeDemoPeople(ctx, p.auth) }); err != nil {
			return err
		}
	}
	p.startUpkeep(start)
	start("set aside", p.watchAsides)
	if p.hidden != nil {
		start("hidden streams", func(ctx context.Context) error { return p.hidden.run(ctx, p.log) })
	}
	if err := p.startWire(run, start); err != nil {
		return err
	}
	origin := p.origin(l.Addr())
	mailer, err := p.newMailer(origin)
	if err != nil {
		return err
	}
	p.mailer = mailer
	if cfg.does("reactions") {
		p.startReactions(mailer, start)
	} else if p.smtp != nil {
		start("mail server", func(ctx context.Context) error { return p.smtp.Learn(ctx) })
	}
	if !cfg.does("api") {
		p.health.started.Store(true)
		f.show(api.Aside(p.health.readiness, api.NoInterface()))
		return f.wait(ctx)
	}
	people := &api.People{Auth: p.auth, Logger: logger}
	start("names", func(ctx context.Context) error { people.Follow(ctx, p.log); return nil })
	handler, err := p.handler(run, people)
	if err != nil {
		return err
	}
	p.health.started.Store(true)
	f.open(handler, p.answering.Load())
	if err := listening(origin); err != nil {
		return err
	}
	return f.wait(ctx)
}

// origin is where people reach the pages.
func (p *program) origin(listening net.Addr) string {
	if p.cfg.Origin != "" {
		return p.cfg.Origin
	}
	return "http://" + listening.String()
}

func (p *program) handler(ctx context.Context, people *api.People) (http.Handler, error) {
	spec, err := api.LoadSpec()
	if err != nil {
		return nil, err
	}
	static, err := newPages(frontend.Dist())
	if err != nil {
		return nil, err
	}
	secret, err := ownSecret(filepath.Join(p.cfg.Data, "codes.key"))
	if err != nil {
		return nil, err
	}
	limit := api.LimitRegistrations
	limit.Rate, limit.Burst = p.cfg.MaxRegistrations, p.cfg.MaxRegistrations
	s := &api.Server{
		Applications: p.applications, Accesses: p.accesses, Samples: p.samples, Auth: p.auth, People: people, Reader: p.reader, SetAside: p.setAside, Details: p.details, Duplicates: p.duplicates, Statistics: p.statistics(),
		Folder: p.details.Folder, Log: p.log, Decode: p.details.Decode, Blobs: p.vault.Blobs(), Index: p.vault.Index,
		Intake: p.intake, Rules: p.rules, Codes: api.NewCodes(secret), Limits: p.limits, Requests: api.NewRequests(p.redis), HTTPS: strings.HasPrefix(p.cfg.Origin, "https://"), RegistrationLimit: limit, Quotas: p.cfg.Quotas, Looks: p.cfg.Looks, OpenClaims: p.cfg.OpenClaims,
		Mail: mails{p}, Now: p.now, Logger: p.logger, TrustProxy: p.cfg.TrustProxy, Ready: p.health.readiness, Age: p.health.age, Spec: spec,
		Pages: p.withDevelopment(static), Observe: p.metrics.observe,
	}
	if p.cfg.Dev {
		s.Check = func(err error) { p.logger.Error("an answer breaks the contract", "error", err) }
	}
	h := s.Handler(ctx)
	p.answering.Store(s)
	return h, nil
}
