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
//     have a client of their own, and so never keep an append waiting. All consumers
//     of a process share one subscription (package fanout); one that is behind has its
//     own until it has caught up.
//   - Wrong sizes and names come back as an unknown error or a bare EOF: they are
//     checked before the call. Event ids are always set.
//   - Subscriptions drop and stay dropped: they are resumed after the position
//     they had reached.
//   - It means to ask that the leader answers and forgets to send it: the header is
//     added here, so that no decision is taken on a follower's stale answer.
//   - A node that is not the leader may confirm a subscription and end it with "not
//     found", and the client does not see who is: before each subscription one event
//     is read, which moves the client to the leader. Only what is said of a stream is
//     an absence.
//   - A connection to a dead machine, and a subscription at a leader that was cut off,
//     are silent. Each connection is asked for the newest event again and again: where
//     no answer comes another one is made beside it, and a subscription that brings
//     nothing although the log went on is resumed elsewhere.
//   - gRPC connects anew without a word: connections are numbered (see route), and
//     before the first append over each it is compared whether this is still the log
//     that it was.
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
// it is eventstore.ErrUnavailable, and at once where the server is known to be away.
// Never is one sent while the one before may be under way over the same connection;
// the writes of one stream wait for each other. A conflict is told once what it
// speaks of can be read. Expectations other than an exact revision are
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
	"sync/atomic"
	"time"

	"alta/eventstore"
	"alta/eventstore/fanout"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/metadata"
)

// Options of a log; the zero value is good.
type Options struct {
	// InFlight bounds the calls under way; 64 when 0. Further ones wait.
	InFlight int
	// Subscriptions bounds the open subscriptions, under the 100 streams that a
	// server grants, which they use while they catch up; 90 when 0. Further ones fail
	// with eventstore.ErrUnavailable.
	Subscriptions int
	// Patience bounds how long a call goes on trying when its context allows for
	// more; 10 s when 0.
	Patience time.Duration
	// Logger gets lost connections; nothing is logged when nil.
	Logger *slog.Logger
	// Verify is asked before the first append over every connection, the first one
	// included, whether this is still the log that it was. Where it answers
	// eventstore.ErrCorrupt nothing is appended over that connection, and appends fail
	// with ErrReadOnly too. After other errors it is asked again. It may read the log.
	Verify func(ctx context.Context) error
}

// Log is a log on a server. Its methods may be called from any goroutine.
type Log struct {
	opt    Options
	logger *slog.Logger
	calls  *lane
	subs   *lane

	ctx   context.Context // ends with Close
	close context.CancelCauseFunc

	streams queues // of writes

	verifying chan struct{} // holds one token; who takes it verifies
	verified  uint64        // the connection that refusal is of; guarded by the token
	refusal   error         // why nothing may be appended over it

	feed    *fanout.Feed
	tooSlow atomic.Uint64 // drops because a consumer was too slow for the server

	mu     sync.Mutex
	newest seen // of the application
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
	l := &Log{
		opt: opt, logger: opt.Logger, ctx: ctx, close: cancel, verifying: make(chan struct{}, 1),
	}
	l.verifying <- struct{}{}
	l.calls = newLane(ctx, conf, opt.InFlight, opt, l.saw)
	l.subs = newLane(ctx, conf, opt.Subscriptions+1, opt, l.saw) // and the shared one
	l.feed = fanout.New(ctx, source{l}, fanout.Options{Consumers: opt.Subscriptions, Logger: opt.Logger})
	return l, nil
}

// Close ends all calls and subscriptions with eventstore.ErrClosed and closes the
// connections. Calling it again does nothing.
func (l *Log) Close() error {
	l.close(eventstore.ErrClosed)
	l.feed.Close()
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
	known := l.head()
	// Behind the newest event there may be many of the server's own: what was known is
	// where to stop, and is found there again, unless this is another log by now.
	for _, until := range []eventstore.Position{justBefore(known), eventstore.Start} {
		for r, err := range l.readAllBackward(ctx, end, 1, until) {
			if err != nil {
				return eventstore.Start, fmt.Errorf("the newest position of the log: %w", err)
			}
			l.saw(r)
			return r.Position, nil
		}
		if until == eventstore.Start {
			break
		}
	}
	return eventstore.Start, nil
}

// justBefore is a position between p and whatever comes before it.
func justBefore(p eventstore.Position) eventstore.Position {
	if p.Prepare == 0 {
		return eventstore.Start
	}
	return eventstore.Position{Commit: p.Commit, Prepare: p.Prepare - 1}
}

// seen is an event that the log was seen to hold.
type seen struct {
	position eventstore.Position
	stream   string
	revision eventstore.Revision
	id       eventstore.ID
}

// saw remembers how far the log reaches.
func (l *Log) saw(r *eventstore.Record) {
	l.reaches(seen{r.Position, r.Stream, r.Revision, r.ID})
}

func (l *Log) reaches(s seen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.newest.position.Compare(s.position) < 0 {
		l.newest = s
	}
}

// head is the position of the newest event that is known of.
func (l *Log) head() eventstore.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest.position
}

func esPosition(p eventstore.Position) esdb.Position {
	return esdb.Position{Commit: p.Commit, Prepare: p.Prepare}
}
