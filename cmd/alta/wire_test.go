package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"alta/eventstore/embedded"
	"alta/eventstore/wire"
	"alta/simulate/drive"
	"alta/simulate/tour"
)

// The same program, with its log behind the protocol of EventStoreDB: the
// official client, the guarded adapter and the wire stand between it and the
// engine.
func TestTheWholeWayOverTheProtocolOfEventStoreDB(t *testing.T) {
	log, err := openLog(filepath.Join(t.TempDir(), "server"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	socket := "unix:" + filepath.Join(t.TempDir(), "log.sock")
	l, err := wire.Listen(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- wire.Serve(ctx, l, log, wire.Options{}) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("the wire ended with: %v", err)
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	c := demoConfig(t)
	c.EventStore = socket
	w := start(t, c)
	var out bytes.Buffer
	people := drive.DemoLogIns()
	people.Password = demoPassword
	tr := tour.Tour{API: w.api, People: people, Seed: 3, Day: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Small: true, Out: &out}
	if err := tr.All(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
}
