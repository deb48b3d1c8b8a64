package eventstoretest

import (
	"context"

	"alta/eventstore"
)

// headLaws say where a log ends, and that "not known" is never Start.
var headLaws = map[string]func(*T){
	"the head is the position of the newest event": func(t *T) {
		at := t.append(t.stream, eventstore.NoStream, events(3)...).Position
		if head, err := t.log.Head(t.ctx); err != nil || head.Compare(at) < 0 {
			t.Fatalf("the head is %v, %v; an event was appended at %v", head, err, at)
		}
	},
	"the head is never before an event that somebody was told of": func(t *T) {
		for m, err := range t.log.SubscribeStream(t.ctx, t.stream, eventstore.NoStream) {
			if err != nil {
				t.Fatal(err)
			}
			if m.CaughtUp {
				t.append(t.stream, eventstore.NoStream, events(1)...)
			}
			if m.Record == nil {
				continue
			}
			if head, err := t.log.Head(t.ctx); err != nil || head.Compare(m.Record.Position) < 0 {
				t.Fatalf("the head is %v, %v; a subscription told of an event at %v", head, err, m.Record.Position)
			}
			return
		}
	},
	"a head that is not known is an error": func(t *T) {
		t.anchor()
		ctx, cancel := context.WithCancel(t.ctx)
		cancel()
		head, err := t.log.Head(ctx)
		t.is(err, context.Canceled)
		if head != eventstore.Start {
			t.Fatalf("%v came with the error", head)
		}
	},
}
