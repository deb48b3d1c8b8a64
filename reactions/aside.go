package reactions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alta/eventstore"
)

const (
	asideRetry = time.Minute // between two tries of what is set aside
	mostAside  = 1000        // streams; more is no accident, and the reaction stops
)

// aside is a stream that a reaction cannot handle, or of which one event waits.
type aside struct {
	from   eventstore.Revision // handled again from here on
	before eventstore.Position // handled before that event; the position that is kept goes no further
	whole  bool                // its later events wait too
	told   string              // what was logged of it
}

// SetAside notes that the events of a stream from a revision on could not be handled
// because of err. before is the position up to which all was handled before them.
// Where err is about that very stream its later events wait as well. They are
// handled, in order, once the stream can be read: it is tried again every minute,
// and after a restart, because the position that is kept stays before them.
//
// It answers err where more is set aside than can be an accident.
func (f *Follower) SetAside(stream string, from eventstore.Revision, before eventstore.Position, err *eventstore.SetAsideError) error {
	a, known := f.aside[stream]
	if !known && len(f.aside) >= mostAside {
		return fmt.Errorf("reactions: %d streams are set aside already: %w", len(f.aside), err)
	}
	if !known {
		a = aside{from: from, before: before}
	}
	a.from, a.whole = min(a.from, from), a.whole || err.Stream == stream
	if before.Compare(a.before) < 0 {
		a.before = before
	}
	if text := err.Error(); a.told != text {
		a.told = text
		f.Logger.Warn("a reaction sets a stream aside and goes on with the others", "reaction", f.Name, "stream", stream, "error", err)
	}
	if f.aside == nil {
		f.aside = map[string]aside{}
	}
	if f.aside[stream] = a; !known {
		f.asideAgain = f.Now().Add(asideRetry)
	}
	f.asides.Store(int64(len(f.aside)))
	return nil
}

// retryAside handles again what is set aside, when it is time, and answers when it
// is time next; the zero time while nothing is.
func (f *Follower) retryAside(ctx context.Context) (time.Time, error) {
	if len(f.aside) == 0 {
		return time.Time{}, nil
	}
	if now := f.Now(); now.Before(f.asideAgain) {
		return f.asideAgain, nil
	}
	for stream, a := range f.aside {
		err := f.again(ctx, stream, a)
		if ctx.Err() != nil {
			return time.Time{}, ctx.Err()
		}
		if err == nil {
			delete(f.aside, stream)
			f.asides.Store(int64(len(f.aside)))
			f.Logger.Info("a reaction takes a stream in again", "reaction", f.Name, "stream", stream)
		}
	}
	if len(f.aside) == 0 {
		return time.Time{}, nil
	}
	f.asideAgain = f.Now().Add(asideRetry)
	return f.asideAgain, nil
}

// again handles the events of a stream from where it was set aside up to where the
// reaction is. Handling an event twice changes nothing, so it may begin too early.
func (f *Follower) again(ctx context.Context, stream string, a aside) error {
	const page = 256
	for next := a.from; ; {
		n := 0
		for r, err := range eventstore.Whole(next-1, f.Log.ReadStream(ctx, stream, next, page)) {
			if err != nil {
				return err
			}
			if r.Position.Compare(f.at) > 0 {
				return nil
			}
			next, n = r.Revision+1, n+1
			if !f.Filter.Accepts(r.Stream, r.Type) {
				continue
			}
			err = f.handle(ctx, r)
			var reason *eventstore.SetAsideError
			if errors.As(err, &reason) {
				return errors.Join(err, f.SetAside(stream, a.from, a.before, reason))
			}
			if err != nil {
				return err
			}
		}
		if n < page {
			if next == a.from {
				return eventstore.ErrStreamNotFound // what was there is hidden
			}
			return nil
		}
	}
}

// handle handles one event; a panic is an event that cannot be handled.
func (f *Follower) handle(ctx context.Context, r *eventstore.Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = eventstore.Panicked(r, p)
		}
	}()
	return f.Handle(ctx, r)
}
