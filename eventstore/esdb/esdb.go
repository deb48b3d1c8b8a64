// Package esdb is the event log on a real EventStoreDB or KurrentDB, through the
// official Go client, with the same methods and the same semantics as the
// embedded engine. It also reads and writes an embedded log that another process
// offers (package wire).
//
// # The client is kept at arm's length
//
// The official client (EventStore-Client-Go v4.2.0) is correct while all is well
// and dangerous when it is not. What is done about it:
//
//   - After an outage it is dead for good, its calls ignore their context, and
//     closing it makes waiting callers panic. Raising its limit of attempts only
//     moves the problem: the endless loop cannot be stopped, and each reconnection
//     leaves a connection behind. So a client is used for one connection (see
//     link): it makes one attempt, and when the connection is lost it is retired,
//     drained and closed, and a new one is made.
//   - It panics on what it does not expect. Every call runs in a goroutine of its
//     own behind recover and is left alone when the caller's context ends; the
//     number of calls in flight is bounded, so that what is left alone is too.
//   - A server grants some 100 streams a connection, and subscriptions count. They
//     have a client of their own, and so never keep an append waiting.
//   - Wrong sizes and names come back as an unknown error or a bare EOF: they are
//     checked before the call. Event ids are always set.
//   - Subscriptions drop and stay dropped: they are resumed after the position
//     they had reached.
//   - It means to ask that the leader answers and forgets to send it: the header is
//     added here, so that no decision is taken on a follower's stale answer.
//   - Without TLS it drops credentials without a word: Open refuses that.
//   - An event without its creation time ends the whole process (log.Fatalf).
//     There is no way to prevent it; servers always send it, ours too.
//
// # Outcomes
//
// Aborted, unavailable, timed out, a lost connection and a panic all mean that an
// append may have happened. It is repeated with the same ids and the same expected
// revision, which EventStoreDB recognises, until the answer is certain or time is
// up: then the error is eventstore.ErrUnknownOutcome. Where nothing was ever sent
// it is eventstore.ErrUnavailable. Expectations other than an exact revision are
// refused, because their repetition is not recognised reliably.
//
// # Rights
//
// On a secured cluster the user needs to read $all (Head, ReadAll, Subscribe).
// Admins may. For any other user an admin grants it once, by writing to the
// stream $settings an event of type $settings or, more narrowly, by setting the
// metadata of $all: {"$acl": {"$r": ["$admins", "alta"]}}; and the user must be
// allowed to write streams, which the default access list grants to everyone.
// System streams ($…) are skipped everywhere. Server version 23.10 or newer is
// needed: older ones do not say that a subscription has caught up.
package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/metadata"
)

// Options of a log; the zero value is good.
type Options struct {
	// InFlight bounds the calls under way; 64 when 0. Further ones wait.
	InFlight int
	// Subscriptions bounds the open subscriptions, under the 100 streams that a
	// server grants; 90 when 0. Further ones fail with eventstore.ErrUnavailable.
	Subscriptions int
	// Patience bounds how long a call goes on trying when its context allows for
	// more; 10 s when 0.
	Patience time.Duration
	// Logger gets lost connections; nothing is logged when nil.
	Logger *slog.Logger
}

// Log is a log on a server. Its methods may be called from any goroutine.
type Log struct {
	opt    Options
	logger *slog.Logger
	calls  *lane
	subs   *lane

	ctx   context.Context // ends with Close
	close context.CancelCauseFunc

	mu        sync.Mutex
	head      eventstore.Position // newest known event of the application
	created   time.Time           // of that event; zero where it is not known
	failure   error               // of the newest call; nil where it was answered
	since     time.Time           // when failure came to be nil or not nil
	answered  time.Time           // when the newest answer came
	consumers map[*consumer]struct{}
}

// Open prepares the log at a connection string (see parse). It fails only where
// the string or the files it names are wrong; the server is connected to when it
// is first needed.
func Open(connection string, opt Options) (*Log, error) {
	conf, err := parse(connection)
	if err != nil {
		return nil, err
	}
	if opt.InFlight == 0 {
		opt.InFlight = 64
	}
	if opt.Subscriptions == 0 {
		opt.Subscriptions = 90
	}
	if opt.Patience == 0 {
		opt.Patience = 10 * time.Second
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Log{
		opt: opt, logger: opt.Logger, ctx: ctx, close: cancel,
		failure: errNotAsked, since: time.Now(), consumers: map[*consumer]struct{}{},
		calls: newLane(conf, opt.InFlight, opt.Logger),
		subs:  newLane(conf, opt.Subscriptions, opt.Logger),
	}, nil
}

// Close ends all calls and subscriptions with eventstore.ErrClosed and closes the
// connections. Calling it again does nothing.
func (l *Log) Close() error {
	l.close(eventstore.ErrClosed)
	return errors.Join(l.calls.close(), l.subs.close())
}

// within makes the context of a call: it ends with the caller's, with the log,
// and when patience is exhausted.
func (l *Log) within(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.opt.Patience, errPatience)
	ctx, stop := l.alive(ctx)
	return leader(ctx), func() { stop(); cancel() }
}

// alive makes a context that ends with the log too.
func (l *Log) alive(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.ctx, func() { cancel(eventstore.ErrClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// errPatience is the cause of a call that was given up by itself.
var errPatience = errors.New("the server did not answer in time")

// leader asks that the leader of the cluster answers.
func leader(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "requires-leader", "true")
}

// Head is the position of the newest event of the application, Start for none.
// A server that does not answer makes it fail with eventstore.ErrUnavailable:
// what was known before is no answer, because others append too.
func (l *Log) Head(ctx context.Context) (eventstore.Position, error) {
	l.mu.Lock()
	known := l.head
	l.mu.Unlock()
	for r, err := range l.readAllBackward(ctx, end, 1, known) {
		if err != nil {
			return eventstore.Start, fmt.Errorf("the newest position of the log: %w", err)
		}
		l.saw(r.Position, r.Created)
		return r.Position, nil
	}
	return known, nil
}

func esPosition(p eventstore.Position) esdb.Position {
	return esdb.Position{Commit: p.Commit, Prepare: p.Prepare}
}

// Ping answers nil when the server answers, for health pages. It fails with
// eventstore.ErrUnavailable or ErrDenied.
func (l *Log) Ping(ctx context.Context) error {
	_, err := l.page(ctx, 1, func(ctx context.Context, c *esdb.Client, count uint64) (*esdb.ReadStream, error) {
		return c.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}, RequiresLeader: true}, count)
	})
	return err
}
