package projections

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	root        = "alta:projections:" + Version + ":"
	pointer     = root + "live"        // the generation that readers use
	generations = root + "generations" // all that exist, for sweeping
)

// generation is one build of all documents.
type generation string

func (g generation) key(parts ...string) string {
	return root + string(g) + ":" + strings.Join(parts, ":")
}

func (g generation) checkpoint() string        { return g.key("checkpoint") }
func (g generation) document(id string) string { return g.key("doc", id) }
func (g generation) history(id string) string  { return g.key("history", id) }
func (g generation) set(facet string) string   { return g.key("set", facet) }
func (g generation) names() string             { return g.key("names") }
func (g generation) find(lookup string) string { return g.key("find", lookup) }
func (g generation) lookups(id string) string  { return g.key("lookups", id) }

// newGeneration names a build after the moment it began and its builder; the
// name only has to be new.
func newGeneration(now time.Time, builder string) generation {
	return generation(strconv.FormatInt(now.UnixNano(), 36) + "-" + builder)
}

// dropPage bounds how many keys one step of drop removes, so that nobody else
// waits long.
const dropPage = 500

// drop removes every key of a generation in small steps. One that was broken off
// is finished by the next sweep: the generation leaves the list last.
func (s *Store) drop(ctx context.Context, g generation) error {
	if err := s.rdb.Unlink(ctx, g.checkpoint()).Err(); err != nil {
		return fmt.Errorf("projections: %w", err)
	}
	if err := s.eachKey(ctx, g, func(_ redis.Cmdable, keys []string) error { return s.rdb.Unlink(ctx, keys...).Err() }); err != nil {
		return err
	}
	return s.rdb.SRem(ctx, generations, string(g)).Err()
}

// eachKey visits all keys of a generation page by page.
func (s *Store) eachKey(ctx context.Context, g generation, visit func(c redis.Cmdable, keys []string) error) error {
	pattern := root + string(g) + ":*"
	scan := func(ctx context.Context, node redis.Cmdable) error {
		var cursor uint64
		for {
			keys, next, err := node.Scan(ctx, cursor, pattern, dropPage).Result()
			if err != nil {
				return fmt.Errorf("projections: %w", err)
			}
			if len(keys) > 0 {
				if err := visit(node, keys); err != nil {
					return err
				}
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	}
	if c, ok := s.rdb.(*redis.ClusterClient); ok {
		return c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return scan(ctx, node) })
	}
	return scan(ctx, s.rdb)
}

// sweeper drops generations that nobody uses: retired ones whose drop was broken
// off, and builds whose builder stands still.
type sweeper struct {
	store *Store
	now   func() time.Time
	seen  map[generation]sighting
}

type sighting struct {
	built string
	since time.Time
}

// abandoned is how long a build may stand still before it is swept away.
const abandoned = 2 * time.Minute

// sweep looks once, and answers how many generations it dropped.
func (w *sweeper) sweep(ctx context.Context) (int, error) {
	live, err := w.store.live(ctx)
	if err != nil {
		return 0, err
	}
	all, err := w.store.rdb.SMembers(ctx, generations).Result()
	if err != nil {
		return 0, fmt.Errorf("projections: %w", err)
	}
	dropped, found := 0, make(map[generation]sighting, len(all))
	for _, name := range all {
		g := generation(name)
		if g == live {
			continue
		}
		h, err := w.store.rdb.HMGet(ctx, g.checkpoint(), "position", "built").Result()
		if err != nil {
			return dropped, fmt.Errorf("projections: %w", err)
		}
		s := sighting{fmt.Sprint(h...), w.now()}
		if before, known := w.seen[g]; known && before.built == s.built {
			s.since = before.since
		}
		if h[0] != nil && w.now().Sub(s.since) < abandoned {
			found[g] = s
			continue
		}
		if err := w.store.drop(ctx, g); err != nil {
			return dropped, err
		}
		dropped++
	}
	w.seen = found
	return dropped, nil
}
