package projections

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"alta/eventstore"
)

// takeOver waits until nobody else writes to a generation, and then holds it.
func (r *Runner) takeOver(ctx context.Context, g generation) (*tail, error) {
	origin := ""
	var seen standing
	for waited := time.Duration(0); ; waited += r.Heartbeat {
		now, err := r.Store.standing(ctx, g)
		if err != nil {
			return nil, err
		}
		head, err := r.Log.Head(ctx)
		if err == nil && origin == "" && head != eventstore.Start { // it was empty until now
			origin, err = Origin(ctx, r.Log)
		}
		if err != nil {
			return nil, err
		}
		here, err := r.here(ctx, now, origin)
		if errors.Is(err, eventstore.ErrForeign) {
			r.Logger.Warn("Redis was filled from another log, or from a longer one")
			return nil, errLost
		}
		if err != nil {
			return nil, err
		}
		if !slices.Equal(now, seen) {
			seen, waited = now, 0
		}
		if holder := now[0].holder; holder == "" || holder == r.id || waited >= r.Patience {
			held, err := r.Store.seize(ctx, g, now, here, r.id, origin)
			if err != nil {
				return nil, err
			}
			if here.position() != now.position() {
				r.Logger.Info("the lists were made from a log of which this one is a copy: they are kept, and go on at the same event",
					"there", now.position().String(), "here", here.position().String())
			}
			t, err := r.tail(ctx, g, held)
			if err == nil {
				err = t.measured(ctx, r.Store)
			}
			if err == nil && len(t.aside) > manyAside {
				err = errLost
			}
			if err == nil {
				for _, a := range t.aside {
					r.tell(a)
				}
			}
			if err == nil {
				err = r.retake(ctx, t)
			}
			return t, err
		}
		r.progress.state.Store(stateStandingBy)
		r.fault.Store(nil)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(r.Heartbeat):
		}
		if live, err := r.Store.live(ctx); err != nil || live != g {
			return nil, errors.Join(err, ErrFenced)
		}
	}
}

// here answers the checkpoints with the positions that their events have in this log.
// It fails with eventstore.ErrForeign where a shard has seen events that this log does
// not hold: it began with another event, or lacks the last one.
func (r *Runner) here(ctx context.Context, now standing, origin string) (standing, error) {
	out := slices.Clone(now)
	for i, c := range now {
		if c.mark.Position != eventstore.Start && c.origin != origin {
			return nil, eventstore.ErrForeign
		}
		if i > 0 && c.mark == now[i-1].mark {
			out[i].mark = out[i-1].mark
			continue
		}
		at, err := eventstore.Locate(ctx, r.Log, c.mark)
		if err != nil {
			return nil, err
		}
		out[i].mark.Position = at
	}
	return out, nil
}

// errMoved: the log behind the address is another one than before.
var errMoved = errors.New("projections: the log does not hold the last event that was written, or not at its position any more")

// verifyTime is how long a runner that follows asks whether its events are there.
const verifyTime = 2 * time.Second

// verify answers errMoved where the log does not hold the event any more at which
// this runner stands: its server was set back, or another log took its place. A
// subscription alone would wait there for ever. A log that cannot be asked just now
// says nothing.
func (r *Runner) verify(ctx context.Context, t *tail) error {
	asking, stop := context.WithTimeout(ctx, verifyTime)
	defer stop()
	for i := range t.held {
		mark := t.held[i].mark // the heartbeat writes beside it
		at, err := eventstore.Locate(asking, r.Log, mark)
		if errors.Is(err, eventstore.ErrForeign) || err == nil && at != mark.Position {
			return errMoved
		}
	}
	return nil
}

// Origin is the id of a log's first event, empty while it has none.
func Origin(ctx context.Context, log interface {
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
}) (string, error) {
	for r, err := range eventstore.Stored(log.Subscribe(ctx, eventstore.Start, eventstore.Filter{Name: "origin"})) {
		if err != nil {
			return "", err
		}
		return r.ID.String(), nil
	}
	return "", nil
}

// live shows that the holder is alive, beside its work, so that a long batch does
// not look like a dead holder. A holder that has been at one batch for as long as
// Stuck shows nothing more: another one may have better luck.
func (r *Runner) live(ctx context.Context, t *tail, lost context.CancelCauseFunc) {
	beat := time.NewTicker(r.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if at := t.working.Load(); at != 0 && time.Since(time.Unix(0, at)) > r.Stuck {
				continue
			}
			if err := r.touch(ctx, t); err != nil {
				lost(err)
				return
			}
		}
	}
}

// touch shows that the holder is alive, and answers why it holds nothing any more.
func (r *Runner) touch(ctx context.Context, t *tail) error {
	return t.hold(func() error { return r.Store.touch(ctx, t.generation, t.held) })
}

// hold keeps the heartbeat and a write apart.
func (t *tail) hold(do func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return do()
}
