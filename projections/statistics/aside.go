package statistics

import (
	"context"
	"errors"
	"maps"
	"slices"

	"alta/eventstore"
)

const (
	// manyAside is from how many streams on a start counts everything anew instead of
	// trying stream by stream.
	manyAside = 1000
	// againAside is how many heartbeats lie between two tries.
	againAside = 60
)

// count adds an event to some sums, or sets its stream aside in them.
func (s *cases) count(ctx context.Context, all *sums, aside map[string]eventstore.Revision, rec *eventstore.Record) error {
	if _, waits := aside[rec.Stream]; waits {
		return nil
	}
	adds, err := s.then(ctx, rec)
	if errors.As(err, new(*eventstore.SetAsideError)) || errors.Is(err, eventstore.ErrStreamNotFound) || errors.Is(err, eventstore.ErrStreamDeleted) {
		aside[rec.Stream] = rec.Revision
		all.setAside(rec.Stream, rec.Revision)
		return nil
	}
	if err == nil {
		all.add(adds)
	}
	return err
}

// retake counts what of the streams that are set aside can be read now.
func (r *Runner) retake(ctx context.Context, t *tail) error {
	for _, stream := range slices.Sorted(maps.Keys(t.aside)) {
		all, err := r.reconsider(ctx, t, stream)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			continue // as before: it is tried again
		}
		all.setAside(stream, takenIn)
		err = t.hold(func() error { return r.Store.write(ctx, t.generation, &t.held, t.held.mark, all) })
		if err != nil {
			return err
		}
		delete(t.aside, stream)
		r.Logger.Info("statistics take a stream in again", "stream", stream)
	}
	return nil
}

// reconsider is what the events of a stream add from where it was set aside, as far
// as everything else was counted. The sums of one stream are few: one transaction.
func (r *Runner) reconsider(ctx context.Context, t *tail, stream string) (*sums, error) {
	s, all, from := newCases(r.Log, r.Calendar()), newSums(), t.aside[stream]
	counted := t.at()
	for next, read := eventstore.Revision(0), true; read; {
		read = false
		for rec, err := range r.Log.ReadStream(ctx, stream, next, streamPage) {
			if err != nil {
				return nil, err
			}
			if rec.Position.Compare(counted) > 0 {
				break
			}
			adds, err := s.then(ctx, rec)
			if err != nil {
				return nil, err
			}
			if rec.Revision >= from {
				all.add(adds)
			}
			next, read = rec.Revision+1, true
		}
		if !read && next <= from {
			return nil, eventstore.ErrStreamNotFound // what was there is hidden
		}
	}
	return all, nil
}
