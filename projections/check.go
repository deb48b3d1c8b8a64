package projections

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"strings"
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

// Comparison is what Check found: the tallies by kind of key (doc, history, set,
// names, find, lookups) of the live build and of one made anew, both at Position.
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
	live, err := r.Store.live(ctx)
	if err != nil {
		return c, err
	}
	seen, err := checkpointIn(ctx, r.Store.rdb, live)
	if err != nil {
		return c, err
	}
	held, err := r.Store.seize(ctx, live, seen, r.id, seen.origin)
	if err != nil {
		return c, err
	}
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
	c.Position = held.position
	g, err := r.build(ctx, &held.position)
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

// keep holds a generation until the context ends.
func (r *Runner) keep(ctx context.Context, g generation, held checkpoint, lost func(error)) {
	beat := time.NewTicker(r.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if err := r.Store.touch(ctx, g, &held); err != nil && ctx.Err() == nil {
				lost(fmt.Errorf("%w: %w", ErrMoved, err))
				return
			}
		}
	}
}

// tally reads a whole generation.
func (s *Store) tally(ctx context.Context, g generation) (map[string]Tally, error) {
	out := map[string]Tally{}
	seen := map[string]bool{} // a scan may answer a key twice
	err := s.eachKey(ctx, g, func(node redis.Cmdable, keys []string) error {
		for _, k := range keys {
			kind, _, _ := strings.Cut(strings.TrimPrefix(k, g.key()), ":")
			if kind == "checkpoint" || seen[k] {
				continue
			}
			seen[k] = true
			t := out[kind]
			t.Keys++
			if err := tallyKey(ctx, node, k, strings.TrimPrefix(k, g.key()), kind, &t); err != nil {
				return fmt.Errorf("projections: %s: %w", k, err)
			}
			out[kind] = t
		}
		return nil
	})
	return out, err
}

func tallyKey(ctx context.Context, node redis.Cmdable, key, name, kind string, t *Tally) error {
	switch kind {
	case "doc", "history":
		h, err := node.HGetAll(ctx, key).Result()
		for f, v := range h {
			t.add(name, f, v)
		}
		return err
	case "find", "lookups":
		members, err := node.SMembers(ctx, key).Result()
		for _, m := range members {
			t.add(name, m)
		}
		return err
	}
	for last := int64(0); ; last += dropPage {
		page, err := node.ZRangeWithScores(ctx, key, last, last+dropPage-1).Result()
		for _, z := range page {
			t.add(name, z.Member.(string), fmt.Sprintf("%.0f", z.Score))
		}
		if err != nil || len(page) < dropPage {
			return err
		}
	}
}
