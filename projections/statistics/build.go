package statistics

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"alta/eventstore"
	"alta/projections"
	"alta/projections/replay"
)

const (
	builders   = 4
	buildCells = 1 << 16 // gathered in memory before they are written, some 100 bytes each
	buildCases = 1 << 20 // cases in memory while building, some 500 bytes each
)

// Rebuild counts everything anew beside the live sums, switches, and drops the
// old ones in small steps. Readers notice nothing; a runner that held the old
// sums goes on with the new ones.
func (r *Runner) Rebuild(ctx context.Context) error {
	r.prepare()
	former, err := r.Store.live(ctx)
	if err != nil && !errors.Is(err, projections.ErrRebuilding) {
		return err
	}
	return r.replace(ctx, former)
}

// replace builds a generation and publishes it in place of former.
func (r *Runner) replace(ctx context.Context, former generation) error {
	if former == "" {
		r.progress.state.Store(stateBuilding)
	}
	g := generation(strconv.FormatInt(r.Now().UnixNano(), 36) + "-" + r.id)
	held, err := r.build(ctx, g)
	if err == nil {
		err = r.Store.publish(ctx, g, former, held)
	}
	if err != nil {
		if dropped := r.Store.drop(context.WithoutCancel(ctx), g); dropped != nil {
			r.Logger.Warn("an unfinished count was left behind", "generation", string(g), "error", dropped)
		}
		return err
	}
	if former == "" {
		return nil
	}
	return r.Store.drop(context.WithoutCancel(ctx), former) // a few keys a day: that ends soon
}

// build fills a new generation: it counts everything up to one position of the log
// and follows the log to where it has got meanwhile.
func (r *Runner) build(ctx context.Context, g generation) (checkpoint, error) {
	target, err := r.Log.Head(ctx)
	if err != nil {
		return checkpoint{}, err
	}
	origin := ""
	if target != eventstore.Start {
		if origin, err = projections.Origin(ctx, r.Log); err != nil {
			return checkpoint{}, err
		}
	}
	held := checkpoint{origin: origin + " " + r.Calendar().Version}
	if err := r.Store.begin(ctx, g, held); err != nil {
		return held, err
	}
	begun := time.Now()
	count, err := r.fill(ctx, g, &held, target)
	if err != nil {
		return held, err
	}
	head, err := r.Log.Head(ctx)
	if err != nil {
		return held, err
	}
	if head.Compare(target) > 0 {
		t := &tail{generation: g, held: held, cases: newCases(r.Log, r.Calendar())}
		if t.aside, err = r.Store.asides(ctx, g); err != nil {
			return held, err
		}
		if err := r.follow(ctx, t, &head); err != nil {
			return held, err
		}
		held = t.held
	}
	took := time.Since(begun)
	r.progress.builds.Add(1)
	r.progress.buildTook.Store(int64(took))
	r.Logger.Info("statistics counted", "generation", string(g), "applications", count, "took", took)
	return held, nil
}

// fill counts every application as it stood at the target. Sums do not depend on
// the order of adding, so each worker counts its part of the applications, and a
// case that memory had to let go is read from the log again.
func (r *Runner) fill(ctx context.Context, g generation, held *checkpoint, target eventstore.Position) (count int64, err error) {
	gather := &gathering{all: newSums(), write: func(all *sums, to eventstore.Mark) error {
		return r.Store.write(ctx, g, held, to, all)
	}}
	var applications atomic.Int64
	everything := func(uint64) bool { return true }
	err = replay.Spread(ctx, r.Log, []string{category, sampleCategory}, target, builders, everything, func(ctx context.Context, feed iter.Seq[replay.Event]) error {
		cases := newCases(r.Log, r.Calendar())
		cases.limit = buildCases / builders
		aside := map[string]eventstore.Revision{}
		some := newSums()
		for e := range feed {
			if e.Record.Revision == 0 && strings.HasPrefix(e.Record.Stream, category) {
				applications.Add(1)
			}
			if err := cases.count(ctx, some, aside, e.Record); err != nil {
				return err
			}
			if some.size >= 1024 {
				if err := gather.add(some); err != nil {
					return err
				}
				some = newSums()
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return gather.add(some)
	})
	if err != nil {
		return applications.Load(), err
	}
	last, err := eventstore.MarkAt(ctx, r.Log, target)
	if err != nil {
		return applications.Load(), err
	}
	return applications.Load(), gather.write(gather.all, last)
}

// gathering is where builders put together what they counted.
type gathering struct {
	mu    sync.Mutex
	all   *sums
	write func(*sums, eventstore.Mark) error
}

// add takes what some events come to; where that is much in all, it is written.
// The zero Mark says that the build is under way.
func (s *gathering) add(some *sums) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.merge(some)
	if s.all.size < buildCells {
		return nil
	}
	full := s.all
	s.all = newSums()
	return s.write(full, eventstore.Mark{})
}

// sighting is where a generation stood when it was looked at.
type sighting struct {
	writes int64
	since  time.Time
}

// abandoned is how long a build may stand still before it is swept away.
const abandoned = 2 * time.Minute

// sweep drops generations that nobody uses: retired ones whose drop was broken
// off, and builds whose builder stands still. That it fails is no fault.
func (r *Runner) sweep(ctx context.Context) {
	live, err := r.Store.live(ctx)
	if err != nil {
		return
	}
	all, err := r.Store.rdb.SMembers(ctx, generations).Result()
	found := make(map[generation]sighting, len(all))
	for _, name := range all {
		g := generation(name)
		if g == live {
			continue
		}
		c, e := checkpointIn(ctx, r.Store.rdb, g)
		if e != nil && !errors.Is(e, errLost) {
			err = e
			break
		}
		s := sighting{c.writes, r.Now()}
		if before, known := r.seen[g]; known && before.writes == s.writes {
			s.since = before.since
		}
		if e == nil && r.Now().Sub(s.since) < abandoned {
			found[g] = s
		} else if err = r.Store.drop(ctx, g); err != nil {
			break
		}
	}
	r.seen = found
	if err != nil && ctx.Err() == nil {
		r.Logger.Warn("abandoned statistics could not be dropped", "error", err)
	}
}
