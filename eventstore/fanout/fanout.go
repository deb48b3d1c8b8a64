// Package fanout lets the consumers of one process share one subscription of a log
// that lies behind a network. Ten subscriptions would be ten copies of the log on
// the wire, each paid for by the server at every event.
//
// A feed follows the whole log from where it ended when the first consumer came,
// and keeps the newest events in a bounded ring. A consumer whose position the ring
// reaches back to takes its events from there. Another one catches up over a
// subscription of its own, which the server filters, until it reaches the ring;
// then that subscription is closed. A consumer that is slower than the ring is named
// in the log, and catches up again: it keeps nobody else waiting.
package fanout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"alta/eventstore"
)

// Log is the log as it is without a feed.
type Log interface {
	// Subscribe delivers what the filter accepts, exactly once and in order, through
	// lost connections. It ends with an error that is final.
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	Head(ctx context.Context) (eventstore.Position, error)
}

// Options of a feed; the zero value is good.
type Options struct {
	// Events and Bytes bound the ring; 8,192 and 32 MiB when 0.
	Events, Bytes int
	// Consumers bounds those who share the feed; 90 when 0.
	Consumers int
	// Logger gets the consumers that are too slow; nothing is logged when nil.
	Logger *slog.Logger
}

// Feed is one subscription, shared. Its methods may be called from any goroutine.
type Feed struct {
	log    Log
	opt    Options
	ctx    context.Context
	cancel context.CancelCauseFunc
	pumps  sync.WaitGroup

	mu        sync.Mutex
	consumers map[*consumer]struct{}
	run       *run // nil where nobody follows
}

// run is the life of the subscription, from the first consumer to the last one or
// to an error. A consumer belongs to one run.
type run struct {
	stop    context.CancelFunc
	users   int
	begun   bool
	base    eventstore.Position // the ring holds every event after it …
	reached eventstore.Position // … up to here
	live    bool                // the server said that there is no more
	late    time.Time           // since when more is known of than it has; zero for not
	err     error               // why it ended
	changed chan struct{}       // closed when something came
	entries []entry
	first   uint64 // number of entries[0]
	bytes   int
}

type entry struct {
	record *eventstore.Record
	came   time.Time
}

// overhead is what an event costs in memory beside its content, in bytes.
const overhead = 256

// New makes a feed of a log. It follows nothing before the first consumer comes, and
// ends with ctx, whose cause its consumers are told.
func New(ctx context.Context, log Log, opt Options) *Feed {
	if opt.Events == 0 {
		opt.Events = 8192
	}
	if opt.Bytes == 0 {
		opt.Bytes = 32 << 20
	}
	if opt.Consumers == 0 {
		opt.Consumers = 90
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	f := &Feed{log: log, opt: opt, consumers: map[*consumer]struct{}{}}
	f.ctx, f.cancel = context.WithCancelCause(ctx)
	return f
}

// Close ends the subscriptions and waits for the shared one.
func (f *Feed) Close() {
	f.mu.Lock()
	f.cancel(eventstore.ErrClosed)
	f.mu.Unlock()
	f.pumps.Wait()
}

// Subscribe is the log's Subscribe over the shared subscription.
func (f *Feed) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(eventstore.Message{}, err)
			return
		}
		c, err := f.join(filter.Name, after)
		if err != nil {
			yield(eventstore.Message{}, err)
			return
		}
		defer f.leave(c)
		within, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(f.ctx, cancel)()
		c.ctx, c.filter, c.yield = within, filter, yield
		switch err := c.follow(); {
		case errors.Is(err, errEnough):
		case ctx.Err() != nil:
			yield(eventstore.Message{}, ctx.Err())
		case f.ctx.Err() != nil:
			yield(eventstore.Message{}, context.Cause(f.ctx))
		default:
			yield(eventstore.Message{}, err)
		}
	}
}

// Recent answers the events after a position up to another one, at most limit of them,
// where the ring holds them all. False says that it does not, and the log is to be asked.
func (f *Feed) Recent(after, through eventstore.Position, limit int) ([]*eventstore.Record, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.run
	if r == nil || !r.begun || r.base.Compare(after) > 0 || r.reached.Compare(through) < 0 {
		return nil, false
	}
	var out []*eventstore.Record
	for _, e := range r.entries[r.after(after):] {
		if len(out) == limit || e.record.Position.Compare(through) > 0 {
			break
		}
		out = append(out, e.record)
	}
	return out, true
}

// errEnough: the consumer wants no more.
var errEnough = errors.New("the consumer wants no more")

// consumer is one subscription of this process.
type consumer struct {
	feed   *Feed
	run    *run
	name   string
	ctx    context.Context
	filter eventstore.Filter
	yield  func(eventstore.Message, error) bool

	next       eventstore.Position // delivered or considered up to here
	told       bool                // that it has caught up, since it came or fell behind
	considered int                 // events since the last report

	// What health tells; guarded by the feed.
	reached eventstore.Position
	sharing bool   // it reads the ring
	number  uint64 // of its next entry
	late    time.Time
	slow    uint64
}

func (f *Feed) join(name string, after eventstore.Position) (*consumer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ctx.Err(); err != nil {
		return nil, context.Cause(f.ctx)
	}
	if len(f.consumers) == f.opt.Consumers {
		return nil, fmt.Errorf("%w: %d subscriptions are open, as many as are allowed", eventstore.ErrUnavailable, f.opt.Consumers)
	}
	if f.run == nil {
		ctx, stop := context.WithCancel(f.ctx)
		r := &run{stop: stop, changed: make(chan struct{})}
		f.run = r
		f.pumps.Go(func() { f.pump(ctx, r) })
	}
	f.run.users++
	c := &consumer{feed: f, run: f.run, name: name, next: after, reached: after}
	f.consumers[c] = struct{}{}
	return c, nil
}

func (f *Feed) leave(c *consumer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.consumers, c)
	if c.run.users--; c.run.users == 0 {
		c.run.stop()
		if f.run == c.run {
			f.run = nil
		}
	}
}

// pump follows the log for a run.
func (f *Feed) pump(ctx context.Context, r *run) {
	defer r.stop()
	head, err := f.head(ctx)
	if err == nil {
		f.change(r, func() { r.begun, r.base, r.reached = true, head, head })
		for m, ended := range f.log.Subscribe(ctx, head, eventstore.Filter{Name: "feed", System: true}) {
			if err = ended; err != nil {
				break
			}
			f.change(r, func() {
				if r.live = r.live || m.CaughtUp; m.Record != nil {
					r.add(m.Record, f.opt)
				}
			})
		}
	}
	if err == nil {
		err = cmp.Or(ctx.Err(), eventstore.ErrUnavailable) // it has no end of its own
	}
	f.change(r, func() {
		r.err = err
		if f.run == r {
			f.run = nil
		}
	})
}

// head asks where the log ends, until it is known.
func (f *Feed) head(ctx context.Context) (eventstore.Position, error) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		head, err := f.log.Head(ctx)
		if err == nil || !errors.Is(err, eventstore.ErrUnavailable) || ctx.Err() != nil {
			return head, err
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// change changes a run and wakes its consumers.
func (f *Feed) change(r *run, do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	close(r.changed)
	r.changed = make(chan struct{})
}

// add appends an event to the ring and drops the oldest ones over its bounds.
func (r *run) add(e *eventstore.Record, opt Options) {
	r.entries = append(r.entries, entry{e, time.Now()})
	r.bytes += e.Size() + len(e.Stream) + overhead
	r.reached = e.Position
	n := 0
	for len(r.entries)-n > opt.Events || r.bytes > opt.Bytes && len(r.entries)-n > 1 {
		old := r.entries[n].record
		r.bytes -= old.Size() + len(old.Stream) + overhead
		r.base = old.Position
		n++
	}
	clear(r.entries[:n]) // the slice's array outlives them for a while
	r.entries, r.first = r.entries[n:], r.first+uint64(n)
}

// follow delivers until there is a reason to end.
func (c *consumer) follow() error {
	if err := c.begun(); err != nil {
		return err
	}
	known := false // a position that the server has not seen may be another log's
	for {
		if !c.enter(known) {
			if err := c.catchUp(); err != nil {
				return err
			}
			// A narrow filter may have passed nothing for long: whoever asks how far its
			// consumer is hears of what lies behind it, which the ring does not hold.
			if c.filter.Considered != nil && c.filter.Every > 0 {
				c.considered = 0
				c.filter.Considered(c.next)
			}
		}
		known = true
		if err := c.share(); err != nil {
			return err
		}
	}
}

// begun waits until it is known where the shared events begin.
func (c *consumer) begun() error {
	for {
		c.feed.mu.Lock()
		begun, err, changed := c.run.begun, c.run.err, c.run.changed
		c.feed.mu.Unlock()
		if begun || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-c.ctx.Done():
			return c.ctx.Err()
		}
	}
}

// enter lets the consumer read the ring, where that holds all that it still wants.
func (c *consumer) enter(known bool) bool {
	c.feed.mu.Lock()
	defer c.feed.mu.Unlock()
	r := c.run
	if r.base.Compare(c.next) > 0 || !known && r.reached.Compare(c.next) < 0 {
		return false
	}
	c.sharing, c.number = true, r.first+uint64(r.after(c.next))
	return true
}

// after is where in the ring the first event after a position is, or would be.
func (r *run) after(p eventstore.Position) int {
	i, _ := slices.BinarySearchFunc(r.entries, p, func(e entry, p eventstore.Position) int {
		if e.record.Position.Compare(p) <= 0 {
			return -1
		}
		return 1
	})
	return i
}

// errReached: the consumer has reached the ring.
var errReached = errors.New("the consumer has reached the shared events")

// reports is after how many events a subscription that catches up says how far it is,
// where its consumer does not ask for it.
const reports = 256

// catchUp delivers over a subscription of the consumer's own until it reaches the
// ring.
func (c *consumer) catchUp() error {
	c.feed.mu.Lock()
	shared := c.run.reached
	c.feed.mu.Unlock()
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	filter := c.filter
	if filter.Every == 0 || filter.Considered == nil {
		filter.Every = reports
	}
	filter.Considered = func(p eventstore.Position) {
		c.at(p)
		if c.filter.Considered != nil && c.filter.Every > 0 {
			c.filter.Considered(p)
		}
		if c.enter(true) {
			cancel(errReached)
		}
	}
	for m, err := range c.feed.log.Subscribe(ctx, c.next, filter) {
		if errors.Is(context.Cause(ctx), errReached) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.CaughtUp {
			// What was shared when this subscription began had been stored before.
			if c.next.Compare(shared) < 0 {
				c.at(shared)
			}
			c.told = true
		}
		if m.Record != nil {
			c.at(m.Record.Position)
		}
		if !c.yield(m, nil) {
			return errEnough
		}
		if c.enter(true) {
			return nil
		}
	}
	return cmp.Or(c.ctx.Err(), eventstore.ErrUnavailable)
}

// at takes down how far the consumer has come.
func (c *consumer) at(p eventstore.Position) {
	c.next = p
	c.feed.mu.Lock()
	defer c.feed.mu.Unlock()
	c.reached = p
}

// batch bounds what a consumer takes from the ring at once.
const batch = 256

// share delivers from the ring, until an error, or nil where the consumer has fallen
// behind it.
func (c *consumer) share() error {
	var taken [batch]*eventstore.Record
	for {
		n, changed, err := c.take(&taken)
		if err != nil {
			return err
		}
		if n < 0 {
			return nil
		}
		for _, r := range taken[:n] {
			if c.ctx.Err() != nil {
				return c.ctx.Err()
			}
			// The consumer may have been ahead of the ring when it came to share it.
			if r.Position.Compare(c.next) <= 0 {
				continue
			}
			c.next = r.Position
			if c.filter.Accepts(r.Stream, r.Type) && !c.yield(eventstore.Message{Record: r}, nil) {
				return errEnough
			}
			if c.considered++; c.filter.Considered != nil && c.filter.Every > 0 && c.considered >= c.filter.Every {
				c.considered = 0
				c.filter.Considered(r.Position)
			}
		}
		if n > 0 {
			continue
		}
		if again, err := c.tell(); err != nil {
			return err
		} else if again {
			continue
		}
		select {
		case <-changed:
		case <-c.ctx.Done():
			return c.ctx.Err()
		}
	}
}

// take copies what comes next out of the ring; -1 says that the ring has passed it.
func (c *consumer) take(into *[batch]*eventstore.Record) (n int, changed <-chan struct{}, err error) {
	c.feed.mu.Lock()
	defer c.feed.mu.Unlock()
	r := c.run
	c.reached = c.next
	if r.err != nil {
		return 0, nil, r.err
	}
	if c.number < r.first {
		c.sharing, c.told = false, false
		c.slow++
		c.feed.opt.Logger.Warn("a subscriber is too slow for the shared events, and catches up by itself",
			"subscriber", c.name, "missed", r.first-c.number, "times", c.slow)
		return -1, nil, nil
	}
	for _, e := range r.entries[c.number-r.first:] {
		if n == len(into) {
			break
		}
		into[n] = e.record
		n++
	}
	c.number += uint64(n)
	return n, r.changed, nil
}

// tell says that the consumer has caught up, once it has: it was not told so by the
// server, so the log is asked where it ends. Again says that something came meanwhile.
func (c *consumer) tell() (again bool, err error) {
	if c.told {
		return false, nil
	}
	head, err := c.feed.log.Head(c.ctx)
	if err != nil {
		if c.ctx.Err() != nil || !errors.Is(err, eventstore.ErrUnavailable) {
			return false, err
		}
		return true, c.rest()
	}
	for {
		c.feed.mu.Lock()
		live, reached, drained, ended, changed := c.run.live, c.run.reached, c.number == c.run.first+uint64(len(c.run.entries)), c.run.err, c.run.changed
		c.feed.mu.Unlock()
		switch {
		case ended != nil:
			return false, ended
		case !drained:
			return true, nil
		case live && reached.Compare(head) >= 0:
			c.told = true
			if !c.yield(eventstore.Message{CaughtUp: true}, nil) {
				return false, errEnough
			}
			return true, nil
		}
		select {
		case <-changed:
		case <-c.ctx.Done():
			return false, c.ctx.Err()
		}
	}
}

// rest is the pause before a log that is away is asked again.
func (c *consumer) rest() error {
	t := time.NewTimer(200 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}
