package projections

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// walk reads the next members after a cursor, and whether there may be more.
func (r Reader) walk(ctx context.Context, l listing, from *cursor, count int) (members []redis.Z, more bool, err error) {
	by := redis.ZRangeArgs{Key: l.set, ByScore: true, Start: "-inf", Stop: "+inf", Rev: l.reverse, Count: int64(count)}
	if l.bound != "" {
		by.Stop = l.bound
	}
	if from != nil {
		at := strconv.FormatFloat(from.score, 'g', -1, 64)
		if l.reverse {
			by.Stop = at
		} else {
			by.Start = at
		}
	}
	if members, err = r.byScore(ctx, by); err != nil {
		return nil, false, err
	}
	more = len(members) == count
	after := slices.DeleteFunc(members, func(z redis.Z) bool { return from.passed(z, l.reverse) })
	if len(after) > 0 || !more {
		return after, more, nil
	}
	return r.walkTied(ctx, l, *from, count)
}

func (r Reader) byScore(ctx context.Context, by redis.ZRangeArgs) ([]redis.Z, error) {
	args := &redis.ZRangeBy{Min: by.Start.(string), Max: by.Stop.(string), Count: by.Count}
	var out []redis.Z
	var err error
	if by.Rev {
		out, err = r.Store.rdb.ZRevRangeByScoreWithScores(ctx, by.Key, args).Result()
	} else {
		out, err = r.Store.rdb.ZRangeByScoreWithScores(ctx, by.Key, args).Result()
	}
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	return out, nil
}

// walkTied goes on where more rows have the cursor's very score than a step reads
// (rows without a deadline, or an import of one moment): it finds the cursor's
// rank by bisection and reads by rank. Rows that move meanwhile shift ranks, so
// the step begins before the cursor and is repeated when the cursor's neighbour
// is not where it was.
func (r Reader) walkTied(ctx context.Context, l listing, from cursor, count int) ([]redis.Z, bool, error) {
	at := strconv.FormatFloat(from.score, 'g', -1, 64)
	for range rereads {
		lo, err := r.Store.rdb.ZCount(ctx, l.set, "-inf", "("+at).Result()
		if err != nil {
			return nil, false, fmt.Errorf("projections: %w", err)
		}
		hi, err := r.Store.rdb.ZCount(ctx, l.set, "-inf", at).Result()
		if err != nil {
			return nil, false, fmt.Errorf("projections: %w", err)
		}
		var failed error
		n := sort.Search(int(hi-lo), func(i int) bool {
			m, err := r.Store.rdb.ZRange(ctx, l.set, lo+int64(i), lo+int64(i)).Result()
			if err != nil {
				failed = fmt.Errorf("projections: %w", err)
			}
			if l.reverse {
				return len(m) == 0 || m[0] >= from.id
			}
			return len(m) == 0 || m[0] > from.id
		})
		if failed != nil {
			return nil, false, failed
		}
		// rank is that of the first member after the cursor; of the last before it, in
		// reverse.
		rank := lo + int64(n)
		first, last := max(rank-1, 0), rank+int64(count)-1
		if l.reverse {
			first, last = max(rank-int64(count), 0), rank
		}
		members, err := r.Store.rdb.ZRangeWithScores(ctx, l.set, first, last).Result()
		if err != nil {
			return nil, false, fmt.Errorf("projections: %w", err)
		}
		more := first > 0
		if !l.reverse {
			more = int64(len(members)) == last-first+1
		}
		if l.reverse {
			slices.Reverse(members)
		}
		anchored := len(members) == 0 || from.passed(members[0], l.reverse) || !l.reverse && rank == 0
		if !anchored {
			continue
		}
		return slices.DeleteFunc(members, func(z redis.Z) bool { return from.passed(z, l.reverse) || l.beyond(z) }), more, nil
	}
	return nil, false, ErrRebuilding // it moves faster than it can be read: ask again
}

// beyond reports whether a member lies after the listing's end.
func (l listing) beyond(z redis.Z) bool {
	if l.bound == "" || l.reverse {
		return false
	}
	end, err := strconv.ParseFloat(l.bound[1:], 64)
	return err == nil && z.Score >= end
}
