package projections

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/eventstore"
	"alta/simulate/direct"

	"github.com/redis/go-redis/v9"
)

var background = context.Background()

func TestWhatIsFollowedLiveIsWhatARebuildMakes(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 20, "")
		w.run(w.runner())
		w.caughtUp()
		w.fill(20, 60, "")
		w.sameAfterRebuild()
		w.fill(80, 20, "") // the runner goes on with what was published
		w.sameAfterRebuild()
	})
}

// plainLog is a log that does not say where its streams end.
type plainLog struct{ Log }

func TestABuildIsTheSameHoweverLittleMemoryItMayUse(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 120, "")
		var want string
		for _, build := range []struct {
			name     string
			log      Log
			inMemory int
		}{
			{"all at once", plainLog{w.log}, 0},
			{"several readings", plainLog{w.log}, 16},
			{"written as they end", w.log, 200},
			{"written as they end, and several readings", w.log, 1},
		} {
			r := w.runner()
			r.Log, r.InMemory = build.log, build.inMemory
			if err := r.Rebuild(background); err != nil {
				t.Fatalf("%s: %v", build.name, err)
			}
			if n := r.Stats().Built; n != 120 {
				t.Errorf("%s: %d applications", build.name, n)
			}
			if got := w.dump(); want == "" {
				want = got
			} else if got != want {
				t.Errorf("%s: another outcome", build.name)
			}
		}
	})
}

func TestARestartedRunnerGoesOnWhereTheLastOneStood(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		stop := w.run(w.runner())
		w.caughtUp()
		stop()
		w.fill(10, 10, "")
		again := w.runner()
		w.run(again)
		w.caughtUp()
		eventually(t, "it has counted what it wrote", func() bool { return again.Stats().Documents == 10 })
		if s := again.Stats(); s.Builds != 0 {
			t.Errorf("it built %d times", s.Builds)
		}
		w.sameAfterRebuild()
	})
}

func TestAFlushedRedisIsFilledAgainAndNeverReadAsEmpty(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 40, "qualification")
		w.run(w.runner())
		w.caughtUp()
		var wrong atomic.Int64
		reading, stop := context.WithCancel(background)
		defer stop()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for reading.Err() == nil {
				page, err := w.reader().Queue(background, QueueQualification, "", Filter{}, "", 100)
				if err == nil && (len(page.Rows) != 40 || *page.Total != 40) || err != nil && !errors.Is(err, ErrRebuilding) {
					wrong.Add(1)
				}
			}
		}()
		for range 3 {
			if err := w.rdb.FlushAll(background).Err(); err != nil {
				t.Fatal(err)
			}
			w.caughtUp() // although nothing is appended: an idle runner looks, too
		}
		stop()
		<-done
		if n := wrong.Load(); n > 0 {
			t.Errorf("%d answers were wrong, neither complete nor \"being rebuilt\"", n)
		}
		w.sameAfterRebuild()
	})
}

func TestAPositionThatWasSetBackCostsAReplayAndNothingElse(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 30, "")
		w.run(w.runner())
		w.caughtUp()
		before := w.dump()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		third, err := w.log.ReadAt(background, eventstore.Position{Commit: 3, Prepare: 3})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.rdb.HSet(background, w.store.keys(g, 0).checkpoint(), markFields(eventstore.MarkOf(third))...).Err(); err != nil {
			t.Fatal(err)
		}
		w.caughtUp()
		if w.dump() != before {
			t.Error("the replay left other documents")
		}
		w.sameAfterRebuild()
	})
}

func TestTwoRunnersWriteOneAfterTheOtherAndNeverBoth(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		a, b := w.runner(), w.runner()
		a.Patience, b.Patience = time.Minute, time.Minute // the first ends in order: nobody is waited for
		stop := w.run(a)
		w.caughtUp()
		eventually(t, "the first holds what it built", func() bool { return a.Stats().State == "following" })
		w.run(b)
		eventually(t, "the second stands by", func() bool { return b.Stats().State == "standing_by" })
		w.fill(10, 20, "")
		w.caughtUp()
		if n := b.Stats().Events; n != 0 {
			t.Errorf("the one that stands by wrote %d events", n)
		}
		stop()
		w.fill(30, 10, "")
		w.caughtUp()
		eventually(t, "the other one has taken over", func() bool { return b.Stats().Events > 0 })
		w.sameAfterRebuild()
	})
}

func TestARunnerThatWasPausedIsFenced(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 5, "")
		pause, paused := make(chan struct{}), make(chan struct{}, 1)
		stale := w.runner()
		stale.Stuck = time.Millisecond // a paused process shows no life
		var stall atomic.Bool
		stale.Decode = func(ctx context.Context, r *eventstore.Record) (application.Event, error) {
			if stall.Load() {
				select {
				case paused <- struct{}{}:
				default:
				}
				<-pause
			}
			return w.decode(ctx, r)
		}
		w.run(stale)
		w.caughtUp()
		stall.Store(true)
		w.fill(5, 10, "")
		<-paused // with a batch in hand
		fresh := w.runner()
		w.run(fresh)
		w.caughtUp()
		eventually(t, "another has taken over from the paused runner", func() bool { return fresh.Stats().Events > 0 })
		stall.Store(false)
		close(pause)
		eventually(t, "the paused one is refused and stands by", func() bool {
			return stale.Stats().State == "standing_by" && stale.Stats().Restarts > 0
		})
		w.sameAfterRebuild()
	})
}

func TestDeliveringEverythingThreeTimesGivesTheSameDocuments(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 30, "")
		r := w.runner()
		if err := r.Rebuild(background); err != nil {
			t.Fatal(err)
		}
		want := w.dump()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		held, err := w.store.standing(background, g)
		if err != nil {
			t.Fatal(err)
		}
		head := held.position()
		for range 3 {
			var all []*eventstore.Record
			for rec, err := range w.log.ReadAll(background, eventstore.Start, -1) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, rec)
			}
			for i, k := range w.store.each(g) { // as if nothing had been delivered
				held[i].mark = eventstore.Mark{}
				if err := w.rdb.HSet(background, k.checkpoint(), markFields(eventstore.Mark{})...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			tail := &tail{generation: g, held: held, docs: map[string]*kept{}}
			if err := r.apply(background, tail, all); err != nil {
				t.Fatal(err)
			}
			held = tail.held
			if held.position() != head {
				t.Errorf("at %s", held.position())
			}
		}
		if w.dump() != want {
			t.Error("the repetition shows")
		}
	})
}

func TestATornTransactionIsFollowedByARebuild(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "qualification")
		r := w.runner()
		w.run(r)
		w.caughtUp()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		// A key of another type makes one command of the next transaction fail.
		all := w.store.keys(g, 0).set("all")
		if err := w.rdb.Del(background, all).Err(); err != nil {
			t.Fatal(err)
		}
		if err := w.rdb.Set(background, all, "not a sorted set", 0).Err(); err != nil {
			t.Fatal(err)
		}
		w.fill(10, 5, "qualification")
		eventually(t, "another build is live", func() bool {
			now, err := w.store.live(background)
			return err == nil && now != g
		})
		w.sameAfterRebuild()
	})
}

func TestALostConnectionIsNotATornTransaction(t *testing.T) {
	whole := redis.NewStatusCmd(background)
	whole.SetErr(errors.New("read: connection reset by peer"))
	if err := torn([]redis.Cmder{whole}, whole.Err()); errors.Is(err, errTorn) {
		t.Error("a broken connection would cost a rebuild")
	}
	refused := redis.NewStatusCmd(background)
	refused.SetErr(redisError("EXECABORT Transaction discarded because of previous errors."))
	if err := torn([]redis.Cmder{refused, refused}, refused.Err()); err == nil || errors.Is(err, errTorn) {
		t.Errorf("a transaction that did not happen: %v", err)
	}
	fine := redis.NewStatusCmd(background)
	if err := torn([]redis.Cmder{fine, refused}, refused.Err()); !errors.Is(err, errTorn) {
		t.Errorf("half a transaction: %v", err)
	}
}

type redisError string

func (e redisError) Error() string { return string(e) }
func (redisError) RedisError()     {}

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
		torn, at := lives[1], lives[1].Events
		var logged bytes.Buffer
		stop := w.run(w.runner())
		w.caughtUp()
		stop()
		w.breaks(func(r *eventstore.Record) error {
			if r.Stream == category+torn.ID && int(r.Revision) == at {
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
		if err != nil || len(all) != 1 || all[0].Stream != category+torn.ID || all[0].Reason != eventstore.FoldFailed {
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

func TestKeysThatCannotBeHadJustNowAreWaitedFor(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 3, "qualification")
		r := w.runner()
		w.run(r)
		w.caughtUp()
		w.breaks(func(*eventstore.Record) error { return errKeysAway })
		w.fill(3, 3, "qualification")
		eventually(t, "the outage is told", func() bool { return errors.Is(r.Healthy(), errKeysAway) })
		w.breaks(nil)
		w.caughtUp()
		if err := r.Healthy(); err != nil {
			t.Errorf("afterwards it says: %v", err)
		}
		w.sameAfterRebuild()
	})
}

func TestErasureLeavesTheSameDocumentsLiveAndRebuilt(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		l := w.fill(0, 6, "withdrawn")[0]
		number := l.State.Text(item.IdentityNumber)
		w.run(w.runner())
		w.caughtUp()
		h := application.Header{By: admin, At: moment}
		w.append(l, application.Restricted{Header: h, Until: moment.Add(time.Hour)})
		w.caughtUp()
		if p, err := w.reader().Search(background, l.State.MerchantNumber, "", 10); err != nil || len(p.Rows) > 0 {
			t.Errorf("a restricted application is found: %v %v", p.Rows, err)
		}
		w.append(l, application.Shredded{Header: h, Why: "asked for"})
		w.mu.Lock()
		w.erased[l.ID] = true
		w.mu.Unlock()
		w.caughtUp()
		if d := w.dump(); strings.Contains(d, number) {
			t.Error("a number stands in Redis in clear")
		}
		w.sameAfterRebuild()
	})
}

// An application whose restriction was lifted is found again by everything that it
// could be found by before: followed live with and without a restart in between,
// in one batch, and built anew.
func TestALiftedRestrictionBringsTheApplicationBackEverywhere(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		lives := w.fill(0, 6, "qualification")
		found := func(l *direct.Life, want bool, when string) {
			t.Helper()
			for _, q := range []string{l.State.MerchantNumber, l.State.Text(item.IdentityNumber), l.State.Text(item.SiteDomain)} {
				if q == "" {
					continue
				}
				p, err := w.reader().Search(background, q, "", 10)
				if err != nil {
					t.Fatal(err)
				}
				is := slices.ContainsFunc(p.Rows, func(r json.RawMessage) bool { return strings.Contains(string(r), l.ID) })
				if is != want {
					t.Errorf("%s: found by %q: %t", when, q, is)
				}
			}
		}
		stop := w.run(w.runner())
		w.caughtUp()
		before := w.dump()
		l := lives[0]
		found(l, true, "before")
		h := application.Header{By: application.Actor{ID: l.State.Merchant, Role: application.RoleMerchant}, At: l.State.Last}
		restricted := application.Restricted{Header: h, Until: h.At.AddDate(10, 0, 0), Back: h.At.AddDate(0, 0, 14)}
		lifted := application.RestrictionLifted{Header: h, Deadline: l.State.Deadline}
		w.append(l, restricted)
		w.caughtUp()
		found(l, false, "restricted")
		w.append(l, lifted)
		w.caughtUp()
		found(l, true, "lifted")
		if now := w.dump(); strings.Count(now, l.ID) != strings.Count(before, l.ID) {
			t.Errorf("it stands in %d places, before in %d", strings.Count(now, l.ID), strings.Count(before, l.ID))
		}
		w.append(l, restricted)
		w.caughtUp()
		stop()
		stop = w.run(w.runner())
		w.append(l, lifted)
		w.caughtUp()
		found(l, true, "lifted after a restart")
		stop()
		w.append(l, restricted, lifted)
		w.append(lives[1], restricted, lifted, restricted)
		w.run(w.runner())
		w.caughtUp()
		found(l, true, "in one batch")
		found(lives[1], false, "restricted again in one batch")
		w.sameAfterRebuild()
	})
}

func TestARedisFilledFromAnotherLogIsNotBelieved(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		old := w.fill(0, 5, "qualification")[0]
		stop := w.run(w.runner())
		w.caughtUp()
		stop()
		another := worldOn(t, w.rdb)
		another.maker.Seed = 8
		fresh := another.fill(100, 20, "qualification")[0]
		r := another.runner()
		another.run(r)
		eventually(t, "it was built anew", func() bool { return r.Stats().Builds == 1 })
		another.caughtUp()
		found := sortedIDs(another.everyRow(QueueQualification, Filter{}, 50))
		if slices.Contains(found, old.ID) {
			t.Error("an application of the former log is listed")
		}
		if !slices.Contains(found, fresh.ID) {
			t.Error("an application of this log is not listed")
		}
	})
}

func TestWhatABrokenBuildLeftBehindIsSweptAway(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		r := w.runner()
		if err := r.Rebuild(background); err != nil {
			t.Fatal(err)
		}
		keys, err := w.rdb.DBSize(background).Result()
		if err != nil {
			t.Fatal(err)
		}
		// A builder that died, and a drop that was broken off.
		dead, retired := generation("dead"), generation("retired")
		for _, g := range []generation{dead, retired} {
			if err := w.store.begin(background, g, ""); err != nil {
				t.Fatal(err)
			}
			if err := w.rdb.HSet(background, w.store.keys(g, 0).rows(), "x", "{}").Err(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.rdb.Del(background, w.store.keys(retired, 0).checkpoint()).Err(); err != nil {
			t.Fatal(err)
		}
		now := moment
		s := sweeper{store: w.store, now: func() time.Time { return now }, seen: map[generation]sighting{}}
		if n, err := s.sweep(background); n != 1 || err != nil {
			t.Errorf("at once: %d dropped, %v; want the retired one", n, err)
		}
		now = now.Add(abandoned - time.Second)
		if n, _ := s.sweep(background); n != 0 {
			t.Error("a build was dropped before its time")
		}
		now = now.Add(2 * time.Second)
		if n, _ := s.sweep(background); n != 1 {
			t.Error("a build that stands still is kept")
		}
		if left, _ := w.rdb.DBSize(background).Result(); left != keys {
			t.Errorf("%d keys, want %d", left, keys)
		}
	})
}

// stalled is a log of which no application is read before it is let go.
type stalled struct {
	Log
	released chan struct{}
}

func (s stalled) Subscribe(ctx context.Context, after eventstore.Position, f eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	if len(f.Streams) > 0 {
		<-s.released
	}
	return s.Log.Subscribe(ctx, after, f)
}

// A log on a server may take longer to read than a sweeper waits.
func TestABuildThatReadsForLongIsNotSweptAway(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		former := w.rebuilt()
		r := w.runner()
		log := stalled{w.log, make(chan struct{})}
		r.Log = log
		built := make(chan error, 1)
		go func() { built <- r.Rebuild(background) }()
		now, last := moment, ""
		s := sweeper{store: w.store, now: func() time.Time { return now }, seen: map[generation]sighting{}}
		for range 5 {
			eventually(t, "it breathes", func() bool {
				all, err := w.rdb.SMembers(background, w.store.generations()).Result()
				if err != nil {
					t.Fatal(err)
				}
				for _, g := range all {
					if stands, there, _ := w.store.progress(background, generation(g)); there && generation(g) != former && stands != last {
						last = stands
						return true
					}
				}
				return false
			})
			if n, err := s.sweep(background); n != 0 || err != nil {
				t.Errorf("%d dropped, %v", n, err)
			}
			now = now.Add(abandoned + time.Second)
		}
		close(log.released)
		if err := <-built; err != nil {
			t.Error(err)
		}
	})
}

// A program of a former version may run beside this one for as long as an upgrade
// takes. What it leaves would know nothing of later erasures.
func TestWhatAFormerVersionLeftIsSweptAwayOnceNobodyKeepsIt(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		if err := w.runner().Rebuild(background); err != nil {
			t.Fatal(err)
		}
		keys, err := w.rdb.DBSize(background).Result()
		if err != nil {
			t.Fatal(err)
		}
		before := &Store{rdb: w.rdb, shards: 1, version: Version - 1}
		former := &world{t: w.t, log: w.log, rdb: w.rdb, store: before, maker: w.maker, erased: w.erased}
		if err := former.runner().Rebuild(background); err != nil {
			t.Fatal(err)
		}
		g, err := before.live(background)
		if err != nil {
			t.Fatal(err)
		}
		now := moment
		s := sweeper{store: w.store, now: func() time.Time { return now }, seen: map[generation]sighting{}}
		for beat := range 5 { // its program is idle, but alive
			if n, err := s.sweep(background); n != 0 || err != nil {
				t.Errorf("while it is kept up to date: %d dropped, %v", n, err)
			}
			if err := w.rdb.HSet(background, before.keys(g, 0).checkpoint(), "beat", 100+beat).Err(); err != nil {
				t.Fatal(err)
			}
			now = now.Add(abandoned - time.Second)
		}
		if n, _ := s.sweep(background); n != 0 {
			t.Error("dropped at its last beat")
		}
		now = now.Add(abandoned)
		if n, err := s.sweep(background); n != 1 || err != nil {
			t.Errorf("%d dropped, %v; want the former one", n, err)
		}
		if left, _ := w.rdb.DBSize(background).Result(); left != keys {
			t.Errorf("%d keys, want %d", left, keys)
		}
	})
}

func TestARebuildThatLostWritesInAFailoverIsNotPublished(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 10, "")
		g := generation("regressed")
		if err := w.store.begin(background, g, "o"); err != nil {
			t.Fatal(err)
		}
		if err := w.rdb.HSet(background, w.store.keys(g, 0).checkpoint(), "built", 7).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.store.filled(background, g, place{mark: eventstore.Mark{Position: w.head()}, origin: "o"}, 10); !errors.Is(err, errLost) {
			t.Errorf("7 of 10 applications: %v", err)
		}
	})
}

func TestWaitingForAWriteEndsWhenItCanBeRead(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 3, "")
		w.run(w.runner())
		if _, err := w.log.Append(background, "account-1", eventstore.NoStream, eventstore.Proposed{ID: eventstore.ID{9}, Type: "account.x.v1", Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "there is a build", func() bool { _, err := w.store.Position(background); return err == nil })
		ctx, stop := context.WithTimeout(background, time.Minute)
		defer stop()
		if err := w.reader().Wait(ctx, w.head()); err != nil {
			t.Errorf("an event of no application is waited for: %v", err)
		}
	})
}
