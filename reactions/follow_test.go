package reactions_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
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

// The wall clock is set back by ten years after what is due next was reckoned from it:
// the reaction does not sleep for ten years.
func TestAClockThatIsSetBackKeepsNoReactionAsleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFollower(memlog.New(), func(context.Context, *eventstore.Record) error { return nil })
		var woken atomic.Int32
		f.Wake = func(context.Context) (time.Time, error) {
			woken.Add(1)
			return time.Now().AddDate(10, 0, 0), nil
		}
		stop := following(t, f)
		time.Sleep(time.Hour)
		stop()
		if n := woken.Load(); n < 60 || n > 70 {
			t.Errorf("in an hour it looked %d times, not once a minute", n)
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

func TestAStreamThatCannotBeReadIsSetAsideAndNothingOfItIsSkipped(t *testing.T) {
	for name, fails := range map[string]func(*eventstore.Record) error{
		"its event cannot be read":  func(r *eventstore.Record) error { return eventstore.Unreadable(r, errors.New("from a newer version")) },
		"handling its event panics": func(*eventstore.Record) error { panic("x") },
		"another stream of it is torn": func(r *eventstore.Record) error {
			return &eventstore.SetAsideError{Stream: "b-1", Reason: eventstore.MissingEvents}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := memlog.New()
				happen(t, l, "a-1", "x.v1", "x.v2", "x.v1")
				happen(t, l, "a-2", "x.v1", "x.v1")
				var seen []string
				handle := func(_ context.Context, r *eventstore.Record) error {
					if r.Type == "x.v2" {
						return fails(r)
					}
					seen = append(seen, fmt.Sprintf("%s/%d", r.Stream, r.Revision))
					return nil
				}
				f := newFollower(l, handle)
				stop := following(t, f)
				time.Sleep(24 * time.Hour)
				synctest.Wait()
				want := []string{"a-1/0", "a-2/0", "a-2/1"}
				if name == "another stream of it is torn" { // its own later events can be handled
					want = []string{"a-1/0", "a-1/2", "a-2/0", "a-2/1"}
				}
				if !slices.Equal(seen, want) || f.Healthy() != nil || f.Stats().SetAside != 1 {
					t.Errorf("handled %v, healthy %v, %+v", seen, f.Healthy(), f.Stats())
				}
				stop()
				seen = nil
				newer := newFollower(l, func(_ context.Context, r *eventstore.Record) error {
					seen = append(seen, fmt.Sprintf("%s/%d", r.Stream, r.Revision))
					return nil
				})
				stop = following(t, newer)
				synctest.Wait()
				stop()
				if !slices.Equal(seen, []string{"a-1/1", "a-1/2", "a-2/0", "a-2/1"}) {
					t.Errorf("a program that can read it handled %v", seen)
				}
			})
		})
	}
}

func TestAStreamThatCanBeReadAgainIsTakenInWithoutARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		happen(t, l, "a-1", "x.v1", "x.v2", "x.v1")
		happen(t, l, "a-2", "x.v1")
		var torn atomic.Bool
		torn.Store(true)
		var seen []string
		f := newFollower(l, func(_ context.Context, r *eventstore.Record) error {
			if r.Type == "x.v2" && torn.Load() {
				return eventstore.Unreadable(r, errors.New("from a newer version"))
			}
			seen = append(seen, fmt.Sprintf("%s/%d", r.Stream, r.Revision))
			return nil
		})
		stop := following(t, f)
		defer stop()
		time.Sleep(10 * time.Minute)
		torn.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if !slices.Equal(seen, []string{"a-1/0", "a-2/0", "a-1/1", "a-1/2"}) || f.Stats().SetAside != 0 {
			t.Errorf("handled %v, %+v", seen, f.Stats())
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

// The stored shapes of a position. They are never changed.
var storedPositions = map[string]string{
	"reaction.position.v1": `{"position":"00000000000f4240-00000000000f4240","begun":"2026-01-01T00:00:00Z","at":"2026-01-01T00:00:00Z"}`,
	"reaction.position.v2": `{"mark":{"position":"00000000000f4240-00000000000f4240","stream":"a-1","revision":0,"id":"01020304-0506-4708-890a-0b0c0d0e0f10"},"begun":"2026-01-01T00:00:00Z","at":"2026-01-01T00:00:00Z"}`,
}

var markedID = eventstore.ID{1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}

// keep appends a stored position to the stream of the test's reaction.
func keep(t *testing.T, l *memlog.Log, typ, data string) {
	t.Helper()
	n := eventstore.Revision(len(l.All("reaction-test")))
	id := eventstore.ID{9, byte(n)}
	if _, err := l.Append(t.Context(), "reaction-test", n-1, eventstore.Proposed{ID: id, Type: typ, Data: []byte(data)}); err != nil {
		t.Fatal(err)
	}
}

func TestAPositionGoesWithItsEventIntoACopyOfTheLog(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(l *memlog.Log)
		handled string
	}{
		{"the event lies elsewhere in this log", func(l *memlog.Log) {
			_, _ = l.Append(t.Context(), "a-1", eventstore.NoStream, eventstore.Proposed{ID: markedID, Type: "x.v1"})
			keep(t, l, "reaction.position.v2", storedPositions["reaction.position.v2"])
		}, "[a-1@1]"},
		{"this log holds another event in its place", func(l *memlog.Log) {
			_, _ = l.Append(t.Context(), "a-1", eventstore.NoStream, eventstore.Proposed{ID: eventstore.ID{7}, Type: "x.v1"})
			keep(t, l, "reaction.position.v2", storedPositions["reaction.position.v2"])
		}, "[a-1@0 a-1@1]"},
		{"this log never had its stream", func(l *memlog.Log) {
			keep(t, l, "reaction.position.v2", storedPositions["reaction.position.v2"])
		}, "[a-1@0]"},
		{"a former program kept it", func(l *memlog.Log) {
			_, _ = l.Append(t.Context(), "a-1", eventstore.NoStream, eventstore.Proposed{ID: markedID, Type: "x.v1"})
			keep(t, l, "reaction.position.v1", storedPositions["reaction.position.v1"])
		}, "[a-1@0 a-1@1]"},
		{"the newest is not found and the one before is", func(l *memlog.Log) {
			_, _ = l.Append(t.Context(), "a-1", eventstore.NoStream, eventstore.Proposed{ID: markedID, Type: "x.v1"})
			keep(t, l, "reaction.position.v2", storedPositions["reaction.position.v2"])
			keep(t, l, "reaction.position.v2", strings.Replace(storedPositions["reaction.position.v2"], `"a-1"`, `"a-gone"`, 1))
		}, "[a-1@1]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := memlog.New()
				test.prepare(l)
				happen(t, l, "a-1", "x.v1")
				var seen []string
				f := newFollower(l, func(_ context.Context, r *eventstore.Record) error {
					seen = append(seen, fmt.Sprintf("%s@%d", r.Stream, r.Revision))
					return nil
				})
				stop := following(t, f)
				synctest.Wait()
				if got := fmt.Sprint(seen); got != test.handled || f.Begun.Year() != 2026 || f.Begun.Month() != 1 {
					t.Errorf("handled %s, want %s; begun %v", got, test.handled, f.Begun)
				}
				stop()
			})
		})
	}
}

func TestAPositionIsStoredAsItWasAlways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		happen(t, l, "b-1", "x.v1")
		if _, err := l.Append(t.Context(), "a-1", eventstore.NoStream, eventstore.Proposed{ID: markedID, Type: "x.v1"}); err != nil {
			t.Fatal(err)
		}
		stop := following(t, newFollower(l, func(context.Context, *eventstore.Record) error { return nil }))
		synctest.Wait()
		stop()
		all := l.All("reaction-test")
		if len(all) != 1 || all[0].Type != "reaction.position.v2" {
			t.Fatalf("%d positions", len(all))
		}
		const want = `{"mark":{"position":"0000000000000002-0000000000000002","stream":"a-1","revision":0,"id":"01020304-0506-4708-890a-0b0c0d0e0f10"},"begun":"2000-01-01T00:00:00Z","at":"2000-01-01T00:00:00Z"}`
		if got := string(all[0].Data); got != want {
			t.Errorf("stored\n%s\nwant\n%s", got, want)
		}
	})
}

func TestANarrowFilterKeepsThePositionOfTheNewestEventBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memlog.New()
		for range 2500 {
			happen(t, l, "b-1", "x.v1")
		}
		stop := following(t, newFollower(l, func(context.Context, *eventstore.Record) error { return nil }))
		synctest.Wait()
		stop()
		all := l.All("reaction-test")
		if len(all) != 1 || !strings.Contains(string(all[0].Data), `"stream":"b-1","revision":1999,`) {
			t.Fatalf("%d positions: %s", len(all), all[len(all)-1].Data)
		}
	})
}

func TestALogThatIsReplacedWhileAReactionFollowsItIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, other := memlog.New(), memlog.New()
		happen(t, l, "a-1", "x.v1", "x.v1", "x.v1")
		happen(t, other, "a-2", "x.v1")
		swapped := &replaced{Log: l, other: other}
		var seen []string
		moved := 0
		f := newFollower(l, func(_ context.Context, r *eventstore.Record) error {
			seen = append(seen, fmt.Sprintf("%s@%d", r.Stream, r.Revision))
			return nil
		})
		f.Log = swapped
		f.Moved = func() { moved++ }
		stop := following(t, f)
		synctest.Wait()
		swapped.now.Store(true)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if got := fmt.Sprint(seen); got != "[a-1@0 a-1@1 a-1@2 a-2@0]" || moved != 1 || f.Healthy() != nil {
			t.Errorf("handled %s, moved %d times, %v", got, moved, f.Healthy())
		}
		stop()
	})
}

// replaced is a log in whose place another one is put. Subscriptions stay open, and
// silent.
type replaced struct {
	*memlog.Log
	other *memlog.Log
	now   atomic.Bool
}

func (l *replaced) use() *memlog.Log {
	if l.now.Load() {
		return l.other
	}
	return l.Log
}

func (l *replaced) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.use().ReadStream(ctx, stream, from, limit)
}

func (l *replaced) ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.use().ReadStreamBackward(ctx, stream, from, limit)
}

func (l *replaced) ReadAt(ctx context.Context, at eventstore.Position) (*eventstore.Record, error) {
	return l.use().ReadAt(ctx, at)
}

func (l *replaced) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	return l.use().Append(ctx, stream, expected, events...)
}

func (l *replaced) Subscribe(ctx context.Context, after eventstore.Position, f eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return l.use().Subscribe(ctx, after, f)
}

func TestAnEventThatCannotBeLookedForDoesNotStartAReactionOver(t *testing.T) {
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
		l.Fail = func(call, stream string) error {
			if call == "read" && stream == "a-1" && unknown.Load() {
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
