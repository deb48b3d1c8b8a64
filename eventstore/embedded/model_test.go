package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"
)

// model is what the log should be, as plainly as can be said.
type model struct {
	all     []eventstore.Proposed
	streams map[string]*modelStream
}

type modelStream struct {
	events []int // indexes into all
	keep   int   // events before this were deleted
	gone   bool
}

func (s *modelStream) missing() bool { return len(s.events) <= s.keep }

// append decides as EVENTSTORE semantics say.
func (m *model) append(stream string, expected eventstore.Revision, ev []eventstore.Proposed) (eventstore.Appended, error) {
	s := m.streams[stream]
	last := eventstore.Revision(len(s.events)) - 1
	if s.gone {
		return eventstore.Appended{}, eventstore.ErrStreamDeleted
	}
	if expected == embedded.StreamExists && s.missing() {
		return eventstore.Appended{}, eventstore.ErrConflict
	}
	starts := []int{int(expected) + 1}
	if expected < eventstore.NoStream {
		starts = []int{len(s.events) - len(ev)}
	} else if expected == eventstore.NoStream {
		starts = append(starts, s.keep)
	}
	for _, from := range starts {
		if to := from + len(ev); from >= 0 && to <= len(s.events) && m.same(s.events[from:to], ev) {
			return m.at(s, to-1), nil
		}
	}
	if expected >= eventstore.NoStream && expected != last && (expected != eventstore.NoStream || !s.missing()) {
		return eventstore.Appended{}, eventstore.ErrConflict
	}
	for _, e := range ev {
		s.events = append(s.events, len(m.all))
		m.all = append(m.all, e)
	}
	return m.at(s, len(s.events)-1), nil
}

func (m *model) at(s *modelStream, rev int) eventstore.Appended {
	pos := uint64(s.events[rev] + 1)
	return eventstore.Appended{Revision: eventstore.Revision(rev), Position: eventstore.Position{Commit: pos, Prepare: pos}}
}

func (m *model) same(have []int, ev []eventstore.Proposed) bool {
	return slices.EqualFunc(have, ev, func(i int, e eventstore.Proposed) bool { return m.all[i].ID == e.ID })
}

func TestTheLogDoesWhatAPlainModelDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewMem()
		openLog := func() *embedded.Log {
			l, err := embedded.Open("log", embedded.Options{Leaf: evidence.Leaf, FS: fs, Heads: 2, Fatal: func(err error) { t.Errorf("failed: %v", err) }})
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		l := openLog()
		defer func() { _ = l.Close() }()
		ctx, ids := context.Background(), 0
		names := []string{"a", "b-1", "c", "d"}
		m := &model{streams: map[string]*modelStream{}}
		for _, n := range names {
			m.streams[n] = &modelStream{}
		}
		stream := rapid.SampledFrom(names)
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				name := stream.Draw(t, "stream")
				s := m.streams[name]
				expected := eventstore.Revision(rapid.IntRange(-1, len(s.events)).Draw(t, "expected"))
				if rapid.IntRange(0, 2).Draw(t, "right") > 0 {
					expected = eventstore.Revision(len(s.events)) - 1
				}
				if rapid.IntRange(0, 5).Draw(t, "loose") == 0 {
					expected = rapid.SampledFrom([]eventstore.Revision{embedded.Any, embedded.StreamExists}).Draw(t, "loose expectation")
				}
				ev := make([]eventstore.Proposed, rapid.IntRange(1, 3).Draw(t, "events"))
				for i := range ev {
					ids++
					ev[i] = event(ids)
				}
				if from := int(expected) + 1; rapid.Bool().Draw(t, "repeat") && from >= 0 {
					for i := range ev {
						if from+i < len(s.events) {
							ev[i] = m.all[s.events[from+i]]
						}
					}
				}
				want, wantErr := m.append(name, expected, ev)
				got, err := l.Append(ctx, name, expected, ev...)
				if !errors.Is(err, wantErr) || got != want {
					t.Fatalf("append expecting %d: got %v %v, want %v %v", expected, got, err, want, wantErr)
				}
			},
			"delete": func(t *rapid.T) {
				name := stream.Draw(t, "stream")
				s := m.streams[name]
				final := rapid.IntRange(0, 3).Draw(t, "final") == 0
				remove := l.Delete
				var want error
				switch {
				case s.gone:
					want = eventstore.ErrStreamDeleted
				case final:
					remove, s.gone = l.Tombstone, true
				case s.missing():
					want = eventstore.ErrStreamNotFound
				default:
					s.keep = len(s.events)
				}
				if final {
					remove = l.Tombstone
				}
				if _, err := remove(ctx, name, embedded.Any); !errors.Is(err, want) {
					t.Fatalf("got %v, want %v", err, want)
				}
			},
			"reopen": func(t *rapid.T) {
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				l = openLog()
			},
			"": func(t *rapid.T) { m.compare(t, l) },
		})
		if err := l.Check(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

// compare reads everything in every way and compares it with the model.
func (m *model) compare(t *rapid.T, l *embedded.Log) {
	ctx := context.Background()
	var got []eventstore.ID
	for r, err := range l.ReadAll(ctx, eventstore.Start, embedded.All) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.ID)
	}
	if want := idsOf(m.all); !slices.Equal(got, want) {
		t.Fatalf("the log holds %d events, want %d", len(got), len(want))
	}
	for name, s := range m.streams {
		var want error
		switch {
		case s.gone:
			want = eventstore.ErrStreamDeleted
		case s.missing():
			want = eventstore.ErrStreamNotFound
		}
		var forward, backward []string
		for r, err := range l.ReadStream(ctx, name, 0, embedded.All) {
			if err != nil {
				if !errors.Is(err, want) {
					t.Fatalf("%s: %v, want %v", name, err, want)
				}
				want = nil
				break
			}
			forward = append(forward, fmt.Sprint(r.Revision, r.ID))
		}
		if want != nil {
			t.Fatalf("%s: was read, want %v", name, want)
		}
		for r, err := range l.ReadStreamBackward(ctx, name, 1<<40, embedded.All) {
			if err != nil {
				break
			}
			backward = append(backward, fmt.Sprint(r.Revision, r.ID))
		}
		slices.Reverse(backward)
		var expect []string
		if !s.gone {
			for rev := s.keep; rev < len(s.events); rev++ {
				expect = append(expect, fmt.Sprint(rev, m.all[s.events[rev]].ID))
			}
		}
		if !slices.Equal(forward, expect) || !slices.Equal(backward, expect) {
			t.Fatalf("%s: forwards %v, backwards %v, want %v", name, forward, backward, expect)
		}
	}
}

func idsOf(events []eventstore.Proposed) []eventstore.ID {
	var ids []eventstore.ID
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}
