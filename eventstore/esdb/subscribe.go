package esdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Subscribe delivers the events after a position that the filter accepts, in
// order, each once, the stored ones and then the new ones, until ctx ends (with
// its error), the log is closed (ErrClosed), the server denies it (ErrDenied) or
// the consumer stops. A CaughtUp message says that everything the server held has
// been delivered; it may repeat. A lost connection is resumed after the newest
// position that was delivered or considered, for as long as it takes.
//
// The server filters by one criterion, the first that the filter has; the others
// are applied here.
func (l *Log) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		next := after
		self, left := l.follows(filter.Name, after)
		defer left()
		l.follow(ctx, yield, func(ctx context.Context, c *esdb.Client) (*esdb.Subscription, error) {
			o := esdb.SubscribeToAllOptions{From: esPosition(next), Filter: serverFilter(&filter), RequiresLeader: true}
			if next == eventstore.Start {
				o.From = esdb.Start{}
			}
			// The server reports its progress every so many events, from which a
			// subscription with a narrow filter is resumed.
			if o.MaxSearchWindow, o.CheckpointInterval = 32, 32; filter.Every > 0 {
				o.MaxSearchWindow, o.CheckpointInterval = filter.Every, 1
			}
			return c.SubscribeToAll(ctx, o)
		}, func(e *esdb.SubscriptionEvent) (m eventstore.Message, deliver bool) {
			switch {
			case e.CaughtUp != nil:
				self.caughtUp()
				return eventstore.Message{CaughtUp: true}, true
			case e.CheckPointReached != nil:
				p := eventstore.Position{Commit: e.CheckPointReached.Commit, Prepare: e.CheckPointReached.Prepare}
				if p.Compare(next) > 0 {
					next = p
					self.at(p)
					if filter.Considered != nil && filter.Every > 0 {
						filter.Considered(p)
					}
				}
			case e.EventAppeared != nil && e.EventAppeared.Event != nil:
				r := record(e.EventAppeared.Event)
				if r.Position.Compare(next) <= 0 {
					return m, false
				}
				next = r.Position
				self.at(next)
				if !system(r) {
					l.saw(next, r.Created)
				}
				return eventstore.Message{Record: r}, !system(r) && filter.Accepts(r.Stream, r.Type)
			}
			return m, false
		}, nil)
	}
}

// serverFilter is what the server is asked to look for: a superset of what the
// filter accepts, without the system's streams.
func serverFilter(f *eventstore.Filter) *esdb.SubscriptionFilter {
	switch {
	case len(f.Streams) > 0:
		return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: f.Streams}
	case f.StreamPattern != nil:
		return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: f.StreamPattern.String()}
	case len(f.Types) > 0:
		return &esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: f.Types}
	case f.TypePattern != nil:
		return &esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: f.TypePattern.String()}
	}
	return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: `^[^$]`}
}

// SubscribeStream delivers the stream's events after a revision (NoStream for all
// of them) in the same way. A stream that does not exist yet is waited for; one
// that is tombstoned ends the subscription with eventstore.ErrStreamDeleted.
func (l *Log) SubscribeStream(ctx context.Context, stream string, after eventstore.Revision) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		if err := checkStream(stream); err != nil {
			yield(eventstore.Message{}, err)
			return
		}
		next := after
		l.follow(ctx, yield, func(ctx context.Context, c *esdb.Client) (*esdb.Subscription, error) {
			o := esdb.SubscribeToStreamOptions{From: esdb.Start{}, RequiresLeader: true}
			if next >= 0 {
				o.From = esdb.Revision(uint64(next))
			}
			return c.SubscribeToStream(ctx, stream, o)
		}, func(e *esdb.SubscriptionEvent) (m eventstore.Message, deliver bool) {
			switch {
			case e.CaughtUp != nil:
				return eventstore.Message{CaughtUp: true}, true
			case e.EventAppeared != nil && e.EventAppeared.Event != nil:
				r := record(e.EventAppeared.Event)
				if r.Revision <= next || strings.HasPrefix(r.Type, "$") {
					return m, false
				}
				next = r.Revision
				return eventstore.Message{Record: r}, true
			}
			return m, false
		}, func(ctx context.Context) error {
			// A drop does not tell that the stream is gone for good.
			for _, err := range l.ReadStream(ctx, stream, 0, 1) {
				if errors.Is(err, eventstore.ErrStreamDeleted) {
					return err
				}
			}
			return nil
		})
	}
}

// follow keeps a subscription open: subscribe resumes it, take looks at what comes
// and says whether the consumer gets it, and probe, where there is one, finds out
// after a drop whether to go on.
func (l *Log) follow(ctx context.Context, yield func(eventstore.Message, error) bool,
	subscribe func(context.Context, *esdb.Client) (*esdb.Subscription, error),
	take func(*esdb.SubscriptionEvent) (eventstore.Message, bool),
	probe func(context.Context) error,
) {
	end := func(err error) { yield(eventstore.Message{}, err) }
	if err := ctx.Err(); err != nil {
		end(err)
		return
	}
	select {
	case l.subs.slots <- struct{}{}:
		defer l.subs.leave()
	default:
		end(fmt.Errorf("%w: %d subscriptions are open, as many as are allowed", eventstore.ErrUnavailable, cap(l.subs.slots)))
		return
	}
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		more, got, err := l.session(ctx, yield, subscribe, take)
		if !more {
			return
		}
		if got {
			pause = 20 * time.Millisecond
		}
		if ctx.Err() != nil {
			end(ctx.Err())
			return
		}
		if l.ctx.Err() != nil {
			end(eventstore.ErrClosed)
			return
		}
		if answer, final := understand(err); final {
			end(answer)
			return
		}
		l.logger.Warn("a subscription was dropped and is resumed", "error", err.Error())
		if probe != nil {
			if err := probe(ctx); err != nil {
				end(err)
				return
			}
		}
		alive, stop := l.alive(ctx)
		wait(alive, pause)
		stop()
	}
}

// session is one subscription of the client from its beginning to its drop. more
// says that the consumer wants to go on, got that something came.
func (l *Log) session(ctx context.Context, yield func(eventstore.Message, error) bool,
	subscribe func(context.Context, *esdb.Client) (*esdb.Subscription, error),
	take func(*esdb.SubscriptionEvent) (eventstore.Message, bool),
) (more, got bool, err error) {
	ctx, stop := l.alive(ctx)
	defer stop()
	ctx = leader(ctx)
	k, err := l.subs.acquire(ctx)
	if err != nil {
		return true, false, err
	}
	var gone error
	defer func() { l.subs.release(k, gone) }()
	sub, err := begin(ctx, k.client, subscribe)
	if err != nil {
		gone = connectionLost(err)
		return true, false, err
	}
	defer func() { _ = sub.Close() }() // never fails
	for {
		var e *esdb.SubscriptionEvent
		// Receiving obeys the context by itself, so it needs no goroutine.
		err := protect(func() error { e = sub.Recv(); return nil })
		if err == nil && e.SubscriptionDropped != nil {
			err = e.SubscriptionDropped.Error
		}
		if err != nil {
			if gone = connectionLost(err); gone == nil && status.Code(cause(err)) == codes.Unavailable {
				gone = err
			}
			return true, got, err
		}
		if m, deliver := take(e); deliver {
			got = true
			if !yield(m, nil) {
				return false, got, nil
			}
		}
	}
}

// begin subscribes in a goroutine of its own. The client's wait for its connection
// ignores ctx, but the link is connected: what is left waits on ctx alone.
func begin(ctx context.Context, c *esdb.Client, subscribe func(context.Context, *esdb.Client) (*esdb.Subscription, error)) (sub *esdb.Subscription, err error) {
	err = protect(func() (err error) {
		sub, err = subscribe(ctx, c)
		return err
	})
	return sub, err
}
