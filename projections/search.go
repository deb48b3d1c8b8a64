package projections

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Search finds applications by a part of the company's name (see namesOf), or by an
// exact merchant number, domain, personal name, identity or licence number; of one
// stage, where one is named.
func (r Reader) Search(ctx context.Context, q, stage string, limit int) (page Page, err error) {
	limit = min(max(limit, 1), listPage)
	err = r.reading(ctx, func(g generation) error {
		page, err = r.search(ctx, g, q, stage, limit)
		return err
	})
	return page, err
}

func (r Reader) search(ctx context.Context, g generation, q, stage string, limit int) (Page, error) {
	page := Page{Rows: []json.RawMessage{}}
	if Searchable(q) == "" {
		return page, nil
	}
	name := nameForm(q)
	runes := []rune(name)
	exactly, named, err := r.found(ctx, g, q, string(runes[:min(len(runes), suffixLen)]), limit)
	if err != nil {
		return Page{}, err
	}
	rows, err := r.rows(ctx, g, slices.Concat(exactly, named))
	if err != nil {
		return Page{}, err
	}
	for i, raw := range rows {
		if raw == "" || len(page.Rows) == limit {
			continue
		}
		var row Row
		if err := json.Unmarshal([]byte(raw), &row); err != nil {
			return Page{}, fmt.Errorf("projections: stored row: %w", err)
		}
		// The index holds the beginning of a long part only.
		if row.ID == "" || i >= len(exactly) && len(runes) > suffixLen && !strings.Contains(nameForm(row.Name), name) {
			continue
		}
		if stage != "" && string(row.Stage) != stage {
			continue
		}
		page.Rows = append(page.Rows, json.RawMessage(raw))
	}
	return page, nil
}

// found lists the applications that a text finds exactly, and those that it finds
// as the beginning of a part of their name.
func (r Reader) found(ctx context.Context, g generation, q, part string, limit int) (exactly, named []string, err error) {
	var exact, prefix []*redis.StringSliceCmd
	_, err = r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range r.Store.each(g) {
			for _, kind := range append([]string{"merchant_number"}, keysOf(searched)...) {
				l := kind + "=" + r.Index(kind, exactForm(kind, q)) + separator
				exact = append(exact, p.ZRangeByLex(ctx, k.exact(), &redis.ZRangeBy{Min: "[" + l, Max: "(" + l + "\xff", Count: int64(limit)}))
			}
			if part == "" {
				continue // a query of signs only is the beginning of every name
			}
			prefix = append(prefix, p.ZRangeByLex(ctx, k.names(), &redis.ZRangeBy{Min: "[" + part, Max: "(" + part + "\xff", Count: int64(4 * limit)}))
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("projections: %w", err)
	}
	seen := map[string]bool{}
	ids := func(cmds []*redis.StringSliceCmd) (out []string) {
		var members []string
		for _, c := range cmds {
			members = append(members, c.Val()...)
		}
		slices.Sort(members)
		for _, m := range members {
			if _, id, ok := strings.Cut(m, separator); ok && !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
		return out
	}
	return ids(exact), ids(prefix), nil
}

// Sharing answers the applications that stand under one of the keys of the exact
// index, or under a key that begins so, at most perKey of each; more says that one
// has further ones. Hidden applications stand under none.
func (r Reader) Sharing(ctx context.Context, keys []string, perKey int) (rows []Row, more bool, err error) {
	err = r.reading(ctx, func(g generation) error {
		rows, more, err = r.sharing(ctx, g, keys, perKey)
		return err
	})
	return rows, more, err
}

func (r Reader) sharing(ctx context.Context, g generation, wanted []string, perKey int) (rows []Row, more bool, err error) {
	var asked []*redis.StringSliceCmd
	if _, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range r.Store.each(g) {
			for _, key := range wanted {
				asked = append(asked, p.ZRangeByLex(ctx, k.exact(), &redis.ZRangeBy{Min: "[" + key, Max: "(" + key + "\xff", Count: int64(perKey) + 1}))
			}
		}
		return nil
	}); err != nil {
		return nil, false, fmt.Errorf("projections: %w", err)
	}
	seen := map[string]bool{}
	for _, c := range asked {
		more = more || len(c.Val()) > perKey
		for _, m := range c.Val()[:min(len(c.Val()), perKey)] {
			if _, id, ok := strings.Cut(m, separator); ok {
				seen[id] = true
			}
		}
	}
	stored, err := r.Store.rows(ctx, g, slices.Sorted(maps.Keys(seen)))
	if err != nil {
		return nil, false, err
	}
	for _, raw := range stored {
		var row Row
		if raw == "" {
			continue
		}
		if err := json.Unmarshal([]byte(raw), &row); err != nil {
			return nil, false, fmt.Errorf("projections: stored row: %w", err)
		}
		if row.ID != "" {
			rows = append(rows, row)
		}
	}
	return rows, more, nil
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
	var ask []tally
	var bases []string
	for _, q := range Queues() {
		base := "queue=" + string(q)
		if q == QueueMine {
			base += "|assignee=" + me
		}
		claimed, breached := tally{base + "|claimed", now, "+inf"}, tally{base, "-inf", now}
		total := tally{facet: base}
		switch q {
		case QueueBreached:
			total = breached
		case QueueMine: // the set also has leases that ran out
			total = claimed
		}
		ask, bases = append(ask, total, claimed, breached), append(bases, base)
	}
	var counted func() []int64
	var lowest func() []float64
	_, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		counted, lowest = r.Store.askCounts(ctx, p, g, ask), r.Store.askFirst(ctx, p, g, bases)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	n, first := counted(), lowest()
	out := make([]QueueSize, 0, len(bases))
	for i, q := range Queues() {
		size := QueueSize{Queue: q, Total: n[3*i], Claimed: n[3*i+1]}
		if q != QueueCorrection {
			size.Breached = n[3*i+2]
		}
		if first[i] < never {
			due := time.UnixMilli(int64(first[i])).UTC()
			size.FirstDue = &due
		}
		out = append(out, size)
	}
	return out, nil
}

// askFirst asks in a pipeline for the lowest score of each set, never for an empty one.
func (s *Store) askFirst(ctx context.Context, p redis.Pipeliner, g generation, facets []string) func() []float64 {
	shards := s.each(g)
	cmds := make([]*redis.ZSliceCmd, 0, len(facets)*len(shards))
	for _, f := range facets {
		for _, k := range shards {
			cmds = append(cmds, p.ZRangeWithScores(ctx, k.set(f), 0, 0))
		}
	}
	return func() []float64 {
		out := slices.Repeat([]float64{never}, len(facets))
		for i, c := range cmds {
			if z := c.Val(); len(z) > 0 {
				out[i/len(shards)] = min(out[i/len(shards)], z[0].Score)
			}
		}
		return out
	}
}
