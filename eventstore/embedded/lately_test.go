package embedded

import (
	"math/rand/v2"
	"slices"
	"testing"

	"alta/eventstore"
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
