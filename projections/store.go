package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

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

// change is what one batch does to one application.
type change struct {
	id      string
	app     *Application
	row     *Row            // of app, once it is folded
	before  *Row            // as Redis has it; nil for none
	lookups map[string]bool // exact values it can be found by, as blind indexes
	entries map[int64]Entry
	rewrite bool     // the subject was erased: history and lookups are written anew
	unlist  bool     // the data may no longer be processed: nobody finds it any more
	former  []string // with either: the lookups that Redis holds

	encoded struct {
		application, status, row []byte
		entries                  []any // revision, JSON, revision, JSON …
	}
}

// encode makes the documents' JSON, so that nothing is left to do while a
// transaction is open.
func (c *change) encode() (err error) {
	c.row = RowOf(c.app)
	if c.encoded.application, err = json.Marshal(c.app); err != nil {
		return fmt.Errorf("projections: application %s: %w", c.id, err)
	}
	if c.encoded.status, err = json.Marshal(StatusOf(c.app)); err != nil {
		return fmt.Errorf("projections: status %s: %w", c.id, err)
	}
	if c.encoded.row, err = json.Marshal(c.row); err != nil {
		return fmt.Errorf("projections: row %s: %w", c.id, err)
	}
	c.encoded.entries = make([]any, 0, 2*len(c.entries))
	for _, revision := range slices.Sorted(maps.Keys(c.entries)) {
		b, err := json.Marshal(c.entries[revision])
		if err != nil {
			return fmt.Errorf("projections: history %s: %w", c.id, err)
		}
		c.encoded.entries = append(c.encoded.entries, strconv.FormatInt(revision, 10), b)
	}
	return nil
}

// write puts a batch's changes and the new position in one transaction, if the
// generation still stands where the runner believes it does. Every value is
// absolute: writing twice is writing once.
func (s *Store) write(ctx context.Context, g generation, held *checkpoint, to eventstore.Position, changes []*change) error {
	for _, c := range changes {
		if err := c.encode(); err != nil {
			return err
		}
		if c.rewrite || c.unlist {
			var err error
			if c.former, err = s.rdb.SMembers(ctx, g.lookups(c.id)).Result(); err != nil {
				return fmt.Errorf("projections: %w", err)
			}
		}
	}
	err := s.guarded(ctx, g, func(c checkpoint) bool { return c == *held }, func(p redis.Pipeliner) error {
		for _, c := range changes {
			c.queue(ctx, p, g)
		}
		p.HSet(ctx, g.checkpoint(), "position", to.String())
		return nil
	})
	if err == nil {
		held.position = to
	}
	return err
}

// queue adds the commands of a change to a pipeline.
func (c *change) queue(ctx context.Context, p redis.Pipeliner, g generation) {
	e := &c.encoded
	p.HSet(ctx, g.document(c.id), "application", e.application, "status", e.status, "row", e.row, "revision", c.app.Revision)
	if c.row.Hidden {
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
	if len(e.entries) > 0 {
		p.HSet(ctx, g.history(c.id), e.entries...)
	}
	after, before := c.row.facets(), map[string]float64(nil)
	names, former := namesOf(c.row), []string(nil)
	if c.before != nil {
		before, former = c.before.facets(), namesOf(c.before)
	}
	for f := range before {
		if _, still := after[f]; !still {
			p.ZRem(ctx, g.set(f), c.id)
		}
	}
	for f, score := range after {
		if was, had := before[f]; !had || was != score {
			p.ZAdd(ctx, g.set(f), redis.Z{Score: score, Member: c.id})
		}
	}
	for _, n := range former {
		if !slices.Contains(names, n) {
			p.ZRem(ctx, g.names(), n)
		}
	}
	var added []redis.Z
	for _, n := range names {
		if !slices.Contains(former, n) {
			added = append(added, redis.Z{Member: n})
		}
	}
	if len(added) > 0 {
		p.ZAdd(ctx, g.names(), added...)
	}
	if len(c.lookups) > 0 {
		known := make([]any, 0, len(c.lookups))
		for k := range c.lookups {
			p.SAdd(ctx, g.find(k), c.id)
			known = append(known, k)
		}
		p.SAdd(ctx, g.lookups(c.id), known...)
	}
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
