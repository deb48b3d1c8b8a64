package eventstoretest

import (
	"context"
	"encoding/json"

	"alta/eventstore"
)

// markLaws say how an event is found again, also in a log that gave it another
// position, and that "not known" is never "not here".
var markLaws = map[string]func(*T){
	"an event is read at its position": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(3)...)
		for _, want := range t.whole() {
			r, err := t.log.ReadAt(t.ctx, want.Position)
			if err != nil || r.ID != want.ID || r.Position != want.Position {
				t.Fatalf("%v at %v is %v, %v", want.ID, want.Position, r, err)
			}
		}
	},
	"no event is read where none lies": func(t *T) {
		at := t.anchor()
		for _, p := range []eventstore.Position{{}, {Commit: at.Commit, Prepare: at.Prepare + 1}, {Commit: at.Commit + 1<<40, Prepare: at.Prepare + 1<<40}} {
			r, err := t.log.ReadAt(t.ctx, p)
			t.is(err, eventstore.ErrNoPosition)
			if r != nil {
				t.Fatalf("%v is said to lie at %v", r.ID, p)
			}
		}
	},
	"a mark is found where its event lies": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(3)...)
		for _, r := range t.whole() {
			t.located(eventstore.MarkOf(r), r.Position)
			t.located(eventstore.Mark{Position: r.Position, ID: r.ID}, r.Position)
		}
	},
	"a mark with a position of another log is found by its stream": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(3)...)
		other := t.anchor()
		for _, r := range t.whole() {
			m := eventstore.MarkOf(r)
			for _, m.Position = range []eventstore.Position{other, {Commit: r.Position.Commit + 1<<40, Prepare: r.Position.Prepare + 1<<40}, {Commit: 1, Prepare: 1}} {
				t.located(m, r.Position)
			}
		}
	},
	"a mark of an event that the log does not hold is foreign": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(2)...)
		m := eventstore.MarkOf(t.whole()[1])
		another, beyond, never, unknown, far := m, m, m, m, m
		another.ID = newID()
		beyond.Revision = 7
		never.Stream, never.Position = t.stream+"-never", t.anchor()
		unknown.ID, unknown.Stream = eventstore.ID{}, ""
		far.Stream, far.Position = "", eventstore.Position{Commit: m.Position.Commit + 1<<40, Prepare: m.Position.Prepare + 1<<40}
		for _, m := range []eventstore.Mark{another, beyond, never, unknown, far} {
			t.foreign(m)
		}
	},
	"a mark of a deleted stream is found where its event lay": func(t *T) {
		at := t.append(t.stream, eventstore.NoStream, events(2)...)
		m := eventstore.MarkOf(t.whole()[1])
		if _, err := t.log.Delete(t.ctx, t.stream, at.Revision); err != nil {
			t.Fatal(err)
		}
		t.located(m, at.Position)
		m.Position = t.anchor()
		t.foreign(m)
		t.append(t.stream, at.Revision, events(1)...)
		m.Position = at.Position
		t.located(m, at.Position)
	},
	"a mark of a tombstoned stream is found where its event lay": func(t *T) {
		at := t.append(t.stream, eventstore.NoStream, events(2)...)
		m := eventstore.MarkOf(t.whole()[1])
		if _, err := t.log.Tombstone(t.ctx, t.stream, at.Revision); err != nil {
			t.Fatal(err)
		}
		t.located(m, at.Position)
	},
	"the mark at a position is the newest event's at or before it": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(2)...)
		r := t.whole()[1]
		if m, err := eventstore.MarkAt(t.ctx, t.log, r.Position); err != nil || m != eventstore.MarkOf(r) {
			t.Fatalf("at %v lies %v, %v", r.Position, m, err)
		}
		if m, err := eventstore.MarkAt(t.ctx, t.log, eventstore.Start); err != nil || m != (eventstore.Mark{}) {
			t.Fatalf("at the start lies %v, %v", m, err)
		}
	},
	"the newest mark is one that was appended last or later": func(t *T) {
		at := t.anchor()
		m, err := eventstore.Newest(t.ctx, t.log)
		if err != nil || m.Position.Compare(at) < 0 || m.Stream == "" {
			t.Fatalf("the newest is %v, %v; an event was appended at %v", m, err, at)
		}
	},
	"a log that cannot be asked makes no mark foreign": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(1)...)
		m := eventstore.MarkOf(t.whole()[0])
		ctx, cancel := context.WithCancel(t.ctx)
		cancel()
		for _, m := range []eventstore.Mark{m, {Position: m.Position, ID: m.ID}} {
			_, err := eventstore.Locate(ctx, t.log, m)
			t.is(err, context.Canceled)
		}
	},
	"a mark is the same when it was written and read again": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(1)...)
		for _, m := range []eventstore.Mark{{}, eventstore.MarkOf(t.whole()[0])} {
			b, err := json.Marshal(m)
			var again eventstore.Mark
			if err == nil {
				err = json.Unmarshal(b, &again)
			}
			if err != nil || again != m {
				t.Fatalf("%v was written as %s and is read as %v, %v", m, b, again, err)
			}
		}
	},
}

// located expects a mark's event at a position.
func (t *T) located(m eventstore.Mark, want eventstore.Position) {
	t.Helper()
	if p, err := eventstore.Locate(t.ctx, t.log, m); err != nil || p != want {
		t.Fatalf("%v lies at %v, %v, want %v", m, p, err, want)
	}
}

// foreign expects that the log does not hold a mark's event.
func (t *T) foreign(m eventstore.Mark) {
	t.Helper()
	p, err := eventstore.Locate(t.ctx, t.log, m)
	t.is(err, eventstore.ErrForeign)
	if p != eventstore.Start {
		t.Fatalf("%v is said to lie at %v", m, p)
	}
}
