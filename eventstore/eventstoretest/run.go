// Package eventstoretest holds the laws that every event log of Alta obeys, as
// tests. The embedded engine, EventStoreDB through its client, and the engine
// behind its own wire protocol run the same ones.
//
// The laws are EventStoreDB's semantics as Alta relies on them. Each is one test
// that says the law in its name. They make no assumption about what else the log
// holds: a shared server may have events of others in it, and positions may have
// holes. So each test writes to streams of its own and follows the whole log
// only from an event of its own.
package eventstoretest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"alta/eventstore"
)

// Log is what the laws are about.
type Log interface {
	Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error)
	ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
	ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
	ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
	ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
	ReadAt(ctx context.Context, at eventstore.Position) (*eventstore.Record, error)
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	SubscribeStream(ctx context.Context, stream string, after eventstore.Revision) iter.Seq2[eventstore.Message, error]
	Delete(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error)
	Tombstone(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error)
	Head(ctx context.Context) (eventstore.Position, error)
}

// Expectations of the wire protocol that Alta's own code never uses. A log may
// refuse them, but then all of them, with ErrInvalid; see exactOnly.
const (
	anyRevision  eventstore.Revision = -2
	streamExists eventstore.Revision = -4
)

// all is the limit of a read without one.
const all = -1

// Run asks every law of the log that open answers. Open is called once per law
// and may answer the same log each time; it arranges closing by itself.
func Run(t *testing.T, open func(t *testing.T) Log) {
	for _, group := range []map[string]func(*T){appendLaws, retryLaws, readLaws, deleteLaws, subscriptionLaws, limitLaws, headLaws, markLaws} {
		for name, law := range group {
			t.Run(name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				defer cancel()
				law(&T{T: t, log: open(t), ctx: ctx, cancel: cancel, stream: "law-" + newID().String()})
			})
		}
	}
}

// T is one law being tested: a log, a stream of its own, and short words.
type T struct {
	*testing.T
	log    Log
	ctx    context.Context
	cancel context.CancelFunc
	stream string
}

func newID() (id eventstore.ID) {
	_, _ = rand.Read(id[:]) // never fails: it ends the process instead
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// events makes n new events.
func events(n int) []eventstore.Proposed {
	out := make([]eventstore.Proposed, n)
	for i := range out {
		out[i] = eventstore.Proposed{
			ID: newID(), Type: "law.tested.v1",
			Data: fmt.Appendf(nil, `{"n":%d,"text":"¿qué? 商户"}`, i),
			Meta: fmt.Appendf(nil, `{"by":"law","n":%d}`, i),
		}
	}
	return out
}

// append appends and expects success.
func (t *T) append(stream string, expected eventstore.Revision, ev ...eventstore.Proposed) eventstore.Appended {
	t.Helper()
	at, err := t.log.Append(t.ctx, stream, expected, ev...)
	if err != nil {
		t.Fatalf("append %d events to %s expecting %d: %v", len(ev), stream, expected, err)
	}
	return at
}

// refused appends and expects a refusal.
func (t *T) refused(want error, stream string, expected eventstore.Revision, ev ...eventstore.Proposed) error {
	t.Helper()
	at, err := t.log.Append(t.ctx, stream, expected, ev...)
	t.is(err, want)
	if at != (eventstore.Appended{}) {
		t.Fatalf("a refused append answered %v", at)
	}
	return err
}

// is compares an error with a sentinel.
func (t *T) is(err, want error) {
	t.Helper()
	if !matches(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// exactOnly reports whether the log takes exact expectations only. Such a log
// refuses every other one and writes nothing.
func (t *T) exactOnly() bool {
	t.Helper()
	unwritten := t.stream + "-vague"
	if _, err := t.log.Append(t.ctx, unwritten, streamExists, events(1)...); !errors.Is(err, eventstore.ErrInvalid) {
		return false
	}
	_ = t.refused(eventstore.ErrInvalid, unwritten, anyRevision, events(1)...)
	t.readErr(eventstore.ErrStreamNotFound, t.log.ReadStream(t.ctx, unwritten, 0, all))
	return true
}

// read collects a sequence.
func (t *T) read(seq iter.Seq2[*eventstore.Record, error]) []*eventstore.Record {
	t.Helper()
	records, err := collect(seq)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return records
}

func collect(seq iter.Seq2[*eventstore.Record, error]) ([]*eventstore.Record, error) {
	var out []*eventstore.Record
	for r, err := range seq {
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

// readErr reads and expects the sequence to end with a refusal and no event.
func (t *T) readErr(want error, seq iter.Seq2[*eventstore.Record, error]) {
	t.Helper()
	records, err := collect(seq)
	t.is(err, want)
	if len(records) != 0 {
		t.Fatalf("%d events came before the refusal", len(records))
	}
}

// whole reads the test's stream from its beginning.
func (t *T) whole() []*eventstore.Record {
	t.Helper()
	return t.read(t.log.ReadStream(t.ctx, t.stream, 0, all))
}

// revisions checks which revisions were read, in order.
func (t *T) revisions(records []*eventstore.Record, want ...eventstore.Revision) {
	t.Helper()
	got := make([]eventstore.Revision, len(records))
	for i, r := range records {
		got[i] = r.Revision
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("revisions %v, want %v", got, want)
	}
}

// ids checks which events were read, in order.
func (t *T) ids(records []*eventstore.Record, want []eventstore.Proposed) {
	t.Helper()
	if len(records) != len(want) {
		t.Fatalf("%d events, want %d", len(records), len(want))
	}
	for i, r := range records {
		if r.ID != want[i].ID {
			t.Fatalf("event %d is %v, want %v", i, r.ID, want[i].ID)
		}
	}
}

// anchor appends one event to a stream beside the test's and answers where.
func (t *T) anchor() eventstore.Position {
	t.Helper()
	return t.anchorOf("x")
}

// anchorOf is anchor with a name of its own.
func (t *T) anchorOf(name string) eventstore.Position {
	t.Helper()
	return t.append(t.stream+name, eventstore.NoStream, events(1)...).Position
}

// only keeps the events of the test's own streams: a shared log holds others.
func (t *T) only(records []*eventstore.Record) []*eventstore.Record {
	var out []*eventstore.Record
	for _, r := range records {
		if len(r.Stream) >= len(t.stream) && r.Stream[:len(t.stream)] == t.stream {
			out = append(out, r)
		}
	}
	return out
}
