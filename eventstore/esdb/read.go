package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// end is the position after every event.
var end = eventstore.Position{Commit: math.MaxInt64, Prepare: math.MaxInt64}

// A page is what one call reads. It is read whole before the consumer sees any of
// it, so that a slow consumer holds no stream of the connection, and can be read
// again after a failure.
const (
	pageEvents = 1024
	pageBytes  = 4 << 20
)

// page is a part of a reading, system events included.
type page struct {
	records []*eventstore.Record
	last    bool // nothing came after it
}

// ReadStream answers the stream's events from the revision on, in order, at most
// limit of them (a negative one for no limit; 0 is refused). Past the end it is
// empty. It fails with eventstore.ErrStreamNotFound, ErrStreamDeleted,
// ErrUnavailable and ErrDenied, also in the middle of a stream that is deleted
// meanwhile; with an *eventstore.SetAsideError (see eventstore.Absent) where events
// were there and somebody hides all of them.
func (l *Log) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.readStream(ctx, stream, esdb.Forwards, max(from, 0), limit)
}

// ReadStreamBackward answers the stream's events from the revision downwards. Any
// revision past the end starts with the last event; so does a negative one.
func (l *Log) ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	if from < 0 {
		from = math.MaxInt64
	}
	return l.readStream(ctx, stream, esdb.Backwards, from, limit)
}

func (l *Log) readStream(ctx context.Context, stream string, dir esdb.Direction, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	if err := checkStream(stream); err != nil {
		return failed(err)
	}
	next := from
	whole := dir == esdb.Forwards && from == 0 || dir == esdb.Backwards && from == math.MaxInt64
	read := l.pages(ctx, limit, nil, func(ctx context.Context, c *esdb.Client, count uint64) (*esdb.ReadStream, error) {
		o := esdb.ReadStreamOptions{Direction: dir, From: esdb.Revision(uint64(next)), RequiresLeader: true}
		if dir == esdb.Backwards && next == math.MaxInt64 {
			o.From = esdb.End{}
		}
		return c.ReadStream(ctx, stream, o, count)
	}, func(p *page) error {
		if n := len(p.records); n > 0 {
			if next = p.records[n-1].Revision + 1; dir == esdb.Backwards {
				next = p.records[n-1].Revision - 1
			}
			p.last = p.last || next < 0
		}
		return nil
	})
	return func(yield func(*eventstore.Record, error) bool) {
		shown := false
		for r, err := range read {
			if err != nil {
				yield(nil, l.unshown(ctx, stream, err))
				return
			}
			if shown = true; !yield(r, nil) {
				return
			}
		}
		if whole && !shown {
			yield(nil, &eventstore.SetAsideError{Stream: stream, Reason: eventstore.Truncated, Err: errNothingShown})
		}
	}
}

// ReadAll answers the log's events after the position, which comes first in no
// case, in order, at most limit of them (a negative one for no limit; 0 is
// refused). Without a limit it ends at what was there when it began. It fails with
// eventstore.ErrNoPosition where the server has nothing at the position, which is
// another log's then.
func (l *Log) ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	if limit >= 0 {
		return l.readAll(ctx, after, end, limit)
	}
	return func(yield func(*eventstore.Record, error) bool) {
		var until eventstore.Position
		for r, err := range l.readAllBackward(ctx, end, 1, after) {
			if err != nil {
				yield(nil, err)
				return
			}
			until = r.Position
		}
		if until.Compare(after) <= 0 {
			return
		}
		l.readAll(ctx, after, until, limit)(yield)
	}
}

func (l *Log) readAll(ctx context.Context, after, until eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	next := after
	return l.pages(ctx, limit, func() bool { return next != eventstore.Start }, func(ctx context.Context, c *esdb.Client, count uint64) (*esdb.ReadStream, error) {
		o := esdb.ReadAllOptions{From: esPosition(next), RequiresLeader: true}
		if next == eventstore.Start {
			o.From = esdb.Start{}
			return c.ReadAll(ctx, o, count)
		}
		return c.ReadAll(ctx, o, count+1) // the position itself is included
	}, func(p *page) error {
		for len(p.records) > 0 && p.records[0].Position.Compare(next) <= 0 {
			p.records = p.records[1:]
		}
		if len(p.records) == 0 {
			p.last = true
			return nil
		}
		next = p.records[len(p.records)-1].Position
		for n := len(p.records); n > 0 && p.records[n-1].Position.Compare(until) > 0; n-- {
			p.records, p.last = p.records[:n-1], true
		}
		p.last = p.last || next == until
		return nil
	})
}

// ReadAllBackward answers the events before the position, newest first. Any
// position past the end starts with the last event.
func (l *Log) ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.readAllBackward(ctx, before, limit, eventstore.Start)
}

// readAllBackward stops at the position until, which is not read.
func (l *Log) readAllBackward(ctx context.Context, before eventstore.Position, limit int, until eventstore.Position) iter.Seq2[*eventstore.Record, error] {
	if before == eventstore.Start {
		if limit == 0 {
			return failed(errLimit)
		}
		return func(func(*eventstore.Record, error) bool) {} // nothing lies before
	}
	next := before
	return l.pages(ctx, limit, func() bool { return next.Commit < end.Commit }, func(ctx context.Context, c *esdb.Client, count uint64) (*esdb.ReadStream, error) {
		o := esdb.ReadAllOptions{Direction: esdb.Backwards, From: esPosition(next), RequiresLeader: true}
		if next.Commit >= end.Commit {
			o.From = esdb.End{}
		}
		return c.ReadAll(ctx, o, count)
	}, func(p *page) error {
		if len(p.records) == 0 {
			p.last = true
			return nil
		}
		next = p.records[len(p.records)-1].Position
		for n := len(p.records); n > 0 && p.records[n-1].Position.Compare(until) <= 0; n-- {
			p.records, p.last = p.records[:n-1], true
		}
		return nil
	})
}

var errLimit = fmt.Errorf("%w: limit: nothing was asked for", eventstore.ErrInvalid)

// failed is a reading that consists of an error.
func failed(err error) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) { yield(nil, err) }
}

// pages reads page after page: open begins one of at most count events where the
// one before it stopped, and trim says so and drops what the consumer has not
// asked for. positioned says whether the next page begins at a position that came
// from outside; nil is never. A stream that is gone before its end was read is an
// error: what came of it is not the whole.
func (l *Log) pages(ctx context.Context, limit int, positioned func() bool, open opening, trim func(*page) error) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		if limit == 0 {
			yield(nil, errLimit)
			return
		}
		count := pageEvents
		if limit > 0 {
			count = min(limit, pageEvents)
		}
		for left := limit; left != 0; count = pageEvents {
			p, err := l.page(ctx, uint64(count), positioned != nil && positioned(), open)
			if err == nil {
				err = trim(&p)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range p.records {
				if system(r) {
					continue
				}
				if !yield(r, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if p.last {
				return
			}
		}
	}
}

// opening begins the reading of at most count events.
type opening func(ctx context.Context, c *esdb.Client, count uint64) (*esdb.ReadStream, error)

// page reads one page, again where the connection fails. positioned says that it
// begins at a position that came from outside.
func (l *Log) page(ctx context.Context, count uint64, positioned bool, open opening) (page, error) {
	if err := ctx.Err(); err != nil {
		return page{}, err
	}
	within, done := l.within(ctx)
	defer done()
	failures := 0
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		p, err := guarded(within, l.calls, func(ctx context.Context, c *esdb.Client) (page, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			s, err := open(ctx, c, count)
			if err != nil {
				return page{}, err
			}
			defer s.Close()
			return receive(s, count)
		})
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return page{}, ctx.Err()
		}
		if answer, final := understand(err); final {
			return page{}, answer
		}
		if failures++; !positioned || !foreign(err) {
			failures = 0
		}
		switch {
		case failures == foreignFailures:
			return page{}, fmt.Errorf("%w: %w", eventstore.ErrNoPosition, err)
		case errors.Is(err, errAway), !wait(within, pause):
			if ctx.Err() != nil {
				return page{}, ctx.Err()
			}
			if errors.Is(context.Cause(within), eventstore.ErrClosed) {
				return page{}, eventstore.ErrClosed
			}
			return page{}, fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
		}
	}
}

// receive takes a page's events until there are no more or enough. Fewer than
// were asked for means that there are no more.
func receive(s *esdb.ReadStream, count uint64) (p page, err error) {
	seen := uint64(0)
	for bytes := 0; bytes < pageBytes; seen++ {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			p.last = seen < count
			return p, nil
		}
		if err != nil {
			return p, err
		}
		if e.Event == nil {
			continue // a link to an event that is gone
		}
		r := record(e.Event)
		p.records = append(p.records, r)
		bytes += r.Size() + len(r.Stream) + 128
	}
	return p, nil
}

// record is the client's event in the log's words.
func record(e *esdb.RecordedEvent) *eventstore.Record {
	r := &eventstore.Record{
		Proposed: eventstore.Proposed{ID: eventstore.ID(e.EventID), Type: e.EventType, Data: e.Data, Meta: e.UserMetadata},
		Stream:   e.StreamID, Revision: eventstore.Revision(e.EventNumber),
		Position: eventstore.Position{Commit: e.Position.Commit, Prepare: e.Position.Prepare},
		Created:  e.CreatedDate,
	}
	if r.Position.Commit == math.MaxUint64 {
		r.Position = eventstore.Position{} // older servers do not tell it when a stream is read
	}
	return r
}

// system is true for events of the store itself: its streams, and the mark that a
// tombstone leaves in a stream.
func system(r *eventstore.Record) bool {
	return strings.HasPrefix(r.Stream, "$") || strings.HasPrefix(r.Type, "$")
}
