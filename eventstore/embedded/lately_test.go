package embedded

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"alta/eventstore"

	"github.com/cockroachdb/pebble/v2"
)

func TestWhatWasReadLatelyIsWhatTheStreamHoldsAndStaysWithinItsBound(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	streams := make([][]*eventstore.Record, 300)
	var c lately
	hits := 0
	for range 60_000 {
		sid := r.IntN(len(streams))
		if s := &streams[sid]; r.IntN(3) == 0 {
			*s = append(*s, &eventstore.Record{Revision: eventstore.Revision(len(*s)), Proposed: eventstore.Proposed{Data: make([]byte, r.IntN(2000))}})
		}
		s := streams[sid]
		if len(s) == 0 {
			continue
		}
		from := r.IntN(len(s))
		if r.IntN(2) == 0 {
			from = 0
		}
		to := from + r.IntN(len(s)-from)
		got := c.get(uint64(sid), eventstore.Revision(from), eventstore.Revision(to))
		if len(got) > 0 {
			hits++
		}
		if len(got) > to-from+1 || !slices.Equal(got, s[from:from+len(got)]) {
			t.Fatalf("stream %d, %d to %d: something else is remembered", sid, from, to)
		}
		if rest := s[from+len(got) : to+1]; len(rest) > 0 {
			c.put(uint64(sid), slices.Clone(rest))
		}
		size := 0
		for _, generation := range []map[uint64]stretch{c.young, c.old} {
			for _, s := range generation {
				if size += s.size; s.size > pageBytes {
					t.Fatalf("a stream of %d bytes is kept", s.size)
				}
			}
		}
		if size > latelyBytes+2*pageBytes {
			t.Fatalf("%d bytes are kept", size)
		}
	}
	if hits < 20_000 {
		t.Errorf("of 60,000 reads %d found something", hits)
	}
}

func TestAStreamWithAHoleIsRefusedAndNeverClosedUp(t *testing.T) {
	l, err := Open(t.TempDir(), Options{Leaf: func(dst []byte, r *eventstore.Record) []byte { return append(dst, r.ID[:]...) }, UnsafeNoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	ctx := context.Background()
	var events []eventstore.Proposed
	for i := range byte(5) {
		events = append(events, eventstore.Proposed{ID: eventstore.ID{1, i}, Type: "tested.v1", Data: []byte("{}")})
	}
	if _, err := l.Append(ctx, "s", eventstore.NoStream, events...); err != nil {
		t.Fatal(err)
	}
	if err := l.db.Delete(indexKey(1, 1), pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	read := func(from eventstore.Revision) (got []eventstore.Revision, failed error) {
		for r, err := range l.ReadStream(ctx, "s", from, 5) {
			if err != nil {
				return got, err
			}
			got = append(got, r.Revision)
		}
		return got, nil
	}
	for range 2 { // the second time from what was read lately
		if got, err := read(0); !errors.Is(err, eventstore.ErrCorrupt) || !slices.Equal(got, []eventstore.Revision{0}) {
			t.Errorf("from the beginning: %v, %v", got, err)
		}
		if got, err := read(3); err != nil || !slices.Equal(got, []eventstore.Revision{3, 4}) {
			t.Errorf("behind the hole: %v, %v", got, err)
		}
	}
	var last error
	for _, err := range l.ReadStreamBackward(ctx, "s", -1, 5) {
		last = err
	}
	if !errors.Is(last, eventstore.ErrCorrupt) {
		t.Errorf("backwards: %v", last)
	}
}
