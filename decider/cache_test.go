package decider

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

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
		if f, _, ok := c.latest(stream); ok != (want != "") || f.state != want {
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

// A fold is decided on without a look at the log only while everything says that it
// is all there is.
func TestWhatIsCurrentWithoutALookAtTheLog(t *testing.T) {
	type keeping struct {
		cache[string]
		*testing.T
	}
	read := func(c *keeping, stream string, r eventstore.Revision) {
		c.put(stream, folded[string]{state: fmt.Sprint(stream, r), revision: r}, 2, true)
	}
	hear := func(c *keeping, from, to eventstore.Revision) {
		for ; from <= to; from++ {
			c.deliver(&eventstore.Record{Proposed: eventstore.Proposed{Type: "t"}, Stream: "a", Revision: from})
		}
	}
	current := func(c *keeping, fold, newest eventstore.Revision) {
		c.Helper()
		f, news, ok := c.cache.current("a")
		if !ok || f.revision != fold || fold+eventstore.Revision(len(news)) != newest {
			c.Errorf("current is revision %d with %d news, %v; want %d up to %d", f.revision, len(news), ok, fold, newest)
		}
		for i, r := range news {
			if r.Revision != fold+eventstore.Revision(i)+1 {
				c.Errorf("revision %d stands as number %d of the news after %d", r.Revision, i, fold)
			}
		}
	}
	not := func(c *keeping) {
		c.Helper()
		if f, _, ok := c.cache.current("a"); ok {
			c.Errorf("revision %d passes for current", f.revision)
		}
	}
	for rule, story := range map[string]func(c *keeping){
		"while nobody follows, nothing is": func(c *keeping) {
			c.followed(false)
			read(c, "a", 5)
			not(c)
		},
		"what was read is, and what was heard of goes with it": func(c *keeping) {
			read(c, "a", 5)
			current(c, 5, 5)
			hear(c, 6, 7)
			current(c, 5, 7)
		},
		"what was read before the log was followed is not": func(c *keeping) {
			c.followed(false)
			read(c, "a", 5)
			c.followed(true)
			not(c)
			read(c, "a", 5)
			current(c, 5, 5)
		},
		"nor what was read before it was followed anew": func(c *keeping) {
			read(c, "a", 5)
			c.followed(false)
			c.followed(true)
			not(c)
		},
		"what an append has reached is not, until it is heard of": func(c *keeping) {
			read(c, "a", 5)
			c.reaches("a", 6)
			not(c)
			hear(c, 6, 6)
			current(c, 5, 6)
		},
		"an append to a stream that is not kept changes nothing": func(c *keeping) {
			c.reaches("b", 6)
			if _, _, ok := c.latest("b"); ok {
				c.Error("it is kept")
			}
		},
		"a gap in the news is read": func(c *keeping) {
			read(c, "a", 5)
			hear(c, 7, 7)
			not(c)
			read(c, "a", 7)
			current(c, 7, 7)
		},
		"an old piece of news changes nothing": func(c *keeping) {
			read(c, "a", 5)
			hear(c, 4, 5)
			current(c, 5, 5)
		},
		"more news than are kept are read": func(c *keeping) {
			read(c, "a", 5)
			hear(c, 6, 5+newsKept)
			current(c, 5, 5+newsKept)
			hear(c, 6+newsKept, 6+newsKept)
			not(c)
			read(c, "a", 6+newsKept)
			current(c, 6+newsKept, 6+newsKept)
		},
		"a newer fold keeps the news after it": func(c *keeping) {
			read(c, "a", 5)
			hear(c, 6, 8)
			c.put("a", folded[string]{revision: 6}, 2, false)
			current(c, 6, 8)
			c.put("a", folded[string]{revision: 9}, 2, false)
			current(c, 9, 9)
		},
		"what nothing was heard of for long is not": func(c *keeping) {
			read(c, "a", 5)
			time.Sleep(trusted)
			current(c, 5, 5)
			hear(c, 6, 6)
			time.Sleep(trusted)
			current(c, 5, 6)
			time.Sleep(time.Nanosecond)
			not(c)
		},
		"who asks uses it": func(c *keeping) {
			read(c, "a", 5)
			read(c, "b", 5)
			current(c, 5, 5)
			read(c, "c", 5)
			current(c, 5, 5)
			if _, _, ok := c.latest("b"); ok {
				c.Error("the one used least lately is kept")
			}
		},
		"a stream without events takes up no room": func(c *keeping) {
			read(c, "a", eventstore.NoStream)
			if _, _, ok := c.latest("a"); ok {
				c.Error("it is kept")
			}
		},
	} {
		t.Run(rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &keeping{T: t}
				c.followed(true)
				story(c)
			})
		})
	}
}

// told is a feed that ends after what it tells.
type told []eventstore.Message

func (f told) Head(context.Context) (eventstore.Position, error) { return eventstore.Start, nil }

func (f told) Subscribe(context.Context, eventstore.Position, eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for _, m := range f {
			if !yield(m, nil) {
				return
			}
		}
	}
}

func TestTheNewsCountFromWhereTheyAreCaughtUpWith(t *testing.T) {
	record := eventstore.Message{Record: &eventstore.Record{Stream: "c-1"}}
	caughtUp := eventstore.Message{CaughtUp: true}
	for _, k := range []struct {
		feed told
		want uint64
	}{{told{record}, 0}, {told{record, caughtUp}, 1}, {told{caughtUp, record, caughtUp, caughtUp}, 1}} {
		d := &Decider[int, int]{Category: "c"}
		if err := d.Follow(t.Context(), k.feed); err != nil {
			t.Fatal(err)
		}
		if d.cache.last != k.want || d.cache.follows != 0 {
			t.Errorf("after %d messages: begun %d times, want %d, and now %d", len(k.feed), d.cache.last, k.want, d.cache.follows)
		}
	}
}

// The news of a command that the fold knows already lengthen its stretch in a copy.
func TestNewsAreNotWrittenIntoAFoldThatIsKept(t *testing.T) {
	same := Command{ID: NewID(), Actor: "bo"}
	meta, err := same.Meta()
	if err != nil {
		t.Fatal(err)
	}
	d := &Decider[int, int]{Category: "c", Evolve: func(s, _ int) int { return s + 1 }, Decode: func(context.Context, *eventstore.Record) (int, error) { return 0, nil }}
	d.cache.followed(true)
	kept := folded[int]{}
	kept.note(same, &eventstore.Record{})
	d.cache.put("c-1", kept, 0, true)
	d.cache.deliver(&eventstore.Record{Proposed: eventstore.Proposed{Meta: meta}, Stream: "c-1", Revision: 1})
	looked := false
	f, err := d.present(t.Context(), "c-1", &looked)
	if err != nil || looked || f.revision != 1 || f.commits[0].last != 1 {
		t.Fatalf("%+v, %v, %v", f, looked, err)
	}
	if kept.commits[0].last != 0 {
		t.Error("the commands of a fold that others hold were changed")
	}
	if again, _, ok := d.cache.latest("c-1"); !ok || again.revision != 1 {
		t.Error("what was folded is not kept")
	}
}

// As many may wait at one stream as are bounded, and who gives up makes room.
func TestTurnsAreBoundedAndGivenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all turns
		done, err := all.take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		patient, impatient := context.WithCancel(t.Context())
		var ended []error
		results := make(chan error, waiting)
		for range waiting {
			go func() {
				d, err := all.take(patient, "a")
				if err == nil {
					d()
				}
				results <- err
			}()
		}
		synctest.Wait()
		if _, err := all.take(t.Context(), "a"); !errors.Is(err, ErrContended) {
			t.Errorf("one more than may wait: %v", err)
		}
		other, err := all.take(t.Context(), "b")
		if err != nil {
			t.Errorf("at another stream: %v", err)
		}
		other()
		impatient()
		for range waiting {
			ended = append(ended, <-results)
		}
		if slices.ContainsFunc(ended, func(err error) bool { return !errors.Is(err, context.Canceled) }) {
			t.Errorf("who gave up: %v", ended)
		}
		next := make(chan error)
		go func() {
			d, err := all.take(t.Context(), "a")
			if err == nil {
				d()
			}
			next <- err
		}()
		synctest.Wait()
		done()
		if err := <-next; err != nil {
			t.Errorf("after others gave up: %v", err)
		}
		if len(all.streams) > 0 {
			t.Errorf("%d streams are kept that nobody writes", len(all.streams))
		}
	})
}

// News that cannot be read are told with what could be folded before them; where they
// cannot be had, nothing is told that might pass for a state.
func TestNewsThatCannotBeFolded(t *testing.T) {
	meta, err := Command{ID: NewID(), Actor: "bo"}.Meta()
	if err != nil {
		t.Fatal(err)
	}
	away := errors.New("the key is not to be had")
	for _, k := range []struct {
		err  error
		want int
	}{{eventstore.Unreadable(&eventstore.Record{}, away), 8}, {away, 0}} {
		d := &Decider[int, int]{Category: "c", Evolve: func(s, _ int) int { return s + 1 }, Decode: func(_ context.Context, r *eventstore.Record) (int, error) {
			if r.Revision == 2 {
				return 0, k.err
			}
			return 0, nil
		}}
		var news []*eventstore.Record
		for r := range eventstore.Revision(2) {
			news = append(news, &eventstore.Record{Proposed: eventstore.Proposed{Meta: meta}, Stream: "c-1", Revision: r + 1})
		}
		if f, err := d.told(t.Context(), folded[int]{state: 7}, news); !errors.Is(err, k.err) || f.state != k.want {
			t.Errorf("%v: state %d, %v; want %d", k.err, f.state, err, k.want)
		}
	}
}

// gone is a log in which a stream was deleted.
type gone struct {
	stub
	err error
}

func (l gone) ReadStream(context.Context, string, eventstore.Revision, int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) { yield(nil, l.err) }
}

func TestAFoldIsForgottenWhateverWayItsStreamWasDeleted(t *testing.T) {
	for _, err := range []error{eventstore.ErrStreamNotFound, eventstore.ErrStreamDeleted} {
		d := &Decider[int, int]{Log: gone{err: err}, Category: "c"}
		d.cache.put("c-1", folded[int]{revision: 3}, 0, true)
		if _, _, got := d.Load(t.Context(), "1"); !errors.Is(got, err) {
			t.Errorf("%v, want %v", got, err)
		}
		if _, _, there := d.cache.latest("c-1"); there {
			t.Errorf("after %v it is still kept", err)
		}
	}
}
