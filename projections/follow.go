package projections

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"alta/eventstore"
)

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
