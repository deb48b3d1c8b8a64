package decider_test

import (
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"alta/decider"
	"alta/eventstore"
	"alta/eventstore/embedded"
)

// engine opens the real embedded log.
func engine(t *testing.T) *embedded.Log {
	t.Helper()
	log, err := embedded.Open(filepath.Join(t.TempDir(), "log"), embedded.Options{
		Leaf:         func(dst []byte, r *eventstore.Record) []byte { return append(append(dst, r.ID[:]...), r.Data...) },
		UnsafeNoSync: true, Reserve: embedded.NoReserve, Fatal: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

func TestTwoWhoActOnTheSameRevisionGetOneSuccess(t *testing.T) {
	for name, log := range map[string]decider.Log{"in memory": &memLog{}, "on the embedded engine": engine(t)} {
		t.Run(name, func(t *testing.T) {
			ann, bob := newDecider(log), newDecider(log)
			for race := range 100 {
				id := strconv.Itoa(race)
				must(t)(newDecider(log).Transact(t.Context(), id, by("origin"), nil, count(1)))
				var wg sync.WaitGroup
				var errs [2]error
				wg.Go(func() { _, errs[0] = ann.Transact(t.Context(), id, by("ann"), at(0), count(1)) })
				wg.Go(func() { _, errs[1] = bob.Transact(t.Context(), id, by("bob"), at(0), count(1)) })
				wg.Wait()
				winner, loser := "ann", errs[1]
				if errs[0] != nil {
					winner, loser = "bob", errs[0]
				}
				if (errs[0] == nil) == (errs[1] == nil) {
					t.Fatalf("race %d: want one success, got %v and %v", race, errs[0], errs[1])
				}
				var stale *decider.StaleError
				if !errors.As(loser, &stale) || stale.By != winner || stale.Seen != 0 || stale.Actual != 1 ||
					len(stale.Since) != 1 || stale.Since[0].Actor != winner || stale.Since[0].Type != "decider_test.counted" {
					t.Fatalf("race %d: want a StaleError naming %s, got %#v", race, winner, loser)
				}
				if s, rev, err := newDecider(log).Load(t.Context(), id); err != nil || s.count != 2 || rev != 1 {
					t.Fatalf("race %d: %+v at %d, %v", race, s, rev, err)
				}
			}
		})
	}
}

func TestOneCommandSentManyTimesAtOnceIsDoneOnce(t *testing.T) {
	log := engine(t)
	for round := range 50 {
		id, cmd := strconv.Itoa(round), by("ann")
		var wg sync.WaitGroup
		var got [4]decider.Result[state, any]
		var errs [4]error
		for i := range got {
			d := newDecider(log)
			wg.Go(func() { got[i], errs[i] = d.Transact(t.Context(), id, cmd, at(eventstore.NoStream), count(2)) })
		}
		wg.Wait()
		for i := range got {
			if errs[i] != nil || got[i].Revision != 1 || got[i].Position != got[0].Position {
				t.Fatalf("round %d: %+v, %v", round, got[i], errs[i])
			}
		}
		if s, rev, err := newDecider(log).Load(t.Context(), id); err != nil || s.count != 2 || rev != 1 {
			t.Fatalf("round %d: %+v at %d, %v", round, s, rev, err)
		}
	}
}
