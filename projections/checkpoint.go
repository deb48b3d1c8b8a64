package projections

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

// checkpoint is where a generation stands and who may write to it.
type checkpoint struct {
	position eventstore.Position
	// epoch counts the runners that have held the generation. A stale one is
	// refused by it even at an equal position.
	epoch int64
	// holder is the runner that writes now, empty where one has ended in order.
	// beat changes while it is alive.
	holder string
	beat   int64
	// origin is the id of the first event of the log that was folded: a Redis that
	// was filled from another log is not believed.
	origin string
}

func (c checkpoint) fields() []any {
	return []any{"epoch", c.epoch, "position", c.position.String(), "holder", c.holder, "beat", c.beat, "origin", c.origin}
}

// errLost: the generation has no checkpoint (any more): Redis was flushed, or
// somebody published another generation and retired this one.
var errLost = errors.New("projections: the documents are gone")

// checkpointIn reads a generation's checkpoint, errLost where there is none.
func checkpointIn(ctx context.Context, c redis.Cmdable, g generation) (checkpoint, error) {
	h, err := c.HGetAll(ctx, g.checkpoint()).Result()
	if err != nil {
		return checkpoint{}, fmt.Errorf("projections: %w", err)
	}
	if len(h) == 0 {
		return checkpoint{}, errLost
	}
	out := checkpoint{holder: h["holder"], origin: h["origin"]}
	if out.epoch, err = strconv.ParseInt(h["epoch"], 10, 64); err != nil {
		return checkpoint{}, fmt.Errorf("projections: epoch of %s: %w", g, err)
	}
	if out.beat, err = strconv.ParseInt(h["beat"], 10, 64); err != nil {
		return checkpoint{}, fmt.Errorf("projections: beat of %s: %w", g, err)
	}
	out.position, err = eventstore.ParsePosition(h["position"])
	return out, err
}

// live is the generation that readers use.
func (s *Store) live(ctx context.Context) (generation, error) {
	g, err := s.rdb.Get(ctx, pointer).Result()
	if errors.Is(err, redis.Nil) {
		return "", ErrRebuilding
	}
	if err != nil {
		return "", fmt.Errorf("projections: %w", err)
	}
	return generation(g), nil
}

// Position is how far readers can see.
func (s *Store) Position(ctx context.Context) (eventstore.Position, error) {
	g, err := s.live(ctx)
	if err != nil {
		return eventstore.Position{}, err
	}
	c, err := checkpointIn(ctx, s.rdb, g)
	if errors.Is(err, errLost) {
		err = ErrRebuilding
	}
	return c.position, err
}

// begin makes an empty generation at the start of the log, and enters it in the
// list of generations, so that it is swept away should its builder end.
func (s *Store) begin(ctx context.Context, g generation, origin string) error {
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, g.checkpoint(), checkpoint{origin: origin}.fields()...)
		p.SAdd(ctx, generations, string(g))
		return nil
	})
	return err
}

// guarded runs one transaction on a generation, provided that its checkpoint is
// as the caller believes; else ErrFenced, or errLost where there is none.
func (s *Store) guarded(ctx context.Context, g generation, believed func(checkpoint) bool, queue func(redis.Pipeliner) error) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		c, err := checkpointIn(ctx, tx, g)
		if err != nil {
			return err
		}
		if !believed(c) {
			return ErrFenced
		}
		cmds, err := tx.TxPipelined(ctx, queue)
		return torn(cmds, err)
	}, g.checkpoint())
	if errors.Is(err, redis.TxFailedErr) {
		return ErrFenced
	}
	return err
}

// errTorn: part of a transaction failed; the generation must be built anew.
var errTorn = errors.New("projections: a transaction was torn")

// torn tells a transaction of which a part failed, which does not undo the rest,
// from one that did not happen at all or whose outcome is unknown.
func torn(cmds []redis.Cmder, err error) error {
	var reply redis.Error
	if err == nil || errors.Is(err, redis.TxFailedErr) || !errors.As(err, &reply) {
		return err
	}
	whole := false
	for _, c := range cmds {
		whole = whole || c.Err() == nil
	}
	if !whole { // the server refused all of it: EXECABORT, LOADING, READONLY, OOM …
		return err
	}
	for _, c := range cmds {
		if e := c.Err(); e != nil && !errors.Is(e, redis.Nil) {
			return fmt.Errorf("%w: %s: %w", errTorn, c.Name(), e)
		}
	}
	return err
}

// seize begins a new epoch in a generation, if its checkpoint still is the one
// that was seen.
func (s *Store) seize(ctx context.Context, g generation, seen checkpoint, holder, origin string) (checkpoint, error) {
	taken := seen
	taken.epoch, taken.holder, taken.origin = seen.epoch+1, holder, origin
	taken.beat++
	err := s.guarded(ctx, g, func(c checkpoint) bool { return c == seen }, func(p redis.Pipeliner) error {
		p.HSet(ctx, g.checkpoint(), taken.fields()...)
		return nil
	})
	return taken, err
}

// touch shows that the holder is alive, and answers ErrFenced or errLost where it
// holds nothing any more: readers may be using another generation, Redis may have
// been flushed, set back or taken over.
func (s *Store) touch(ctx context.Context, g generation, held *checkpoint) error {
	now, err := s.live(ctx)
	switch {
	case errors.Is(err, ErrRebuilding):
		return errLost
	case err != nil:
		return err
	case now != g:
		return fmt.Errorf("%w: another build was published", ErrFenced)
	}
	next := *held
	next.beat++
	err = s.guarded(ctx, g, func(c checkpoint) bool { return c == *held }, func(p redis.Pipeliner) error {
		p.HSet(ctx, g.checkpoint(), "beat", next.beat)
		return nil
	})
	if err == nil {
		*held = next
	}
	return err
}

// release lets another runner take over at once.
func (s *Store) release(ctx context.Context, g generation, held checkpoint) error {
	return s.guarded(ctx, g, func(c checkpoint) bool { return c.epoch == held.epoch }, func(p redis.Pipeliner) error {
		p.HSet(ctx, g.checkpoint(), "holder", "")
		return nil
	})
}

// publish makes g the generation that readers use in place of former, which
// ends: whoever still writes to it is fenced, whoever reads from it asks again.
// Where something else is published meanwhile the answer is ErrFenced.
func (s *Store) publish(ctx context.Context, g, former generation) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		now, err := tx.Get(ctx, pointer).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("projections: %w", err)
		}
		if generation(now) != former {
			return ErrFenced
		}
		if _, err := checkpointIn(ctx, tx, g); err != nil {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, pointer, string(g), 0)
			if former != "" {
				p.Unlink(ctx, former.checkpoint())
			}
			return nil
		})
		return err
	}, pointer, g.checkpoint())
	if errors.Is(err, redis.TxFailedErr) {
		return ErrFenced
	}
	return err
}

// forsake has readers wait for a new build, if they still use g.
func (s *Store) forsake(ctx context.Context, g generation) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		now, err := tx.Get(ctx, pointer).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("projections: %w", err)
		}
		if generation(now) != g {
			return nil
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, pointer)
			p.Unlink(ctx, g.checkpoint())
			return nil
		})
		return err
	}, pointer)
	if errors.Is(err, redis.TxFailedErr) {
		return nil // whoever came between has said what readers use
	}
	return err
}
