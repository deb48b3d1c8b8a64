package projections

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// walk reads the next members after a cursor, and whether there may be more. On
// a Cluster it reads the same stretch of every shard and merges them.
func (r Reader) walk(ctx context.Context, g generation, l listing, from *cursor, count int) (members []redis.Z, more bool, err error) {
	if l.merchant != "" {
		return r.walkOwned(ctx, g, l.merchant, from, count)
	}
	by := &redis.ZRangeBy{Min: "-inf", Max: "+inf", Count: int64(count)}
	if l.bound != "" {
		by.Max = l.bound
	}
	if from != nil {
		at := strconv.FormatFloat(from.score, 'g', -1, 64)
		if l.reverse {
			by.Max = at
		} else {
			by.Min = at
		}
	}
	cmds := make([]*redis.ZSliceCmd, r.Store.shards)
	_, err = r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range r.Store.each(g) {
			if l.reverse {
				cmds[i] = p.ZRevRangeByScoreWithScores(ctx, k.set(l.facet), by)
			} else {
				cmds[i] = p.ZRangeByScoreWithScores(ctx, k.set(l.facet), by)
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("projections: %w", err)
	}
	parts := make([]stretch, len(cmds))
	for i, c := range cmds {
		found := c.Val()
		p := stretch{more: len(found) == count}
		p.members = slices.DeleteFunc(found, func(z redis.Z) bool { return from.passed(z, l.reverse) })
		if len(p.members) == 0 && p.more {
			if p, err = r.walkTied(ctx, r.Store.keys(g, i).set(l.facet), l, *from, count); err != nil {
				return nil, false, err
			}
		}
		parts[i] = p
	}
	members, more = merge(parts, l.reverse)
	return members, more, nil
}

// within leaves of some members those that stand in all of the sets. It spares
// reading the rows of what a combination of filters walks past: a look into a set
// costs Redis about a microsecond, and a row a kilobyte.
func (r Reader) within(ctx context.Context, g generation, sets []string, members []redis.Z) ([]redis.Z, error) {
	if len(sets) == 0 || len(members) == 0 {
		return members, nil
	}
	places := make([][]string, r.Store.shards)
	for _, m := range members {
		id := m.Member.(string)
		n := r.Store.shard(id)
		places[n] = append(places[n], id)
	}
	cmds := make([][]*redis.FloatSliceCmd, len(places))
	_, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n, ids := range places {
			if len(ids) == 0 {
				continue
			}
			for _, s := range sets {
				cmds[n] = append(cmds[n], p.ZMScore(ctx, r.Store.keys(g, n).set(s), ids...))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	var found []redis.Z
	next := make([]int, len(places))
	for _, m := range members {
		n := r.Store.shard(m.Member.(string))
		i := next[n]
		next[n]++
		// The client answers 0 for what is not there; a due time is after 1970.
		if !slices.ContainsFunc(cmds[n], func(c *redis.FloatSliceCmd) bool { return c.Val()[i] == 0 }) {
			found = append(found, m)
		}
	}
	return found, nil
}

// stretch is a part of one sorted set, and whether there is more behind it.
type stretch struct {
	members []redis.Z
	more    bool
}

// merge joins the stretches of all shards in order, as far as every one reaches:
// what lies behind the end of one that goes on might have something before it.
func merge(parts []stretch, reverse bool) (members []redis.Z, more bool) {
	if len(parts) == 1 {
		return parts[0].members, parts[0].more
	}
	var end *redis.Z
	for _, p := range parts {
		members, more = append(members, p.members...), more || p.more
		if p.more && len(p.members) > 0 {
			if last := p.members[len(p.members)-1]; end == nil || inOrder(last, *end, reverse) < 0 {
				end = &last
			}
		}
	}
	slices.SortFunc(members, func(a, b redis.Z) int { return inOrder(a, b, reverse) })
	if end != nil {
		members = slices.DeleteFunc(members, func(z redis.Z) bool { return inOrder(z, *end, reverse) > 0 })
	}
	return members, more
}

// inOrder compares members as a sorted set does: by score, then by id.
func inOrder(a, b redis.Z, reverse bool) int {
	n := strings.Compare(a.Member.(string), b.Member.(string))
	if a.Score != b.Score {
		n = 1
		if a.Score < b.Score {
			n = -1
		}
	}
	if reverse {
		return -n
	}
	return n
}

// walkTied goes on where more rows have the cursor's very score than a step reads
// (rows without a deadline, or an import of one moment): it finds the cursor's
// rank by bisection and reads by rank. Rows that come and go meanwhile shift ranks,
// so the step begins before the cursor, and again further before it where what it
// reads does not join on to the cursor.
func (r Reader) walkTied(ctx context.Context, set string, l listing, from cursor, count int) (stretch, error) {
	for slack := int64(1); slack <= mostSlack; slack *= 8 {
		rank, err := r.rank(ctx, set, l, from)
		if err != nil {
			return stretch{}, err
		}
		first, last := max(rank-slack, 0), rank+int64(count)-1
		if l.reverse {
			first, last = max(rank-int64(count), 0), rank+slack-1
		}
		members, err := r.Store.rdb.ZRangeWithScores(ctx, set, first, last).Result()
		if err != nil {
			return stretch{}, fmt.Errorf("projections: %w", err)
		}
		whole := int64(len(members)) == last-first+1 // the set goes on behind
		joins, more := first == 0, whole
		if l.reverse {
			slices.Reverse(members)
			joins, more = !whole, first > 0
		}
		joins = joins || len(members) > 0 && from.passed(members[0], l.reverse)
		after := slices.DeleteFunc(members, func(z redis.Z) bool { return from.passed(z, l.reverse) || l.beyond(z) })
		if joins && (len(after) > 0 || !more) {
			return stretch{after, more}, nil
		}
	}
	return stretch{}, ErrRebuilding // it moves faster than it can be read: ask again
}

// mostSlack bounds how far before the cursor walkTied begins.
const mostSlack = 1 << 12

// rank is that of the first member after the cursor; in reverse, of the last
// before it.
func (r Reader) rank(ctx context.Context, set string, l listing, from cursor) (int64, error) {
	at := strconv.FormatFloat(from.score, 'g', -1, 64)
	lo, err := r.Store.rdb.ZCount(ctx, set, "-inf", "("+at).Result()
	if err != nil {
		return 0, fmt.Errorf("projections: %w", err)
	}
	hi, err := r.Store.rdb.ZCount(ctx, set, "-inf", at).Result()
	if err != nil {
		return 0, fmt.Errorf("projections: %w", err)
	}
	var failed error
	n := sort.Search(int(max(hi-lo, 0)), func(i int) bool {
		m, err := r.Store.rdb.ZRange(ctx, set, lo+int64(i), lo+int64(i)).Result()
		if err != nil {
			failed = fmt.Errorf("projections: %w", err)
		}
		if l.reverse {
			return len(m) == 0 || m[0] >= from.id
		}
		return len(m) == 0 || m[0] > from.id
	})
	return lo + int64(n), failed
}

// beyond reports whether a member lies after the listing's end.
func (l listing) beyond(z redis.Z) bool {
	if l.bound == "" || l.reverse {
		return false
	}
	end, err := strconv.ParseFloat(l.bound[1:], 64)
	return err == nil && z.Score >= end
}
