package decider

import (
	"context"
	"iter"
	"slices"
	"testing"

	"alta/eventstore"
)

// The cache keeps the folds used last, the newest of each stream, and no more than
// it may.
func TestTheFoldsUsedLastAreKept(t *testing.T) {
	var c cache[string]
	put := func(stream string, r eventstore.Revision, state string) {
		c.put(stream, folded[string]{state: state, revision: r}, 2, true)
		if c.order.Len() != len(c.byName) || len(c.byName) > 2 {
			t.Fatalf("%d folds in order, %d by name", c.order.Len(), len(c.byName))
		}
	}
	there := func(stream, want string) {
		t.Helper()
		if f, ok := c.get(stream); ok != (want != "") || f.state != want {
			t.Errorf("%s: %q, want %q", stream, f.state, want)
		}
	}
	put("a", 1, "a1")
	put("b", 1, "b1")
	there("a", "a1") // so that b is the one used least lately
	put("c", 1, "c1")
	there("b", "")
	there("a", "a1")
	put("c", 0, "c0") // an older fold, as a slow reader brings it, changes nothing
	there("a", "a1")
	there("c", "c1")
	put("c", 1, "another") // nor does one of the same revision
	there("c", "c1")
	put("c", 2, "c2")
	put("a", 2, "a2") // now c is the one used least lately
	put("d", 1, "d1")
	there("c", "")
	there("a", "a2")
	c.drop("a")
	there("a", "")
	if c.order.Len() != 1 || len(c.byName) != 1 {
		t.Errorf("dropped, and %d folds in order, %d by name", c.order.Len(), len(c.byName))
	}
	c.drop("a")
	for i := range defaultCacheSize + 10 {
		c.put(NewID().String(), folded[string]{revision: eventstore.Revision(i)}, 0, true)
	}
	if len(c.byName) != defaultCacheSize {
		t.Errorf("%d folds are kept where the operator sets no bound", len(c.byName))
	}
}

// The newest commands are remembered, and no event that no command caused.
func TestTheCommandsThatAreRemembered(t *testing.T) {
	var f folded[string]
	f.note(Command{}, &eventstore.Record{Revision: 0})
	if len(f.commits) != 0 {
		t.Error("an event without a command was noted as one")
	}
	ids := make([]eventstore.ID, remembered+1)
	for i := range ids {
		ids[i] = NewID()
		f.note(Command{ID: ids[i]}, &eventstore.Record{Revision: eventstore.Revision(2 * i)})
		f.note(Command{ID: ids[i]}, &eventstore.Record{Revision: eventstore.Revision(2*i + 1)})
		if len(f.commits) != min(i+1, remembered) {
			t.Fatalf("after %d commands %d are remembered", i+1, len(f.commits))
		}
	}
	if _, ok := f.find(ids[0]); ok {
		t.Error("the oldest is still remembered")
	}
	if c, ok := f.find(ids[1]); !ok || c.first != 2 || c.last != 3 {
		t.Errorf("the next one is %+v, %v", c, ok)
	}
	if c, ok := f.find(ids[remembered]); !ok || c.first != 2*remembered || c.last != 2*remembered+1 {
		t.Errorf("the newest is %+v, %v", c, ok)
	}
}

// stub is a log of which only new records are asked for.
type stub []*eventstore.Record

func (s stub) ReadStream(_ context.Context, _ string, from eventstore.Revision, _ int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for _, r := range s {
			if r.Revision >= from && !yield(r, nil) {
				return
			}
		}
	}
}

func (stub) Append(context.Context, string, eventstore.Revision, ...eventstore.Proposed) (eventstore.Appended, error) {
	return eventstore.Appended{}, eventstore.ErrConflict
}

// A fold that is kept is shared: reading on writes into nothing of it.
func TestReadingOnDoesNotWriteIntoAFoldThatIsKept(t *testing.T) {
	meta, err := Command{ID: NewID(), Actor: "bo"}.Meta()
	if err != nil {
		t.Fatal(err)
	}
	d := &Decider[int, int]{
		Log: stub{{Proposed: eventstore.Proposed{Meta: meta}, Revision: remembered}}, Category: "c",
		Evolve: func(s, _ int) int { return s + 1 }, Decode: func(context.Context, *eventstore.Record) (int, error) { return 0, nil },
	}
	kept := folded[int]{revision: remembered - 1}
	for i := range remembered {
		kept.note(Command{ID: NewID()}, &eventstore.Record{Revision: eventstore.Revision(i)})
	}
	before := slices.Clone(kept.commits)
	d.cache.put(d.Stream("1"), kept, 0, true)
	if s, r, err := d.Load(t.Context(), "1"); err != nil || s != 1 || r != remembered {
		t.Fatalf("read on to %d at %d, %v", s, r, err)
	}
	if !slices.Equal(kept.commits, before) {
		t.Error("the commands of a fold that others hold were changed")
	}
}
