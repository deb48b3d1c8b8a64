package esdb

import (
	"context"
	"fmt"
	"sync"

	"alta/eventstore"
)

// queued bounds those who wait to write one stream.
const queued = 256

// queues let the writes of one stream go one after the other. A server drops an
// append that repeats one under way, and answers it only when its own time limit is
// over; and of two that expect the same revision one fails anyway.
type queues struct {
	mu      sync.Mutex
	streams map[string]*queue
}

type queue struct {
	turn  chan struct{} // holds one token: whose it is may write
	users int           // who has it, and who waits for it
}

// enter waits for the turn to write a stream, until ctx ends; leave gives it on.
func (q *queues) enter(ctx context.Context, stream string) (leave func(), err error) {
	q.mu.Lock()
	s := q.streams[stream]
	if s == nil {
		s = &queue{turn: make(chan struct{}, 1)}
		s.turn <- struct{}{}
		if q.streams == nil {
			q.streams = map[string]*queue{}
		}
		q.streams[stream] = s
	}
	if s.users > queued {
		q.mu.Unlock()
		return nil, fmt.Errorf("%w: %d writes of stream %s wait already", eventstore.ErrUnavailable, queued, stream)
	}
	s.users++
	q.mu.Unlock()
	gone := func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if s.users--; s.users == 0 {
			delete(q.streams, stream)
		}
	}
	select {
	case <-s.turn:
		return func() { s.turn <- struct{}{}; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, fmt.Errorf("%w: another write of stream %s is under way: %w", errNotSent, stream, context.Cause(ctx))
	}
}
