package nodetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
)

// view is the log as one node shows it to one call.
type view struct {
	n      *node
	strict bool // the call requires the leader
}

// now is what holds while a call begins.
func (v *view) now() (s *store, f Facts, has uint64) {
	c := v.n.c
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.store, c.facts, v.n.has()
}

// outward is a record as clients see it.
func (s *store) record(r *eventstore.Record, offsets bool) *eventstore.Record {
	out := *r
	out.Stream, out.Type = outName(r.Stream), outName(r.Type)
	out.Position = s.outward(r.Position, offsets)
	if out.Type == typeDeleted {
		out.Revision = math.MaxInt64
	}
	return &out
}

// Append appends where the node leads, and answers when a majority has it.
func (v *view) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	c := v.n.c
	key := ""
	if len(events) > 0 {
		key = fmt.Sprint(stream, expected, events[0].ID)
	}
	c.mu.Lock()
	twin := c.flying[key] && c.facts.DroppedTwins
	mine := !c.flying[key]
	c.flying[key] = true
	facts := c.facts
	c.mu.Unlock()
	if twin {
		return eventstore.Appended{}, c.limit(ctx)
	}
	if mine {
		defer func() {
			c.mu.Lock()
			delete(c.flying, key)
			c.mu.Unlock()
		}()
	}
	if strings.HasPrefix(stream, ofStream) && !facts.Metadata {
		return eventstore.Appended{}, errDenied
	}
	at, err := v.write(ctx, func(s *store) (eventstore.Appended, error) {
		return v.append(ctx, s, stream, expected, events)
	})
	var conflict *eventstore.ConflictError
	if errors.As(err, &conflict) {
		conflict.Stream, conflict.Expected = stream, expected
		c.count(stream, func(h *Held) { h.conflicts++ })
	}
	return at, err
}

// limit is the answer to an append that is not done in time.
func (c *Cluster) limit(ctx context.Context) error {
	t := time.NewTimer(c.opt.Limit)
	defer t.Stop()
	select {
	case <-t.C:
		return errLimit
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// write writes if the node may, and waits until a majority has it. What is answered
// has positions as clients see them.
func (v *view) write(ctx context.Context, do func(*store) (eventstore.Appended, error)) (eventstore.Appended, error) {
	c := v.n.c
	at, s, err := func() (eventstore.Appended, *store, error) {
		c.write.Lock()
		defer c.write.Unlock()
		c.mu.Lock()
		s, err := c.store, v.n.refusal(v.strict)
		if err == nil && v.n.cut {
			err = errLimit
		}
		if err == nil && v.n.full {
			err = eventstore.ErrDiskReserve
		}
		c.mu.Unlock()
		if err != nil {
			return eventstore.Appended{}, s, err
		}
		at, err := do(s)
		return at, s, err
	}()
	if errors.Is(err, errLimit) {
		err = c.limit(ctx)
	}
	if err != nil {
		return eventstore.Appended{}, err
	}
	err = c.until(ctx, func() bool { return c.visible >= at.Position.Commit || v.n.cut })
	if err == nil && v.cut() {
		err = c.limit(ctx) // the others have it, and will say so
	}
	if err != nil {
		return eventstore.Appended{}, err
	}
	_, facts, _ := v.now()
	at.Position = s.outward(at.Position, facts.Offsets)
	return at, nil
}

func (v *view) cut() bool {
	v.n.c.mu.Lock()
	defer v.n.c.mu.Unlock()
	return v.n.cut
}

// append decides and writes. The caller holds the right to write.
func (v *view) append(ctx context.Context, s *store, stream string, expected eventstore.Revision, events []eventstore.Proposed) (eventstore.Appended, error) {
	c := v.n.c
	c.mu.Lock()
	t := traits{}
	if known := s.streams[stream]; known != nil {
		t = *known
	}
	c.mu.Unlock()
	if t.gone {
		return eventstore.Appended{}, fmt.Errorf("%w: %s", eventstore.ErrStreamDeleted, stream)
	}
	last, err := s.last(ctx, stream)
	if err != nil {
		return eventstore.Appended{}, err
	}
	hidden := t.before == deleted
	inner := expected
	switch {
	case expected == embedded.StreamExists && (hidden || last == eventstore.NoStream):
		return eventstore.Appended{}, &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: last}
	case expected == eventstore.NoStream && hidden:
		inner = last
	case expected == eventstore.NoStream && t.before > 0 && s.begins(ctx, stream, t.before, events):
		inner = t.before - 1 // a repetition of what brought the stream back
	}
	inward := make([]eventstore.Proposed, len(events))
	for i, e := range events {
		e.Type = inName(e.Type)
		inward[i] = e
	}
	at, err := s.engine.Append(ctx, inName(stream), inner, inward...)
	if err != nil {
		return at, err
	}
	if at.Revision <= last {
		return at, nil // a repetition
	}
	c.replicate(stream, at.Position.Commit)
	if hidden {
		if _, err := v.metadata(ctx, s, stream, t.with(last+1)); err != nil {
			return at, err
		}
	}
	if of, is := strings.CutPrefix(stream, ofStream); is {
		return at, v.described(ctx, s, of, events[len(events)-1].Data)
	}
	return at, nil
}

// begins is true where a stream's event is the first of these.
func (s *store) begins(ctx context.Context, stream string, at eventstore.Revision, events []eventstore.Proposed) bool {
	for r, err := range s.engine.ReadStream(ctx, inName(stream), at, 1) {
		return err == nil && len(events) > 0 && r.Revision == at && r.ID == events[0].ID
	}
	return false
}

// described takes in metadata that a client wrote. Where they would bring back a
// stream that was deleted, the server writes a $tb of its own behind its last event.
func (v *view) described(ctx context.Context, s *store, stream string, data []byte) error {
	c := v.n.c
	c.mu.Lock()
	t := s.traits(stream)
	was := t.before
	t.set(data)
	back := was == deleted && !bytes.Contains(data, []byte(`"$tb"`))
	c.mu.Unlock()
	if !back {
		return nil
	}
	last, err := s.last(ctx, stream)
	if err == nil {
		_, err = v.metadata(ctx, s, stream, t.with(last+1))
	}
	return err
}

// metadata writes a stream's metadata as the server does.
func (v *view) metadata(ctx context.Context, s *store, stream string, data []byte) (eventstore.Appended, error) {
	e := eventstore.Proposed{ID: newID(), Type: mark + typeMetadata, Data: data}
	at, err := s.engine.Append(ctx, inName(ofStream+stream), embedded.Any, e)
	if err != nil {
		return at, err
	}
	c := v.n.c
	c.mu.Lock()
	s.traits(stream).set(data)
	c.mu.Unlock()
	c.replicate(ofStream+stream, at.Position.Commit)
	return at, nil
}

// Delete hides the stream.
func (v *view) Delete(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	return v.remove(ctx, stream, expected, func(s *store, t traits, last eventstore.Revision) (eventstore.Appended, error) {
		if last == eventstore.NoStream || t.before == deleted {
			return eventstore.Appended{}, fmt.Errorf("%w: %s", eventstore.ErrStreamNotFound, stream)
		}
		return v.metadata(ctx, s, stream, t.with(deleted))
	})
}

// Tombstone closes the stream for good.
func (v *view) Tombstone(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	return v.remove(ctx, stream, expected, func(s *store, _ traits, last eventstore.Revision) (eventstore.Appended, error) {
		at, err := s.engine.Append(ctx, inName(stream), last, eventstore.Proposed{ID: newID(), Type: mark + typeDeleted, Data: []byte(`{}`)})
		if err != nil {
			return at, err
		}
		v.n.c.mu.Lock()
		s.traits(stream).gone = true
		v.n.c.mu.Unlock()
		v.n.c.replicate(stream, at.Position.Commit)
		return at, nil
	})
}

func (v *view) remove(ctx context.Context, stream string, expected eventstore.Revision,
	do func(*store, traits, eventstore.Revision) (eventstore.Appended, error),
) (eventstore.Position, error) {
	at, err := v.write(ctx, func(s *store) (eventstore.Appended, error) {
		v.n.c.mu.Lock()
		t := *s.traits(stream)
		v.n.c.mu.Unlock()
		last, err := s.last(ctx, stream)
		switch {
		case err != nil:
			return eventstore.Appended{}, err
		case t.gone:
			return eventstore.Appended{}, fmt.Errorf("%w: %s", eventstore.ErrStreamDeleted, stream)
		case expected != embedded.Any && expected != last:
			return eventstore.Appended{}, &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: last}
		}
		return do(s, t, last)
	})
	return at.Position, err
}

// records is a reading of the engine as clients see it: what a majority has, without
// what is gone, at most limit events.
func (s *store) records(v *view, seq iter.Seq2[*eventstore.Record, error], limit int, stop, skip func(*eventstore.Record) bool, offsets bool) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		left := limit
		for r, err := range seq {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case stop(r):
				return
			case s.gone(v, r) || skip(r):
				continue
			case !yield(s.record(r, offsets), nil):
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

// gone is true for events that a scavenge removed.
func (s *store) gone(v *view, r *eventstore.Record) bool {
	v.n.c.mu.Lock()
	defer v.n.c.mu.Unlock()
	return s.scavenged[r.Position.Commit]
}

func never(*eventstore.Record) bool { return false }

// failed is a reading that consists of an error.
func failed(err error) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) { yield(nil, err) }
}

var errNothing = fmt.Errorf("%w: nothing was asked for", eventstore.ErrInvalid)

// ReadStream reads forwards.
func (v *view) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return v.readStream(ctx, stream, limit, func(s *store) iter.Seq2[*eventstore.Record, error] {
		return s.engine.ReadStream(ctx, inName(stream), from, embedded.All)
	}, true)
}

// ReadStreamBackward reads backwards.
func (v *view) ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return v.readStream(ctx, stream, limit, func(s *store) iter.Seq2[*eventstore.Record, error] {
		return s.engine.ReadStreamBackward(ctx, inName(stream), from, embedded.All)
	}, false)
}

func (v *view) readStream(ctx context.Context, stream string, limit int, read func(*store) iter.Seq2[*eventstore.Record, error], forward bool) iter.Seq2[*eventstore.Record, error] {
	s, facts, has := v.now()
	if limit == 0 {
		return failed(errNothing)
	}
	v.n.c.mu.Lock()
	var t *traits
	if known := s.streams[stream]; known != nil {
		copied := *known
		t = &copied
	}
	v.n.c.mu.Unlock()
	switch {
	case t != nil && t.gone:
		return failed(fmt.Errorf("%w: %s", eventstore.ErrStreamDeleted, stream))
	case t != nil && t.before == deleted:
		return failed(fmt.Errorf("%w: %s", eventstore.ErrStreamNotFound, stream))
	}
	last, err := s.last(ctx, stream)
	if err != nil {
		return failed(err)
	}
	// A stream that only few nodes know does not exist yet.
	for r, err := range s.engine.ReadStream(ctx, inName(stream), 0, 1) {
		if err == nil && r.Position.Commit > has {
			v.n.c.count(stream, func(h *Held) { h.reads++ })
			return failed(fmt.Errorf("%w: %s", eventstore.ErrStreamNotFound, stream))
		}
	}
	later := func(r *eventstore.Record) bool { return r.Position.Commit > has }
	stop, hidden := later, t.hides(last, v.n.c.opt.Now())
	skip := hidden
	if !forward {
		stop, skip = never, func(r *eventstore.Record) bool { return later(r) || hidden(r) }
	}
	v.n.c.count(stream, func(h *Held) { h.reads++ })
	return s.records(v, read(s), limit, stop, skip, facts.Offsets)
}

// ReadAllFrom reads the whole log forwards.
func (v *view) ReadAllFrom(ctx context.Context, from eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	s, facts, has := v.now()
	at, err := s.inward(from, has, facts.Offsets)
	if limit == 0 {
		err = errNothing
	}
	if err != nil {
		return failed(err)
	}
	later := func(r *eventstore.Record) bool { return r.Position.Commit > has }
	return s.records(v, s.engine.ReadAllFrom(ctx, at, embedded.All), limit, later, never, facts.Offsets)
}

// ReadAllBackward reads the whole log backwards.
func (v *view) ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	s, facts, has := v.now()
	at, err := s.inward(before, has, facts.Offsets)
	if limit == 0 {
		err = errNothing
	}
	if err != nil {
		return failed(err)
	}
	at.Commit = min(at.Commit, has+1)
	at.Prepare = at.Commit
	return s.records(v, s.engine.ReadAllBackward(ctx, at, embedded.All), limit, never, never, facts.Offsets)
}

// Head is the newest event that the node shows.
func (v *view) Head(context.Context) (eventstore.Position, error) {
	s, facts, has := v.now()
	return s.outward(eventstore.Position{Commit: has, Prepare: has}, facts.Offsets), nil
}

// Subscribe follows the whole log, as far as a majority has it.
func (v *view) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	s, facts, has := v.now()
	return func(yield func(eventstore.Message, error) bool) {
		from, err := s.inward(after, has, facts.Offsets)
		if err != nil {
			yield(eventstore.Message{}, err)
			return
		}
		own := eventstore.Filter{Every: filter.Every}
		if filter.Considered != nil {
			own.Considered = func(p eventstore.Position) { filter.Considered(s.outward(p, facts.Offsets)) }
		}
		v.follow(ctx, s, s.engine.Subscribe(ctx, from, own), func(*eventstore.Record) error {
			if facts.Offsets && from.Commit > has && s.outward(from, true) != after {
				return errHandler // the log has grown past a place at which no event begins
			}
			return nil
		}, func(r *eventstore.Record) bool { return filter.Accepts(r.Stream, r.Type) }, yield)
	}
}

// SubscribeStream follows one stream, as far as a majority has it.
func (v *view) SubscribeStream(ctx context.Context, stream string, after eventstore.Revision) iter.Seq2[eventstore.Message, error] {
	s, _, _ := v.now()
	return func(yield func(eventstore.Message, error) bool) {
		v.follow(ctx, s, s.engine.SubscribeStream(ctx, inName(stream), after), func(r *eventstore.Record) error {
			if outName(r.Type) == typeDeleted {
				return fmt.Errorf("%w: %s", eventstore.ErrStreamDeleted, stream)
			}
			return nil
		}, func(r *eventstore.Record) bool {
			v.n.c.mu.Lock()
			defer v.n.c.mu.Unlock()
			t := s.streams[stream]
			return t == nil || r.Revision >= t.before
		}, yield)
	}
}

// follow delivers what comes when a majority has it.
func (v *view) follow(ctx context.Context, s *store, messages iter.Seq2[eventstore.Message, error],
	check func(*eventstore.Record) error, accept func(*eventstore.Record) bool, yield func(eventstore.Message, error) bool,
) {
	c := v.n.c
	c.mu.Lock()
	drops, facts := v.n.drops, c.facts
	c.mu.Unlock()
	for m, err := range messages {
		if err == nil && m.Record != nil {
			err = c.until(ctx, func() bool { return !c.facts.Silent && v.n.has() >= m.Record.Position.Commit })
		}
		if err == nil && m.Record != nil {
			err = check(m.Record)
		}
		if err != nil {
			yield(m, err)
			return
		}
		if m.Record == nil {
			if !yield(m, nil) {
				return
			}
			continue
		}
		c.mu.Lock()
		dropped := v.n.drops != drops
		c.mu.Unlock()
		if dropped {
			yield(eventstore.Message{}, errTooSlow)
			return
		}
		if out := s.record(m.Record, facts.Offsets); !s.gone(v, m.Record) && accept(out) && !yield(eventstore.Message{Record: out}, nil) {
			return
		}
	}
}
