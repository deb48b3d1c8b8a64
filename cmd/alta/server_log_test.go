package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"alta/eventstore"

	"github.com/alicebob/miniredis/v2"
	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"
)

func TestOneAtATimeHasTheLeaseAndLosesItWithRedis(t *testing.T) {
	m := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	lease := redisLease{client: redislock.New(client), key: "k", life: 3 * time.Second, logger: slog.New(slog.DiscardHandler)}
	hold := func(ctx context.Context) (held <-chan context.Context, done <-chan error) {
		in, out := make(chan context.Context, 1), make(chan error, 1)
		go func() {
			out <- lease.Hold(ctx, func(ctx context.Context) error { in <- ctx; <-ctx.Done(); return ctx.Err() })
		}()
		return in, out
	}
	first, cancel := context.WithCancel(t.Context())
	held, done := hold(first)
	work := <-held
	next, nextDone := hold(t.Context())
	for range 2 { // twice most of its life goes by
		m.FastForward(lease.life * 2 / 3)
		for late := time.Now().Add(time.Minute); m.TTL(lease.key) < lease.life; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(late) {
				t.Fatal("the lease was not prolonged")
			}
		}
	}
	if len(next) > 0 || work.Err() != nil {
		t.Fatal("two have the lease, or nobody")
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	work = <-next // given back, it is free at once
	m.FlushAll()
	if err := <-nextDone; !errors.Is(err, context.Canceled) || work.Err() == nil {
		t.Fatalf("who lost the lease goes on: %v", err)
	}
}

// Mails and machine checks go on while Redis is away: whoever works goes on, and who
// stands by begins, because the one that worked may have gone with it. Once it is back
// one works.
func TestAReactionNeedsNoRedisAndOneDoesItsWorkWhileThereIsOne(t *testing.T) {
	m := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: m.Addr(), MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	lease := redisLease{client: redislock.New(client), key: "k", life: 300 * time.Millisecond, logger: slog.New(slog.DiscardHandler), optional: true}
	ctx, stop := context.WithCancel(t.Context())
	var working atomic.Int32
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			for ctx.Err() == nil {
				_ = lease.Hold(ctx, func(ctx context.Context) error {
					working.Add(1)
					defer working.Add(-1)
					<-ctx.Done()
					return ctx.Err()
				})
			}
		})
	}
	wait := func(n int32, when string) {
		t.Helper()
		for late := time.Now().Add(time.Minute); working.Load() != n; time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatalf("%s: %d work, not %d", when, working.Load(), n)
			}
		}
	}
	wait(1, "at the start")
	m.SetError("away")
	wait(2, "without Redis")
	m.SetError("")
	wait(1, "with Redis again")
	stop()
	both.Wait()
	if m.Exists(lease.key) {
		t.Error("the lease was not given back")
	}
}

func TestALogOnAServerIsCheckedAgainstItsEvidence(t *testing.T) {
	backing := t.TempDir()
	g, connection, stop := offered(t, backing)
	grow(t, g, 0, 30)
	c := demoConfig(t)
	c.Demo = false
	c.EventStore, c.Parts = connection, "sequencer,api"
	ctx, end := context.WithCancel(t.Context())
	ended, listening := make(chan error, 1), make(chan string, 1)
	go func() {
		ended <- serve(ctx, c, slog.New(slog.DiscardHandler), func(a string) error { listening <- a; return nil })
	}()
	select {
	case <-listening:
	case err := <-ended:
		t.Fatal(err)
	}
	said, err := "", errors.New("not yet")
	for late := time.Now().Add(time.Minute); time.Now().Before(late) && (err != nil || !strings.Contains(said, "\n30 events") && !strings.HasPrefix(said, "30 events")); {
		said, err = alta(t, "log", "check", "--data", c.Data, "--eventstore", connection)
	}
	if err != nil || !strings.Contains(said, "the log is whole") || !strings.Contains(said, "compared with what "+c.Data+" knows: the tree of 30 events") {
		t.Fatal(said, err)
	}
	want, err := g.Tree()
	if err != nil || !strings.Contains(said, want.Hash.String()) {
		t.Fatal(said, want, err)
	}
	end()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	stop()

	// The server comes back from an older backup: the program does not start.
	g, older, stop := offered(t, filepath.Join(t.TempDir(), "older"))
	defer stop()
	grow(t, g, 0, 25)
	c.EventStore = older
	err = serve(t.Context(), c, slog.New(slog.DiscardHandler), func(string) error { return errors.New("it started") })
	if !errors.Is(err, eventstore.ErrCorrupt) || !strings.Contains(err.Error(), "index 25 to 29") || !strings.Contains(err.Error(), "lost positions: 000000000000001a-") {
		t.Fatal(err)
	}
	// A program that could not ask it at the start asks before the first append.
	late, err := newServerLog(older, treeDir(c.Data), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if _, err := late.Append(t.Context(), "s", 24, eventstore.Proposed{ID: eventstore.ID{8}, Type: "t.v1", Data: []byte(`{}`)}); !errors.Is(err, eventstore.ErrReadOnly) || !errors.Is(err, eventstore.ErrCorrupt) {
		t.Fatalf("a server that lost events was appended to: %v", err)
	}
	if head, err := g.Head(t.Context()); err != nil || head.Commit != 25 {
		t.Fatal("it took an event in")
	}
	if _, err := alta(t, "log", "check", "--data", c.Data, "--eventstore", older); !errors.Is(err, eventstore.ErrCorrupt) || !strings.Contains(err.Error(), "missing: index 25") {
		t.Fatal(err)
	}
}
