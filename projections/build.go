package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"alta/domain/application"
	"alta/eventstore"
	"alta/projections/replay"

	"github.com/redis/go-redis/v9"
)

const (
	builders    = 8       // workers; a remote log answers slowly
	buildBytes  = 1 << 20 // of one pipeline while building; nobody reads what it writes
	wordsAtOnce = 1 << 10
	streamPage  = 512       // events of one stream read at a time
	much        = 100_000   // applications in memory from which on garbage is collected as usual
	inMemory    = 1_000_000 // applications that a build folds side by side, about a kilobyte each
)

// Rebuild builds a new generation beside the live one, switches to it, and drops
// the old one in small steps. Readers and commands notice nothing; a runner that
// held the old generation goes on with the new one.
func (r *Runner) Rebuild(ctx context.Context) error {
	r.prepare()
	former, err := r.Store.live(ctx)
	if err != nil && !errors.Is(err, ErrRebuilding) {
		return err
	}
	return r.replace(ctx, former)
}

// replace builds a generation and publishes it in place of former.
func (r *Runner) replace(ctx context.Context, former generation) error {
	if former == "" {
		r.progress.state.Store(stateBuilding)
	}
	g, err := r.build(ctx, nil)
	if err == nil {
		err = r.Store.publish(ctx, g, former)
	}
	if err != nil {
		if g != "" {
			if dropped := r.Store.drop(context.WithoutCancel(ctx), g); dropped != nil {
				r.Logger.Warn("an unfinished build was left behind", "generation", string(g), "error", dropped)
			}
		}
		return err
	}
	if former == "" {
		return nil
	}
	return r.Store.drop(ctx, former)
}

// build fills a new generation with every application as it stood at one position
// of the log, each written once; then it follows the log to where it has got
// meanwhile. With exactly it builds what stood at that
// position and nothing later.
func (r *Runner) build(ctx context.Context, exactly *eventstore.Position) (generation, error) {
	origin, err := r.origin(ctx)
	if err != nil {
		return "", err
	}
	g := newGeneration(r.Now(), r.id)
	if err := r.Store.begin(ctx, g, origin); err != nil {
		return "", err
	}
	// A build makes much garbage beside little that lives. Collecting it less often
	// saves a quarter of the work, for some hundred megabytes, until much lives.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	began, target := time.Now(), r.Log.Head()
	if exactly != nil {
		target = *exactly
	}
	count, events, err := r.fill(ctx, g, target)
	if err != nil {
		return g, err
	}
	if err := r.Store.filled(ctx, g, origin, target, count); err != nil {
		return g, err
	}
	held, err := r.Store.standing(ctx, g)
	if err != nil {
		return g, err
	}
	if head := r.Log.Head(); exactly == nil && head.Compare(target) > 0 {
		if err := r.follow(ctx, &tail{generation: g, held: held, docs: map[string]*kept{}, until: &head}); err != nil {
			return g, err
		}
	}
	took := time.Since(began)
	r.progress.builds.Add(1)
	r.progress.built.Store(count)
	r.progress.buildTook.Store(int64(took))
	r.Logger.Info("projection built", "generation", string(g), "applications", count, "events", events, "took", took)
	return g, nil
}

// fill writes every application as it stood at the target. It reads the log once
// and folds all applications side by side. Where there are more than memory is
// meant to hold it lets go of half of them, by the hash of their ids, and reads
// the log again for those.
func (r *Runner) fill(ctx context.Context, g generation, target eventstore.Position) (applications, events int64, err error) {
	r.progress.building.Store(0)
	if target == eventstore.Start {
		return 0, 0, nil
	}
	for from, width := uint64(0), uint64(math.MaxUint64); ; {
		p := &pass{runner: r, generation: g, from: from, limit: int64(r.InMemory)}
		p.to.Store(from + min(width, math.MaxUint64-from))
		err := p.run(ctx, target)
		applications, events = applications+p.written.Load(), events+p.events.Load()
		to := p.to.Load()
		if err != nil || to == math.MaxUint64 {
			return applications, events, err
		}
		from, width = to, to-from
	}
}

// pass is one reading of the log for the applications whose hashes lie from one
// number up to, and without, another; the last number belongs to the last pass.
type pass struct {
	runner     *Runner
	generation generation
	from       uint64
	to         atomic.Uint64
	limit      int64        // applications in memory
	held       atomic.Int64 // in memory now
	written    atomic.Int64
	events     atomic.Int64
}

func (p *pass) takes(place uint64) bool {
	to := p.to.Load()
	return place >= p.from && (place < to || to == math.MaxUint64)
}

func (p *pass) run(ctx context.Context, target eventstore.Position) error {
	return replay.Spread(ctx, p.runner.Log, []string{category}, target, builders, p.takes, p.work)
}

// work folds one part of the applications, and writes them when the log is read.
func (p *pass) work(ctx context.Context, feed iter.Seq[replay.Event]) error {
	changes := map[string]*change{}
	to := p.to.Load()
	for e := range feed {
		if now := p.to.Load(); now != to {
			to = now
			p.let(changes)
		}
		if !p.takes(e.Place) {
			continue
		}
		c := changes[e.ID]
		if c == nil {
			c = newChange(e.ID, nil)
			changes[e.ID] = c
			switch held := p.held.Add(1); {
			case held > p.limit:
				p.narrow()
			case held%much == 0:
				debug.SetGCPercent(garbage(held))
			}
		}
		if c.glance(e.Record) {
			continue
		}
		if err := p.runner.fold(ctx, c, e.Record); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return p.write(ctx, changes)
}

// let lets go of the applications that another pass will take.
func (p *pass) let(changes map[string]*change) {
	for id := range changes {
		if !p.takes(replay.Place(id)) {
			delete(changes, id)
		}
	}
}

// dueBefore compares by due time; what has none comes last.
func (c *change) dueBefore(o *change) int {
	due := func(c *change) int64 {
		if c.app == nil || c.app.Deadline == nil {
			return never
		}
		return c.app.Deadline.Due.UnixMilli()
	}
	return cmp.Compare(due(c), due(o))
}

// glance folds an event of which only the header matters, without decoding the
// rest. A runner that follows decodes every event whole when it comes, so what
// cannot be read has been found by then.
func (c *change) glance(rec *eventstore.Record) bool {
	if c.app == nil || !c.app.indifferent(rec.Type) {
		return false
	}
	h, err := application.HeaderOf(rec.Data)
	if err != nil {
		return false
	}
	if c.app.touch(int64(rec.Revision), h) {
		c.events++
	}
	return true
}

// garbage is how much of it may lie beside what lives, in percent, with so many
// applications in memory: a gigabyte or so, until that is less than what lives.
func garbage(held int64) int { return int(min(400, max(100, 60_000_000/held))) }

// narrow leaves the upper half of what this pass takes to another one.
func (p *pass) narrow() {
	to := p.to.Load()
	if half := p.from + (to-p.from)/2; half > p.from && p.to.CompareAndSwap(to, half) {
		p.held.Store(p.limit / 2) // about: the workers let go of half as they come to it
	}
}

func (p *pass) write(ctx context.Context, changes map[string]*change) error {
	s := p.runner.Store
	parts := make([]*batch, s.shards)
	for i, k := range s.each(p.generation) {
		parts[i] = newBatch(k)
	}
	// Members that come in the order of a sorted set cost it a third. Most sets are in
	// the order of due times; what is in the order of words comes afterwards.
	order := slices.Collect(maps.Values(changes))
	slices.SortFunc(order, func(a, b *change) int { return a.dueBefore(b) })
	clear(changes)
	late := make([]words, s.shards)
	for i := range late {
		late[i] = words{}
	}
	for i, c := range order {
		order[i] = nil // what is written need not be kept
		if c.app == nil || !p.takes(replay.Place(c.id)) {
			continue
		}
		if err := c.encode(); err != nil {
			return err
		}
		n := s.shard(c.id)
		parts[n].put(c, nil)
		late[n].take(parts[n])
		p.written.Add(1)
		p.events.Add(c.app.Revision + 1)
		if parts[n].size > buildBytes {
			if err := p.runner.flush(ctx, parts[n]); err != nil {
				return err
			}
			parts[n] = newBatch(parts[n].keys)
		}
	}
	for i, b := range parts {
		if err := p.runner.flush(ctx, b); err != nil {
			return err
		}
		if err := s.enter(ctx, late[i]); err != nil {
			return err
		}
	}
	return nil
}

// words are the members of the sets that are in the order of words, by key, while
// a build keeps them back to write them in that order.
type words map[string][]string

// take moves the words of a batch here.
func (w words) take(b *batch) {
	for _, key := range []string{b.keys.names(), b.keys.exact()} {
		for _, z := range b.add[key] {
			w[key] = append(w[key], z.Member.(string))
		}
		delete(b.add, key)
	}
}

// enter writes words.
func (s *Store) enter(ctx context.Context, w words) error {
	for key, members := range w {
		slices.Sort(members)
		for some := range slices.Chunk(members, wordsAtOnce) {
			z := make([]redis.Z, len(some))
			for i, m := range some {
				z[i].Member = m
			}
			if err := s.rdb.ZAdd(ctx, key, z...).Err(); err != nil {
				return fmt.Errorf("projections: %w", err)
			}
		}
	}
	return nil
}

// flush writes what a builder gathered for a shard.
func (r *Runner) flush(ctx context.Context, b *batch) error {
	applications := int64(len(b.rows) / 2)
	if applications == 0 {
		return nil
	}
	_, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		b.queue(ctx, p)
		// Counted in the same pipeline: what a failover loses is missing in the sum.
		p.HIncrBy(ctx, b.keys.checkpoint(), "built", applications)
		return nil
	})
	if err != nil {
		return fmt.Errorf("projections: %w", err)
	}
	r.progress.building.Add(applications)
	return nil
}

// filled moves a generation to the position up to which it was filled, provided
// that everything that was written is there.
func (s *Store) filled(ctx context.Context, g generation, origin string, at eventstore.Position, applications int64) error {
	built := int64(0)
	for _, k := range s.each(g) {
		n, err := s.rdb.HGet(ctx, k.checkpoint(), "built").Int64()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("projections: %w", err)
		}
		built += n
	}
	if built != applications {
		return fmt.Errorf("%w: %d of %d applications are there", errLost, built, applications)
	}
	return s.everywhere(g, func(_ int, k keys) error {
		return s.guarded(ctx, k, func(c checkpoint) bool { return c == checkpoint{origin: origin} }, func(p redis.Pipeliner) error {
			p.HSet(ctx, k.checkpoint(), "position", at.String())
			return nil
		})
	})
}
