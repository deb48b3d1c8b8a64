package esdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A lane is a bounded number of calls over one connection, which is renewed when
// it is lost.
type lane struct {
	conf   *esdb.Configuration
	logger *slog.Logger
	slots  chan struct{} // one per call under way

	mu      sync.Mutex
	link    *link         // nil while there is no connection
	dialing chan struct{} // closed when the attempt under way has ended
	failure error         // of the newest attempt
	links   sync.WaitGroup
	closed  bool
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

func newLane(conf *esdb.Configuration, size int, logger *slog.Logger) *lane {
	own := *conf
	own.Logger = interrupt
	return &lane{conf: &own, logger: logger, slots: make(chan struct{}, size)}
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

// errNotSent: the call did not reach the client, so nothing has happened.
var errNotSent = errors.New("nothing was sent")

// acquire answers a connected link, and connects where there is none, until ctx
// ends.
func (n *lane) acquire(ctx context.Context) (*link, error) {
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
		case n.dialing == nil:
			n.dialing = make(chan struct{})
			n.links.Add(1)
			go n.dial(n.dialing)
		}
		wait := n.dialing
		n.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			n.mu.Lock()
			failure := n.failure
			n.mu.Unlock()
			return nil, fmt.Errorf("%w: %w", errNotSent, errors.Join(context.Cause(ctx), failure))
		}
	}
}

// dial makes one attempt to connect. A failed one takes at least the client's
// discovery interval (100 ms), so that trying again at once is no rush.
func (n *lane) dial(done chan struct{}) {
	defer n.links.Done()
	defer close(done)
	client, err := connect(n.conf)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dialing = nil
	if err != nil {
		if n.failure == nil {
			n.logger.Warn("the event store cannot be reached", "error", err.Error())
		}
		n.failure = err
		return
	}
	if n.closed {
		_ = client.Close()
		return
	}
	if n.failure != nil {
		n.logger.Info("the event store is reached again")
	}
	n.failure, n.link = nil, &link{client: client}
	n.links.Add(1)
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

// release gives a link back. lost says that its connection is gone.
func (n *lane) release(k *link, lost error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	k.users--
	if lost != nil {
		n.retire(k, lost)
	}
	n.drained(k)
}

// retire lets no new call use the link. The caller holds the lock.
func (n *lane) retire(k *link, why error) {
	if k.retired {
		return
	}
	k.retired = true
	if n.link == k {
		n.link = nil
	}
	if why != nil {
		n.failure = why
		n.logger.Warn("the connection to the event store is lost", "error", why.Error())
	}
}

// drained closes a retired link that nobody holds any more. The caller holds the
// lock. Closing earlier would make those who hold it panic.
func (n *lane) drained(k *link) {
	if k.retired && k.users == 0 {
		_ = k.client.Close() // never fails
		n.links.Done()
	}
}

// close waits until every call has left, whose contexts have ended, and all
// connections are closed; for five seconds, because a client can be stuck.
func (n *lane) close() error {
	n.mu.Lock()
	if k := n.link; k != nil {
		n.retire(k, nil)
		n.drained(k)
	}
	n.closed = true
	n.mu.Unlock()
	done := make(chan struct{})
	go func() {
		n.links.Wait()
		close(done)
	}()
	late := time.NewTimer(5 * time.Second)
	defer late.Stop()
	select {
	case <-done:
		return nil
	case <-late.C:
		return errors.New("esdb: a call is stuck in the client; its connection is left open")
	}
}
