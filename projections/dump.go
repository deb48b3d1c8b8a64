package projections

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

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
	at, err := s.Position(ctx)
	if err != nil {
		return err
	}
	var all []string
	var adding sync.Mutex // nodes are read at once
	err = s.eachKey(ctx, g, func(node redis.Cmdable, found []string) error {
		for _, k := range found {
			if name := named(g, k); name != "checkpoint" {
				l, err := lines(ctx, node, k, name)
				if err != nil {
					return err
				}
				adding.Lock()
				all = append(all, l...)
				adding.Unlock()
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(all)
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "position", at)
	for _, l := range slices.Compact(all) {
		fmt.Fprintln(out, l)
	}
	return out.Flush()
}

// lines is what one key holds.
func lines(ctx context.Context, node redis.Cmdable, key, name string) ([]string, error) {
	kind, err := node.Type(ctx, key).Result()
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	var out []string
	switch kind {
	case "hash":
		err = eachField(ctx, node, key, func(f, v string) { out = append(out, fmt.Sprintf("%s %s = %q", name, f, v)) })
	case "zset":
		var z []redis.Z
		z, err = node.ZRangeWithScores(ctx, key, 0, -1).Result()
		for _, m := range z {
			out = append(out, fmt.Sprintf("%s %q at %.0f", name, m.Member, m.Score))
		}
	default:
		err = fmt.Errorf("a %s, which no projection writes", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("projections: %s: %w", key, err)
	}
	return out, nil
}
