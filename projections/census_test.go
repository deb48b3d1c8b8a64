package projections

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"alta/domain/application"
	"alta/eventstore"
)

// Redis evicts whole keys, and people delete them. Whichever one is lost, the list
// is not shown short: it is built anew.
func TestALostKeyIsNoticedAndTheListsAreBuiltAnew(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 40, "")
		r := w.runner()
		w.run(r)
		w.caughtUp()
		want := w.dump()
		for _, name := range []string{"rows", "set:all", "set:queue=qualification", "names", "owners", "exact", "lookups", "sizes", "checkpoint"} {
			g, err := w.store.live(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range w.store.each(g) {
				if err := w.rdb.Del(t.Context(), string(k)+name).Err(); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, name+" is missed", func() bool {
				now, err := w.store.live(t.Context())
				return err == nil && now != g
			})
			w.caughtUp()
			if got := w.dump(); got != want {
				t.Errorf("%s: the lists are not what they were", name)
			}
		}
	})
}

func TestNoReaderTakesALostKeyForAnEmptyList(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 20, "qualification")
		g := w.rebuilt() // nobody follows: only the reader can notice
		read := func() (Page, error) {
			return w.reader().Queue(t.Context(), QueueQualification, "", Filter{}, "", 50)
		}
		if page, err := read(); err != nil || len(page.Rows) != 20 {
			t.Fatal(len(page.Rows), err)
		}
		for _, name := range []string{"rows", "set:queue=qualification"} {
			for _, k := range w.store.each(g) {
				if err := w.rdb.Rename(t.Context(), string(k)+name, string(k)+"kept").Err(); err != nil && !strings.Contains(err.Error(), "no such key") {
					t.Fatal(err)
				}
			}
			if page, err := read(); !errors.Is(err, ErrRebuilding) {
				t.Errorf("without %s the list has %d rows, %v", name, len(page.Rows), err)
			}
			for _, k := range w.store.each(g) {
				if err := w.rdb.Rename(t.Context(), string(k)+"kept", string(k)+name).Err(); err != nil && !strings.Contains(err.Error(), "no such key") {
					t.Fatal(err)
				}
			}
		}
		if page, err := w.reader().Queue(t.Context(), QueueContract, "", Filter{}, "", 50); err != nil || len(page.Rows) != 0 {
			t.Errorf("an empty list is %d rows, %v", len(page.Rows), err)
		}
	})
}

// A batch that takes longer than the patience of those who stand by is no dead
// holder.
func TestALongBatchIsNotStolen(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		var slow atomic.Bool
		runner := func() *Runner {
			r := w.runner()
			decode := r.Decode
			r.Decode = func(ctx context.Context, rec *eventstore.Record) (application.Event, error) {
				if slow.Load() {
					time.Sleep(4 * r.Patience / 10)
				}
				return decode(ctx, rec)
			}
			return r
		}
		first, second := runner(), runner()
		stop := w.run(first)
		eventually(t, "the first follows", func() bool { return first.Stats().State == "following" })
		w.run(second)
		eventually(t, "the second stands by", func() bool { return second.Stats().State == "standing_by" })
		slow.Store(true)
		w.fill(0, 1, "qualification")
		w.caughtUp()
		if a, b := first.Stats(), second.Stats(); a.Restarts+b.Restarts != 0 || b.State != "standing_by" {
			t.Errorf("%+v\n%+v", a, b)
		}
		slow.Store(false)
		stop()
		w.fill(1, 1, "qualification")
		w.caughtUp()
		w.sameAfterRebuild()
	})
}

func TestASnapshotIsShownOnlyOnceItHasCaughtUpWithItsOwnLog(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		if w.store.shards > 1 {
			return // the private Redis is one server
		}
		w.fill(0, 5, "qualification")
		g := w.rebuilt()
		if err := w.store.Withhold(t.Context()); err != nil {
			t.Fatal(err)
		}
		read := func() (int, error) {
			page, err := w.reader().Queue(t.Context(), QueueQualification, "", Filter{}, "", 50)
			return len(page.Rows), err
		}
		if n, err := read(); !errors.Is(err, ErrRebuilding) {
			t.Errorf("the snapshot is shown at once: %d rows, %v", n, err)
		}
		w.fill(5, 3, "qualification") // while nobody followed
		stop := w.run(w.runner())
		eventually(t, "the lists are back", func() bool { _, err := read(); return err == nil })
		if n, err := read(); err != nil || n != 8 {
			t.Errorf("the first answer has %d rows, %v", n, err)
		}
		if now, err := w.store.live(t.Context()); err != nil || now != g {
			t.Errorf("it was built anew: %s, %v", now, err)
		}
		w.sameAfterRebuild()
		stop()
		// Another log, and one that is as long but holds other events.
		g, _ = w.store.live(t.Context())
		for what, change := range map[string][]any{
			"another first event": {"origin", "other"}, "another last event": {"last", eventstore.ID{1}.String()}, "a longer log": {"revision", 1 << 20, "position", (eventstore.Position{Commit: 1 << 40, Prepare: 1 << 40}).String()},
		} {
			if err := w.rdb.HSet(t.Context(), w.store.keys(g, 0).checkpoint(), change...).Err(); err != nil {
				t.Fatal(err)
			}
			if err := w.store.Withhold(t.Context()); err != nil {
				t.Fatal(err)
			}
			stop := w.run(w.runner())
			eventually(t, what+": the lists are back", func() bool { _, err := read(); return err == nil })
			stop()
			now, err := w.store.live(t.Context())
			if err != nil || now == g {
				t.Errorf("%s: the snapshot was used", what)
			}
			g = now
		}
	})
}

func TestGarbageHasABudgetInBytes(t *testing.T) {
	for live, want := range map[uint64]int{0: 800, 1 << 20: 800, 256 << 20: 200, 512 << 20: 100, 4 << 30: 100} {
		if got := percentOf(live); got != want {
			t.Errorf("beside %d bytes: %d %%, want %d", live, got, want)
		}
	}
	var a allowance
	first, second := a.begin(), a.begin()
	before := a.before
	first()
	first()
	second()
	now := debug.SetGCPercent(before)
	if a.builds != 0 || now != before {
		t.Errorf("%d builds are left, and %d %% instead of %d", a.builds, now, before)
	}
}
