package projections

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Dump writes everything that readers can see, in an order that depends on the
// content only: two builds from the same events give the same bytes, whatever
// they are called and whenever they were made. It is for comparing; on a large
// Redis it takes long.
func (s *Store) Dump(ctx context.Context, w io.Writer) error {
	g, err := s.live(ctx)
	if err != nil {
		return err
	}
	found := map[string]bool{}
	err = s.eachKey(ctx, g, func(_ redis.Cmdable, keys []string) error {
		for _, k := range keys {
			found[k] = k != g.checkpoint()
		}
		return nil
	})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	at, err := s.Position(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "position", at)
	for _, k := range slices.Sorted(maps.Keys(found)) {
		if !found[k] {
			continue
		}
		lines, err := s.lines(ctx, k)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(k, g.key())
		for _, l := range lines {
			fmt.Fprintln(out, name, l)
		}
	}
	return out.Flush()
}

// lines is what one key holds.
func (s *Store) lines(ctx context.Context, key string) ([]string, error) {
	kind, err := s.rdb.Type(ctx, key).Result()
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	var out []string
	switch kind {
	case "hash":
		var h map[string]string
		h, err = s.rdb.HGetAll(ctx, key).Result()
		for _, f := range slices.Sorted(maps.Keys(h)) {
			out = append(out, fmt.Sprintf("%s = %s", f, h[f]))
		}
	case "zset":
		z, e := s.rdb.ZRangeWithScores(ctx, key, 0, -1).Result()
		err = e
		for _, m := range z {
			out = append(out, fmt.Sprintf("%q at %.0f", m.Member, m.Score))
		}
	case "set":
		out, err = s.rdb.SMembers(ctx, key).Result()
		slices.Sort(out)
	default:
		err = fmt.Errorf("a %s, which no projection writes", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("projections: %s: %w", key, err)
	}
	return out, nil
}
