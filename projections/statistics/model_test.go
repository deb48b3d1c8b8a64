package statistics

import (
	"slices"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/reason"
	"alta/projections"
	"alta/simulate/direct"
)

// naive is what the whole log says, counted the slow way: from the full state of
// each application after each of its events.
type naive struct {
	queues  map[projections.Queue]map[string]int64 // at the end of a day
	in      map[projections.Queue]map[string]int64
	met     map[projections.Queue]map[string]int64
	missed  map[projections.Queue]map[string]int64
	opened  map[string]int64
	ended   map[Turn]map[string]int64
	plain   map[Turn]map[string]int64
	working map[Turn]map[string]int64
	first   map[string]int64
	not     map[string]int64
	told    map[reason.Code]map[string]int64
	decided map[string]int64 // by reviewer
	agents  map[string]int64 // submissions by agency
}

func into[K comparable](m map[K]map[string]int64, k K, day string, n int64) {
	if m[k] == nil {
		m[k] = map[string]int64{}
	}
	m[k][day] += n
}

func waitsIn(s application.State) projections.Queue {
	switch {
	case s.Restricted:
		return ""
	case s.Stage == application.Website && s.Declaration.URL == "":
		return projections.QueueCorrection
	}
	return projections.QueueOf(s.Stage)
}

func whoseTurn(s application.State) Turn {
	switch {
	case s.Restricted, s.Stage == "" || s.Stage.Ended():
		return ""
	case s.Stage == application.Draft:
		return DraftTurn
	case s.Holder() == application.Platform:
		return PlatformTurn
	}
	return MerchantTurn
}

func dayOf(at time.Time) string { return at.In(rules.Calendar.Zone()).Format(time.DateOnly) }

// count adds one life.
func (n *naive) count(l *direct.Life, days []string) {
	var s application.State
	queueAt := map[string]projections.Queue{}
	since := time.Time{}
	judged := map[*application.Deadline]bool{}
	var reasons = map[string]reason.Code{}
	var outcome bool
	for _, act := range l.Acts {
		for _, e := range act.Events {
			was, h := s, e.Head()
			s = application.Evolve(s, e)
			day := dayOf(h.At)
			queueAt[day] = waitsIn(s)
			if q := waitsIn(s); q != waitsIn(was) && q != "" {
				into(n.in, q, day, 1)
			}
			if t := whoseTurn(was); t != whoseTurn(s) {
				if t != "" && !s.Restricted {
					into(n.ended, t, day, 1)
					into(n.plain, t, day, int64(h.At.Sub(since)/time.Second))
					b, err := rules.Calendar.Between(since, h.At)
					if err != nil {
						panic(err)
					}
					into(n.working, t, day, int64(b.Time/time.Second))
				}
				since = h.At
			}
			// A deadline is judged when it is breached or gone.
			if d := was.Deadline; d != nil && d.Holder == application.Platform && !judged[d] && !s.Restricted {
				q := projections.QueueOf(d.Stage)
				_, withdrawn := e.(application.Withdrawn)
				_, extended := e.(application.DeadlineExtended)
				_, lifted := e.(application.RestrictionLifted)
				switch gone := s.Deadline != d && !lifted; {
				case s.Breached && !was.Breached, gone && h.At.After(d.Due):
					into(n.missed, q, dayOf(d.Due), 1)
					judged[d] = true
				case gone && !withdrawn && !extended:
					into(n.met, q, day, 1)
				}
			}
			switch e := e.(type) {
			case application.Opened:
				n.opened[day]++
			case application.Submitted:
				n.agents[s.Agent]++
			case application.ReasonRaised:
				reasons[e.Reason] = e.Code
			case application.Returned:
				for _, r := range e.Reasons {
					into(n.told, reasons[r], day, 1)
				}
				if !outcome && (e.From == application.Qualification || e.From == application.SecondApproval) {
					n.not[day]++
					outcome = true
				}
			case application.DeclineConfirmed:
				if !outcome {
					n.not[day]++
					outcome = true
				}
			default:
			}
			if s.Qualified && !was.Qualified && !outcome {
				n.first[day]++
				outcome = true
			}
			switch e.(type) {
			case application.Returned, application.QualificationApproved, application.QualificationProposed, application.QualificationConfirmed,
				application.QualificationRefused, application.SiteApproved, application.ContractOffered, application.ContractCountersigned,
				application.Activated, application.DeclineConfirmed:
				if h.By.Staff() {
					n.decided[h.By.ID]++
				}
			case application.ICPVerified:
				if was.Stage != s.Stage {
					n.decided[h.By.ID]++
				}
			}
		}
	}
	var q projections.Queue
	for _, day := range days {
		if at, moved := queueAt[day]; moved {
			q = at
		}
		if q != "" {
			into(n.queues, q, day, 1)
		}
	}
}

func model(lives []*direct.Life, days []string) *naive {
	n := &naive{
		queues: map[projections.Queue]map[string]int64{}, in: map[projections.Queue]map[string]int64{},
		met: map[projections.Queue]map[string]int64{}, missed: map[projections.Queue]map[string]int64{},
		opened: map[string]int64{}, ended: map[Turn]map[string]int64{}, plain: map[Turn]map[string]int64{}, working: map[Turn]map[string]int64{},
		first: map[string]int64{}, not: map[string]int64{}, told: map[reason.Code]map[string]int64{}, decided: map[string]int64{}, agents: map[string]int64{},
	}
	for _, l := range lives {
		n.count(l, days)
	}
	return n
}

// The figures of the projection are those that one finds by going through the
// whole log, for any days that one asks about.
func TestTheStatisticsAreWhatTheWholeLogSays(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		stop := w.run(w.runner())
		defer stop()
		w.fill(0, 140)
		w.caughtUp()
		// All days from the first event on, so that the model need not remember.
		first, last := calendar.Date{Year: 2026, Month: 8, Day: 20}, calendar.Date{Year: 2027, Month: 3, Day: 31}
		whole, err := w.reader().Everything(t.Context(), first, last, "reviewer-03")
		if err != nil {
			t.Fatal(err)
		}
		n := model(w.lives, whole.Days)
		check(t, whole, n)
		if len(n.missed) == 0 || len(n.met) < 4 || len(n.told) == 0 || len(n.not) == 0 || len(n.ended[MerchantTurn]) == 0 {
			t.Fatalf("the lives were too simple to show anything: %+v", n)
		}
		for _, r := range whole.Reviewers {
			if r.Decided != n.decided[r.Account] {
				t.Errorf("%s decided %d, and the log says %d", r.Account, r.Decided, n.decided[r.Account])
			}
		}
		for _, a := range whole.Agents {
			if a.Submitted != n.agents[a.Organisation] {
				t.Errorf("%s handed in %d, and the log says %d", a.Organisation, a.Submitted, n.agents[a.Organisation])
			}
		}
		if len(whole.Reviewers) < 10 || len(whole.Agents) != 8 {
			t.Errorf("%d reviewers and %d agents are named", len(whole.Reviewers), len(whole.Agents))
		}
		// Any part of it is that part.
		for _, part := range [][2]int{{0, 1}, {40, 60}, {73, 74}, {100, 180}, {10, 220}} {
			from, to := day(t, whole.Days[part[0]]), day(t, whole.Days[part[1]])
			r, err := w.reader().Everything(t.Context(), from, to, "reviewer-03")
			if err != nil {
				t.Fatal(err)
			}
			check(t, r, n)
			if !slices.Equal(r.Own.Decided, whole.Own.Decided[part[0]:part[1]+1]) {
				t.Errorf("what reviewer-03 decided differs from %s to %s", r.From, r.To)
			}
		}
		// What waits at the end is what the lists show.
		for _, q := range whole.Queues {
			if want := n.queues[q.Queue][whole.To]; q.Depth[len(q.Depth)-1] != want {
				t.Errorf("%s: %d wait, the log says %d", q.Queue, q.Depth[len(q.Depth)-1], want)
			}
		}
	})
}

func day(t *testing.T, s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func check(t *testing.T, r Report, n *naive) {
	t.Helper()
	same := func(what string, series []int64, want map[string]int64) {
		t.Helper()
		for i, d := range r.Days {
			if series[i] != want[d] {
				t.Errorf("%s on %s: counted %d, the log says %d", what, d, series[i], want[d])
				return
			}
		}
	}
	for _, q := range r.Queues {
		same("depth of "+string(q.Queue), q.Depth, n.queues[q.Queue])
		same("inflow of "+string(q.Queue), q.In, n.in[q.Queue])
		same("deadlines met of "+string(q.Queue), q.Met, n.met[q.Queue])
		same("deadlines missed of "+string(q.Queue), q.Missed, n.missed[q.Queue])
	}
	same("opened", r.Flow.Opened, n.opened)
	for _, s := range r.Turns {
		same("turns of "+string(s.Turn), s.Ended, n.ended[s.Turn])
		same("seconds of "+string(s.Turn), s.PlainSeconds, n.plain[s.Turn])
		same("business seconds of "+string(s.Turn), s.BusinessSeconds, n.working[s.Turn])
		sum, classes := int64(0), int64(0)
		for i := range s.Ended {
			sum += s.Ended[i]
		}
		for _, c := range s.Classes {
			classes += c.Turns
		}
		if sum != classes {
			t.Errorf("%s: %d turns, %d in classes", s.Turn, sum, classes)
		}
	}
	same("accepted in the first round", r.FirstRound.Accepted, n.first)
	same("not accepted in the first round", r.FirstRound.NotAccepted, n.not)
	for _, s := range r.Reasons {
		same("reason "+string(s.Code), s.Told, n.told[s.Code])
	}
}
