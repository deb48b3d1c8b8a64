package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"

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

// errForeign: the generation was made from another log.
var errForeign = errors.New("projections: it was made from another log, or from a longer one")

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
	if now.foreign(origin, head) {
		return errForeign, nil
	}
	if strange, err := r.strange(ctx, now); strange || err != nil {
		return errForeign, err
	}
	held, err := r.Store.seize(ctx, g, now, r.id, origin)
	if err != nil {
		return nil, err
	}
	if err := r.follow(ctx, &tail{generation: g, held: held, docs: map[string]*kept{}, until: &head}); err != nil {
		return nil, err
	}
	return nil, r.Store.publish(ctx, g, "")
}

// strange reports whether a shard ends with an event that this log does not hold at
// that position.
func (r *Runner) strange(ctx context.Context, now standing) (bool, error) {
	for i, c := range now {
		if c.last == "" || i > 0 && c.position == now[0].position {
			continue
		}
		id, err := eventAt(ctx, r.Log, c.position)
		if err != nil {
			return false, err
		}
		if id != "" && id != c.last {
			return true, nil
		}
	}
	return false, nil
}

// Backward is what a Log may be able to do besides: read from its end.
type Backward interface {
	ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
}

// eventAt is the id of the event at a position. Where the log holds none there it is
// that of the event before; empty where nobody can tell.
func eventAt(ctx context.Context, log Log, at eventstore.Position) (string, error) {
	b, ok := log.(Backward)
	if !ok || at == eventstore.Start {
		return "", nil
	}
	before := end
	for m, err := range log.Subscribe(ctx, at, eventstore.Filter{Name: "snapshot"}) {
		if err != nil {
			return "", err
		}
		if m.Record != nil {
			before = m.Record.Position
		}
		break // or it is the end
	}
	for rec, err := range b.ReadAllBackward(ctx, before, 1) {
		if err != nil {
			return "", err
		}
		if before == end && rec.Position != at { // appended meanwhile
			return "", nil
		}
		return rec.ID.String(), nil
	}
	return "", nil
}
