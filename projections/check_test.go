package projections

import (
	"context"
	"errors"
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

func TestCheckingIsNotPutOffByARunnerThatWritesMeanwhile(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 5, "")
		g := w.rebuilt()
		// check compares while a runner beats right after the first readings.
		check := func(most int) (Comparison, error) {
			var beats atomic.Int64
			beats.Store(int64(most))
			rdb := redis.NewClient(w.rdb.(*redis.Client).Options())
			defer rdb.Close()
			rdb.AddHook(afterReading(func() {
				if beats.Add(-1) >= 0 {
					w.rdb.HIncrBy(background, w.store.keys(g, 0).checkpoint(), "beat", 1)
				}
			}))
			r := w.runner()
			r.Store = NewStore(rdb)
			return r.Check(background)
		}
		if c, err := check(5); err != nil || !c.Equal() || c.Position != w.head() {
			t.Errorf("a runner beat five times: %+v, %v", c, err)
		}
		if _, err := check(1000); !errors.Is(err, ErrMoved) {
			t.Errorf("a runner never paused: %v", err)
		}
	})
}
