// Package memlog is an event log in memory for the tests of reactions. It obeys
// the port (exact revisions, repeated appends known by their ids, ordered
// subscriptions) and misbehaves on request.
package memlog

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"alta/eventstore"
)

// Log is the log. Its zero value is not ready: use New.
type Log struct {
	mu      sync.Mutex
	all     []*eventstore.Record
	streams map[string][]*eventstore.Record
	changed chan struct{}

	// Repeat delivers every event so many times more.
	Repeat int
	// Fail, when set, may refuse a call: "append", "read", "subscribe", "at",
	// "all" or "head".
	Fail func(call, stream string) error
}

// New makes an empty log.
func New() *Log {
	return &Log{streams: map[string][]*eventstore.Record{}, changed: make(chan struct{})}
}

func (l *Log) fail(call, stream string) error {
	if l.Fail == nil {
		return nil
	}
	return l.Fail(call, stream)
}

// Append implements the port.
func (l *Log) Append(_ context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	if err := l.fail("append", stream); err != nil {
		return eventstore.Appended{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
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
	var last *eventstore.Record
	for _, e := range events {
		at++
		n := uint64(len(l.all) + 1)
		last = &eventstore.Record{Proposed: e, Stream: stream, Revision: at, Position: eventstore.Position{Commit: n, Prepare: n}, Created: time.Now()}
		l.all = append(l.all, last)
		l.streams[stream] = append(l.streams[stream], last)
	}
	close(l.changed)
	l.changed = make(chan struct{})
	return eventstore.Appended{Revision: last.Revision, Position: last.Position}, nil
}

// ReadStream implements the port.
func (l *Log) ReadStream(_ context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.read(stream, func(all []*eventstore.Record) []*eventstore.Record {
		return all[min(int(from), len(all)):min(int(from)+limit, len(all))]
	})
}

// ReadStreamBackward implements the port; it always begins at the end.
func (l *Log) ReadStreamBackward(_ context.Context, stream string, _ eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.read(stream, func(all []*eventstore.Record) []*eventstore.Record {
		some := slices.Clone(all[max(0, len(all)-limit):])
		slices.Reverse(some)
		return some
	})
}

func (l *Log) read(stream string, choose func([]*eventstore.Record) []*eventstore.Record) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		if err := l.fail("read", stream); err != nil {
			yield(nil, err)
			return
		}
		l.mu.Lock()
		all, ok := l.streams[stream]
		l.mu.Unlock()
		if !ok {
			yield(nil, eventstore.ErrStreamNotFound)
			return
		}
		for _, r := range choose(all) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Subscribe implements the port.
func (l *Log) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		at, considered := int(after.Commit), 0
		for {
			if err := l.fail("subscribe", ""); err != nil {
				yield(eventstore.Message{}, err)
				return
			}
			l.mu.Lock()
			some, changed := l.all[min(at, len(l.all)):], l.changed
			l.mu.Unlock()
			for _, r := range some {
				at++
				if filter.Accepts(r.Stream, r.Type) {
					for range l.Repeat + 1 {
						if !yield(eventstore.Message{Record: r}, nil) {
							return
						}
					}
				}
				if considered++; filter.Considered != nil && considered%filter.Every == 0 {
					filter.Considered(r.Position)
				}
			}
			if !yield(eventstore.Message{CaughtUp: true}, nil) {
				return
			}
			select {
			case <-ctx.Done():
				yield(eventstore.Message{}, ctx.Err())
				return
			case <-changed:
			}
		}
	}
}

// Head is the position of the newest event.
func (l *Log) Head(context.Context) (eventstore.Position, error) {
	if err := l.fail("head", ""); err != nil {
		return eventstore.Start, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := uint64(len(l.all))
	return eventstore.Position{Commit: n, Prepare: n}, nil
}

// ReadAt implements the port.
func (l *Log) ReadAt(_ context.Context, at eventstore.Position) (*eventstore.Record, error) {
	if err := l.fail("at", ""); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.Commit == 0 || at.Commit > uint64(len(l.all)) {
		return nil, eventstore.ErrNoPosition
	}
	return l.all[at.Commit-1], nil
}

// ReadAllBackward implements the port.
func (l *Log) ReadAllBackward(_ context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		if err := l.fail("all", ""); err != nil {
			yield(nil, err)
			return
		}
		l.mu.Lock()
		some := l.all[:min(before.Commit-min(before.Commit, 1), uint64(len(l.all)))]
		l.mu.Unlock()
		for i := len(some) - 1; i >= 0 && limit > 0; i, limit = i-1, limit-1 {
			if !yield(some[i], nil) {
				return
			}
		}
	}
}

// All lists the events of a stream, or with "" of the log.
func (l *Log) All(stream string) []*eventstore.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	if stream == "" {
		return slices.Clone(l.all)
	}
	return slices.Clone(l.streams[stream])
}
