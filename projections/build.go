package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"

	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

const (
	builders     = 8       // applications folded at once; a remote log answers slowly
	buildBytes   = 1 << 20 // of one pipeline while building; nobody reads what it writes
	streamPage   = 512     // events of one stream read at a time
	openedPrefix = "application.opened."
)

// Rebuild builds a new generation beside the live one, switches to it, and drops
// the old one in small steps. Readers and commands notice nothing; a runner that
// held the old generation goes on with the new one.
func (r *Runner) Rebuild(ctx context.Context) error {
	r.prepare()
	former, err := r.Store.live(ctx)
	if err != nil && !errors.Is(err, ErrRebuilding) {
		return err
	}
	return r.replace(ctx, former)
}

// replace builds a generation and publishes it in place of former.
func (r *Runner) replace(ctx context.Context, former generation) error {
	if former == "" {
		r.progress.state.Store(stateBuilding)
	}
	g, err := r.build(ctx, nil)
	if err == nil {
		err = r.Store.publish(ctx, g, former)
	}
	if err != nil {
		if g != "" {
			if dropped := r.Store.drop(context.WithoutCancel(ctx), g); dropped != nil {
				r.Logger.Warn("an unfinished build was left behind", "generation", string(g), "error", dropped)
			}
		}
		return err
	}
	if former == "" {
		return nil
	}
	return r.Store.drop(ctx, former)
}

// build fills a new generation. It folds application by application as they
// stand at one position of the log, many at once, so that each document is
// written once and memory holds only those under way; then it follows the log
// to where it has got meanwhile. With exactly it builds what stood at that
// position and nothing later.
func (r *Runner) build(ctx context.Context, exactly *eventstore.Position) (generation, error) {
	origin, err := r.origin(ctx)
	if err != nil {
		return "", err
	}
	g := newGeneration(r.Now(), r.id)
	if err := r.Store.begin(ctx, g, origin); err != nil {
		return "", err
	}
	began, target := time.Now(), r.Log.Head()
	if exactly != nil {
		target = *exactly
	}
	count, events, err := r.fill(ctx, g, target)
	if err != nil {
		return g, err
	}
	if err := r.Store.filled(ctx, g, origin, target, count); err != nil {
		return g, err
	}
	held, err := checkpointIn(ctx, r.Store.rdb, g)
	if err != nil {
		return g, err
	}
	if head := r.Log.Head(); exactly == nil && head.Compare(target) > 0 {
		if err := r.follow(ctx, &tail{generation: g, held: held, docs: map[string]*kept{}, until: &head}); err != nil {
			return g, err
		}
	}
	took := time.Since(began)
	r.progress.builds.Add(1)
	r.progress.built.Store(count)
	r.progress.buildTook.Store(int64(took))
	r.Logger.Info("projection built", "generation", string(g), "applications", count, "events", events, "took", took)
	return g, nil
}

// fill writes every application as it stood at the target.
func (r *Runner) fill(ctx context.Context, g generation, target eventstore.Position) (applications, events int64, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ids := make(chan string, 4*builders)
	var workers sync.WaitGroup
	var sum sync.Mutex
	r.progress.building.Store(0)
	for range builders {
		workers.Go(func() {
			a, e, err := r.fillFrom(ctx, g, target, ids)
			sum.Lock()
			defer sum.Unlock()
			applications, events = applications+a, events+e
			if err != nil {
				stop(err)
			}
		})
	}
	for id, err := range applicationsUpTo(ctx, r.Log, target) {
		if err != nil {
			stop(err)
			break
		}
		select {
		case ids <- id:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(ids)
	workers.Wait()
	return applications, events, context.Cause(ctx)
}

// applicationsUpTo lists the applications that were opened up to a position.
func applicationsUpTo(ctx context.Context, log Log, target eventstore.Position) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if target == eventstore.Start {
			return
		}
		for m, err := range log.Subscribe(ctx, eventstore.Start, eventstore.Filter{Streams: []string{category}, Types: []string{openedPrefix}}) {
			if err != nil {
				yield("", err)
				return
			}
			if m.CaughtUp || m.Record != nil && m.Record.Position.Compare(target) > 0 {
				return
			}
			if m.Record != nil && !yield(strings.TrimPrefix(m.Record.Stream, category), nil) {
				return
			}
		}
	}
}

// fillFrom is one of the builders.
func (r *Runner) fillFrom(ctx context.Context, g generation, target eventstore.Position, ids <-chan string) (applications, events int64, err error) {
	p := r.Store.rdb.Pipeline()
	pending, size := int64(0), 0
	flush := func() error {
		if pending == 0 {
			return nil
		}
		// Counted in the same pipeline: what a failover loses is missing in the sum.
		p.HIncrBy(ctx, g.checkpoint(), "built", pending)
		if _, err := p.Exec(ctx); err != nil {
			return fmt.Errorf("projections: %w", err)
		}
		applications += pending
		r.progress.building.Add(pending)
		pending, size = 0, 0
		return nil
	}
	for id := range ids {
		c, err := r.stream(ctx, id, target)
		if err != nil {
			return applications, events, err
		}
		if c.app == nil {
			continue
		}
		if err := c.encode(); err != nil {
			return applications, events, err
		}
		c.queue(ctx, p, g)
		events += c.app.Revision + 1
		pending, size = pending+1, size+c.size()
		if size > buildBytes {
			if err := flush(); err != nil {
				return applications, events, err
			}
		}
	}
	return applications, events, flush()
}

// size is roughly what the change sends to Redis, in bytes.
func (c *change) size() int {
	n := len(c.encoded.application) + len(c.encoded.status) + len(c.encoded.row)
	for i := 1; i < len(c.encoded.entries); i += 2 {
		n += len(c.encoded.entries[i].([]byte))
	}
	return n
}

// stream folds one application up to a position.
func (r *Runner) stream(ctx context.Context, id string, target eventstore.Position) (*change, error) {
	c := newChange(id, nil)
	for next := eventstore.Revision(0); ; {
		n := 0
		for rec, err := range r.Log.ReadStream(ctx, category+id, next, streamPage) {
			if err != nil {
				return nil, err
			}
			if rec.Position.Compare(target) > 0 {
				return c, nil
			}
			if err := r.fold(ctx, c, rec); err != nil {
				return nil, err
			}
			next, n = rec.Revision+1, n+1
		}
		if n < streamPage {
			return c, nil
		}
	}
}

// filled moves a generation to the position up to which it was filled, provided
// that everything that was written is there.
func (s *Store) filled(ctx context.Context, g generation, origin string, at eventstore.Position, applications int64) error {
	built, err := s.rdb.HGet(ctx, g.checkpoint(), "built").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("projections: %w", err)
	}
	if built != strconv.FormatInt(applications, 10) && applications > 0 {
		return fmt.Errorf("%w: %q of %d applications are there", errLost, built, applications)
	}
	return s.guarded(ctx, g, func(c checkpoint) bool { return c == checkpoint{origin: origin} }, func(p redis.Pipeliner) error {
		p.HSet(ctx, g.checkpoint(), "position", at.String())
		return nil
	})
}
