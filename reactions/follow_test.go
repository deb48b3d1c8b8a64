package reactions_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"alta/eventstore"
	"alta/reactions"
	"alta/reactions/internal/memlog"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func happen(t *testing.T, l *memlog.Log, stream string, types ...string) {
	t.Helper()
	for _, typ := range types {
		n := eventstore.Revision(len(l.All(stream)))
		id := eventstore.ID{byte(len(l.All(""))), 1}
		if _, err := l.Append(t.Context(), stream, n-1, eventstore.Proposed{ID: id, Type: typ, Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
}

// following runs a follower until the function that it answers is called.
func following(t *testing.T, f *reactions.Follower) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run answered %v", err)
		}
	}
}

func newFollower(l *memlog.Log, handle func(context.Context, *eventstore.Record) error) *reactions.Follower {
	return &reactions.Follower{
		Name: "test", Log: l, Now: time.Now, Logger: quiet, Handle: handle, Filter: eventstore.Filter{Streams: []string{"a-"}},
	}
}

func TestAReactionGoesOnWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		happen(t, l, "a-1", "x.v1", "x.v1")
		var seen []string
		note := func(_ context.Context, r *eventstore.Record) error {
			seen = append(seen, fmt.Sprintf("%s@%d", r.Stream, r.Revision))
			return nil
		}
		stop := following(t, newFollower(l, note))
		synctest.Wait()
		stop()
		happen(t, l, "b-1", "x.v1") // not for this reaction
		happen(t, l, "a-1", "x.v1")
		f := newFollower(l, note)
		stop = following(t, f)
		synctest.Wait()
		if got := fmt.Sprint(seen); got != "[a-1@0 a-1@1 a-1@2]" {
			t.Errorf("handled %s", got)
		}
		if s := f.Stats(); s.Handled != 1 || !s.CaughtUp {
			t.Errorf("stats %+v", s)
		}
		stop()
		if n := len(l.All("reaction-test")); n != 2 {
			t.Errorf("%d positions were kept, want one at each stop", n)
		}
	})
}

func TestAPositionIsKeptAtMostEveryHalfMinuteAndOnlyWithActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		stop := following(t, newFollower(l, func(context.Context, *eventstore.Record) error { return nil }))
		for range 100 {
			happen(t, l, "a-1", "x.v1")
			time.Sleep(time.Second)
		}
		time.Sleep(24 * time.Hour)
		stop()
		if n := len(l.All("reaction-test")); n < 3 || n > 5 {
			t.Errorf("%d positions in 100 s of activity and a quiet day", n)
		}
	})
}

func TestANarrowFilterStillGetsForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		for range 2500 {
			happen(t, l, "b-1", "x.v1")
		}
		f := newFollower(l, func(context.Context, *eventstore.Record) error { return nil })
		stop := following(t, f)
		synctest.Wait()
		if p := f.Position(); p.Commit != 2000 {
			t.Errorf("position %v after 2500 events of others", p)
		}
		stop()
	})
}

func TestWhatFailsIsTriedAgainAndNothingIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		happen(t, l, "a-1", "x.v1", "x.v1")
		var seen []eventstore.Revision
		failures := 6
		began := time.Now()
		f := newFollower(l, func(_ context.Context, r *eventstore.Record) error {
			if failures > 0 {
				failures--
				return eventstore.ErrUnavailable
			}
			seen = append(seen, r.Revision)
			return nil
		})
		stop := following(t, f)
		time.Sleep(10 * time.Second)
		if !errors.Is(f.Healthy(), eventstore.ErrUnavailable) {
			t.Errorf("after several failures it is %v", f.Healthy())
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if !slices.Equal(seen, []eventstore.Revision{0, 1}) || f.Healthy() != nil {
			t.Errorf("handled %v, %v after %s", seen, f.Healthy(), time.Since(began))
		}
		if f.Stats().Retries != 6 {
			t.Errorf("stats %+v", f.Stats())
		}
		stop()
	})
}

func TestAnEventThatCannotBeReadStopsTheReactionAndIsNeverSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		happen(t, l, "a-1", "x.v1", "x.v2", "x.v1")
		handled := 0
		handle := func(_ context.Context, r *eventstore.Record) error {
			if r.Type == "x.v2" {
				return reactions.Undecodable(r, errors.New("from a newer version"))
			}
			handled++
			return nil
		}
		f := newFollower(l, handle)
		stop := following(t, f)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		var undecodable *reactions.UndecodableError
		if !errors.As(f.Healthy(), &undecodable) || undecodable.Revision != 1 || handled != 1 {
			t.Errorf("healthy %v, %d handled", f.Healthy(), handled)
		}
		stop()
		newer := newFollower(l, func(context.Context, *eventstore.Record) error { handled++; return nil })
		stop = following(t, newer)
		synctest.Wait()
		stop()
		if handled != 3 {
			t.Errorf("a program that can read it handled %d of 3", handled)
		}
	})
}

func TestALogThatIsAwayIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		happen(t, l, "a-1", "x.v1")
		var away atomic.Bool
		away.Store(true)
		l.Fail = func(call, _ string) error {
			if away.Load() {
				return eventstore.ErrUnavailable
			}
			return nil
		}
		handled := 0
		f := newFollower(l, func(context.Context, *eventstore.Record) error { handled++; return nil })
		stop := following(t, f)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		away.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if handled != 1 || f.Healthy() != nil {
			t.Errorf("%d handled, %v", handled, f.Healthy())
		}
		stop()
	})
}

func TestAPositionOfAnotherLogIsNotTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		data := []byte(`{"position":"00000000000f4240-00000000000f4240","begun":"2026-01-01T00:00:00Z","at":"2026-01-01T00:00:00Z"}`)
		if _, err := l.Append(t.Context(), "reaction-test", eventstore.NoStream, eventstore.Proposed{ID: eventstore.ID{9}, Type: "reaction.position.v1", Data: data}); err != nil {
			t.Fatal(err)
		}
		happen(t, l, "a-1", "x.v1")
		handled := 0
		f := newFollower(l, func(context.Context, *eventstore.Record) error { handled++; return nil })
		stop := following(t, f)
		synctest.Wait()
		if handled != 1 || f.Begun.Year() != 2026 || f.Begun.Month() != 1 {
			t.Errorf("%d handled; begun %v", handled, f.Begun)
		}
		stop()
	})
}

func TestAnUnknownEndOfTheLogDoesNotStartAReactionOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		happen(t, l, "a-1", "x.v1", "x.v1")
		handled := 0
		count := func(context.Context, *eventstore.Record) error { handled++; return nil }
		stop := following(t, newFollower(l, count))
		synctest.Wait()
		stop()
		var unknown atomic.Bool
		unknown.Store(true)
		l.Fail = func(call, _ string) error {
			if call == "head" && unknown.Load() {
				return eventstore.ErrUnavailable
			}
			return nil
		}
		f := newFollower(l, count)
		stop = following(t, f)
		time.Sleep(time.Minute)
		if handled != 2 || f.Healthy() == nil {
			t.Errorf("%d events were handled, and the reaction says %v", handled, f.Healthy())
		}
		unknown.Store(false)
		time.Sleep(2 * time.Minute)
		happen(t, l, "a-1", "x.v1")
		synctest.Wait()
		if handled != 3 || f.Healthy() != nil {
			t.Errorf("%d events were handled, and the reaction says %v", handled, f.Healthy())
		}
		stop()
	})
}
