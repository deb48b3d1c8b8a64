package decider_test

import (
	"context"
	"iter"
	"sync"
	"time"

	"alta/eventstore"
)

// memLog is the smallest log that obeys the port: exact revisions, repeated
// appends recognised by their ids. Its hooks let a test misbehave on purpose.
type memLog struct {
	mu      sync.Mutex
	streams map[string][]*eventstore.Record
	commit  uint64
	reads   int // records handed out

	beforeAppend func()       // runs without the lock
	afterAppend  func() error // its error hides an append that happened
}

func (l *memLog) ReadStream(_ context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		l.mu.Lock()
		all, ok := l.streams[stream]
		if !ok {
			l.mu.Unlock()
			yield(nil, eventstore.ErrStreamNotFound)
			return
		}
		some := all[min(int(from), len(all)):min(int(from)+limit, len(all))]
		l.reads += len(some)
		l.mu.Unlock()
		for _, r := range some {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (l *memLog) Append(_ context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	if l.beforeAppend != nil {
		l.beforeAppend()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams == nil {
		l.streams = map[string][]*eventstore.Record{}
	}
	present := l.streams[stream]
	at := eventstore.Revision(len(present)) - 1
	if expected != at {
		for i, e := range events {
			n := int(expected) + 1 + i
			if n >= len(present) || present[n].ID != e.ID {
				return eventstore.Appended{}, &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: at}
			}
		}
		last := present[int(expected)+len(events)]
		return eventstore.Appended{Revision: last.Revision, Position: last.Position}, nil
	}
	for _, e := range events {
		l.commit++
		at++
		l.streams[stream] = append(l.streams[stream], &eventstore.Record{
			Proposed: e, Stream: stream, Revision: at,
			Position: eventstore.Position{Commit: l.commit, Prepare: l.commit},
			Created:  time.Unix(int64(l.commit), 0),
		})
	}
	if l.afterAppend != nil {
		if err := l.afterAppend(); err != nil {
			return eventstore.Appended{}, err
		}
	}
	return eventstore.Appended{Revision: at, Position: eventstore.Position{Commit: l.commit, Prepare: l.commit}}, nil
}
