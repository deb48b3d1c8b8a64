package projections

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"alta/projections/replay"

	"github.com/redis/go-redis/v9"
)

const (
	run    = 1 << 14 // applications that are brought into order and written at a time
	handed = 1 << 10 // applications that go from hand to hand, or into one pipeline
)

// writeAll writes what the workers hand over until they are done, in long runs:
// members that come in the order of a sorted set cost Redis a third.
func (p *pass) writeAll(ctx context.Context) error {
	var order []*change
	for some := range p.whole {
		if order = append(order, some...); len(order) >= run {
			if err := p.write(ctx, order); err != nil {
				return err
			}
			order = nil
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return p.write(ctx, order)
}

// write writes applications and forgets them. Most sets are in the order of due
// times; the members of those that are in the order of words come afterwards.
func (p *pass) write(ctx context.Context, order []*change) error {
	defer p.held.Add(-int64(len(order)))
	slices.SortFunc(order, dueFirst)
	late := &words{members: map[string][]string{}}
	some := slices.Collect(slices.Chunk(order, handed))
	put := make([]atomic.Int64, p.runner.Store.shards)
	err := parallel(ctx, builders, len(some), func(ctx context.Context, i int) error { return p.put(ctx, some[i], late, put) })
	if err != nil {
		return err
	}
	s := p.runner.Store
	if err := s.enter(ctx, late); err != nil {
		return err
	}
	// Counted when all of it is there: what a failover loses is missing in the sum.
	return s.everywhere(p.generation, func(i int, k keys) error {
		if err := s.rdb.HIncrBy(ctx, k.checkpoint(), "built", put[i].Load()).Err(); err != nil {
			return fmt.Errorf("projections: %w", err)
		}
		return nil
	})
}

// put writes a few applications, without their words, and adds how many to the
// count of their shard.
func (p *pass) put(ctx context.Context, some []*change, late *words, count []atomic.Int64) error {
	s := p.runner.Store
	parts := make([]*batch, s.shards)
	for i, k := range s.each(p.generation) {
		parts[i] = newBatch(k)
	}
	for i, c := range some {
		some[i] = nil // what is written need not be kept
		if c.app == nil || !p.takes(replay.Place(c.id)) {
			continue
		}
		if err := c.encode(); err != nil {
			return err
		}
		if err := parts[s.shard(c.id)].put(c, nil); err != nil {
			return err
		}
		count[s.shard(c.id)].Add(1)
		p.written.Add(1)
		p.events.Add(c.app.Revision + 1)
	}
	for _, b := range parts {
		late.take(b)
		if err := p.runner.flush(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// dueFirst compares by due time; what has none comes last.
func dueFirst(a, b *change) int {
	due := func(c *change) int64 {
		if c.app == nil || c.app.Deadline == nil {
			return never
		}
		return c.app.Deadline.Due.UnixMilli()
	}
	return cmp.Compare(due(a), due(b))
}

// flush writes what a builder gathered for a shard.
func (r *Runner) flush(ctx context.Context, b *batch) error {
	applications := int64(len(b.rows) / 2)
	if applications == 0 {
		return nil
	}
	_, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		b.queue(ctx, p)
		return nil
	})
	if err != nil {
		return fmt.Errorf("projections: %w", err)
	}
	r.progress.building.Add(applications)
	return nil
}

// words are the members of the sets that are in the order of words, by key.
type words struct {
	mu      sync.Mutex
	members map[string][]string
}

// take moves the words of a batch here.
func (w *words) take(b *batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range []string{b.keys.names(), b.keys.owners(), b.keys.exact()} {
		for _, z := range b.add[key] {
			w.members[key] = append(w.members[key], z.Member.(string))
		}
		delete(b.add, key)
	}
}

// enter writes words in their order.
func (s *Store) enter(ctx context.Context, w *words) error {
	for key, members := range w.members {
		slices.Sort(members)
		some := slices.Collect(slices.Chunk(members, handed))
		err := parallel(ctx, builders, len(some), func(ctx context.Context, i int) error {
			z := make([]redis.Z, len(some[i]))
			for j, m := range some[i] {
				z[j].Member = m
			}
			return s.rdb.ZAdd(ctx, key, z...).Err()
		})
		if err != nil {
			return fmt.Errorf("projections: %w", err)
		}
	}
	return nil
}
