package statistics

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"alta/eventstore"
	"alta/projections"

	"github.com/redis/go-redis/v9"
)

// root begins every key. The hash tag keeps all of them on one node of a
// Cluster: they are few and small, and change together.
const (
	root        = "alta:{statistics." + Version + "}:"
	pointer     = root + "live"        // the build that readers use
	generations = root + "generations" // all that exist, for sweeping
	withheld    = root + "withheld"    // the build that a snapshot of Redis brought back
)

// Store is the statistics' part of a Redis.
type Store struct{ rdb redis.UniversalClient }

// NewStore wraps a Redis. It must honour the context of a call
// (ContextTimeoutEnabled).
func NewStore(rdb redis.UniversalClient) *Store { return &Store{rdb} }

// generation is one build of all sums.
type generation string

func (g generation) checkpoint() string { return root + string(g) + ":checkpoint" }

// years is the set of years in which anything happened.
func (g generation) years() string { return root + string(g) + ":years" }
func (g generation) sums(h hash) string {
	return root + string(g) + ":" + string(h.kind) + ":" + h.bucket
}
func (g generation) ranks(h hash) string { return g.sums(h) + ":rank" }

// samples is the sorted set of the samples that wait for a verdict, by their
// places alone.
func (g generation) samples() string { return root + string(g) + ":samples" }

// asides is the hash of the streams that are set aside: stream → the revision from
// which on nothing of it is counted.
func (g generation) asides() string { return root + string(g) + ":aside" }

// asides reads what is set aside in a generation.
func (s *Store) asides(ctx context.Context, g generation) (map[string]eventstore.Revision, error) {
	all, err := s.rdb.HGetAll(ctx, g.asides()).Result()
	if err != nil {
		return nil, failed(err)
	}
	out := make(map[string]eventstore.Revision, len(all))
	for stream, text := range all {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("statistics: what is set aside of %s: %w", stream, err)
		}
		out[stream] = eventstore.Revision(n)
	}
	return out, nil
}

// checkpoint is where a generation stands and who may write to it.
type checkpoint struct {
	mark   eventstore.Mark // the last event that was counted, see projections
	epoch  int64           // runners that have held it
	writes int64           // transactions so far, so that one that a failover lost is missed
	holder string          // the runner that writes now; empty where one ended in order
	beat   int64           // changes while it is alive
	// origin is the id of the log's first event and the version of the calendar
	// by which time was measured: other sums are not believed.
	origin string
}

func (c checkpoint) fields() []any {
	return []any{
		"position", c.mark.Position.String(), "stream", c.mark.Stream, "revision", int64(c.mark.Revision), "last", c.mark.ID.String(),
		"epoch", c.epoch, "writes", c.writes, "holder", c.holder, "beat", c.beat, "origin", c.origin,
	}
}

func failed(err error) error { return fmt.Errorf("statistics: %w: %w", projections.ErrAway, err) }

func checkpointIn(ctx context.Context, c redis.Cmdable, g generation) (out checkpoint, err error) {
	h, err := c.HGetAll(ctx, g.checkpoint()).Result()
	if err != nil {
		return out, failed(err)
	}
	if len(h) == 0 {
		return out, errLost
	}
	out = checkpoint{holder: h["holder"], origin: h["origin"]}
	for name, into := range map[string]*int64{"epoch": &out.epoch, "writes": &out.writes, "beat": &out.beat} {
		if *into, err = strconv.ParseInt(h[name], 10, 64); err != nil {
			return out, fmt.Errorf("statistics: %s of %s: %w", name, g, err)
		}
	}
	out.mark, err = projections.ParseMark(h)
	return out, err
}

// live is the generation that readers use; projections.ErrRebuilding for none.
func (s *Store) live(ctx context.Context) (generation, error) {
	g, err := s.rdb.Get(ctx, pointer).Result()
	if errors.Is(err, redis.Nil) {
		return "", projections.ErrRebuilding
	}
	if err != nil {
		return "", failed(err)
	}
	return generation(g), nil
}

// Position is how far readers can see; projections.ErrRebuilding where nothing is
// counted yet.
func (s *Store) Position(ctx context.Context) (eventstore.Position, error) {
	g, err := s.live(ctx)
	if err != nil {
		return eventstore.Start, err
	}
	c, err := checkpointIn(ctx, s.rdb, g)
	if errors.Is(err, errLost) {
		err = projections.ErrRebuilding
	}
	return c.mark.Position, err
}

// begin makes an empty generation that a builder holds.
func (s *Store) begin(ctx context.Context, g generation, held checkpoint) error {
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, g.checkpoint(), held.fields()...)
		p.SAdd(ctx, generations, string(g))
		return nil
	})
	if err != nil {
		return failed(err)
	}
	return nil
}

// guarded moves a generation's checkpoint and does what queue adds in the same
// transaction, provided that the checkpoint is the one believed; else errFenced,
// or errLost where there is none.
func (s *Store) guarded(ctx context.Context, g generation, held *checkpoint, next checkpoint, queue func(redis.Pipeliner)) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		now, err := checkpointIn(ctx, tx, g)
		if err != nil {
			return err
		}
		if now != *held {
			return errFenced
		}
		cmds, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			if queue != nil {
				queue(p)
			}
			p.HSet(ctx, g.checkpoint(), next.fields()...)
			return nil
		})
		return torn(cmds, err)
	}, g.checkpoint())
	if errors.Is(err, redis.TxFailedErr) {
		return errFenced
	}
	if err == nil {
		*held = next
	}
	return err
}

// torn tells a transaction of which a part failed, which does not undo the rest,
// from one that did not happen at all or whose outcome is unknown.
func torn(cmds []redis.Cmder, err error) error {
	var reply redis.Error
	if err == nil || errors.Is(err, redis.TxFailedErr) || !errors.As(err, &reply) {
		return err
	}
	if !slices.ContainsFunc(cmds, func(c redis.Cmder) bool { return c.Err() == nil }) {
		return failed(err) // the server refused all of it
	}
	return fmt.Errorf("%w: %w", errTorn, err)
}

// pipeCells bounds the cells of one transaction, so that nobody else waits long.
const pipeCells = 4096

// write adds sums to a generation and moves its position. It reads what is there
// and writes what it becomes: the checkpoint, which every write moves, tells that
// nobody wrote in between. More than a transaction holds is only written while a
// generation is built, where nobody reads and a position in the middle is none.
func (s *Store) write(ctx context.Context, g generation, held *checkpoint, to eventstore.Mark, all *sums) error {
	parts := all.parts()
	for i, part := range parts {
		if err := s.total(ctx, g, part); err != nil {
			return err
		}
		next := *held
		next.writes++
		if i == len(parts)-1 {
			next.mark = to
		}
		if err := s.guarded(ctx, g, held, next, func(p redis.Pipeliner) { part.queue(ctx, p, g) }); err != nil {
			return err
		}
	}
	return nil
}

// parts splits the sums into those of one transaction each; at least one.
func (s *sums) parts() []*sums {
	out := []*sums{newSums()}
	last := func() *sums {
		part := out[len(out)-1]
		if part.size >= pipeCells {
			part = newSums()
			out = append(out, part)
		}
		part.size++
		return part
	}
	for place, waits := range s.waiting {
		last().waiting[place] = waits
	}
	for stream, revision := range s.aside {
		last().aside[stream] = revision
	}
	for _, h := range slices.SortedFunc(maps.Keys(s.cells), func(a, b hash) int {
		return slices.Compare([]string{string(a.kind), a.bucket}, []string{string(b.kind), b.bucket})
	}) {
		for field, n := range s.cells[h] {
			part := last()
			if part.cells[h] == nil {
				part.cells[h] = map[string]int64{}
			}
			part.cells[h][field] = n
		}
	}
	return out
}

// total adds what a generation holds already.
func (s *Store) total(ctx context.Context, g generation, part *sums) error {
	fields, cmds := map[hash][]string{}, map[hash]*redis.SliceCmd{}
	if len(part.cells) == 0 {
		return nil
	}
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for h, cells := range part.cells {
			fields[h] = slices.Sorted(maps.Keys(cells))
			cmds[h] = p.HMGet(ctx, g.sums(h), fields[h]...)
		}
		return nil
	})
	if err != nil {
		return failed(err)
	}
	for h, cmd := range cmds {
		for i, v := range cmd.Val() {
			n, err := number(v)
			if err != nil {
				return fmt.Errorf("statistics: %s of %s: %w", fields[h][i], g.sums(h), err)
			}
			part.cells[h][fields[h][i]] += n
		}
	}
	return nil
}

// number reads a stored sum; none is 0.
func number(v any) (int64, error) {
	text, ok := v.(string)
	if !ok {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// queue writes the sums as they are.
func (s *sums) queue(ctx context.Context, p redis.Pipeliner, g generation) {
	for place, waits := range s.waiting {
		if waits {
			p.ZAdd(ctx, g.samples(), redis.Z{Member: place})
		} else {
			p.ZRem(ctx, g.samples(), place)
		}
	}
	for stream, revision := range s.aside {
		if revision == takenIn {
			p.HDel(ctx, g.asides(), stream)
		} else {
			p.HSet(ctx, g.asides(), stream, int64(revision))
		}
	}
	for h, cells := range s.cells {
		values, ranks := make([]any, 0, 2*len(cells)), []redis.Z(nil)
		for field, n := range cells {
			values = append(values, field, n)
			if member, cell := split(field); cell == cellRank {
				ranks = append(ranks, redis.Z{Score: float64(n), Member: member})
			}
		}
		p.HSet(ctx, g.sums(h), values...)
		if len(ranks) > 0 {
			p.ZAdd(ctx, g.ranks(h), ranks...)
		}
		if len(h.bucket) == len("2026") {
			p.SAdd(ctx, g.years(), h.bucket)
		}
	}
}

// publish makes g the generation that readers use in place of former, which
// ends: whoever still writes to it is fenced. Where something else is published
// meanwhile the answer is errFenced.
func (s *Store) publish(ctx context.Context, g, former generation, held checkpoint) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		now, err := tx.Get(ctx, pointer).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return failed(err)
		}
		if generation(now) != former {
			return errFenced
		}
		if c, err := checkpointIn(ctx, tx, g); err != nil || c != held {
			return errors.Join(err, errFenced) // a failover lost some of it
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
		return errFenced
	}
	return err
}

// forsake has readers wait for a new build, if they still use g.
func (s *Store) forsake(ctx context.Context, g generation) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		now, err := tx.Get(ctx, pointer).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return failed(err)
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

// drop removes every key of a generation, a year at a time: their names follow
// from the years in which anything happened. The generation leaves the list last,
// so that a drop that was broken off is finished by the next sweep.
func (s *Store) drop(ctx context.Context, g generation) error {
	if err := s.rdb.Unlink(ctx, g.checkpoint()).Err(); err != nil {
		return failed(err)
	}
	years, err := s.rdb.SMembers(ctx, g.years()).Result()
	if err != nil {
		return failed(err)
	}
	for _, year := range years {
		for _, k := range []kind{everybody, agents, reviewers} {
			keys, err := keysOf(g, k, year)
			if err == nil {
				err = s.rdb.Unlink(ctx, keys...).Err()
			}
			if err != nil {
				return failed(err)
			}
		}
	}
	_, err = s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Unlink(ctx, g.years(), g.samples())
		p.SRem(ctx, generations, string(g))
		return nil
	})
	if err != nil {
		return failed(err)
	}
	return nil
}

// keysOf names all keys that a kind can have in a year.
func keysOf(g generation, k kind, year string) ([]string, error) {
	first, err := time.Parse("2006", year)
	if err != nil {
		return nil, err
	}
	buckets := []string{year}
	for d := first; d.Year() == first.Year(); d = d.AddDate(0, 0, 1) {
		if d.Day() == 1 {
			buckets = append(buckets, d.Format("2006-01"))
		}
		buckets = append(buckets, d.Format(time.DateOnly))
	}
	keys := make([]string, 0, 2*len(buckets))
	for _, b := range buckets {
		h := hash{k, b}
		keys = append(keys, g.sums(h), g.ranks(h))
	}
	return keys, nil
}

// Withhold keeps from readers what a snapshot brought back, until a Runner has
// compared it with the log. Call it before anybody else uses the Redis.
func (s *Store) Withhold(ctx context.Context) error {
	n, err := s.rdb.Exists(ctx, pointer).Result()
	if err == nil && n > 0 {
		err = s.rdb.Rename(ctx, pointer, withheld).Err()
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// adopt publishes what a snapshot brought back, if it is of this log and calendar.
// It answers false where there is nothing of the kind.
func (r *Runner) adopt(ctx context.Context) (bool, error) {
	name, err := r.Store.rdb.Get(ctx, withheld).Result()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, failed(err)
	}
	g := generation(name)
	c, err := checkpointIn(ctx, r.Store.rdb, g)
	lost := errors.Is(err, errLost)
	if err != nil && !lost {
		return false, err
	}
	head, err := r.Log.Head(ctx)
	if err != nil {
		return false, err
	}
	first := ""
	if head != eventstore.Start {
		if first, err = projections.Origin(ctx, r.Log); err != nil {
			return false, err
		}
	}
	foreign := lost
	if !lost {
		_, err := r.here(ctx, c, first)
		if foreign = errors.Is(err, eventstore.ErrForeign); err != nil && !foreign {
			return false, err
		}
	}
	if foreign {
		r.Logger.Warn("the snapshot's statistics are of another log or calendar, and are counted anew")
		if err := r.Store.rdb.Del(ctx, withheld).Err(); err != nil {
			return false, failed(err)
		}
		return false, r.Store.drop(ctx, g)
	}
	published, err := r.Store.rdb.RenameNX(ctx, withheld, pointer).Result()
	if err != nil {
		return false, failed(err)
	}
	return published, nil
}
