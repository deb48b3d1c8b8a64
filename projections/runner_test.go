package projections

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/eventstore"
	"alta/simulate/direct"
)

var background = context.Background()

func TestWhatIsFollowedLiveIsWhatARebuildMakes(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 20, "")
		w.run(w.runner())
		w.caughtUp()
		w.fill(20, 60, "")
		w.sameAfterRebuild()
		w.fill(80, 20, "") // the runner goes on with what was published
		w.sameAfterRebuild()
	})
}

// plainLog is a log that does not say where its streams end.
type plainLog struct{ Log }

func TestABuildIsTheSameHoweverLittleMemoryItMayUse(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 120, "")
		var want string
		for _, build := range []struct {
			name     string
			log      Log
			inMemory int
		}{
			{"all at once", plainLog{w.log}, 0},
			{"several readings", plainLog{w.log}, 16},
			{"written as they end", w.log, 200},
			{"written as they end, and several readings", w.log, 1},
		} {
			r := w.runner()
			r.Log, r.InMemory = build.log, build.inMemory
			if err := r.Rebuild(background); err != nil {
				t.Fatalf("%s: %v", build.name, err)
			}
			if n := r.Stats().Built; n != 120 {
				t.Errorf("%s: %d applications", build.name, n)
			}
			if got := w.dump(); want == "" {
				want = got
			} else if got != want {
				t.Errorf("%s: another outcome", build.name)
			}
		}
	})
}

func TestARestartedRunnerGoesOnWhereTheLastOneStood(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		stop := w.run(w.runner())
		w.caughtUp()
		stop()
		w.fill(10, 10, "")
		again := w.runner()
		w.run(again)
		w.caughtUp()
		eventually(t, "it has counted what it wrote", func() bool { return again.Stats().Position == w.head() })
		// An application whose events came in two batches counts in both.
		if s := again.Stats(); s.Builds != 0 || s.Documents < 10 || s.Documents-s.Batches >= 10 {
			t.Errorf("of the 20 applications the 10 new ones are written, and nothing is built anew: %+v", s)
		}
		w.sameAfterRebuild()
	})
}

func TestAFlushedRedisIsFilledAgainAndNeverReadAsEmpty(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 40, "qualification")
		w.run(w.runner())
		w.caughtUp()
		var wrong atomic.Int64
		reading, stop := context.WithCancel(background)
		defer stop()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for reading.Err() == nil {
				page, err := w.reader().Queue(background, QueueQualification, "", Filter{}, "", 100)
				if err == nil && (len(page.Rows) != 40 || *page.Total != 40) || err != nil && !errors.Is(err, ErrRebuilding) {
					wrong.Add(1)
				}
			}
		}()
		for range 3 {
			if err := w.rdb.FlushAll(background).Err(); err != nil {
				t.Fatal(err)
			}
			w.caughtUp() // although nothing is appended: an idle runner looks, too
		}
		stop()
		<-done
		if n := wrong.Load(); n > 0 {
			t.Errorf("%d answers were wrong, neither complete nor \"being rebuilt\"", n)
		}
		w.sameAfterRebuild()
	})
}

func TestAPositionThatWasSetBackCostsAReplayAndNothingElse(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 30, "")
		w.run(w.runner())
		w.caughtUp()
		before := w.dump()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		third, err := w.log.ReadAt(background, eventstore.Position{Commit: 3, Prepare: 3})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.rdb.HSet(background, w.store.keys(g, 0).checkpoint(), markFields(eventstore.MarkOf(third))...).Err(); err != nil {
			t.Fatal(err)
		}
		w.caughtUp()
		if w.dump() != before {
			t.Error("the replay left other documents")
		}
		w.sameAfterRebuild()
	})
}

func TestDeliveringEverythingThreeTimesGivesTheSameDocuments(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 30, "")
		r := w.runner()
		if err := r.Rebuild(background); err != nil {
			t.Fatal(err)
		}
		want := w.dump()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		held, err := w.store.standing(background, g)
		if err != nil {
			t.Fatal(err)
		}
		head := held.position()
		for range 3 {
			var all []*eventstore.Record
			for rec, err := range w.log.ReadAll(background, eventstore.Start, -1) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, rec)
			}
			for i, k := range w.store.each(g) { // as if nothing had been delivered
				held[i].mark = eventstore.Mark{}
				if err := w.rdb.HSet(background, k.checkpoint(), markFields(eventstore.Mark{})...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			tail := &tail{generation: g, held: held, docs: map[string]*kept{}}
			if err := r.apply(background, tail, all); err != nil {
				t.Fatal(err)
			}
			held = tail.held
			if held.position() != head {
				t.Errorf("at %s", held.position())
			}
		}
		if w.dump() != want {
			t.Error("the repetition shows")
		}
	})
}

func TestKeysThatCannotBeHadJustNowAreWaitedFor(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 3, "qualification")
		r := w.runner()
		w.run(r)
		w.caughtUp()
		w.breaks(func(*eventstore.Record) error { return errKeysAway })
		w.fill(3, 3, "qualification")
		eventually(t, "the outage is told", func() bool { return errors.Is(r.Healthy(), errKeysAway) })
		w.breaks(nil)
		w.caughtUp()
		if err := r.Healthy(); err != nil {
			t.Errorf("afterwards it says: %v", err)
		}
		w.sameAfterRebuild()
	})
}

func TestErasureLeavesTheSameDocumentsLiveAndRebuilt(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		l := w.fill(0, 6, "withdrawn")[0]
		number := l.State.Text(item.IdentityNumber)
		w.run(w.runner())
		w.caughtUp()
		h := application.Header{By: admin, At: moment}
		w.append(l, application.Restricted{Header: h, Until: moment.Add(time.Hour)})
		w.caughtUp()
		if p, err := w.reader().Search(background, l.State.MerchantNumber, "", 10); err != nil || len(p.Rows) > 0 {
			t.Errorf("a restricted application is found: %v %v", p.Rows, err)
		}
		w.append(l, application.Shredded{Header: h, Why: "asked for"})
		w.mu.Lock()
		w.erased[l.ID] = true
		w.mu.Unlock()
		w.caughtUp()
		if d := w.dump(); strings.Contains(d, number) {
			t.Error("a number stands in Redis in clear")
		}
		w.sameAfterRebuild()
	})
}

// An application whose restriction was lifted is found again by everything that it
// could be found by before: followed live with and without a restart in between,
// in one batch, and built anew.
func TestALiftedRestrictionBringsTheApplicationBackEverywhere(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		lives := w.fill(0, 6, "qualification")
		found := func(l *direct.Life, want bool, when string) {
			t.Helper()
			for _, q := range []string{l.State.MerchantNumber, l.State.Text(item.IdentityNumber), l.State.Text(item.SiteDomain)} {
				if q == "" {
					continue
				}
				p, err := w.reader().Search(background, q, "", 10)
				if err != nil {
					t.Fatal(err)
				}
				is := slices.ContainsFunc(p.Rows, func(r json.RawMessage) bool { return strings.Contains(string(r), l.ID) })
				if is != want {
					t.Errorf("%s: found by %q: %t", when, q, is)
				}
			}
		}
		stop := w.run(w.runner())
		w.caughtUp()
		before := w.dump()
		l := lives[0]
		found(l, true, "before")
		h := application.Header{By: application.Actor{ID: l.State.Merchant, Role: application.RoleMerchant}, At: l.State.Last}
		restricted := application.Restricted{Header: h, Until: h.At.AddDate(10, 0, 0), Back: h.At.AddDate(0, 0, 14)}
		lifted := application.RestrictionLifted{Header: h, Deadline: l.State.Deadline}
		w.append(l, restricted)
		w.caughtUp()
		found(l, false, "restricted")
		w.append(l, lifted)
		w.caughtUp()
		found(l, true, "lifted")
		if now := w.dump(); strings.Count(now, l.ID) != strings.Count(before, l.ID) {
			t.Errorf("it stands in %d places, before in %d", strings.Count(now, l.ID), strings.Count(before, l.ID))
		}
		w.append(l, restricted)
		w.caughtUp()
		stop()
		stop = w.run(w.runner())
		w.append(l, lifted)
		w.caughtUp()
		found(l, true, "lifted after a restart")
		stop()
		w.append(l, restricted, lifted)
		w.append(lives[1], restricted, lifted, restricted)
		w.run(w.runner())
		w.caughtUp()
		found(l, true, "in one batch")
		found(lives[1], false, "restricted again in one batch")
		w.sameAfterRebuild()
	})
}

func TestWaitingForAWriteEndsWhenItCanBeRead(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 3, "")
		w.run(w.runner())
		if _, err := w.log.Append(background, "account-1", eventstore.NoStream, eventstore.Proposed{ID: eventstore.ID{9}, Type: "account.x.v1", Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "there is a build", func() bool { _, err := w.store.Position(background); return err == nil })
		ctx, stop := context.WithTimeout(background, time.Minute)
		defer stop()
		if err := w.reader().Wait(ctx, w.head()); err != nil {
			t.Errorf("an event of no application is waited for: %v", err)
		}
	})
}
