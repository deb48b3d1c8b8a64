package projections

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ownersOf lists the members of the owners' index for a row: the merchant, when
// the application was opened, and which it is, so that the applications of one
// merchant lie together in the order in which they were opened. Nearly every
// merchant has one, for which a set of its own would cost Redis several times as
// much.
func ownersOf(r *Row) []string {
	if r.Hidden || r.Merchant == "" {
		return nil
	}
	return []string{ownedBy(r.Merchant) + opened(float64(r.OpenedAt.UnixMilli())) + separator + r.ID}
}

func ownedBy(merchant string) string { return merchant + separator }

// opened writes milliseconds so that their order is that of the words.
func opened(milliseconds float64) string { return fmt.Sprintf("%013.0f", milliseconds) }

// owned is a merchant's stretch of the owners' index, up to a cursor.
func owned(merchant string, from *cursor) *redis.ZRangeBy {
	by := &redis.ZRangeBy{Min: "[" + ownedBy(merchant), Max: "(" + ownedBy(merchant) + "\xff"}
	if from != nil {
		by.Max = "(" + ownedBy(merchant) + opened(from.score) + separator + from.id
	}
	return by
}

// walkOwned reads the next applications of a merchant, newest first, and whether
// there may be more.
func (r Reader) walkOwned(ctx context.Context, g generation, merchant string, from *cursor, count int) (members []redis.Z, more bool, err error) {
	by := owned(merchant, from)
	by.Count = int64(count)
	cmds := make([]*redis.StringSliceCmd, r.Store.shards)
	_, err = r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range r.Store.each(g) {
			cmds[i] = p.ZRevRangeByLex(ctx, k.owners(), by)
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("projections: %w", err)
	}
	parts := make([]stretch, len(cmds))
	for i, c := range cmds {
		parts[i].more = len(c.Val()) == count
		for _, m := range c.Val() {
			at, id, _ := strings.Cut(strings.TrimPrefix(m, ownedBy(merchant)), separator)
			score, err := strconv.ParseFloat(at, 64)
			if err != nil {
				return nil, false, fmt.Errorf("projections: owners' index: %w", err)
			}
			parts[i].members = append(parts[i].members, redis.Z{Score: score, Member: id})
		}
	}
	members, more = merge(parts, true)
	return members, more, nil
}

// countOwned counts the applications of a merchant.
func (r Reader) countOwned(ctx context.Context, g generation, merchant string) (n int64, err error) {
	by := owned(merchant, nil)
	cmds := make([]*redis.IntCmd, r.Store.shards)
	_, err = r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range r.Store.each(g) {
			cmds[i] = p.ZLexCount(ctx, k.owners(), by.Min, by.Max)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("projections: %w", err)
	}
	for _, c := range cmds {
		n += c.Val()
	}
	return n, nil
}
