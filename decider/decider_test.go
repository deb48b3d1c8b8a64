package decider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"alta/decider"
	"alta/eventstore"
)

// The business of these tests: a ticket that is taken once, and a counter.
type state struct {
	takenBy string
	count   int
}
type taken struct {
	By string `json:"by"`
}
type counted struct{}

func newDecider(log decider.Log) *decider.Decider[state, any] {
	return &decider.Decider[state, any]{
		Log: log, Category: "ticket",
		Evolve: func(s state, e any) state {
			switch e := e.(type) {
			case taken:
				s.takenBy = e.By
			case counted:
				s.count++
			}
			return s
		},
		Encode: func(_ context.Context, _ string, _ eventstore.ID, e any) (eventstore.Proposed, error) {
			data, err := json.Marshal(e)
			return eventstore.Proposed{Type: fmt.Sprintf("%T", e), Data: data}, err
		},
		Decode: func(_ context.Context, r *eventstore.Record) (any, error) {
			switch r.Type {
			case "decider_test.taken":
				var e taken
				return e, json.Unmarshal(r.Data, &e)
			case "decider_test.counted":
				return counted{}, nil
			}
			return nil, errors.New("unknown event " + r.Type)
		},
	}
}

var errTaken = errors.New("taken by someone else")

func take(by string) func(state) ([]any, error) {
	return func(s state) ([]any, error) {
		switch s.takenBy {
		case "":
			return []any{taken{by}}, nil
		case by:
			return nil, nil
		}
		return nil, errTaken
	}
}

func count(n int) func(state) ([]any, error) {
	return func(state) ([]any, error) {
		events := make([]any, n)
		for i := range events {
			events[i] = counted{}
		}
		return events, nil
	}
}

func by(actor string) decider.Command {
	return decider.Command{ID: decider.NewID(), Actor: actor, Role: "reviewer", Operation: "count"}
}

func at(r eventstore.Revision) *eventstore.Revision { return &r }

func TestWithoutASeenRevisionEveryoneGetsThroughInTheEnd(t *testing.T) {
	log := &memLog{}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		d := newDecider(log)
		wg.Go(func() { _, errs[i] = d.Transact(t.Context(), "1", by("x"), nil, count(2)) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	s, rev, err := newDecider(log).Load(t.Context(), "1")
	if err != nil || s.count != 16 || rev != 15 {
		t.Fatalf("got %+v at %d, %v", s, rev, err)
	}
}

func TestAnEffectInPlaceIsASuccessEvenOnAnOldRevision(t *testing.T) {
	log := &memLog{}
	d := newDecider(log)
	ctx := t.Context()
	must(t)(d.Transact(ctx, "1", by("ann"), nil, take("ann")))
	must(t)(d.Transact(ctx, "1", by("bob"), nil, count(1)))
	r, err := d.Transact(ctx, "1", by("ann"), at(eventstore.NoStream), take("ann"))
	if err != nil || r.Revision != 1 || r.Appended {
		t.Fatalf("got %+v, %v", r, err)
	}
}

func TestARealRefusalBeatsTheStaleOne(t *testing.T) {
	d := newDecider(&memLog{})
	must(t)(d.Transact(t.Context(), "1", by("ann"), nil, take("ann")))
	if _, err := d.Transact(t.Context(), "1", by("bob"), at(eventstore.NoStream), take("bob")); !errors.Is(err, errTaken) {
		t.Fatalf("got %v", err)
	}
}

func TestACommandSentAgainAnswersItsFirstResult(t *testing.T) {
	log := &memLog{}
	ctx := t.Context()
	cmd := by("ann")
	first := must(t)(newDecider(log).Transact(ctx, "1", cmd, at(eventstore.NoStream), count(2)))
	must(t)(newDecider(log).Transact(ctx, "1", by("bob"), nil, count(3)))
	for _, seen := range []*eventstore.Revision{nil, at(eventstore.NoStream)} {
		again, err := newDecider(log).Transact(ctx, "1", cmd, seen, count(2))
		if err != nil || again.Revision != first.Revision || again.Position != first.Position || again.Appended || len(again.Events) != 2 {
			t.Fatalf("got %+v, %v; want %+v", again, err, first)
		}
	}
	if n := len(log.streams["ticket-1"]); n != 5 {
		t.Fatalf("%d events, want 5", n)
	}
	cmd.Request = "another request"
	if _, err := newDecider(log).Transact(ctx, "1", cmd, nil, count(2)); err != nil {
		t.Fatalf("a command that was stored without its request: %v", err)
	}
	cmd.Request = ""
	cmd.Operation = "something else"
	if _, err := newDecider(log).Transact(ctx, "1", cmd, nil, count(2)); !errors.Is(err, decider.ErrCommandReused) {
		t.Fatalf("the id for another operation: got %v", err)
	}
}

func TestACommandIsKnownByItsWholeRequest(t *testing.T) {
	log := &memLog{}
	ctx := t.Context()
	cmd := by("ann")
	cmd.Request = "one"
	first := must(t)(newDecider(log).Transact(ctx, "1", cmd, nil, count(1)))
	if r, found, err := newDecider(log).Repeated(ctx, "1", cmd); err != nil || !found || !r.Repeated || r.Revision != first.Revision {
		t.Fatalf("sent again: %+v, %v, %v", r, found, err)
	}
	cmd.Request = "two"
	if _, err := newDecider(log).Transact(ctx, "1", cmd, nil, count(1)); !errors.Is(err, decider.ErrCommandReused) {
		t.Fatalf("the id for another request: got %v", err)
	}
	if _, found, err := newDecider(log).Repeated(ctx, "1", by("bob")); found || err != nil {
		t.Fatalf("a command that was never sent: %v, %v", found, err)
	}
}

func TestAnUnknownOutcomeIsResolvedByAskingAgain(t *testing.T) {
	for name, happened := range map[string]bool{"it was written": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			log := &memLog{}
			lost := 2
			misbehave := func() error {
				if lost--; lost >= 0 {
					return eventstore.ErrUnknownOutcome
				}
				return nil
			}
			var front decider.Log = log
			if happened {
				log.afterAppend = misbehave
			} else {
				front = refusing{log, misbehave}
			}
			r, err := newDecider(front).Transact(t.Context(), "1", by("ann"), nil, count(2))
			if err != nil || r.Revision != 1 || len(log.streams["ticket-1"]) != 2 {
				t.Fatalf("got %+v, %v with %d events", r, err, len(log.streams["ticket-1"]))
			}
		})
	}
}

type refusing struct {
	*memLog
	refuse func() error
}

func (l refusing) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	if err := l.refuse(); err != nil {
		return eventstore.Appended{}, err
	}
	return l.memLog.Append(ctx, stream, expected, events...)
}

func TestWhoIsAlwaysTooLateIsToldSo(t *testing.T) {
	log := &memLog{}
	rival := newDecider(log)
	d := newDecider(log)
	busy, tries := false, 0
	log.beforeAppend = func() {
		if !busy {
			busy = true
			tries++
			must(t)(rival.Transact(t.Context(), "1", by("rival"), nil, count(1)))
			busy = false
		}
	}
	if _, err := d.Transact(t.Context(), "1", by("ann"), nil, count(1)); !errors.Is(err, decider.ErrContended) || tries != 16 {
		t.Fatalf("got %v after %d tries", err, tries)
	}
}

func TestACachedStateReadsOnlyWhatIsNewer(t *testing.T) {
	log := &memLog{}
	d := newDecider(log)
	must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(100)))
	if _, _, err := d.Load(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	must(t)(newDecider(log).Transact(t.Context(), "1", by("bob"), nil, count(1)))
	log.reads = 0
	s, rev, err := d.Load(t.Context(), "1")
	if err != nil || s.count != 101 || rev != 100 || log.reads != 1 {
		t.Fatalf("got %+v at %d after reading %d events, %v", s, rev, log.reads, err)
	}
	d.Forget("1")
	if s, _, _ := d.Load(t.Context(), "1"); s.count != 101 || log.reads != 102 {
		t.Fatalf("after Forget: %+v, %d events read", s, log.reads)
	}
}

func TestACacheOfAnySizeAnswersTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := &memLog{}
		d := newDecider(log)
		d.CacheSize = rapid.IntRange(1, 3).Draw(t, "cache size")
		want := map[string]int{}
		var sent []decider.Command
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "stream")
			writer := d
			if rapid.Bool().Draw(t, "elsewhere") {
				writer = newDecider(log)
			}
			cmd := by("x")
			n := rapid.IntRange(0, 3).Draw(t, "events")
			if len(sent) > 0 && rapid.Bool().Draw(t, "again") {
				// The same id on another stream is another event there, so this also
				// shows that a command's reach is one stream.
				cmd = rapid.SampledFrom(sent).Draw(t, "command")
			}
			r, err := writer.Transact(context.Background(), id, cmd, nil, count(n))
			if err != nil {
				t.Fatal(err)
			}
			sent = append(sent, cmd)
			if r.Appended {
				want[id] += n
			}
			s, rev, err := d.Load(context.Background(), id)
			if err != nil || s.count != want[id] || int(rev) != want[id]-1 {
				t.Fatalf("stream %s: %+v at %d, want %d, %v", id, s, rev, want[id], err)
			}
		}
	})
}

func TestMetadataIsCanonicalAndReadsBack(t *testing.T) {
	cmd := decider.Command{
		ID: eventstore.ID{1}, Actor: "a<b>", Role: "lead", Operation: "PUT /x", Correlation: "c",
		Causation: eventstore.ID{2}, Policy: "2026-11", Reasons: "3",
	}
	meta, err := cmd.Meta()
	want := `{"$causationId":"02000000-0000-0000-0000-000000000000","$correlationId":"c","actor":"a<b>","causation":"02000000-0000-0000-0000-000000000000","command":"01000000-0000-0000-0000-000000000000","correlation":"c","operation":"PUT /x","policy":"2026-11","reasons":"3","role":"lead"}`
	if err != nil || string(meta) != want {
		t.Fatalf("got %s, %v", meta, err)
	}
	if back, err := decider.ReadMeta(meta); err != nil || back != cmd {
		t.Fatalf("got %+v, %v", back, err)
	}
	// What a person asks for has no cause but itself.
	cmd.Correlation, cmd.Causation = "", eventstore.ID{}
	meta, err = cmd.Meta()
	want = `{"$causationId":"01000000-0000-0000-0000-000000000000","$correlationId":"01000000-0000-0000-0000-000000000000","actor":"a<b>","command":"01000000-0000-0000-0000-000000000000","correlation":"01000000-0000-0000-0000-000000000000",`
	if err != nil || !strings.HasPrefix(string(meta), want) {
		t.Fatalf("got %s, %v", meta, err)
	}
	cmd.Correlation = cmd.ID.String()
	if back, err := decider.ReadMeta(meta); err != nil || back != cmd {
		t.Fatalf("got %+v, %v", back, err)
	}
}

func TestEventIDsAreUUIDv5AndTellStreamsApart(t *testing.T) {
	// The example of RFC 9562, appendix A.4.
	dns, _ := decider.ParseID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	if got := decider.DeriveID(dns, "www.example.com").String(); got != "2ed6657d-e927-568b-95e1-2665a8aea6a2" {
		t.Fatalf("got %s", got)
	}
	ids := []eventstore.ID{
		decider.EventID(dns, "a-1", 0), decider.EventID(dns, "a-1", 1), decider.EventID(dns, "a-2", 0), decider.EventID(decider.NewID(), "a-1", 0),
	}
	for i, id := range ids {
		if slices.Contains(ids[:i], id) || id[6]>>4 != 5 {
			t.Fatalf("%v", ids)
		}
	}
	for _, bad := range []string{"", "x", "00000000-0000-0000-0000-000000000000", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430cg"} {
		if _, err := decider.ParseID(bad); !errors.Is(err, decider.ErrID) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func must(t *testing.T) func(decider.Result[state, any], error) decider.Result[state, any] {
	return func(r decider.Result[state, any], err error) decider.Result[state, any] {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}
