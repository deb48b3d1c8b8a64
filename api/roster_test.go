package api

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/personal"
	"alta/eventstore"
	"alta/eventstore/embedded"
)

// watched is a log that notes what is read of it.
type watched struct {
	*embedded.Log
	mu   sync.Mutex
	read map[string]bool // streams
	from []eventstore.Position
	away bool // no stream can be read
}

func (w *watched) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return func(yield func(*eventstore.Record, error) bool) { yield(nil, eventstore.ErrUnavailable) }
	}
	w.read[stream] = true
	return w.Log.ReadStream(ctx, stream, from, limit)
}

func (w *watched) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from = append(w.from, after)
	return w.Log.Subscribe(ctx, after, filter)
}

func (w *watched) set(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
}

// started is where the latest subscription began.
func (w *watched) started() eventstore.Position { return w.from[len(w.from)-1] }

// house is a log with people in it, in a bubble of time.
type house struct {
	*watched
	t      *testing.T
	people *auth.Service
	opened int
}

// inHouse runs a test.
func inHouse(t *testing.T, test func(h *house)) {
	dir := t.TempDir()
	keys, err := auth.OpenKeys(filepath.Join(dir, "auth.keys"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		log, err := embedded.Open(filepath.Join(dir, "log"), embedded.Options{
			Leaf: func(dst []byte, r *eventstore.Record) []byte { return append(dst, r.ID[:]...) }, UnsafeNoSync: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = log.Close() }()
		w := &watched{Log: log, read: map[string]bool{}}
		people, err := auth.New(auth.Config{Log: w, Vault: plain{}, Erased: eventstore.ErrStreamDeleted, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		defer people.Close()
		test(&house{watched: w, t: t, people: people})
	})
}

func (h *house) open(role account.Role, n int) {
	h.t.Helper()
	for range n {
		h.opened++
		id := decider.NewID()
		name, data, err := account.Encode(account.Opened{
			Account: id.String(), Role: role, Name: personal.Sealed(fmt.Sprintf("%s %03d", role, h.opened)), At: time.Now(),
		}, nil)
		if err == nil {
			_, err = h.Append(h.t.Context(), account.Category+"-"+id.String(), eventstore.NoStream, eventstore.Proposed{ID: decider.NewID(), Type: name, Data: data})
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// start follows until all is read, does something, and answers who is known by name.
func (h *house) start(meanwhile func()) string {
	p := &People{Auth: h.people, Logger: slog.New(slog.DiscardHandler)}
	ctx, stop := context.WithCancel(h.t.Context())
	var following sync.WaitGroup
	following.Go(func() { p.Follow(ctx, h) })
	synctest.Wait()
	if meanwhile != nil {
		meanwhile()
		synctest.Wait()
	}
	stop()
	following.Wait()
	var names []string
	for _, x := range p.list(func(Person) bool { return true }) {
		names = append(names, x.Name)
	}
	return strings.Join(names, ", ")
}

// rosters counts those that were kept.
func (h *house) rosters() (n int) {
	for _, err := range h.Log.ReadStream(h.t.Context(), RosterStream, 0, 100) {
		if err != nil {
			return 0
		}
		n++
	}
	return n
}

func TestAStartReadsTheNamesOfAFewAndNotWhatAMillionMerchantsDid(t *testing.T) {
	inHouse(t, func(h *house) {
		h.open(account.Reviewer, 2)
		h.open(account.Merchant, 40)
		h.open(account.Agent, 1)
		h.open(account.Lead, 1)
		const all = "agent 043, lead 044, reviewer 001, reviewer 002"
		if got := h.start(nil); got != all {
			t.Errorf("at the first start: %s", got)
		}
		if len(h.read) != 4 {
			t.Errorf("%d accounts were loaded for four names", len(h.read))
		}
		if got := h.start(nil); got != all || h.started().Commit != 44 {
			t.Errorf("at the second start, from %v: %s", h.started(), got)
		}
		h.open(account.Merchant, 25)
		h.open(account.Admin, 1)
		if got := h.start(nil); got != "admin 070, "+all || h.started().Commit != 44 {
			t.Errorf("with one who came since, from %v: %s", h.started(), got)
		}
		if n := h.rosters(); n != 1 {
			t.Errorf("%d rosters in a day", n)
		}
		h.start(func() { time.Sleep(rosterAge); h.open(account.Merchant, 3) })
		if got := h.start(nil); got != "admin 070, "+all || h.started().Commit <= 70 || h.rosters() != 2 {
			t.Errorf("a day later, from %v, %d rosters: %s", h.started(), h.rosters(), got)
		}
	})
}

func TestNobodyIsForgottenForARosterThatIsNotThisLogsOrCannotBeRead(t *testing.T) {
	inHouse(t, func(h *house) {
		h.open(account.Reviewer, 1)
		const stranger = `{"last":{"stream":"account-3f0c6f0e-7f39-4f6b-9f0e-0a3b8e1f4c11","revision":0,"position":"0000000000000004-0000000000000004","id":"01020304-0506-4708-890a-0b0c0d0e0f10"},"people":[],"at":"2026-11-28T12:00:00Z"}`
		h.open(account.Lead, 1)
		h.open(account.Merchant, 30)
		for i, bad := range []eventstore.Proposed{
			{Type: rosterType, Data: []byte(stranger)},
			{Type: rosterType, Data: []byte(`{"last":{"position":"x"}}`)},
			{Type: rosterType, Data: []byte(`[`)},
			{Type: rosterType, Data: []byte(`{}`)},
			{Type: "roster.kept.v1", Data: []byte(formerRoster)},
			{Type: "roster.kept.v3", Data: []byte(`{}`)},
		} {
			bad.ID = decider.NewID()
			if _, err := h.Append(h.t.Context(), RosterStream, eventstore.Revision(2*i-1), bad); err != nil {
				t.Fatal(err)
			}
			if got := h.start(nil); got != "lead 002, reviewer 001" || h.started() != eventstore.Start {
				t.Errorf("%s: from %v: %s", bad.Data, h.started(), got)
			}
			if got := h.start(nil); got != "lead 002, reviewer 001" || h.started() == eventstore.Start {
				t.Errorf("%s: not mended, from %v: %s", bad.Data, h.started(), got)
			}
		}
	})
}

// The stored shapes of a roster. They are never changed.
const (
	formerRoster = `{"last":{"stream":"account-a","revision":7,"position":"00000000000000ff-00000000000000ff"},"people":["b","c"],"at":"2026-11-28T12:00:00Z"}`
	storedOnce   = `{"last":{"position":"00000000000000ff-00000000000000ff","stream":"account-a","revision":7,"id":"01020304-0506-4708-890a-0b0c0d0e0f10"},"people":["b","c"],"at":"2026-11-28T12:00:00Z"}`
)

func TestARosterThatIsStoredReadsBack(t *testing.T) {
	k, err := readRoster(&eventstore.Record{Revision: 3, Proposed: eventstore.Proposed{Type: "roster.kept.v2", Data: []byte(storedOnce)}})
	if err != nil || k.last.Position.Commit != 255 || k.last.Stream != "account-a" || k.last.Revision != 7 || k.last.ID[15] != 16 || !k.people["b"] || !k.people["c"] || k.revision != 3 || k.at.Year() != 2026 {
		t.Errorf("%+v: %v", k, err)
	}
	again, err := json.Marshal(storedRoster{k.last, []string{"b", "c"}, k.at})
	if err != nil || string(again) != storedOnce {
		t.Errorf("it is written as %s, %v", again, err)
	}
}

func TestARosterGoesWithItsEventIntoACopyOfTheLog(t *testing.T) {
	inHouse(t, func(h *house) {
		h.open(account.Reviewer, 1)
		h.open(account.Merchant, 30)
		h.start(nil)
		var kept storedRoster
		for r, err := range h.Log.ReadStream(h.t.Context(), RosterStream, 0, 1) {
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(r.Data, &kept); err != nil {
				t.Fatal(err)
			}
		}
		kept.Last.Position = eventstore.Position{Commit: 9_999, Prepare: 9_999} // where the other log has it
		data, err := json.Marshal(kept)
		if err == nil {
			_, err = h.Append(h.t.Context(), RosterStream, 0, eventstore.Proposed{ID: decider.NewID(), Type: rosterType, Data: data})
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := h.start(nil); got != "reviewer 001" || h.started().Commit != 31 {
			t.Errorf("from %v: %s", h.started(), got)
		}
	})
}

func TestANameThatCouldNotBeReadIsReadLater(t *testing.T) {
	inHouse(t, func(h *house) {
		h.open(account.Reviewer, 2)
		h.set(true)
		if got := h.start(func() { h.set(false); time.Sleep(2 * again) }); got != "reviewer 001, reviewer 002" {
			t.Errorf("after the log came back: %q", got)
		}
	})
}
