package esdb_test

import (
	"context"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/esdb"
)

// until waits for a condition, for a minute at most.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	for late := time.Now().Add(time.Minute); !met(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("it never came about that " + what)
		}
	}
}

func TestHealthSaysWhetherTheServerAnswersAndWhoFollows(t *testing.T) {
	server := &switchable{t: t, addr: "unix:" + socket(t), log: engine(t)}
	server.up()
	log := open(t, server.addr, esdb.Options{Patience: 100 * time.Millisecond})
	if h := log.Health(); h.Reachable {
		t.Fatalf("before the first call: %+v", h)
	}
	at, err := log.Append(t.Context(), "s-1", eventstore.NoStream, event(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if h := log.Health(); !h.Reachable {
		t.Fatalf("after an append: %+v", h)
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range log.Subscribe(ctx, eventstore.Start, eventstore.Filter{Name: "tester"}) {
		}
	}()
	until(t, "the consumer is live", func() bool {
		h := log.Health()
		return len(h.Consumers) == 1 && h.Consumers[0].Live && h.Consumers[0].Reached == at.Position
	})
	if c := log.Health().Consumers[0]; c.Name != "tester" || c.Waiting != 0 || c.Behind != 0 {
		t.Fatalf("%+v", c)
	}
	cancel()
	<-ended
	if h := log.Health(); len(h.Consumers) != 0 {
		t.Fatalf("%+v", h)
	}

	server.down()
	if _, err := log.Head(t.Context()); err == nil {
		t.Fatal("a server that is away answered")
	}
	until(t, "it is known to be away", func() bool { return !log.Health().Reachable })
	server.up()
	defer server.down()
	until(t, "it answers again", func() bool { _, err := log.Head(t.Context()); return err == nil })
	if h := log.Health(); !h.Reachable {
		t.Fatalf("after the outage: %+v", h)
	}
}
