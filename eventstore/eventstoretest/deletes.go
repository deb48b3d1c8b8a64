package eventstoretest

import (
	"errors"
	"iter"

	"alta/eventstore"
)

var deleteLaws = map[string]func(*T){
	"a deleted stream reads as missing": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(3)...)
		t.remove(t.log.Delete, 2)
		t.readErr(eventstore.ErrStreamNotFound, t.log.ReadStream(t.ctx, t.stream, 0, all))
		t.readErr(eventstore.ErrStreamNotFound, t.log.ReadStreamBackward(t.ctx, t.stream, 9, all))
	},
	"a stream that was deleted is told from one that never was": func(t *T) {
		for _, read := range []func() iter.Seq2[*eventstore.Record, error]{
			func() iter.Seq2[*eventstore.Record, error] { return t.log.ReadStream(t.ctx, t.stream, 0, all) },
			func() iter.Seq2[*eventstore.Record, error] { return t.log.ReadStream(t.ctx, t.stream, 2, all) },
			func() iter.Seq2[*eventstore.Record, error] { return t.log.ReadStreamBackward(t.ctx, t.stream, -1, 1) },
		} {
			if err := failure(read()); !eventstore.Absent(err) {
				t.Fatal(err)
			}
		}
		t.append(t.stream, eventstore.NoStream, events(3)...)
		t.remove(t.log.Delete, 2)
		t.unshown(eventstore.Deleted)
		t.append(t.stream, eventstore.NoStream, events(1)...)
		t.remove(t.log.Tombstone, 3)
		t.unshown(eventstore.Tombstoned)
	},
	"a deleted stream begins again and keeps its numbering": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(3)...)
		t.remove(t.log.Delete, 2)
		if at := t.append(t.stream, eventstore.NoStream, events(2)...); at.Revision != 4 {
			t.Fatal(at)
		}
		t.revisions(t.whole(), 3, 4)
		t.revisions(t.read(t.log.ReadStreamBackward(t.ctx, t.stream, 9, all)), 4, 3)
		t.append(t.stream, 4, events(1)...)
		t.revisions(t.whole(), 3, 4, 5)
	},
	"a deleted stream can be continued at its last revision": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(2)...)
		t.remove(t.log.Delete, 1)
		if at := t.append(t.stream, 1, events(1)...); at.Revision != 2 {
			t.Fatal(at)
		}
		t.revisions(t.whole(), 2)
	},
	"a deletion keeps the events in the whole log": func(t *T) {
		after := t.anchor()
		ev := events(2)
		t.append(t.stream, eventstore.NoStream, ev...)
		t.remove(t.log.Delete, 1)
		t.ids(t.only(t.read(t.log.ReadAll(t.ctx, after, all))), ev)
	},
	"a deletion is refused at another revision": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(2)...)
		for _, remove := range []removal{t.log.Delete, t.log.Tombstone} {
			if _, err := remove(t.ctx, t.stream, 0); err == nil {
				t.Fatal("it was accepted")
			}
		}
		t.revisions(t.whole(), 0, 1)
	},
	"a tombstone is final": func(t *T) {
		ev := events(2)
		t.append(t.stream, eventstore.NoStream, ev...)
		t.remove(t.log.Tombstone, 1)
		t.readErr(eventstore.ErrStreamDeleted, t.log.ReadStream(t.ctx, t.stream, 0, all))
		t.readErr(eventstore.ErrStreamDeleted, t.log.ReadStreamBackward(t.ctx, t.stream, 9, all))
		for _, expected := range []eventstore.Revision{eventstore.NoStream, 0, 1, 2} {
			t.refused(eventstore.ErrStreamDeleted, t.stream, expected, events(1)...)
		}
	},
	"a tombstone comes before recognising a repetition": func(t *T) {
		ev := events(2)
		t.append(t.stream, eventstore.NoStream, ev...)
		t.remove(t.log.Tombstone, 1)
		t.refused(eventstore.ErrStreamDeleted, t.stream, eventstore.NoStream, ev...)
	},
	"existence comes before recognising a repetition": func(t *T) {
		if t.exactOnly() {
			return
		}
		ev := events(1)
		t.append(t.stream, eventstore.NoStream, ev...)
		t.remove(t.log.Delete, 0)
		_, err := t.log.Append(t.ctx, t.stream, streamExists, ev...)
		t.is(err, eventstore.ErrConflict)
	},
}

// remove deletes or tombstones the test's stream and expects success.
func (t *T) remove(remove removal, expected eventstore.Revision) {
	t.Helper()
	if _, err := remove(t.ctx, t.stream, expected); err != nil {
		t.Fatal(err)
	}
}

// failure is the error that a reading ends with.
func failure(records iter.Seq2[*eventstore.Record, error]) error {
	for _, err := range records {
		if err != nil {
			return err
		}
	}
	return nil
}

// unshown expects that a reading of the test's stream says how it was deleted.
func (t *T) unshown(reason eventstore.SetAsideReason) {
	t.Helper()
	for _, from := range []eventstore.Revision{0, 2} {
		for _, err := range []error{
			failure(t.log.ReadStream(t.ctx, t.stream, from, all)), failure(t.log.ReadStreamBackward(t.ctx, t.stream, from, all)),
		} {
			var why *eventstore.SetAsideError
			if eventstore.Absent(err) || !errors.As(err, &why) || why.Reason != reason || why.Stream != t.stream {
				t.Fatalf("it is said: %v", err)
			}
		}
	}
}
