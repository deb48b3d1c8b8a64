package projections

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

// Tally is the digest of all keys of one kind in one build. It does not depend
// on the order in which they are read, so a large Redis is read in small steps.
type Tally struct {
	Keys, Entries int64
	Sum           [sha256.Size]byte // the entries' SHA-256, added up bit by bit
}

func (t *Tally) add(parts ...string) {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	for i, b := range h.Sum(nil) {
		t.Sum[i] ^= b
	}
	t.Entries++
}

// Comparison is what Check found: the tallies by kind of key (rows, set, names,
// owners, exact, lookups) of the live build and of one made anew, both at Position.
type Comparison struct {
	Position      eventstore.Position
	Live, Rebuilt map[string]Tally
}

// Equal reports whether both builds are the same, byte for byte.
func (c Comparison) Equal() bool { return maps.Equal(c.Live, c.Rebuilt) }

// ErrMoved: the live build went on at every attempt to compare it.
var ErrMoved = errors.New("projections: the live documents changed while they were compared; try again")

const (
	checkTries = 20
	between    = 100 * time.Millisecond // the pause between two of them
)

// Check builds everything anew beside the live build, compares both at one position
// and drops the new one. It takes nothing from the runner that writes the live build.
// Where that is Beside it holds its batches back while both are read; any other one is
// only watched, and the comparison is made again where it wrote meanwhile.
func (r *Runner) Check(ctx context.Context) (c Comparison, err error) {
	r.prepare()
	live, now, err := r.still(ctx)
	if err != nil {
		return c, err
	}
	c.Position = now.position()
	g, err := r.build(ctx, &c.Position)
	if g != "" {
		defer func() { err = errors.Join(err, r.Store.drop(context.WithoutCancel(ctx), g)) }()
	}
	if err != nil {
		return c, err
	}
	for range checkTries {
		again := false
		compare := func() (err error) {
			again, err = r.compare(ctx, live, g, &c)
			return err
		}
		if beside := r.Beside; beside != nil && now[0].holder == beside.id {
			err = beside.pause(ctx, compare)
		} else {
			err = compare()
		}
		if err != nil || !again {
			return c, err
		}
		select {
		case <-ctx.Done():
			return c, ctx.Err()
		case <-time.After(between):
		}
	}
	return c, ErrMoved
}

// compare brings a build to where the live one stands and reads both. again says that
// the live one moved meanwhile.
func (r *Runner) compare(ctx context.Context, live, g generation, c *Comparison) (again bool, err error) {
	used, now, err := r.still(ctx)
	if err != nil {
		return false, err
	}
	if used != live {
		return false, ErrMoved // it was built anew
	}
	if at := now.position(); at.Compare(c.Position) > 0 {
		held, err := r.Store.standing(ctx, g)
		if err != nil {
			return false, err
		}
		t, err := r.tail(ctx, g, held)
		if err != nil {
			return false, err
		}
		t.until = &at
		if err := r.follow(ctx, t); err != nil {
			return false, err
		}
		c.Position = at
	}
	if c.Live, err = r.Store.tally(ctx, live); err != nil {
		return false, err
	}
	used, after, err := r.still(ctx)
	if err != nil {
		return false, err
	}
	same := slices.EqualFunc(now, after, func(a, b checkpoint) bool { return a.mark == b.mark })
	if used != live || !same {
		return true, nil
	}
	c.Rebuilt, err = r.Store.tally(ctx, g)
	return false, err
}

// still answers the live build and where it stands, once all its shards stand at one
// position: a batch is written shard by shard. Where a writer was stopped between two
// shards, the next one evens them out once it has run out of patience.
func (r *Runner) still(ctx context.Context) (generation, standing, error) {
	for waited := time.Duration(0); ; waited += between {
		live, err := r.Store.live(ctx)
		if err != nil {
			return "", nil, err
		}
		now, err := r.Store.standing(ctx, live)
		if err == nil && now.even() {
			return live, now, nil
		}
		if err != nil && !errors.Is(err, errLost) {
			return "", nil, err
		}
		if waited > 2*r.Patience {
			return "", nil, ErrMoved
		}
		select {
		case <-ctx.Done():
			return "", nil, ctx.Err()
		case <-time.After(between):
		}
	}
}

// pause holds the runner's batches back while do is done.
func (r *Runner) pause(ctx context.Context, do func() error) error {
	r.prepare()
	select {
	case r.batches <- struct{}{}:
		defer func() { <-r.batches }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return do()
}

// tally reads a whole generation.
func (s *Store) tally(ctx context.Context, g generation) (map[string]Tally, error) {
	out := map[string]Tally{}
	var sum sync.Mutex // nodes are read at once
	seen := map[string]bool{}
	err := s.eachKey(ctx, g, func(node redis.Cmdable, found []string) error {
		sum.Lock()
		defer sum.Unlock()
		for _, k := range found {
			name := named(g, k)
			kind, _, _ := strings.Cut(name, ":")
			if kind == "checkpoint" || seen[k] { // a scan may answer a key twice
				continue
			}
			seen[k] = true
			t := out[kind]
			t.Keys++
			if err := tallyKey(ctx, node, k, name, kind, &t); err != nil {
				return fmt.Errorf("projections: %s: %w", k, err)
			}
			out[kind] = t
		}
		return nil
	})
	return out, err
}

// named is a key without its shard and generation.
func named(g generation, key string) string {
	_, name, _ := strings.Cut(key, "}:"+string(g)+":")
	return name
}

func tallyKey(ctx context.Context, node redis.Cmdable, key, name, kind string, t *Tally) error {
	if kind == "rows" || kind == "lookups" || kind == "sizes" || kind == "aside" {
		return eachField(ctx, node, key, func(f, v string) { t.add(name, f, v) })
	}
	for last := int64(0); ; last += scanPage {
		page, err := node.ZRangeWithScores(ctx, key, last, last+scanPage-1).Result()
		for _, z := range page {
			t.add(name, z.Member.(string), fmt.Sprintf("%.0f", z.Score))
		}
		if err != nil || len(page) < scanPage {
			return err
		}
	}
}

// eachField visits the fields of a hash, each once, in bounded steps.
func eachField(ctx context.Context, node redis.Cmdable, key string, visit func(field, value string)) error {
	seen := map[uint64]bool{} // a scan may answer a field twice
	seed := maphash.MakeSeed()
	for cursor := uint64(0); ; {
		page, next, err := node.HScan(ctx, key, cursor, "*", scanPage).Result()
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(page); i += 2 {
			if h := maphash.String(seed, page[i]); !seen[h] {
				seen[h] = true
				visit(page[i], page[i+1])
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}
