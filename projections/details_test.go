package projections

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/eventstore"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func detailWorld(t *testing.T) *world {
	return newWorld(t, &redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true})
}

func TestOneEventIsOneEntryInTheHistory(t *testing.T) {
	w := detailWorld(t)
	l := w.fill(0, 1, "icp")[0]
	d := w.details()
	var got []Entry
	for from := int64(0); ; {
		page, err := d.History(background, l.ID, from, 5)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Entries...)
		if from = page.Next; from == 0 {
			break
		}
	}
	if len(got) != l.Events || got[0].Type != "opened" || got[len(got)-1].Revision != int64(l.Events-1) {
		t.Errorf("%d entries for %d events", len(got), l.Events)
	}
	if page, err := d.History(background, l.ID, int64(l.Events), 5); err != nil || len(page.Entries) != 0 || page.Next != 0 {
		t.Errorf("after the end: %+v, %v", page, err)
	}
}

func TestDetailsHoldWhatWasAcknowledgedAMomentAgo(t *testing.T) {
	w := detailWorld(t)
	l := w.fill(0, 1, "qualification")[0]
	d := w.details()
	for n := range 3 {
		for what, read := range map[string]func() (Rendered, error){
			"application": func() (Rendered, error) { return d.Application(background, l.ID) },
			"status":      func() (Rendered, error) { return d.Status(background, l.ID) },
		} {
			got, err := read()
			var stated struct{ Revision int64 }
			if err == nil {
				err = json.Unmarshal(got.JSON, &stated)
			}
			states := int64(l.Events - 1)
			if what == "status" { // a note is not told
				states = l.State.Version()
			}
			if want := int64(l.Events - 1); err != nil || got.Revision != want || stated.Revision != states || got.Version != l.State.Version() {
				t.Errorf("the %s is at %d (%d in the text), want %d: %v", what, got.Revision, stated.Revision, want, err)
			}
		}
		if n < 2 {
			w.append(l, application.NoteAdded{Header: application.Header{By: admin, At: moment}, Note: "n", Text: "called back"})
		}
	}
}

func TestAnApplicationThatNobodyOpenedIsNotThere(t *testing.T) {
	w := detailWorld(t)
	d := w.details()
	for range 2 {
		if _, err := d.Application(background, "x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("application: %v", err)
		}
		if _, err := d.Status(background, "x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("status: %v", err)
		}
		if _, err := d.History(background, "x", 0, 10); !errors.Is(err, ErrNotFound) {
			t.Errorf("history: %v", err)
		}
	}
}

func TestTheErasedAreErasedInEveryDetailAtOnce(t *testing.T) {
	w := detailWorld(t)
	l := w.fill(0, 1, "withdrawn")[0]
	d := w.details()
	shown := func() string {
		t.Helper()
		a, err := d.Application(background, l.ID)
		if err != nil {
			t.Fatal(err)
		}
		s, err := d.Status(background, l.ID)
		if err != nil {
			t.Fatal(err)
		}
		h, err := d.History(background, l.ID, 0, 500)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		return string(a.JSON) + string(s.JSON) + string(b)
	}
	masked := personal.Mask(l.State.Text(item.IdentityNumber))
	if !strings.Contains(shown(), masked) {
		t.Fatalf("the masked number %q is not shown before", masked)
	}
	h := application.Header{By: admin, At: moment}
	w.append(l, application.Restricted{Header: h, Until: moment.Add(time.Hour)}, application.Shredded{Header: h, Why: "asked for"})
	// The key is still there: the event alone is enough.
	if strings.Contains(shown(), masked) {
		t.Error("a masked number is shown of somebody who was erased")
	}
	fresh := w.details()
	a, err := fresh.Application(background, l.ID)
	if b, again := d.Application(background, l.ID); err != nil || again != nil || string(a.JSON) != string(b.JSON) {
		t.Error("who read it before sees something else than who reads it first now")
	}
}

func TestAKeyThatCannotBeHadNowIsAnErrorAndNotAnErasure(t *testing.T) {
	w := detailWorld(t)
	l := w.fill(0, 1, "qualification")[0]
	d := w.details()
	w.breaks(func(r *eventstore.Record) error { return errKeysAway })
	if _, err := d.Application(background, l.ID); !errors.Is(err, errKeysAway) {
		t.Errorf("while they are away: %v", err)
	}
	w.breaks(nil)
	if a, err := d.Application(background, l.ID); err != nil || a.Revision != int64(l.Events-1) {
		t.Errorf("afterwards: at %d, %v", a.Revision, err)
	}
}

func TestManyReadersShareOneFoldAndAgree(t *testing.T) {
	w := detailWorld(t)
	lives := w.fill(0, 8, "qualification")
	d := w.details()
	want := map[string]string{}
	for _, l := range lives {
		a, err := w.details().Application(background, l.ID)
		if err != nil {
			t.Fatal(err)
		}
		want[l.ID] = string(a.JSON)
	}
	var readers sync.WaitGroup
	for n := range 16 {
		readers.Go(func() {
			for i := range 50 {
				l := lives[(n+i)%len(lives)]
				if a, err := d.Application(background, l.ID); err != nil || string(a.JSON) != want[l.ID] {
					t.Errorf("reader %d: %v", n, err)
				}
			}
		})
	}
	readers.Wait()
}

func TestOnlyTheApplicationsReadLatelyAreKept(t *testing.T) {
	d := &Details{}
	for i := range 3 * detailsKept {
		d.detail(string(rune('a' + i)))
	}
	if len(d.byID) != detailsKept || d.recent.Len() != detailsKept {
		t.Errorf("%d of %d are kept", len(d.byID), d.recent.Len())
	}
}
