package projections

import (
	"context"
	"errors"
	"fmt"

	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

// withheld is the key that names the generation that a snapshot of Redis brought
// back. Readers do not use it.
func (s *Store) withheld() string { return s.prefix(0) + "withheld" }

// Withhold keeps from readers what a snapshot brought back, until a Runner has
// compared it with the log. Call it before anybody else uses the Redis.
func (s *Store) Withhold(ctx context.Context) error {
	n, err := s.rdb.Exists(ctx, s.pointer()).Result()
	if err == nil && n > 0 {
		err = s.rdb.Rename(ctx, s.pointer(), s.withheld()).Err()
	}
	if err != nil {
		return fmt.Errorf("projections: %w", err)
	}
	s.remember("")
	return nil
}

// adopt publishes what a snapshot brought back, once it has everything that the log
// has now. It answers false where there is nothing of this log, and drops what it
// refuses.
func (r *Runner) adopt(ctx context.Context) (bool, error) {
	name, err := r.Store.rdb.Get(ctx, r.Store.withheld()).Result()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("projections: %w", err)
	}
	g := generation(name)
	r.progress.state.Store(stateBuilding)
	refused, err := r.resume(ctx, g)
	if err != nil && !errors.Is(err, ErrFenced) && !errors.Is(err, errLost) && !errors.Is(err, errTorn) {
		return false, err // the log or Redis is away: nothing is known of the snapshot
	}
	refused = errors.Join(refused, err)
	if err := r.Store.rdb.Del(ctx, r.Store.withheld()).Err(); err != nil {
		return false, fmt.Errorf("projections: %w", err)
	}
	if refused == nil {
		r.Logger.Info("projection goes on from the snapshot")
		return true, nil
	}
	r.Logger.Warn("the snapshot of the lists is not of this log, or not whole; they are built anew", "reason", refused)
	return false, r.Store.drop(ctx, g)
}

// resume brings a generation that nobody reads up to the end of the log, and
// publishes it. It answers why the generation is refused, or the error that kept it
// from finding out.
func (r *Runner) resume(ctx context.Context, g generation) (refused, err error) {
	now, err := r.Store.standing(ctx, g)
	if err != nil {
		return nil, err
	}
	head, err := r.Log.Head(ctx)
	if err != nil {
		return nil, err
	}
	origin := ""
	if head != eventstore.Start {
		if origin, err = Origin(ctx, r.Log); err != nil {
			return nil, err
		}
	}
	here, err := r.here(ctx, now, origin)
	if errors.Is(err, eventstore.ErrForeign) {
		return err, nil
	}
	if err != nil {
		return nil, err
	}
	held, err := r.Store.seize(ctx, g, now, here, r.id, origin)
	if err != nil {
		return nil, err
	}
	t, err := r.tail(ctx, g, held)
	if err != nil {
		return nil, err
	}
	t.until = &head
	if err := r.follow(ctx, t); err != nil {
		return nil, err
	}
	return nil, r.Store.publish(ctx, g, "")
}
