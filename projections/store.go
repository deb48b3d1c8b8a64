package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

// Store is the projections' part of a Redis.
type Store struct {
	rdb redis.UniversalClient
}

// NewStore wraps a Redis. It must honour the context of a call
// (ContextTimeoutEnabled).
func NewStore(rdb redis.UniversalClient) *Store { return &Store{rdb} }

const (
	root    = "alta:projections:" + Version + ":"
	pointer = root + "live" // the generation that readers use
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

// live is the generation that readers use.
func (s *Store) live(ctx context.Context) (generation, error) {
	g, err := s.rdb.Get(ctx, pointer).Result()
	if errors.Is(err, redis.Nil) {
		return "", ErrRebuilding
	}
	if err != nil {
		return "", fmt.Errorf("projections: %w", err)
	}
	return generation(g), nil
}

// position is how far a generation has come, and in which epoch: each takeover
// by a runner begins a new one, so that a stale runner is refused even at an
// equal position.
func (s *Store) position(ctx context.Context, g generation) (epoch int64, at eventstore.Position, err error) {
	h, err := s.rdb.HGetAll(ctx, g.checkpoint()).Result()
	if err != nil {
		return 0, eventstore.Position{}, fmt.Errorf("projections: %w", err)
	}
	if len(h) == 0 {
		return 0, eventstore.Position{}, ErrRebuilding
	}
	if epoch, err = strconv.ParseInt(h["epoch"], 10, 64); err != nil {
		return 0, eventstore.Position{}, fmt.Errorf("projections: epoch of %s: %w", g, err)
	}
	at, err = eventstore.ParsePosition(h["position"])
	return epoch, at, err
}

// Position is how far readers can see.
func (s *Store) Position(ctx context.Context) (eventstore.Position, error) {
	g, err := s.live(ctx)
	if err != nil {
		return eventstore.Position{}, err
	}
	_, at, err := s.position(ctx, g)
	return at, err
}

// change is what one batch does to one application.
type change struct {
	id      string
	app     *Application
	before  *Row            // as Redis has it; nil for none
	lookups map[string]bool // exact values it can be found by, as blind indexes
	entries map[int64]Entry
	rewrite bool     // the subject was erased: history and lookups are written anew
	unlist  bool     // the data may no longer be processed: nobody finds it any more
	former  []string // with either: the lookups that Redis holds
}

// write puts a batch's changes and the new position in one transaction, if the
// generation still stands where the runner believes it does.
func (s *Store) write(ctx context.Context, g generation, epoch int64, from, to eventstore.Position, changes []*change) error {
	err := s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		e, at, err := s.positionIn(ctx, tx, g)
		if err != nil {
			return err
		}
		if e != epoch || at != from {
			return ErrFenced
		}
		cmds, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for _, c := range changes {
				if c.rewrite || c.unlist {
					if c.former, err = s.rdb.SMembers(ctx, g.lookups(c.id)).Result(); err != nil {
						return err
					}
				}
				if err := queueChange(ctx, p, g, c); err != nil {
					return err
				}
			}
			p.HSet(ctx, g.checkpoint(), "epoch", epoch, "position", to.String())
			return nil
		})
		// An error inside a transaction does not undo the rest of it.
		for _, c := range cmds {
			if err := c.Err(); err != nil && !errors.Is(err, redis.Nil) && !errors.Is(err, redis.TxFailedErr) {
				return fmt.Errorf("%w: %s: %w", errTorn, c.Name(), err)
			}
		}
		return err
	}, g.checkpoint())
	if errors.Is(err, redis.TxFailedErr) {
		return ErrFenced
	}
	return err
}

// errTorn: part of a transaction failed; the generation must be built anew.
var errTorn = errors.New("projections: a transaction was torn")

func (s *Store) positionIn(ctx context.Context, tx *redis.Tx, g generation) (int64, eventstore.Position, error) {
	h, err := tx.HMGet(ctx, g.checkpoint(), "epoch", "position").Result()
	if err != nil {
		return 0, eventstore.Position{}, fmt.Errorf("projections: %w", err)
	}
	e, _ := h[0].(string)
	p, _ := h[1].(string)
	if e == "" || p == "" {
		return 0, eventstore.Position{}, ErrFenced // flushed or dropped under us
	}
	epoch, err := strconv.ParseInt(e, 10, 64)
	if err != nil {
		return 0, eventstore.Position{}, fmt.Errorf("projections: epoch of %s: %w", g, err)
	}
	at, err := eventstore.ParsePosition(p)
	return epoch, at, err
}

func queueChange(ctx context.Context, p redis.Pipeliner, g generation, c *change) error {
	row := RowOf(c.app)
	application, err := json.Marshal(c.app)
	if err != nil {
		return fmt.Errorf("projections: application %s: %w", c.id, err)
	}
	status, err := json.Marshal(StatusOf(c.app))
	if err != nil {
		return fmt.Errorf("projections: status %s: %w", c.id, err)
	}
	line, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("projections: row %s: %w", c.id, err)
	}
	p.HSet(ctx, g.document(c.id), "application", application, "status", status, "row", line, "revision", c.app.Revision)
	if row.Hidden {
		p.HDel(ctx, g.document(c.id), "row") // no list shows it, whatever it was found by
	}
	if c.rewrite {
		p.Unlink(ctx, g.history(c.id))
	}
	if c.rewrite || c.unlist {
		p.Unlink(ctx, g.lookups(c.id))
		for _, k := range c.former {
			p.SRem(ctx, g.find(k), c.id)
		}
	}
	entries := make([]any, 0, 2*len(c.entries))
	for _, revision := range slices.Sorted(maps.Keys(c.entries)) {
		b, err := json.Marshal(c.entries[revision])
		if err != nil {
			return fmt.Errorf("projections: history %s: %w", c.id, err)
		}
		entries = append(entries, strconv.FormatInt(revision, 10), b)
	}
	if len(entries) > 0 {
		p.HSet(ctx, g.history(c.id), entries...)
	}
	after, before := row.facets(), map[string]float64{}
	names, former := namesOf(row), []string(nil)
	if c.before != nil {
		before, former = c.before.facets(), namesOf(c.before)
	}
	for _, f := range slices.Sorted(maps.Keys(before)) {
		if _, still := after[f]; !still {
			p.ZRem(ctx, g.set(f), c.id)
		}
	}
	for _, f := range slices.Sorted(maps.Keys(after)) {
		if was, had := before[f]; !had || was != after[f] {
			p.ZAdd(ctx, g.set(f), redis.Z{Score: after[f], Member: c.id})
		}
	}
	for _, n := range former {
		if !slices.Contains(names, n) {
			p.ZRem(ctx, g.names(), n)
		}
	}
	for _, n := range names {
		if !slices.Contains(former, n) {
			p.ZAdd(ctx, g.names(), redis.Z{Member: n})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(c.lookups)) {
		p.SAdd(ctx, g.find(k), c.id)
		p.SAdd(ctx, g.lookups(c.id), k)
	}
	return nil
}

// begin makes an empty generation at the start of the log.
func (s *Store) begin(ctx context.Context, g generation) error {
	return s.rdb.HSet(ctx, g.checkpoint(), "epoch", 0, "position", eventstore.Start.String()).Err()
}

// takeOver begins a new epoch in a generation and answers it with the position.
func (s *Store) takeOver(ctx context.Context, g generation) (epoch int64, at eventstore.Position, err error) {
	err = s.rdb.Watch(ctx, func(tx *redis.Tx) error {
		var old int64
		if old, at, err = s.positionIn(ctx, tx, g); err != nil {
			return err
		}
		epoch = old + 1
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, g.checkpoint(), "epoch", epoch)
			return nil
		})
		return err
	}, g.checkpoint())
	if errors.Is(err, redis.TxFailedErr) {
		err = ErrFenced
	}
	return epoch, at, err
}

// publish makes a generation the one that readers use, and answers the one that
// it replaced.
func (s *Store) publish(ctx context.Context, g generation) (former generation, err error) {
	old, err := s.rdb.SetArgs(ctx, pointer, string(g), redis.SetArgs{Get: true}).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return generation(old), err
}

// dropPage bounds how many keys one step of drop removes, so that nobody else
// waits long.
const dropPage = 500

// drop removes every key of a generation in small steps.
func (s *Store) drop(ctx context.Context, g generation) error {
	return s.eachKey(ctx, g, func(keys []string) error { return s.rdb.Unlink(ctx, keys...).Err() })
}

func (s *Store) eachKey(ctx context.Context, g generation, visit func(keys []string) error) error {
	pattern := root + string(g) + ":*"
	scan := func(ctx context.Context, node redis.Cmdable) error {
		var cursor uint64
		for {
			keys, next, err := node.Scan(ctx, cursor, pattern, dropPage).Result()
			if err != nil {
				return fmt.Errorf("projections: %w", err)
			}
			if len(keys) > 0 {
				if err := visit(keys); err != nil {
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

// load reads the documents of some applications as they stand in a generation.
func (s *Store) load(ctx context.Context, g generation, ids []string) (map[string]*Application, error) {
	cmds := make([]*redis.StringCmd, len(ids))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			cmds[i] = p.HGet(ctx, g.document(id), "application")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("projections: %w", err)
	}
	out := make(map[string]*Application, len(ids))
	for i, c := range cmds {
		b, err := c.Bytes()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("projections: %w", err)
		}
		var a Application
		if err := json.Unmarshal(b, &a); err != nil {
			return nil, fmt.Errorf("projections: stored application %s: %w", ids[i], err)
		}
		out[ids[i]] = &a
	}
	return out, nil
}

// newGeneration names a build after the moment it began; the name only has to be
// new.
func newGeneration(now time.Time) generation {
	return generation(strconv.FormatInt(now.UnixNano(), 36))
}
