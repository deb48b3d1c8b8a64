package embedded

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"alta/eventstore"

	"golang.org/x/mod/sumdb/tlog"
)

// operation is what a request asks for.
type operation int

const (
	opAppend operation = iota
	opDelete
	opTombstone
)

// request waits in the queue for the writer. done has room for the answer, so
// that the syncer never waits for a caller who has left.
type request struct {
	op       operation
	stream   string
	expected eventstore.Revision
	events   []prepared
	done     chan answer
}

type answer struct {
	at  eventstore.Appended
	err error
}

// prepared is an event encoded and hashed by its caller. The record aliases
// value; both belong to the log from then on.
type prepared struct {
	record *eventstore.Record
	value  []byte
	leaf   tlog.Hash
}

// Append adds events to the stream, provided that it is at the expected
// revision (NoStream for a new one), and answers when they are on disk. All are
// added or none. Repeating an append with the same ids and the same expected
// revision answers what the first one answered.
//
// It fails with eventstore.ErrConflict, ErrStreamDeleted, ErrInvalid,
// ErrTooLarge, ErrReadOnly, ErrClosed or ErrUnavailable, and nothing is written;
// with ErrUnknownOutcome when ctx ended or the disk failed while the append was
// under way: repeat it to learn the outcome.
func (l *Log) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	if err := checkAppend(stream, expected, events); err != nil {
		return eventstore.Appended{}, err
	}
	return l.submit(ctx, &request{
		op: opAppend, stream: stream, expected: expected,
		events: l.prepare(stream, expected, events),
	})
}

// Delete hides the stream's events from reads of the stream. They stay in the
// log, the numbering goes on where it stopped, and the next append (with
// NoStream or the last revision) brings the stream back with the new events
// alone. It answers the log's head.
func (l *Log) Delete(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	return l.remove(ctx, opDelete, stream, expected)
}

// Tombstone closes the stream's name for ever: reads and appends answer
// eventstore.ErrStreamDeleted from then on. Its events stay in the log.
func (l *Log) Tombstone(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	return l.remove(ctx, opTombstone, stream, expected)
}

func (l *Log) remove(ctx context.Context, op operation, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	if err := checkStream(stream); err != nil {
		return eventstore.Position{}, err
	}
	if err := checkExpected(expected); err != nil {
		return eventstore.Position{}, err
	}
	at, err := l.submit(ctx, &request{op: op, stream: stream, expected: expected})
	return at.Position, err
}

func (l *Log) submit(ctx context.Context, r *request) (eventstore.Appended, error) {
	r.done = make(chan answer, 1)
	if err := l.enqueue(ctx, r); err != nil {
		return eventstore.Appended{}, err
	}
	select {
	case a := <-r.done:
		return a.at, a.err
	case <-ctx.Done():
		return eventstore.Appended{}, fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, context.Cause(ctx))
	}
}

func (l *Log) enqueue(ctx context.Context, r *request) error {
	if l.opt.ReadOnly {
		return l.Writable()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.enter(); err != nil {
		return err
	}
	defer l.closing.RUnlock()
	select {
	case l.queue <- r:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// prepare does on the caller's processor what the writer need not do: copying,
// encoding and hashing. The revisions are those that the expectation implies;
// where the writer decides on others it hashes again.
func (l *Log) prepare(stream string, expected eventstore.Revision, events []eventstore.Proposed) []prepared {
	out := make([]prepared, len(events))
	var leaf []byte
	for i, e := range events {
		value := encodeRecord(stream, e)
		stamp(value, expected+1+eventstore.Revision(i), 0)
		raw, err := splitRecord(value)
		if err != nil {
			panic("embedded: an encoded record does not decode: " + err.Error())
		}
		p := prepared{record: raw.record(0, value, nil), value: value}
		leaf = l.opt.Leaf(leaf[:0], p.record)
		p.leaf = tlog.RecordHash(leaf)
		out[i] = p
	}
	return out
}

func checkAppend(stream string, expected eventstore.Revision, events []eventstore.Proposed) error {
	if err := checkStream(stream); err != nil {
		return err
	}
	if err := checkExpected(expected); err != nil {
		return err
	}
	if len(events) == 0 {
		return fmt.Errorf("%w: events: there is none to append", eventstore.ErrInvalid)
	}
	if len(events) > eventstore.MaxEvents {
		return fmt.Errorf("%w: %d events, at most %d are allowed", eventstore.ErrTooLarge, len(events), eventstore.MaxEvents)
	}
	size := 0
	for i, e := range events {
		switch {
		case e.ID == eventstore.ID{}:
			return fmt.Errorf("%w: events[%d].id is not set", eventstore.ErrInvalid, i)
		case e.Type == "" || !utf8.ValidString(e.Type):
			return fmt.Errorf("%w: events[%d].type is empty or not UTF-8", eventstore.ErrInvalid, i)
		}
		size += e.Size()
	}
	if size > eventstore.MaxAppendBytes {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", eventstore.ErrTooLarge, size, eventstore.MaxAppendBytes)
	}
	return nil
}

// checkStream refuses names that no event may be appended to. Names that begin
// with a dollar sign belong to the store on EventStoreDB ($all, $$ metadata and
// others); a log that held them could not be copied there.
func checkStream(stream string) error {
	switch {
	case stream == "":
		return fmt.Errorf("%w: stream: the name is empty", eventstore.ErrInvalid)
	case len(stream) > eventstore.MaxStreamName:
		return fmt.Errorf("%w: stream: the name is over %d bytes", eventstore.ErrInvalid, eventstore.MaxStreamName)
	case strings.HasPrefix(stream, "$"):
		return fmt.Errorf("%w: stream: names that begin with $ belong to the store", eventstore.ErrInvalid)
	case !utf8.ValidString(stream) || strings.ContainsRune(stream, 0):
		return fmt.Errorf("%w: stream: the name is not valid UTF-8 text", eventstore.ErrInvalid)
	}
	return nil
}

func checkExpected(expected eventstore.Revision) error {
	if expected < eventstore.NoStream && expected != Any && expected != StreamExists {
		return fmt.Errorf("%w: expected: %d is no revision", eventstore.ErrInvalid, expected)
	}
	return nil
}
