package embedded

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"alta/eventstore"

	"github.com/cockroachdb/pebble/v2"
)

// view is what a reader may know of a stream: its durable part.
type view struct {
	sid         uint64
	first, last eventstore.Revision
}

// look finds the durable part of a stream up to the position mark.
func (l *Log) look(stream string, mark uint64) (view, error) {
	sid, err := l.getNumber(nameKey(stream))
	if err != nil && !errors.Is(err, pebble.ErrNotFound) {
		return view{}, l.damaged("find a stream", err)
	}
	m, err := l.readMark(stream)
	if err != nil {
		return view{}, err
	}
	if m = l.pending.durable(stream, m); m.gone {
		return view{}, eventstore.Unshown(stream, eventstore.ErrStreamDeleted)
	}
	if sid == 0 || sid > mark {
		return view{}, fmt.Errorf("%w: %s", eventstore.ErrStreamNotFound, stream)
	}
	last, err := l.lastRevision(sid, mark)
	if err != nil {
		return view{}, l.damaged("find the end of a stream", err)
	}
	switch {
	case last == eventstore.NoStream:
		return view{}, fmt.Errorf("%w: %s", eventstore.ErrStreamNotFound, stream)
	case m.hides(last):
		return view{}, eventstore.Unshown(stream, eventstore.ErrStreamNotFound)
	}
	return view{sid: sid, first: m.keep, last: last}, nil
}

// LastRevision answers the revision of the newest event of the stream that begins
// with first, without reading it, and also where the stream was deleted since.
func (l *Log) LastRevision(ctx context.Context, first *eventstore.Record) (eventstore.Revision, error) {
	if err := ctx.Err(); err != nil {
		return eventstore.NoStream, err
	}
	if first.Revision != 0 {
		return eventstore.NoStream, fmt.Errorf("embedded: %s does not begin with revision %d", first.Stream, first.Revision)
	}
	if err := l.enter(); err != nil {
		return eventstore.NoStream, err
	}
	defer l.closing.RUnlock()
	// A stream's number is the position at which it began: its name need not be
	// looked up.
	last, err := l.lastRevision(first.Position.Commit, l.mark.get())
	if err != nil {
		return eventstore.NoStream, l.damaged("find the end of a stream", err)
	}
	return last, nil
}

// lastRevision finds the last revision of a stream whose event lies at or before
// mark. At most the events of the rounds under way lie behind it.
func (l *Log) lastRevision(sid, mark uint64) (rev eventstore.Revision, err error) {
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: numberKey(keyIndex, sid), UpperBound: numberKey(keyIndex, sid+1)})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.Last(); ok; ok = it.Prev() {
		pos, err := number(it.Value())
		if err != nil {
			return 0, err
		}
		if pos <= mark {
			n, err := number(it.Key())
			return eventstore.Revision(n), err
		}
	}
	return eventstore.NoStream, nil
}

// pageStream reads a page of a stream, and says whether the stream ended with it.
func (l *Log) pageStream(stream string, next eventstore.Revision, limit int) (page []*eventstore.Record, ended bool, err error) {
	if err := l.enter(); err != nil {
		return nil, false, err
	}
	defer l.closing.RUnlock()
	v, err := l.look(stream, l.mark.get())
	if err != nil {
		return nil, false, err
	}
	next = max(next, v.first)
	if next > v.last {
		return nil, true, nil
	}
	to := min(v.last, next+eventstore.Revision(limit)-1)
	page = l.lately.get(v.sid, next, to)
	room := pageBytes
	for _, r := range page {
		room -= weight(r)
	}
	if from := next + eventstore.Revision(len(page)); from <= to && room > 0 {
		rest, err := l.streamEvents(v.sid, from, to, false, room)
		if err != nil {
			return append(page, rest...), false, err
		}
		l.lately.put(v.sid, rest)
		page = append(page, rest...)
	}
	return page, len(page) > 0 && page[len(page)-1].Revision == v.last, nil
}

func (l *Log) pageStreamBackward(stream string, next eventstore.Revision, limit int) ([]*eventstore.Record, error) {
	if err := l.enter(); err != nil {
		return nil, err
	}
	defer l.closing.RUnlock()
	v, err := l.look(stream, l.mark.get())
	if err != nil {
		return nil, err
	}
	next = min(next, v.last)
	if next < v.first {
		return nil, nil
	}
	return l.streamEvents(v.sid, max(v.first, next-eventstore.Revision(limit)+1), next, true, pageBytes)
}

// streamEvents reads the events of a stream between two revisions, both included,
// or as many of them as fill what room there is on a page, in bytes.
func (l *Log) streamEvents(sid uint64, from, to eventstore.Revision, backward bool, room int) (page []*eventstore.Record, err error) {
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: indexKey(sid, from), UpperBound: indexKey(sid, to+1)})
	if err != nil {
		return nil, l.damaged("read a stream", err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	events, err := l.db.NewIter(&pebble.IterOptions{LowerBound: eventKey(sid), UpperBound: upper(keyEvent)})
	if err != nil {
		return nil, l.damaged("read a stream", err)
	}
	defer func() { err = errors.Join(err, events.Close()) }()
	begin, step, next, by := it.First, it.Next, from, eventstore.Revision(1)
	if backward {
		begin, step, next, by = it.Last, it.Prev, to, -1
	}
	for ok := begin(); ok && room > 0; ok = step() {
		pos, err := number(it.Value())
		if err != nil {
			return page, l.damaged("read a stream", err)
		}
		r, err := l.eventAt(events, pos)
		if err != nil {
			return page, err
		}
		if r.Revision != next {
			return page, l.damaged("read a stream", fmt.Errorf("revision %d of %s is missing, or is not where it should be", next, r.Stream))
		}
		next += by
		page = append(page, r)
		room -= weight(r)
	}
	if err := it.Error(); err != nil {
		return page, l.damaged("read a stream", err)
	}
	return page, nil
}

// eventAt reads one event by its position with an iterator, which for several is a
// good deal cheaper than looking each up by itself.
func (l *Log) eventAt(it *pebble.Iterator, pos uint64) (*eventstore.Record, error) {
	failed := func(err error) (*eventstore.Record, error) {
		return nil, l.damaged(fmt.Sprintf("read the event with index %d", pos-1), err)
	}
	if key := eventKey(pos); !it.SeekGE(key) || !bytes.Equal(it.Key(), key) {
		return failed(cmp.Or(it.Error(), pebble.ErrNotFound))
	}
	value, err := it.ValueAndErr()
	if err != nil {
		return failed(err)
	}
	r, err := decodeRecord(pos, bytes.Clone(value))
	if err != nil {
		return failed(err)
	}
	return r, nil
}

// readHead reads what the writer must know of a stream.
func (l *Log) readHead(stream string) (head, error) {
	h := head{last: eventstore.NoStream}
	m, err := l.readMark(stream)
	if err != nil {
		return h, err
	}
	h.mark = m
	sid, err := l.getNumber(nameKey(stream))
	if errors.Is(err, pebble.ErrNotFound) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	h.sid = sid
	h.last, err = l.lastRevision(sid, l.next)
	return h, err
}

func (l *Log) readMark(stream string) (m streamMark, err error) {
	value, closer, err := l.db.Get(markKey(stream))
	if errors.Is(err, pebble.ErrNotFound) {
		return streamMark{}, nil
	}
	if err != nil {
		return streamMark{}, l.damaged("find a stream's mark", err)
	}
	m, err = decodeMark(value)
	return m, errors.Join(err, closer.Close())
}

func (l *Log) getNumber(key []byte) (uint64, error) {
	value, closer, err := l.db.Get(key)
	if err != nil {
		return 0, err
	}
	n, err := number(value)
	return n, errors.Join(err, closer.Close())
}

// lastPosition finds the newest event, on opening.
func (l *Log) lastPosition() (uint64, error) {
	n, _, err := l.lastKey(keyEvent)
	return n, err
}

// lastLeaf counts the leaves of the tree, on opening.
func (l *Log) lastLeaf() (uint64, error) {
	n, found, err := l.lastKey(keyHashes)
	if found {
		n++
	}
	return n, err
}

func (l *Log) lastKey(kind byte) (n uint64, found bool, err error) {
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: []byte{kind}, UpperBound: upper(kind)})
	if err != nil {
		return 0, false, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	if !it.Last() {
		return 0, false, it.Error()
	}
	n, err = number(it.Key())
	return n, true, err
}
