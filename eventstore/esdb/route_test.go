package esdb

import (
	"context"
	"errors"
	"testing"

	"alta/eventstore"
	"alta/eventstore/wire/nodetest"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func TestAnAppendGoesOverTheConnectionAloneOverWhichTheLogWasCompared(t *testing.T) {
	c, err := nodetest.Start(nodetest.Options{Dir: t.TempDir(), Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	l, err := Open(c.Connection(), Options{Verify: func(context.Context) error { compared++; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(l.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	})
	add := func(n byte) {
		t.Helper()
		e := eventstore.Proposed{ID: eventstore.ID{n + 1}, Type: "tested.v1", Data: []byte(`{}`)}
		if at, err := l.Append(t.Context(), "s-1", eventstore.Revision(n)-1, e); err != nil || at.Revision != eventstore.Revision(n) {
			t.Fatalf("append %d: %+v, %v", n, at, err)
		}
	}
	add(0)
	l.verified++ // as if it had been compared over another connection than the present one
	_, err = guardedOver(t.Context(), l.calls, &route{only: l.verified}, func(ctx context.Context, c *esdb.Client) (*esdb.WriteResult, error) {
		return c.AppendToStream(ctx, "s-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(0)},
			esdb.EventData{EventID: [16]byte{9}, EventType: "tested.v1", Data: []byte(`{}`)})
	})
	if !errors.Is(err, errMoved) {
		t.Errorf("what may go over another connection alone: %v", err)
	}
	add(1) // nothing was sent before
	if compared != 2 {
		t.Errorf("the log was compared %d times over two connections", compared)
	}
}
