package api

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/policy"
	"alta/eventstore"
	"alta/projections"
	"alta/simulate/direct"
)

// memory is a log in memory: as much of one as live updates need.
type memory struct {
	mu      sync.Mutex
	records []*eventstore.Record
	more    chan struct{}
}

func (m *memory) add(stream string, e application.Event) *eventstore.Record {
	name, data, err := application.Encode(e, func(_, clear string) (string, error) { return clear, nil })
	if err != nil {
		panic(err)
	}
	return m.put(stream, name, data)
}

func (m *memory) put(stream, name string, data []byte) *eventstore.Record {
	r := &eventstore.Record{
		Proposed: eventstore.Proposed{Type: name, Data: data}, Stream: stream, Revision: eventstore.Revision(len(m.stream(stream))),
	}
	m.mu.Lock()
	n := len(m.records) + 1
	r.Position, r.ID = eventstore.Position{Commit: uint64(n)}, eventstore.ID{byte(n), byte(n >> 8), 1}
	m.records = append(m.records, r)
	m.mu.Unlock()
	if m.more != nil {
		m.more <- struct{}{}
	}
	return r
}

// after are the records behind a position.
func (m *memory) after(p eventstore.Position) []*eventstore.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.records[p.Commit:])
}

func (m *memory) stream(name string) (out []*eventstore.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.records {
		if r.Stream == name {
			out = append(out, r)
		}
	}
	return out
}

// cursor is the place of the n-th event, as a listener was told it.
func (m *memory) cursor(n int) *cursor {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n == 0 {
		return &cursor{}
	}
	c := cursorAt(m.records[n-1])
	return &c
}

func (m *memory) ReadAt(_ context.Context, at eventstore.Position) (*eventstore.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at.Commit == 0 || at.Commit > uint64(len(m.records)) {
		return nil, eventstore.ErrNoPosition
	}
	return m.records[at.Commit-1], nil
}

func (m *memory) ReadAllBackward(_ context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		m.mu.Lock()
		some := m.records[:min(before.Commit-1, uint64(len(m.records)))]
		m.mu.Unlock()
		for i := len(some) - 1; i >= 0 && limit > 0; i, limit = i-1, limit-1 {
			if !yield(some[i], nil) {
				return
			}
		}
	}
}

func (m *memory) Head(context.Context) (eventstore.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return eventstore.Position{Commit: uint64(len(m.records))}, nil
}

func (m *memory) ReadStream(_ context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for i, r := range m.stream(stream)[from:] {
			if i == limit || !yield(r, nil) {
				return
			}
		}
	}
}

func (m *memory) Subscribe(ctx context.Context, after eventstore.Position, f eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for {
			for _, r := range m.after(after) {
				if after = r.Position; f.Accepts(r.Stream, r.Type) && !yield(eventstore.Message{Record: r}, nil) {
					return
				}
			}
			if !yield(eventstore.Message{CaughtUp: true}, nil) {
				return
			}
			select {
			case <-ctx.Done():
				yield(eventstore.Message{}, ctx.Err())
				return
			case <-m.more:
			}
		}
	}
}

var (
	reviewers = audience{role: account.Reviewer, account: "r"}
	theAudit  = audience{role: account.Auditor, account: "a"}
	theirs    = audience{role: account.Merchant, account: "m-1"}
	another   = audience{role: account.Merchant, account: "m-2"}
	agency    = audience{role: account.Agent, account: "x", agency: "agency"}
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func hears(t *testing.T, h *hub, who audience) *listener {
	t.Helper()
	l, err := h.listen(who)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// told is what lies ready for a listener.
func told(t *testing.T, l *listener) (out []LiveChanges) {
	t.Helper()
	for {
		select {
		case n := <-l.news:
			out = append(out, read(t, n))
		default:
			return out
		}
	}
}

const one = "0190b6a0-0000-7000-8000-000000000001"

func opened() application.Opened {
	return application.Opened{Merchant: "m-1", Agent: "agency", MerchantNumber: "880001", Kind: policy.Individual, Language: "es", Policy: "1"}
}

func at(by application.Role) application.Header {
	return application.Header{By: application.Actor{ID: "r", Role: by}, At: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)}
}

// handedIn is a log in which one application was just handed in.
func handedIn() *memory {
	m := &memory{}
	m.add(category+one, opened())
	m.add(category+one, application.Submitted{Header: at(application.RoleMerchant), Round: 1, Next: application.Qualification})
	return m
}

// happens has the hub take events one by one and then tell everybody.
func happens(t *testing.T, h *hub, records ...*eventstore.Record) {
	t.Helper()
	b := batch{}
	for _, r := range records {
		f, err := h.fact(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		b.add(f)
	}
	h.spread(&b)
}

// A merchant is told nothing where nothing happened that it may know of, neither
// at once nor when it comes back.
func TestAMerchantHearsNothingOfWhatOnlyStaffMayKnow(t *testing.T) {
	m := handedIn()
	h := newHub(m, quiet())
	staff, own, agent := hears(t, h, reviewers), hears(t, h, theirs), hears(t, h, agency)
	last := m.cursor(len(m.records))
	happens(t, h, m.add(category+one, application.Claimed{Header: at(application.RoleReviewer), Stage: application.Qualification}),
		m.add(category+one, application.NoteAdded{Header: at(application.RoleReviewer), Note: "n", Text: "odd"}),
		m.add(category+one, application.HoldPlaced{Header: at(application.RoleLead), Why: "a court"}),
		m.add(category+one, application.DeclineProposed{Header: at(application.RoleReviewer), Note: "no"}))
	if got := told(t, staff); len(got) != 1 {
		t.Errorf("staff hear %v", got)
	}
	for name, l := range map[string]*listener{"merchant": own, "agent": agent} {
		if got := told(t, l); len(got) > 0 {
			t.Errorf("the %s hears %v", name, got)
		}
		missed, err := h.missed(t.Context(), l.who, last)
		if err != nil || missed.news != nil {
			t.Errorf("the %s hears on coming back: %v, %v", name, missed.news, err)
		}
	}
}

func TestEverybodyHearsOnlyOfWhatTheyMaySee(t *testing.T) {
	m := handedIn()
	h := newHub(m, quiet())
	staff, audit, own, other, agent := hears(t, h, reviewers), hears(t, h, theAudit), hears(t, h, theirs), hears(t, h, another), hears(t, h, agency)
	happens(t, h, m.add(category+one, application.Claimed{Header: at(application.RoleReviewer), Stage: application.Qualification}),
		m.add(category+one, application.QualificationProposed{Header: at(application.RoleReviewer)}))
	want := `[{[{` + one + ` 3 [qualification second_approval] }] [qualification second_approval]}]`
	if got := fmt.Sprint(told(t, staff)); got != want {
		t.Errorf("staff hear %s, want %s", got, want)
	}
	if got := fmt.Sprint(told(t, audit)); got != want {
		t.Errorf("auditors hear %s, want %s", got, want)
	}
	want = `[{[{` + one + ` 2 [] }] []}]` // the version, which does not count the claim; in which queue it waits is the house's own business
	if got := fmt.Sprint(told(t, own)); got != want {
		t.Errorf("the merchant hears %s, want %s", got, want)
	}
	if got := fmt.Sprint(told(t, agent)); got != want {
		t.Errorf("her agent hears %s, want %s", got, want)
	}
	if got := told(t, other); len(got) > 0 {
		t.Errorf("another merchant hears %v", got)
	}
}

func TestAHiddenApplicationIsNamedToAuditorsOnlyAndStillLeavesItsQueue(t *testing.T) {
	m := handedIn()
	h := newHub(m, quiet())
	staff, audit, own := hears(t, h, reviewers), hears(t, h, theAudit), hears(t, h, theirs)
	happens(t, h, m.add(category+one, application.Restricted{Header: at(application.RoleMerchant)}))
	if got := fmt.Sprint(told(t, staff)); got != `[{[] [qualification]}]` {
		t.Errorf("staff hear %s", got)
	}
	if got := fmt.Sprint(told(t, audit)); !strings.Contains(got, one) {
		t.Errorf("auditors hear %s", got)
	}
	happens(t, h, m.add(category+one, application.HoldPlaced{Header: at(application.RoleLead)}))
	if got := fmt.Sprint(told(t, staff)); strings.Contains(got, one) {
		t.Errorf("staff hear of it later: %s", got)
	}
	if got := told(t, own); len(got) > 0 {
		t.Errorf("the merchant hears %v", got)
	}
	missed, err := h.missed(t.Context(), reviewers, m.cursor(2))
	if err != nil || strings.Contains(string(missed.news.frame), one) {
		t.Errorf("whoever comes back is told %s, %v", missed.news.frame, err)
	}
}

// heard is all that somebody was told: the newest revision of each application
// and the queues it concerned.
type heard struct {
	revisions map[string]int64
	queues    map[string]bool
}

func (h heard) take(all ...LiveChanges) {
	for _, m := range all {
		for _, c := range m.Changes {
			h.revisions[c.ID] = c.Revision
			for _, q := range c.Queues {
				h.queues[c.ID+" "+string(q)] = true
			}
		}
	}
}

func nothing() heard { return heard{map[string]int64{}, map[string]bool{}} }

// lives is a log of a few lives of every kind.
func lives(t *testing.T) *memory {
	m := &memory{}
	maker := direct.New(3, time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), application.Rules{Policies: policy.Default(), Calendar: calendar.Default()})
	for n := range uint64(12) {
		l, err := maker.Life(n, direct.AnyTarget(n))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range l.Acts {
			for _, e := range a.Events {
				m.add(category+l.ID, e)
			}
		}
	}
	return m
}

func TestWhoComesBackHearsWhatThoseHeardWhoStayed(t *testing.T) {
	m := lives(t)
	for _, who := range []audience{reviewers, theAudit, {role: account.Agent, account: "x", agency: "agency-1"}} {
		for after := 0; after <= len(m.records); after += 17 {
			h := newHub(m, quiet())
			l, stayed, back := hears(t, h, who), nothing(), nothing()
			for i, r := range m.records {
				happens(t, h, r)
				if news := told(t, l); i >= after {
					stayed.take(news...)
				}
			}
			missed, err := h.missed(t.Context(), who, m.cursor(after))
			if err != nil {
				t.Fatal(err)
			}
			if missed.news != nil {
				back.take(read(t, missed.news))
			}
			if fmt.Sprint(stayed) != fmt.Sprint(back) {
				t.Fatalf("%s after %d: those who stayed heard %v, who comes back hears %v", who.role, after, stayed, back)
			}
		}
	}
}

func read(t *testing.T, n *news) (m LiveChanges) {
	t.Helper()
	_, data, _ := strings.Cut(string(n.frame), "data: ")
	if err := json.Unmarshal([]byte(data), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhoWasAwayForLongReadsAnew(t *testing.T) {
	m := handedIn()
	for range replayEvents {
		m.add(category+one, application.NoteAdded{Header: at(application.RoleReviewer)})
	}
	h := newHub(m, quiet())
	another := *m.cursor(5)
	another.tag[0]++
	for name, last := range map[string]*cursor{
		"too much happened": m.cursor(1), "a place that this log has not reached": {Position: eventstore.Position{Commit: 1 << 40}},
		"another log's event lies there": &another, "a bare position": {Position: m.cursor(5).Position},
	} {
		missed, err := h.missed(t.Context(), reviewers, last)
		if err != nil || missed.news == nil || !missed.news.behind {
			t.Errorf("%s: told %+v, %v; want to read anew", name, missed, err)
		}
	}
	missed, err := h.missed(t.Context(), reviewers, m.cursor(len(m.records)))
	if err != nil || missed.news != nil {
		t.Errorf("who missed nothing is told %+v, %v", missed, err)
	}
}

func TestAnEventOfANewerProgramSendsEverybodyToTheirLists(t *testing.T) {
	m := handedIn()
	h := newHub(m, quiet())
	l := hears(t, h, reviewers)
	happens(t, h, m.put(category+one, "application.weighed.v1", []byte("{}")))
	if n := <-l.news; !n.behind || n.at.Commit != uint64(len(m.records)) {
		t.Errorf("told %s", n.frame)
	}
}

func TestThousandsWhoListenCostLittleAndAllHearEverything(t *testing.T) {
	const listeners = 2000
	h := newHub(nil, quiet())
	var all []*listener
	for range listeners {
		all = append(all, hears(t, h, reviewers))
	}
	b := batch{}
	for i := range 50 {
		b.add(fact{update: update{LiveChange: LiveChange{ID: fmt.Sprintf("a-%d", i)}}, at: cursor{Position: eventstore.Position{Commit: uint64(i + 1)}}})
	}
	allocs := testing.AllocsPerRun(5, func() { h.spread(&b) })
	if allocs > 400 {
		t.Errorf("%.0f allocations to tell %d listeners, as if each had a text of its own", allocs, listeners)
	}
	for _, l := range all {
		for range 6 {
			if n := <-l.news; !strings.Contains(string(n.frame), "a-49") || n.at.Commit != 50 {
				t.Fatalf("told up to %s", n.at)
			}
		}
	}
	for range waiting + 4 { // nobody reads: whoever is behind is let go, nobody is waited for
		h.spread(&b)
	}
	for _, l := range all {
		for range l.news {
			continue
		}
		h.leave(l)
	}
	if s := h.stats(); s.Listeners != 0 || s.Dropped != listeners || len(h.staff)+len(h.accounts) != 0 {
		t.Errorf("%+v are left", s)
	}
}

func TestMoreChangesThanAMessageHoldsSendEverybodyToTheLists(t *testing.T) {
	h := newHub(nil, quiet())
	l := hears(t, h, reviewers)
	var b batch
	for i := range maxCoalesce {
		b.add(fact{update: update{LiveChange: LiveChange{ID: fmt.Sprint(i)}}, at: cursor{Position: eventstore.Position{Commit: 1}}})
	}
	h.spread(&b)
	if n := <-l.news; n.behind {
		t.Fatal("as many as a message holds are not told")
	}
	b.add(fact{update: update{LiveChange: LiveChange{ID: "one more"}}, at: cursor{Position: eventstore.Position{Commit: 2}}})
	h.spread(&b)
	if n := <-l.news; !n.behind {
		t.Error("some changes were told and others left out")
	}
}

func TestOneMerchantCannotTakeAllConnections(t *testing.T) {
	h := newHub(nil, quiet())
	for range maxOwn {
		hears(t, h, theirs)
	}
	if _, err := h.listen(theirs); problemOf(err).Code != "too-many-listeners" {
		t.Errorf("one more is answered %v", err)
	}
	hears(t, h, another)
}

// The hub follows the log by itself, and has an account's listeners look whether
// they still may listen as soon as anything about the account changed.
func TestTheHubFollowsTheLogAndAsksWhoseSessionChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := handedIn()
		m.more = make(chan struct{})
		h := newHub(m, quiet())
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go h.run(ctx)
		synctest.Wait()
		l, bystander := hears(t, h, reviewers), hears(t, h, theAudit)
		m.add(category+one, application.NoteAdded{Header: at(application.RoleReviewer)})
		m.put("account-r", "account.session_ended.v1", nil)
		time.Sleep(2 * coalesce)
		if got := told(t, l); len(got) != 1 || !slices.Equal(got[0].Queues, []projections.Queue{projections.QueueQualification}) {
			t.Errorf("heard %v", got)
		}
		if len(l.check) != 1 || len(bystander.check) != 0 {
			t.Error("the wrong listeners were asked")
		}
		if h.heard(l).Position != (eventstore.Position{Commit: 3}) {
			t.Errorf("heard up to %s", h.heard(l))
		}
	})
}

// written is a connection that keeps what is written to it.
type written struct{ *httptest.ResponseRecorder }

func (written) SetWriteDeadline(time.Time) error { return nil }

func TestTheIdsOfAStreamNeverGoBack(t *testing.T) {
	rec := written{httptest.NewRecorder()}
	out := &stream{w: rec, fresh: http.NewResponseController(rec)}
	at := func(n uint64) cursor { return cursor{Position: eventstore.Position{Commit: n, Prepare: n}} }
	changed := func(n uint64) *news {
		return &news{frame: frame("changes", fmt.Appendf(nil, "of %d", n), at(n)), at: at(n)}
	}
	// Somebody joins at 9, where the newest events are of no application: the batch
	// up to 7 is still on its way, and so is the news of it to the beat.
	for _, err := range []error{
		out.send("hello", []byte("{}"), at(9)), out.news(changed(7)), out.send("beat", []byte("{}"), at(7)), out.send("beat", []byte("{}"), cursor{}),
		out.news(&news{frame: frame("changes", []byte("without a place"), cursor{})}), out.news(changed(9)), out.news(changed(12)), out.send("beat", []byte("{}"), at(12)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for m := range strings.SplitSeq(strings.TrimSpace(rec.Body.String()), "\n\n") {
		got = append(got, strings.ReplaceAll(m, "\n", ", "))
	}
	id := func(n uint64) string { return "id: " + at(n).String() + ", " }
	want := []string{
		id(9) + "event: hello, data: {}", "event: changes, data: of 7", "event: beat, data: {}", "event: beat, data: {}",
		"event: changes, data: without a place", id(9) + "event: changes, data: of 9", id(12) + "event: changes, data: of 12", id(12) + "event: beat, data: {}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("written:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
