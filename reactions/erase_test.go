package reactions_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/item"
	"alta/reactions"
)

// shredder is a vault that notes what it is told, and refuses while it is down.
type shredder struct {
	destroyed, discarded, closed, forgotten list
	down                                    atomic.Bool
}

// list is what the reaction notes and the test reads.
type list struct {
	mu  sync.Mutex
	all []string
}

func (l *list) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, s)
}

func (l *list) get() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

func (s *shredder) Destroy(_ context.Context, subject string) error {
	if s.down.Load() {
		return errors.New("the keys are away")
	}
	s.destroyed.add(subject)
	return nil
}

func (w *world) erases(s *shredder) (stop func()) {
	e := reactions.NewErase(reactions.EraseConfig{
		Log: w, Destroy: s.Destroy, Now: w.now, Logger: quiet,
		Discard: func(_ context.Context, subject, blob string) error {
			s.discarded.add(subject + "/" + blob)
			return nil
		},
		CloseAccount: func(_ context.Context, _ decider.Command, account string) error {
			s.closed.add(account)
			return nil
		},
		Forget: func(subject string) { s.forgotten.add(subject) },
	})
	return following(w.t, e.Follower)
}

func (w *world) last(name string) string {
	all := w.All(w.stream(name))
	return all[len(all)-1].Type
}

func (w *world) restricts(name string, years int) {
	h := w.head(merchant)
	w.happens(name, application.Restricted{Header: h, Why: "erasure request", Until: h.At.AddDate(years, 0, 0)})
}

func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestDataAreDestroyedWhenTheirTermEndsAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(t, "2026-03-02T02:00:00Z"), &shredder{}
		w.submits("1")
		w.restricts("1", 10)
		stop := w.erases(s)
		settle(time.Hour)
		if got := w.last("1"); got != "application.restricted.v2" || len(s.destroyed.get()) > 0 {
			t.Fatal(got, s.destroyed.get())
		}
		stop()
		w.jump(w.now().AddDate(10, 0, 0).Sub(w.now()) - 2*time.Hour)
		stop = w.erases(s)
		settle(time.Minute)
		if len(s.destroyed.get()) > 0 {
			t.Fatal("an hour too early", s.destroyed.get())
		}
		settle(2 * time.Hour)
		if got := w.last("1"); got != "application.shredded.v1" || !slices.Contains(s.destroyed.get(), "1") || !slices.Contains(s.forgotten.get(), "1") {
			t.Fatal(got, s.destroyed.get(), s.forgotten.get())
		}
		stop()
	})
}

func TestWhatWasNeverSubmittedGoesAtOnceAndTheAccountWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(t, "2026-03-02T02:00:00Z"), &shredder{}
		w.opens("1")
		w.opens("2")
		stop := w.erases(s)
		defer stop()
		synctest.Wait()
		w.restricts("1", 0)
		settle(time.Minute)
		if !slices.Equal(s.destroyed.get(), []string{"1"}) || len(s.closed.get()) > 0 {
			t.Fatal("one of two applications", s.destroyed.get(), s.closed.get())
		}
		w.restricts("2", 0)
		settle(time.Minute)
		if !slices.Equal(s.destroyed.get(), []string{"1", "2", merchant.ID}) || !slices.Equal(s.closed.get(), []string{merchant.ID}) {
			t.Fatal("the last application", s.destroyed.get(), s.closed.get())
		}
	})
}

func TestWhatWasTakenBackIsNotDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(t, "2026-03-02T02:00:00Z"), &shredder{}
		w.opens("1")
		w.opens("2")
		stop := w.erases(s)
		for _, name := range []string{"1", "2"} {
			h := w.head(merchant)
			back := h.At.AddDate(0, 0, application.BackDays)
			w.happens(name, application.Restricted{Header: h, Why: "erasure request", Until: back, Back: back})
		}
		settle(13 * 24 * time.Hour)
		if len(s.destroyed.get()) > 0 {
			t.Fatal("before it was over", s.destroyed.get())
		}
		w.happens("1", application.RestrictionLifted{Header: w.head(merchant)})
		settle(2 * 24 * time.Hour)
		stop()
		stop = w.erases(s) // and after a restart
		defer stop()
		settle(24 * time.Hour)
		if got := s.destroyed.get(); slices.Contains(got, "1") || !slices.Contains(got, "2") || w.last("1") != "application.restriction-lifted.v1" {
			t.Fatal(got, w.last("1"))
		}
	})
}

func TestAHoldKeepsDataAndItsEndLetsThemGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(t, "2026-03-02T02:00:00Z"), &shredder{}
		lead := application.Actor{ID: "lead-1", Role: application.RoleLead}
		w.opens("1")
		w.happens("1", application.HoldPlaced{Header: w.head(lead), Why: "court"})
		w.restricts("1", 0)
		stop := w.erases(s)
		defer stop()
		settle(time.Hour)
		if len(s.destroyed.get()) > 0 {
			t.Fatal(s.destroyed.get())
		}
		w.happens("1", application.HoldLifted{Header: w.head(lead), Why: "over"})
		settle(time.Minute)
		if !slices.Contains(s.destroyed.get(), "1") {
			t.Fatal("not destroyed", w.last("1"))
		}
	})
}

func TestWhatARestartFindsShreddedIsDestroyedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(t, "2026-03-02T02:00:00Z"), &shredder{}
		s.down.Store(true)
		w.opens("1")
		w.restricts("1", 0)
		stop := w.erases(s)
		settle(10 * time.Second)
		if got := w.last("1"); got != "application.shredded.v1" || len(s.destroyed.get()) > 0 {
			t.Fatal("the event comes first", got, s.destroyed.get())
		}
		stop() // the process ends between the event and the key
		s.down.Store(false)
		for range 2 { // and a backup brings the key back
			s.destroyed = list{}
			stop = w.erases(s)
			settle(time.Minute)
			stop()
			if !slices.Equal(s.destroyed.get(), []string{"1", merchant.ID}) {
				t.Fatal(s.destroyed.get())
			}
		}
		if n := len(w.All(w.stream("1"))); n != 3 {
			t.Fatal(n, "events: it was shredded twice")
		}
	})
}

func TestARedactedOriginalIsDestroyedThoughItsProcessEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(t, "2026-03-02T02:00:00Z"), &shredder{}
		w.opens("1")
		file := func(id string, blobs ...string) application.Document {
			return application.Document{ID: id, Type: "image/png", Size: 1, Pages: 1, Blobs: blobs}
		}
		w.happens("1",
			application.DocumentUploaded{Header: w.head(merchant), Slot: item.BankBack, Document: file("a", "a0", "a1")},
			application.DocumentRedacted{Header: w.head(reviewer), Slot: item.BankBack, Former: "a", Document: file("b", "b0", "b1"), Why: "CVN"})
		stop := w.erases(s)
		defer stop()
		settle(time.Minute)
		if !slices.Equal(s.discarded.get(), []string{"1/a0", "1/a1"}) {
			t.Fatal(s.discarded.get())
		}
	})
}
