package reactions

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"alta/eventstore"
)

// Log is what a reaction needs of the event log.
type Log interface {
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	eventstore.Finding
	ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
	Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error)
}

// Follower drives one reaction. Fill the exported fields once, then call Run.
// All functions are called from one goroutine, one after the other.
type Follower struct {
	Name   string // of the reaction; its position is kept in the stream reaction-<Name>
	Log    Log
	Filter eventstore.Filter // Name, Considered and Every are the follower's own
	Now    func() time.Time
	Logger *slog.Logger

	// Replay makes every start begin at the beginning of the log; no position is
	// kept then.
	Replay bool
	// Handle reacts to one event. It answers nil when the effect is in place, or
	// is kept by the reaction and accounted for by Held. An
	// *eventstore.SetAsideError, and a panic, set the event's stream aside; any
	// other error has the event handled again later.
	Handle func(ctx context.Context, r *eventstore.Record) error
	// CaughtUp, if set, hears that everything the log held was handled.
	CaughtUp func(ctx context.Context) error
	// Wake, if set, does the work that is due and answers when there is more; the
	// zero time is "when the next event comes".
	Wake func(ctx context.Context) (time.Time, error)
	// Held, if set, answers the position up to which all is really done, when
	// that is before what was handled.
	Held func() (eventstore.Position, bool)
	// Moved, if set, is called before the reaction goes on at another place because the
	// log is another one: positions that the reaction remembers are of no more use.
	Moved func()
	// Full, if set and true, holds events back until Wake made room.
	Full func() bool

	// Begun is when this reaction first ran on this log, as the position's
	// stream says; it is set before the first Handle.
	Begun time.Time

	at       eventstore.Position // handled up to here
	seen     eventstore.Mark     // the newest event known at or before there
	kept     position            // what the stream holds
	savedAt  time.Time
	verified time.Time // when the log was last asked for the event of seen
	resumed  bool      // the position was read

	aside      map[string]aside // by stream
	asideAgain time.Time        // when they are tried again

	position atomic.Pointer[eventstore.Position]
	fault    atomic.Pointer[error]
	handled  atomic.Int64
	retried  atomic.Int64
	saved    atomic.Int64
	asides   atomic.Int64
	caughtUp atomic.Bool
}

// Stats are a follower's counters since the start of the process.
type Stats struct {
	Handled  int64 // events
	Retries  int64 // of events, of wake-ups, of the subscription
	Saved    int64 // positions
	CaughtUp bool  // whether the end of the log was seen
	SetAside int64 // streams that it cannot handle now
}

const (
	saveEvery      = 30 * time.Second
	reportEvery    = 1000 // events considered between two positions of a narrow filter
	firstBackOff   = time.Second
	longestBackOff = time.Minute
	patience       = 3 // failures in a row before Healthy says so
	// longest is the longest wait for what is due: a wall clock that is set back between
	// two looks at it would have the reaction sleep for as long as it was set back by.
	longest = time.Minute
)

// errReplay is a reaction's wish to begin again at the beginning of the log.
var errReplay = errors.New("reactions: begin again")

// Healthy answers nil while the reaction does its work, and else why it does not.
func (f *Follower) Healthy() error {
	if e := f.fault.Load(); e != nil {
		return *e
	}
	return nil
}

// Position is how far the reaction is.
func (f *Follower) Position() eventstore.Position {
	if p := f.position.Load(); p != nil {
		return *p
	}
	return eventstore.Start
}

// Accepts reports whether the reaction is told of events of this stream and type.
func (f *Follower) Accepts(stream, typ string) bool { return f.Filter.Accepts(stream, typ) }

// Stats answers the counters.
func (f *Follower) Stats() Stats {
	return Stats{f.handled.Load(), f.retried.Load(), f.saved.Load(), f.caughtUp.Load(), f.asides.Load()}
}

// Run follows the log until the context ends, and answers the context's error.
// It survives a log that is away, and goes on beside a stream that cannot be read.
// Only where its own position cannot be read, or far too many streams, it stands
// still, and Healthy says at which. It may be called again after it ended: it then
// goes on from where the reaction is by then, which may be another process's work.
func (f *Follower) Run(ctx context.Context) error {
	failures := 0
	if f.resumed = f.resumed && f.Replay; !f.resumed {
		f.aside = nil // the position that is kept lies before them
		f.asides.Store(0)
	}
	defer f.fault.Store(nil) // who does not run is not unwell
	for ctx.Err() == nil {
		err := f.follow(ctx, &failures)
		if ctx.Err() != nil {
			break
		}
		if errors.Is(err, errReplay) {
			f.Logger.Warn("reaction goes through the log again", "reaction", f.Name)
			f.at = eventstore.Start
			continue
		}
		if errors.Is(err, errMoved) {
			f.fault.Store(&err)
			f.Logger.Error("reaction finds another log in place of its own", "reaction", f.Name, "error", err)
			f.resumed = false
			if f.Moved != nil {
				f.Moved()
			}
			continue
		}
		f.failed(ctx, &failures, "subscription", err)
		if errors.As(err, new(*eventstore.SetAsideError)) {
			<-ctx.Done()
		}
	}
	f.save(context.WithoutCancel(ctx))
	return ctx.Err()
}

// delivery is what the subscription hands over.
type delivery struct {
	message    eventstore.Message
	considered eventstore.Position
	err        error
}

func (f *Follower) follow(ctx context.Context, failures *int) error {
	if err := f.resume(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	feed := make(chan delivery)
	go f.read(ctx, feed, f.at)
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		from := (<-chan delivery)(feed)
		if f.Full != nil && f.Full() {
			from = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d := <-from:
			if err := f.take(ctx, d, failures); err != nil {
				return err
			}
		case <-alarm.C:
		}
		next, err := f.wake(ctx, failures)
		if err != nil {
			return err
		}
		if !next.IsZero() {
			alarm.Reset(min(max(0, next.Sub(f.Now())), longest))
		}
	}
}

// read forwards the subscription until it ends.
func (f *Follower) read(ctx context.Context, feed chan<- delivery, after eventstore.Position) {
	hand := func(d delivery) bool {
		select {
		case feed <- d:
			return true
		case <-ctx.Done():
			return false
		}
	}
	filter := f.Filter
	filter.Name = f.Name
	filter.Every = reportEvery
	filter.Considered = func(p eventstore.Position) { hand(delivery{considered: p}) }
	for m, err := range f.Log.Subscribe(ctx, after, filter) {
		if !hand(delivery{message: m, err: err}) || err != nil {
			return
		}
	}
	hand(delivery{err: eventstore.ErrClosed})
}

// take handles a delivery, again and again until it is done.
func (f *Follower) take(ctx context.Context, d delivery, failures *int) error {
	switch {
	case d.err != nil:
		return d.err
	case d.message.Record != nil:
		r := d.message.Record
		for !f.aside[r.Stream].whole {
			err := f.handle(ctx, r)
			var reason *eventstore.SetAsideError
			if errors.As(err, &reason) {
				err = f.SetAside(r.Stream, r.Revision, f.at, reason)
				if err != nil {
					return err
				}
			}
			if ctx.Err() != nil {
				return err
			}
			if err == nil {
				break
			}
			f.failed(ctx, failures, r.Type, err)
		}
		f.well(failures)
		f.handled.Add(1)
		if r.Position.Compare(f.at) > 0 {
			f.seen = eventstore.MarkOf(r)
		}
		f.reached(r.Position)
	case d.considered != (eventstore.Position{}):
		f.reached(d.considered)
	}
	if d.message.CaughtUp {
		if f.CaughtUp != nil {
			if err := f.CaughtUp(ctx); err != nil {
				return err
			}
		}
		f.caughtUp.Store(true)
		f.well(failures)
	}
	return nil
}

func (f *Follower) reached(p eventstore.Position) {
	if p.Compare(f.at) > 0 {
		f.at = p
		f.position.Store(&p)
	}
}

// wake does what is due, and keeps the position now and then.
func (f *Follower) wake(ctx context.Context, failures *int) (next time.Time, err error) {
	if f.Wake != nil {
		next, err = f.Wake(ctx)
		switch {
		case errors.As(err, new(*eventstore.SetAsideError)), errors.Is(err, errReplay), ctx.Err() != nil:
			return next, err
		case err != nil:
			f.failed(ctx, failures, "wake-up", err)
			next = f.Now()
		case *failures > 0:
			f.well(failures)
		}
	}
	soon := func(due time.Time) {
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	if f.seen != (eventstore.Mark{}) {
		if due := f.verified.Add(verifyEvery); !f.Now().Before(due) {
			if err := f.verify(ctx); err != nil {
				return next, err
			}
		}
		soon(f.verified.Add(verifyEvery))
	}
	again, err := f.retryAside(ctx)
	if err != nil {
		return next, err
	}
	if !again.IsZero() {
		soon(again)
	}
	if f.Replay || f.done() == f.kept.At {
		return next, ctx.Err()
	}
	if due := f.savedAt.Add(saveEvery); f.Now().Before(due) {
		soon(due)
		return next, ctx.Err()
	}
	f.save(ctx)
	return next, ctx.Err()
}

// failed notes a failure and waits, longer each time.
func (f *Follower) failed(ctx context.Context, failures *int, what string, err error) {
	*failures++
	f.retried.Add(1)
	if stopped := errors.As(err, new(*eventstore.SetAsideError)); stopped || *failures >= patience {
		f.fault.Store(&err)
		f.Logger.Error("reaction cannot go on", "reaction", f.Name, "at", what, "failures", *failures, "error", err)
		if stopped {
			return
		}
	} else {
		f.Logger.Warn("reaction tries again", "reaction", f.Name, "at", what, "error", err)
	}
	wait := min(firstBackOff<<min(*failures-1, 10), longestBackOff)
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (f *Follower) well(failures *int) {
	*failures = 0
	f.fault.Store(nil)
}
