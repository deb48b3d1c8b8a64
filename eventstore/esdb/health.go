package esdb

import (
	"errors"
	"time"

	"alta/eventstore"
	"alta/eventstore/fanout"
)

// Health is what is known of the server, and of those who follow its log.
type Health struct {
	// Reachable: the server's leader answered when it was asked last. It is asked
	// every second once it was first needed.
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
	// TooSlow is how often the server dropped a subscription because this process did
	// not take its events fast enough.
	TooSlow uint64
	// Feed is the subscription that the others share; without a name where nobody
	// follows the log.
	Feed Consumer
	// Consumers are the subscriptions of this process, by name.
	Consumers []Consumer
}

// Consumer is one subscription of this process.
type Consumer = fanout.Consumer

// errNotAsked is the reason of a server that nobody has asked yet.
var errNotAsked = errors.New("the server has not been asked yet")

// Health answers at once, from what is known.
func (l *Log) Health() Health {
	l.mu.Lock()
	newest := l.newest
	l.mu.Unlock()
	h := Health{Newest: newest.position, Created: newest.created, TooSlow: l.tooSlow.Load()}
	h.Feed, h.Consumers = l.feed.Health(newest.position)
	n := l.calls
	n.mu.Lock()
	defer n.mu.Unlock()
	h.Reachable, h.Reason, h.Since, h.Answered = n.failure == nil, n.failure, n.since, n.answered
	return h
}
