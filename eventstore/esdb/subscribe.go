package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// subscribe follows the whole log over a subscription of its own. It delivers what
// Subscribe promises; complete says that the server is asked for every event of the
// application, so that silence can be told from peace for as long as it lasts.
//
// The server filters by one criterion, the first that the filter has; the others
// are applied here.
func (l *Log) subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter, complete bool) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		next := after
		l.follow(ctx, yield, following{
			name: filter.Name, at: func() eventstore.Position { return next },
			first: func(ctx context.Context, c *esdb.Client) error {
				r, err := newest(ctx, c)
				if r != nil {
					l.saw(r)
				}
				return err
			},
			subscribe: func(ctx context.Context, c *esdb.Client) (*esdb.Subscription, error) {
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
			},
			take: func(e *esdb.SubscriptionEvent, s *session) (m eventstore.Message, deliver bool) {
				switch {
				case e.CaughtUp != nil:
					// What a narrow filter leaves out is not reported at once: from now on
					// its silence means nothing.
					s.expect(complete)
					return eventstore.Message{CaughtUp: true}, true
				case e.CheckPointReached != nil:
					p := eventstore.Position{Commit: e.CheckPointReached.Commit, Prepare: e.CheckPointReached.Prepare}
					if p.Compare(next) > 0 {
						next = p
						s.at(p)
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
					s.at(next)
					if !system(r) {
						l.saw(r)
					}
					return eventstore.Message{Record: r}, filter.Accepts(r.Stream, r.Type)
				}
				return m, false
			},
		})
	}
}

// Subscribe delivers the events after a position that the filter accepts, in
// order, each once, the stored ones and then the new ones, until ctx ends (with
// its error), the log is closed (ErrClosed), the server denies it (ErrDenied), the
// position is none of this log (eventstore.ErrNoPosition) or the consumer stops. A
// CaughtUp message says that everything the server held has been delivered; it may
// repeat. A lost connection is resumed after the newest position that was
// delivered or considered, for as long as it takes. Records are shared and must
// not be changed.
//
// All subscriptions of a process share one of the server (package fanout). One that
// is behind has one of its own until it reaches what they share.
func (l *Log) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return l.feed.Subscribe(ctx, after, filter)
}

// Recent answers the events after a position up to another one, at most limit of them,
// without asking the server: those that this process was told of lately. False says
// that they are not all known. Records are shared and must not be changed.
func (l *Log) Recent(after, through eventstore.Position, limit int) ([]*eventstore.Record, bool) {
	return l.feed.Recent(after, through, limit)
}

// source is the log as package fanout sees it.
type source struct{ *Log }

// Subscribe follows the log over a subscription of its own.
func (s source) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return s.subscribe(ctx, after, filter, filter.Empty())
}

// serverFilter is what the server is asked to look for: a superset of what the
// filter accepts. Of the system's own streams those with the metadata of others are
// what a filter may want.
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
	if f.System {
		return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: `^([^$]|\$\$[^$])`}
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
		l.follow(ctx, yield, following{
			name: stream,
			first: func(ctx context.Context, c *esdb.Client) error {
				err := firstOf(ctx, c, stream)
				if err == nil {
					return nil
				}
				if answer, final := understand(err); final && errors.Is(answer, eventstore.ErrStreamNotFound) {
					return nil // it is waited for
				}
				return err
			},
			subscribe: func(ctx context.Context, c *esdb.Client) (*esdb.Subscription, error) {
				o := esdb.SubscribeToStreamOptions{From: esdb.Start{}, RequiresLeader: true}
				if next >= 0 {
					o.From = esdb.Revision(uint64(next))
				}
				return c.SubscribeToStream(ctx, stream, o)
			},
			take: func(e *esdb.SubscriptionEvent, _ *session) (m eventstore.Message, deliver bool) {
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
			},
		})
	}
}

// firstOf reads one event of a stream at the leader, to which the client moves.
func firstOf(ctx context.Context, c *esdb.Client, stream string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for move := 0; ; move++ {
		s, err := c.ReadStream(ctx, stream, esdb.ReadStreamOptions{From: esdb.Start{}, RequiresLeader: true}, 1)
		if err != nil {
			return err
		}
		_, err = s.Recv()
		s.Close()
		var e *esdb.Error
		switch {
		case err == nil, errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &e) && e.Code() == esdb.ErrorCodeNotLeader && move < moves:
		default:
			return err
		}
	}
}

// following is how one subscription is kept open.
type following struct {
	name string
	// first asks the leader something, at every beginning: a client at another node
	// moves to it, and is told so in the one way that it understands.
	first func(context.Context, *esdb.Client) error
	// subscribe begins where the one before it stopped.
	subscribe func(context.Context, *esdb.Client) (*esdb.Subscription, error)
	// take looks at what comes and says whether the consumer gets it.
	take func(*esdb.SubscriptionEvent, *session) (eventstore.Message, bool)
	// at is the position of the log that it begins after; nil for one of a stream.
	at func() eventstore.Position
}

// follow keeps a subscription open.
func (l *Log) follow(ctx context.Context, yield func(eventstore.Message, error) bool, f following) {
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
	alive, stop := l.alive(ctx)
	defer stop()
	failures, bound := 0, silence
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		more, got, err := l.session(alive, yield, f, bound)
		if !more {
			return
		}
		if got {
			pause, bound = 20*time.Millisecond, silence
		} else if errors.Is(err, errSilent) {
			bound = min(2*bound, 20*silence)
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
		if failures++; !foreign(err) || f.at == nil || f.at() == eventstore.Start {
			failures = 0
		}
		if failures == foreignFailures {
			end(fmt.Errorf("%w: %w", eventstore.ErrNoPosition, err))
			return
		}
		if strings.Contains(err.Error(), "Consumer too slow") {
			l.tooSlow.Add(1)
		}
		l.logger.Warn("a subscription was dropped and is resumed", "subscriber", f.name, "error", err.Error())
		wait(alive, pause)
	}
}

const (
	// silence is for how long a subscription may bring nothing although the log is
	// known to have gone on.
	silence = 1500 * time.Millisecond
	// listens is how often that is looked at.
	listens = 250 * time.Millisecond
)

// errSilent: a subscription at a leader that was cut off from the others stays open
// and brings nothing, for as long as that lasts.
var errSilent = errors.New("the subscription is silent although the log went on")

// session is one subscription of the client from its beginning to its drop.
type session struct {
	mu      sync.Mutex
	reached eventstore.Position // by the server, as far as it tells
	came    int                 // messages
	waits   bool                // for a message, and not for the consumer
	expects bool                // to be told of every event of the application
	ahead   time.Time           // since when more is known than came; zero for not
	aheadOf int                 // came then
}

func (s *session) at(p eventstore.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached = p
}

func (s *session) expect(all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expects = all
}

// receives brackets the wait for a message.
func (s *session) receives(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waits = yes; !yes {
		s.came++
	}
}

// silent is true where nothing has come for a while although the log goes on to
// head.
func (s *session) silent(now time.Time, head eventstore.Position, bound time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.expects, !s.waits, s.reached.Compare(head) >= 0:
		s.ahead = time.Time{}
	case s.ahead.IsZero(), s.aheadOf != s.came:
		s.ahead, s.aheadOf = now, s.came
	default:
		return now.Sub(s.ahead) >= bound
	}
	return false
}

// listen ends a session that is silent.
func (l *Log) listen(ctx context.Context, s *session, bound time.Duration, cut context.CancelCauseFunc) {
	t := time.NewTicker(listens)
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			if s.silent(now, l.head(), bound) {
				cut(errSilent)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// session opens one. more says that the consumer wants to go on, got that
// something came.
func (l *Log) session(ctx context.Context, yield func(eventstore.Message, error) bool, f following, bound time.Duration) (more, got bool, err error) {
	k, err := l.subs.acquire(ctx, true)
	if err != nil {
		return true, false, err
	}
	var gone error
	defer func() { l.subs.release(k, gone, false) }()
	ctx, unbind := k.bind(leader(ctx))
	defer unbind()
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	sub, err := l.begin(ctx, k.client, f)
	if err != nil {
		gone = connectionLost(err)
		return true, false, err
	}
	defer func() { _ = sub.Close() }() // never fails
	s := &session{}
	if f.at != nil {
		s.expects, s.reached = true, f.at()
	}
	var listening sync.WaitGroup
	listening.Go(func() { l.listen(ctx, s, bound, cut) })
	defer func() { cut(nil); listening.Wait() }()
	for {
		var e *esdb.SubscriptionEvent
		// Receiving obeys the context by itself, so it needs no goroutine.
		s.receives(true)
		err := protect(func() error { e = sub.Recv(); return nil })
		s.receives(false)
		if err == nil && e.SubscriptionDropped != nil {
			err = e.SubscriptionDropped.Error
		}
		if err != nil {
			if why := context.Cause(ctx); why != nil {
				err = why
			}
			if gone = connectionLost(err); gone == nil && (errors.Is(err, errSilent) || status.Code(cause(err)) == codes.Unavailable) {
				gone = err
			}
			return true, got, err
		}
		if m, deliver := f.take(e, s); deliver {
			got = true
			if !yield(m, nil) {
				return false, got, nil
			}
		}
	}
}

// begin subscribes, at the leader. The client's wait for its connection ignores
// ctx, but the link is connected: what is left waits on ctx alone.
func (l *Log) begin(ctx context.Context, c *esdb.Client, f following) (sub *esdb.Subscription, err error) {
	err = protect(func() (err error) {
		asking, stop := context.WithTimeoutCause(ctx, leaderPatience, errDeaf)
		defer stop()
		if err := f.first(asking, c); err != nil {
			if asking.Err() != nil && ctx.Err() == nil {
				return &lostError{errDeaf}
			}
			return err
		}
		sub, err = f.subscribe(ctx, c)
		return err
	})
	return sub, err
}
