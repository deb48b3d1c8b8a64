package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"alta/eventstore"

	"github.com/cockroachdb/pebble/v2"
)

// Bounds of one page, the piece in which everything is read. A consumer that
// stops in the middle of a read holds one page and nothing of the store.
const (
	pageEvents = 256
	pageBytes  = 128 << 10
)

// All is the limit of a read that has none.
const All = -1

// ReadAll answers the events of all streams that follow the position after, in
// order, at most limit of them (All for no limit; 0 is refused). It ends at what
// was durable when it began. Records may be shared with other readers and must
// not be changed.
func (l *Log) ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.readAll(ctx, after.Commit+1, limit)
}

// ReadAllFrom is ReadAll including the event at the position itself, as the wire
// protocol has it.
func (l *Log) ReadAllFrom(ctx context.Context, from eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.readAll(ctx, max(from.Commit, 1), limit)
}

func (l *Log) readAll(ctx context.Context, next uint64, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		next, mark := next, l.mark.get()
		l.pages(ctx, limit, yield, func(left int) (page []*eventstore.Record, err error) {
			if next <= mark {
				page, next, err = l.scan(next, mark, left, nil)
			}
			return page, err
		})
	}
}

// ReadAllBackward answers the events before the position, newest first. Any
// position past the end starts with the last event.
func (l *Log) ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		end := min(before.Commit, l.mark.get()+1)
		l.pages(ctx, limit, yield, func(left int) ([]*eventstore.Record, error) {
			page, err := l.pageAllBackward(end, left)
			end -= uint64(len(page))
			return page, err
		})
	}
}

// ReadStream answers the stream's events from the revision on, in order, at most
// limit of them. Past the end it is empty. Records may be shared with other readers
// and must not be changed. It fails with eventstore.ErrStreamNotFound and
// ErrStreamDeleted.
func (l *Log) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		next, ended := max(from, 0), false
		l.pages(ctx, limit, yield, func(left int) (page []*eventstore.Record, err error) {
			if ended {
				return nil, nil
			}
			page, ended, err = l.pageStream(stream, next, left)
			if len(page) > 0 {
				next = page[len(page)-1].Revision + 1
			}
			return page, err
		})
	}
}

// ReadStreamBackward answers the stream's events from the revision downwards.
// Any revision past the end starts with the last event; so does a negative one.
func (l *Log) ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		next, begun := from, false
		if next < 0 {
			next = math.MaxInt64
		}
		l.pages(ctx, limit, yield, func(left int) ([]*eventstore.Record, error) {
			if begun && next < 0 {
				return nil, nil
			}
			begun = true
			page, err := l.pageStreamBackward(stream, next, left)
			if len(page) > 0 {
				next = page[len(page)-1].Revision - 1
			}
			return page, err
		})
	}
}

// pages yields page after page of what next answers until an empty one or the
// limit.
func (l *Log) pages(ctx context.Context, limit int, yield func(*eventstore.Record, error) bool, next func(left int) ([]*eventstore.Record, error)) {
	if limit == 0 {
		yield(nil, fmt.Errorf("%w: limit: nothing was asked for", eventstore.ErrInvalid))
		return
	}
	for left := limit; left != 0; {
		if err := errors.Join(l.alive(), ctx.Err()); err != nil {
			yield(nil, err)
			return
		}
		ask := pageEvents
		if left > 0 {
			ask = min(left, pageEvents)
		}
		page, err := next(ask)
		for _, r := range page {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if len(page) == 0 {
			return
		}
		if left > 0 {
			left -= len(page)
		}
	}
}

// wanted is a filter over a record that is not copied yet; nil wants all.
type wanted func(stream, typ string) bool

// scan reads events from position next to mark until limit of them were
// considered or a page is full. It answers those that want accepts and the
// position after the last one considered.
func (l *Log) scan(next, mark uint64, limit int, want wanted) (page []*eventstore.Record, after uint64, err error) {
	if err := l.enter(); err != nil {
		return nil, next, err
	}
	defer l.closing.RUnlock()
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: eventKey(next), UpperBound: eventKey(mark + 1)})
	if err != nil {
		return nil, next, l.damaged("read the log", err)
	}
	defer func() {
		if cerr := it.Close(); err == nil && cerr != nil {
			err = l.damaged("read the log", cerr)
		}
	}()
	known := names{}
	size := 0
	ok := it.First()
	for ; ok && limit > 0 && size < pageBytes; ok = it.Next() {
		pos, err := number(it.Key())
		if err != nil || pos != next {
			return page, next, l.gap(next, pos)
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return page, next, l.damaged(fmt.Sprintf("read the event with index %d", pos-1), err)
		}
		next++
		limit--
		raw, err := splitRecord(value)
		if err != nil {
			return page, next, l.damaged(fmt.Sprintf("read the event with index %d", pos-1), err)
		}
		if want != nil && !want(known.text(raw.stream), known.text(raw.typ)) {
			continue
		}
		page = append(page, raw.record(pos, bytes.Clone(value), known))
		size += len(value)
	}
	if !ok && next <= mark && it.Error() == nil {
		return page, next, l.gap(next, mark+1)
	}
	return page, next, nil
}

// gap is the error of events that should be there and are not.
func (l *Log) gap(next, found uint64) error {
	return fmt.Errorf("%w: events with index %d to %d are missing in %s; restore a backup",
		eventstore.ErrCorrupt, next-1, max(found, next+1)-2, l.dir)
}

func (l *Log) pageAllBackward(end uint64, limit int) (page []*eventstore.Record, err error) {
	if err := l.enter(); err != nil {
		return nil, err
	}
	defer l.closing.RUnlock()
	size := 0
	for pos := end - 1; end > 0 && pos > 0 && len(page) < limit && size < pageBytes; pos-- {
		r, err := l.event(pos)
		if err != nil {
			return page, err
		}
		page = append(page, r)
		size += weight(r)
	}
	return page, nil
}

// event reads one event by its position.
func (l *Log) event(pos uint64) (*eventstore.Record, error) {
	value, closer, err := l.db.Get(eventKey(pos))
	if err != nil {
		return nil, l.damaged(fmt.Sprintf("read the event with index %d", pos-1), err)
	}
	r, err := decodeRecord(pos, bytes.Clone(value))
	if err = errors.Join(err, closer.Close()); err != nil {
		return nil, l.damaged(fmt.Sprintf("read the event with index %d", pos-1), err)
	}
	return r, nil
}
