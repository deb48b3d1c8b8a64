package eventstoretest

import (
	"bytes"
	"errors"
	"math"
	"sync"
	"time"

	"alta/eventstore"
)

func matches(err, want error) bool { return errors.Is(err, want) }

var appendLaws = map[string]func(*T){
	"a new stream begins at revision 0": func(t *T) {
		at := t.append(t.stream, eventstore.NoStream, events(1)...)
		if at.Revision != 0 || at.Position == eventstore.Start {
			t.Fatal(at)
		}
	},
	"an append answers the revision and position of its last event": func(t *T) {
		at := t.append(t.stream, eventstore.NoStream, events(3)...)
		last := t.whole()[2]
		if at.Revision != 2 || at.Position != last.Position || last.Revision != 2 {
			t.Fatal(at, last.Position)
		}
	},
	"the exact revision goes on where the stream stopped": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(2)...)
		at := t.append(t.stream, 1, events(2)...)
		if at.Revision != 3 {
			t.Fatal(at)
		}
		t.revisions(t.whole(), 0, 1, 2, 3)
	},
	"a stream that has moved on refuses and says what it is at": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(3)...)
		for _, expected := range []eventstore.Revision{eventstore.NoStream, 0, 1, 3, 99} {
			err := t.refused(eventstore.ErrConflict, t.stream, expected, events(1)...)
			var c *eventstore.ConflictError
			if !errors.As(err, &c) || c.Actual != 2 || c.Expected != expected || c.Stream != t.stream {
				t.Fatalf("expecting %d: %v", expected, err)
			}
		}
		t.revisions(t.whole(), 0, 1, 2)
	},
	"a stream that does not exist refuses an exact revision": func(t *T) {
		t.refused(eventstore.ErrConflict, t.stream, 0, events(1)...)
		t.readErr(eventstore.ErrStreamNotFound, t.log.ReadStream(t.ctx, t.stream, 0, all))
	},
	"everything written comes back byte for byte": func(t *T) {
		want := events(3)
		want[1].Meta = nil
		want[2].Type = "tipo.ñ.商户.v2"
		before := time.Now().Add(-time.Hour)
		t.append(t.stream, eventstore.NoStream, want...)
		for i, r := range t.whole() {
			w := want[i]
			if r.ID != w.ID || r.Type != w.Type || !bytes.Equal(r.Data, w.Data) || !bytes.Equal(r.Meta, w.Meta) || r.Stream != t.stream {
				t.Fatalf("event %d: got %+v, want %+v", i, r.Proposed, w)
			}
			if r.Created.Before(before) || r.Created.UnixNano()%100 != 0 {
				t.Fatalf("event %d: created %v", i, r.Created)
			}
		}
	},
	"the caller may reuse its buffers after an append": func(t *T) {
		ev := events(1)
		want := bytes.Clone(ev[0].Data)
		t.append(t.stream, eventstore.NoStream, ev...)
		for i := range ev[0].Data {
			ev[0].Data[i] = 'x'
		}
		if got := t.whole()[0].Data; !bytes.Equal(got, want) {
			t.Fatalf("%s", got)
		}
	},
	"of many appends at one revision exactly one succeeds, and the others can read what beat them": func(t *T) {
		t.append(t.stream, eventstore.NoStream, events(1)...)
		for round := range 10 {
			expected := eventstore.Revision(round)
			wins := make(chan eventstore.ID, 16)
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					e := events(1)
					_, err := t.log.Append(t.ctx, t.stream, expected, e...)
					switch {
					case err == nil:
						wins <- e[0].ID
					case !errors.Is(err, eventstore.ErrConflict):
						t.Errorf("round %d: %v", round, err)
					default:
						if r, err := collect(t.log.ReadStream(t.ctx, t.stream, expected+1, 1)); err != nil || len(r) != 1 {
							t.Errorf("round %d: told of a conflict, cannot read it: %v", round, err)
						}
					}
				})
			}
			wait.Wait()
			if t.Failed() {
				return
			}
			if len(wins) != 1 {
				t.Fatalf("round %d: %d appends succeeded", round, len(wins))
			}
			if r := t.read(t.log.ReadStream(t.ctx, t.stream, expected+1, all)); len(r) != 1 || r[0].ID != <-wins {
				t.Fatalf("round %d: the stream does not hold the winner alone", round)
			}
		}
	},
	"what a conflict says that the stream is at can be read by whoever was told": func(t *T) {
		for round := range 10 {
			expected := eventstore.Revision(2*round - 1)
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					var c *eventstore.ConflictError
					_, err := t.log.Append(t.ctx, t.stream, expected, events(2)...)
					switch {
					case err == nil:
						return
					case !errors.As(err, &c) || c.Actual != expected+2:
						t.Errorf("round %d: %v", round, err)
						return
					}
					r, err := collect(t.log.ReadStreamBackward(t.ctx, t.stream, math.MaxInt64, 1))
					if err != nil || len(r) != 1 || r[0].Revision < c.Actual {
						t.Errorf("round %d: told of revision %d, read %v: %v", round, c.Actual, r, err)
					}
				})
			}
			if wait.Wait(); t.Failed() {
				return
			}
		}
	},
	"the events of one append are seen together or not at all": func(t *T) {
		done := make(chan struct{})
		var wait sync.WaitGroup
		wait.Go(func() {
			defer close(done)
			for i := range 30 {
				if _, err := t.log.Append(t.ctx, t.stream, eventstore.Revision(i*5-1), events(5)...); err != nil {
					t.Error(err)
					return
				}
			}
		})
		for open := true; open; {
			select {
			case <-done:
				open = false
			default:
			}
			r, err := collect(t.log.ReadStream(t.ctx, t.stream, 0, all))
			if errors.Is(err, eventstore.ErrStreamNotFound) {
				continue
			}
			if err != nil || len(r)%5 != 0 {
				t.Errorf("%d events: %v", len(r), err)
				break
			}
		}
		wait.Wait()
	},
	"any revision and an existing stream are expectations too": func(t *T) {
		if t.exactOnly() {
			return
		}
		_, err := t.log.Append(t.ctx, t.stream, streamExists, events(1)...)
		t.is(err, eventstore.ErrConflict)
		t.append(t.stream, anyRevision, events(1)...)
		t.append(t.stream, streamExists, events(1)...)
		t.append(t.stream, anyRevision, events(1)...)
		t.revisions(t.whole(), 0, 1, 2)
	},
}

var retryLaws = map[string]func(*T){
	"a repeated append answers what the first one answered": func(t *T) {
		first, second := events(3), events(2)
		a := t.append(t.stream, eventstore.NoStream, first...)
		b := t.append(t.stream, 2, second...)
		t.append(t.stream, 4, events(1)...)
		for range 2 {
			if got := t.append(t.stream, eventstore.NoStream, first...); got != a {
				t.Fatalf("got %v, want %v", got, a)
			}
			if got := t.append(t.stream, 2, second...); got != b {
				t.Fatalf("got %v, want %v", got, b)
			}
		}
		t.revisions(t.whole(), 0, 1, 2, 3, 4, 5)
	},
	"a part of an earlier append is not a repetition of more": func(t *T) {
		ev := events(3)
		t.append(t.stream, eventstore.NoStream, ev[:2]...)
		t.refused(eventstore.ErrConflict, t.stream, eventstore.NoStream, ev...)
		t.refused(eventstore.ErrConflict, t.stream, eventstore.NoStream, ev[0], ev[2])
		t.refused(eventstore.ErrConflict, t.stream, eventstore.NoStream, ev[1], ev[0])
		t.revisions(t.whole(), 0, 1)
	},
	"a repetition at a wrong revision is a conflict": func(t *T) {
		ev := events(1)
		t.append(t.stream, eventstore.NoStream, events(1)...)
		t.append(t.stream, 0, ev...)
		t.append(t.stream, 1, events(1)...)
		t.refused(eventstore.ErrConflict, t.stream, eventstore.NoStream, ev...)
		t.refused(eventstore.ErrConflict, t.stream, 1, ev...)
	},
	"the same id at a later correct revision is appended again": func(t *T) {
		ev := events(1)
		t.append(t.stream, eventstore.NoStream, ev...)
		if at := t.append(t.stream, 0, ev...); at.Revision != 1 {
			t.Fatal(at)
		}
		t.ids(t.whole(), []eventstore.Proposed{ev[0], ev[0]})
	},
	"the same id in another stream is another event": func(t *T) {
		ev := events(1)
		t.append(t.stream, eventstore.NoStream, ev...)
		if at := t.append(t.stream+"2", eventstore.NoStream, ev...); at.Revision != 0 {
			t.Fatal(at)
		}
	},
	"many repetitions at once are one append": func(t *T) {
		for round := range 5 {
			ev := events(2)
			expected := eventstore.Revision(2*round - 1)
			var wait sync.WaitGroup
			answers := make(chan eventstore.Appended, 8)
			for range cap(answers) {
				wait.Go(func() {
					at, err := t.log.Append(t.ctx, t.stream, expected, ev...)
					if err != nil {
						t.Error(err)
					}
					answers <- at
				})
			}
			wait.Wait()
			first := <-answers
			for range cap(answers) - 1 {
				if at := <-answers; at != first {
					t.Fatalf("answers %v and %v", first, at)
				}
			}
		}
		t.revisions(t.whole(), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	},
}
