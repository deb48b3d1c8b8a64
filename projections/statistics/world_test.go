package statistics

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
	"alta/domain/sample"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/projections/redistest"
	"alta/simulate/direct"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// moment is "now" in these tests: a Friday afternoon in Beijing.
var moment = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

var rules = application.Rules{Policies: policy.Default(), Calendar: calendar.Default()}

// world is an event log and a Redis.
type world struct {
	t     testing.TB
	log   *embedded.Log
	rdb   *redis.Client
	store *Store
	maker *direct.Maker
	lives []*direct.Life
	looks map[string]sample.State // by the sample's id
}

// engines are the two kinds of Redis that Alta runs on without any server.
func engines(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("miniredis", func(t *testing.T) {
		m := miniredis.RunT(t)
		test(t, newWorld(t, &redis.Options{Addr: m.Addr(), ContextTimeoutEnabled: true}))
	})
	t.Run("redis-server", func(t *testing.T) {
		test(t, newWorld(t, redistest.Server(t)))
	})
}

func newWorld(t testing.TB, opt *redis.Options) *world {
	t.Helper()
	log, err := embedded.Open(filepath.Join(t.TempDir(), "log"), embedded.Options{
		Leaf: func(dst []byte, r *eventstore.Record) []byte { return append(dst, r.ID[:]...) }, UnsafeNoSync: true,
		Reserve: embedded.Reserve{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	rdb := redis.NewClient(opt)
	t.Cleanup(func() { _ = rdb.Close() })
	maker := direct.New(7, moment, rules)
	maker.Back = 60 * 24 * time.Hour
	return &world{t: t, log: log, rdb: rdb, store: NewStore(rdb), maker: maker, looks: map[string]sample.State{}}
}

func (w *world) encode(_ context.Context, _ string, _ eventstore.ID, e application.Event) (eventstore.Proposed, error) {
	name, data, err := application.Encode(e, func(_, clear string) (string, error) {
		return base64.StdEncoding.EncodeToString([]byte(clear)), nil
	})
	return eventstore.Proposed{Type: name, Data: data}, err
}

// fill appends lives as on a busy day, with ends that simulated people do not
// come to by themselves.
func (w *world) fill(first, count uint64) {
	w.t.Helper()
	begun := len(w.lives)
	err := w.maker.Fill(context.Background(), w.log, w.encode, first, count, 2, direct.AnyTarget, func(l *direct.Life) { w.lives = append(w.lives, l) })
	if err != nil {
		w.t.Fatal(err)
	}
	for i, l := range w.lives[begun:] {
		w.odd(i, l)
		w.second(l)
	}
}

// second has some of a life's decisions drawn for a second look, and some of those
// judged or dropped.
func (w *world) second(l *direct.Life) {
	w.t.Helper()
	var all []application.Event
	for _, act := range l.Acts {
		all = append(all, act.Events...)
	}
	robot := application.Actor{ID: "sample", Role: application.RoleSystem}
	judge := application.Actor{ID: "judge-1", Role: application.RoleReviewer}
	for i := range all {
		d, ok := sample.DecisionOf(all[:i+1])
		lot := sample.LotOf(func(kind, value string) string { return kind + value }, l.ID, int64(i))
		if !ok || !lot.Under(80) {
			continue
		}
		commands := []interface {
			Decide(sample.State) ([]sample.Event, error)
		}{sample.Draw{Application: l.ID, Decision: d, Plan: sample.Plan{Version: "test", BusinessDays: 5}, Calendar: rules.Calendar, By: robot}}
		other := sample.Verdict{Outcome: sample.Return, Reasons: []sample.Reason{{Target: item.ContactMobile, Code: reason.R05, Sub: reason.Mobile}}}
		at := d.At.Add(time.Duration(lot[1]) * time.Hour)
		switch lot[0] % 4 {
		case 0:
			commands = append(commands, sample.Judge{Verdict: d.Verdict, By: judge, At: at})
		case 1:
			other.Reasons = append(other.Reasons, d.Verdict.Reasons...)
			commands = append(commands, sample.Judge{Verdict: other, By: judge, At: at})
		case 2:
			commands = append(commands, sample.Drop{By: robot, At: at})
		}
		var s sample.State
		for _, c := range commands {
			events, err := c.Decide(s)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, e := range events {
				name, data, err := sample.Encode(e)
				if err != nil {
					w.t.Fatal(err)
				}
				stream, n := sampleCategory+lot.ID(), eventstore.NoStream
				if s.Drawn() {
					n = 0
				}
				id := decider.EventID(decider.DeriveID(eventstore.ID{}, name), stream, 0)
				if _, err := w.log.Append(context.Background(), stream, n, eventstore.Proposed{ID: id, Type: name, Data: data}); err != nil {
					w.t.Fatal(err)
				}
				s = sample.Evolve(s, e)
			}
		}
		w.looks[lot.ID()] = s
	}
}

// odd lets something happen to some lives.
func (w *world) odd(i int, l *direct.Life) {
	s := l.State
	by := application.Actor{ID: "deadline", Role: application.RoleSystem}
	lead := application.Actor{ID: "lead-00", Role: application.RoleLead}
	merchant := application.Actor{ID: s.Merchant, Role: application.RoleMerchant}
	at := func(who application.Actor, after time.Duration) application.Header {
		return application.Header{By: who, At: s.Last.Add(after)}
	}
	if s.Stage.Ended() {
		return
	}
	switch d := s.Deadline; {
	case i%7 == 1 && d != nil:
		w.append(l, application.DeadlineBreached{Header: application.Header{By: by, At: d.Due.Add(time.Minute)}, Deadline: d.ID, Due: d.Due})
		if i%2 == 0 {
			more := *d
			more.Due = d.Due.Add(48 * time.Hour)
			w.append(l, application.DeadlineExtended{Header: application.Header{By: lead, At: d.Due.Add(time.Hour)}, Deadline: more, Why: "holidays"})
		}
	case i%7 == 2:
		w.append(l, application.Withdrawn{Header: at(merchant, 30*time.Hour), From: s.Stage})
	case i%7 == 3:
		w.append(l, application.Restricted{Header: at(merchant, 50*time.Hour), Why: "erasure"}, application.HoldPlaced{Header: at(lead, 60*time.Hour)})
	case i%7 == 4 && s.Stage.Holder() == application.Platform:
		w.append(l, application.Reassigned{Header: at(lead, time.Minute), To: lead, Stage: s.Stage, Until: s.Last.Add(time.Hour), Lease: time.Hour},
			application.DeclineProposed{Header: at(lead, time.Hour)}, application.DeclineConfirmed{Header: at(lead, 2*time.Hour)})
	case i%7 == 5 && s.Stage.Holder() == application.Merchant:
		w.append(l, application.Expired{Header: at(by, 61*24*time.Hour)})
	}
}

// append adds events to a life, past any rule.
func (w *world) append(l *direct.Life, events ...application.Event) {
	w.t.Helper()
	l.Acts = append(l.Acts, direct.Act{By: events[0].Head().By, Events: events})
	_, all, err := l.Propose(context.Background(), w.encode)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.log.Append(context.Background(), category+l.ID, eventstore.Revision(l.Events-1), all[l.Events:]...); err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		l.State = application.Evolve(l.State, e)
	}
	l.Events += len(events)
}

func (w *world) runner() *Runner {
	return &Runner{
		Store: w.store, Log: w.log, Calendar: calendar.Default, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Every: 5 * time.Millisecond, Heartbeat: 20 * time.Millisecond, Patience: 200 * time.Millisecond,
	}
}

func (w *world) reader() Reader { return Reader{Store: w.store, Calendar: calendar.Default} }

// run starts a runner; the answered function stops it and waits.
func (w *world) run(r *Runner) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

// caughtUp waits until readers see everything.
func (w *world) caughtUp() {
	w.t.Helper()
	eventually(w.t, "everything is counted", func() bool {
		g, err := w.store.live(context.Background())
		if err != nil {
			return false
		}
		c, err := checkpointIn(context.Background(), w.rdb, g)
		head, unknown := w.log.Head(context.Background())
		return err == nil && unknown == nil && c.mark.Position.Compare(head) >= 0
	})
}

// report is what a lead is shown of the tests' days, as text without the place in
// the log.
func (w *world) report() string {
	w.t.Helper()
	var out bytes.Buffer
	for _, days := range [][2]calendar.Date{{{Year: 2026, Month: 8, Day: 15}, {Year: 2026, Month: 12, Day: 31}}, {{Year: 2026, Month: 11, Day: 5}, {Year: 2027, Month: 3, Day: 2}}} {
		r, err := w.reader().Everything(context.Background(), days[0], days[1], "reviewer-03")
		if err != nil {
			w.t.Fatal(err)
		}
		r.Position = ""
		if err := json.NewEncoder(&out).Encode(r); err != nil {
			w.t.Fatal(err)
		}
	}
	waiting, all, err := w.reader().Samples(context.Background(), "", 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	fmt.Fprintln(&out, waiting, all)
	return out.String()
}

// eventually polls for what another goroutine does, for a minute at the most.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if is() {
			return
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	t.Fatalf("after a minute still not: %s", what)
}
