package esdb_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/eventstore/wire"
)

// event makes an event whose id is made of two numbers.
func event(stream, n int) eventstore.Proposed {
	e := eventstore.Proposed{Type: "tested.v1", Data: []byte(`{"a":1}`), Meta: []byte(`{}`)}
	binary.BigEndian.PutUint32(e.ID[4:], uint32(stream+1))
	binary.BigEndian.PutUint64(e.ID[8:], uint64(n))
	return e
}

// switchable is a log offered at a unix socket that can be taken away and brought
// back.
type switchable struct {
	t    *testing.T
	addr string
	log  wire.Log
	stop func()
}

func (s *switchable) up() {
	s.t.Helper()
	l, err := wire.Listen(s.t.Context(), s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- wire.Serve(ctx, l, s.log, wire.Options{Grace: time.Nanosecond}) }()
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("serve: %v", err)
		}
	}
}

func (s *switchable) down() { s.stop() }

func TestCallersMeetTheirDeadlinesInAnOutageAndAreServedWithinASecondAfterIt(t *testing.T) {
	const (
		callers  = 20
		waves    = 5
		deadline = 300 * time.Millisecond
		slack    = 400 * time.Millisecond
		hops     = 2 * callers // wakings, of goroutines and of the process, until the last caller is served
	)
	server := &switchable{t: t, addr: "unix:" + socket(t), log: engine(t)}
	server.up()
	log := open(t, server.addr, esdb.Options{})

	var acknowledged, ended [callers]atomic.Int64
	var slowest [callers]time.Duration
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	// How late this machine wakes a sleeper at worst is not the client's doing.
	var late atomic.Int64
	wait.Go(func() {
		const nap = 5 * time.Millisecond
		for ctx.Err() == nil {
			begun := time.Now()
			time.Sleep(nap)
			late.Store(max(late.Load(), int64(time.Since(begun)-nap)))
		}
	})
	excused := func() time.Duration { return hops * time.Duration(late.Load()) }
	for c := range callers {
		wait.Go(func() {
			for n := int64(0); ctx.Err() == nil; {
				callCtx, done := context.WithTimeout(ctx, deadline)
				begun := time.Now()
				at, err := log.Append(callCtx, fmt.Sprintf("outage-%d", c), eventstore.Revision(n-1), event(c, int(n)))
				done()
				slowest[c] = max(slowest[c], time.Since(begun))
				ended[c].Add(1)
				switch {
				case err == nil && at.Revision != eventstore.Revision(n):
					t.Errorf("caller %d: event %d is at revision %d", c, n, at.Revision)
				case err == nil:
					n++
					acknowledged[c].Store(n)
				case ctx.Err() != nil:
				case !errors.Is(err, eventstore.ErrUnknownOutcome) && !errors.Is(err, eventstore.ErrUnavailable):
					t.Errorf("caller %d: %v", c, err) // a conflict would be a duplicate
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	// One reader follows through all of it.
	var followed atomic.Int64
	wait.Go(func() {
		var last eventstore.Position
		for m, err := range log.Subscribe(ctx, eventstore.Start, eventstore.Filter{}) {
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				t.Errorf("the subscription ended: %v", err)
				return
			}
			if m.Record != nil {
				if m.Record.Position.Commit != last.Commit+1 {
					t.Errorf("position %v follows %v", m.Record.Position, last)
				}
				last = m.Record.Position
				followed.Add(1)
			}
		}
	})

	// allMove waits until every caller's count has risen.
	allMove := func(counts *[callers]atomic.Int64, by int64, within time.Duration, what string) {
		t.Helper()
		var before [callers]int64
		for c := range callers {
			before[c] = counts[c].Load()
		}
		begun := time.Now()
		for c := range callers {
			for counts[c].Load() < before[c]+by && !t.Failed() {
				if time.Since(begun) > within+excused() {
					t.Errorf("caller %d is not %s within %v", c, what, within)
				}
				time.Sleep(time.Millisecond) // polls a counter; nothing is assumed about its speed
			}
		}
	}
	allMove(&acknowledged, 1, 5*time.Second, "served")
	for range waves {
		server.down()
		<-time.After(deadline + 100*time.Millisecond) // an outage longer than any deadline
		// The second call to end was begun in the outage, and its deadline ended it.
		allMove(&ended, 2, 2*(deadline+slack), "told that nobody answers")
		server.up()
		begun := time.Now()
		allMove(&acknowledged, 1, time.Second, "served")
		t.Logf("all callers were served %v after the outage", time.Since(begun).Round(time.Millisecond))
	}
	cancel()
	wait.Wait()
	most := slices.Max(slowest[:])
	t.Logf("the slowest call took %v of %v; the machine was late by up to %v", most.Round(time.Millisecond), deadline, time.Duration(late.Load()).Round(time.Millisecond))
	if most > deadline+slack+excused() {
		t.Errorf("a call with a deadline of %v took %v", deadline, most)
	}

	for c := range callers {
		n := int64(0)
		for r, err := range log.ReadStream(t.Context(), fmt.Sprintf("outage-%d", c), 0, -1) {
			if err != nil {
				t.Fatal(err)
			}
			if r.ID != event(c, int(n)).ID {
				t.Fatalf("caller %d: revision %d is not its event %d", c, r.Revision, n)
			}
			n++
		}
		// The append that was under way when the test ended may or may not be there.
		if got := acknowledged[c].Load(); n != got && n != got+1 {
			t.Errorf("caller %d: %d events were acknowledged, %d are there", c, got, n)
		}
	}
	if followed.Load() == 0 {
		t.Error("the subscription delivered nothing")
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	server.down()
}

func TestAnAppendThatWasNeverSentIsUnavailableNotUnknown(t *testing.T) {
	log := open(t, "unix:"+socket(t), esdb.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	_, err := log.Append(ctx, "s-1", eventstore.NoStream, event(0, 0))
	if !errors.Is(err, eventstore.ErrUnavailable) || errors.Is(err, eventstore.ErrUnknownOutcome) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	for _, err := range log.ReadStream(ctx, "s-1", 0, 1) {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
}

func TestACallerWhoseTimeIsUpWhenItComesSendsNothing(t *testing.T) {
	log := open(t, served(t, engine(t)), esdb.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	_, err := log.Append(ctx, "s-1", eventstore.NoStream, event(0, 0))
	if !errors.Is(err, eventstore.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestPatienceEndsCallsWithoutADeadline(t *testing.T) {
	log := open(t, "unix:"+socket(t), esdb.Options{Patience: 100 * time.Millisecond})
	if _, err := log.Append(t.Context(), "s-1", eventstore.NoStream, event(0, 0)); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Fatal(err)
	}
	for _, err := range log.ReadAll(t.Context(), eventstore.Start, 1) {
		if !errors.Is(err, eventstore.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if at, err := log.Head(t.Context()); !errors.Is(err, eventstore.ErrUnavailable) || at != eventstore.Start {
		t.Fatal(at, err)
	}
}

func TestClosingInAnOutageLeavesNothingBehind(t *testing.T) {
	server := &switchable{t: t, addr: "unix:" + socket(t), log: engine(t)}
	server.up()
	log := open(t, server.addr, esdb.Options{})
	if _, err := log.Append(t.Context(), "s-1", eventstore.NoStream, event(0, 0)); err != nil {
		t.Fatal(err)
	}
	server.down()
	var wait sync.WaitGroup
	var begun sync.WaitGroup
	for c := range 10 {
		begun.Add(2)
		wait.Go(func() {
			begun.Done()
			if _, err := log.Append(t.Context(), "s-1", 0, event(c, 1)); !errors.Is(err, eventstore.ErrClosed) {
				t.Errorf("append: %v", err)
			}
		})
		wait.Go(func() {
			begun.Done()
			for m, err := range log.Subscribe(t.Context(), eventstore.Start, eventstore.Filter{}) {
				if m.Record == nil && !m.CaughtUp && !errors.Is(err, eventstore.ErrClosed) {
					t.Errorf("subscription: %v", err)
				}
			}
		})
	}
	begun.Wait()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
	if _, err := log.Append(t.Context(), "s-1", 0, event(0, 1)); !errors.Is(err, eventstore.ErrClosed) {
		t.Fatal(err)
	}
	for _, err := range log.ReadAll(t.Context(), eventstore.Start, -1) {
		if !errors.Is(err, eventstore.ErrClosed) {
			t.Fatal(err)
		}
	}
}

func TestAServerThatAcceptsAndSaysNothingKeepsNobodyWaiting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var held []net.Conn
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			held = append(held, c)
		}
	}()
	defer func() {
		_ = l.Close()
		<-accepting
		for _, c := range held {
			_ = c.Close()
		}
	}()
	log := open(t, "esdb://"+l.Addr().String()+"?tls=false&gossipTimeout=1", esdb.Options{})
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		begun := time.Now()
		_, err := log.Append(ctx, "s-1", eventstore.NoStream, event(0, 0))
		cancel()
		if !errors.Is(err, eventstore.ErrUnavailable) || time.Since(begun) > time.Second {
			t.Fatalf("after %v: %v", time.Since(begun), err)
		}
	}
}
