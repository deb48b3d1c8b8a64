package esdb

import (
	"alta/eventstore/fanout"
)

// Health is what is known of the server, and of those who follow its log.
type Health struct {
	// Reachable: the server's leader answered when it was asked last. It is asked
	// every second once it was first needed, and is not Reachable before.
	Reachable bool
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

// Health answers at once, from what is known.
func (l *Log) Health() Health {
	h := Health{TooSlow: l.tooSlow.Load()}
	h.Feed, h.Consumers = l.feed.Health(l.head())
	l.calls.mu.Lock()
	defer l.calls.mu.Unlock()
	h.Reachable = l.calls.failure == nil
	return h
}
