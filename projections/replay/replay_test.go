package replay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"

	"alta/eventstore"
	"alta/projections/replay"
)

// log is a list of events that have all happened.
type log []*eventstore.Record

func (l log) Subscribe(_ context.Context, _ eventstore.Position, f eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for _, r := range l {
			if r.Stream[:len(f.Streams[0])] == f.Streams[0] && !yield(eventstore.Message{Record: r}, nil) {
				return
			}
		}
		yield(eventstore.Message{CaughtUp: true}, nil)
	}
}

func made(events, streams int) (l log) {
	revisions := map[string]eventstore.Revision{}
	for i := range events {
		name := fmt.Sprintf("case-%d", i*i%streams)
		if i%7 == 0 {
			name = "other-1"
		}
		at := uint64(i + 1)
		l = append(l, &eventstore.Record{Stream: name, Revision: revisions[name], Position: eventstore.Position{Commit: at, Prepare: at}})
		revisions[name]++
	}
	return l
}

func TestEveryEventOfACategoryGoesToOneWorkerInOrder(t *testing.T) {
	l := made(5000, 97)
	target := l[3999].Position
	var mu sync.Mutex
	by, next, n := map[string]int{}, map[string]eventstore.Revision{}, 0
	workers := 0
	err := replay.Spread(t.Context(), l, []string{"case-"}, target, 3, func(uint64) bool { return true }, func(_ context.Context, feed iter.Seq[replay.Event]) error {
		mu.Lock()
		me := workers
		workers++
		mu.Unlock()
		for e := range feed {
			mu.Lock()
			if was, known := by[e.ID]; known && was != me {
				t.Errorf("%s goes to two workers", e.ID)
			}
			if by[e.ID] = me; e.Record.Revision != next[e.ID] {
				t.Errorf("%s at %d, want %d", e.ID, e.Record.Revision, next[e.ID])
			}
			next[e.ID]++
			n++
			mu.Unlock()
		}
		return nil
	})
	want := 0
	for _, r := range l[:4000] {
		if r.Stream != "other-1" {
			want++
		}
	}
	if err != nil || n != want || workers != 3 {
		t.Errorf("%d events, want %d: %v", n, want, err)
	}
}

func TestAWorkersErrorEndsTheReading(t *testing.T) {
	broken := errors.New("broken")
	err := replay.Spread(t.Context(), made(100_000, 50), []string{"case-"}, eventstore.Position{Commit: 1 << 60, Prepare: 1 << 60}, 2, func(uint64) bool { return true },
		func(_ context.Context, feed iter.Seq[replay.Event]) error {
			for range feed {
				return broken
			}
			return nil
		})
	if !errors.Is(err, broken) {
		t.Errorf("it answers %v", err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	err = replay.Spread(ended, made(100_000, 50), []string{"case-"}, eventstore.Position{Commit: 1 << 60, Prepare: 1 << 60}, 2, func(uint64) bool { return true },
		func(_ context.Context, feed iter.Seq[replay.Event]) error {
			for range feed {
			}
			return nil
		})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("when told to stop it answers %v", err)
	}
}
