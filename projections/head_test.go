package projections

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"alta/eventstore"
)

// headless is a log whose end is not known for a while; everything else answers.
type headless struct {
	Log
	unknown atomic.Bool
	asked   atomic.Int64
}

var errUnknown = errors.New("no majority")

func (l *headless) Head(ctx context.Context) (eventstore.Position, error) {
	l.asked.Add(1)
	if l.unknown.Load() {
		return eventstore.Start, errUnknown
	}
	return l.Log.Head(ctx)
}

// logLines collects what is logged.
type logLines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *logLines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func TestNothingIsPublishedWhileTheEndOfTheLogIsUnknown(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 5, "qualification")
		log := &headless{Log: w.log}
		log.unknown.Store(true)
		r := w.runner()
		r.Log = log
		w.run(r)
		eventually(t, "the end was asked for twice", func() bool { return log.asked.Load() > 1 })
		if _, err := w.reader().Queue(t.Context(), QueueQualification, "", Filter{}, "", 10); !errors.Is(err, ErrRebuilding) {
			t.Errorf("the list answers %v", err)
		}
		if !errors.Is(r.Healthy(), errUnknown) {
			t.Errorf("the runner says %v", r.Healthy())
		}
		if err := r.Rebuild(t.Context()); !errors.Is(err, errUnknown) {
			t.Errorf("a rebuild says %v", err)
		}
		log.unknown.Store(false)
		w.caughtUp()
		if page, err := w.reader().Queue(t.Context(), QueueQualification, "", Filter{}, "", 10); err != nil || len(page.Rows) != 5 {
			t.Errorf("the list has %d rows, %v", len(page.Rows), err)
		}
	})
}

func TestWhatIsPublishedIsKeptWhileTheEndOfTheLogIsUnknown(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 5, "qualification")
		g := w.rebuilt()
		log := &headless{Log: w.log}
		log.unknown.Store(true)
		r := w.runner()
		r.Log = log
		w.run(r)
		eventually(t, "the end was asked for twice", func() bool { return log.asked.Load() > 1 })
		if page, err := w.reader().Queue(t.Context(), QueueQualification, "", Filter{}, "", 10); err != nil || len(page.Rows) != 5 {
			t.Errorf("the list has %d rows, %v", len(page.Rows), err)
		}
		log.unknown.Store(false)
		w.fill(5, 1, "qualification")
		w.caughtUp()
		if now, err := w.store.live(t.Context()); err != nil || now != g {
			t.Errorf("it was built anew: %s, %v", now, err)
		}
	})
}

// A first start: the log is empty when the runners begin, and fills.
func TestALogThatWasEmptyAtFirstIsNoOtherLog(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		var logged logLines
		runner := func() *Runner {
			r := w.runner()
			r.Logger = slog.New(slog.NewTextHandler(&logged, nil))
			return r
		}
		first := runner()
		stop := w.run(first)
		eventually(t, "an empty list is published", func() bool { _, err := w.store.live(t.Context()); return err == nil })
		g, _ := w.store.live(t.Context())
		eventually(t, "the first follows", func() bool { return first.Stats().State == "following" })
		second := runner() // stands by from before the first event
		w.run(second)
		eventually(t, "the second stands by", func() bool { return second.Stats().State == "standing_by" })
		w.fill(0, 5, "")
		w.caughtUp()
		stop()
		eventually(t, "the second took over", func() bool { return second.Stats().State == "following" })
		if now, err := w.store.live(t.Context()); err != nil || now != g {
			t.Errorf("it was built anew: %s, %v", now, err)
		}
		if strings.Contains(logged.text(), "level=WARN") {
			t.Error(logged.text())
		}
		w.sameAfterRebuild()
	})
}
