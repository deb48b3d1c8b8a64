package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"alta/domain/application"
	"alta/eventstore"
	"alta/projections/replay"

	"github.com/redis/go-redis/v9"
)

const (
	folders    = 16        // workers that fold: some wait until the disk has brought a key
	builders   = 8         // workers that write, or read streams: a remote log answers slowly
	streamPage = 512       // events of one stream read at a time
	inMemory   = 1_000_000 // applications that a build folds side by side, up to five kilobytes each
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
	if r.Unlisted != nil {
		r.Unlisted() // a copy from before the build is of no more use
	}
	if former == "" {
		return nil
	}
	return r.Store.drop(ctx, former)
}

// build fills a new generation with every application as it stood at one position
// of the log, each written once; then it follows the log to where it has got
// meanwhile. With exactly it builds what stood at that
// position and nothing later.
func (r *Runner) build(ctx context.Context, exactly *eventstore.Position) (generation, error) {
	// The end is asked for first: a log that was empty then has no first event yet.
	target, err := r.Log.Head(ctx)
	if err != nil {
		return "", err
	}
	origin := ""
	if target != eventstore.Start {
		if origin, err = Origin(ctx, r.Log); err != nil {
			return "", err
		}
	}
	if exactly != nil {
		target = *exactly
	}
	g := newGeneration(r.Now(), r.id)
	if err := r.Store.begin(ctx, g, origin); err != nil {
		return "", err
	}
	defer garbage.begin()()
	began := time.Now()
	alive, still := context.WithCancel(ctx)
	var breathing sync.WaitGroup
	breathing.Go(func() { r.breathe(alive, g, origin) })
	writes, events, err := r.fill(ctx, g, target)
	still()
	breathing.Wait()
	if err != nil {
		return g, err
	}
	last, err := eventstore.MarkAt(ctx, r.Log, target)
	if err != nil {
		return g, err
	}
	count, err := r.Store.filled(ctx, g, place{last, origin}, writes)
	if err != nil {
		return g, err
	}
	held, err := r.Store.standing(ctx, g)
	if err != nil {
		return g, err
	}
	head, err := r.Log.Head(ctx)
	if err != nil {
		return g, err
	}
	if exactly == nil && head.Compare(target) > 0 {
		t, err := r.tail(ctx, g, held)
		if err != nil {
			return g, err
		}
		t.until = &head
		if err := r.follow(ctx, t); err != nil {
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

// breathe shows that a build is under way, until the context ends. A log that does
// not say where its streams end is read to its own end before anything is written,
// which may take longer than a sweeper waits. A breath that fails is one that is
// missed; that the build itself is gone is found when it is counted.
func (r *Runner) breathe(ctx context.Context, g generation, origin string) {
	beat := time.NewTicker(r.Heartbeat)
	defer beat.Stop()
	k := r.Store.keys(g, 0)
	for breath := 1; ; breath++ {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			_ = r.Store.guarded(ctx, k, func(c checkpoint) bool { return c == checkpoint{origin: origin} }, func(p redis.Pipeliner) error {
				p.HSet(ctx, k.checkpoint(), "breath", breath)
				return nil
			})
		}
	}
}

// fill writes every application as it stood at the target. It reads the log once
// and folds all applications side by side. Where there are more than memory is
// meant to hold it lets go of half of them, by the hash of their ids, and reads
// the log again for those.
//
// An application may be written twice then, with the same outcome: before it was
// let go and by the later pass. It answers how many were written and of how many
// events.
func (r *Runner) fill(ctx context.Context, g generation, target eventstore.Position) (writes, events int64, err error) {
	r.progress.building.Store(0)
	if target == eventstore.Start {
		return 0, 0, nil
	}
	for from, width := uint64(0), uint64(math.MaxUint64); ; {
		p := &pass{runner: r, generation: g, from: from, limit: int64(r.InMemory)}
		p.to.Store(from + min(width, math.MaxUint64-from))
		err := p.run(ctx, target)
		writes, events = writes+p.written.Load(), events+p.events.Load()
		if err == nil {
			err = r.Store.putAsides(ctx, g, p.asides)
		}
		to := p.to.Load()
		if err != nil || to == math.MaxUint64 {
			return writes, events, err
		}
		from, width = to, to-from
	}
}

// pass is one reading of the log for the applications whose hashes lie from one
// number up to, and without, another; the last number belongs to the last pass.
type pass struct {
	runner     *Runner
	generation generation
	from       uint64
	to         atomic.Uint64
	limit      int64 // applications in memory
	mu         sync.Mutex
	asides     map[string]Aside // streams that are set aside
	held       atomic.Int64     // in memory now
	whole      chan []*change   // of which all was read
	written    atomic.Int64
	events     atomic.Int64
}

func (p *pass) takes(place uint64) bool {
	to := p.to.Load()
	return place >= p.from && (place < to || to == math.MaxUint64)
}

// run reads, and writes beside it what was read to its end.
func (p *pass) run(ctx context.Context, target eventstore.Position) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p.whole = make(chan []*change, run/handed)
	var writing sync.WaitGroup
	writing.Go(func() {
		if err := p.writeAll(ctx); err != nil {
			stop(err)
		}
	})
	categories := []string{category}
	if p.runner.Readable != nil {
		categories = append(categories, p.runner.Watched...)
	}
	err := replay.Spread(ctx, p.runner.Log, categories, target, folders, p.takes, p.work)
	close(p.whole)
	if err != nil {
		stop(err)
	}
	writing.Wait()
	return context.Cause(ctx)
}

// work folds one part of the applications, and hands over those of which it knows
// that it has read all, many at a time; the others when the log is read.
func (p *pass) work(ctx context.Context, feed iter.Seq[replay.Event]) error {
	changes := map[string]*change{}
	watched := map[string]bool{} // streams of others that are set aside
	var whole []*change
	hand := func() {
		select {
		case p.whole <- whole:
		case <-ctx.Done():
		}
		whole = nil
	}
	to := p.to.Load()
	for e := range feed {
		if now := p.to.Load(); now != to {
			to = now
			p.let(changes)
		}
		if !p.takes(e.Place) {
			continue
		}
		if !strings.HasPrefix(e.Record.Stream, category) {
			if c := p.runner.watch(e.Record); c != nil && !watched[e.Record.Stream] {
				watched[e.Record.Stream] = true
				p.setAside(c.aside)
			}
			continue
		}
		c := changes[e.ID]
		if c == nil {
			var err error
			if c, err = p.begin(ctx, e); err != nil {
				return err
			}
			changes[e.ID] = c
		}
		if err := p.fold(ctx, c, e.Record); err != nil {
			return err
		}
		if c.last == int64(e.Record.Revision) {
			delete(changes, c.id)
			if whole = append(whole, c); len(whole) == handed {
				hand()
			}
		}
	}
	for _, c := range changes {
		if whole = append(whole, c); len(whole) == handed {
			hand()
		}
	}
	hand()
	return context.Cause(ctx)
}

// fold folds an event of an application, or sets its stream aside.
func (p *pass) fold(ctx context.Context, c *change, rec *eventstore.Record) error {
	if c.aside != nil {
		c.withdraw(rec)
		return nil
	}
	if p.runner.glance(c, rec) {
		return nil
	}
	err := p.runner.fold(ctx, c, rec)
	var reason *eventstore.SetAsideError
	if errors.As(err, &reason) {
		if err = p.runner.settle(ctx, c, rec, reason); err == nil && c.aside != nil {
			p.setAside(c.aside)
		}
	}
	return err
}

func (p *pass) setAside(a *Aside) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asides == nil {
		p.asides = map[string]Aside{}
	}
	p.asides[a.Stream] = *a
}

// begin takes an application into memory. Where some of that is in use already it
// finds out where the stream ends, so that no more is used than by what is unfinished.
func (p *pass) begin(ctx context.Context, e replay.Event) (*change, error) {
	c, held := newChange(e.ID, nil), p.held.Add(1)
	some := max(1, p.limit/100)
	if log, ok := p.runner.Log.(Ending); ok && held >= some && e.Record.Revision == 0 {
		last, err := log.LastRevision(ctx, e.Record)
		if err != nil {
			return nil, fmt.Errorf("projections: the end of %s: %w", e.Record.Stream, err)
		}
		c.last = int64(last)
	}
	switch {
	case held > p.limit:
		p.narrow()
	case held%some == 0:
		garbage.adjust()
	}
	return c, nil
}

// let lets go of the applications that another pass will take.
func (p *pass) let(changes map[string]*change) {
	for id := range changes {
		if !p.takes(replay.Place(id)) {
			delete(changes, id)
		}
	}
}

// glance folds an event of which only the header matters, without opening what is
// sealed in the rest. It leaves one that cannot be read to fold.
func (r *Runner) glance(c *change, rec *eventstore.Record) bool {
	if c.app == nil || int64(rec.Revision) != c.app.Revision+1 {
		return false
	}
	indifferent, told := c.app.indifferent(rec.Type)
	if !indifferent || r.Readable != nil && r.Readable(rec) != nil {
		return false
	}
	h, err := application.HeaderOf(rec.Data)
	if err != nil {
		return false
	}
	if c.app.touch(int64(rec.Revision), h, told) {
		c.events++
	}
	return true
}

// narrow leaves the upper half of what this pass takes to another one. Of several
// workers that find too much in memory at once, one does it.
func (p *pass) narrow() {
	to := p.to.Load()
	if p.held.Load() <= p.limit {
		return
	}
	if half := p.from + (to-p.from)/2; half > p.from && p.to.CompareAndSwap(to, half) {
		p.held.Store(p.limit / 2) // about: the workers let go of half as they come to it
	}
}

// filled moves a generation to the position up to which it was filled, provided
// that everything that was written is there, and answers how many applications
// it holds.
func (s *Store) filled(ctx context.Context, g generation, to place, writes int64) (applications int64, err error) {
	built := int64(0)
	for _, k := range s.each(g) {
		n, err := s.rdb.HGet(ctx, k.checkpoint(), "built").Int64()
		if err != nil && !errors.Is(err, redis.Nil) {
			return 0, fmt.Errorf("projections: %w", err)
		}
		rows, err := s.rdb.HLen(ctx, k.rows()).Result()
		if err != nil {
			return 0, fmt.Errorf("projections: %w", err)
		}
		built, applications = built+n, applications+rows
	}
	if built != writes {
		return 0, fmt.Errorf("%w: %d of %d applications are there", errLost, built, writes)
	}
	if err := s.measure(ctx, g); err != nil {
		return 0, err
	}
	return applications, s.everywhere(g, func(_ int, k keys) error {
		return s.guarded(ctx, k, func(c checkpoint) bool { return c == checkpoint{origin: to.origin} }, func(p redis.Pipeliner) error {
			p.HSet(ctx, k.checkpoint(), markFields(to.mark)...)
			return nil
		})
	})
}
