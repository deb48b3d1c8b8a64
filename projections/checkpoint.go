package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

// checkpoint is where one shard of a generation stands and who may write to it.
type checkpoint struct {
	// mark is the last event that was folded, by which it is found again in whatever
	// log this Redis meets: positions are those of the log that it was filled from.
	mark eventstore.Mark
	// epoch counts the runners that have held the generation. A stale one is
	// refused by it even at an equal position.
	epoch int64
	// holder is the runner that writes now, empty where one has ended in order.
	// beat changes, in the first shard, while it is alive.
	holder string
	beat   int64
	// origin is the id of the first event of the log that was folded: a Redis that
	// was filled from another log is not believed.
	origin string
}

func (c checkpoint) fields() []any {
	return append(markFields(c.mark), "epoch", c.epoch, "holder", c.holder, "beat", c.beat, "origin", c.origin)
}

// markFields are the fields of a checkpoint's hash that hold a mark.
func markFields(m eventstore.Mark) []any {
	return []any{"position", m.Position.String(), "stream", m.Stream, "revision", int64(m.Revision), "last", m.ID.String()}
}

// ParseMark reads the mark in the hash of a checkpoint: position, stream, revision
// and last, the id.
func ParseMark(h map[string]string) (m eventstore.Mark, err error) {
	if m.Position, err = eventstore.ParsePosition(h["position"]); err != nil {
		return m, err
	}
	if h["last"] == "" { // of a program before, which kept less: no log is recognised by it
		return m, nil
	}
	if m.ID, err = eventstore.ParseID(h["last"]); err != nil {
		return m, err
	}
	m.Stream = h["stream"]
	revision, err := strconv.ParseInt(h["revision"], 10, 64)
	m.Revision = eventstore.Revision(revision)
	return m, err
}

// standing is the checkpoints of a generation, one per shard.
type standing []checkpoint

// position is how far all shards have come.
func (s standing) position() eventstore.Position {
	at := s[0].mark.Position
	for _, c := range s[1:] {
		if c.mark.Position.Compare(at) < 0 {
			at = c.mark.Position
		}
	}
	return at
}

// even reports whether all shards have come equally far.
func (s standing) even() bool {
	return !slices.ContainsFunc(s, func(c checkpoint) bool { return c.mark != s[0].mark })
}

// errLost: the generation has no checkpoint (any more): Redis was flushed, or
// somebody published another generation and retired this one.
var errLost = errors.New("projections: the documents are gone")

// standing reads a generation's checkpoints, errLost where one is missing.
func (s *Store) standing(ctx context.Context, g generation) (standing, error) {
	now, _, err := s.observe(ctx, g)
	return now, err
}

// observe reads a generation's checkpoints, errLost where one is missing, and in
// the same round trip which generation readers use, empty for none.
func (s *Store) observe(ctx context.Context, g generation) (now standing, live generation, err error) {
	cmds := make([]*redis.MapStringStringCmd, s.shards)
	var pointer *redis.StringCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range s.each(g) {
			cmds[i] = p.HGetAll(ctx, k.checkpoint())
		}
		pointer = p.Get(ctx, s.pointer())
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, "", fmt.Errorf("projections: %w", err)
	}
	live = s.remember(pointer.Val())
	now = make(standing, s.shards)
	for i, c := range cmds {
		if now[i], err = parseCheckpoint(c.Val()); err != nil {
			return nil, live, err
		}
	}
	return now, live, nil
}

func parseCheckpoint(h map[string]string) (out checkpoint, err error) {
	if len(h) == 0 {
		return checkpoint{}, errLost
	}
	out = checkpoint{holder: h["holder"], origin: h["origin"]}
	if out.epoch, err = strconv.ParseInt(h["epoch"], 10, 64); err != nil {
		return checkpoint{}, fmt.Errorf("projections: epoch: %w", err)
	}
	if out.beat, err = strconv.ParseInt(h["beat"], 10, 64); err != nil {
		return checkpoint{}, fmt.Errorf("projections: beat: %w", err)
	}
	if out.mark, err = ParseMark(h); err != nil {
		return checkpoint{}, fmt.Errorf("projections: position: %w", err)
	}
	return out, nil
}

// live is the generation that readers use.
func (s *Store) live(ctx context.Context) (generation, error) {
	g, err := s.rdb.Get(ctx, s.pointer()).Result()
	if errors.Is(err, redis.Nil) {
		s.remember("")
		return "", ErrRebuilding
	}
	if err != nil {
		return "", fmt.Errorf("projections: %w", err)
	}
	return s.remember(g), nil
}

// remember notes which generation readers use, empty for none.
func (s *Store) remember(live string) generation {
	g := generation(live)
	s.last.Store(&g)
	return g
}

// known is the generation that readers used when this process last saw it, which
// spares asking before every answer. Whoever reads from it asks afterwards whether
// that still holds.
func (s *Store) known(ctx context.Context) (generation, error) {
	if g := s.last.Load(); g != nil && *g != "" {
		return *g, nil
	}
	return s.live(ctx)
}

// Position is how far readers can see.
func (s *Store) Position(ctx context.Context) (eventstore.Position, error) {
	g, err := s.known(ctx)
	if err != nil {
		return eventstore.Position{}, err
	}
	for range rereads {
		now, live, err := s.observe(ctx, g)
		switch {
		case err != nil && !errors.Is(err, errLost):
			return eventstore.Position{}, err
		case err == nil && live == g:
			return now.position(), nil
		case live == "":
			return eventstore.Position{}, ErrRebuilding
		}
		g = live
	}
	return eventstore.Position{}, ErrRebuilding
}

// whole reports whether every shard of a generation is there.
func (s *Store) whole(ctx context.Context, g generation) (bool, error) {
	there, _, err := s.found(ctx, g)
	return there, err
}

// found asks in one round trip whether every shard of a generation is there, and
// which generation readers use. A checkpoint alone proves nothing: what wrote to it
// just then may have made it again in a Redis that was emptied.
func (s *Store) found(ctx context.Context, g generation) (there bool, live generation, err error) {
	cmds := make([]*redis.IntCmd, s.shards)
	var pointer *redis.StringCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range s.each(g) {
			cmds[i] = p.Exists(ctx, k.checkpoint())
		}
		pointer = p.Get(ctx, s.pointer())
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, "", fmt.Errorf("projections: %w", err)
	}
	return !slices.ContainsFunc(cmds, func(c *redis.IntCmd) bool { return c.Val() == 0 }), s.remember(pointer.Val()), nil
}

// begin makes an empty generation at the start of the log, and enters it in the
// list of generations, so that it is swept away should its builder end.
func (s *Store) begin(ctx context.Context, g generation, origin string) error {
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.SAdd(ctx, s.generations(), string(g))
		for _, k := range s.each(g) {
			p.HSet(ctx, k.checkpoint(), checkpoint{origin: origin}.fields()...)
			p.HSet(ctx, k.sizes(), sizesMark, 0)
		}
		return nil
	})
	return err
}

// guarded runs one transaction on a shard, provided that its checkpoint is as
// the caller believes; else ErrFenced, or errLost where there is none.
func (s *Store) guarded(ctx context.Context, k keys, believed func(checkpoint) bool, queue func(redis.Pipeliner) error) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		h, err := tx.HGetAll(ctx, k.checkpoint()).Result()
		if err != nil {
			return fmt.Errorf("projections: %w", err)
		}
		c, err := parseCheckpoint(h)
		if err != nil {
			return err
		}
		if !believed(c) {
			return ErrFenced
		}
		cmds, err := tx.TxPipelined(ctx, queue)
		return torn(cmds, err)
	}, k.checkpoint())
	if errors.Is(err, redis.TxFailedErr) {
		return ErrFenced
	}
	return err
}

// everywhere does something with every shard, all at once.
func (s *Store) everywhere(g generation, do func(shard int, k keys) error) error {
	if s.shards == 1 {
		return do(0, s.keys(g, 0))
	}
	errs := make([]error, s.shards)
	var wait sync.WaitGroup
	for i, k := range s.each(g) {
		wait.Go(func() { errs[i] = do(i, k) })
	}
	wait.Wait()
	return errors.Join(errs...)
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

// seize begins a new epoch in a generation, if its checkpoints still are those
// that were seen, with the positions that their events have in this log. It takes the
// shards in order, so that of two who come at once the first shard refuses one.
func (s *Store) seize(ctx context.Context, g generation, seen, here standing, holder, origin string) (standing, error) {
	taken := slices.Clone(here)
	for i, k := range s.each(g) {
		c := &taken[i]
		c.epoch, c.holder, c.origin, c.beat = seen[0].epoch+1, holder, origin, c.beat+1
		err := s.guarded(ctx, k, func(now checkpoint) bool { return now == seen[i] }, func(p redis.Pipeliner) error {
			p.HSet(ctx, k.checkpoint(), c.fields()...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// touch shows that the holder is alive, and answers ErrFenced or errLost where it
// holds nothing any more: readers may be using another generation, Redis or a
// node of it may have been flushed, set back or taken over.
func (s *Store) touch(ctx context.Context, g generation, held standing) error {
	now, live, err := s.observe(ctx, g)
	switch {
	case live != "" && live != g:
		return fmt.Errorf("%w: another build was published", ErrFenced)
	case err != nil:
		return err
	case live == "":
		return errLost
	}
	if !slices.Equal(now, held) {
		return ErrFenced
	}
	beat := held[0].beat + 1
	k := s.keys(g, 0)
	err = s.guarded(ctx, k, func(c checkpoint) bool { return c == held[0] }, func(p redis.Pipeliner) error {
		p.HSet(ctx, k.checkpoint(), "beat", beat)
		return nil
	})
	if err == nil {
		held[0].beat = beat
	}
	return err
}

// release lets another runner take over at once.
func (s *Store) release(ctx context.Context, g generation, held standing) error {
	return s.everywhere(g, func(i int, k keys) error {
		return s.guarded(ctx, k, func(c checkpoint) bool { return c.epoch == held[i].epoch }, func(p redis.Pipeliner) error {
			p.HSet(ctx, k.checkpoint(), "holder", "")
			return nil
		})
	})
}

// publish makes g the generation that readers use in place of former, which
// ends: whoever still writes to it is fenced, whoever reads from it asks again.
// Where something else is published meanwhile the answer is ErrFenced.
func (s *Store) publish(ctx context.Context, g, former generation) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		now, err := tx.Get(ctx, s.pointer()).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("projections: %w", err)
		}
		if generation(now) != former {
			return ErrFenced
		}
		there, err := s.whole(ctx, g)
		if err != nil {
			return err
		}
		if !there {
			return errLost
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, s.pointer(), string(g), 0)
			if former != "" {
				p.Unlink(ctx, s.keys(former, 0).checkpoint())
			}
			return nil
		})
		return err
	}, s.pointer(), s.keys(g, 0).checkpoint())
	if errors.Is(err, redis.TxFailedErr) {
		return ErrFenced
	}
	if err == nil && former != "" && s.shards > 1 {
		return s.unlinkCheckpoints(ctx, former)
	}
	return err
}

// forsake has readers wait for a new build, if they still use g.
func (s *Store) forsake(ctx context.Context, g generation) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		now, err := tx.Get(ctx, s.pointer()).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("projections: %w", err)
		}
		if generation(now) != g {
			return nil
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, s.pointer())
			p.Unlink(ctx, s.keys(g, 0).checkpoint())
			return nil
		})
		return err
	}, s.pointer())
	if errors.Is(err, redis.TxFailedErr) {
		return nil // whoever came between has said what readers use
	}
	return err
}
