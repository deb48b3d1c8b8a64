package projections

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// clusterShards is into how many parts the keys are split on a Redis Cluster. A
// part lies on one node whole, so that it can change in one transaction; sixteen
// spread well over any sensible number of nodes.
const clusterShards = 16

// Store is the projections' part of a Redis.
type Store struct {
	rdb     redis.UniversalClient
	shards  int
	version int
	last    atomic.Pointer[generation] // that readers used, as far as this process knows
}

// NewStore wraps a Redis: a single server, a group that Sentinel watches, or a
// Cluster. It must honour the context of a call (ContextTimeoutEnabled).
func NewStore(rdb redis.UniversalClient) *Store {
	s := &Store{rdb: rdb, shards: 1, version: Version}
	if _, ok := rdb.(*redis.ClusterClient); ok {
		s.shards = clusterShards
	}
	return s
}

// shard is the part in which an application lies.
func (s *Store) shard(id string) int {
	if s.shards == 1 {
		return 0
	}
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % uint32(s.shards))
}

// prefix begins every key of a shard. The hash tag keeps the shard on one node;
// it names the shape and the number of shards, so that a program with others
// builds its own keys beside these.
func (s *Store) prefix(shard int) string {
	return fmt.Sprintf("alta:projections:{%d.%d.%02d}:", s.version, s.shards, shard)
}

// pointer is the key that names the generation that readers use.
func (s *Store) pointer() string { return s.prefix(0) + "live" }

// generations is the key that lists all there are, for sweeping.
func (s *Store) generations() string { return s.prefix(0) + "generations" }

// generation is one build of all documents.
type generation string

// keys are those of one shard of one generation.
type keys string

func (s *Store) keys(g generation, shard int) keys { return keys(s.prefix(shard) + string(g) + ":") }

// each lists the keys of every shard.
func (s *Store) each(g generation) []keys {
	out := make([]keys, s.shards)
	for i := range out {
		out[i] = s.keys(g, i)
	}
	return out
}

func (k keys) checkpoint() string      { return string(k) + "checkpoint" }
func (k keys) rows() string            { return string(k) + "rows" } // id → row
func (k keys) set(facet string) string { return string(k) + "set:" + facet }
func (k keys) names() string           { return string(k) + "names" }   // parts of names
func (k keys) owners() string          { return string(k) + "owners" }  // merchants' own applications
func (k keys) exact() string           { return string(k) + "exact" }   // blind indexes
func (k keys) lookups() string         { return string(k) + "lookups" } // id → what it stands under in exact

// newGeneration names a build after the moment it began and its builder; the
// name only has to be new.
func newGeneration(now time.Time, builder string) generation {
	return generation(strconv.FormatInt(now.UnixNano(), 36) + "-" + builder)
}

// scanPage bounds one step of a walk over keys or over the members of one.
const scanPage = 500

// drop removes every key of a generation in small steps; Redis frees the large
// ones in the background. A drop that was broken off is finished by the next
// sweep: the generation leaves the list last.
func (s *Store) drop(ctx context.Context, g generation) error {
	if err := s.unlinkCheckpoints(ctx, g); err != nil {
		return err
	}
	if err := s.eachKey(ctx, g, func(node redis.Cmdable, found []string) error {
		_, err := node.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, k := range found {
				p.Unlink(ctx, k)
			}
			return nil
		})
		return err
	}); err != nil {
		return err
	}
	return s.rdb.SRem(ctx, s.generations(), string(g)).Err()
}

func (s *Store) unlinkCheckpoints(ctx context.Context, g generation) error {
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range s.each(g) {
			p.Unlink(ctx, k.checkpoint())
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("projections: %w", err)
	}
	return nil
}

// eachKey visits all keys of a generation page by page.
func (s *Store) eachKey(ctx context.Context, g generation, visit func(node redis.Cmdable, found []string) error) error {
	pattern := strings.TrimSuffix(s.prefix(0), "00}:") + "*}:" + string(g) + ":*"
	scan := func(ctx context.Context, node redis.Cmdable) error {
		var cursor uint64
		for {
			found, next, err := node.Scan(ctx, cursor, pattern, scanPage).Result()
			if err != nil {
				return fmt.Errorf("projections: %w", err)
			}
			if len(found) > 0 {
				if err := visit(node, found); err != nil {
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
// off, builds whose builder stands still, and what programs of former versions
// left, live or not.
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
	found := map[generation]sighting{}
	dropped, err := w.look(ctx, w.store, live, found)
	for v := 1; v < Version && err == nil; v++ {
		var n int
		n, err = w.look(ctx, &Store{rdb: w.store.rdb, shards: w.store.shards, version: v}, "", found)
		dropped += n
	}
	if err == nil {
		w.seen = found
	}
	return dropped, err
}

// look drops the generations of a store, but for the live one, that are gone or
// stand still, and notes in found where the others stand.
func (w *sweeper) look(ctx context.Context, s *Store, live generation, found map[generation]sighting) (dropped int, err error) {
	all, err := s.rdb.SMembers(ctx, s.generations()).Result()
	if err != nil {
		return 0, fmt.Errorf("projections: %w", err)
	}
	for _, name := range all {
		g := generation(name)
		if g == live {
			continue
		}
		stands, there, err := s.progress(ctx, g)
		if err != nil {
			return dropped, err
		}
		at := sighting{stands, w.now()}
		if before, known := w.seen[g]; known && before.built == at.built {
			at.since = before.since
		}
		if there && w.now().Sub(at.since) < abandoned {
			found[g] = at
			continue
		}
		if s.version != Version { // its readers are told "rebuilding", and never half of it
			if err := s.rdb.Unlink(ctx, s.pointer()).Err(); err != nil {
				return dropped, fmt.Errorf("projections: %w", err)
			}
		}
		if err := s.drop(ctx, g); err != nil {
			return dropped, err
		}
		dropped++
	}
	return dropped, nil
}

// progress is how far the build of a generation has come, as a text that changes
// with every step, and whether it has a checkpoint at all.
func (s *Store) progress(ctx context.Context, g generation) (stands string, there bool, err error) {
	var cmds []*redis.SliceCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range s.each(g) {
			cmds = append(cmds, p.HMGet(ctx, k.checkpoint(), "position", "built", "beat", "breath"))
		}
		return nil
	})
	if err != nil {
		return "", false, fmt.Errorf("projections: %w", err)
	}
	for _, c := range cmds {
		there = there || c.Val()[0] != nil
		stands += fmt.Sprint(c.Val()...)
	}
	return stands, there, nil
}
