package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/eventstore"
	"alta/projections"

	"github.com/labstack/echo/v4"
)

// ask calls a handler as somebody and answers the body, or the problem's code.
func (d *desk) ask(handle func(*call) error, who auth.Principal, key eventstore.ID, params map[string]string, body any) (answer map[string]any, code string) {
	d.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	ec := echo.New().NewContext(httptest.NewRequestWithContext(d.t.Context(), http.MethodPost, "/", nil), rec)
	for name, value := range params {
		ec.SetParamNames(name)
		ec.SetParamValues(value)
	}
	c := &call{Context: ec, server: d.Server, op: &Operation{ID: "test"}, key: key, who: who, body: b}
	if err := handle(c); err != nil {
		return nil, problemOf(err).Code
	}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			d.t.Fatal(err)
		}
	}
	return answer, ""
}

// results is how each application of a bulk request fared: "done", or a code.
func results(t *testing.T, answer map[string]any) []string {
	t.Helper()
	var out []string
	for _, r := range answer["results"].([]any) {
		r := r.(map[string]any)
		if r["done"] == true {
			out = append(out, "done")
		} else {
			out = append(out, r["code"].(string))
		}
	}
	return out
}

func TestOneActOnManyApplicationsIsDecidedForEachAndDoneOnce(t *testing.T) {
	d := newDesk(t)
	d.fill(6)
	rows := d.rows()
	lead := auth.Principal{Account: "lead-1", Role: account.Lead}
	to := d.active("given@alta.example")
	away := d.active("gone@alta.example", account.GoAway{At: time.Now()})
	held := application.Actor{ID: to, Role: application.RoleReviewer}
	d.act(rows[0].ID, application.Claim{Rules: d.Rules(), By: held, At: time.Now()})
	missing := decider.NewID().String()
	key := decider.NewID()
	body := map[string]any{"act": "prioritise", "priority": 4, "why": "fair", "applications": []string{rows[0].ID, missing, rows[1].ID}}
	answer, code := d.ask(d.bulk, lead, key, nil, body)
	if code != "" || !equal(results(t, answer), "done", "not-found", "done") {
		t.Fatalf("%v %q", answer, code)
	}
	_, before, _ := d.Applications.Load(t.Context(), rows[1].ID)
	if answer, _ = d.ask(d.bulk, lead, key, nil, body); !equal(results(t, answer), "done", "not-found", "done") {
		t.Errorf("repeated: %v", answer)
	}
	if st, after, _ := d.Applications.Load(t.Context(), rows[1].ID); after != before || st.Priority != 4 {
		t.Errorf("repeated: revision %d, was %d; priority %d", after, before, st.Priority)
	}
	answer, _ = d.ask(d.bulk, lead, decider.NewID(), nil, map[string]any{"act": "assign", "to": to, "applications": []string{rows[0].ID, rows[2].ID}})
	if st, _, _ := d.Applications.Load(t.Context(), rows[2].ID); !equal(results(t, answer), "done", "done") || st.Claim.By.ID != to {
		t.Errorf("assigned: %v, held by %q", answer, st.Claim.By.ID)
	}
	if _, code = d.ask(d.bulk, lead, decider.NewID(), nil, map[string]any{"act": "assign", "to": away, "applications": []string{rows[0].ID}}); code != "assignee" {
		t.Errorf("who is away is given something: %q", code)
	}
	answer, _ = d.ask(d.bulk, lead, decider.NewID(), nil, map[string]any{"act": "release", "applications": []string{rows[0].ID, rows[2].ID, rows[3].ID}})
	if st, _, _ := d.Applications.Load(t.Context(), rows[0].ID); !equal(results(t, answer), "done", "done", "done") || st.Claim.By.ID != "" {
		t.Errorf("released: %v, held by %q", answer, st.Claim.By.ID)
	}
	reviewer := auth.Principal{Account: to, Role: account.Reviewer}
	answer, _ = d.ask(d.bulk, reviewer, decider.NewID(), nil, map[string]any{"act": "release", "applications": []string{rows[0].ID}})
	if !equal(results(t, answer), "lead-only") {
		t.Errorf("by a reviewer: %v", answer)
	}
}

func equal(got []string, want ...string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if got[i] != want[i] {
			return false
		}
	}
	return true
}

// active is a reviewer with a password.
func (d *desk) active(email string, about ...accountDecision) string {
	d.t.Helper()
	id := d.reviewer(email)
	ctx := d.t.Context()
	st, _, err := d.Auth.Account(ctx, id)
	if err != nil {
		d.t.Fatal(err)
	}
	token, err := d.Auth.LinkToken(ctx, id, st.Link.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.Auth.Activate(ctx, token, "a lantern by the harbour", auth.Caller{}); err != nil {
		d.t.Fatal(err)
	}
	for _, a := range about {
		if _, err := d.Auth.Transact(ctx, id, decider.Command{ID: decider.NewID(), Actor: "test"}, nil, a.Decide); err != nil {
			d.t.Fatal(err)
		}
	}
	return id
}

func TestASharedViewIsEverybodysToSeeAndItsOwnersAndLeadsToChange(t *testing.T) {
	d := newDesk(t)
	ann, bo := d.reviewer("ann@alta.example"), d.reviewer("bo@alta.example")
	for _, id := range []string{ann, bo} {
		d.People.refresh(t.Context(), id)
	}
	as := func(id string, r account.Role) auth.Principal { return auth.Principal{Account: id, Role: r} }
	one, two := decider.NewID().String(), decider.NewID().String()
	save := func(who auth.Principal, id string, body map[string]any) string {
		body["queue"], body["filters"] = projections.QueueICP, map[string]string{"language": "es"}
		_, code := d.ask(d.saveView, who, decider.NewID(), map[string]string{"view": id}, body)
		return code
	}
	names := func(who string) (out []string) {
		answer, _ := d.ask(d.views, as(who, account.Reviewer), decider.NewID(), nil, nil)
		for _, v := range answer["views"].([]any) {
			out = append(out, v.(map[string]any)["name"].(string))
		}
		return out
	}
	if a, b := save(as(ann, account.Reviewer), one, map[string]any{"name": "Mine"}), save(as(ann, account.Reviewer), two, map[string]any{"name": "Ours", "shared": true}); a+b != "" {
		t.Fatal(a, b)
	}
	if !equal(names(ann), "Mine", "Ours") || !equal(names(bo), "Ours") {
		t.Errorf("seen: %v and %v", names(ann), names(bo))
	}
	for name, c := range map[string]struct{ got, want string }{
		"a colleague changes it":          {save(as(bo, account.Reviewer), two, map[string]any{"owner": ann, "name": "X", "shared": true}), "view-owner"},
		"of a private one nobody knows":   {save(as(bo, account.Lead), one, map[string]any{"owner": ann, "name": "X"}), "not-found"},
		"a lead changes it":               {save(as(bo, account.Lead), two, map[string]any{"owner": ann, "name": "All of ours", "shared": true}), ""},
		"a name that is only space":       {save(as(ann, account.Reviewer), one, map[string]any{"name": " "}), "account-text"},
		"the owner's id may be named too": {save(as(ann, account.Reviewer), one, map[string]any{"owner": ann, "name": "Mine"}), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	if !equal(names(bo), "All of ours") {
		t.Errorf("after the lead's change: %v", names(bo))
	}
	if _, code := d.ask(d.removeView, as(ann, account.Reviewer), decider.NewID(), map[string]string{"view": two}, nil); code != "" || len(names(bo)) != 0 {
		t.Errorf("removed: %q, %v", code, names(bo))
	}
}
