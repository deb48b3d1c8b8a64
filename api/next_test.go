package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/lang"
	"alta/projections"
	"alta/simulate/direct"

	"github.com/labstack/echo/v4"
)

// fill makes applications that wait in qualification, and waits until they are
// listed.
func (d *desk) fill(n uint64) {
	d.t.Helper()
	maker := direct.New(3, time.Now(), d.Rules())
	if err := maker.Fill(d.t.Context(), d.log, encodeClear, 0, n, 4, func(uint64) string { return "qualification" }, func(*direct.Life) {}); err != nil {
		d.t.Fatal(err)
	}
	var wait sync.WaitGroup
	running, stop := context.WithCancel(d.t.Context())
	d.t.Cleanup(func() { stop(); wait.Wait() })
	wait.Go(func() { _ = d.runner.Run(running) })
	d.readable()
}

// rows lists the queue in the order of application.Urgency.
func (d *desk) rows() []projections.Row {
	d.t.Helper()
	var out []projections.Row
	for cursor := ""; ; {
		page, err := d.Reader.Queue(d.t.Context(), projections.QueueQualification, "", projections.Filter{}, cursor, 200)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, raw := range page.Rows {
			var r projections.Row
			if err := json.Unmarshal(raw, &r); err != nil {
				d.t.Fatal(err)
			}
			out = append(out, r)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	now := time.Now()
	slices.SortStableFunc(out, func(a, b projections.Row) int {
		x, y := application.Urgency{Due: *a.Due, Priority: a.Priority}, application.Urgency{Due: *b.Due, Priority: b.Priority}
		switch {
		case x.Before(y, now):
			return -1
		case y.Before(x, now):
			return 1
		}
		return 0
	})
	return out
}

// reviewer opens an account and tells of it.
func (d *desk) reviewer(email string, about ...accountDecision) string {
	d.t.Helper()
	ctx := d.t.Context()
	inv, err := d.Auth.Open(ctx, decider.Command{ID: decider.NewID(), Actor: "test"}, auth.NewAccount{
		Role: account.Reviewer, Language: lang.English, Email: email, Name: "R", By: "0190b6a0-0000-7000-8000-000000000009",
	})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, a := range about {
		if _, err := d.Auth.Transact(ctx, inv.Account, decider.Command{ID: decider.NewID(), Actor: "test"}, nil, a.Decide); err != nil {
			d.t.Fatal(err)
		}
	}
	return inv.Account
}

// act runs a command of somebody on an application.
func (d *desk) act(id string, c decision) {
	d.t.Helper()
	cmd := decider.Command{ID: decider.NewID(), Actor: "test"}
	if _, err := d.Applications.Transact(d.t.Context(), id, cmd, nil, c.Decide); err != nil {
		d.t.Fatal(err)
	}
	d.taken.drop(id)
	d.readable()
}

// code is the code with which a press of "next" is refused.
func (d *desk) code(who string) string {
	d.t.Helper()
	ec := echo.New().NewContext(httptest.NewRequestWithContext(d.t.Context(), http.MethodPost, "/", nil), httptest.NewRecorder())
	ec.SetParamNames("queue")
	ec.SetParamValues("qualification")
	c := &call{Context: ec, server: d.Server, op: &Operation{ID: "claimNext"}, key: decider.NewID(), who: auth.Principal{Account: who, Role: account.Reviewer}}
	if err := d.claimNext(c); err != nil {
		return problemOf(err).Code
	}
	return ""
}

func TestNextGoesByDueTimeThenByPriority(t *testing.T) {
	d, e := newDesk(t), echo.New()
	d.fill(20)
	rows := d.rows()
	lead := application.Actor{ID: "lead", Role: application.RoleLead}
	last := rows[len(rows)-1].ID
	d.act(last, application.Prioritise{Priority: 3, By: lead, At: time.Now()})
	d.act(rows[len(rows)-2].ID, application.Prioritise{Priority: -2, By: lead, At: time.Now()})
	rows = d.rows()
	if rows[0].ID == last && rows[0].Due.Before(time.Now().Add(application.Pressing)) {
		t.Fatal("the sample has nothing that a priority could move")
	}
	var got, want []string
	for _, r := range rows {
		want = append(want, r.ID)
		id, _ := d.next(e, decider.NewID().String())
		got = append(got, id)
	}
	if !slices.Equal(got, want) {
		t.Errorf("handed out as\n%v, want\n%v", got, want)
	}
}

func TestNextHandsOutWhatAPersonJudges(t *testing.T) {
	d, e := newDesk(t), echo.New()
	d.fill(60)
	spanish := d.reviewer("es@alta.example", account.StateSkills{Languages: []lang.Lang{lang.Spanish}, By: "lead", At: time.Now()})
	wechat := d.reviewer("w@alta.example", account.StateSkills{Products: []string{"wechat"}, By: "lead", At: time.Now()})
	rows, gone := d.rows(), map[string]bool{}
	for _, p := range []struct {
		who  string
		fits func(projections.Row) bool
	}{
		{spanish, func(r projections.Row) bool { return r.Language == "es" }},
		{wechat, func(r projections.Row) bool { return len(r.Products) == 1 && r.Products[0] == "wechat" }},
	} {
		var got, want []string
		for _, r := range rows {
			if len(want) < 4 && p.fits(r) && !gone[r.ID] {
				want, gone[r.ID] = append(want, r.ID), true
			}
		}
		for range want {
			id, _ := d.next(e, p.who)
			got = append(got, id)
		}
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("handed %v, want %v", got, want)
		}
	}
}

func TestNobodyIsHandedMoreThanTheShare(t *testing.T) {
	d, e := newDesk(t), echo.New()
	d.fill(30)
	d.OpenClaims = 3
	who := d.reviewer("greedy@alta.example")
	var mu sync.Mutex
	var got []string
	var press sync.WaitGroup
	for range 12 {
		press.Go(func() {
			if id, status := d.next(e, who); status == http.StatusOK {
				mu.Lock()
				got = append(got, id)
				mu.Unlock()
			}
		})
	}
	press.Wait()
	if len(got) != 3 || d.code(who) != "open-claims" {
		t.Fatalf("%d were handed out, then %q", len(got), d.code(who))
	}
	d.act(got[0], application.Release{By: application.Actor{ID: who, Role: application.RoleReviewer}, At: time.Now()})
	if code := d.code(who); code != "" {
		t.Errorf("after one is given back: %q", code)
	}
}

func TestNothingIsHandedToWhoIsAway(t *testing.T) {
	d := newDesk(t)
	d.fill(5)
	who := d.reviewer("away@alta.example", account.GoAway{At: time.Now()})
	if code := d.code(who); code != "away" {
		t.Errorf("refused with %q", code)
	}
	if _, err := d.Auth.Transact(t.Context(), who, decider.Command{ID: decider.NewID(), Actor: who}, nil, account.ComeBack{At: time.Now()}.Decide); err != nil {
		t.Fatal(err)
	}
	if code := d.code(who); code != "" {
		t.Errorf("after coming back: %q", code)
	}
}

func TestWhatSomebodySkippedGoesToOthers(t *testing.T) {
	d, e := newDesk(t), echo.New()
	d.fill(5)
	rows := d.rows()
	who := d.reviewer("picky@alta.example")
	first, _ := d.next(e, who)
	d.act(first, application.Release{Why: "I know the owner", By: application.Actor{ID: who, Role: application.RoleReviewer}, At: time.Now()})
	second, _ := d.next(e, who)
	other, _ := d.next(e, "somebody")
	if first != rows[0].ID || second != rows[1].ID || other != first {
		t.Errorf("handed %s, then %s, and %s to another; want %s, %s, %s", first, second, other, rows[0].ID, rows[1].ID, rows[0].ID)
	}
	if now := d.rows()[0]; now.Skips != 1 {
		t.Errorf("a lead sees %d skips", now.Skips)
	}
}
