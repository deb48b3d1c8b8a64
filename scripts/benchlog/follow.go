package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"alta/eventstore"
	"alta/scripts/measure"
)

// subscriber is an engine of package eventstore that can be followed.
type subscriber interface {
	appender
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
}

// latency times appends one after the other: from the call and from the
// acknowledgement to the delivery to a subscriber.
func latency(ctx context.Context, s sizes, dir string, r *measure.Report) error {
	rows := [][]string{{"", "call → delivery p50", "p99", "acknowledged → delivery p50", "p99", "append p50"}}
	for i, m := range []maker{{"direct", openEngine}, {"over wire", openWire}} {
		opened, err := m.open(ctx, filepath.Join(dir, fmt.Sprintf("latency-%d", i)))
		if err != nil {
			return err
		}
		var log subscriber
		switch o := opened.(type) {
		case *engine:
			log = o
		case *wired:
			log = o.log
		}
		fromCall, fromAck, took, err := deliver(ctx, log, s.latency)
		if err := errors.Join(err, opened.close()); err != nil {
			return fmt.Errorf("latency, %s: %w", m.name, err)
		}
		row := []string{m.name}
		for _, c := range []struct {
			d []time.Duration
			p float64
		}{{fromCall, .5}, {fromCall, .99}, {fromAck, .5}, {fromAck, .99}, {took, .5}} {
			row = append(row, fmt.Sprintf("%.3f ms", measure.Percentile(c.d, c.p).Seconds()*1000))
		}
		rows = append(rows, row)
		if i == 0 {
			p50, ack := measure.Percentile(fromCall, .5), measure.Percentile(fromAck, .5)
			r.Goal("append to subscriber, direct, p50 ≤ 0.5 ms", p50 <= 500*time.Microsecond,
				"%.3f ms from the call, sync included; %.3f ms from the acknowledgement", p50.Seconds()*1000, ack.Seconds()*1000)
		}
	}
	if s.short {
		r.Say("latency: every append was delivered once and in order, directly and over wire")
		return nil
	}
	measure.Table(fmt.Sprintf("append to subscriber, %d appends one after the other; negative: delivered before the writer had its answer", s.latency), rows)
	return nil
}

func deliver(ctx context.Context, log subscriber, n int) (fromCall, fromAck, took []time.Duration, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	arrived := make(chan time.Time, 1)
	ready := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		next := 0
		var once sync.Once
		for m, err := range log.Subscribe(ctx, eventstore.Start, eventstore.Filter{}) {
			if err != nil {
				ended <- err
				return
			}
			if m.Record == nil {
				once.Do(func() { close(ready) })
				continue
			}
			at := time.Now()
			if m.Record.ID != payload(0, next).ID {
				ended <- fmt.Errorf("event %d came as number %d", next, m.Record.Position.Commit)
				return
			}
			next++
			arrived <- at
		}
	}()
	<-ready
	for i := range n {
		called := time.Now()
		if err := appendTo(ctx, log, 0, i); err != nil {
			return nil, nil, nil, err
		}
		answered := time.Now()
		select {
		case at := <-arrived:
			fromCall, fromAck, took = append(fromCall, at.Sub(called)), append(fromAck, at.Sub(answered)), append(took, answered.Sub(called))
		case err := <-ended:
			return nil, nil, nil, err
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		return nil, nil, nil, err
	}
	return fromCall, fromAck, took, nil
}

// followers measures the memory that many subscribers take while they follow,
// one of them stuck.
func followers(ctx context.Context, s sizes, dir string, r *measure.Report) (err error) {
	e, err := guarded(filepath.Join(dir, "followers"), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	const events = 4000
	if err := fill(ctx, e, events, payload); err != nil {
		return err
	}
	before := heap()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var delivered atomic.Int64
	var wait, ready sync.WaitGroup
	stuck := make(chan struct{})
	ready.Add(s.follow)
	for n := range s.follow {
		wait.Go(func() {
			var once sync.Once
			head, err := e.Head(ctx)
			if err != nil {
				return
			}
			for m, err := range e.Subscribe(ctx, head, eventstore.Filter{}) {
				if err != nil {
					return
				}
				if m.CaughtUp {
					once.Do(ready.Done)
				} else if delivered.Add(1); n == 0 {
					select {
					case <-stuck:
					case <-ctx.Done():
					}
				}
			}
		})
	}
	ready.Wait()
	idle := heap()
	begun := time.Now()
	want := int64(events) * int64(s.follow)
	errs := make(chan error, 1)
	go func() { errs <- fillFrom(ctx, e, events) }()
	var peak uint64
	for open := true; open; {
		select {
		case err := <-errs:
			if err != nil {
				return err
			}
			open = false
		case <-time.After(20 * time.Millisecond):
			peak = max(peak, heap())
		}
	}
	close(stuck)
	for limit := time.Now().Add(time.Minute); delivered.Load() < want; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			return fmt.Errorf("%d of %d deliveries happened", delivered.Load(), want)
		}
	}
	took := time.Since(begun)
	cancel()
	wait.Wait()
	if s.short {
		r.Say("followers: every subscriber got every event, the one that was stuck too")
		return nil
	}
	mib := func(b uint64) float64 { return float64(b) / (1 << 20) }
	measure.Table(fmt.Sprintf("%d subscribers, one of them stuck, %d events: %s deliveries a second", s.follow, events, rate(perSecond(int(want), took))), [][]string{
		{"heap before", "all following, idle", "highest under load", "a subscriber, idle"},
		{fmt.Sprintf("%.1f MiB", mib(before)), fmt.Sprintf("%.1f MiB", mib(idle)), fmt.Sprintf("%.1f MiB", mib(peak)),
			fmt.Sprintf("%.1f KiB", float64(int64(idle)-int64(before))/1024/float64(s.follow))},
	})
	return nil
}

// fillFrom fills with streams that fill has not used.
func fillFrom(ctx context.Context, a appender, n int) error {
	return fill(ctx, renamed{a}, n, payload)
}

type renamed struct{ appender }

func (r renamed) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	return r.appender.Append(ctx, "again-"+stream, expected, events...)
}

// heap is what the program's live objects take, and their stacks.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
