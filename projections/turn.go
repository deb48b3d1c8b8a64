package projections

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// BuildTurn lets one of the processes that share a Redis build what readers wait
// for, while the others wait beside it. Of a hundred processes that start on an empty
// Redis one reads the log.
//
// It saves work and guards nothing: a builder that was only paused may find that
// another one has built meanwhile. What guards is the publishing, which refuses the
// second.
type BuildTurn struct {
	Redis redis.UniversalClient
	Key   string // whose turn it is, and a count that changes while that process lives
	ID    string // of this process
	// Heartbeat is how often the count changes, and how often who waits looks at it.
	Heartbeat time.Duration
	// Patience is how long a count that does not change is waited for.
	Patience time.Duration
	// Waits, if set, is called when another process has the turn.
	Waits func()
}

// Take waits for the turn and then builds. It answers nil without building once there
// says that nothing is to be built any more.
func (b BuildTurn) Take(ctx context.Context, there func(context.Context) (bool, error), build func(context.Context) error) error {
	mine := b.at(0)
	seen := ""
	for waited := time.Duration(0); ; waited += b.Heartbeat {
		now, err := b.now(ctx)
		if err != nil {
			return err
		}
		if now != seen {
			seen, waited = now, 0
		}
		if holder, _, _ := strings.Cut(now, " "); now == "" || holder == b.ID || waited >= b.Patience {
			took, err := b.swap(ctx, now, mine)
			if err != nil {
				return err
			}
			if took {
				break
			}
		}
		if b.Waits != nil {
			b.Waits()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(b.Heartbeat):
		}
		if done, err := there(ctx); done || err != nil {
			return err
		}
	}
	alive, still := context.WithCancel(ctx)
	var beating sync.WaitGroup
	beating.Go(func() { mine = b.beat(alive, mine) })
	done, err := there(ctx) // it may have come just before the turn did
	if !done && err == nil {
		err = build(ctx)
	}
	still()
	beating.Wait()
	ending, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	_, _ = b.swap(ending, mine, "") // else the others lose their patience with it
	return err
}

func (b BuildTurn) at(count int) string { return b.ID + " " + strconv.Itoa(count) }

// beat changes the count until the context ends or another process has the turn, and
// answers what it wrote last. A beat that fails is one that is missed.
func (b BuildTurn) beat(ctx context.Context, mine string) string {
	beat := time.NewTicker(b.Heartbeat)
	defer beat.Stop()
	for count := 1; ; count++ {
		select {
		case <-ctx.Done():
			return mine
		case <-beat.C:
			next := b.at(count)
			changed, err := b.swap(ctx, mine, next)
			switch {
			case err != nil:
			case !changed:
				return mine
			default:
				mine = next
			}
		}
	}
}

// now is what the key holds, empty for nothing.
func (b BuildTurn) now(ctx context.Context) (string, error) {
	now, err := b.Redis.Get(ctx, b.Key).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("projections: the turn to build: %w", err)
	}
	return now, nil
}

// swap puts one value in the place of another, empty for none, and answers false
// where the key holds something else.
func (b BuildTurn) swap(ctx context.Context, from, to string) (swapped bool, err error) {
	err = b.Redis.Watch(ctx, func(tx *redis.Tx) error {
		now, err := tx.Get(ctx, b.Key).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		if now != from {
			return nil
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			if to == "" {
				p.Del(ctx, b.Key)
			} else {
				p.Set(ctx, b.Key, to, 0)
			}
			return nil
		})
		swapped = err == nil
		return err
	}, b.Key)
	if errors.Is(err, redis.TxFailedErr) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("projections: the turn to build: %w", err)
	}
	return swapped, nil
}
