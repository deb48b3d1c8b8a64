package projections

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"alta/domain/application"
	"alta/eventstore"
	"alta/projections/replay"
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

// takeOver waits until nobody else writes to a generation, and then holds it.
func (r *Runner) takeOver(ctx context.Context, g generation) (*tail, error) {
	origin := ""
	var seen standing
	for waited := time.Duration(0); ; waited += r.Heartbeat {
		now, err := r.Store.standing(ctx, g)
		if err != nil {
			return nil, err
		}
		head, err := r.Log.Head(ctx)
		if err == nil && origin == "" && head != eventstore.Start { // it was empty until now
			origin, err = Origin(ctx, r.Log)
		}
		if err != nil {
			return nil, err
		}
		here, err := r.here(ctx, now, origin)
		if errors.Is(err, eventstore.ErrForeign) {
			r.Logger.Warn("Redis was filled from another log, or from a longer one")
			return nil, errLost
		}
		if err != nil {
			return nil, err
		}
		if !slices.Equal(now, seen) {
			seen, waited = now, 0
		}
		if holder := now[0].holder; holder == "" || holder == r.id || waited >= r.Patience {
			held, err := r.Store.seize(ctx, g, now, here, r.id, origin)
			if err != nil {
				return nil, err
			}
			if here.position() != now.position() {
				r.Logger.Info("the lists were made from a log of which this one is a copy: they are kept, and go on at the same event",
					"there", now.position().String(), "here", here.position().String())
			}
			t, err := r.tail(ctx, g, held)
			if err == nil {
				err = t.measured(ctx, r.Store)
			}
			if err == nil && len(t.aside) > manyAside {
				err = errLost
			}
			if err == nil {
				for _, a := range t.aside {
					r.tell(a)
				}
			}
			if err == nil {
				err = r.retake(ctx, t)
			}
			return t, err
		}
		r.progress.state.Store(stateStandingBy)
		r.fault.Store(nil)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(r.Heartbeat):
		}
		if live, err := r.Store.live(ctx); err != nil || live != g {
			return nil, errors.Join(err, ErrFenced)
		}
	}
}

// here answers the checkpoints with the positions that their events have in this log.
// It fails with eventstore.ErrForeign where a shard has seen events that this log does
// not hold: it began with another event, or lacks the last one.
func (r *Runner) here(ctx context.Context, now standing, origin string) (standing, error) {
	out := slices.Clone(now)
	for i, c := range now {
		if c.mark.Position != eventstore.Start && c.origin != origin {
			return nil, eventstore.ErrForeign
		}
		if i > 0 && c.mark == now[i-1].mark {
			out[i].mark = out[i-1].mark
			continue
		}
		at, err := eventstore.Locate(ctx, r.Log, c.mark)
		if err != nil {
			return nil, err
		}
		out[i].mark.Position = at
	}
	return out, nil
}

// errMoved: the log behind the address is another one than before.
var errMoved = errors.New("projections: the log does not hold the last event that was written, or not at its position any more")

// verifyTime is how long a runner that follows asks whether its events are there.
const verifyTime = 2 * time.Second

// verify answers errMoved where the log does not hold the event any more at which
// this runner stands: its server was set back, or another log took its place. A
// subscription alone would wait there for ever. A log that cannot be asked just now
// says nothing.
func (r *Runner) verify(ctx context.Context, t *tail) error {
	asking, stop := context.WithTimeout(ctx, verifyTime)
	defer stop()
	for i := range t.held {
		mark := t.held[i].mark // the heartbeat writes beside it
		at, err := eventstore.Locate(asking, r.Log, mark)
		if errors.Is(err, eventstore.ErrForeign) || err == nil && at != mark.Position {
			return errMoved
		}
	}
	return nil
}

// Origin is the id of a log's first event, empty while it has none.
func Origin(ctx context.Context, log interface {
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
}) (string, error) {
	for m, err := range log.Subscribe(ctx, eventstore.Start, eventstore.Filter{Name: "origin"}) {
		switch {
		case err != nil:
			return "", err
		case m.Record != nil:
			return m.Record.ID.String(), nil
		case m.CaughtUp:
			return "", nil
		}
	}
	return "", replay.ErrBrokenOff
}

// tail is the state of one runner at the end of one generation.
type tail struct {
	generation generation
	held       standing
	docs       map[string]*kept // the applications seen lately
	aside      map[string]Aside // streams that are set aside
	// sizes is what every key of a shard holds; nil until it was read.
	sizes   []map[string]int64
	counted int // keys of the census so far
	// held belongs to whoever writes, and to the heartbeat beside.
	mu sync.Mutex
	// working is since when a batch is being worked on, in Unix nanoseconds; 0 while
	// none is.
	working atomic.Int64
	// until, when set, ends following once everything up to it is written.
	until *eventstore.Position
}

// tail begins at the end of a generation.
func (r *Runner) tail(ctx context.Context, g generation, held standing) (*tail, error) {
	aside, err := r.Store.asides(ctx, g)
	if err != nil {
		return nil, err
	}
	return &tail{generation: g, held: held, docs: map[string]*kept{}, aside: aside}, nil
}

// delivery is what the subscription hands over.
type delivery struct {
	record *eventstore.Record
	err    error
}

// follow writes what comes, batch by batch. All events are read, also those of
// no application, so that the position says how far readers can see.
func (r *Runner) follow(ctx context.Context, t *tail) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	feed := make(chan delivery, 2*tailBatch)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop()
	from := t.held.position()
	source := ctx // ctx is another one below, while the reading goes on
	reading.Go(func() { read(source, r.Log, from, feed) })
	if t.until == nil { // else nobody knows of this generation
		var lost context.CancelCauseFunc
		ctx, lost = context.WithCancelCause(ctx)
		defer lost(nil)
		reading.Go(func() { r.live(ctx, t, lost) })
	}
	beat := time.NewTicker(r.Heartbeat)
	defer beat.Stop()
	for sweep := 0; ; {
		if t.until != nil && t.held.position().Compare(*t.until) >= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-beat.C:
			if t.until != nil {
				continue
			}
			if err := r.census(ctx, t); err != nil {
				return cause(ctx, err)
			}
			if sweep++; sweep%10 == 0 {
				if err := r.verify(ctx, t); err != nil {
					return err
				}
				r.sweep(ctx)
			}
			if sweep%againAside == 0 {
				if err := r.retake(ctx, t); err != nil {
					return cause(ctx, err)
				}
			}
		case d := <-feed:
			batch, err := gather(d, feed, t.until)
			if err == nil || len(batch) > 0 {
				err = errors.Join(r.apply(ctx, t, batch), err)
			}
			if err != nil {
				return cause(ctx, err)
			}
		}
	}
}

// cause prefers what ended the context to what failed because of that.
func cause(ctx context.Context, err error) error {
	if ended := context.Cause(ctx); ended != nil {
		return ended
	}
	return err
}

// live shows that the holder is alive, beside its work, so that a long batch does
// not look like a dead holder. A holder that has been at one batch for as long as
// Stuck shows nothing more: another one may have better luck.
func (r *Runner) live(ctx context.Context, t *tail, lost context.CancelCauseFunc) {
	beat := time.NewTicker(r.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if at := t.working.Load(); at != 0 && time.Since(time.Unix(0, at)) > r.Stuck {
				continue
			}
			if err := r.touch(ctx, t); err != nil {
				lost(err)
				return
			}
		}
	}
}

// touch shows that the holder is alive, and answers why it holds nothing any more.
func (r *Runner) touch(ctx context.Context, t *tail) error {
	return t.hold(func() error { return r.Store.touch(ctx, t.generation, t.held) })
}

// hold keeps the heartbeat and a write apart.
func (t *tail) hold(do func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return do()
}

// read forwards the subscription until it ends.
func read(ctx context.Context, log Log, after eventstore.Position, feed chan<- delivery) {
	hand := func(d delivery) bool {
		select {
		case feed <- d:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for m, err := range log.Subscribe(ctx, after, eventstore.Filter{Name: "projector"}) {
		if err == nil && m.Record == nil {
			continue
		}
		if !hand(delivery{m.Record, err}) || err != nil {
			return
		}
	}
	hand(delivery{err: eventstore.ErrClosed})
}

// gather takes what is there without waiting, up to a batch.
func gather(first delivery, feed <-chan delivery, until *eventstore.Position) (batch []*eventstore.Record, err error) {
	for d := first; ; {
		if d.err != nil {
			return batch, d.err
		}
		if until != nil && d.record.Position.Compare(*until) > 0 {
			return batch, nil
		}
		batch = append(batch, d.record)
		if len(batch) == tailBatch {
			return batch, nil
		}
		select {
		case d = <-feed:
		default:
			return batch, nil
		}
	}
}

// apply folds a batch and writes it.
func (r *Runner) apply(ctx context.Context, t *tail, batch []*eventstore.Record) error {
	if len(batch) == 0 {
		return nil
	}
	select {
	case r.batches <- struct{}{}:
		defer func() { <-r.batches }()
	case <-ctx.Done():
		return ctx.Err()
	}
	t.working.Store(time.Now().UnixNano())
	defer t.working.Store(0)
	if len(t.docs) > cacheLimit {
		clear(t.docs)
	}
	if err := r.fetch(ctx, t, batch); err != nil {
		return err
	}
	changes := map[string]*change{}
	var order []*change
	for _, rec := range batch {
		id, ours := r.ours(t, rec)
		if !ours {
			continue
		}
		c := changes[id]
		if id == rec.Stream {
			if _, aside := t.aside[id]; c == nil && !aside {
				if c = r.watch(rec); c != nil {
					changes[id], order = c, append(order, c)
				}
			}
			continue
		}
		if c == nil {
			c = newChange(id, t.docs[id])
			if a, aside := t.aside[rec.Stream]; aside {
				c.aside, c.former = &a, &a
			}
			changes[id], order = c, append(order, c)
		}
		if err := r.take(ctx, t, c, rec); err != nil {
			clear(t.docs) // they are ahead of Redis now
			return err
		}
	}
	// What was not folded was delivered before.
	order = slices.DeleteFunc(order, func(c *change) bool { return c.events == 0 && c.aside == c.former })
	last := batch[len(batch)-1]
	err := t.hold(func() error {
		return r.Store.write(ctx, t, place{eventstore.MarkOf(last), t.origin(batch)}, order)
	})
	if err != nil {
		clear(t.docs)
		return err
	}
	unlisted := false
	for _, c := range order {
		if c.row != nil {
			t.docs[c.id] = &kept{app: c.app, row: c.row, stored: true}
		}
		unlisted = unlisted || c.unlist
		r.noted(t, c)
	}
	if unlisted && r.Unlisted != nil {
		r.Unlisted()
	}
	r.progress.wrote(last, len(batch), len(order), r.Now())
	return nil
}

// origin is the first event of the log that a batch comes from: where the
// generation began while the log was empty, the first of the batch.
func (t *tail) origin(batch []*eventstore.Record) string {
	for _, c := range t.held {
		if c.mark.Position != eventstore.Start {
			return c.origin
		}
	}
	return batch[0].ID.String()
}

// take folds an event of an application, or sets its stream aside.
func (r *Runner) take(ctx context.Context, t *tail, c *change, rec *eventstore.Record) error {
	if c.aside != nil {
		c.withdraw(rec)
		return nil
	}
	var reason *eventstore.SetAsideError
	if k := t.docs[c.id]; k != nil && k.hidden != nil { // it could not be read up to here
		c.aside = asideOf(rec, k.hidden)
		return nil
	}
	err := r.fold(ctx, c, rec)
	if errors.As(err, &reason) {
		return r.settle(ctx, c, rec, reason)
	}
	return err
}

// ours is the application that a record belongs to, or the name of another stream,
// unless its shard has seen the record already.
func (r *Runner) ours(t *tail, rec *eventstore.Record) (id string, ours bool) {
	id = strings.TrimPrefix(rec.Stream, category)
	return id, rec.Position.Compare(t.held[r.Store.shard(id)].mark.Position) > 0
}

// fetch brings the applications that a batch changes into memory: their rows from
// Redis, what they are from their streams. It folds as far as Redis has seen, also
// where that is further than the batch, as after a position that was set back.
func (r *Runner) fetch(ctx context.Context, t *tail, batch []*eventstore.Record) error {
	before := map[string]int64{} // the revision before the batch
	var missing []string
	for _, rec := range batch {
		id, ours := r.ours(t, rec)
		if _, have := t.docs[id]; !ours || have || id == rec.Stream {
			continue
		}
		if _, asked := before[id]; !asked {
			before[id] = int64(rec.Revision) - 1
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	rows, err := r.Store.stored(ctx, t.generation, missing)
	if err != nil {
		return err
	}
	found := make([]*kept, len(missing))
	err = parallel(ctx, builders, len(missing), func(ctx context.Context, i int) error {
		id := missing[i]
		row, stored := rows[id]
		found[i] = &kept{row: row.row, stored: stored}
		through := before[id]
		if stored {
			through = max(through, row.revision)
		}
		if through < 0 {
			return nil
		}
		a, aside := t.aside[category+id]
		if aside {
			through = a.Revision - 1
		}
		c, err := r.stream(ctx, id, through, end)
		switch found[i].hidden = hiddenReason(err); {
		case found[i].hidden != nil:
			return nil
		case err != nil:
			return err
		case c.aside != nil:
			found[i].hidden = &eventstore.SetAsideError{Revision: eventstore.Revision(c.aside.Revision), Type: c.aside.Type, Reason: c.aside.Reason}
		}
		found[i].app = c.app
		return nil
	})
	if err != nil {
		return err
	}
	for i, id := range missing {
		t.docs[id] = found[i]
	}
	return nil
}

// end is after every position.
var end = eventstore.Position{Commit: math.MaxUint64, Prepare: math.MaxUint64}

// parallel does n things, at most width of them at a time, until one fails.
func parallel(ctx context.Context, width, n int, do func(ctx context.Context, i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(width, n) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					stop(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
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
