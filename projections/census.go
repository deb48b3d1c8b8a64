package projections

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// sizes is the key that says how many entries every other key of a shard holds. It
// changes in the same transaction as they do. Redis may lose a key that it evicts,
// or that somebody deletes: what is missing then looks like nothing, and only this
// tells the difference.
func (k keys) sizes() string { return string(k) + "sizes" }

// sizesMark is a field that every shard's sizes have, also where nothing else is.
const sizesMark = ""

// census is how many keys are counted at a time.
const censusKeys = 2000

// sizes reads what every key of a generation is said to hold, by shard and name;
// errLost where that itself is gone.
func (s *Store) sizes(ctx context.Context, g generation) ([]map[string]int64, error) {
	cmds := make([]*redis.MapStringStringCmd, s.shards)
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range s.each(g) {
			cmds[i] = p.HGetAll(ctx, k.sizes())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	out := make([]map[string]int64, s.shards)
	for i, c := range cmds {
		if len(c.Val()) == 0 {
			return nil, errLost
		}
		out[i] = make(map[string]int64, len(c.Val()))
		for name, n := range c.Val() {
			if out[i][name], err = strconv.ParseInt(n, 10, 64); err != nil {
				return nil, fmt.Errorf("projections: size of %s: %w", name, err)
			}
		}
	}
	return out, nil
}

// count asks how many entries a key holds.
func (k keys) count(ctx context.Context, p redis.Pipeliner, name string) *redis.IntCmd {
	switch name {
	case sizesMark:
		return p.HLen(ctx, k.sizes())
	case "rows", "lookups", "aside":
		return p.HLen(ctx, string(k)+name)
	}
	return p.ZCard(ctx, string(k)+name)
}

// measure writes the sizes of a generation that a builder has filled.
func (s *Store) measure(ctx context.Context, g generation) error {
	names := make([]map[string]bool, s.shards)
	for i := range names {
		names[i] = map[string]bool{}
	}
	all := s.each(g)
	found := make(chan string, scanPage)
	scanned := make(chan error, 1)
	go func() {
		defer close(found)
		scanned <- s.eachKey(ctx, g, func(_ redis.Cmdable, some []string) error {
			for _, key := range some {
				found <- key
			}
			return nil
		})
	}()
	for key := range found {
		for i, k := range all {
			if name, ours := strings.CutPrefix(key, string(k)); ours && name != "checkpoint" && name != "sizes" {
				names[i][name] = true
			}
		}
	}
	if err := <-scanned; err != nil {
		return err
	}
	return s.everywhere(g, func(i int, k keys) error {
		fields := []any{}
		for some := range slices.Chunk(slices.Sorted(maps.Keys(names[i])), scanPage) {
			counts, err := s.countKeys(ctx, k, some)
			if err != nil {
				return err
			}
			for j, name := range some {
				fields = append(fields, name, counts[j])
			}
		}
		if len(fields) == 0 {
			return nil
		}
		if err := s.rdb.HSet(ctx, k.sizes(), fields...).Err(); err != nil {
			return fmt.Errorf("projections: %w", err)
		}
		return nil
	})
}

// countKeys asks how many entries some keys of a shard hold; -1 for a key of
// another type than a projection writes.
func (s *Store) countKeys(ctx context.Context, k keys, names []string) ([]int64, error) {
	cmds := make([]*redis.IntCmd, len(names))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			cmds[i] = k.count(ctx, p, name)
		}
		return nil
	})
	if err != nil && !errors.As(err, new(redis.Error)) {
		return nil, fmt.Errorf("projections: %w", err)
	}
	out := make([]int64, len(names))
	for i, c := range cmds {
		switch {
		case c.Err() == nil:
			out[i] = c.Val()
		case strings.HasPrefix(c.Err().Error(), "WRONGTYPE"):
			out[i] = -1
		default:
			return nil, fmt.Errorf("projections: %w", c.Err())
		}
	}
	return out, nil
}

// census compares what the keys of a generation hold with what was written to them,
// some at a time, in turn. Only the runner that holds the generation may ask: nobody
// writes to it meanwhile.
func (r *Runner) census(ctx context.Context, t *tail) error {
	if err := t.measured(ctx, r.Store); err != nil {
		return err
	}
	for i, k := range r.Store.each(t.generation) {
		names := slices.Sorted(maps.Keys(t.sizes[i]))
		if len(names) > censusKeys {
			from := t.counted % len(names)
			names = slices.Concat(names[from:], names[:from])[:censusKeys]
		}
		counts, err := r.Store.countKeys(ctx, k, names)
		if err != nil {
			return err
		}
		for j, name := range names {
			want := t.sizes[i][name]
			if name == sizesMark {
				want = int64(len(t.sizes[i]))
			}
			if counts[j] == want {
				continue
			}
			// Whoever took the generation away may have written to it.
			if err := r.touch(ctx, t); err != nil {
				return err
			}
			return fmt.Errorf("%w: %q holds %d entries of %d", errTorn, name, counts[j], want)
		}
	}
	t.counted += censusKeys
	return nil
}

// measured reads the sizes once in the life of a tail.
func (t *tail) measured(ctx context.Context, s *Store) (err error) {
	if t.sizes == nil {
		t.sizes, err = s.sizes(ctx, t.generation)
	}
	return err
}

// errGap: a list lost what stood in it.
var errGap = errors.New("projections: entries are missing")

// intact answers errGap where a set from which a page came out empty holds another
// number of entries than were written to it.
func (r Reader) intact(ctx context.Context, g generation, l listing) error {
	names := []string{"set:" + l.facet}
	if l.merchant != "" {
		names = []string{"owners"}
	}
	for _, o := range l.others {
		names = append(names, "set:"+o)
	}
	for _, k := range r.Store.each(g) {
		said, counts := make([]*redis.StringCmd, len(names)), make([]*redis.IntCmd, len(names))
		_, err := r.Store.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for i, name := range names {
				said[i], counts[i] = p.HGet(ctx, k.sizes(), name), k.count(ctx, p, name)
			}
			return nil
		})
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("projections: %w", err)
		}
		for i := range names {
			if want, _ := said[i].Int64(); want != counts[i].Val() { // none is 0
				return errGap
			}
		}
	}
	return nil
}

// rows reads the rows of members of a set. Every member has one, also where it is
// hidden: an empty one is errGap.
func (r Reader) rows(ctx context.Context, g generation, ids []string) ([]string, error) {
	rows, err := r.Store.rows(ctx, g, ids)
	if err == nil && slices.Contains(rows, "") {
		err = errGap
	}
	if err != nil || r.Unreadable == nil {
		return rows, err
	}
	for i, id := range ids {
		if r.Unreadable(id) {
			if rows[i], err = marked(rows[i]); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}
