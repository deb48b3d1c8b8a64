package api

import (
	"context"
	"errors"
	"strings"

	"alta/domain/application"
	"alta/eventstore"
	"alta/projections"
)

const (
	maxReplays     = 4    // that read the log at once
	replayEvents   = 2000 // of one replay
	replayPlaces   = 200  // applications of one replay
	replayPage     = 512  // events of one stream read at a time
	placesRemember = 1 << 16
)

// missed is what a listener that comes back is told first.
type missed struct {
	from cursor // where its stream begins
	news *news  // nil: nothing happened
}

// missed reads what happened after the last event that a listener saw. It is
// asked after the listener was entered, so that between this and what it hears
// next there is no gap; that something is told twice does no harm. Where more
// happened than a replay reads, or the place is one of another log, the listener is
// told to read anew.
func (h *hub) missed(ctx context.Context, who audience, last *cursor) (missed, error) {
	head, err := h.newest(ctx)
	if err != nil {
		return missed{}, err
	}
	if last == nil {
		return missed{from: head}, nil
	}
	behind := missed{from: head, news: anew(head)}
	if *last == head {
		return missed{from: head}, nil
	}
	if ours, err := h.ours(ctx, *last); err != nil || !ours {
		return behind, err
	}
	select {
	case h.replays <- struct{}{}:
		defer func() { <-h.replays }()
	case <-ctx.Done():
		return missed{}, ctx.Err()
	}
	reached, touched, ok, err := h.touched(ctx, *last, head)
	if err != nil {
		return missed{}, err
	}
	if !ok {
		return behind, nil
	}
	b := batch{}
	for id, since := range touched {
		u, err := h.replay(ctx, id, since, reached)
		if errors.As(err, new(*eventstore.SetAsideError)) {
			return behind, nil
		}
		if err != nil {
			return missed{}, err
		}
		b.add(fact{update: u, at: reached})
	}
	m := missed{from: *last}
	if all := b.sorted(); len(who.message(all).Changes)+len(who.message(all).Queues) > 0 {
		m.news = h.write(who, all, reached)
	} else {
		m.from = reached
	}
	return m, nil
}

// touched lists the applications that changed after one position up to another,
// with the first revision that is new; false where they are too many.
func (h *hub) touched(ctx context.Context, after, upTo cursor) (cursor, map[string]eventstore.Revision, bool, error) {
	out, events, reached := map[string]eventstore.Revision{}, 0, after
	for r, err := range eventstore.Stored(h.log.Subscribe(ctx, after.Position, eventstore.Filter{Name: "missed updates", Streams: []string{category}})) {
		if err != nil {
			return reached, nil, false, err
		}
		if r.Position.Compare(upTo.Position) > 0 {
			break
		}
		id := strings.TrimPrefix(r.Stream, category)
		if _, have := out[id]; !have {
			out[id] = r.Revision
		}
		reached = cursorAt(r)
		if events++; events > replayEvents || len(out) > replayPlaces {
			return reached, nil, false, nil
		}
		if reached.Compare(upTo.Position) >= 0 {
			break
		}
	}
	return reached, out, true, nil
}

// replay is what happened to one application since a revision, up to a position.
func (h *hub) replay(ctx context.Context, id string, since eventstore.Revision, upTo cursor) (update, error) {
	var all update
	var p projections.Place
	err := h.places.each(ctx, category+id, 0, func(r *eventstore.Record) (bool, error) {
		if r.Position.Compare(upTo.Position) > 0 {
			return false, nil
		}
		next, err := then(p, r)
		if err != nil {
			return false, err
		}
		if r.Revision >= since {
			u := updateOf(r, p, next)
			all = u.after(all)
		}
		p = next
		return true, nil
	})
	return all, err
}

// places remembers where the applications stand that changed lately. It is used
// by one goroutine, but for each, which remembers nothing.
type places struct {
	log   Log
	known map[string]placed
}

type placed struct {
	projections.Place
	revision eventstore.Revision
}

// move is where the application of an event stood before and after it.
func (s *places) move(ctx context.Context, r *eventstore.Record) (before, after projections.Place, err error) {
	at, have := s.known[r.Stream]
	if !have {
		at.revision = eventstore.NoStream
	}
	if at.revision >= r.Revision { // delivered before
		return at.Place, at.Place, nil
	}
	if at.revision < r.Revision-1 {
		err := s.each(ctx, r.Stream, at.revision+1, func(e *eventstore.Record) (bool, error) {
			if e.Revision >= r.Revision {
				return false, nil
			}
			at.Place, err = then(at.Place, e)
			return true, err
		})
		if err != nil {
			return before, after, err
		}
	}
	before = at.Place
	if after, err = then(before, r); err != nil {
		return before, after, err
	}
	if len(s.known) >= placesRemember {
		clear(s.known)
	}
	s.known[r.Stream] = placed{after, r.Revision}
	return before, after, nil
}

// each visits the events of a stream from a revision on, until visit says no.
func (s *places) each(ctx context.Context, stream string, from eventstore.Revision, visit func(*eventstore.Record) (bool, error)) error {
	for {
		n := 0
		for r, err := range eventstore.Whole(from-1, s.log.ReadStream(ctx, stream, from, replayPage)) {
			if err != nil {
				return err
			}
			if more, err := visit(r); err != nil || !more {
				return err
			}
			from, n = r.Revision+1, n+1
		}
		if n < replayPage {
			return nil
		}
	}
}

// then is a place after a stored event. An event that this program does not know may
// be about anything.
func then(p projections.Place, r *eventstore.Record) (projections.Place, error) {
	if p, known := p.Past(r.Type); known {
		return p, nil
	}
	e, err := application.Decode(r.Type, r.Data, nil)
	if err != nil {
		return p, eventstore.Unreadable(r, err)
	}
	return p.Then(e), nil
}
