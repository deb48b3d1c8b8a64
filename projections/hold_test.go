package projections

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"alta/domain/application"
	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

func TestTwoRunnersWriteOneAfterTheOtherAndNeverBoth(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		a, b := w.runner(), w.runner()
		a.Patience, b.Patience = time.Minute, time.Minute // the first ends in order: nobody is waited for
		stop := w.run(a)
		w.caughtUp()
		eventually(t, "the first holds what it built", func() bool { return a.Stats().State == "following" })
		w.run(b)
		eventually(t, "the second stands by", func() bool { return b.Stats().State == "standing_by" })
		w.fill(10, 20, "")
		w.caughtUp()
		if n := b.Stats().Events; n != 0 {
			t.Errorf("the one that stands by wrote %d events", n)
		}
		stop()
		w.fill(30, 10, "")
		w.caughtUp()
		eventually(t, "the other one has taken over", func() bool { return b.Stats().Events > 0 })
		w.sameAfterRebuild()
	})
}

func TestARunnerThatWasPausedIsFenced(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 5, "")
		pause, paused := make(chan struct{}), make(chan struct{}, 1)
		stale := w.runner()
		stale.Stuck = time.Millisecond // a paused process shows no life
		var stall atomic.Bool
		stale.Decode = func(ctx context.Context, r *eventstore.Record) (application.Event, error) {
			if stall.Load() {
				select {
				case paused <- struct{}{}:
				default:
				}
				<-pause
			}
			return w.decode(ctx, r)
		}
		w.run(stale)
		w.caughtUp()
		stall.Store(true)
		w.fill(5, 10, "")
		<-paused // with a batch in hand
		fresh := w.runner()
		w.run(fresh)
		w.caughtUp()
		eventually(t, "another has taken over from the paused runner", func() bool { return fresh.Stats().Events > 0 })
		stall.Store(false)
		close(pause)
		eventually(t, "the paused one is refused and stands by", func() bool {
			return stale.Stats().State == "standing_by" && stale.Stats().Restarts > 0
		})
		w.sameAfterRebuild()
	})
}

func TestATornTransactionIsFollowedByARebuild(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "qualification")
		r := w.runner()
		w.run(r)
		w.caughtUp()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		// A key of another type makes one command of the next transaction fail.
		all := w.store.keys(g, 0).set("all")
		if err := w.rdb.Del(background, all).Err(); err != nil {
			t.Fatal(err)
		}
		if err := w.rdb.Set(background, all, "not a sorted set", 0).Err(); err != nil {
			t.Fatal(err)
		}
		w.fill(10, 5, "qualification")
		eventually(t, "another build is live", func() bool {
			now, err := w.store.live(background)
			return err == nil && now != g
		})
		w.sameAfterRebuild()
	})
}

func TestALostConnectionIsNotATornTransaction(t *testing.T) {
	whole := redis.NewStatusCmd(background)
	whole.SetErr(errors.New("read: connection reset by peer"))
	if err := torn([]redis.Cmder{whole}, whole.Err()); errors.Is(err, errTorn) {
		t.Error("a broken connection would cost a rebuild")
	}
	refused := redis.NewStatusCmd(background)
	refused.SetErr(redisError("EXECABORT Transaction discarded because of previous errors."))
	if err := torn([]redis.Cmder{refused, refused}, refused.Err()); err == nil || errors.Is(err, errTorn) {
		t.Errorf("a transaction that did not happen: %v", err)
	}
	fine := redis.NewStatusCmd(background)
	if err := torn([]redis.Cmder{fine, refused}, refused.Err()); !errors.Is(err, errTorn) {
		t.Errorf("half a transaction: %v", err)
	}
}

type redisError string

func (e redisError) Error() string { return string(e) }

func (redisError) RedisError() {}

func TestARedisFilledFromAnotherLogIsNotBelieved(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		old := w.fill(0, 5, "qualification")[0]
		stop := w.run(w.runner())
		w.caughtUp()
		stop()
		another := worldOn(t, w.rdb)
		another.maker.Seed = 8
		fresh := another.fill(100, 20, "qualification")[0]
		r := another.runner()
		another.run(r)
		eventually(t, "it was built anew", func() bool { return r.Stats().Builds == 1 })
		another.caughtUp()
		found := sortedIDs(another.everyRow(QueueQualification, Filter{}, 50))
		if slices.Contains(found, old.ID) {
			t.Error("an application of the former log is listed")
		}
		if !slices.Contains(found, fresh.ID) {
			t.Error("an application of this log is not listed")
		}
	})
}
