package reactions_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/policy"
	"alta/eventstore"
	"alta/reactions"
	"alta/reactions/internal/memlog"
)

var (
	book     = application.Rules{Policies: policy.Default(), Calendar: calendar.Default()}
	merchant = application.Actor{ID: "merchant-1", Role: application.RoleMerchant}
	reviewer = application.Actor{ID: "reviewer-1", Role: application.RoleReviewer}
	version  = "2026-01"
)

// world is a log and a wall clock that can be set wrongly. In a synctest bubble
// it is 2000; in the world it is 2026.
type world struct {
	*memlog.Log
	t      *testing.T
	offset atomic.Int64
	n      int
}

func newWorld(t *testing.T, start string) *world {
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Log: memlog.New(), t: t}
	w.offset.Store(int64(time.Until(at)))
	p, ok := book.Policies.InForce(at)
	if !ok {
		t.Fatal("no policy is in force")
	}
	version = p.Version
	return w
}

func (w *world) now() time.Time            { return time.Now().Add(time.Duration(w.offset.Load())).Round(0).UTC() }
func (w *world) jump(by time.Duration)     { w.offset.Add(int64(by)) }
func (w *world) stream(name string) string { return "application-" + name }

func (w *world) happens(name string, events ...application.Event) {
	w.t.Helper()
	for _, e := range events {
		typ, data, err := application.Encode(e, func(_, clear string) (string, error) { return clear, nil })
		if err != nil {
			w.t.Fatal(err)
		}
		w.n++
		id := decider.DeriveID(eventstore.ID{1}, fmt.Sprint(w.n))
		n := eventstore.Revision(len(w.All(w.stream(name)))) - 1
		if _, err := w.Append(w.t.Context(), w.stream(name), n, eventstore.Proposed{ID: id, Type: typ, Data: data}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) head(by application.Actor) application.Header {
	return application.Header{By: by, At: w.now().Truncate(time.Millisecond)}
}

// deadline is one of so many business days from now.
func (w *world) deadline(name string, stage application.Stage, days int) *application.Deadline {
	w.t.Helper()
	due, err := book.Calendar.Add(w.now(), calendar.Days(days))
	if err != nil {
		w.t.Fatal(err)
	}
	whole, err := book.Calendar.Between(w.now(), due.At)
	if err != nil {
		w.t.Fatal(err)
	}
	warn, err := book.Calendar.Add(w.now(), calendar.Span{Time: whole.Time / 4 * 3})
	if err != nil {
		w.t.Fatal(err)
	}
	return &application.Deadline{
		ID: fmt.Sprintf("%s-%d", stage, len(w.All(w.stream(name)))), Stage: stage, Holder: application.Platform,
		Started: w.now(), Warn: warn.At.UTC(), Due: due.At.UTC(), Policy: version, Calendar: book.Calendar.Version,
	}
}

func (w *world) merchants(name string) *application.Deadline {
	due := w.now().AddDate(0, 0, 15).Truncate(time.Millisecond)
	d := &application.Deadline{
		ID: fmt.Sprintf("correction-%d", len(w.All(w.stream(name)))), Stage: application.Correction, Holder: application.Merchant,
		Started: w.now(), Due: due, Policy: version, Calendar: book.Calendar.Version,
	}
	for _, days := range []int{7, 3, 1} {
		d.Reminds = append(d.Reminds, due.AddDate(0, 0, -days))
	}
	d.Warn = d.Reminds[0]
	return d
}

// silenceEnds is when the platform ends an application that was silent since
// then: at nine in the morning after the sixtieth day, or after the first business
// day that follows it.
func (w *world) silenceEnds(since time.Time) time.Time {
	end, err := book.Calendar.EndOfDays(since, 60, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return end.At.Add(9 * time.Hour).UTC()
}

func (w *world) opens(name string) {
	w.happens(name, application.Opened{Header: w.head(merchant), Merchant: merchant.ID, MerchantNumber: "8" + name, Kind: policy.Individual,
		Products: []policy.Product{policy.WeChat}, Site: policy.Web, Language: "zh-CN", Policy: version})
}

func (w *world) submits(name string) *application.Deadline {
	w.opens(name)
	d := w.deadline(name, application.Qualification, 3)
	w.happens(name, application.Submitted{Header: w.head(merchant), Round: 1, Policy: version, Registry: "2026-11", Next: application.Qualification, Deadline: d})
	return d
}

func (w *world) returns(name string) *application.Deadline {
	d := w.merchants(name)
	w.happens(name, application.Returned{Header: w.head(reviewer), Round: 1, From: application.Qualification, Deadline: d})
	return d
}

func (w *world) runs() (d *reactions.Deadline, stop func()) {
	d = reactions.NewDeadline(reactions.DeadlineConfig{Log: w, Rules: func() application.Rules { return book }, Now: w.now, Logger: quiet})
	return d, following(w.t, d.Follower)
}

// fired lists what the reaction appended to an application: name and moment.
func (w *world) fired(name string) []string {
	w.t.Helper()
	var out []string
	for _, r := range w.All(w.stream(name)) {
		e, err := application.Decode(r.Type, r.Data, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		at := e.Head().At
		switch e := e.(type) {
		case application.DeadlineWarned:
			out = append(out, e.Mark+" "+at.Format(time.RFC3339))
		case application.DeadlineBreached:
			out = append(out, "breach "+at.Format(time.RFC3339))
		case application.ContractLapsed:
			out = append(out, "lapsed "+at.Format(time.RFC3339))
		case application.Expired:
			out = append(out, "expired "+at.Format(time.RFC3339))
		case application.Released:
			out = append(out, "released "+at.Format(time.RFC3339))
		}
	}
	return out
}

func wants(d *application.Deadline, more ...string) []string {
	var out []string
	for _, m := range d.Marks() {
		out = append(out, m.Name+" "+m.At.Format(time.RFC3339))
	}
	return append(append(out, "breach "+d.Due.Format(time.RFC3339)), more...)
}

func (w *world) check(name string, want []string) {
	w.t.Helper()
	if got := w.fired(name); !slices.Equal(got, want) {
		w.t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

func TestEachMarkOfADeadlineFiresOnceAtItsMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-02-12T02:00:00Z") // before the Spring Festival and its working weekends
		d, stop := w.runs()
		platform := w.submits("1")
		w.submits("2")
		correction := w.returns("2")
		time.Sleep(90 * 24 * time.Hour)
		stop()
		w.check("1", wants(platform))
		silent := w.silenceEnds(correction.Started)
		w.check("2", wants(correction, "expired "+silent.Format(time.RFC3339)))
		if s := d.Stats(); s.Fired != 7 {
			t.Errorf("stats %+v", s)
		}
	})
}

// An offer that nobody signs lapses once, at the moment of its end, and is not
// breached as well; from then on the platform's deadline runs, and the merchant's
// silence ends nothing.
func TestAnOfferThatNobodySignsLapsesOnceAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		w.submits("1")
		offer := w.merchants("1")
		offer.Stage = application.Signature
		w.happens("1", application.ContractOffered{Header: w.head(reviewer), Version: "2026-01", Expires: offer.Due, Deadline: offer})
		_, stop := w.runs()
		_, stopOther := w.runs() // two workers
		time.Sleep(90 * 24 * time.Hour)
		stop()
		stopOther()
		got := w.fired("1")
		want := wants(offer)
		want[len(want)-1] = "lapsed " + offer.Due.Format(time.RFC3339)
		if len(got) != len(want)+2 || !slices.Equal(got[:len(want)], want) {
			t.Fatalf("got %s\nwant %s, and then the platform's mark and breach", strings.Join(got, ", "), strings.Join(want, ", "))
		}
		if again, _ := strings.CutPrefix(got[len(want)+1], "breach "); again <= offer.Due.Format(time.RFC3339) {
			t.Errorf("the platform's deadline passed at %s, before the offer lapsed", again)
		}
	})
}

func TestALeaseThatRunsOutFreesTheApplicationAtThatMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		_, stop := w.runs()
		w.submits("1")
		lease := 30 * time.Minute
		w.happens("1", application.Claimed{Header: w.head(reviewer), Stage: application.Qualification, Until: w.now().Add(lease), Lease: lease})
		time.Sleep(20 * time.Minute) // an act renews it
		w.happens("1", application.ItemsAccepted{Header: w.head(reviewer)})
		until := w.now().Add(lease).Truncate(time.Millisecond)
		time.Sleep(2 * time.Hour)
		stop()
		w.check("1", []string{"released " + until.Format(time.RFC3339)})
	})
}

func TestAfterADowntimeEverythingIsCaughtUpWithInTheOrderItWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		w.submits("1")
		time.Sleep(24 * time.Hour)
		w.submits("2")
		correction := w.returns("2")
		time.Sleep(4 * 24 * time.Hour)
		w.submits("3")
		time.Sleep(16 * 24 * time.Hour)
		up := w.now()
		_, stop := w.runs()
		time.Sleep(time.Second)
		stop()
		var order []time.Time
		for _, r := range w.All("") {
			e, err := application.Decode(r.Type, r.Data, nil)
			if err != nil {
				continue
			}
			switch e := e.(type) {
			case application.DeadlineWarned:
				for _, m := range correction.Marks() {
					if m.Name == e.Mark {
						order = append(order, m.At)
					}
				}
			case application.DeadlineBreached:
				order = append(order, e.Due)
			default:
				continue
			}
			if e.Head().At.Before(up.Truncate(time.Millisecond)) {
				t.Errorf("%s says that it happened at %s, before anybody looked", r.Type, e.Head().At)
			}
		}
		if len(order) != 6 || !slices.IsSortedFunc(order, time.Time.Compare) { // 3 reminders, 3 breaches
			t.Errorf("caught up in the order %v", order)
		}
		for _, name := range []string{"1", "2", "3"} {
			if n := len(w.fired(name)); n != map[string]int{"1": 2, "2": 4, "3": 2}[name] {
				t.Errorf("%s: %v", name, w.fired(name))
			}
		}
	})
}

func TestAYearWithHolidaysDowntimesRestartsAndClocksThatJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-01-05T01:30:00Z")
		want := map[string][]string{}
		var ends []time.Time
		_, stop := w.runs()
		days, count := 300, 100
		if testing.Short() {
			days, count = 60, 20
		}
		jumps := []time.Duration{time.Hour, -time.Hour, 10 * 365 * 24 * time.Hour, -10 * 365 * 24 * time.Hour}
		for day := range days {
			if day%3 == 0 {
				name := fmt.Sprint(day)
				d := w.submits(name)
				if day%2 == 0 {
					d = w.returns(name)
					want[name] = wants(d, "expired "+w.silenceEnds(d.Started).Format(time.RFC3339))
				} else {
					want[name] = wants(d)
				}
				ends = append(ends, d.Due)
			}
			time.Sleep(7 * time.Hour)
			if day%5 == 0 { // a clock that is wrong for ten minutes
				by := jumps[day/5%len(jumps)]
				w.jump(by)
				time.Sleep(10 * time.Minute)
				w.jump(-by)
			} else {
				time.Sleep(10 * time.Minute)
			}
			if day%11 == 0 { // a restart
				stop()
				_, stop = w.runs()
			}
			time.Sleep(17*time.Hour - 10*time.Minute)
		}
		time.Sleep(70 * 24 * time.Hour)
		stop()
		for name := range want {
			w.check(name, want[name])
		}
		if len(ends) != count {
			t.Errorf("%d deadlines", len(ends))
		}
	})
}

func TestAClockThatJumpsIsReportedAndASmallJumpThatLastsIsBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		d, stop := w.runs()
		due := w.submits("1")
		time.Sleep(time.Hour)
		w.jump(10 * 365 * 24 * time.Hour)
		time.Sleep(24 * time.Hour)
		var jumped *reactions.ClockError
		if !errors.As(d.Healthy(), &jumped) || len(w.fired("1")) > 0 {
			t.Errorf("ten years ahead: %v, fired %v", d.Healthy(), w.fired("1"))
		}
		w.jump(-10 * 365 * 24 * time.Hour)
		time.Sleep(2 * time.Minute)
		if d.Healthy() != nil {
			t.Errorf("the clock is right again, but: %v", d.Healthy())
		}
		w.jump(due.Due.Sub(w.now())) // as after a machine slept
		time.Sleep(20 * time.Minute)
		if d.Healthy() != nil || len(w.fired("1")) != 2 {
			t.Errorf("after a sleep: %v, fired %v", d.Healthy(), w.fired("1"))
		}
		stop()
	})
}

func TestTwoWorkersFireOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		w.Repeat = 2 // every event three times
		_, one := w.runs()
		_, two := w.runs()
		d := w.submits("1")
		time.Sleep(30 * 24 * time.Hour)
		one()
		two()
		w.check("1", wants(d))
	})
}

// At a server every reading is a call, and an application has many events.
func TestWhatTheDeadlinesAreToldOfIsNotReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		var reads atomic.Int64
		w.Fail = func(call, stream string) error {
			if call == "read" && stream == w.stream("1") {
				reads.Add(1)
			}
			return nil
		}
		_, stop := w.runs()
		synctest.Wait() // it has caught up
		begun := reads.Load()
		d := w.submits("1")
		for range 20 {
			w.happens("1", application.NoteAdded{Header: w.head(reviewer), Text: "seen"})
		}
		synctest.Wait()
		if n := reads.Load() - begun; n != 0 {
			t.Errorf("the application was read %d times for 22 events that were told", n)
		}
		time.Sleep(30 * 24 * time.Hour)
		stop()
		w.check("1", wants(d))
	})
}

func TestTheLogMayBeAwayWhenSomethingIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		d := w.submits("1")
		var down atomic.Bool
		w.Fail = func(call, stream string) error {
			if down.Load() && call == "append" {
				return eventstore.ErrReadOnly
			}
			return nil
		}
		r, stop := w.runs()
		time.Sleep(d.Warn.Sub(w.now()) - time.Minute)
		down.Store(true)
		time.Sleep(time.Hour)
		if r.Healthy() == nil {
			t.Error("nobody hears that deadlines are not looked after")
		}
		down.Store(false)
		time.Sleep(10 * 24 * time.Hour)
		stop()
		got := w.fired("1")
		if len(got) != 2 || !strings.HasPrefix(got[0], "warn") || got[1] != "breach "+d.Due.Format(time.RFC3339) || r.Healthy() != nil {
			t.Errorf("fired %v, %v", got, r.Healthy())
		}
	})
}

func TestMemoryTimersComeInOrderAndAreReplaced(t *testing.T) {
	ctx, m := context.Background(), reactions.NewMemoryTimers()
	at := func(n int) time.Time { return time.Unix(int64(n), 0) }
	for _, s := range []struct {
		name string
		at   int
	}{{"c", 30}, {"a", 10}, {"b", 20}, {"a", 25}, {"d", 5}} {
		_ = m.Set(ctx, s.name, at(s.at))
	}
	_ = m.Drop(ctx, "d")
	_ = m.Drop(ctx, "nobody")
	var order []string
	for {
		id, due, _ := m.Claim(ctx, at(29), time.Hour)
		if !due {
			break
		}
		order = append(order, id)
		_ = m.Drop(ctx, id)
	}
	if next, _ := m.Next(ctx); !slices.Equal(order, []string{"b", "a"}) || !next.Equal(at(30)) || m.Len() != 1 {
		t.Errorf("order %v, next %v", order, next)
	}
}
