package esdb_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/eventstore/eventstoretest"
	"alta/eventstore/wire/nodetest"
)

// cluster starts nodes that behave as real ones were seen to.
func cluster(t *testing.T, nodes int, facts nodetest.Facts) *nodetest.Cluster {
	t.Helper()
	c, err := nodetest.Start(nodetest.Options{Dir: t.TempDir(), Nodes: nodes, Facts: facts})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close the cluster: %v", err)
		}
	})
	return c
}

// real are the facts of a cluster whose replication takes no time of its own.
func real(change ...func(*nodetest.Facts)) nodetest.Facts {
	f := nodetest.Real()
	for _, c := range change {
		c(&f)
	}
	return f
}

func TestAConnectionThatNamesAFollowerAloneObeysEveryLaw(t *testing.T) {
	for name, confirmed := range map[string]bool{"refused before the confirmation": false, "confirmed first": true} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t, 3, real(func(f *nodetest.Facts) { f.ConfirmedFirst = confirmed }))
			log := open(t, c.Connection(1), esdb.Options{})
			eventstoretest.Run(t, func(*testing.T) eventstoretest.Log { return log })
		})
	}
}

// follow follows a log in the background, and hands on what comes.
func follow(t *testing.T, log *esdb.Log, filter eventstore.Filter) <-chan *eventstore.Record {
	t.Helper()
	got := make(chan *eventstore.Record, 1024)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	live := make(chan struct{})
	go func() {
		defer close(ended)
		caughtUp := sync.OnceFunc(func() { close(live) })
		for m, err := range log.Subscribe(ctx, eventstore.Start, filter) {
			switch {
			case err != nil:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("the subscription ended: %v", err)
				}
				return
			case m.CaughtUp:
				caughtUp()
			case m.Record != nil:
				got <- m.Record
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	within(t, live, "the subscription has caught up")
	return got
}

// within waits for a channel, for a minute.
func within[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Fatal("it never came about that " + what)
	}
	return v
}

// keeps appends one event, again until it is acknowledged.
func keeps(t *testing.T, log *esdb.Log, n int) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; {
		at, err := log.Append(t.Context(), "s-1", eventstore.Revision(n-1), event(0, n))
		switch {
		case err == nil && at.Revision == eventstore.Revision(n):
			return
		case err == nil:
			t.Fatalf("event %d is at %+v", n, at)
		case !errors.Is(err, eventstore.ErrUnavailable) && !errors.Is(err, eventstore.ErrUnknownOutcome), time.Now().After(late):
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// What happens to a leader; each time another one is elected. Appends and
// subscriptions must go on there, whichever node the connection was made to.
func TestAppendsAndSubscriptionsGoOnAtTheNewLeader(t *testing.T) {
	for name, c := range map[string]struct {
		harm  func(*nodetest.Cluster) error
		facts func(*nodetest.Facts)
	}{
		"killed":                       {harm: func(c *nodetest.Cluster) error { c.Kill(0); return nil }},
		"resigned":                     {harm: func(c *nodetest.Cluster) error { c.Resign(); return nil }},
		"stopped":                      {harm: func(c *nodetest.Cluster) error { c.Stop(0); return nil }},
		"cut off":                      {harm: func(c *nodetest.Cluster) error { c.CutOff(0); return nil }},
		"its machine dead":             {harm: func(c *nodetest.Cluster) error { return c.Die(0) }},
		"refused before the beginning": {harm: func(c *nodetest.Cluster) error { c.Resign(); return nil }, facts: func(f *nodetest.Facts) { f.ConfirmedFirst = false }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts := real()
			if c.facts != nil {
				c.facts(&facts)
			}
			nodes := cluster(t, 3, facts)
			log := open(t, nodes.Connection(), esdb.Options{})
			keeps(t, log, 0)
			all := follow(t, log, eventstore.Filter{Name: "all"})
			if r := within(t, all, "the first event comes"); r.Revision != 0 {
				t.Fatal(r)
			}
			if err := c.harm(nodes); err != nil {
				t.Fatal(err)
			}
			if err := nodes.Elect(1); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			for n := 1; n < 4; n++ {
				keeps(t, log, n)
				if n == 1 {
					t.Logf("acknowledged after %v", time.Since(begun).Round(time.Millisecond))
				}
				if r := within(t, all, "the next event comes"); r.Revision != eventstore.Revision(n) {
					t.Fatalf("revision %d is delivered, %d is next", r.Revision, n)
				}
				if n == 1 {
					t.Logf("delivered after %v", time.Since(begun).Round(time.Millisecond))
				}
			}
		})
	}
}

func TestAConflictIsToldOnceItCanBeRead(t *testing.T) {
	c := cluster(t, 3, real())
	log, rival := open(t, c.Connection(), esdb.Options{}), open(t, c.Connection(), esdb.Options{})
	held := c.Hold("s-1")
	first := make(chan error, 1)
	go func() {
		_, err := rival.Append(t.Context(), "s-1", eventstore.NoStream, event(0, 0))
		first <- err
	}()
	if err := held.Taken(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	beaten := make(chan error, 1)
	go func() {
		_, err := log.Append(t.Context(), "s-1", eventstore.NoStream, event(1, 0))
		if errors.Is(err, eventstore.ErrConflict) {
			for r, rerr := range log.ReadStream(t.Context(), "s-1", 0, 1) {
				if rerr != nil || r.ID != event(0, 0).ID {
					err = errors.Join(rerr, errors.New("it reads something else"))
				}
			}
		}
		beaten <- err
	}()
	if err := errors.Join(held.Conflicts(t.Context(), 1), held.Reads(t.Context(), 1)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-beaten:
		t.Fatalf("told before it can be read: %v", err)
	default:
	}
	held.Release()
	if err := within(t, first, "the first append is acknowledged"); err != nil {
		t.Fatal(err)
	}
	var conflict *eventstore.ConflictError
	if err := within(t, beaten, "the second append is refused"); !errors.As(err, &conflict) || conflict.Actual != 0 || conflict.Unread {
		t.Fatal(err)
	}
}

func TestAConflictThatStaysUnreadableSaysSo(t *testing.T) {
	c := cluster(t, 3, real())
	log := open(t, c.Connection(), esdb.Options{})
	held := c.Hold("s-1")
	defer held.Release()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		rival := open(t, c.Connection(), esdb.Options{})
		_, _ = rival.Append(ctx, "s-1", eventstore.NoStream, event(0, 0))
	}()
	if err := held.Taken(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	_, err := log.Append(t.Context(), "s-1", eventstore.NoStream, event(1, 0))
	cancel()
	<-gone
	var conflict *eventstore.ConflictError
	if !errors.As(err, &conflict) || !conflict.Unread || conflict.Actual != 0 {
		t.Fatal(err)
	}
}

func TestAPositionOfAnotherLogIsRefusedForGood(t *testing.T) {
	c := cluster(t, 1, real())
	log := open(t, c.Connection(), esdb.Options{})
	keeps(t, log, 0)
	foreign := eventstore.Position{Commit: 3, Prepare: 3}
	for _, err := range log.ReadAll(t.Context(), foreign, 1) {
		if !errors.Is(err, eventstore.ErrNoPosition) {
			t.Fatalf("read: %v", err)
		}
	}
	n := 0
	for m, err := range log.Subscribe(t.Context(), foreign, eventstore.Filter{}) {
		if n++; !errors.Is(err, eventstore.ErrNoPosition) {
			t.Fatalf("subscription: %v, %v", m, err)
		}
	}
	if n != 1 {
		t.Fatalf("%d messages", n)
	}
}

// The files of the server are put back to an older state, under a process that runs.
func TestNothingIsAppendedToAnOlderLogAtTheSameAddress(t *testing.T) {
	for name, verified := range map[string]bool{"what the process has seen": false, "what it is asked to verify": true} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t, 1, real())
			log := open(t, c.Connection(), esdb.Options{})
			keeps(t, log, 0)
			older := t.TempDir() + "/older"
			if err := c.Copy(t.Context(), older); err != nil {
				t.Fatal(err)
			}
			keeps(t, log, 1)
			keeps(t, log, 2)
			newer, err := c.Replace(older)
			if err != nil {
				t.Fatal(err)
			}
			if verified { // by somebody who knows more than a process that has just begun
				log = open(t, c.Connection(), esdb.Options{Verify: func(ctx context.Context) error {
					for range c.Engine().ReadStream(ctx, "s-1", 2, 1) {
						return nil
					}
					return eventstore.ErrCorrupt
				}})
			}
			head, err := c.Engine().Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for n := range 3 {
				// At the revision that the older log is at, so that it would take it.
				_, err := log.Append(t.Context(), "s-1", 0, event(7, n))
				if !errors.Is(err, eventstore.ErrReadOnly) || !errors.Is(err, eventstore.ErrCorrupt) {
					t.Fatalf("append %d: %v", n, err)
				}
			}
			if now, err := c.Engine().Head(t.Context()); err != nil || now != head {
				t.Fatalf("the older log took something in: %v, %v", now, err)
			}
			for r, err := range log.ReadStream(t.Context(), "s-1", 0, 1) {
				if now, herr := log.Head(t.Context()); err != nil || herr != nil || now != r.Position {
					t.Fatalf("its head is %v, where it was before: %v", now, errors.Join(err, herr))
				}
			}
			if _, err := c.Replace(newer); err != nil {
				t.Fatal(err)
			}
			until(t, "the newer log is trusted", func() bool {
				_, err := log.Append(t.Context(), "s-1", 2, event(0, 3))
				return err == nil
			})
		})
	}
}

func TestAServerThatIsKnownToBeAwayIsRefusedAtOnceUntilItIsBack(t *testing.T) {
	c := cluster(t, 1, real())
	log := open(t, c.Connection(), esdb.Options{})
	keeps(t, log, 0)
	c.Kill(0)
	until(t, "calls are refused at once", func() bool {
		begun := time.Now()
		_, err := log.Append(t.Context(), "s-1", 0, event(0, 1))
		if !errors.Is(err, eventstore.ErrUnavailable) && !errors.Is(err, eventstore.ErrUnknownOutcome) {
			t.Fatal(err)
		}
		return errors.Is(err, eventstore.ErrUnavailable) && time.Since(begun) < 500*time.Millisecond
	})
	for _, err := range log.ReadStream(t.Context(), "s-1", 0, 1) {
		if !errors.Is(err, eventstore.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if err := c.Restart(0); err != nil {
		t.Fatal(err)
	}
	keeps(t, log, 1)
}

func TestAStreamThatIsDeletedWhileItIsReadIsNotTakenForTheWhole(t *testing.T) {
	log := open(t, served(t, engine(t)), esdb.Options{})
	const pages = 1100 // more than one
	for n := 0; n < pages; n += 220 {
		var some []eventstore.Proposed
		for i := range 220 {
			some = append(some, event(0, n+i))
		}
		if _, err := log.Append(t.Context(), "s-1", eventstore.Revision(n-1), some...); err != nil {
			t.Fatal(err)
		}
	}
	read, last := 0, error(nil)
	for _, err := range log.ReadStream(t.Context(), "s-1", 0, -1) {
		if read++; read == 1 {
			if _, err := log.Delete(t.Context(), "s-1", pages-1); err != nil {
				t.Fatal(err)
			}
		}
		last = err
	}
	if !errors.Is(last, eventstore.ErrStreamNotFound) {
		t.Fatalf("after %d of %d events: %v", read, pages, last)
	}
}
