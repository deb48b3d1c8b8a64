package statistics

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/calendar"
	"alta/eventstore"
	"alta/projections"
)

func TestWhatWasCountedLiveIsWhatARebuildCounts(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		stop := w.run(w.runner())
		w.fill(0, 60)
		w.caughtUp()
		live := w.report()
		if err := w.runner().Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.report(); got != live {
			t.Fatalf("live\n%s\nrebuilt\n%s", live, got)
		}
		w.fill(60, 40) // the runner goes on with the new sums
		w.caughtUp()
		more := w.report()
		if more == live {
			t.Fatal("what came after the rebuild was not counted")
		}
		stop()
		if err := w.runner().Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.report(); got != more {
			t.Fatalf("live\n%s\nrebuilt\n%s", more, got)
		}
		w.onlyOneGeneration()
	})
}

// onlyOneGeneration checks that nothing is left of former builds once they were
// swept: one that lost against another in the last moment is dropped then.
func (w *world) onlyOneGeneration() {
	w.t.Helper()
	ctx := context.Background()
	sweeper, now := w.runner(), time.Now()
	sweeper.Now = func() time.Time { return now }
	sweeper.prepare()
	sweeper.sweep(ctx)
	now = now.Add(2 * abandoned)
	sweeper.sweep(ctx)
	g, err := w.store.live(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	keys, err := w.rdb.Keys(ctx, root+"*").Result()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, k := range keys {
		if k != pointer && k != generations && !hasGeneration(k, g) {
			w.t.Errorf("%s is left over", k)
		}
	}
}

func hasGeneration(key string, g generation) bool {
	prefix := root + string(g) + ":"
	return len(key) > len(prefix) && key[:len(prefix)] == prefix
}

func TestFlushedKilledOrSetBackTheFiguresComeOutTheSame(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		stop := w.run(w.runner())
		w.fill(0, 40)
		w.caughtUp()
		// What Redis held at some moment, to be set back to later.
		ctx := t.Context()
		former := map[string]string{}
		keys, err := w.rdb.Keys(ctx, root+"*").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if former[k], err = w.rdb.Dump(ctx, k).Result(); err != nil {
				former = nil // the stand-in in process has no dumps
				break
			}
		}
		w.fill(40, 20)
		w.caughtUp()
		want := w.report()
		same := func(what string) {
			t.Helper()
			w.caughtUp()
			if got := w.report(); got != want {
				t.Fatalf("after %s\n%s\nwant\n%s", what, got, want)
			}
		}
		if err := w.rdb.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is counted anew", func() bool { _, err := w.store.live(ctx); return err == nil })
		same("a flush")
		stop()
		stop = w.run(w.runner())
		same("a restart")
		if former != nil { // a replica that lagged behind was promoted
			stop()
			if err := w.rdb.FlushAll(ctx).Err(); err != nil {
				t.Fatal(err)
			}
			for k, v := range former {
				if err := w.rdb.Restore(ctx, k, 0, v).Err(); err != nil {
					t.Fatal(err)
				}
			}
			w.run(w.runner())
			same("writes that a failover lost")
		}
	})
}

func TestSeveralRunnersCountEverythingOnce(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		var all sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for range 3 {
			r := w.runner()
			r.Patience = time.Nanosecond // each believes at once that the others are gone
			all.Go(func() { _ = r.Run(ctx) })
		}
		w.fill(0, 60)
		w.caughtUp()
		cancel()
		all.Wait()
		raced := w.report()
		if err := w.runner().Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.report(); got != raced {
			t.Fatalf("raced\n%s\nrebuilt\n%s", raced, got)
		}
	})
}

func TestOneStreamThatCannotBeReadIsSetAsideAndAllOthersAreCounted(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		r := w.runner()
		stop := w.run(r)
		w.fill(0, 5)
		w.caughtUp()
		before := w.report()
		at := eventstore.Revision(w.lives[0].Events - 1)
		poison := func(name string) {
			done, err := w.log.Append(t.Context(), category+w.lives[0].ID, at, eventstore.Proposed{ID: eventstore.ID{1, byte(at)}, Type: name, Data: []byte(`{"by":{"id":"m","role":"merchant"},"at":"2026-11-20T08:00:00Z","from":"qualification"}`)})
			if err != nil {
				t.Fatal(err)
			}
			at = done.Revision
		}
		poison("application.weighed.v1")
		poison("application.withdrawn.v2") // counts once what stands before it can be read
		w.caughtUp()
		if err := r.Healthy(); err != nil || w.report() != before {
			t.Errorf("%v\n%s\n%s", err, before, w.report())
		}
		w.fill(5, 5)
		w.caughtUp()
		live := w.report()
		if live == before {
			t.Error("the others are not counted")
		}
		if err := w.runner().Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.report(); got != live {
			t.Errorf("live\n%s\nrebuilt\n%s", live, got)
		}
		stop()
		// A program that can read it counts what waited, and comes to what a rebuild
		// comes to.
		fixed := func() *Runner {
			r := w.runner()
			r.Log = newer{w.log}
			return r
		}
		w.run(fixed())
		eventually(t, "it is taken in", func() bool { return w.report() != live })
		taken := w.report()
		if err := fixed().Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.report(); got != taken {
			t.Errorf("taken in\n%s\nrebuilt\n%s", taken, got)
		}
	})
}

// newer is a log as a program reads it that knows one event more.
type newer struct{ Log }

func known(r *eventstore.Record) *eventstore.Record {
	if r != nil && r.Type == "application.weighed.v1" {
		other := *r
		other.Type = "application.note-added.v2"
		return &other
	}
	return r
}

func (l newer) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for m, err := range l.Log.Subscribe(ctx, after, filter) {
			m.Record = known(m.Record)
			if !yield(m, err) {
				return
			}
		}
	}
}

func (l newer) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for r, err := range l.Log.ReadStream(ctx, stream, from, limit) {
			if !yield(known(r), err) {
				return
			}
		}
	}
}

func TestAnotherCalendarCountsEverythingAnew(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		stop := w.run(w.runner())
		w.fill(0, 10)
		w.caughtUp()
		stop()
		other, err := calendar.Default().Import([]byte(`{"version":"test-2","years":[{"year":2026,"off":["2026-10-01..2026-10-14"]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		reader := Reader{Store: w.store, Calendar: func() calendar.Calendar { return other }}
		from, to := calendar.Date{Year: 2026, Month: 9, Day: 1}, calendar.Date{Year: 2026, Month: 11, Day: 30}
		if _, err := reader.Everything(t.Context(), from, to, ""); !errors.Is(err, projections.ErrRebuilding) {
			t.Fatalf("figures of the former calendar are answered: %v", err)
		}
		r := w.runner()
		r.Calendar = reader.Calendar
		w.run(r)
		var report Report
		eventually(t, "it is counted anew", func() bool {
			report, err = reader.Everything(t.Context(), from, to, "")
			return err == nil
		})
		if report.Calendar != "test-2" {
			t.Errorf("counted by the calendar %s", report.Calendar)
		}
	})
}

func TestNothingIsAnsweredWhileNothingIsCounted(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		d := calendar.Date{Year: 2026, Month: 11, Day: 1}
		if _, err := w.reader().Own(t.Context(), d, d, "reviewer-03"); !errors.Is(err, projections.ErrRebuilding) {
			t.Errorf("answered %v", err)
		}
		w.run(w.runner())
		w.caughtUp()
		if _, err := w.reader().Own(t.Context(), d, calendar.Date{Year: 2026, Month: 10, Day: 31}, ""); !errors.Is(err, ErrRange) {
			t.Errorf("no day is answered %v", err)
		}
		if _, err := w.reader().Own(t.Context(), d, calendar.Date{Year: 2027, Month: 12, Day: 31}, ""); !errors.Is(err, ErrRange) {
			t.Errorf("more than a year is answered %v", err)
		}
	})
}

func TestADeadlineIsMissedOnTheDayOnWhichItWasDue(t *testing.T) {
	zone := calendar.Default().Zone()
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, zone) }
	head := func(day, hour int) application.Header {
		return application.Header{By: application.Actor{ID: "r", Role: application.RoleReviewer}, At: at(day, hour)}
	}
	d := &application.Deadline{ID: "qualification-1", Stage: application.Qualification, Holder: application.Platform, Due: at(12, 18)}
	later := &application.Deadline{ID: "qualification-3", Stage: application.Qualification, Holder: application.Platform, Due: at(16, 18)}
	breach := application.DeadlineBreached{Header: head(13, 9), Deadline: d.ID, Due: d.Due}
	tests := map[string]struct {
		events []application.Event
		want   map[string]int64
	}{
		"done in time counts on the day it was done":    {[]application.Event{application.QualificationApproved{Header: head(11, 10), Next: application.ICP}}, map[string]int64{"2026-11-11 met qualification": 1}},
		"done too late counts on the day it was due":    {[]application.Event{application.QualificationApproved{Header: head(14, 10), Next: application.ICP}}, map[string]int64{"2026-11-12 missed qualification": 1}},
		"breached and then done counts once":            {[]application.Event{breach, application.QualificationApproved{Header: head(14, 10), Next: application.ICP}}, map[string]int64{"2026-11-12 missed qualification": 1}},
		"not done yet and not due yet counts nothing":   {[]application.Event{application.NoteAdded{Header: head(14, 10)}}, map[string]int64{}},
		"withdrawn in time counts nothing":              {[]application.Event{application.Withdrawn{Header: head(11, 10), From: application.Qualification}}, map[string]int64{}},
		"withdrawn after it was due counts as too late": {[]application.Event{application.Withdrawn{Header: head(14, 10), From: application.Qualification}}, map[string]int64{"2026-11-12 missed qualification": 1}},
		"hidden counts nothing any more":                {[]application.Event{application.Restricted{Header: head(11, 10)}, breach}, map[string]int64{}},
		"while it was hidden nobody was late": {[]application.Event{
			application.Restricted{Header: head(11, 10)}, application.RestrictionLifted{Header: head(14, 10), Deadline: later},
			application.QualificationApproved{Header: head(15, 10), Next: application.ICP},
		}, map[string]int64{"2026-11-15 met qualification": 1}},
		"the deadline after it was hidden counts": {[]application.Event{
			application.Restricted{Header: head(11, 10)}, application.RestrictionLifted{Header: head(14, 10), Deadline: later},
			application.QualificationApproved{Header: head(17, 10), Next: application.ICP},
		}, map[string]int64{"2026-11-16 missed qualification": 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			events := append([]application.Event{
				application.Opened{Header: head(9, 9)}, application.Submitted{Header: head(9, 10), Round: 1, Next: application.Qualification, Deadline: d},
			}, tt.events...)
			var c Case
			got := map[string]int64{}
			for _, e := range events {
				var adds []addition
				c, adds = c.Then(e, calendar.Default())
				for _, a := range adds {
					if a.cell == cellMet+"qualification" || a.cell == cellMissed+"qualification" {
						got[a.day+" "+a.cell] += a.n
					}
				}
			}
			if len(got) != len(tt.want) {
				t.Fatalf("counted %v, want %v", got, tt.want)
			}
			for k, n := range tt.want {
				if got[k] != n {
					t.Errorf("counted %v, want %v", got, tt.want)
				}
			}
		})
	}
}

func TestTheMedianIsEstimatedFromTheClasses(t *testing.T) {
	classes := []Class{{UpTo: 100, Turns: 10}, {UpTo: 200, Turns: 10}, {Turns: 5}}
	if m := quantile(classes, 0.5); m == nil || *m != 125 {
		t.Errorf("the median is %v", m)
	}
	if n := quantile(classes, 0.9); n != nil {
		t.Errorf("a value in the class without an end is given as %d", *n)
	}
	if m := quantile([]Class{{UpTo: 100}}, 0.5); m != nil {
		t.Errorf("the median of nothing is %d", *m)
	}
}
