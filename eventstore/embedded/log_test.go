package embedded_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var leaf = evidence.Leaf

// open opens a log that is closed with the test.
func open(t testing.TB, dir string, change ...func(*embedded.Options)) *embedded.Log {
	t.Helper()
	opt := embedded.Options{Leaf: leaf, Fatal: func(err error) { t.Errorf("the log failed: %v", err) }}
	for _, c := range change {
		c(&opt)
	}
	l, err := embedded.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

// event makes an event whose id is the number n.
func event(n int) eventstore.Proposed {
	e := eventstore.Proposed{Type: "tested.v1", Data: []byte(`{"a":1}`), Meta: []byte(`{}`)}
	binary.BigEndian.PutUint64(e.ID[8:], uint64(n))
	e.ID[0] = 1
	return e
}

func readAll(t testing.TB, l *embedded.Log) []*eventstore.Record {
	t.Helper()
	var out []*eventstore.Record
	for r, err := range l.ReadAll(context.Background(), eventstore.Start, embedded.All) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func readStream(t testing.TB, l *embedded.Log, stream string) []*eventstore.Record {
	t.Helper()
	var out []*eventstore.Record
	for r, err := range l.ReadStream(context.Background(), stream, 0, embedded.All) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestAnAppendIsReadBackAfterReopening(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	l := open(t, dir)
	for i := range 10 {
		at, err := l.Append(ctx, "s-1", eventstore.Revision(i-1), event(i+1))
		if err != nil || at.Revision != eventstore.Revision(i) {
			t.Fatal(at, err)
		}
	}
	before, err := l.Tree()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	after, err := l.Tree()
	if err != nil || after != before {
		t.Fatal(before, after, err)
	}
	for n, r := range readAll(t, l) {
		if r.Revision != eventstore.Revision(n) || r.ID != event(n+1).ID {
			t.Fatal(n, r)
		}
	}
}

func TestAClosedLogAnswersSo(t *testing.T) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	ended := make(chan error, 1)
	go func() {
		var last error
		for _, err := range l.Subscribe(ctx, eventstore.Start, eventstore.Filter{}) {
			last = err
		}
		ended <- last
	}()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, eventstore.ErrClosed) {
		t.Fatalf("the subscription ended with %v", err)
	}
	if _, err := l.Append(ctx, "s", eventstore.NoStream, event(1)); !errors.Is(err, eventstore.ErrClosed) {
		t.Fatal(err)
	}
	for _, err := range l.ReadAll(ctx, eventstore.Start, embedded.All) {
		if !errors.Is(err, eventstore.ErrClosed) {
			t.Fatal(err)
		}
	}
	for _, err := range l.ReadStream(ctx, "s", 0, embedded.All) {
		if !errors.Is(err, eventstore.ErrClosed) {
			t.Fatal(err)
		}
	}
	if _, err := l.Tree(); !errors.Is(err, eventstore.ErrClosed) {
		t.Fatal(err)
	}
}

func TestASlowSubscriberMissesNothingAndAThousandShareTheTail(t *testing.T) {
	const subscribers, total = 1000, 6000 // more than the tail holds
	l := open(t, t.TempDir(), func(o *embedded.Options) { o.UnsafeNoSync = true })
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var wait, ready sync.WaitGroup
	results := make(chan error, subscribers)
	ready.Add(subscribers)
	release := make(chan struct{})
	for n := range subscribers {
		wait.Go(func() {
			next := uint64(1)
			var once sync.Once
			for m, err := range l.Subscribe(ctx, eventstore.Start, eventstore.Filter{}) {
				if err != nil {
					results <- err
					return
				}
				once.Do(ready.Done)
				if m.Record == nil {
					continue
				}
				if n%100 == 0 && next == 1 {
					<-release // falls behind the tail
				}
				if m.Record.Position.Commit != next {
					results <- fmt.Errorf("position %d, want %d", m.Record.Position.Commit, next)
					return
				}
				if next++; next > total {
					results <- nil
					return
				}
			}
		})
	}
	ready.Wait()
	if s := l.Stats(); s.Subscribers != subscribers {
		t.Fatal(s)
	}
	before := heap()
	for i := range total / 100 {
		batch := make([]eventstore.Proposed, 100)
		for j := range batch {
			batch[j] = event(i*100 + j + 1)
		}
		if _, err := l.Append(ctx, "s", eventstore.Revision(i*100-1), batch...); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	for range subscribers {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	// The tail is shared and the ten that fell behind hold a page each.
	if grown := heap() - before; grown > 64<<20 {
		t.Errorf("%d subscribers hold %d MiB", subscribers, grown>>20)
	} else {
		t.Logf("%d subscribers, %d events: the heap grew by %d KiB", subscribers, total, grown>>10)
	}
	cancel()
	wait.Wait()
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestAStreamSubscriptionEndsWithATombstone(t *testing.T) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	if _, err := l.Append(ctx, "s", eventstore.NoStream, event(1)); err != nil {
		t.Fatal(err)
	}
	var end error
	for m, err := range l.SubscribeStream(ctx, "s", eventstore.NoStream) {
		if end = err; m.CaughtUp {
			if _, err := l.Tombstone(ctx, "s", 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.Is(end, eventstore.ErrStreamDeleted) {
		t.Fatal(end)
	}
}

func TestAWireReadMayIncludeThePositionItself(t *testing.T) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	at, err := l.Append(ctx, "s", eventstore.NoStream, event(1), event(2))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, err := range l.ReadAllFrom(ctx, at.Position, embedded.All) {
		if err != nil || r.Position != at.Position {
			t.Fatal(r, err)
		}
		n++
	}
	if n != 1 {
		t.Fatalf("%d events", n)
	}
}

// Who folds the whole log learns from a stream's first event where it ends, and
// meets the events of a deleted stream too.
func TestTheEndOfAStreamIsKnownFromItsFirstEvent(t *testing.T) {
	l := open(t, t.TempDir())
	ctx := t.Context()
	ends := map[string]eventstore.Revision{"a": 2, "b": 0, "deleted": 1}
	n := 0
	for i := range eventstore.Revision(3) { // in turn
		for _, stream := range []string{"a", "b", "deleted"} {
			if i <= ends[stream] {
				n++
				if _, err := l.Append(ctx, stream, i-1, event(n)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if _, err := l.Delete(ctx, "deleted", 1); err != nil {
		t.Fatal(err)
	}
	for _, r := range readAll(t, l) {
		end, known := ends[r.Stream]
		if !known {
			continue // what the log notes itself
		}
		got, err := l.LastRevision(ctx, r)
		if r.Revision == 0 && (err != nil || got != end) {
			t.Errorf("%s ends at %d, %v; want %d", r.Stream, got, err, end)
		}
		if r.Revision > 0 && err == nil {
			t.Errorf("%s: revision %d passes for its first", r.Stream, r.Revision)
		}
	}
}

// Pebble takes tables in memory out of the block cache. Where they fill it, every
// look at a stream that is new reads filters from the disk, on the writer's path.
func TestTheCacheKeepsBlocksWhileMuchIsWritten(t *testing.T) {
	l := open(t, t.TempDir(), func(o *embedded.Options) { o.CacheBytes, o.MemTableBytes = 1<<20, 1<<20 })
	fat := make([]byte, 50<<10)
	for n := range 100 {
		e := event(n + 1)
		e.Data = fmt.Appendf(nil, `{"a":"%x"}`, fat)
		if _, err := l.Append(t.Context(), fmt.Sprintf("s-%d", n), eventstore.NoStream, e); err != nil {
			t.Fatal(err)
		}
	}
	readAll(t, l)
	if held := l.Stats().CacheBytes; held < 256<<10 {
		t.Errorf("the cache holds %d bytes", held)
	}
}
