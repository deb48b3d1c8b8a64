package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Search finds applications by a part of the company's name, or by an exact
// merchant number, domain, personal name, identity or licence number.
func (r Reader) Search(ctx context.Context, q string, limit int) (page Page, err error) {
	q = Searchable(q)
	limit = min(max(limit, 1), listPage)
	err = r.reading(ctx, func(g generation) error {
		page, err = r.search(ctx, g, q, limit)
		return err
	})
	return page, err
}

func (r Reader) search(ctx context.Context, g generation, q string, limit int) (Page, error) {
	page := Page{Rows: []json.RawMessage{}}
	if q == "" {
		return page, nil
	}
	runes := []rune(q)
	part := string(runes[:min(len(runes), suffixLen)])
	var lookups []*redis.StringSliceCmd
	var named *redis.StringSliceCmd
	_, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, kind := range append([]string{"merchant_number"}, keysOf(searched)...) {
			lookups = append(lookups, p.SRandMemberN(ctx, g.find(kind+"="+r.Index(kind, q)), int64(limit)))
		}
		named = p.ZRangeByLex(ctx, g.names(), &redis.ZRangeBy{Min: "[" + part, Max: "(" + part + "\xff", Count: int64(4 * limit)})
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return Page{}, fmt.Errorf("projections: %w", err)
	}
	var members []redis.Z
	exactly := map[string]bool{}
	for _, c := range lookups {
		for _, id := range c.Val() {
			if !exactly[id] {
				exactly[id] = true
				members = append(members, redis.Z{Member: id})
			}
		}
	}
	seen := map[string]bool{}
	for _, m := range named.Val() {
		if _, id, ok := strings.Cut(m, separator); ok && !seen[id] && !exactly[id] {
			seen[id] = true
			members = append(members, redis.Z{Member: id})
		}
	}
	rows, err := r.rows(ctx, g, members)
	if err != nil {
		return Page{}, err
	}
	for i, raw := range rows {
		if raw == "" || len(page.Rows) == limit {
			continue
		}
		if !exactly[members[i].Member.(string)] && len(runes) > suffixLen {
			var row Row // the index holds the beginning of a long part only
			if err := json.Unmarshal([]byte(raw), &row); err != nil {
				return Page{}, fmt.Errorf("projections: stored row: %w", err)
			}
			if !strings.Contains(Searchable(row.Name), q) {
				continue
			}
		}
		page.Rows = append(page.Rows, json.RawMessage(raw))
	}
	return page, nil
}

func keysOf[K ~string](ks []K) []string {
	out := make([]string, len(ks))
	for i, k := range ks {
		out[i] = string(k)
	}
	return out
}

// QueueSize is how much waits in a queue.
type QueueSize struct {
	Queue    Queue      `json:"queue"`
	Total    int64      `json:"total"`
	Claimed  int64      `json:"claimed,omitempty"`
	Breached int64      `json:"breached,omitempty"`
	FirstDue *time.Time `json:"first_due,omitempty"`
}

// Sizes counts every queue.
func (r Reader) Sizes(ctx context.Context, me string) (sizes []QueueSize, err error) {
	err = r.reading(ctx, func(g generation) error {
		sizes, err = r.sizes(ctx, g, me)
		return err
	})
	return sizes, err
}

func (r Reader) sizes(ctx context.Context, g generation, me string) ([]QueueSize, error) {
	now := "(" + score(r.Now())
	type counts struct {
		total, claimed, breached *redis.IntCmd
		first                    *redis.ZSliceCmd
	}
	cmds := make([]counts, 0, len(Queues()))
	_, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, q := range Queues() {
			base := "queue=" + string(q)
			if q == QueueMine {
				base += "|assignee=" + me
			}
			set := g.set(base)
			c := counts{
				claimed:  p.ZCount(ctx, g.set(base+"|claimed"), now, "+inf"),
				breached: p.ZCount(ctx, set, "-inf", now),
				first:    p.ZRangeByScoreWithScores(ctx, set, &redis.ZRangeBy{Min: "-inf", Max: "+inf", Count: 1}),
			}
			switch q {
			case QueueBreached:
				c.total = c.breached
			case QueueMine: // the set also has leases that ran out
				c.total = c.claimed
			default:
				c.total = p.ZCard(ctx, set)
			}
			cmds = append(cmds, c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	out := make([]QueueSize, 0, len(cmds))
	for i, q := range Queues() {
		c := cmds[i]
		size := QueueSize{Queue: q, Total: c.total.Val(), Claimed: c.claimed.Val()}
		if q != QueueCorrection {
			size.Breached = c.breached.Val()
		}
		if z := c.first.Val(); len(z) > 0 && z[0].Score < never {
			due := time.UnixMilli(int64(z[0].Score)).UTC()
			size.FirstDue = &due
		}
		out = append(out, size)
	}
	return out, nil
}
