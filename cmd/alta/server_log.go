package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"alta/decider"
	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/evidence"

	"github.com/bsm/redislock"
)

// treeDir is where the tree of a log on a server is kept. The embedded log keeps
// its own.
func treeDir(data string) string { return filepath.Join(data, "tree") }

// serverLog is the log on a server. Over every new connection it takes nothing in
// before it was seen that the server still holds the newest event that this data
// directory knows of, and nothing any more once the sequencer found that it does not:
// a server that was restored to an older backup must not be built upon.
type serverLog struct {
	*esdb.Log
	sequencer *evidence.Sequencer // nil where another process has it
}

// newServerLog opens the log at a server, whose tree, if there is one, is in a
// directory. The server is connected to when it is first needed.
func newServerLog(connection, tree string, logger *slog.Logger) (*serverLog, error) {
	l := &serverLog{}
	log, err := esdb.Open(connection, esdb.Options{Logger: logger, Verify: func(ctx context.Context) error {
		return evidence.CompareEnd(ctx, l.Log, tree)
	}})
	l.Log = log
	return l, err
}

// openServerLog opens the log on a server, which is asked for nothing yet.
func (p *program) openServerLog() error {
	l, err := newServerLog(p.cfg.EventStore, treeDir(p.cfg.Data), p.logger)
	if err != nil {
		return fmt.Errorf("--eventstore: %w", err)
	}
	p.server, p.log = l, l
	p.closers = append(p.closers, l.Close)
	return nil
}

// compareLog compares a log on a server with what this data directory knows of it. It
// fails with *evidence.LostError where the server lost events; a server that cannot be
// reached is compared before the first append instead.
func (p *program) compareLog(ctx context.Context) error {
	if p.server == nil {
		return nil
	}
	err := p.server.compare(ctx, treeDir(p.cfg.Data))
	if errors.Is(err, eventstore.ErrCorrupt) {
		return fmt.Errorf("--eventstore: %w", err)
	}
	if err != nil {
		p.logger.Warn("the log cannot be compared with its tree yet", "error", err.Error())
	}
	return nil
}

// awaitPause is the time between two attempts to reach the log at the start.
const awaitPause = 500 * time.Millisecond

// awaitLog waits until a log on a server answers, and compares it with what this data
// directory knows. It fails with *evidence.LostError where the server lost events.
func (p *program) awaitLog(ctx context.Context) error {
	if p.server == nil {
		return nil
	}
	err := p.whileAway(ctx, func(ctx context.Context) error {
		ctx, stop := context.WithTimeout(ctx, logAsked)
		defer stop()
		if err := p.server.compare(ctx, treeDir(p.cfg.Data)); err != nil {
			return err
		}
		_, err := p.log.Head(ctx)
		return err
	})
	if errors.Is(err, eventstore.ErrCorrupt) {
		err = fmt.Errorf("--eventstore: %w", err)
	}
	return err
}

// whileAway does what is needed at the start, again and again while the log on the
// server cannot be reached or denies access, until the context ends. What is done must
// be repeatable.
func (p *program) whileAway(ctx context.Context, do func(context.Context) error) error {
	for waiting := false; ; {
		err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case p.server == nil || err == nil || !away(err):
			if waiting && err == nil {
				p.logger.Info("the event store answers: the start goes on")
			}
			return err
		case !waiting:
			waiting = true
			p.logger.Warn("the event store does not answer: the start waits for it", "error", err.Error())
		}
		if !pause(ctx, awaitPause) {
			return ctx.Err()
		}
	}
}

// away reports whether an error says that a log cannot be reached now, so that a later
// attempt may succeed.
func away(err error) bool {
	for _, one := range []error{eventstore.ErrUnavailable, eventstore.ErrUnknownOutcome, esdb.ErrDenied, context.DeadlineExceeded} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// compare meets the end of the log with the tree in a directory. It fails with
// *evidence.LostError where the server lost events.
func (l *serverLog) compare(ctx context.Context, tree string) error {
	return evidence.CompareEnd(ctx, l.Log, tree)
}

// refusal says why nothing may be appended, nil when something may.
func (l *serverLog) refusal() error {
	if l.sequencer == nil {
		return nil
	}
	if err := l.sequencer.Healthy(); err != nil {
		return fmt.Errorf("%w: %w", eventstore.ErrReadOnly, err)
	}
	return nil
}

// Append appends like the server, and fails with eventstore.ErrReadOnly where the
// server lost events.
func (l *serverLog) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	if err := l.refusal(); err != nil {
		return eventstore.Appended{}, err
	}
	return l.Log.Append(ctx, stream, expected, events...)
}

// server tells how the connection to the server stands, and those who follow its log.
// Several subscribers of one name are told of as the one that waits longest.
func (s sink) server(h esdb.Health) {
	s.gauge("alta_server_reachable", "1 while the leader of the event store answers.", truth(h.Reachable))
	s.counter("alta_server_drops_total", "Subscriptions that the event store gave up since the start because this process was too slow.", float64(h.TooSlow))
	all := map[string]esdb.Consumer{}
	for _, c := range append(h.Consumers, h.Feed) {
		if of := all[c.Name]; c.Name != "" {
			slow := of.Slow + c.Slow
			if c.Behind >= of.Behind {
				of = c
			}
			of.Slow = slow
			all[c.Name] = of
		}
	}
	for name, c := range all {
		s.gauge("alta_subscriber_live", "1 while the subscriber takes its events from the subscription that all share.", truth(c.Live), "subscriber", name)
		s.gauge("alta_subscriber_behind_seconds", "Since when events wait for the subscriber.", c.Behind.Seconds(), "subscriber", name)
		s.gauge("alta_subscriber_slow", "How often the subscriber was too slow for the shared events since it began.", float64(c.Slow), "subscriber", name)
	}
}

// startStates lets decisions on applications and samples go without a look at the
// log before, where that lies on a server: what the deciders remember is kept up to
// date. Where it cannot be they look, so a failure is no fault of this process.
func (p *program) startStates(background background) {
	if p.server == nil {
		return
	}
	keep := func(name string, follow func(context.Context, decider.Feed) error) {
		background(name, func(ctx context.Context) error {
			return every(ctx, time.Second, func(ctx context.Context) {
				if err := follow(ctx, p.log); err != nil && ctx.Err() == nil {
					p.logger.Warn("decisions look at the log first for now", "part", name, "error", err.Error())
				}
			})
		})
	}
	keep("application states", p.applications.Follow)
	keep("sample states", p.samples.Follow)
}

// startSequencer keeps the evidence of the log, in one process at a time.
func (p *program) startSequencer(background background) error {
	key, err := evidence.LoadKey(keyFile(p.cfg.Data))
	if err != nil {
		return err
	}
	p.server.sequencer = evidence.NewSequencer(evidence.SequencerConfig{
		Log: p.server.Log, Tree: treeDir(p.cfg.Data), Checkpoints: checkpointsDir(p.cfg.Data), Key: key,
		Lease: redisLease{client: redislock.New(p.redis), key: "alta:sequencer", life: leaseLife, logger: p.logger},
		Now:   p.now, Logger: p.logger,
	})
	background("sequencer", p.server.sequencer.Run)
	return nil
}

// How long a lease outlives a process that ended without giving it back.
const (
	leaseLife = 15 * time.Second
	turnLife  = 6 * time.Second // of a part such as the mails: somebody may be waiting for one
)

// oneAtATime lets one process of several at one log do a part's work; the others
// stand by, and standby says so. That spares each mail a race for its notice, each
// stored file a second reading, and the server all but one subscription. It is a
// courtesy: what keeps two from doing a thing twice are exact revisions and ids that
// follow from the cause. So the work never waits for Redis: where that cannot be asked,
// whoever works goes on, and the others begin as well.
func (p *program) oneAtATime(name string, standby *atomic.Bool, work func(context.Context) error) func(context.Context) error {
	if p.server == nil { // only one process can have the embedded log
		return work
	}
	lease := redisLease{client: redislock.New(p.redis), key: "alta:part:" + name, life: turnLife, logger: p.logger, optional: true}
	return func(ctx context.Context) error {
		for {
			standby.Store(true)
			err := lease.Hold(ctx, func(ctx context.Context) error {
				standby.Store(false)
				p.logger.Info("this process does the work of a part", "part", name)
				return work(ctx)
			})
			if ctx.Err() != nil || err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			p.logger.Info("another process does the work of a part", "part", name)
		}
	}
}

// redisLease is a lease in Redis. It may be lost with Redis, and then be held
// twice: whoever uses it must be fenced by other means.
type redisLease struct {
	client *redislock.Client
	key    string
	life   time.Duration
	logger *slog.Logger
	// optional: the work is done without the lease where Redis cannot be asked for as
	// long as the lease lives.
	optional bool
}

// Hold waits for the lease and runs the work while it can be prolonged.
func (l redisLease) Hold(ctx context.Context, work func(context.Context) error) error {
	lock, err := l.obtain(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var prolonging sync.WaitGroup
	prolonging.Go(func() {
		defer stop()
		lock = l.prolong(ctx, lock)
	})
	err = work(ctx)
	stop()
	prolonging.Wait()
	if lock == nil {
		return err
	}
	// Best effort: a lease that cannot be given back ends by itself.
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if rerr := lock.Release(release); rerr != nil && !errors.Is(rerr, redislock.ErrLockNotHeld) {
		l.logger.Warn("a lease could not be given back", "lease", l.key, "error", rerr.Error())
	}
	return err
}

// obtain waits for the lease. It answers nil where the work is to begin without it.
func (l redisLease) obtain(ctx context.Context) (*redislock.Lock, error) {
	quiet := false
	for away := (time.Time{}); ; {
		asked := time.Now()
		lock, err := l.ask(ctx)
		switch {
		case err == nil:
			return lock, nil
		case errors.Is(err, redislock.ErrNotObtained):
			away = time.Time{}
		case away.IsZero():
			away = asked
		case l.optional && time.Since(away) >= l.life:
			return nil, nil
		}
		if !away.IsZero() && !quiet && ctx.Err() == nil {
			quiet = true
			l.logger.Warn("Redis cannot be asked for a lease", "lease", l.key, "error", err.Error())
		}
		if !pause(ctx, l.life/3) {
			return nil, ctx.Err()
		}
	}
}

func (l redisLease) ask(ctx context.Context) (*redislock.Lock, error) {
	try, cancel := context.WithTimeout(ctx, l.life/6)
	defer cancel()
	return l.client.Obtain(try, l.key, l.life, nil)
}

// prolong prolongs the lease until ctx ends, another has it, or it has run out, and
// answers what is held then. A lease that is optional does not run out, and is asked
// for anew where Redis has none of it, as after it was emptied.
func (l redisLease) prolong(ctx context.Context, lock *redislock.Lock) *redislock.Lock {
	for good := time.Now(); pause(ctx, l.life/3); {
		asked := time.Now()
		err := redislock.ErrNotObtained
		if lock != nil {
			try, cancel := context.WithTimeout(ctx, l.life/6)
			err = lock.Refresh(try, l.life, nil)
			cancel()
		}
		gone := errors.Is(err, redislock.ErrNotObtained) || errors.Is(err, redislock.ErrLockNotHeld)
		if gone && l.optional {
			lock, err = l.ask(ctx)
			gone = errors.Is(err, redislock.ErrNotObtained)
		}
		switch {
		case err == nil:
			good = asked
		case gone, !l.optional && time.Since(good) > l.life*2/3:
			return nil
		}
	}
	return lock
}

// pause answers false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
