package statistics

import (
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/eventstoretest"
)

func TestFiguresOfALogThatWasCopiedElsewhereAreKeptAndGoOn(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		stop := w.run(w.runner())
		w.fill(0, 30)
		w.caughtUp()
		stop()
		other, err := embedded.Open(filepath.Join(t.TempDir(), "log"), embedded.Options{
			Leaf: func(dst []byte, r *eventstore.Record) []byte { return append(dst, r.ID[:]...) }, UnsafeNoSync: true, Reserve: embedded.NoReserve,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Close() })
		log := eventstoretest.Elsewhere{Inner: other, First: 1_113, Hole: 709}
		if err := eventstoretest.Copy(t.Context(), log, w.log, 0); err != nil {
			t.Fatal(err)
		}
		w.fill(30, 10)
		moved := 0
		for range log.ReadAll(t.Context(), eventstore.Start, -1) {
			moved++
		}
		if err := eventstoretest.Copy(t.Context(), log, w.log, moved); err != nil { // after the move
			t.Fatal(err)
		}
		r, said := w.runner(), &seenWarnings{}
		r.Log, r.Logger = log, slog.New(slog.NewTextHandler(said, nil))
		w.run(r)
		head, err := log.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "everything is counted", func() bool { return r.Stats().Position == head })
		if n := r.Stats().Builds; n != 0 || said.lines.Load() == 0 {
			t.Errorf("%d builds, and %d lines about the move", n, said.lines.Load())
		}
		got := w.report()
		if err := r.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := w.report(); got != want {
			t.Errorf("counted on\n%s\nrebuilt\n%s", got, want)
		}
	})
}

// seenWarnings counts what is logged.
type seenWarnings struct{ lines atomic.Int64 }

func (s *seenWarnings) Write(b []byte) (int, error) {
	s.lines.Add(1)
	return len(b), nil
}
