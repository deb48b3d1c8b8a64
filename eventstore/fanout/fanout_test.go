package fanout_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/fanout"
	"alta/evidence"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counted is the embedded engine, and how many subscriptions it has open.
type counted struct {
	*embedded.Log
	open, begun atomic.Int64
}

func (c *counted) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	inner := c.Log.Subscribe(ctx, after, filter)
	return func(yield func(eventstore.Message, error) bool) {
		c.begun.Add(1)
		c.open.Add(1)
		defer c.open.Add(-1)
		inner(yield)
	}
}

func engine(t *testing.T) *counted {
	t.Helper()
	l, err := embedded.Open(t.TempDir(), embedded.Options{Leaf: evidence.Leaf, UnsafeNoSync: true, Reserve: embedded.NoReserve})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &counted{Log: l}
}

// write appends n events of a stream from a revision on, and answers the position of
// the last one.
func write(t *testing.T, l *counted, stream string, from, n int) eventstore.Position {
	t.Helper()
	var last eventstore.Position
	for i := from; i < from+n; i++ {
		e := eventstore.Proposed{Type: "tested.v1", Data: []byte("{}")}
		copy(e.ID[:8], stream)
		binary.BigEndian.PutUint64(e.ID[8:], uint64(i+1))
		at, err := l.Append(t.Context(), stream, eventstore.Revision(i-1), e)
		if err != nil {
			t.Fatal(err)
		}
		last = at.Position
	}
	return last
}

func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	for late := time.Now().Add(time.Minute); !met(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("it never came about that " + what)
		}
	}
}

func open(t *testing.T, l *counted, opt fanout.Options) *fanout.Feed {
	f := fanout.New(context.Background(), l, opt)
	t.Cleanup(f.Close)
	return f
}

func TestManyConsumersAreOneSubscriptionAndEachIsToldEverythingOnceAndInOrder(t *testing.T) {
	l := engine(t)
	write(t, l, "a-1", 0, 300)
	write(t, l, "b-1", 0, 10)
	f := open(t, l, fanout.Options{})
	const consumers = 10
	ctx, cancel := context.WithCancel(t.Context())
	var got [consumers]atomic.Int64
	var wait sync.WaitGroup
	for i := range consumers {
		filter := eventstore.Filter{Name: fmt.Sprint("consumer ", i)}
		if i%2 == 1 {
			filter.Streams = []string{"b-"}
		}
		wait.Go(func() {
			next := map[string]eventstore.Revision{}
			for m, err := range f.Subscribe(ctx, eventstore.Start, filter) {
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					return
				}
				if r := m.Record; r != nil {
					if r.Revision != next[r.Stream] {
						t.Errorf("consumer %d: revision %d of %s, want %d", i, r.Revision, r.Stream, next[r.Stream])
					}
					next[r.Stream]++
					got[i].Add(1)
				}
			}
		})
	}
	all := func(a, b int64) func() bool {
		return func() bool {
			for i := range consumers {
				if want := []int64{a, b}[i%2]; got[i].Load() != want {
					return false
				}
			}
			return true
		}
	}
	until(t, "all have caught up", all(310, 10))
	until(t, "all share one subscription", func() bool { return l.open.Load() == 1 })
	write(t, l, "a-1", 300, 200)
	last := write(t, l, "b-1", 10, 20)
	until(t, "all are told what is new", all(530, 30))
	feed, told := f.Health(last)
	if len(told) != consumers || feed.Reached != last || !feed.Live || l.open.Load() != 1 {
		t.Fatalf("%+v, %+v, %d subscriptions", feed, told, l.open.Load())
	}
	for _, c := range told {
		if !c.Live || c.Waiting != 0 || c.Slow != 0 {
			t.Errorf("%+v", c)
		}
	}
	begun := l.begun.Load()
	for m, err := range f.Subscribe(ctx, last, eventstore.Filter{}) {
		if err != nil || !m.CaughtUp {
			t.Fatal(m, err)
		}
		break
	}
	if l.begun.Load() != begun {
		t.Error("a consumer that was up to date had a subscription of its own")
	}
	cancel()
	wait.Wait()
	until(t, "the shared subscription ends with its last consumer", func() bool { return l.open.Load() == 0 })
}

func TestASlowConsumerIsNamedCatchesUpByItselfAndKeepsNobodyWaiting(t *testing.T) {
	l := engine(t)
	var said strings.Builder
	var saying sync.Mutex
	f := open(t, l, fanout.Options{Events: 8, Logger: slog.New(slog.NewTextHandler(writer(func(b []byte) {
		saying.Lock()
		defer saying.Unlock()
		said.Write(b)
	}), nil))})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var slow, quick atomic.Int64
	hold, held := make(chan struct{}), make(chan struct{}, 1)
	var wait sync.WaitGroup
	follow := func(name string, count *atomic.Int64, first func()) {
		wait.Go(func() {
			for m, err := range f.Subscribe(ctx, eventstore.Start, eventstore.Filter{Name: name}) {
				if err != nil {
					return
				}
				if m.Record == nil {
					continue
				}
				if int64(m.Record.Revision) != count.Load() {
					t.Errorf("%s: revision %d after %d events", name, m.Record.Revision, count.Load())
				}
				if count.Add(1) == 1 {
					first()
				}
			}
		})
	}
	follow("the slow one", &slow, func() { held <- struct{}{}; <-hold })
	follow("the quick one", &quick, func() {})
	until(t, "both share", func() bool { _, c := f.Health(eventstore.Start); return len(c) == 2 && c[0].Live && c[1].Live })
	write(t, l, "a-1", 0, 1)
	<-held
	// One ring after the other goes by; the quick one is let come along.
	for n := 1; n < 100; n += 4 {
		write(t, l, "a-1", n, 4)
		until(t, "the quick one is told", func() bool { return quick.Load() == int64(n+4) })
	}
	close(hold)
	until(t, "the slow one is told everything", func() bool { return slow.Load() == quick.Load() })
	saying.Lock()
	text := said.String()
	saying.Unlock()
	if !strings.Contains(text, `subscriber="the slow one"`) || strings.Contains(text, "the quick one") {
		t.Fatalf("it said: %s", text)
	}
	_, told := f.Health(eventstore.Start)
	if len(told) != 2 || told[1].Name != "the slow one" || told[1].Slow != 1 || told[0].Slow != 0 {
		t.Fatalf("%+v", told)
	}
	until(t, "it shares again", func() bool { return l.open.Load() == 1 })
	cancel()
	wait.Wait()
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

func TestCaughtUpIsToldOnlyAfterEverythingThatWasAppendedBefore(t *testing.T) {
	l := engine(t)
	at := write(t, l, "a-1", 0, 1)
	f := open(t, l, fanout.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wait sync.WaitGroup
	wait.Go(func() { // keeps the feed open
		for range f.Subscribe(ctx, eventstore.Start, eventstore.Filter{}) {
		}
	})
	for n := 1; n < 300; n++ {
		last := write(t, l, "a-1", n, 1)
		got := 0
		for m, err := range f.Subscribe(t.Context(), at, eventstore.Filter{Streams: []string{"a-"}}) {
			if err != nil {
				t.Fatal(err)
			}
			if m.CaughtUp {
				break
			}
			got++
		}
		if got != 1 {
			t.Fatalf("round %d: caught up after %d of 1 events", n, got)
		}
		at = last
	}
	cancel()
	wait.Wait()
}

func TestAFeedRefusesMoreConsumersThanItIsGoodForAndEndsWithItsLog(t *testing.T) {
	l := engine(t)
	f := open(t, l, fanout.Options{Consumers: 1})
	for m, err := range f.Subscribe(t.Context(), eventstore.Start, eventstore.Filter{}) {
		if err != nil {
			if !errors.Is(err, eventstore.ErrClosed) {
				t.Fatal(err)
			}
			break
		}
		for _, err := range f.Subscribe(t.Context(), eventstore.Start, eventstore.Filter{}) {
			if !errors.Is(err, eventstore.ErrUnavailable) {
				t.Fatal(err)
			}
		}
		if m.CaughtUp {
			go f.Close()
		}
	}
	for _, err := range f.Subscribe(t.Context(), eventstore.Start, eventstore.Filter{}) {
		if !errors.Is(err, eventstore.ErrClosed) {
			t.Fatal(err)
		}
	}
}

func TestWhatTheRingHoldsCanBeLookedAtAndNothingElse(t *testing.T) {
	l := engine(t)
	early := write(t, l, "a-1", 0, 5)
	f := open(t, l, fanout.Options{Events: 8})
	if some, ok := f.Recent(early, early, 10); ok {
		t.Errorf("before anybody follows: %v", some)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wait sync.WaitGroup
	wait.Go(func() {
		for range f.Subscribe(ctx, early, eventstore.Filter{Name: "one"}) {
		}
	})
	until(t, "it follows", func() bool { feed, _ := f.Health(early); return feed.Live })
	var at []eventstore.Position
	for i := range 6 {
		at = append(at, write(t, l, "a-1", 5+i, 1))
	}
	until(t, "it was told", func() bool { feed, _ := f.Health(at[5]); return feed.Reached == at[5] })
	beyond := eventstore.Position{Commit: at[5].Commit + 1, Prepare: at[5].Commit + 1}
	check := func(name string, after, through eventstore.Position, limit int, held bool, revisions ...eventstore.Revision) {
		t.Helper()
		some, ok := f.Recent(after, through, limit)
		var got []eventstore.Revision
		for _, r := range some {
			got = append(got, r.Revision)
		}
		if ok != held || !slices.Equal(got, revisions) {
			t.Errorf("%s: %v, %v, want %v, %v", name, got, ok, revisions, held)
		}
	}
	check("all", early, at[5], 10, true, 5, 6, 7, 8, 9, 10)
	check("between", at[0], at[2], 10, true, 6, 7)
	check("bounded", at[0], at[5], 2, true, 6, 7)
	check("nothing", at[5], at[5], 10, true)
	check("from before the ring", eventstore.Start, at[5], 10, false)
	check("further than was told", at[0], beyond, 10, false)
	last := write(t, l, "a-1", 11, 4)
	until(t, "it was told", func() bool { feed, _ := f.Health(last); return feed.Reached == last })
	check("what the ring has dropped", early, last, 10, false)
	check("what it kept", at[1], last, 20, true, 7, 8, 9, 10, 11, 12, 13, 14)
	cancel()
	wait.Wait()
}

// Else a consumer of few events seems to be where it began, for as long as it is told
// of none, and who counts what waits for it reads all of that.
func TestAConsumerThatHasCaughtUpHearsHowFarItIs(t *testing.T) {
	l := engine(t)
	last := write(t, l, "a-1", 0, 40)
	f := open(t, l, fanout.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var at atomic.Pointer[eventstore.Position]
	var wait sync.WaitGroup
	wait.Go(func() {
		filter := eventstore.Filter{Name: "narrow", Streams: []string{"b-"}, Every: 1000, Considered: func(p eventstore.Position) { at.Store(&p) }}
		for range f.Subscribe(ctx, eventstore.Start, filter) {
		}
	})
	until(t, "it says that it has considered all there was", func() bool { p := at.Load(); return p != nil && *p == last })
	cancel()
	wait.Wait()
}
