package eventstoretest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"alta/eventstore"
)

var readLaws = map[string]func(*T){
	"a stream is read forwards from a revision, that one included": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(5)...)
		t.revisions(t.read(t.log.ReadStream(t.ctx, t.stream, 3, all)), 3, 4)
		t.revisions(t.read(t.log.ReadStream(t.ctx, t.stream, 1, 2)), 1, 2)
	},
	"a stream is read backwards from a revision, that one included": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(5)...)
		t.revisions(t.read(t.log.ReadStreamBackward(t.ctx, t.stream, 3, all)), 3, 2, 1, 0)
		t.revisions(t.read(t.log.ReadStreamBackward(t.ctx, t.stream, 3, 2)), 3, 2)
		t.revisions(t.read(t.log.ReadStreamBackward(t.ctx, t.stream, 0, all)), 0)
	},
	"reading forwards past the end is empty": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(2)...)
		t.revisions(t.read(t.log.ReadStream(t.ctx, t.stream, 2, all)))
		t.revisions(t.read(t.log.ReadStream(t.ctx, t.stream, 1000, 5)))
	},
	"reading backwards past the end starts with the last event": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(3)...)
		t.revisions(t.read(t.log.ReadStreamBackward(t.ctx, t.stream, math.MaxInt64, 2)), 2, 1)
		t.revisions(t.read(t.log.ReadStreamBackward(t.ctx, t.stream, 7, 1)), 2)
	},
	"a missing stream is an answer of its own": func(t *T) {
		t.readErr(eventstore.ErrStreamNotFound, t.log.ReadStream(t.ctx, t.stream, 0, all))
		t.readErr(eventstore.ErrStreamNotFound, t.log.ReadStreamBackward(t.ctx, t.stream, 5, all))
	},
	"asking for no event is refused": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(1)...)
		t.readErr(eventstore.ErrInvalid, t.log.ReadStream(t.ctx, t.stream, 0, 0))
		t.readErr(eventstore.ErrInvalid, t.log.ReadStreamBackward(t.ctx, t.stream, 0, 0))
		t.readErr(eventstore.ErrInvalid, t.log.ReadAll(t.ctx, eventstore.Start, 0))
		t.readErr(eventstore.ErrInvalid, t.log.ReadAllBackward(t.ctx, eventstore.Position{Commit: math.MaxInt64, Prepare: math.MaxInt64}, 0))
	},
	"long streams are read whole": func(t *T) {
		var want []eventstore.Proposed
		for i := range 10 {
			ev := events(100)
			t.append(t.stream, eventstore.Revision(i*100-1), ev...)
			want = append(want, ev...)
		}
		t.ids(t.whole(), want)
		slices.Reverse(want)
		t.ids(t.read(t.log.ReadStreamBackward(t.ctx, t.stream, math.MaxInt64, all)), want)
	},
	"large events are read whole": func(t *T) {
		var want []eventstore.Proposed
		for i := range 4 {
			e := events(1)
			e[0].Data = []byte(`"` + strings.Repeat("x", 300_000) + `"`)
			t.append(t.stream, eventstore.Revision(i-1), e...)
			want = append(want, e...)
		}
		t.ids(t.whole(), want)
	},
	"a reading that loses its stream on the way says so, or is whole": func(t *T) {
		const appends, each = 30, 100
		for name, remove := range map[string]removal{"deleted": t.log.Delete, "tombstoned": t.log.Tombstone} {
			stream := t.stream + name
			for i := range appends {
				t.append(stream, eventstore.Revision(i*each-1), events(each)...)
			}
			n, told := 0, error(nil)
			for _, err := range t.log.ReadStream(t.ctx, stream, 0, all) {
				if told = err; err != nil {
					break
				}
				if n++; n == 1 {
					if _, err := remove(t.ctx, stream, appends*each-1); err != nil {
						t.Fatal(err)
					}
				}
			}
			if told == nil && n != appends*each {
				t.Fatalf("%s: %d of %d events were read, and nothing was said", name, n, appends*each)
			}
			if told != nil && !errors.Is(told, eventstore.ErrStreamNotFound) && !errors.Is(told, eventstore.ErrStreamDeleted) {
				t.Fatalf("%s: %v", name, told)
			}
		}
	},
	"a reader may stop early": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(20)...)
		n := 0
		for _, err := range t.log.ReadStream(t.ctx, t.stream, 0, all) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 3 {
				break
			}
		}
		t.append(t.stream, 19, events(1)...)
	},
	"a read whose context has ended says so": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(1)...)
		ctx, cancel := context.WithCancel(t.ctx)
		cancel()
		t.readErr(context.Canceled, t.log.ReadStream(ctx, t.stream, 0, all))
		t.readErr(context.Canceled, t.log.ReadAll(ctx, eventstore.Start, 1))
	},
	"the whole log is in the order of its positions, and after is exclusive": func(t *T) {
		after := t.anchor()
		a, b := events(2), events(2)
		t.append(t.stream, eventstore.NoStream, a...)
		t.append(t.stream+"2", eventstore.NoStream, b...)
		got := t.only(t.read(t.log.ReadAll(t.ctx, after, all)))
		t.ids(got, append(slices.Clone(a), b...))
		for i := 1; i < len(got); i++ {
			if got[i-1].Position.Compare(got[i].Position) >= 0 {
				t.Fatalf("position %v comes before %v", got[i-1].Position, got[i].Position)
			}
		}
		rest := t.only(t.read(t.log.ReadAll(t.ctx, got[1].Position, all)))
		t.ids(rest, b)
	},
	"the whole log backwards is the reverse, and before is exclusive": func(t *T) {
		first := t.anchor()
		ev := events(4)
		t.append(t.stream, eventstore.NoStream, ev[:2]...)
		t.append(t.stream, 1, ev[2:]...)
		forward := t.only(t.read(t.log.ReadAll(t.ctx, first, all)))
		t.ids(forward, ev)
		var back []*eventstore.Record
		for r, err := range t.log.ReadAllBackward(t.ctx, forward[3].Position, all) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Position.Compare(first) <= 0 {
				break
			}
			back = append(back, r)
		}
		slices.Reverse(back)
		t.ids(t.only(back), ev[:3])
	},
	"a limit on the whole log is kept": func(t *T) {
		after := t.anchor()
		t.append(t.stream, eventstore.NoStream, events(5)...)
		if got := t.read(t.log.ReadAll(t.ctx, after, 3)); len(got) != 3 {
			t.Fatalf("%d events", len(got))
		}
		if got := t.read(t.log.ReadAllBackward(t.ctx, eventstore.Position{Commit: math.MaxInt64, Prepare: math.MaxInt64}, 2)); len(got) != 2 {
			t.Fatalf("%d events", len(got))
		}
	},
	"reading the whole log past its end is empty": func(t *T) {
		last := t.anchor()
		if got := t.only(t.read(t.log.ReadAll(t.ctx, last, all))); len(got) != 0 {
			t.Fatalf("%d events", len(got))
		}
	},
}

var limitLaws = map[string]func(*T){
	"names that belong to the store are refused": func(t *T) {
		for _, name := range []string{"", "$all", "$$" + t.stream, strings.Repeat("n", eventstore.MaxStreamName+1), "law-\xff"} {
			t.refused(eventstore.ErrInvalid, name, eventstore.NoStream, events(1)...)
		}
	},
	"an event needs an id and a type": func(t *T) {
		e := events(2)
		e[0].ID = eventstore.ID{}
		t.refused(eventstore.ErrInvalid, t.stream, eventstore.NoStream, e[0])
		e[1].Type = ""
		t.refused(eventstore.ErrInvalid, t.stream, eventstore.NoStream, e[1])
	},
	"an append of nothing is refused": func(t *T) {
		t.refused(eventstore.ErrInvalid, t.stream, eventstore.NoStream)
	},
	"an expectation that is no revision is refused": func(t *T) {
		t.refused(eventstore.ErrInvalid, t.stream, -7, events(1)...)
	},
	"an append over the limits is refused and one at the limits is not": func(t *T) {
		e := events(1)
		e[0].Meta = nil
		size := eventstore.MaxAppendBytes - 2*len(e[0].Type)
		e[0].Data = []byte(`"` + strings.Repeat("x", size-1) + `"`)
		t.refused(eventstore.ErrTooLarge, t.stream, eventstore.NoStream, e...)
		e[0].Data = []byte(`"` + strings.Repeat("x", size-2) + `"`)
		t.append(t.stream, eventstore.NoStream, e...)
		if got := t.whole(); len(got[0].Data) != size {
			t.Fatalf("%d bytes came back, %d were written", len(got[0].Data), size)
		}
		t.refused(eventstore.ErrTooLarge, t.stream+"2", eventstore.NoStream, events(eventstore.MaxEvents+1)...)
		t.append(t.stream+"2", eventstore.NoStream, events(eventstore.MaxEvents)...)
	},
	"an append whose context has ended writes nothing": func(t *T) {
		ctx, cancel := context.WithCancel(t.ctx)
		cancel()
		_, err := t.log.Append(ctx, t.stream, eventstore.NoStream, events(1)...)
		t.is(err, context.Canceled)
		t.readErr(eventstore.ErrStreamNotFound, t.log.ReadStream(t.ctx, t.stream, 0, all))
	},
}
