package projections

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/application"
	"alta/eventstore"
	"alta/simulate/direct"
)

// poison appends an event to a life that no program of today can read.
func (w *world) poison(l *direct.Life, name string) eventstore.Proposed {
	w.t.Helper()
	bad := eventstore.Proposed{ID: eventstore.ID{1}, Type: name, Data: []byte(`{}`), Meta: []byte(`{}`)}
	if _, err := w.log.Append(background, category+l.ID, eventstore.Revision(l.Events-1), bad); err != nil {
		w.t.Fatal(err)
	}
	return bad
}

// after appends an event behind the poisoned one.
func (w *world) after(l *direct.Life, e application.Event) {
	w.t.Helper()
	p, err := w.encode(background, "", eventstore.ID{}, e)
	if err != nil {
		w.t.Fatal(err)
	}
	p.ID = eventstore.ID{2}
	if _, err := w.log.Append(background, category+l.ID, eventstore.Revision(l.Events), p); err != nil {
		w.t.Fatal(err)
	}
}

// newer decodes what is poison today as a note.
func (w *world) newer(ctx context.Context, rec *eventstore.Record) (application.Event, error) {
	if strings.HasSuffix(rec.Type, ".v9") {
		return application.NoteAdded{Header: application.Header{At: moment}, Note: "n"}, nil
	}
	return w.decode(ctx, rec)
}

func TestOneStreamThatCannotBeReadIsSetAsideAndAllOthersGoOn(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		lives := w.fill(0, 4, "qualification")
		l, other := lives[0], lives[1]
		r := w.runner()
		stop := w.run(r)
		w.caughtUp()
		before := w.everyRow(QueueQualification, Filter{}, 10)
		bad := w.poison(l, "application.from-the-future.v9")
		w.after(l, application.NoteAdded{Header: application.Header{By: application.Actor{ID: "r", Role: application.RoleReviewer}, At: moment}, Note: "later"})
		w.append(other, application.NoteAdded{Header: application.Header{By: application.Actor{ID: "r", Role: application.RoleReviewer}, At: moment.Add(time.Hour)}, Note: "n"})
		w.caughtUp()
		if err := r.Healthy(); err != nil || r.Stats().State != "following" {
			t.Errorf("%v, %+v", err, r.Stats())
		}
		all, total, err := w.reader().SetAside(background, 10)
		if err != nil || total != 1 || len(all) != 1 {
			t.Fatalf("set aside: %v, %d, %v", all, total, err)
		}
		if a := all[0]; a.Stream != category+l.ID || a.Revision != int64(l.Events) || a.Type != bad.Type || a.Reason != eventstore.UnreadableEvent || a.Position == "" {
			t.Errorf("it is said to be %+v", a)
		}
		free := w.everyRow(QueueQualification, Filter{Free: true}, 10)
		for _, row := range w.everyRow(QueueQualification, Filter{}, 10) {
			i := slices.IndexFunc(before, func(b Row) bool { return b.ID == row.ID })
			want := before[i]
			offered := slices.ContainsFunc(free, func(f Row) bool { return f.ID == row.ID })
			switch row.ID {
			case l.ID:
				want.SetAside = true
				if !reflect.DeepEqual(row, want) || offered {
					t.Errorf("the row is %+v, offered %v; it was %+v", row, offered, want)
				}
			case other.ID:
				if row.SetAside || row.Revision != want.Revision+1 || offered != (want.Claim == nil) {
					t.Errorf("another row is %+v", row)
				}
			}
		}
		w.sameAfterRebuild() // which sets aside the same
		if c, err := w.runner().Check(background); err != nil || !c.Equal() || c.Live["aside"].Entries != 1 {
			t.Errorf("%+v, %v", c, err)
		}
		stop()
		// A restart tries it again, and changes nothing.
		stop = w.run(w.runner())
		w.caughtUp()
		w.sameAfterRebuild()
		stop()
		// A program that can read it takes it in, and that equals a replay.
		fixed := w.runner()
		fixed.Decode = w.newer
		w.run(fixed)
		eventually(t, "it is taken in", func() bool { _, n, err := w.reader().SetAside(background, 10); return err == nil && n == 0 })
		w.caughtUp()
		live := w.dump()
		again := w.runner()
		again.Decode = w.newer
		if err := again.Rebuild(background); err != nil {
			t.Fatal(err)
		}
		if live != w.dump() {
			t.Error("what was taken in is not what a rebuild makes")
		}
	})
}

func TestAStreamWhoseFirstEventCannotBeReadHasNoRowUntilItCan(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 2, "qualification")
		w.run(w.runner())
		w.caughtUp()
		bad := eventstore.Proposed{ID: eventstore.ID{9}, Type: "application.opened.v9", Data: []byte(`{}`), Meta: []byte(`{}`)}
		if _, err := w.log.Append(background, category+"11111111-1111-4111-8111-111111111111", eventstore.NoStream, bad); err != nil {
			t.Fatal(err)
		}
		w.sameAfterRebuild()
		if _, n, err := w.reader().SetAside(background, 10); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
}

func TestAnEventThatPanicsTheFoldSetsItsStreamAsideAndNoOther(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		lives := w.fill(0, 3, "qualification")
		torn, at := category+lives[1].ID, lives[1].Events
		var logged bytes.Buffer
		stop := w.run(w.runner())
		w.caughtUp()
		stop()
		w.breaks(func(r *eventstore.Record) error {
			if r.Stream == torn && int(r.Revision) == at {
				panic("13800138000")
			}
			return nil
		})
		r := w.runner()
		r.Logger = slog.New(slog.NewTextHandler(&logged, nil))
		stop = w.run(r)
		for _, l := range lives {
			w.append(l, application.Prioritised{Header: application.Header{By: application.Actor{ID: "l", Role: application.RoleLead}, At: moment}})
		}
		w.sameAfterRebuild()
		all, _, err := w.reader().SetAside(background, 10)
		if err != nil || len(all) != 1 || all[0].Stream != torn || all[0].Reason != eventstore.FoldFailed {
			t.Errorf("%+v, %v", all, err)
		}
		stop()
		if text := logged.String(); strings.Contains(text, "13800138000") || strings.Count(text, "level=ERROR") != 1 {
			t.Errorf("it logged %s", text)
		}
		w.breaks(nil)
		w.run(w.runner())
		eventually(t, "it is taken in", func() bool { _, n, err := w.reader().SetAside(background, 10); return err == nil && n == 0 })
		w.sameAfterRebuild()
	})
}

func TestWhatNobodyMayFindLeavesTheListsAlsoWhereItIsSetAside(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		l := w.fill(0, 3, "qualification")[0]
		w.run(w.runner())
		w.caughtUp()
		w.poison(l, "application.from-the-future.v9")
		w.after(l, application.Restricted{Header: application.Header{By: application.Actor{ID: l.State.Merchant, Role: application.RoleMerchant}, At: moment}})
		w.caughtUp()
		for _, row := range w.everyRow(QueueQualification, Filter{}, 10) {
			if row.ID == l.ID {
				t.Errorf("it is listed: %+v", row)
			}
		}
		if strings.Contains(w.dump(), l.State.MerchantNumber) {
			t.Error("its number is still there")
		}
		w.sameAfterRebuild()
	})
}

func TestAStreamOfOthersThanApplicationsIsNamedToo(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 2, "qualification")
		strange := func(r *eventstore.Record) error {
			if r.Type == "account.weighed.v1" {
				return eventstore.Unreadable(r, errors.New("no such event"))
			}
			return nil
		}
		watching := func(readable func(*eventstore.Record) error) *Runner {
			r := w.runner()
			r.Readable, r.Watched = readable, []string{"account-"}
			return r
		}
		stop := w.run(watching(strange))
		w.caughtUp()
		at := eventstore.NoStream
		for i, name := range []string{"account.opened.v1", "account.weighed.v1", "account.closed.v1", "account.weighed.v1"} {
			done, err := w.log.Append(background, "account-1", at, eventstore.Proposed{ID: eventstore.ID{7, byte(i)}, Type: name, Data: []byte("{}")})
			if err != nil {
				t.Fatal(err)
			}
			at = done.Revision
		}
		w.caughtUp()
		said := func() []Aside {
			all, _, err := w.reader().SetAside(background, 10)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		live := said()
		if len(live) != 1 || live[0].Stream != "account-1" || live[0].Revision != 1 {
			t.Errorf("live: %+v", live)
		}
		if err := watching(strange).Rebuild(background); err != nil {
			t.Fatal(err)
		}
		if rebuilt := said(); !slices.Equal(live, rebuilt) {
			t.Errorf("live %+v, rebuilt %+v", live, rebuilt)
		}
		stop()
		w.run(watching(func(*eventstore.Record) error { return nil }))
		eventually(t, "it is taken in", func() bool { return len(said()) == 0 })
	})
}
