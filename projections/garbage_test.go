package projections

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"alta/eventstore"
)

func TestWhatABrokenBuildLeftBehindIsSweptAway(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		r := w.runner()
		if err := r.Rebuild(background); err != nil {
			t.Fatal(err)
		}
		keys, err := w.rdb.DBSize(background).Result()
		if err != nil {
			t.Fatal(err)
		}
		// A builder that died, and a drop that was broken off.
		dead, retired := generation("dead"), generation("retired")
		for _, g := range []generation{dead, retired} {
			if err := w.store.begin(background, g, ""); err != nil {
				t.Fatal(err)
			}
			if err := w.rdb.HSet(background, w.store.keys(g, 0).rows(), "x", "{}").Err(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.rdb.Del(background, w.store.keys(retired, 0).checkpoint()).Err(); err != nil {
			t.Fatal(err)
		}
		now := moment
		s := sweeper{store: w.store, now: func() time.Time { return now }, seen: map[generation]sighting{}}
		if n, err := s.sweep(background); n != 1 || err != nil {
			t.Errorf("at once: %d dropped, %v; want the retired one", n, err)
		}
		now = now.Add(abandoned - time.Second)
		if n, _ := s.sweep(background); n != 0 {
			t.Error("a build was dropped before its time")
		}
		now = now.Add(2 * time.Second)
		if n, _ := s.sweep(background); n != 1 {
			t.Error("a build that stands still is kept")
		}
		if left, _ := w.rdb.DBSize(background).Result(); left != keys {
			t.Errorf("%d keys, want %d", left, keys)
		}
	})
}

// stalled is a log of which no application is read before it is let go.
type stalled struct {
	Log
	released chan struct{}
}

func (s stalled) Subscribe(ctx context.Context, after eventstore.Position, f eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	if len(f.Streams) > 0 {
		<-s.released
	}
	return s.Log.Subscribe(ctx, after, f)
}

// A log on a server may take longer to read than a sweeper waits.
func TestABuildThatReadsForLongIsNotSweptAway(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		former := w.rebuilt()
		r := w.runner()
		log := stalled{w.log, make(chan struct{})}
		r.Log = log
		built := make(chan error, 1)
		go func() { built <- r.Rebuild(background) }()
		now := moment
		s := sweeper{store: w.store, now: func() time.Time { return now }, seen: map[generation]sighting{}}
		for range 5 {
			eventually(t, "it breathes", func() bool {
				all, err := w.rdb.SMembers(background, w.store.generations()).Result()
				if err != nil {
					t.Fatal(err)
				}
				for _, g := range all {
					if stands, there, _ := w.store.progress(background, generation(g)); there && generation(g) != former && stands != s.seen[generation(g)].built {
						return true // it moved since the sweeper looked
					}
				}
				return false
			})
			if n, err := s.sweep(background); n != 0 || err != nil {
				t.Errorf("%d dropped, %v", n, err)
			}
			now = now.Add(abandoned + time.Second)
		}
		close(log.released)
		if err := <-built; err != nil {
			t.Error(err)
		}
	})
}

// A program of a former version may run beside this one for as long as an upgrade
// takes. What it leaves would know nothing of later erasures.
func TestWhatAFormerVersionLeftIsSweptAwayOnceNobodyKeepsIt(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		if err := w.runner().Rebuild(background); err != nil {
			t.Fatal(err)
		}
		keys, err := w.rdb.DBSize(background).Result()
		if err != nil {
			t.Fatal(err)
		}
		before := &Store{rdb: w.rdb, shards: 1, version: Version - 1}
		former := &world{t: w.t, log: w.log, rdb: w.rdb, store: before, maker: w.maker, erased: w.erased}
		if err := former.runner().Rebuild(background); err != nil {
			t.Fatal(err)
		}
		g, err := before.live(background)
		if err != nil {
			t.Fatal(err)
		}
		now := moment
		s := sweeper{store: w.store, now: func() time.Time { return now }, seen: map[generation]sighting{}}
		for beat := range 5 { // its program is idle, but alive
			if n, err := s.sweep(background); n != 0 || err != nil {
				t.Errorf("while it is kept up to date: %d dropped, %v", n, err)
			}
			if err := w.rdb.HSet(background, before.keys(g, 0).checkpoint(), "beat", 100+beat).Err(); err != nil {
				t.Fatal(err)
			}
			now = now.Add(abandoned - time.Second)
		}
		if n, _ := s.sweep(background); n != 0 {
			t.Error("dropped at its last beat")
		}
		now = now.Add(abandoned)
		if n, err := s.sweep(background); n != 1 || err != nil {
			t.Errorf("%d dropped, %v; want the former one", n, err)
		}
		if left, _ := w.rdb.DBSize(background).Result(); left != keys {
			t.Errorf("%d keys, want %d", left, keys)
		}
	})
}

func TestARebuildThatLostWritesInAFailoverIsNotPublished(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		g := generation("regressed")
		if err := w.store.begin(background, g, "o"); err != nil {
			t.Fatal(err)
		}
		if err := w.rdb.HSet(background, w.store.keys(g, 0).checkpoint(), "built", 7).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.store.filled(background, g, place{mark: eventstore.Mark{Position: w.head()}, origin: "o"}, 10); !errors.Is(err, errLost) {
			t.Errorf("7 of 10 applications: %v", err)
		}
	})
}
