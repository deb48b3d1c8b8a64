package esdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// How long what takes. A machine that dies, and a leader that is cut off, are
// noticed within three seconds.
const (
	// probeEvery is how often a link is asked for the newest event.
	probeEvery = 750 * time.Millisecond
	// deaf is how long a link may leave that question without an answer before
	// another connection is tried.
	deaf = 1500 * time.Millisecond
	// leaderPatience bounds the first question to a new connection.
	leaderPatience = 2 * time.Second
	// away is how long no node may be connected to before calls are refused at once.
	away = time.Second
	// stagger is after how long the next node is asked beside the one before.
	stagger = 250 * time.Millisecond
	// redial is the pause after an attempt to connect.
	redial = 50 * time.Millisecond
)

// A lane is a bounded number of calls over one connection to the leader. It is
// renewed when it is lost, in the background, whether somebody waits for it or
// not: so calls can be refused at once while the server is away.
type lane struct {
	conf   *esdb.Configuration
	logger *slog.Logger
	slots  chan struct{} // one per call under way
	ctx    context.Context
	// patience is after how long without a leader calls are refused at once although
	// nodes can be connected to.
	patience time.Duration
	newest   func(*eventstore.Record) // is told what the probes read

	mu       sync.Mutex
	link     *link         // nil while there is no connection
	aside    *link         // was it, and is late with an answer; its calls go on
	changed  chan struct{} // closed when a waiting call should look again
	dialing  bool
	failure  error     // why no leader answers; nil while one does
	unlinked time.Time // since when no node can be connected to; zero while one can
	trying   time.Time // since when the attempt under way has no answer; zero for none
	since    time.Time // when failure came to be nil or not nil
	closed   bool
	links    sync.WaitGroup // what close must wait for
	dials    sync.WaitGroup // attempts to connect, which nothing can interrupt
}

// link is one client with its one connection.
//
// The client connects from a goroutine of its own: on the first call, and again
// after a call found the connection lost and told it. What follows a loss is
// where it leaks and gets stuck, so it is never told: it announces the loss to
// its logger first, on the caller's goroutine, and the logger panics (see
// interrupt). The caller's recover then retires the link, and the last call to
// leave it closes the client.
type link struct {
	client  *esdb.Client
	ctx     context.Context // ends the calls over it when nothing more will come
	cut     context.CancelCauseFunc
	users   int  // calls that hold it
	retired bool // no new call may use it
}

// lost is what the client's logger panics with.
type lost struct{ err error }

// interrupt is the client's logger. "unexpected exception" is what it logs just
// before it would tell its connection goroutine about err; the tests of outages
// find goroutines left behind if a client says it differently.
func interrupt(level esdb.LogLevel, format string, args ...any) {
	if level != esdb.LogError || format != "unexpected exception: %v" || len(args) != 1 {
		return
	}
	if err, ok := args[0].(error); ok && status.Code(err) == codes.Unavailable {
		panic(lost{err})
	}
}

func newLane(ctx context.Context, conf *esdb.Configuration, size int, opt Options, newest func(*eventstore.Record)) *lane {
	own := *conf
	n := &lane{
		conf: &own, logger: opt.Logger, slots: make(chan struct{}, size), ctx: ctx, patience: opt.Patience, newest: newest,
		changed: make(chan struct{}), failure: errNotAsked, since: time.Now(),
	}
	own.Logger = interrupt
	return n
}

// enter takes a slot, and waits for one until ctx ends.
func (n *lane) enter(ctx context.Context) error {
	select {
	case n.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case n.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %d calls are under way: %w", errNotSent, cap(n.slots), context.Cause(ctx))
	}
}

func (n *lane) leave() { <-n.slots }

// Errors of calls that did not reach the client, so that nothing has happened.
var (
	errNotSent = errors.New("nothing was sent")
	// errAway: the server is known to be away, so nobody waits for it.
	errAway = fmt.Errorf("%w: the server is away", errNotSent)
	// errMoved: the connection is another one than the call is for.
	errMoved = fmt.Errorf("%w: the connection is a new one", errNotSent)
	// errNotAsked is the failure of a server that nobody has asked yet.
	errNotAsked = errors.New("the server has not been asked yet")
)

// acquire answers a connected link. Where there is none it waits for one until ctx
// ends; where the server is known to be away it fails with errAway, unless the caller
// waits for it however long that takes.
func (n *lane) acquire(ctx context.Context, however bool) (*link, error) {
	for {
		n.mu.Lock()
		switch {
		case n.closed:
			n.mu.Unlock()
			return nil, fmt.Errorf("%w: %w", errNotSent, eventstore.ErrClosed)
		case n.link != nil:
			k := n.link
			k.users++
			n.mu.Unlock()
			return k, nil
		case n.refusing() && !however:
			failure := n.failure
			n.mu.Unlock()
			return nil, fmt.Errorf("%w: %w", errAway, failure)
		}
		n.dial()
		changed, late := n.changed, (<-chan time.Time)(nil)
		if silent := n.silent(); !however && !silent.IsZero() {
			t := time.NewTimer(time.Until(silent.Add(away)))
			defer t.Stop()
			late = t.C
		}
		n.mu.Unlock()
		select {
		case <-changed:
		case <-late:
		case <-ctx.Done():
			n.mu.Lock()
			failure := n.failure
			n.mu.Unlock()
			return nil, fmt.Errorf("%w: %w", errNotSent, errors.Join(context.Cause(ctx), failure))
		}
	}
}

// silent is since when no node can be connected to, or the attempt under way has had
// no answer: nodes that are stopped take a connection and say nothing. It is zero for
// neither. The caller holds the lock.
func (n *lane) silent() time.Time {
	if n.unlinked.IsZero() {
		return n.trying
	}
	return n.unlinked
}

// refusing is true while waiting is known to be in vain: no node can be connected
// to or answers, or none has been the leader for as long as a call waits at most. The
// caller holds the lock.
func (n *lane) refusing() bool {
	silent := n.silent()
	return !silent.IsZero() && time.Since(silent) >= away ||
		n.failure != nil && n.failure != errNotAsked && time.Since(n.since) >= n.patience
}

// wake lets those who wait look again. The caller holds the lock.
func (n *lane) wake() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// dial starts to connect, where nobody does yet. It goes on until there is a
// leader or the lane is closed. The caller holds the lock.
func (n *lane) dial() {
	if n.dialing || n.closed {
		return
	}
	n.dialing = true
	n.dials.Go(func() {
		for !n.attempt() {
			wait(n.ctx, redial)
		}
	})
}

// attempt makes one attempt to connect to the leader, and answers whether it was
// the last one for now.
func (n *lane) attempt() (done bool) {
	n.mu.Lock()
	n.trying = time.Now()
	n.mu.Unlock()
	client, err := n.connect()
	var k *link
	if err == nil {
		k = n.newLink(client)
		err = n.meet(k)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	defer func() { n.dialing, n.trying = n.dialing && !done, time.Time{} }()
	switch {
	case n.closed || n.link != nil: // the one before was only late
		n.discard(k)
		return true
	case err != nil:
		n.discard(k)
		n.fail(err)
		// A node that says that it is no leader is one that can be connected to.
		if k != nil && !errors.Is(err, errDeaf) {
			n.unlinked = time.Time{}
		} else if n.unlinked.IsZero() {
			n.unlinked = time.Now()
		}
		n.wake()
		return false
	}
	if late := n.aside; late != nil {
		n.aside = nil
		late.cut(&lostError{errDeaf})
		n.retire(late, nil)
		n.drained(late)
	}
	n.link, n.unlinked = k, time.Time{}
	n.links.Add(1)
	n.answer()
	n.wake()
	n.links.Go(func() { n.watch(k) })
	return true
}

func (n *lane) newLink(client *esdb.Client) *link {
	k := &link{client: client}
	k.ctx, k.cut = context.WithCancelCause(n.ctx)
	return k
}

// discard closes a link that nobody has used.
func (n *lane) discard(k *link) {
	if k != nil {
		k.cut(nil)
		_ = k.client.Close() // never fails
	}
}

// connect makes a client and lets it connect. The nodes of a cluster are asked for
// their leader beside each other: a dead one would take the client's whole time.
func (n *lane) connect() (*esdb.Client, error) {
	seeds := n.conf.GossipSeeds
	if len(seeds) < 2 {
		return connect(n.conf)
	}
	type connected struct {
		client *esdb.Client
		err    error
	}
	out := make(chan connected, len(seeds))
	next := time.NewTimer(0)
	defer next.Stop()
	var errs []error
	order := rand.Perm(len(seeds))
	for begun := 0; len(errs) < len(seeds); {
		select {
		case <-next.C:
			if begun == len(seeds) {
				continue
			}
			conf := *n.conf
			conf.GossipSeeds = []*esdb.EndPoint{seeds[order[begun]]}
			n.dials.Go(func() {
				client, err := connect(&conf)
				out <- connected{client, err}
			})
			begun++
			next.Reset(stagger)
		case c := <-out:
			if c.err == nil {
				n.dials.Go(func() { // those that were only slower
					for range begun - len(errs) - 1 {
						if c := <-out; c.err == nil {
							_ = c.client.Close() // never fails
						}
					}
				})
				return c.client, nil
			}
			errs = append(errs, c.err)
			next.Reset(0)
		}
	}
	return nil, errors.Join(errs...)
}

// connect makes a client and lets it connect.
func connect(conf *esdb.Configuration) (client *esdb.Client, err error) {
	defer func() {
		if p := recover(); p != nil {
			client, err = nil, fmt.Errorf("the client panicked while connecting: %v", p)
		}
	}()
	if client, err = esdb.NewClient(conf); err != nil {
		return nil, err
	}
	if _, err = client.GetServerVersion(); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// fail takes down that no leader answers. The caller holds the lock.
func (n *lane) fail(err error) {
	if n.failure == nil || n.failure == errNotAsked {
		n.since = time.Now()
		n.logger.Warn("the event store cannot be reached", "error", err.Error())
	}
	n.failure = err
}

// answer takes down that the leader answered. The caller holds the lock.
func (n *lane) answer() {
	if now := time.Now(); n.failure != nil {
		if n.failure != errNotAsked {
			n.logger.Info("the event store is reached again", "after", now.Sub(n.since).Round(time.Millisecond).String())
		}
		n.since = now
	}
	n.failure = nil
}

// release gives a link back. lost says that its connection is gone, answered that
// the leader answered over it.
func (n *lane) release(k *link, lost error, answered bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	k.users--
	if lost != nil {
		n.retire(k, lost)
	} else if answered && n.link == k {
		n.answer()
	}
	n.drained(k)
}

// retire lets no new call use the link, and connects anew where it was lost. The
// caller holds the lock.
func (n *lane) retire(k *link, why error) {
	if k.retired {
		return
	}
	k.retired = true
	if n.aside == k {
		n.aside = nil
	}
	if n.link != k {
		return
	}
	if n.link = nil; why != nil {
		n.fail(why)
		n.dial()
	}
}

// drained closes a retired link that nobody holds any more. The caller holds the
// lock. Closing earlier would make those who hold it panic.
func (n *lane) drained(k *link) {
	if k.retired && k.users == 0 {
		k.cut(nil)
		_ = k.client.Close() // never fails
		n.links.Done()
	}
}

// close waits until every call has left, whose contexts have ended, and all
// connections are closed; for five seconds, because a client can be stuck.
func (n *lane) close() error {
	n.mu.Lock()
	for _, k := range []*link{n.link, n.aside} {
		if k != nil {
			n.retire(k, nil)
			n.drained(k)
		}
	}
	n.closed = true
	n.wake()
	n.mu.Unlock()
	late := time.NewTimer(5 * time.Second)
	defer late.Stop()
	links, dials := make(chan struct{}), make(chan struct{})
	go func() {
		n.links.Wait()
		close(links)
		n.dials.Wait()
		close(dials)
	}()
	select {
	case <-links:
	case <-late.C:
		return errors.New("esdb: a call is stuck in the client; its connection is left open")
	}
	select {
	case <-dials:
	case <-late.C: // it ends by itself, at the client's limits
	}
	return nil
}
