package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"alta/eventstore"
)

const (
	headFresh = time.Second     // how long an answer serves everybody who asks
	headLimit = 2 * time.Second // how long the log is asked
)

// logEnd asks where the log ends, for health pages and figures: at most once a
// second and never two at a time, however many ask.
type logEnd struct {
	log eventLog

	mu    sync.Mutex
	asked time.Time
	head  eventstore.Position
	err   error
}

// now answers the newest position, or why it is not known.
func (e *logEnd) now() (eventstore.Position, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.asked.IsZero() || time.Since(e.asked) > headFresh {
		ctx, stop := context.WithTimeout(context.Background(), headLimit)
		e.head, e.err = e.log.Head(ctx)
		stop()
		e.asked = time.Now()
	}
	if e.err != nil {
		return eventstore.Start, fmt.Errorf("its end is not known: %w", e.err)
	}
	return e.head, nil
}

// behind is how many positions of the log one lies back; events, on the embedded
// log.
func behind(head, at eventstore.Position) float64 {
	if head.Compare(at) <= 0 {
		return 0
	}
	return float64(head.Commit - at.Commit)
}
