package projections

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"alta/domain/application"
	"alta/eventstore"
)

// Log is what a Runner needs of the event log.
type Log interface {
	// Subscribe delivers every event after a position, in order, and then the new
	// ones as they come, until the context ends.
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	eventstore.Finding
	// Head is the position of the newest event, Start for none. It fails where that
	// is not known: then nothing may be built, published or compared.
	Head(ctx context.Context) (eventstore.Position, error)
}

// Ending is what a Log may know besides: the revision of the newest event of the
// stream that begins with an event, deleted or not. A build then writes an
// application, and forgets it, as soon as it has read all of it.
type Ending interface {
	LastRevision(ctx context.Context, first *eventstore.Record) (eventstore.Revision, error)
}

// Runner keeps one generation of rows and indexes up to date. Fill the exported fields
// once, then call Run.
//
// Several runners may share one Redis: one holds the generation and writes, the
// others stand by and take over where the holder shows no life for Patience. A
// holder that was only paused finds itself fenced.
type Runner struct {
	Store *Store
	Log   Log
	// Decode reads a stored event; of its personal values those that Opens names
	// come clear or erased, and the others as they like.
	Decode func(ctx context.Context, r *eventstore.Record) (application.Event, error)
	// Readable answers an *eventstore.SetAsideError for an event that nobody could
	// read, of whatever stream, without any key; nil, and a nil func, for every other.
	Readable func(r *eventstore.Record) error
	// Watched are the beginnings of the names of the streams besides applications
	// that are set aside where Readable says so.
	Watched []string
	// Index is the blind index of an exact value, for searching numbers that
	// must not be stored in clear.
	Index  func(kind, value string) string
	Now    func() time.Time
	Logger *slog.Logger
	// Unlisted, if set, is called when data left the lists that nobody may find any
	// more: a copy of Redis from before still holds them.
	Unlisted func()
	// Heartbeat is how often an idle runner looks whether it still holds what it
	// believes; a second when 0.
	Heartbeat time.Duration
	// InMemory bounds how many applications a build folds side by side, about a
	// kilobyte each; a million when 0. With more it reads the log several times.
	InMemory int
	// Patience is how long a silent holder is waited for; three seconds when 0.
	Patience time.Duration
	// Stuck is how long one batch may take before its holder shows no more life; two
	// minutes when 0.
	Stuck time.Duration

	told      sync.Map // stream → Aside, as it was logged
	toldCount atomic.Int64

	// Beside, if set, is the runner of this process, whose build Check compares.
	Beside *Runner

	once     sync.Once
	id       string        // of this runner, as the checkpoint's holder
	batches  chan struct{} // held while a batch is written, or while none may be
	fault    atomic.Pointer[error]
	progress progress
	sweeper  sweeper
}

const (
	tailBatch  = 512 // events of one transaction; more would make readers wait
	backOff    = 250 * time.Millisecond
	cacheLimit = 1 << 16 // applications kept in memory, about a kilobyte each
	category   = "application-"
)

func (r *Runner) prepare() {
	r.once.Do(func() {
		r.id = strconv.FormatUint(rand.Uint64(), 36)
		r.batches = make(chan struct{}, 1)
		if r.InMemory == 0 {
			r.InMemory = inMemory
		}
		if r.Heartbeat == 0 {
			r.Heartbeat = time.Second
		}
		if r.Patience == 0 {
			r.Patience = 3 * time.Second
		}
		if r.Stuck == 0 {
			r.Stuck = 2 * time.Minute
		}
		r.sweeper = sweeper{store: r.Store, now: r.Now, seen: map[generation]sighting{}}
	})
}

// Healthy answers nil while the runner can follow the log, and else why it
// stands still.
func (r *Runner) Healthy() error {
	if f := r.fault.Load(); f != nil {
		return *f
	}
	return nil
}

// Run follows the log until the context ends. It builds everything anew where
// Redis has nothing (or something torn), and survives Redis being away. A stream with
// an event that cannot be folded is set aside (see Aside), and all others go on.
func (r *Runner) Run(ctx context.Context) error {
	r.prepare()
	for {
		err := r.run(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrFenced), errors.Is(err, errLost):
			r.progress.restarts.Add(1)
			r.Logger.Info("projection starts over", "reason", err)
		case err != nil:
			r.fault.Store(&err)
			r.progress.restarts.Add(1)
			r.Logger.Warn("projection interrupted", "error", err)
		default:
			continue // built, or given up for a build: no reason to wait
		}
		r.progress.state.Store(stateWaiting)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(backOff):
		}
	}
}

func (r *Runner) run(ctx context.Context) error {
	g, err := r.Store.live(ctx)
	if errors.Is(err, ErrRebuilding) {
		return r.turn().Take(ctx, r.published, func(ctx context.Context) error {
			if adopted, err := r.adopt(ctx); adopted || err != nil {
				return err
			}
			return r.replace(ctx, "")
		})
	}
	if err != nil {
		return err
	}
	t, err := r.takeOver(ctx, g)
	if errors.Is(err, errLost) { // flushed, or filled from another log
		r.Logger.Warn("projection lost its documents and builds them anew")
		return r.Store.forsake(ctx, g)
	}
	if err != nil {
		return err
	}
	r.fault.Store(nil)
	from := t.held.position()
	r.progress.position.Store(&from)
	r.progress.state.Store(stateFollowing)
	err = r.follow(ctx, t)
	switch {
	case errors.Is(err, errTorn):
		r.Logger.Error("projection is torn and builds its documents anew", "error", err)
		return errors.Join(r.Store.forsake(ctx, g), ErrFenced)
	case ctx.Err() != nil:
		ending, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		if err := r.Store.release(ending, g, t.held); err != nil {
			r.Logger.Info("projection could not hand over", "reason", err)
		}
	}
	return err
}

// turn is this runner's turn to build, among those that share the Redis.
func (r *Runner) turn() BuildTurn {
	return BuildTurn{
		Redis: r.Store.rdb, Key: r.Store.prefix(0) + "builder", ID: r.id, Heartbeat: r.Heartbeat, Patience: r.Patience,
		Waits: func() { r.progress.state.Store(stateStandingBy); r.fault.Store(nil) },
	}
}

// published reports whether readers have a generation.
func (r *Runner) published(ctx context.Context) (bool, error) {
	_, err := r.Store.live(ctx)
	if errors.Is(err, ErrRebuilding) {
		return false, nil
	}
	return err == nil, err
}

// sweep drops what builds and rebuilds left behind; that it fails is no fault.
func (r *Runner) sweep(ctx context.Context) {
	n, err := r.sweeper.sweep(ctx)
	if err != nil && ctx.Err() == nil {
		r.Logger.Warn("abandoned builds could not be dropped", "error", err)
	}
	if n > 0 {
		r.Logger.Info("abandoned builds were dropped", "builds", n)
	}
}
