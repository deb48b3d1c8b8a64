package projections

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"alta/eventstore"
	"alta/eventstore/eventstoretest"
)

// moved is a copy of the world's log at another place, with positions of its own.
func (w *world) moved() (*world, eventstoretest.Elsewhere) {
	w.t.Helper()
	there := worldOn(w.t, w.rdb)
	log := eventstoretest.Elsewhere{Inner: there.log, First: 1_113, Hole: 709}
	if err := eventstoretest.Copy(background, log, w.log, 0); err != nil {
		w.t.Fatal(err)
	}
	return there, log
}

func TestListsOfALogThatWasCopiedElsewhereAreKeptAndGoOn(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 20, "")
		stop := w.run(w.runner())
		w.caughtUp()
		stop()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		there, log := w.moved()
		there.maker = w.maker
		life := there.fill(20, 5, "qualification")[0] // appended there alone
		var said logLines
		r := there.runner()
		r.Log, r.Logger = log, slog.New(slog.NewTextHandler(&said, nil))
		stop = there.run(r)
		head, err := log.Head(background)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.reader().Wait(t.Context(), head); err != nil {
			t.Fatal(err)
		}
		if now, err := w.store.live(background); err != nil || now != g || r.Stats().Builds != 0 {
			t.Errorf("the lists were built anew: %s, %v", now, err)
		}
		if !slices.Contains(sortedIDs(there.everyRow(QueueQualification, Filter{}, 50)), life.ID) {
			t.Error("what came after the copy is not listed")
		}
		if !strings.Contains(said.text(), "go on at the same event") {
			t.Errorf("it was not said: %s", said.text())
		}
		there.sameAfterRebuild()
		stop()
		// And back: the events that came meanwhile are copied to the first log.
		had := 0
		for range w.log.ReadAll(background, eventstore.Start, -1) {
			had++
		}
		if err := eventstoretest.Copy(background, w.log, log, had); err != nil {
			t.Fatal(err)
		}
		back := w.runner()
		w.run(back)
		w.caughtUp()
		if back.Stats().Builds != 0 {
			t.Error("the lists were built anew on the way back")
		}
		w.sameAfterRebuild()
	})
}

func TestALogThatIsReplacedWhileItIsFollowedIsNoticed(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "qualification")
		older := worldOn(t, w.rdb)
		if err := eventstoretest.Copy(background, older.log, w.log, 0); err != nil {
			t.Fatal(err)
		}
		w.fill(10, 5, "qualification") // which the older files do not have
		swapped := &replaced{Log: w.log, other: older.log}
		var said logLines
		r := w.runner()
		r.Log, r.Logger = swapped, slog.New(slog.NewTextHandler(&said, nil))
		w.run(r)
		w.caughtUp()
		eventually(t, "it follows", func() bool { return r.Stats().State == "following" })
		swapped.now.Store(true)
		eventually(t, "the projection says so", func() bool {
			return strings.Contains(said.text(), "does not hold the last event")
		})
		eventually(t, "the lists are those of the log that is there", func() bool {
			page, err := w.reader().Queue(background, QueueQualification, "", Filter{}, "", 50)
			return err == nil && len(page.Rows) == 10 && r.Healthy() == nil
		})
	})
}

// replaced is a log in whose place another one is put. Its subscriptions stay open,
// and silent.
type replaced struct {
	Log
	other Log
	now   atomic.Bool
}

func (l *replaced) use() Log {
	if l.now.Load() {
		return l.other
	}
	return l.Log
}

func (l *replaced) Head(ctx context.Context) (eventstore.Position, error) { return l.use().Head(ctx) }

func (l *replaced) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.use().ReadStream(ctx, stream, from, limit)
}

func (l *replaced) ReadAt(ctx context.Context, at eventstore.Position) (*eventstore.Record, error) {
	return l.use().ReadAt(ctx, at)
}

func (l *replaced) ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.use().ReadAllBackward(ctx, before, limit)
}

func (l *replaced) Subscribe(ctx context.Context, after eventstore.Position, f eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return l.use().Subscribe(ctx, after, f)
}

func TestALogThatIsAwayMakesNoListsForeign(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 5, "qualification")
		stop := w.run(w.runner())
		w.caughtUp()
		stop()
		g, _ := w.store.live(background)
		log := &unreadable{Log: w.log}
		log.away.Store(true)
		r := w.runner()
		r.Log = log
		w.run(r)
		eventually(t, "it says that it cannot go on", func() bool { return errors.Is(r.Healthy(), eventstore.ErrUnavailable) })
		if now, err := w.store.live(background); err != nil || now != g {
			t.Errorf("the lists were given up: %s, %v", now, err)
		}
		log.away.Store(false)
		eventually(t, "it goes on", func() bool { return r.Healthy() == nil && r.Stats().State == "following" })
		if r.Stats().Builds != 0 {
			t.Error("the lists were built anew")
		}
	})
}

// unreadable is a log of which no stream can be read for a while.
type unreadable struct {
	Log
	away atomic.Bool
}

func (l *unreadable) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	if l.away.Load() {
		return func(yield func(*eventstore.Record, error) bool) { yield(nil, eventstore.ErrUnavailable) }
	}
	return l.Log.ReadStream(ctx, stream, from, limit)
}
