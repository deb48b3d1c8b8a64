package esdb

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"alta/eventstore"
)

// Health is what is known of the server, and of those who follow its log.
type Health struct {
	// Reachable: the server's leader answered when it was asked last.
	Reachable bool
	// Reason is why it is not; nil while it is Reachable.
	Reason error
	// Since is when it came to be so.
	Since time.Time
	// Answered is when the leader answered last; zero for never.
	Answered time.Time
	// Newest is the newest event that this process knows of: acknowledged to it,
	// delivered to it, or seen at the end of the log.
	Newest eventstore.Position
	// Created is the server's clock at that event; zero where only the position is
	// known, which an append answers alone.
	Created time.Time
	// Consumers are the subscriptions of this process, by name.
	Consumers []Consumer
}

// Consumer is one subscription of this process.
type Consumer struct {
	Name string // eventstore.Filter.Name
	// Reached is up to where it was delivered to, or its events were looked at.
	Reached eventstore.Position
	// Live: it has been told everything that the server held when it was last seen.
	Live bool
	// Waiting is how many events are known to wait for it, passed by its filter or
	// not; -1 where there are some and nobody has counted them.
	Waiting int
	// Behind is for how long events have waited for it; 0 where none do.
	Behind time.Duration
	// Slow is how often it was too slow to stay live.
	Slow uint64
}

// errNotAsked is the reason of a server that nobody has asked yet.
var errNotAsked = errors.New("the server has not been asked yet")

// Health answers at once, from what is known.
func (l *Log) Health() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := Health{
		Reachable: l.failure == nil, Reason: l.failure, Since: l.since, Answered: l.answered,
		Newest: l.head, Created: l.created,
	}
	now := time.Now()
	for c := range l.consumers {
		h.Consumers = append(h.Consumers, c.health(now, l.head))
	}
	slices.SortFunc(h.Consumers, func(a, b Consumer) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Reached.Compare(b.Reached))
	})
	return h
}

// outcome takes down what a call tells of the server. A refusal is an answer; a
// caller that had no more time tells nothing.
func (l *Log) outcome(err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, eventstore.ErrClosed) {
		return
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		if _, final := understand(err); final {
			err = nil
		}
	}
	if (err == nil) != (l.failure == nil) {
		l.since = now
	}
	l.failure = err
	if err == nil {
		l.answered = now
	}
}

// saw remembers how far the log reaches; created is zero where it is not known.
func (l *Log) saw(p eventstore.Position, created time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.head.Compare(p); c < 0 {
		l.head, l.created = p, created
	} else if c == 0 && !created.IsZero() {
		l.created = created
	}
}

// consumer is one subscription under way.
type consumer struct {
	name string

	mu      sync.Mutex
	reached eventstore.Position
	live    bool
	late    time.Time // since when more is known than it has reached; zero for not
	slow    uint64
}

// follows adds a subscription to the log's list until the answered function is
// called.
func (l *Log) follows(name string, after eventstore.Position) (*consumer, func()) {
	c := &consumer{name: name, reached: after}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.consumers[c] = struct{}{}
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.consumers, c)
	}
}

// at takes down what the consumer has reached.
func (c *consumer) at(p eventstore.Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reached.Compare(p) < 0 {
		c.reached, c.late = p, time.Time{}
	}
}

// caughtUp takes down that everything the server held was delivered.
func (c *consumer) caughtUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = true
}

// health compares with the newest event that is known.
func (c *consumer) health(now time.Time, newest eventstore.Position) Consumer {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := Consumer{Name: c.name, Reached: c.reached, Live: c.live, Slow: c.slow}
	if c.reached.Compare(newest) >= 0 || c.live {
		c.late = time.Time{}
		return h
	}
	if c.late.IsZero() {
		c.late = now
	}
	h.Waiting, h.Behind = -1, now.Sub(c.late)
	return h
}
