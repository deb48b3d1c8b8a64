package projections

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestCheckingFindsASingleChangedByteAndLeavesTheListsAlone(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		l := w.fill(0, 30, "")[0]
		r := w.runner()
		r.Patience = time.Minute // the check says when it is done: nobody is waited for
		w.run(r)
		w.caughtUp()
		c, err := w.runner().Check(background)
		if err != nil || !c.Equal() || c.Live["rows"].Entries != 30 || c.Position != w.head() {
			t.Fatalf("%+v: %v", c, err)
		}
		w.fill(30, 5, "") // the runner goes on
		w.caughtUp()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		rows := w.store.keys(g, 0).rows()
		row, err := w.rdb.HGet(background, rows, l.ID).Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.rdb.HSet(background, rows, l.ID, row+" ").Err(); err != nil {
			t.Fatal(err)
		}
		c, err = w.runner().Check(background)
		if err != nil || c.Equal() || c.Live["rows"] == c.Rebuilt["rows"] || c.Live["set"] != c.Rebuilt["set"] {
			t.Errorf("a changed byte: equal is %v, %v", c.Equal(), err)
		}
		eventually(t, "the check left nothing behind", func() bool {
			n, err := w.rdb.SCard(background, w.store.generations()).Result()
			return err == nil && n == 1
		})
	})
}

// afterReading is a client's hook that lets something happen each time after
// checkpoints were read.
type afterReading func()

func (afterReading) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (afterReading) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (then afterReading) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if cmds[0].Name() == "hgetall" {
			then()
		}
		return err
	}
}

// A comparison takes nothing from the runner: it starts over at no time, and of
// batches that come meanwhile none is lost or compared by half.
func TestCheckingNeverMakesARunnerStartOver(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 20, "")
		r := w.runner()
		w.run(r)
		w.caughtUp()
		before := r.Stats().Restarts
		next := uint64(100)
		for name, beside := range map[string]*Runner{"in its process": r, "in another one": nil} {
			rdb := redis.NewClient(w.rdb.(*redis.Client).Options())
			defer rdb.Close()
			var writes atomic.Int64
			rdb.AddHook(afterReading(func() {
				if n := writes.Add(1); n <= 6 {
					w.fill(next, 1, "")
					next++
				}
			}))
			checker := w.runner()
			checker.Store, checker.Beside = NewStore(rdb), beside
			c, err := checker.Check(background)
			if err != nil || !c.Equal() {
				t.Errorf("%s: %+v, %v", name, c, err)
			}
			w.caughtUp()
		}
		if now := r.Stats().Restarts; now != before {
			t.Errorf("the runner started over %d times", now-before)
		}
	})
}

func TestABuildThatNeverStandsStillCannotBeCompared(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 5, "")
		g := w.rebuilt()
		rdb := redis.NewClient(w.rdb.(*redis.Client).Options())
		defer rdb.Close()
		var moved atomic.Int64
		rdb.AddHook(afterReading(func() {
			if moved.Add(1) > 2 {
				for _, k := range w.store.each(g) {
					w.rdb.HSet(background, k.checkpoint(), "last", fmt.Sprintf("00000000-0000-4000-8000-%012d", moved.Load()))
				}
			}
		}))
		r := w.runner()
		r.Store = NewStore(rdb)
		if _, err := r.Check(background); !errors.Is(err, ErrMoved) {
			t.Errorf("it was compared: %v", err)
		}
	})
}
