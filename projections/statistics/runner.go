package statistics

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"alta/domain/calendar"
	"alta/domain/sample"
	"alta/eventstore"
	"alta/projections"

	"github.com/redis/go-redis/v9"
)

// Log is what a Runner needs of the event log.
type Log interface {
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	eventstore.Finding
	// Head is the position of the newest event, Start for none. It fails where that
	// is not known: then nothing may be built, published or compared.
	Head(ctx context.Context) (eventstore.Position, error)
}

// Runner keeps the sums up to date. Fill the exported fields once, then call Run.
//
// Several runners may share one Redis: one holds the sums and writes, the others
// stand by and take over where the holder shows no life for Patience. A holder
// that was only paused finds itself fenced.
type Runner struct {
	Store *Store
	Log   Log
	// Calendar measures business time and says where a day begins. Another
	// version of it counts everything anew.
	Calendar func() calendar.Calendar
	Now      func() time.Time
	Logger   *slog.Logger
	// Every is how long events are gathered before they are written; a quarter of
	// a second when 0.
	Every time.Duration
	// Heartbeat is how often an idle runner looks whether it still holds what it
	// believes; a second when 0.
	Heartbeat time.Duration
	// Patience is how long a silent holder is waited for; three seconds when 0.
	Patience time.Duration

	once     sync.Once
	id       string
	fault    atomic.Pointer[error]
	progress progress
	seen     map[generation]sighting
}

const (
	tailBatch = 512 // events of one transaction
	backOff   = 250 * time.Millisecond
	category  = "application-"

	sampleCategory = sample.Category + "-"
)

func (r *Runner) prepare() {
	r.once.Do(func() {
		r.id = strconv.FormatUint(rand.Uint64(), 36)
		if r.Every == 0 {
			r.Every = 250 * time.Millisecond
		}
		if r.Heartbeat == 0 {
			r.Heartbeat = time.Second
		}
		if r.Patience == 0 {
			r.Patience = 3 * time.Second
		}
		r.seen = map[generation]sighting{}
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

// Run follows the log until the context ends. It counts everything anew where
// Redis has nothing (or something torn), and survives Redis being away. A stream with
// an event that cannot be counted is set aside, and all others go on.
func (r *Runner) Run(ctx context.Context) error {
	r.prepare()
	for {
		err := r.run(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errFenced), errors.Is(err, errLost):
			r.progress.restarts.Add(1)
			r.Logger.Info("statistics start over", "reason", err)
		case err != nil:
			r.fault.Store(&err)
			r.progress.restarts.Add(1)
			r.Logger.Warn("statistics interrupted", "error", err)
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
	if errors.Is(err, projections.ErrRebuilding) {
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
	if errors.Is(err, errLost) { // flushed, or filled from another log or calendar
		r.Logger.Warn("statistics are counted anew")
		return r.Store.forsake(ctx, g)
	}
	if err != nil {
		return err
	}
	r.fault.Store(nil)
	r.progress.at(t.held.mark.Position)
	r.progress.state.Store(stateFollowing)
	err = r.follow(ctx, t, nil)
	switch {
	case errors.Is(err, errTorn):
		r.Logger.Error("statistics are torn and counted anew", "error", err)
		return errors.Join(r.Store.forsake(ctx, g), errFenced)
	case ctx.Err() != nil:
		ending, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		free := t.held
		free.holder = ""
		if err := r.Store.guarded(ending, g, &t.held, free, nil); err != nil {
			r.Logger.Info("statistics could not hand over", "reason", err)
		}
	}
	return err
}

// turn is this runner's turn to count everything, among those that share the Redis.
func (r *Runner) turn() projections.BuildTurn {
	return projections.BuildTurn{
		Redis: r.Store.rdb, Key: root + "builder", ID: r.id, Heartbeat: r.Heartbeat, Patience: r.Patience,
		Waits: func() { r.progress.state.Store(stateStandingBy); r.fault.Store(nil) },
	}
}

// published reports whether readers have a generation.
func (r *Runner) published(ctx context.Context) (bool, error) {
	_, err := r.Store.live(ctx)
	if errors.Is(err, projections.ErrRebuilding) {
		return false, nil
	}
	return err == nil, err
}

// takeOver waits until nobody else writes to a generation, and then holds it.
func (r *Runner) takeOver(ctx context.Context, g generation) (*tail, error) {
	first := ""
	var seen checkpoint
	for waited := time.Duration(0); ; waited += r.Heartbeat {
		now, err := checkpointIn(ctx, r.Store.rdb, g)
		if err != nil {
			return nil, err
		}
		head, err := r.Log.Head(ctx)
		if err == nil && first == "" && head != eventstore.Start { // it was empty until now
			first, err = projections.Origin(ctx, r.Log)
		}
		if err != nil {
			return nil, err
		}
		here, err := r.here(ctx, now, first)
		if errors.Is(err, eventstore.ErrForeign) {
			r.Logger.Warn("the statistics in Redis are of another log or calendar, or of a longer log")
			return nil, errLost
		}
		if err != nil {
			return nil, err
		}
		if now != seen {
			seen, waited = now, 0
		}
		if now.holder == "" || now.holder == r.id || waited >= r.Patience {
			taken := here
			taken.epoch, taken.holder = now.epoch+1, r.id
			taken.beat++
			held := now
			if err := r.Store.guarded(ctx, g, &held, taken, nil); err != nil {
				return nil, err
			}
			if here.mark.Position != now.mark.Position {
				r.Logger.Info("the statistics were made from a log of which this one is a copy: they are kept, and go on at the same event",
					"there", now.mark.Position.String(), "here", here.mark.Position.String())
			}
			t := &tail{generation: g, held: held, cases: newCases(r.Log, r.Calendar())}
			t.aside, err = r.Store.asides(ctx, g)
			if err == nil && len(t.aside) > manyAside {
				err = errLost
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
			return nil, errors.Join(err, errFenced)
		}
	}
}

// here answers a checkpoint with the position that its event has in this log. It
// fails with eventstore.ErrForeign where the sums are those of another calendar, or of
// events that this log does not hold; first is the id of its first event.
func (r *Runner) here(ctx context.Context, c checkpoint, first string) (checkpoint, error) {
	origin, version, _ := strings.Cut(c.origin, " ")
	if version != r.Calendar().Version || c.mark != (eventstore.Mark{}) && origin != first {
		return c, eventstore.ErrForeign
	}
	at, err := eventstore.Locate(ctx, r.Log, c.mark)
	c.mark.Position = at
	return c, err
}

// errMoved: the log behind the address is another one than before.
var errMoved = errors.New("statistics: the log does not hold the last event that was counted, or not at its position any more")

// verifyTime is how long a runner that follows asks whether its event is there.
const verifyTime = 2 * time.Second

// verify answers errMoved where the log does not hold the event any more at which
// this runner stands. A log that cannot be asked just now says nothing.
func (r *Runner) verify(ctx context.Context, t *tail) error {
	asking, stop := context.WithTimeout(ctx, verifyTime)
	defer stop()
	var mark eventstore.Mark
	_ = t.hold(func() error { mark = t.held.mark; return nil }) // the heartbeat writes beside it
	at, err := eventstore.Locate(asking, r.Log, mark)
	if errors.Is(err, eventstore.ErrForeign) || err == nil && at != mark.Position {
		return errMoved
	}
	return nil
}

// tail is the state of one runner at the end of one generation.
type tail struct {
	generation generation
	held       checkpoint
	cases      *cases
	aside      map[string]eventstore.Revision // streams that are set aside, from where on
	// held belongs to whoever writes, and to the heartbeat beside.
	mu sync.Mutex
	// working is since when a batch is being worked on, in Unix nanoseconds; 0 while
	// none is.
	working atomic.Int64
}

// hold keeps the heartbeat and a write apart.
func (t *tail) hold(do func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return do()
}

// at is up to where everything is counted.
func (t *tail) at() eventstore.Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held.mark.Position
}

// stuck is how long one batch may take.
const stuck = 2 * time.Minute

// live shows that the holder is alive, beside its work, so that a long batch does
// not look like a dead holder. A holder that has been at one batch for as long as
// stuck shows nothing more: another one may have better luck.
func (r *Runner) live(ctx context.Context, t *tail, lost context.CancelCauseFunc) {
	beat := time.NewTicker(r.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if at := t.working.Load(); at != 0 && time.Since(time.Unix(0, at)) > stuck {
				continue
			}
			if err := t.hold(func() error { return r.touch(ctx, t) }); err != nil {
				lost(err)
				return
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

// delivery is what the subscription hands over.
type delivery struct {
	record *eventstore.Record
	err    error
}

// follow counts what comes, batch by batch, for ever or up to a position. All
// events are read, also those of no application, so that the position says how
// far readers can see.
func (r *Runner) follow(ctx context.Context, t *tail, until *eventstore.Position) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	feed := make(chan delivery, tailBatch)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop()
	from := t.held.mark.Position
	source := ctx // ctx is another one below, while the reading goes on
	reading.Go(func() { read(source, r.Log, from, feed) })
	if until == nil { // else nobody knows of this generation
		var lost context.CancelCauseFunc
		ctx, lost = context.WithCancelCause(ctx)
		defer lost(nil)
		reading.Go(func() { r.live(ctx, t, lost) })
	}
	write, beat := time.NewTicker(r.Every), time.NewTicker(r.Heartbeat)
	defer write.Stop()
	defer beat.Stop()
	var batch []*eventstore.Record
	for sweep := 0; ; {
		if until != nil && t.at().Compare(*until) >= 0 {
			return nil
		}
		due := false
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-beat.C:
			if until != nil {
				continue
			}
			if sweep++; sweep%10 == 0 {
				if err := r.verify(ctx, t); err != nil {
					return err
				}
			}
			if sweep%30 == 0 {
				r.sweep(ctx)
			}
			if sweep%againAside == 0 {
				if err := r.retake(ctx, t); err != nil {
					return cause(ctx, err)
				}
			}
		case <-write.C:
			due = true
		case d := <-feed:
			if d.err != nil {
				return cause(ctx, errors.Join(r.apply(ctx, t, batch), d.err))
			}
			batch = append(batch, d.record)
		}
		if last := len(batch) - 1; last >= 0 && (due || len(batch) >= tailBatch || until != nil && batch[last].Position.Compare(*until) >= 0) {
			if err := r.apply(ctx, t, batch); err != nil {
				return cause(ctx, err)
			}
			batch = nil
		}
	}
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
	for m, err := range log.Subscribe(ctx, after, eventstore.Filter{Name: "statistics"}) {
		if err == nil && m.Record == nil {
			continue
		}
		if !hand(delivery{m.Record, err}) || err != nil {
			return
		}
	}
	hand(delivery{err: eventstore.ErrClosed})
}

// apply counts a batch and writes what it adds.
func (r *Runner) apply(ctx context.Context, t *tail, batch []*eventstore.Record) error {
	if len(batch) == 0 {
		return nil
	}
	t.working.Store(time.Now().UnixNano())
	defer t.working.Store(0)
	all := newSums()
	aside := maps.Clone(t.aside)
	for _, rec := range batch {
		if err := t.cases.count(ctx, all, aside, rec); err != nil {
			t.cases.forget() // they are ahead of Redis now
			return err
		}
	}
	for stream, from := range all.aside {
		r.Logger.Warn("statistics set a stream aside and go on with the others", "stream", stream, "revision", from)
	}
	first, last := batch[0], batch[len(batch)-1]
	if err := t.hold(func() error { return r.write(ctx, t, first, last, all) }); err != nil {
		t.cases.forget()
		return err
	}
	t.aside = aside
	r.progress.wrote(last, len(batch), r.Now())
	return nil
}

// write writes a batch in one transaction: a batch is never so large that it
// would be split.
func (r *Runner) write(ctx context.Context, t *tail, first, last *eventstore.Record, all *sums) error {
	if err := r.Store.total(ctx, t.generation, all); err != nil {
		return err
	}
	next := t.held
	next.writes, next.mark = next.writes+1, eventstore.MarkOf(last)
	if t.held.mark == (eventstore.Mark{}) { // the log was empty when the count began
		_, calendar, _ := strings.Cut(t.held.origin, " ")
		next.origin = first.ID.String() + " " + calendar
	}
	return r.Store.guarded(ctx, t.generation, &t.held, next, func(p redis.Pipeliner) { all.queue(ctx, p, t.generation) })
}

// touch shows that the holder is alive, and answers errFenced or errLost where it
// holds nothing any more.
func (r *Runner) touch(ctx context.Context, t *tail) error {
	now, err := r.Store.live(ctx)
	switch {
	case errors.Is(err, projections.ErrRebuilding):
		return errLost
	case err != nil:
		return err
	case now != t.generation:
		return errFenced
	}
	next := t.held
	next.beat++
	return r.Store.guarded(ctx, t.generation, &t.held, next, nil)
}
