package eventstoretest

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"sync"

	"alta/eventstore"
)

type removal func(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error)

var subscriptionLaws = map[string]func(*T){
	"a subscription delivers what was there, says so, and goes on with what is new": func(t *T) {
		after := t.anchor()
		old, fresh := events(3), events(3)
		t.append(t.stream, eventstore.NoStream, old...)
		caughtUp, got := false, 0
		for m, err := range t.log.Subscribe(t.ctx, after, eventstore.Filter{Streams: []string{t.stream}}) {
			switch {
			case err != nil:
				t.Fatal(err)
			case m.CaughtUp && !caughtUp:
				if caughtUp = true; got != 3 {
					t.Fatalf("caught up after %d of 3 events", got)
				}
				t.append(t.stream, 2, fresh...)
			case m.Record != nil:
				want := append(append([]eventstore.Proposed{}, old...), fresh...)[got]
				if m.Record.ID != want.ID || m.Record.Revision != eventstore.Revision(got) {
					t.Fatalf("event %d is %v", got, m.Record)
				}
				got++
			}
			if got == 6 {
				return
			}
		}
		t.Fatal("the subscription ended")
	},
	"a subscription is in order and exactly once while others write": func(t *T) {
		const writers, each = 4, 60
		after := t.anchor()
		var wait sync.WaitGroup
		defer wait.Wait()
		for w := range writers {
			wait.Go(func() {
				for i := range each {
					if _, err := t.log.Append(t.ctx, t.stream+string(rune('a'+w)), eventstore.Revision(i-1), events(1)...); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		next, last, n := map[string]eventstore.Revision{}, after, 0
		for m, err := range t.log.Subscribe(t.ctx, after, eventstore.Filter{}) {
			if err != nil {
				t.Error(err)
				return
			}
			r := m.Record
			if r == nil || !strings.HasPrefix(r.Stream, t.stream) {
				continue
			}
			if r.Position.Compare(last) <= 0 || r.Revision != next[r.Stream] {
				t.Errorf("revision %d of %s at %v follows %v", r.Revision, r.Stream, r.Position, last)
				return
			}
			last, next[r.Stream] = r.Position, r.Revision+1
			if n++; n == writers*each {
				return
			}
		}
	},
	"a subscription with a narrow filter catches up with those who write, and delivers each event once": func(t *T) {
		for round := range 5 {
			after := t.anchorOf(fmt.Sprint("x", round))
			stream := fmt.Sprint(t.stream, "-", round)
			for i := range 4 {
				t.append(stream+"before", eventstore.Revision(i*100-1), events(100)...)
			}
			ctx, cancel := context.WithCancel(t.ctx)
			var wait sync.WaitGroup
			for w := range 4 {
				wait.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						if _, err := t.log.Append(ctx, fmt.Sprint(stream, "now", w), eventstore.Revision(i-1), events(1)...); err != nil && ctx.Err() == nil {
							t.Error(err)
							return
						}
					}
				})
			}
			next, last, n := map[string]eventstore.Revision{}, after, 0
			for m, err := range t.log.Subscribe(ctx, after, eventstore.Filter{Streams: []string{stream + "now"}}) {
				if err != nil {
					t.Error(err)
					break
				}
				r := m.Record
				if r == nil {
					continue
				}
				if r.Position.Compare(last) <= 0 || r.Revision != next[r.Stream] {
					t.Errorf("revision %d of %s at %v follows %v", r.Revision, r.Stream, r.Position, last)
					break
				}
				last, next[r.Stream] = r.Position, r.Revision+1
				if n++; n == 40 {
					break
				}
			}
			cancel()
			if wait.Wait(); t.Failed() {
				return
			}
		}
	},
	"a subscription resumes after the position it had reached": func(t *T) {
		after := t.anchor()
		ev := events(9)
		t.append(t.stream, eventstore.NoStream, ev...)
		for from := 0; from < len(ev); from += 3 {
			got := t.take(3, func(ctx context.Context) iter.Seq2[eventstore.Message, error] {
				return t.log.Subscribe(ctx, after, eventstore.Filter{Streams: []string{t.stream}})
			})
			t.ids(got, ev[from:from+3])
			after = got[2].Position
		}
	},
	"a subscription to one stream follows that stream alone": func(t *T) {
		ev := events(4)
		t.append(t.stream, eventstore.NoStream, ev[:2]...)
		t.append(t.stream+"2", eventstore.NoStream, events(2)...)
		t.append(t.stream, 1, ev[2:]...)
		t.ids(t.take(4, func(ctx context.Context) iter.Seq2[eventstore.Message, error] {
			return t.log.SubscribeStream(ctx, t.stream, eventstore.NoStream)
		}), ev)
		t.ids(t.take(2, func(ctx context.Context) iter.Seq2[eventstore.Message, error] {
			return t.log.SubscribeStream(ctx, t.stream, 1)
		}), ev[2:])
	},
	"a subscription to a stream goes on with what is new": func(t *T) {
		ev := events(3)
		t.append(t.stream, eventstore.NoStream, ev[0])
		appended := eventstore.Revision(0)
		var got []*eventstore.Record
		for m, err := range t.log.SubscribeStream(t.ctx, t.stream, eventstore.NoStream) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Record != nil {
				got = append(got, m.Record)
			}
			if len(got) == len(ev) {
				break
			}
			if int(appended) < len(got) {
				t.append(t.stream+"2", appended-1, events(1)...)
				t.append(t.stream, appended, ev[appended+1])
				appended++
			}
		}
		t.ids(got, ev)
	},
	"a subscription ends with its context": func(t *T) {
		after := t.anchor()
		ctx, cancel := context.WithCancel(t.ctx)
		var end error
		for m, err := range t.log.Subscribe(ctx, after, eventstore.Filter{}) {
			if end = err; m.CaughtUp {
				cancel()
			}
		}
		cancel()
		t.is(end, context.Canceled)
	},
	"a subscriber may stop at any event": func(t *T) {
		after := t.anchor()
		t.append(t.stream, eventstore.NoStream, events(3)...)
		for m, err := range t.log.Subscribe(t.ctx, after, eventstore.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Record != nil {
				return
			}
		}
	},
	"a filter chooses by prefix or pattern, of the stream or of the type": func(t *T) {
		after := t.anchor()
		a, b := events(2), events(2)
		a[0].Type, a[1].Type = t.stream+"-red.v1", t.stream+"-blue.v1"
		b[0].Type, b[1].Type = t.stream+"-red.v2", t.stream+"-end"
		t.append(t.stream+"-a", eventstore.NoStream, a...)
		t.append(t.stream+"-b", eventstore.NoStream, b...)
		quoted := regexp.QuoteMeta(t.stream)
		for name, c := range map[string]struct {
			filter eventstore.Filter
			want   []eventstore.Proposed
		}{
			"stream prefix":       {eventstore.Filter{Streams: []string{t.stream + "-b"}}, b},
			"two stream prefixes": {eventstore.Filter{Streams: []string{t.stream + "-b", t.stream + "-a"}}, append(append([]eventstore.Proposed{}, a...), b...)},
			"stream pattern":      {eventstore.Filter{StreamPattern: regexp.MustCompile("^" + quoted + "-[a]$")}, a},
			"type prefix":         {eventstore.Filter{Types: []string{t.stream + "-red"}}, []eventstore.Proposed{a[0], b[0]}},
			"type pattern":        {eventstore.Filter{TypePattern: regexp.MustCompile("^" + quoted + `-.*\.v1$`)}, a},
		} {
			got := t.take(len(c.want), func(ctx context.Context) iter.Seq2[eventstore.Message, error] {
				return t.log.Subscribe(ctx, after, c.filter)
			})
			if len(got) == len(c.want) {
				t.ids(got, c.want)
				continue
			}
			t.Fatalf("%s: %d events, want %d", name, len(got), len(c.want))
		}
	},
	"a narrow filter reports how far it has come": func(t *T) {
		after := t.anchor()
		t.append(t.stream+"2", eventstore.NoStream, events(200)...)
		ev := events(1)
		at := t.append(t.stream+"3", eventstore.NoStream, ev...)
		last := after
		got := t.take(1, func(ctx context.Context) iter.Seq2[eventstore.Message, error] {
			return t.log.Subscribe(ctx, after, eventstore.Filter{
				Streams: []string{t.stream + "3"}, Every: 32,
				Considered: func(p eventstore.Position) {
					if p.Compare(last) < 0 {
						t.Errorf("position %v is reported after %v", p, last)
					}
					last = p
				},
			})
		})
		t.ids(got, ev)
		if last.Compare(after) <= 0 || last.Compare(at.Position) > 0 {
			t.Fatalf("reported %v, between %v and %v was considered", last, after, at.Position)
		}
	},
}

// take collects the first n events of a subscription and the one message that
// follows them, if it is another event; then it stops.
func (t *T) take(n int, subscribe func(context.Context) iter.Seq2[eventstore.Message, error]) []*eventstore.Record {
	t.Helper()
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	var got []*eventstore.Record
	for m, err := range subscribe(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if m.Record != nil {
			got = append(got, m.Record)
		}
		if len(got) == n {
			return got
		}
	}
	return got
}
