package redistimers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/policy"
	"alta/eventstore"
	"alta/reactions"
	"alta/reactions/internal/memlog"
	"alta/reactions/redistimers"
)

func timers(t *testing.T) (*redistimers.Timers, *miniredis.Miniredis) {
	m := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	return redistimers.New(rdb, "timers"), m
}

func TestAClaimPutsTheLookOffUntilTheLeaseEnds(t *testing.T) {
	ts, m := timers(t)
	ctx, at := t.Context(), time.UnixMilli(1_770_000_000_000)
	if _, _, err := ts.Claim(ctx, at, time.Minute); !errors.Is(err, reactions.ErrTimersLost) {
		t.Fatalf("an empty Redis: %v", err)
	}
	if err := errors.Join(ts.Set(ctx, "b", at.Add(time.Second)), ts.Set(ctx, "a", at), ts.Complete(ctx)); err != nil {
		t.Fatal(err)
	}
	if id, due, err := ts.Claim(ctx, at, time.Minute); id != "a" || !due || err != nil {
		t.Fatalf("claimed %q, %v, %v", id, due, err)
	}
	if id, due, err := ts.Claim(ctx, at, time.Minute); due || err != nil {
		t.Errorf("claimed %q twice, %v", id, err)
	}
	if next, err := ts.Next(ctx); err != nil || !next.Equal(at.Add(time.Second)) {
		t.Errorf("next is %v, %v", next, err)
	}
	_ = ts.Drop(ctx, "b")
	if id, due, err := ts.Claim(ctx, at.Add(time.Minute), time.Minute); id != "a" || !due || err != nil {
		t.Errorf("after the lease: %q, %v, %v", id, due, err)
	}
	_ = ts.Drop(ctx, "a")
	if next, err := ts.Next(ctx); err != nil || !next.IsZero() {
		t.Errorf("without timers next is %v, %v", next, err)
	}
	m.FlushAll()
	if _, _, err := ts.Claim(ctx, at, time.Minute); !errors.Is(err, reactions.ErrTimersLost) {
		t.Errorf("after a flush: %v", err)
	}
}

func TestThreeWorkersAndAFlushFireEverythingOnce(t *testing.T) {
	ts, m := timers(t)
	log := memlog.New()
	rules := application.Rules{Policies: policy.Default(), Calendar: calendar.Default()}
	now := time.Now().UTC().Truncate(time.Millisecond)
	const applications = 60
	put := func(stream string, n eventstore.Revision, e application.Event) {
		typ, data, err := application.Encode(e, nil)
		if err != nil {
			t.Fatal(err)
		}
		id := decider.DeriveID(eventstore.ID{1}, fmt.Sprint(stream, n))
		if _, err := log.Append(t.Context(), stream, n-1, eventstore.Proposed{ID: id, Type: typ, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	by := application.Header{By: application.Actor{ID: "merchant-1", Role: application.RoleMerchant}, At: now.Add(-time.Hour)}
	for n := range applications {
		stream, due := fmt.Sprintf("application-%02d", n), now.Add(time.Duration(n%20)*50*time.Millisecond)
		put(stream, 0, application.Opened{Header: by, Merchant: "merchant-1", MerchantNumber: "8", Kind: policy.Individual, Site: policy.Web, Language: "en", Policy: "2026-01"})
		put(stream, 1, application.Submitted{Header: by, Round: 1, Policy: "2026-01", Next: application.Qualification,
			Deadline: &application.Deadline{ID: "qualification-1", Stage: application.Qualification, Holder: application.Platform, Started: by.At, Warn: due.Add(-time.Minute), Due: due}})
	}
	ctx, stop := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	for range 3 {
		d := reactions.NewDeadline(reactions.DeadlineConfig{Log: log, Rules: func() application.Rules { return rules }, Timers: ts,
			Now: time.Now, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
		workers.Go(func() { _ = d.Run(ctx) })
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for flushed := false; ; {
		fired := map[string]int{}
		for _, r := range log.All("") {
			if r.Type == "application.deadline-breached.v1" || r.Type == "application.deadline-warned.v1" {
				fired[r.Stream+r.Type]++
			}
		}
		if !flushed && len(fired) > applications {
			m.FlushAll()
			flushed = true
		}
		for what, n := range fired {
			if n > 1 {
				t.Fatalf("%s fired %d times", what, n)
			}
		}
		if len(fired) == 2*applications {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("%d of %d fired", len(fired), 2*applications)
		case <-tick.C:
		}
	}
	stop()
	workers.Wait()
}
