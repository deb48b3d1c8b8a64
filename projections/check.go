package projections

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
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

// ErrMoved: another runner wrote while the live build was being compared.
var ErrMoved = errors.New("projections: the live documents changed while they were compared; try again")

// Check builds everything anew beside the live build, at the very position where
// that one stands, compares both and drops the new one. Readers go on; the live
// runner stands by meanwhile, so lists do not change until Check is done.
func (r *Runner) Check(ctx context.Context) (c Comparison, err error) {
	r.prepare()
	live, held, err := r.halt(ctx)
	if err != nil {
		return c, err
	}
	c.Position = held.position()
	defer func() {
		if freed := r.Store.release(context.WithoutCancel(ctx), live, held); freed != nil {
			err = errors.Join(err, ErrMoved)
		}
	}()
	ctx, stop := context.WithCancelCause(ctx)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		r.keep(ctx, live, held, stop)
	}()
	defer func() { stop(nil); <-beating }()
	g, err := r.build(ctx, &c.Position)
	if g != "" {
		defer func() { err = errors.Join(err, r.Store.drop(context.WithoutCancel(ctx), g)) }()
	}
	if err != nil {
		return c, errors.Join(context.Cause(ctx), err)
	}
	if c.Rebuilt, err = r.Store.tally(ctx, g); err != nil {
		return c, err
	}
	c.Live, err = r.Store.tally(ctx, live)
	return c, errors.Join(context.Cause(ctx), err)
}

// between is the pause before the live build is looked at again.
const between = 20 * time.Millisecond

// halt takes the live build from the runner that writes to it. That one beats and
// writes whenever it likes, also between the reading of the checkpoints and the
// seizing, so both are tried again. Where it was stopped between two shards, the
// next one evens them out once it has run out of patience.
func (r *Runner) halt(ctx context.Context) (generation, standing, error) {
	for waited := time.Duration(0); waited < 2*r.Patience; waited += between {
		live, err := r.Store.live(ctx)
		if err != nil {
			return "", nil, err
		}
		seen, err := r.Store.standing(ctx, live)
		if err == nil && seen.even() {
			var here, held standing
			if here, err = r.here(ctx, seen, seen[0].origin); err == nil {
				held, err = r.Store.seize(ctx, live, seen, here, r.id, seen[0].origin)
			}
			if err == nil {
				return live, held, nil
			}
		}
		if err != nil && !errors.Is(err, ErrFenced) && !errors.Is(err, errLost) {
			return "", nil, err
		}
		select {
		case <-ctx.Done():
			return "", nil, ctx.Err()
		case <-time.After(between):
		}
	}
	return "", nil, ErrMoved
}

// keep holds a generation until the context ends.
func (r *Runner) keep(ctx context.Context, g generation, held standing, lost func(error)) {
	beat := time.NewTicker(r.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if err := r.Store.touch(ctx, g, held); err != nil && ctx.Err() == nil {
				lost(fmt.Errorf("%w: %w", ErrMoved, err))
				return
			}
		}
	}
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
