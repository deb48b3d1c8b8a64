package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

// change is what one batch does to one application.
type change struct {
	id      string
	app     *Summary
	row     *Row     // of app, once it is folded
	json    []byte   // of row
	before  *Row     // as Redis has it; nil for none
	stored  bool     // Redis has a row, if only a hidden one
	lookups []string // exact values it can be found by, as blind indexes
	events  int64    // that were folded
	last    int64    // revision of the stream's newest event, where a build knows it; else -1
	unlist  bool     // nobody may find it any more: restricted, or the subject was erased
	aside   *Aside   // from where on its stream is set aside; nil while it can be read
	former  *Aside   // as Redis has it
}

// encode makes the row's JSON, so that nothing is left to do while a transaction
// is open. Of a hidden application only the revision is kept.
//
// Of a stream that cannot be read at all the row stays as Redis has it.
func (c *change) encode() (err error) {
	switch {
	case c.app != nil:
		c.row = RowOf(c.app)
	case c.before != nil:
		row := *c.before
		c.row = &row
	default:
		return nil
	}
	c.row.SetAside = c.aside != nil
	if c.row.Hidden {
		c.json, err = json.Marshal(hiddenRow{c.row.Revision})
	} else {
		c.json, err = json.Marshal(c.row)
	}
	if err != nil {
		return fmt.Errorf("projections: row %s: %w", c.id, err)
	}
	return nil
}

// hiddenRow stands where the row of an application that nobody may find stood.
type hiddenRow struct {
	Revision int64 `json:"revision"`
}

// batch gathers what changes in one shard by key, so that one command carries
// many members: Redis spends more on a command than on a member.
type batch struct {
	keys    keys
	rows    []any // id, JSON, id, JSON …
	add     map[string][]redis.Z
	remove  map[string][]any
	lookups []any            // id, what it stands under in exact, …
	forget  []string         // ids whose lookups go
	aside   []any            // stream, what is said of it, …
	back    []string         // streams that are set aside no more
	grows   map[string]int64 // entries more, by key; fewer where it is negative
}

func newBatch(k keys) *batch {
	return &batch{keys: k, add: map[string][]redis.Z{}, remove: map[string][]any{}, grows: map[string]int64{}}
}

// put adds an encoded change. former is what it stands under in the exact index that
// Redis holds for an application that nobody may find any more.
func (b *batch) put(c *change, former []string) error {
	if err := b.setAside(c); err != nil || c.row == nil {
		return err
	}
	b.rows = append(b.rows, c.id, c.json)
	if !c.stored {
		b.grows["rows"]++
	}
	after, before := c.row.facets(), map[string]float64(nil)
	if c.before != nil {
		before = c.before.facets()
	}
	for f := range before {
		if _, still := after[f]; !still {
			b.take(b.keys.set(f), c.id)
			b.grows["set:"+f]--
		}
	}
	for f, score := range after {
		was, had := before[f]
		if !had {
			b.grows["set:"+f]++
		}
		if !had || was != score {
			b.give(b.keys.set(f), score, c.id)
		}
	}
	b.reword("names", c, namesOf)
	b.reword("owners", c, ownersOf)
	if c.unlist {
		b.forget = append(b.forget, c.id)
		b.grows["exact"] -= int64(len(former))
		if len(former) > 0 {
			b.grows["lookups"]--
		}
		for _, l := range former {
			b.take(b.keys.exact(), l+separator+c.id)
		}
		return nil
	}
	known := map[string]bool{}
	for _, l := range former {
		known[l] = true
	}
	for _, l := range c.lookups {
		if !known[l] {
			known[l] = true
			b.give(b.keys.exact(), 0, l+separator+c.id)
		}
	}
	b.grows["exact"] += int64(len(known) - len(former))
	if len(former) == 0 && len(known) > 0 {
		b.grows["lookups"]++
	}
	if len(known) > len(former) {
		b.lookups = append(b.lookups, c.id, strings.Join(slices.Sorted(maps.Keys(known)), "\n"))
	}
	return nil
}

// setAside adds what a change says of its stream as a whole.
func (b *batch) setAside(c *change) error {
	switch {
	case c.aside != nil:
		text, err := json.Marshal(c.aside)
		if err != nil {
			return fmt.Errorf("projections: %w", err)
		}
		b.aside = append(b.aside, c.aside.Stream, text)
		if c.former == nil {
			b.grows["aside"]++
		}
	case c.former != nil:
		b.back = append(b.back, c.former.Stream)
		b.grows["aside"]--
	}
	return nil
}

// reword brings a set that is in the order of words up to date.
func (b *batch) reword(name string, c *change, of func(*Row) []string) {
	words, former := once(of(c.row)), []string(nil)
	if c.before != nil {
		former = once(of(c.before))
	}
	key := string(b.keys) + name
	b.grows[name] += int64(len(words) - len(former))
	for _, w := range former {
		if !slices.Contains(words, w) {
			b.take(key, w)
		}
	}
	for _, w := range words {
		if !slices.Contains(former, w) {
			b.give(key, 0, w)
		}
	}
}

// once leaves each word of a few one time.
func once(words []string) []string {
	var out []string
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

func (b *batch) give(key string, score float64, member string) {
	b.add[key] = append(b.add[key], redis.Z{Score: score, Member: member})
}

func (b *batch) take(key, member string) { b.remove[key] = append(b.remove[key], member) }

// queue adds the commands to a pipeline. Within a batch an application appears
// once, so that their order does not matter.
func (b *batch) queue(ctx context.Context, p redis.Pipeliner) {
	if len(b.rows) > 0 {
		p.HSet(ctx, b.keys.rows(), b.rows...)
	}
	if len(b.aside) > 0 {
		p.HSet(ctx, b.keys.asides(), b.aside...)
	}
	if len(b.back) > 0 {
		p.HDel(ctx, b.keys.asides(), b.back...)
	}
	if len(b.forget) > 0 {
		p.HDel(ctx, b.keys.lookups(), b.forget...)
	}
	if len(b.lookups) > 0 {
		p.HSet(ctx, b.keys.lookups(), b.lookups...)
	}
	for key, members := range b.remove {
		p.ZRem(ctx, key, members...)
	}
	for key, members := range b.add {
		p.ZAdd(ctx, key, members...)
	}
}

// place is how far a batch goes.
type place struct {
	mark   eventstore.Mark
	origin string // id of the log's first event, which a generation of an empty log did not know
}

// write puts a batch's changes and the new position in one transaction per
// shard, if the generation still stands where the runner believes it does. Every
// value is absolute: writing twice is writing once. Where a shard failed the
// others may have gone ahead; the runner starts over from what each says.
func (s *Store) write(ctx context.Context, t *tail, to place, changes []*change) error {
	g, held := t.generation, t.held
	if err := t.measured(ctx, s); err != nil {
		return err
	}
	parts, err := s.parts(ctx, g, changes)
	if err != nil {
		return err
	}
	return s.everywhere(g, func(i int, k keys) error {
		if to.mark.Position.Compare(held[i].mark.Position) <= 0 {
			return nil
		}
		return s.commit(ctx, t, i, k, parts[i], &to)
	})
}

// parts are changes as the batches of each shard.
func (s *Store) parts(ctx context.Context, g generation, changes []*change) ([]*batch, error) {
	parts := make([]*batch, s.shards)
	for i, k := range s.each(g) {
		parts[i] = newBatch(k)
	}
	former, err := s.former(ctx, g, changes)
	if err != nil {
		return nil, err
	}
	for i, c := range changes {
		if err := c.encode(); err != nil {
			return nil, err
		}
		if err := parts[s.shard(c.id)].put(c, former[i]); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// commit writes the batch of a shard in one transaction, together with the new
// position where there is one.
func (s *Store) commit(ctx context.Context, t *tail, i int, k keys, part *batch, to *place) error {
	next, set, gone := part.grown(t.sizes[i])
	err := s.guarded(ctx, k, func(c checkpoint) bool { return c == t.held[i] }, func(p redis.Pipeliner) error {
		part.queue(ctx, p)
		if len(set) > 0 {
			p.HSet(ctx, k.sizes(), set...)
		}
		if len(gone) > 0 {
			p.HDel(ctx, k.sizes(), gone...)
		}
		if to != nil {
			p.HSet(ctx, k.checkpoint(), append(markFields(to.mark), "origin", to.origin)...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if to != nil {
		t.held[i].mark, t.held[i].origin = to.mark, to.origin
	}
	maps.Copy(t.sizes[i], next)
	maps.DeleteFunc(t.sizes[i], func(name string, n int64) bool { return n == 0 && name != sizesMark })
	return nil
}

// grown is what a batch makes of the sizes of a shard: the new ones, the fields to
// set, and those of keys that are empty now.
func (b *batch) grown(sizes map[string]int64) (next map[string]int64, set []any, gone []string) {
	next = map[string]int64{}
	for name, more := range b.grows {
		if more == 0 {
			continue
		}
		next[name] = sizes[name] + more
		if next[name] == 0 {
			gone = append(gone, name)
		} else {
			set = append(set, name, next[name])
		}
	}
	return next, set, gone
}

// former reads the exact lookups that Redis holds of those applications whose
// lookups change.
func (s *Store) former(ctx context.Context, g generation, changes []*change) ([][]string, error) {
	out := make([][]string, len(changes))
	cmds := make([]*redis.StringCmd, len(changes))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, c := range changes {
			if c.unlist || len(c.lookups) > 0 {
				cmds[i] = p.HGet(ctx, s.keys(g, s.shard(c.id)).lookups(), c.id)
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("projections: %w", err)
	}
	for i, c := range cmds {
		if c == nil {
			continue
		}
		v, err := c.Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("projections: %w", err)
		}
		if v != "" {
			out[i] = strings.Split(v, "\n")
		}
	}
	return out, nil
}

// stored are the rows of some applications as they stand in a generation, and
// the revisions they reached; no row for a hidden application.
func (s *Store) stored(ctx context.Context, g generation, ids []string) (map[string]storedRow, error) {
	raw, err := s.rows(ctx, g, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]storedRow, len(ids))
	for i, id := range ids {
		if raw[i] == "" {
			continue
		}
		r := &Row{}
		if err := json.Unmarshal([]byte(raw[i]), r); err != nil {
			return nil, fmt.Errorf("projections: stored row %s: %w", id, err)
		}
		out[id] = storedRow{r, r.Revision}
		if r.ID == "" {
			out[id] = storedRow{nil, r.Revision}
		}
	}
	return out, nil
}

type storedRow struct {
	row      *Row
	revision int64
}

// rows reads stored rows; empty where there is none.
func (s *Store) rows(ctx context.Context, g generation, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	places := make([][]int, s.shards)
	for i, id := range ids {
		n := s.shard(id)
		places[n] = append(places[n], i)
	}
	cmds := make([]*redis.SliceCmd, s.shards)
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n, at := range places {
			if len(at) == 0 {
				continue
			}
			fields := make([]string, len(at))
			for j, i := range at {
				fields[j] = ids[i]
			}
			cmds[n] = p.HMGet(ctx, s.keys(g, n).rows(), fields...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	out := make([]string, len(ids))
	for n, at := range places {
		for j, i := range at {
			out[i], _ = cmds[n].Val()[j].(string)
		}
	}
	return out, nil
}
