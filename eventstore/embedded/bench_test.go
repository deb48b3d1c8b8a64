package embedded_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"

	"golang.org/x/mod/sumdb/tlog"
)

var largeLog = flag.Int("large-log", 1_000_000, "events in the log that BenchmarkOpen opens; the goal is stated for 10,000,000")

var payload = []byte(`{"text":"` + strings.Repeat("x", 480) + `"}`)

func sized(n int) eventstore.Proposed {
	e := event(n)
	e.Data = payload
	return e
}

// BenchmarkAppend measures durable appends of one 600-byte event.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l := open(b, b.TempDir())
			var n atomic.Int64
			var wait sync.WaitGroup
			b.ResetTimer()
			for w := range writers {
				wait.Go(func() {
					stream := fmt.Sprintf("s-%d", w)
					for rev := eventstore.NoStream; n.Add(1) <= int64(b.N); rev++ {
						if _, err := l.Append(context.Background(), stream, rev, sized(int(rev)+2)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}

// BenchmarkAppendToSubscriber measures from the call of Append to the event's
// arrival at a live subscriber, the disk's sync included, and apart from it the
// way from the acknowledgement to the subscriber.
func BenchmarkAppendToSubscriber(b *testing.B) {
	l := open(b, b.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	arrived, ready := make(chan time.Time, 1), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for m, err := range l.Subscribe(ctx, eventstore.Start, eventstore.Filter{}) {
			switch {
			case err != nil:
				return
			case m.CaughtUp:
				close(ready)
			default:
				arrived <- time.Now()
			}
		}
	})
	<-ready
	whole, after := make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for i := range b.N {
		begun := time.Now()
		if _, err := l.Append(ctx, "s", eventstore.Revision(i-1), sized(i+1)); err != nil {
			b.Fatal(err)
		}
		acked := time.Now()
		at := <-arrived
		whole, after = append(whole, at.Sub(begun)), append(after, max(0, at.Sub(acked)))
	}
	slices.Sort(whole)
	slices.Sort(after)
	b.ReportMetric(float64(whole[len(whole)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(after[len(after)/2].Microseconds()), "p50-after-ack-µs")
	cancel()
	wait.Wait()
}

// BenchmarkScan measures reading the whole log in order.
func BenchmarkScan(b *testing.B) {
	l := large(b, b.TempDir(), min(*largeLog, 1_000_000))
	b.ResetTimer()
	n := 0
	for range b.N {
		for _, err := range l.ReadAll(context.Background(), eventstore.Start, embedded.All) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkOpen measures opening a log of -large-log events.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	l := large(b, dir, *largeLog)
	head, err := l.Tree()
	if err = errors.Join(err, l.Close()); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		l, err := embedded.Open(dir, embedded.Options{Leaf: leaf, Expect: []tlog.Tree{head}})
		if err == nil {
			err = l.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// large makes a log of n events without waiting for the disk.
func large(b *testing.B, dir string, n int) *embedded.Log {
	b.Helper()
	l := open(b, dir, func(o *embedded.Options) { o.UnsafeNoSync = true })
	for i := 0; i < n; i += 200 {
		batch := make([]eventstore.Proposed, min(200, n-i))
		for j := range batch {
			batch[j] = sized(i + j + 1)
		}
		if _, err := l.Append(context.Background(), fmt.Sprintf("s-%d", i/200), eventstore.NoStream, batch...); err != nil {
			b.Fatal(err)
		}
	}
	return l
}
