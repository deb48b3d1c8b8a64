package eventstoretest

import (
	"context"
	"errors"
	"iter"

	"alta/eventstore"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Inner is a log that Elsewhere gives other positions: the embedded one.
type Inner interface {
	Log
	ReadAllFrom(ctx context.Context, from eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
}

// ErrNotOurPosition is what Elsewhere says of a position of another log, as a real
// server does.
var ErrNotOurPosition = status.Error(codes.Unknown, "Exception was thrown by handler.")

// Elsewhere is a log with positions of its own, as a server has them: large, with
// holes, and at any other one it fails. What is appended to it, or copied into it,
// lies at other positions than in the log that it wraps.
type Elsewhere struct {
	Inner
	// First and Hole are where the first event lies and how far events are apart.
	First, Hole uint64
}

func (e Elsewhere) out(p eventstore.Position) eventstore.Position {
	if p == eventstore.Start {
		return p
	}
	n := e.First + (p.Commit-1)*e.Hole
	return eventstore.Position{Commit: n, Prepare: n}
}

// in is the same position in the wrapped log.
func (e Elsewhere) in(p eventstore.Position) (eventstore.Position, error) {
	switch {
	case p == eventstore.Start, p.Commit >= 1<<62: // the beginning, and the end
		return p, nil
	case p.Commit < e.First || (p.Commit-e.First)%e.Hole != 0 || p.Prepare != p.Commit:
		return p, ErrNotOurPosition
	}
	n := (p.Commit-e.First)/e.Hole + 1
	return eventstore.Position{Commit: n, Prepare: n}, nil
}

func (e Elsewhere) record(r *eventstore.Record) *eventstore.Record {
	if r == nil {
		return nil
	}
	moved := *r
	moved.Position = e.out(r.Position)
	return &moved
}

func (e Elsewhere) records(seq iter.Seq2[*eventstore.Record, error]) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for r, err := range seq {
			if !yield(e.record(r), err) {
				return
			}
		}
	}
}

// at reads from a position of this log, or fails there.
func (e Elsewhere) at(p eventstore.Position, read func(eventstore.Position) iter.Seq2[*eventstore.Record, error]) iter.Seq2[*eventstore.Record, error] {
	inner, err := e.in(p)
	if err != nil {
		return func(yield func(*eventstore.Record, error) bool) { yield(nil, err) }
	}
	return e.records(read(inner))
}

func (e Elsewhere) messages(seq iter.Seq2[eventstore.Message, error]) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for m, err := range seq {
			m.Record = e.record(m.Record)
			if !yield(m, err) {
				return
			}
		}
	}
}

// Append implements Log.
func (e Elsewhere) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	a, err := e.Inner.Append(ctx, stream, expected, events...)
	a.Position = e.out(a.Position)
	return a, err
}

// ReadStream implements Log.
func (e Elsewhere) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return e.records(e.Inner.ReadStream(ctx, stream, from, limit))
}

// ReadStreamBackward implements Log.
func (e Elsewhere) ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return e.records(e.Inner.ReadStreamBackward(ctx, stream, from, limit))
}

// ReadAll implements Log.
func (e Elsewhere) ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return e.at(after, func(p eventstore.Position) iter.Seq2[*eventstore.Record, error] {
		return e.Inner.ReadAll(ctx, p, limit)
	})
}

// ReadAllFrom implements Inner.
func (e Elsewhere) ReadAllFrom(ctx context.Context, from eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return e.at(from, func(p eventstore.Position) iter.Seq2[*eventstore.Record, error] {
		return e.Inner.ReadAllFrom(ctx, p, limit)
	})
}

// ReadAllBackward implements Log.
func (e Elsewhere) ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return e.at(before, func(p eventstore.Position) iter.Seq2[*eventstore.Record, error] {
		return e.Inner.ReadAllBackward(ctx, p, limit)
	})
}

// ReadAt implements Log.
func (e Elsewhere) ReadAt(ctx context.Context, at eventstore.Position) (*eventstore.Record, error) {
	p, err := e.in(at)
	if err != nil {
		return nil, errors.Join(ctx.Err(), eventstore.ErrNoPosition)
	}
	r, err := e.Inner.ReadAt(ctx, p)
	return e.record(r), err
}

// Subscribe implements Log.
func (e Elsewhere) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	p, err := e.in(after)
	if err != nil {
		return func(yield func(eventstore.Message, error) bool) { yield(eventstore.Message{}, err) }
	}
	if tell := filter.Considered; tell != nil {
		filter.Considered = func(p eventstore.Position) { tell(e.out(p)) }
	}
	return e.messages(e.Inner.Subscribe(ctx, p, filter))
}

// SubscribeStream implements Log.
func (e Elsewhere) SubscribeStream(ctx context.Context, stream string, after eventstore.Revision) iter.Seq2[eventstore.Message, error] {
	return e.messages(e.Inner.SubscribeStream(ctx, stream, after))
}

// Delete implements Log.
func (e Elsewhere) Delete(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	p, err := e.Inner.Delete(ctx, stream, expected)
	return e.out(p), err
}

// Tombstone implements Log.
func (e Elsewhere) Tombstone(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	p, err := e.Inner.Tombstone(ctx, stream, expected)
	return e.out(p), err
}

// Head implements Log.
func (e Elsewhere) Head(ctx context.Context) (eventstore.Position, error) {
	p, err := e.Inner.Head(ctx)
	return e.out(p), err
}

// Copy appends everything that a log holds to another one, with the same streams,
// revisions and ids, but for the first skip events, which are there already.
func Copy(ctx context.Context, to, from Log, skip int) error {
	n := 0
	for r, err := range from.ReadAll(ctx, eventstore.Start, all) {
		if err != nil {
			return err
		}
		if n++; n <= skip {
			continue
		}
		if _, err := to.Append(ctx, r.Stream, r.Revision-1, r.Proposed); err != nil {
			return err
		}
	}
	return nil
}
