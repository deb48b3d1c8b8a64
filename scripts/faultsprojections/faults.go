package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"alta/domain/application"
	"alta/eventstore"
	"alta/projections"

	"github.com/redis/go-redis/v9"
)

var faults = []fault{
	{"F11", "FLUSHALL under load", flushed},
	{"F12", "failover that loses writes", failover},
	{"F13a", "Redis killed, away, started empty", killed},
	{"F13b", "every answer takes two seconds", slow},
	{"F13c", "half-open connections", halfOpen},
	{"F17", "three projectors at once", several},
	{"F18", "position set back", setBack},
	{"F19", "a projector paused with a batch in hand", paused},
}

func flushed(w *world) error {
	for range w.run.times(20, 3) {
		if err := w.rdb.FlushAll(w.ctx).Err(); err != nil {
			return err
		}
		if err := w.caughtUp(time.Minute); err != nil {
			return err
		}
	}
	return nil
}

// failover promotes a replica that has stopped hearing of writes.
func failover(w *world) error {
	replica, err := startRedis(w.run.dir, "", w.redis.port)
	if err != nil {
		return err
	}
	master := w.redis
	w.redis = replica // ended with the world
	c := redis.NewClient(&redis.Options{Addr: replica.address()})
	defer c.Close()
	follows := func() bool {
		info, err := c.Info(w.ctx, "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	}
	if err := w.until(follows, "the replica does not follow"); err != nil {
		master.kill()
		return err
	}
	time.Sleep(w.run.pause(2*time.Second, 300*time.Millisecond))
	// From here on the master's writes are lost; promoting at once is cutting off.
	if err := c.ReplicaOf(w.ctx, "NO", "ONE").Err(); err != nil {
		master.kill()
		return err
	}
	time.Sleep(w.run.pause(5*time.Second, time.Second))
	after, err := projections.NewStore(c).Position(w.ctx)
	if err == nil {
		err = w.until(func() bool { before, err := w.store.Position(w.ctx); return err == nil && after.Compare(before) < 0 },
			"the failover lost nothing, so nothing was tested")
	}
	w.regress.Store(true)
	master.kill()
	if err != nil {
		return err
	}
	address := replica.address()
	w.proxy.backend.Store(&address)
	w.proxy.cut()
	return w.caughtUp(time.Minute)
}

func killed(w *world) error {
	port := w.redis.port
	w.redis.kill()
	time.Sleep(w.run.pause(30*time.Second, 2*time.Second))
	if err := w.until(func() bool { return w.runner.Healthy() != nil }, "the projector says that all is well while Redis is away"); err != nil {
		return err
	}
	s, err := startRedis(w.run.dir, port, "")
	if err != nil {
		return err
	}
	w.redis = s
	return w.caughtUp(time.Minute)
}

func slow(w *world) error {
	w.proxy.delay.Store(int64(2 * time.Second))
	time.Sleep(w.run.pause(time.Minute, 6*time.Second))
	w.proxy.delay.Store(0)
	return w.caughtUp(time.Minute)
}

func halfOpen(w *world) error {
	w.proxy.silent.Store(true)
	time.Sleep(w.run.pause(time.Minute, 5*time.Second))
	w.proxy.silent.Store(false)
	w.proxy.cut() // what was swallowed is gone
	return w.caughtUp(time.Minute)
}

func several(w *world) error {
	for range 2 {
		r := w.newRunner()
		w.background(func(ctx context.Context) { _ = r.Run(ctx) })
	}
	for range w.run.times(10, 2) {
		time.Sleep(w.run.pause(2*time.Second, 500*time.Millisecond))
		w.stopRunner() // whoever stands by takes over
		if err := w.caughtUp(time.Minute); err != nil {
			return err
		}
		w.runner = w.newRunner()
		r := w.runner
		w.stopRunner = w.background(func(ctx context.Context) { _ = r.Run(ctx) })
	}
	return nil
}

func setBack(w *world) error {
	for i := range w.run.times(10, 2) {
		live, err := w.rdb.Keys(w.ctx, "alta:projections:*:checkpoint").Result()
		if err != nil || len(live) != 1 {
			return fmt.Errorf("%d checkpoints: %w", len(live), err)
		}
		head, err := w.log.Head(w.ctx)
		if err != nil {
			return err
		}
		at := head.Commit - min(head.Commit, uint64(100+5000*i))
		p := eventstore.Position{Commit: at, Prepare: at}
		if err := w.rdb.HSet(w.ctx, live[0], "position", p.String()).Err(); err != nil {
			return err
		}
		if err := w.caughtUp(time.Minute); err != nil {
			return err
		}
	}
	return nil
}

// paused stops one projector in the middle of a batch, for longer than the
// others wait, and lets it go on.
func paused(w *world) error {
	w.stopRunner()
	var stall, stalled atomic.Bool
	free := make(chan struct{})
	stale := w.newRunner()
	stale.Stuck = time.Millisecond // a paused process shows no life
	stale.Decode = func(ctx context.Context, r *eventstore.Record) (application.Event, error) {
		if stall.Load() {
			stalled.Store(true)
			select {
			case <-free:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return decode(ctx, r)
	}
	w.background(func(ctx context.Context) { _ = stale.Run(ctx) })
	if err := w.caughtUp(time.Minute); err != nil {
		return err
	}
	stall.Store(true)
	if err := w.until(stalled.Load, "no event came to be paused at"); err != nil {
		return err
	}
	before := stale.Stats().Restarts
	w.runner = w.newRunner()
	w.stopRunner = w.background(func(ctx context.Context) { _ = w.runner.Run(ctx) })
	time.Sleep(w.run.pause(60*time.Second, 2*time.Second))
	if err := w.caughtUp(time.Minute); err != nil {
		return err
	}
	stall.Store(false)
	close(free)
	return w.until(func() bool { return stale.Stats().Restarts > before }, "the paused projector was not refused")
}
