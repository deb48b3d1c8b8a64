package projections

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/policy"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func TestNothingIsFoundBeforeTheFirstBuildAndThatIsNotAnEmptyList(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		r := w.reader()
		for what, ask := range map[string]func() error{
			"queue":  func() error { _, err := r.Queue(background, QueueICP, "", Filter{}, "", 10); return err },
			"sizes":  func() error { _, err := r.Sizes(background, ""); return err },
			"search": func() error { _, err := r.Search(background, "x", "", 10); return err },
			"all":    func() error { _, err := r.All(background, "", "", 10); return err },
			"own":    func() error { _, err := r.OfMerchant(background, "m", "", "", "", 10); return err },
		} {
			if err := ask(); !errors.Is(err, ErrRebuilding) {
				t.Errorf("%s: %v, want \"being rebuilt\"", what, err)
			}
		}
		if err := w.runner().Rebuild(background); err != nil {
			t.Fatal(err)
		}
		if p, err := r.Queue(background, QueueICP, "", Filter{}, "", 10); err != nil || len(p.Rows) != 0 || *p.Total != 0 {
			t.Errorf("a queue of an empty log: %v %v", p, err)
		}
	})
}

func TestAnEmptiedRedisWithACheckpointMadeAgainIsNotAnEmptyList(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 3, "qualification")
		if err := w.runner().Rebuild(background); err != nil {
			t.Fatal(err)
		}
		err := w.reader().reading(background, func(g generation) error {
			if err := w.rdb.FlushAll(background).Err(); err != nil {
				return err
			}
			return w.rdb.HSet(background, w.store.keys(g, 0).checkpoint(), "beat", 2).Err()
		})
		if !errors.Is(err, ErrRebuilding) {
			t.Errorf("what was read of nothing is answered: %v", err)
		}
	})
}

func TestAProcessThatRemembersARetiredBuildReadsTheOneInUse(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 8, "qualification")
		if err := w.runner().Rebuild(background); err != nil {
			t.Fatal(err)
		}
		ours := Reader{Store: NewStore(w.rdb), Index: index, Now: func() time.Time { return moment }}
		rows := func() int64 {
			p, err := ours.Queue(background, QueueQualification, "", Filter{Kind: "individual", Language: "es"}, "", 50)
			if err != nil {
				t.Fatal(err)
			}
			all, err := ours.All(background, "", "", 50)
			if err != nil {
				t.Fatal(err)
			}
			return int64(len(p.Rows)) + *all.Total*100
		}
		before := rows()
		for range 3 {
			w.fill(uint64(before/100), 8, "qualification")
			if err := w.runner().Rebuild(background); err != nil { // by another process, which drops the former
				t.Fatal(err)
			}
			if at, err := ours.Store.Position(background); err != nil || at != w.head() {
				t.Errorf("at %v, %v; the log is at %v", at, err, w.head())
			}
			after := rows()
			if after/100 != before/100+8 || after%100 < before%100 {
				t.Errorf("%d rows and %d of the filter, after %d and %d", after/100, after%100, before/100, before%100)
			}
			before = after
		}
		if err := w.rdb.FlushAll(background).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := ours.Queue(background, QueueQualification, "", Filter{}, "", 50); !errors.Is(err, ErrRebuilding) {
			t.Errorf("of an emptied Redis: %v", err)
		}
		if _, err := ours.Store.Position(background); !errors.Is(err, ErrRebuilding) {
			t.Errorf("the position in an emptied Redis: %v", err)
		}
	})
}

func TestAPageIsRightWhateverTheFilterAndTheOrder(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 240, "")
		if err := w.runner().Rebuild(background); err != nil {
			t.Fatal(err)
		}
		everything := w.every(t)
		filters := map[string]Filter{
			"": {}, "kind": {Kind: "individual"}, "product": {Product: "online_banking"}, "language": {Language: "es"}, "agent": {Agent: "agency-3"},
			"round": {Round: 2}, "reason": {Reason: "R03"}, "risk": {Risk: "warn"}, "hint": {Risk: "hint"}, "nobody's": {Assignee: "none"},
			"kind with a hint": {Kind: "individual", Risk: "hint"}, "hint, reason, language": {Risk: "hint", Reason: "R03", Language: "en"},
			"nobody's, risk, reason": {Assignee: "none", Risk: "warn", Reason: "R03"},
			"somebody's":             {Assignee: "reviewer-05"}, "due": {DueBefore: moment.Add(48 * time.Hour)},
			"two": {Kind: "enterprise", Language: "zh-CN"}, "three": {Kind: "enterprise", Product: "wechat", DueBefore: moment.Add(96 * time.Hour)},
		}
		for _, q := range []Queue{QueueQualification, QueueSecondApproval, QueueCorrection, QueueContract, QueueBreached, QueueMine} {
			for name, f := range filters {
				for _, order := range []string{"", "age", "priority"} {
					f.Sort = order
					var want []string
					for _, r := range everything {
						if r.belongs(q) && f.keep(moment)(&r) {
							want = append(want, r.ID)
						}
					}
					slices.Sort(want)
					got := w.everyRow(q, f, 7)
					what := fmt.Sprintf("%s, %s by %q", q, name, order)
					if q != QueueBreached && q != QueueMine && !slices.IsSortedFunc(got, by(order)) {
						t.Errorf("%s: not in order", what)
					}
					if ids := sortedIDs(got); !slices.Equal(ids, want) {
						t.Errorf("%s: %d rows, want %d", what, len(ids), len(want))
					}
					p, err := w.reader().Queue(background, q, "reviewer-03", f, "", 5)
					if err != nil {
						t.Fatal(err)
					}
					if p.Total != nil && *p.Total != int64(len(want)) {
						t.Errorf("%s: total %d, want %d", what, *p.Total, len(want))
					}
					if single := slices.Contains([]string{"", "kind", "product", "reason", "risk", "hint", "nobody's"}, name); single && p.Total == nil && q != QueueBreached && q != QueueMine {
						t.Errorf("%s: no total", what)
					}
				}
			}
		}
		sizes, err := w.reader().Sizes(background, "reviewer-03")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sizes {
			if n := len(w.everyRow(s.Queue, Filter{}, 50)); int64(n) != s.Total {
				t.Errorf("%s: %d rows, and the size says %d", s.Queue, n, s.Total)
			}
		}
	})
}

// every reads all rows by another way than the queues.
func (w *world) every(t *testing.T) []Row {
	var out []Row
	for cursor := ""; ; {
		page, err := w.reader().All(background, "", cursor, 33)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, decodeRows(t, page)...)
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}

func (r Row) belongs(q Queue) bool {
	switch q {
	case QueueBreached:
		return r.Holder == application.Platform && r.Due != nil && r.Due.Before(moment)
	case QueueMine:
		return r.claimedBy("reviewer-03", moment)
	}
	return r.queue() == q
}

func by(order string) func(a, b Row) int {
	return func(a, b Row) int {
		x, y := a.due(), b.due()
		switch order {
		case "age":
			return a.OpenedAt.Compare(b.OpenedAt)
		case "priority":
			x, y = a.urgency(), b.urgency()
		}
		return int(max(-1, min(1, x-y)))
	}
}

func sortedIDs(rows []Row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.ID)
	}
	slices.Sort(out)
	return out
}

func TestPagesStayStableWhileRowsMove(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		lives := w.fill(0, 60, "qualification")
		w.run(w.runner())
		w.caughtUp()
		first, err := w.reader().Queue(background, QueueQualification, "", Filter{}, "", 20)
		if err != nil {
			t.Fatal(err)
		}
		shown := map[string]bool{}
		for _, r := range decodeRows(t, first) {
			shown[r.ID] = true
		}
		moved := map[string]bool{}
		for i, l := range lives { // a third of all leave the queue, shown or not
			if i%3 == 0 {
				moved[l.ID] = true
				w.append(l, application.Withdrawn{Header: application.Header{By: application.Actor{ID: l.State.Merchant, Role: application.RoleMerchant}, At: moment}, From: l.State.Stage})
			}
		}
		w.caughtUp()
		for cursor := first.Next; cursor != ""; {
			page, err := w.reader().Queue(background, QueueQualification, "", Filter{}, cursor, 20)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range decodeRows(t, page) {
				if shown[r.ID] {
					t.Errorf("%s is shown twice", r.ID)
				}
				if moved[r.ID] {
					t.Errorf("%s has left the queue", r.ID)
				}
				shown[r.ID] = true
			}
			cursor = page.Next
		}
		for _, l := range lives {
			if !shown[l.ID] && !moved[l.ID] {
				t.Errorf("%s was left out", l.ID)
			}
		}
	})
}

func TestManyRowsOfOneMomentArePagedThroughInBoundedSteps(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 1, "")
		g := w.rebuilt()
		const many = 1500
		b := newBatch(w.store.keys(g, 0))
		for i := range many {
			c := &change{id: fmt.Sprintf("tie-%05d", i), app: &Summary{Stage: application.Qualification, Holder: application.Platform, UpdatedAt: moment}}
			c.app.ID = c.id
			if err := c.encode(); err != nil {
				t.Fatal(err)
			}
			b.put(c, nil)
		}
		if err := w.runner().flush(background, b); err != nil {
			t.Fatal(err)
		}
		var forward []string
		for _, r := range w.everyRow(QueueQualification, Filter{}, 40) {
			if len(r.ID) == 9 {
				forward = append(forward, r.ID)
			}
		}
		if len(forward) != many || !slices.IsSorted(forward) {
			t.Errorf("forward: %d rows", len(forward))
		}
		var back []string
		for _, r := range w.every(t) {
			if len(r.ID) == 9 {
				back = append(back, r.ID)
			}
		}
		slices.Reverse(back)
		if !slices.Equal(back, forward) {
			t.Errorf("backward: %d rows", len(back))
		}
	})
}

// A combination that hardly ever comes together is found whole, page by page, and no
// page looks at more than its share.
func TestARareCombinationIsFoundWholeThoughEachPageLooksAtABoundedNumber(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		g := w.rebuilt()
		const many = 5000
		due := func(i int) time.Time { return moment.Add(-time.Duration(many-i/3) * time.Minute) } // three share each
		var all []*Row
		b := newBatch(w.store.keys(g, 0))
		for i := range many {
			app := &Summary{ID: fmt.Sprintf("rare-%05d", i), Stage: application.Qualification, Holder: application.Platform, UpdatedAt: moment, Language: "en", Kind: "enterprise"}
			app.Deadline = &Deadline{Deadline: application.Deadline{Due: due(i), Warn: due(i)}}
			if i%2 == 0 {
				app.Kind = "individual"
			}
			if i%2 == 1 || i%1100 == 0 {
				app.Language = "es"
			}
			if i%1300 == 0 {
				app.found.hints = 1
			}
			c := &change{id: app.ID, app: app}
			if err := c.encode(); err != nil {
				t.Fatal(err)
			}
			b.put(c, nil)
			all = append(all, c.row)
		}
		if err := errors.Join(w.runner().flush(background, b), w.store.measure(background, g)); err != nil {
			t.Fatal(err)
		}
		for name, f := range map[string]Filter{
			"two that seldom meet":        {Kind: "individual", Language: "es"},
			"and by age":                  {Kind: "individual", Language: "es", Sort: "age"},
			"nobody's among them":         {Kind: "individual", Language: "es", Assignee: "none"},
			"without a set that tells":    {Kind: "individual", Risk: "hint"},
			"a single one, and its bound": {Kind: "individual", DueBefore: due(many / 2)},
			"none at all":                 {Kind: "individual", Language: "zh-CN"},
		} {
			for _, q := range []Queue{QueueQualification, QueueBreached} {
				var want []string
				for _, r := range all {
					if f.keep(moment)(r) {
						want = append(want, r.ID)
					}
				}
				for _, limit := range []int{1, 3, 50, 200} {
					if limit == 1 && len(want) > 50 {
						continue
					}
					got := sortedIDs(w.everyRow(q, f, limit))
					if !slices.Equal(got, want) {
						t.Errorf("%s of %s, %d at a time: %d rows, want %d", name, q, limit, len(got), len(want))
					}
				}
			}
		}
	})
}

func TestAnApplicationIsFoundByWhateverIsInOnesHand(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		lives := w.fill(0, 40, "qualification")
		w.run(w.runner())
		w.caughtUp()
		finds := func(q, id string) bool {
			t.Helper()
			page, err := w.reader().Search(background, q, "", 50)
			if err != nil {
				t.Fatal(err)
			}
			return slices.Contains(sortedIDs(decodeRows(t, page)), id)
		}
		for _, l := range lives {
			for what, q := range map[string]string{
				"merchant number": l.State.MerchantNumber, "domain": l.State.Text(item.SiteDomain), "licence": l.State.Text(item.CompanyLicence),
				"identity number": l.State.Text(item.IdentityNumber), "personal name": l.State.Text(item.IdentityName),
			} {
				if q != "" && !finds(q, l.ID) {
					t.Errorf("not found by %s", what)
				}
			}
			if name := []rune(l.State.Text(item.CompanyName)); l.State.Kind == policy.Enterprise {
				for _, part := range []string{string(name), string(name[2:5]), string(name[:3]), string(name[len(name)-4:]), " " + string(name[1:4])} {
					if !finds(part, l.ID) {
						t.Errorf("%s is not found by %q", string(name), part)
					}
				}
			}
		}
		number := lives[0].State.Text(item.IdentityNumber)
		if finds(number[:17], lives[0].ID) {
			t.Error("a part of an identity number is enough")
		}
		if page, err := w.reader().Search(background, "no such thing", "", 50); err != nil || len(page.Rows) > 0 {
			t.Errorf("nothing is something: %v %v", page.Rows, err)
		}
	})
}

func TestAMerchantSeesItsOwnAndAnAgentItsOrganisations(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		lives := w.fill(0, 40, "claimed")
		w.run(w.runner())
		w.caughtUp()
		byAgent := map[string][]string{}
		for _, l := range lives {
			byAgent[l.State.Agent] = append(byAgent[l.State.Agent], l.ID)
			page, err := w.reader().OfMerchant(background, l.State.Merchant, "", "", "", 10)
			if err != nil {
				t.Fatal(err)
			}
			rows := decodeRows(t, page)
			if len(rows) != 1 || rows[0].ID != l.ID || *page.Total != 1 {
				t.Fatalf("a merchant sees %d applications", len(rows))
			}
			if r := rows[0]; r.Claim != nil || r.Warns+r.Hints+r.Blocks > 0 {
				t.Errorf("a merchant sees who reviews and what is suspected: %+v", r)
			}
		}
		for agent, ids := range byAgent {
			if agent == "" {
				continue
			}
			page, err := w.reader().OfAgent(background, agent, "", "", "", 100)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(ids)
			if got := sortedIDs(decodeRows(t, page)); !slices.Equal(got, ids) {
				t.Errorf("%s sees %d, want %d", agent, len(got), len(ids))
			}
		}
	})
}

func TestAMerchantOfManyApplicationsTurnsTheirPagesFromTheNewest(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		g := w.rebuilt()
		b := newBatch(w.store.keys(g, 0))
		var want []string
		for i := range 30 { // three are opened at a time; somebody else's lie on both sides
			for _, merchant := range []string{"a", "b", "c"} {
				s := newSummary(fmt.Sprintf("%s-%02d", merchant, i))
				s.Merchant, s.OpenedAt, s.Stage, s.Revision = merchant, moment.Add(time.Duration(i/3)*time.Hour), application.Draft, 0
				c := &change{id: s.ID, app: s}
				if err := c.encode(); err != nil {
					t.Fatal(err)
				}
				b.put(c, nil)
				if merchant == "b" {
					want = append(want, s.ID)
				}
			}
		}
		if err := w.runner().flush(background, b); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(want)
		var got []string
		for next := ""; ; {
			page, err := w.reader().OfMerchant(background, "b", "", "", next, 4)
			if err != nil {
				t.Fatal(err)
			}
			if *page.Total != 30 {
				t.Errorf("%d in all, want 30", *page.Total)
			}
			for _, r := range decodeRows(t, page) {
				got = append(got, r.ID)
			}
			if next = page.Next; next == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestACursorThatWeDidNotMakeIsRefused(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		if err := w.runner().Rebuild(background); err != nil {
			t.Fatal(err)
		}
		for _, c := range []string{"x", "!!", "bm90aGluZw", "TmFOIGE"} {
			if _, err := w.reader().Queue(background, QueueICP, "", Filter{}, c, 10); !errors.Is(err, ErrCursor) {
				t.Errorf("%q: %v", c, err)
			}
		}
	})
}

func TestARedisThatIsAwayIsToldFromAnEmptyBusinessAndFromARebuild(t *testing.T) {
	m := miniredis.RunT(t)
	w := newWorld(t, &redis.Options{Addr: m.Addr(), ContextTimeoutEnabled: true, MaxRetries: -1})
	w.fill(0, 3, "qualification")
	if err := w.runner().Rebuild(background); err != nil {
		t.Fatal(err)
	}
	m.Close()
	_, err := w.reader().Queue(background, QueueQualification, "", Filter{}, "", 10)
	if !errors.Is(err, ErrAway) || errors.Is(err, ErrRebuilding) {
		t.Errorf("a queue: %v", err)
	}
	if err := w.reader().Wait(background, w.head()); !errors.Is(err, ErrAway) {
		t.Errorf("waiting: %v", err)
	}
	if _, err := w.details().Application(background, "x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("what needs no Redis: %v", err)
	}
}
