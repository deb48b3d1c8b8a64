package decider

import (
	"context"
	"fmt"
	"sync"
)

// waiting bounds those who wait for their turn at one stream.
const waiting = 64

// turns let those of this process who write one stream decide one after the other.
// At once, all but one would decide for nothing. Between processes the exact revision
// alone decides. Its zero value is ready.
type turns struct {
	mu      sync.Mutex
	streams map[string]*turn
}

type turn struct {
	free  chan struct{} // holds one token: whose it is decides
	users int           // who has it, and who waits for it
}

// take waits for the turn at a stream, until ctx ends; done gives it on. It refuses
// with ErrContended where too many wait.
func (t *turns) take(ctx context.Context, stream string) (done func(), err error) {
	t.mu.Lock()
	s := t.streams[stream]
	if s == nil {
		s = &turn{free: make(chan struct{}, 1)}
		s.free <- struct{}{}
		if t.streams == nil {
			t.streams = map[string]*turn{}
		}
		t.streams[stream] = s
	}
	if s.users > waiting {
		t.mu.Unlock()
		return nil, fmt.Errorf("%w: %s", ErrContended, stream)
	}
	s.users++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if s.users--; s.users == 0 {
			delete(t.streams, stream)
		}
	}
	select {
	case <-s.free:
		return func() { s.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
