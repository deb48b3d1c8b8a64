package main

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"alta/api"
	"alta/eventstore"
	"alta/eventstore/wire/nodetest"
	"alta/simulate/drive"
)

// readiness asks /readyz.
func readiness(t *testing.T, address string) (status int, r api.Readiness) {
	t.Helper()
	res, err := http.Get(address + "/readyz")
	if err != nil {
		return 0, r
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		t.Fatalf("/readyz: %v", err)
	}
	if (res.StatusCode == http.StatusOK) != r.Ready || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("/readyz is %d with ready %v and %v", res.StatusCode, r.Ready, res.Header)
	}
	return res.StatusCode, r
}

func part(r api.Readiness, name string) api.PartHealth {
	if i := slices.IndexFunc(r.Parts, func(p api.PartHealth) bool { return p.Name == name }); i >= 0 {
		return r.Parts[i]
	}
	return api.PartHealth{}
}

// figure is one of a process's figures; ok is false where it is not there.
func figure(t *testing.T, metrics, name string) (v float64, ok bool) {
	t.Helper()
	for line := range strings.Lines(fetched(t, "http://"+metrics+"/metrics")) {
		if rest, found := strings.CutPrefix(line, name+" "); found {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				t.Fatal(err)
			}
			return v, true
		}
	}
	return 0, false
}

// A program that starts while the event store is away waits for it, and says so.
func TestAProgramThatStartsBeforeItsEventStoreWaitsAndSaysSo(t *testing.T) {
	s := newEventServer(t)
	c := demoConfig(t)
	c.EventStore, c.Listen, c.Metrics = s.connection, freeAddress(t), freeAddress(t)
	url := "http://" + c.Listen
	j := &journal{}
	ctx, stop := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve(ctx, c, slog.New(slog.NewTextHandler(j, nil)), func(a string) error { listening <- a; return nil })
	}()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	}()
	away := func(what string) {
		t.Helper()
		eventuallyWithin(t, 20*time.Second, what, func() bool {
			status, r := readiness(t, url)
			return status == 503 && part(r, "log").State == api.PartFailing && part(r, "log").Reason != "" && part(r, "start").State == api.PartStarting
		})
		if status(url+"/livez") != 200 || status(url+"/healthz") != 200 {
			t.Error("it does not say that it lives")
		}
		for _, path := range []string{"/v1/me", "/", "/v1/auth/login"} {
			res, err := http.Get(url + path)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || res.Header.Get("Cache-Control") != "no-store" || !strings.Contains(string(b), `"code":"starting"`) {
				t.Errorf("%s: %d %v %s", path, res.StatusCode, res.Header, b)
			}
		}
		if v, ok := figure(t, c.Metrics, "alta_log_reachable"); !ok || v != 0 {
			t.Errorf("alta_log_reachable is %v, %v", v, ok)
		}
		if v, ok := figure(t, c.Metrics, "alta_projection_healthy"); !ok || v != 0 {
			t.Errorf("alta_projection_healthy is %v, %v", v, ok)
		}
	}
	away("nobody listens there")
	s.open(true)
	away("the server is silent")
	eventuallyWithin(t, 20*time.Second, "the log says what is waited for", func() bool { return j.count("the start waits for it") > 0 })
	select {
	case <-listening:
		t.Fatal("it serves without its log")
	case err := <-ended:
		t.Fatalf("it ended: %v", err)
	default:
	}
	s.shut()
	s.open(false)
	select {
	case <-listening:
	case <-time.After(time.Minute):
		t.Fatal("it does not serve although the log is there")
	}
	eventuallyWithin(t, time.Minute, "it is ready", func() bool { status, _ := readiness(t, url); return status == 200 })
	for _, want := range []string{"the event store does not answer: the start waits for it", "the event store answers: the start goes on"} {
		if n := j.count(want); n != 1 {
			t.Errorf("it says %d times %q", n, want)
		}
	}
}

// While a program runs, its event store is cut off, silent, and back.
func TestReadyzFiguresAndRefusalsTellThatTheEventStoreIsAway(t *testing.T) {
	s := newEventServer(t)
	s.open(false)
	c := demoConfig(t)
	c.EventStore, c.Metrics = s.connection, freeAddress(t)
	w := &world{log: &journal{}}
	ctx, stop := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve(ctx, c, slog.New(slog.NewTextHandler(w.log, nil)), func(a string) error { listening <- a; return nil })
	}()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	}()
	w.api = <-listening
	var err error
	if w.client, err = drive.NewClient(w.api); err != nil {
		t.Fatal(err)
	}
	agent := w.as(t, "agent")
	ready := func() {
		t.Helper()
		eventuallyWithin(t, time.Minute, "it is ready", func() bool { status, _ := readiness(t, w.api); return status == 200 })
	}
	ready()
	_, r := readiness(t, w.api)
	for _, name := range []string{"log", "disk", "redis", "projector", "statistics", "mail", "precheck", "deadline", "sample", "erase", "sequencer", "subscription", "live updates", "names", "sessions", "lists", "reports", "keys"} {
		if p := part(r, name); p.Since.IsZero() || !slices.Contains([]string{api.PartOK, api.PartBehind}, p.State) {
			t.Errorf("the part %s is %+v", name, p)
		}
	}
	for name, fault := range map[string]func(){"cut off": s.shut, "silent": s.mute} {
		t.Run(name, func(t *testing.T) {
			fault()
			begun := time.Now()
			eventuallyWithin(t, time.Minute, "/readyz says it", func() bool {
				status, r := readiness(t, w.api)
				return status == 503 && part(r, "log").State == api.PartFailing && part(r, "log").Answered != nil && part(r, "projector").State == api.PartFailing
			})
			t.Logf("/readyz said so after %s", time.Since(begun).Round(10*time.Millisecond))
			for name, want := range map[string]float64{"alta_log_reachable": 0, "alta_projection_healthy": 0, "alta_statistics_healthy": 0, "alta_ready": 0, `alta_reaction_healthy{reaction="mail"}`: 0} {
				if v, ok := figure(t, c.Metrics, name); !ok || v != want {
					t.Errorf("%s is %v, %v", name, v, ok)
				}
			}
			if v, ok := figure(t, c.Metrics, "alta_log_answer_age_seconds"); !ok || v <= 0 {
				t.Errorf("alta_log_answer_age_seconds is %v, %v", v, ok)
			}
			if _, ok := figure(t, c.Metrics, `alta_consumer_lag_events{consumer="projector"}`); ok {
				t.Error("a lag is told although the log's end is not known")
			}
			begun = time.Now()
			body := `{"legal":{"kind":"individual"},"account":{"email":"x@shop.example","language":"en"}}`
			res, text := w.raw(t, agent, "POST", "/v1/applications", body, "Idempotency-Key", name)
			t.Logf("a write was answered %d after %s", res.StatusCode, time.Since(begun).Round(10*time.Millisecond))
			if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("a write is answered %d %v %s", res.StatusCode, res.Header, text)
			}
			s.shut()
			s.open(false)
			ready()
			if v, ok := figure(t, c.Metrics, "alta_log_reachable"); !ok || v != 1 {
				t.Errorf("alta_log_reachable is %v, %v", v, ok)
			}
			eventuallyWithin(t, time.Minute, "the lag is told", func() bool {
				v, ok := figure(t, c.Metrics, `alta_consumer_lag_events{consumer="projector"}`)
				return ok && v == 0
			})
		})
	}
}

// A server that denies the account to read $all is told of, and the right is granted
// by the command that the page names.
func TestAServerThatDeniesReadingIsToldOfUntilTheRightIsGranted(t *testing.T) {
	cluster, err := nodetest.Start(nodetest.Options{Dir: t.TempDir(), Facts: nodetest.Facts{AllDenied: true, Metadata: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Close() })
	c := demoConfig(t)
	c.EventStore, c.Listen = cluster.Connection(), freeAddress(t)
	ctx, stop := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve(ctx, c, slog.New(slog.DiscardHandler), func(a string) error { listening <- a; return nil })
	}()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	}()
	eventuallyWithin(t, 20*time.Second, "/readyz says it", func() bool {
		status, r := readiness(t, "http://"+c.Listen)
		return status == 503 && strings.Contains(part(r, "log").Reason, "denies access to $all")
	})
	if said, err := alta(t, "log", "grant", "--eventstore", cluster.Connection(), "alta"); err != nil || !strings.Contains(said, `{"$acl":{"$r":["$admins","alta"]}}`) {
		t.Fatal(said, err)
	}
	select {
	case <-listening:
	case <-time.After(time.Minute):
		t.Fatal("it does not serve although it may read")
	}
}

// overNodes runs a program over a cluster until the test ends.
func overNodes(t *testing.T, cluster *nodetest.Cluster) *world {
	t.Helper()
	t.Cleanup(func() { _ = cluster.Close() })
	c := demoConfig(t)
	c.EventStore = cluster.Connection()
	w := &world{log: &journal{}}
	ctx, stop := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve(ctx, c, slog.New(slog.NewTextHandler(w.log, nil)), func(a string) error { listening <- a; return nil })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
	select {
	case w.api = <-listening:
	case <-time.After(time.Minute):
		t.Fatal("it does not serve")
	}
	var err error
	if w.client, err = drive.NewClient(w.api); err != nil {
		t.Fatal(err)
	}
	eventuallyWithin(t, time.Minute, "it is ready", func() bool { status, _ := readiness(t, w.api); return status == 200 })
	return w
}

// A subscription that stays open and brings nothing is told of, although the server
// answers every question and takes every decision.
func TestReadyzTellsOfASubscriptionThatBringsNothing(t *testing.T) {
	cluster, err := nodetest.Start(nodetest.Options{Dir: t.TempDir(), Facts: nodetest.Real()})
	if err != nil {
		t.Fatal(err)
	}
	w := overNodes(t, cluster)
	cluster.Set(func(f *nodetest.Facts) { f.Silent = true })
	w.as(t, "agent") // a log-in is an event
	eventuallyWithin(t, 5*time.Second, "/readyz says it", func() bool {
		_, r := readiness(t, w.api)
		return part(r, "log").State == api.PartOK && part(r, "subscription").State == api.PartBehind && part(r, "projector").State == api.PartBehind
	})
	cluster.Set(func(f *nodetest.Facts) { f.Silent = false })
	eventuallyWithin(t, time.Minute, "all is well", func() bool {
		status, r := readiness(t, w.api)
		return status == 200 && part(r, "subscription").State == api.PartOK && part(r, "projector").State == api.PartOK
	})
}

// Lists go on while the record cannot be followed, or not be reached at all, and say how
// old they are; so does the answer that nothing waits.
func TestListsSayThatTheyAreNotUpToDate(t *testing.T) {
	cluster, err := nodetest.Start(nodetest.Options{Dir: t.TempDir(), Facts: nodetest.Real()})
	if err != nil {
		t.Fatal(err)
	}
	w := overNodes(t, cluster)
	lead := w.as(t, "lead")
	read := func(method, path string) (behind string, asOf string) {
		t.Helper()
		res, text := w.raw(t, lead, method, path, "")
		if res.StatusCode != 200 && res.StatusCode != 204 {
			t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
		}
		return res.Header.Get("Alta-Behind"), res.Header.Get("Alta-As-Of")
	}
	fresh := func() bool { behind, asOf := read("GET", "/v1/queues"); return behind == "" && asOf == "" }
	eventuallyWithin(t, time.Minute, "they are fresh", fresh)
	old := func(method, path string, since time.Time) {
		t.Helper()
		eventuallyWithin(t, 30*time.Second, path+" says that it is not up to date", func() bool {
			behind, asOf := read(method, path)
			if behind == "" {
				return false
			}
			n, err := strconv.Atoi(behind)
			at, err2 := time.Parse(time.RFC3339, asOf)
			if err != nil || err2 != nil || n < int(api.AgedFrom/time.Second) || at.Before(since.Add(-5*time.Second)) || at.After(time.Now()) {
				t.Fatalf("%s is behind by %q as of %q; the fault began at %s", path, behind, asOf, since.UTC())
			}
			return true
		})
	}
	lists := [][2]string{{"GET", "/v1/queues"}, {"GET", "/v1/queues/qualification"}, {"GET", "/v1/applications"}, {"GET", "/v1/team"}, {"GET", "/v1/samples"}, {"GET", "/v1/statistics"}}
	t.Run("nothing is delivered", func(t *testing.T) {
		since := time.Now()
		cluster.Set(func(f *nodetest.Facts) { f.Silent = true })
		w.as(t, "agent") // a log-in is an event
		for _, l := range append(lists, [2]string{"POST", "/v1/queues/qualification/next"}) {
			old(l[0], l[1], since)
		}
		cluster.Set(func(f *nodetest.Facts) { f.Silent = false })
		eventuallyWithin(t, time.Minute, "they are fresh again", fresh)
	})
	t.Run("the server is away", func(t *testing.T) {
		since := time.Now()
		cluster.Kill(0)
		for _, l := range lists {
			old(l[0], l[1], since)
		}
		if err := cluster.Restart(0); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Elect(0); err != nil {
			t.Fatal(err)
		}
		eventuallyWithin(t, time.Minute, "they are fresh again", fresh)
	})
}

// unstarted is a program over a cluster of which no part runs, and its clock.
func unstarted(t *testing.T) (*program, *nodetest.Cluster, *time.Time) {
	t.Helper()
	cluster, err := nodetest.Start(nodetest.Options{Dir: t.TempDir(), Facts: nodetest.Real()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Close() })
	c := demoConfig(t)
	c.EventStore = cluster.Connection()
	p := opened(t, c)
	now := time.Now()
	p.health.now = func() time.Time { return now }
	p.health.started.Store(true)
	return p, cluster, &now
}

func TestASubscriptionThatStandsStillIsFailing(t *testing.T) {
	p, cluster, now := unstarted(t)
	ctx, stop := context.WithCancel(t.Context())
	following := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for m := range p.log.Subscribe(ctx, eventstore.Start, eventstore.Filter{Name: "names"}) {
			if m.CaughtUp {
				close(following)
			}
		}
	}()
	defer func() { stop(); <-ended }()
	<-following
	state := func(name string) string {
		p.health.look(t.Context())
		return part(p.health.readiness(), name).State
	}
	for _, name := range []string{"subscription", "names"} {
		if got := state(name); got != api.PartOK {
			t.Errorf("%s: %s", name, got)
		}
	}
	cluster.Set(func(f *nodetest.Facts) { f.Silent = true })
	if _, err := p.log.Append(t.Context(), "tested-1", eventstore.NoStream, eventstore.Proposed{ID: eventstore.ID{1}, Type: "tested.v1", Data: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	eventuallyWithin(t, 10*time.Second, "it is behind", func() bool { return state("subscription") == api.PartBehind })
	*now = now.Add(standstill)
	if got := state("subscription"); got != api.PartFailing || p.health.readiness().Ready {
		t.Errorf("after %s it is %s, and the process ready: %v", standstill, got, p.health.readiness().Ready)
	}
	cluster.Set(func(f *nodetest.Facts) { f.Silent = false })
	eventuallyWithin(t, time.Minute, "it is well again", func() bool { return state("subscription") == api.PartOK })
}

// halfLog answers where it ends, and cannot be read from anywhere.
type halfLog struct{ eventLog }

func (halfLog) ReadAll(context.Context, eventstore.Position, int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) { yield(nil, eventstore.ErrUnavailable) }
}

func TestALagThatCannotBeCountedIsNotToldAsNone(t *testing.T) {
	cfg := defaults()
	cfg.Data = t.TempDir()
	p := opened(t, cfg)
	for i := range 3 {
		e := eventstore.Proposed{ID: eventstore.ID{byte(i + 1)}, Type: "tested.v1", Data: []byte("{}")}
		if _, err := p.log.Append(t.Context(), "tested-1", eventstore.Revision(i-1), e); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	h := p.health
	h.now = func() time.Time { return now }
	var err error
	if h.before, err = p.log.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	behind := []follower{{name: "tester", working: true}}
	whole := p.log
	judged := func() (state string, known bool) {
		h.count(t.Context(), behind)
		state, _ = h.judgeFollower(behind[0], nil, now)
		_, known = h.backlogs["tester"].lag()
		return state, known
	}
	p.log = halfLog{whole}
	if state, known := judged(); state != api.PartBehind || known {
		t.Errorf("while nothing can be counted it is %s, and its lag known: %v", state, known)
	}
	now = now.Add(standstill)
	if state, _ := judged(); state != api.PartFailing {
		t.Errorf("where it stands still and nothing can be counted it is %s", state)
	}
	p.log = whole
	if state, known := judged(); state != api.PartFailing || !known {
		t.Errorf("once what waits was counted it is %s, and its lag known: %v", state, known)
	}
	behind[0].at = h.before
	if state, known := judged(); state != api.PartOK || !known {
		t.Errorf("where nothing waits it is %s, and its lag known: %v", state, known)
	}
}

// What the process was told of is not read again to count what waits: a server would be
// asked for every event a second time.
func TestWhatWaitsIsCountedAmongTheEventsThatTheProcessWasToldOf(t *testing.T) {
	p, _, _ := unstarted(t)
	add := func(n int) eventstore.Position {
		t.Helper()
		e := eventstore.Proposed{ID: eventstore.ID{byte(n + 1)}, Type: "tested.v1", Data: []byte("{}")}
		at, err := p.log.Append(t.Context(), "tested-1", eventstore.Revision(n-1), e)
		if err != nil {
			t.Fatal(err)
		}
		return at.Position
	}
	first := add(0)
	ctx, stop := context.WithCancel(t.Context())
	following, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for m := range p.log.Subscribe(ctx, first, eventstore.Filter{Name: "tester"}) {
			if m.CaughtUp {
				close(following)
			}
		}
	}()
	defer func() { stop(); <-ended }()
	<-following
	for n := 1; n < 4; n++ {
		p.health.before = add(n)
	}
	whole := p.log
	p.log = halfLog{whole}
	waiting := func(after eventstore.Position) int {
		p.health.backlogs = map[string]*backlog{}
		p.health.count(t.Context(), []follower{{name: "tester", at: after, working: true}})
		return len(p.health.backlogs["tester"].events)
	}
	eventuallyWithin(t, time.Minute, "three are known to wait", func() bool { return waiting(first) == 3 })
	if n := waiting(eventstore.Start); n != 0 {
		t.Errorf("%d are known to wait of which one was not told, and that cannot be read", n)
	}
	if p.log = whole; waiting(eventstore.Start) != 4 {
		t.Errorf("%d are known to wait of four", waiting(eventstore.Start))
	}
}
