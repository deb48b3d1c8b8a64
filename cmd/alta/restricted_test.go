package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/api"
	"alta/domain/account"
	"alta/simulate/drive"
)

// restrictedWorld is a program with one merchant who asked for erasure, and one of
// its documents.
func restrictedWorld(t *testing.T) (w *world, l *drive.Life, document string) {
	t.Helper()
	w = start(t, demoConfig(t))
	d := w.driver(t)
	l = w.merchant(t, d, drive.Wish{Seed: 11, To: drive.Submitted, Via: drive.Self})
	var form struct {
		Items []struct{ Document *struct{ ID string } }
	}
	if _, err := l.Self.Get(t.Context(), "/v1/applications/"+l.ID+"/form", &form); err != nil {
		t.Fatal(err)
	}
	for _, i := range form.Items {
		if i.Document != nil {
			document = i.Document.ID
		}
	}
	if a := w.send(t, w.as(t, "lead"), request{method: http.MethodPut, path: "/v1/applications/" + l.ID + "/restriction"}); a.Code != "role" {
		t.Errorf("a lead alone restricts: %d %s", a.status, a.Code)
	}
	if a := w.send(t, l.Self, request{method: http.MethodPut, path: "/v1/applications/" + l.ID + "/restriction",
		header: map[string]string{"If-Match": etag(w.revision(t, l.ID, l.Self)), "Content-Type": "application/json"}, body: []byte(`{"why":"erase it"}`)}); a.Code != "step-up-required" {
		t.Errorf("without a proof of presence: %d %s", a.status, a.Code)
	}
	w.restrict(t, l)
	return w, l, document
}

// restrict has the merchant ask for erasure.
func (w *world) restrict(t *testing.T, l *drive.Life) {
	t.Helper()
	w.act(t, l.ID, l.Self, drive.Request{Method: http.MethodPut, Path: "/restriction", Body: map[string]string{"why": "the merchant asks for erasure"}}, "restriction")
}

// lift has the merchant take the restriction back, twice: a repetition is the same act.
func (w *world) lift(t *testing.T, l *drive.Life) {
	t.Helper()
	path := "/v1/applications/" + l.ID + "/restriction"
	var told struct{ Revision int64 }
	if _, err := l.Self.Get(t.Context(), path, &told); err != nil {
		t.Fatal(err)
	}
	proof, err := l.Self.Prove(t.Context(), "restriction")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := l.Self.Do(t.Context(), drive.Request{Method: http.MethodDelete, Path: path, Proof: proof, Match: &told.Revision,
			Key: drive.Key(1, "lift", l.ID)}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// looks are the reasons on record, oldest first.
func looks(t *testing.T, auditor *drive.Person, id string) (why []string) {
	t.Helper()
	var page struct{ Accesses []struct{ What, Why string } }
	if _, err := auditor.Get(t.Context(), "/v1/applications/"+id+"/accesses?limit=200", &page); err != nil {
		t.Fatal(err)
	}
	for _, a := range page.Accesses {
		if a.What == "history" {
			why = append(why, a.Why)
		}
	}
	return why
}

// openly are the operations that an auditor needs no reason for: they show who
// looked, and nothing of the application.
var openly = []string{"accesses"}

// itself are those that ask for the reason of each single look.
var itself = []string{"documentImage", "reveal"}

func TestNoOperationShowsARestrictedApplicationToAnAuditorWhoDoesNotSayWhy(t *testing.T) {
	w, l, document := restrictedWorld(t)
	auditor := w.as(t, "auditor")
	spec, err := api.LoadSpec()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, row := range api.Table() {
		op, _ := spec.Operation(row.Operation)
		if row.Roles[account.Auditor] == api.Never || !strings.Contains(op.Path, "/applications/{id}") || slices.Contains(openly, op.ID) {
			continue
		}
		path := strings.NewReplacer("{id}", l.ID, "{revision}", "0", "{document}", document).Replace(op.Path)
		if slices.Contains(itself, op.ID) {
			if op.Method == http.MethodGet {
				if a := w.send(t, auditor, request{method: op.Method, path: path}); a.status != 422 || a.Code != "why-required" {
					t.Errorf("%s without a reason: %d %s", op.ID, a.status, a.Code)
				}
			}
			continue
		}
		if op.Method != http.MethodGet {
			t.Errorf("an auditor may %s, which changes something", op.ID)
			continue
		}
		before := len(looks(t, auditor, l.ID))
		for name, why := range map[string]string{
			"no reason": "", "an empty one": "?why=", "spaces": "?why=%20%20%09", "a novel": "?why=" + strings.Repeat("x", 501),
			"a novel in Chinese": "?why=" + url.QueryEscape(strings.Repeat("因", 501)),
		} {
			a := w.send(t, auditor, request{method: op.Method, path: path + why})
			if a.status != 422 || a.Code != "why-required" || len(a.Errors) != 1 || a.Errors[0].Pointer != "query why" {
				t.Errorf("%s with %s: %d %s %v", op.ID, name, a.status, a.Code, a.Errors)
			}
			asked++
		}
		if now := len(looks(t, auditor, l.ID)); now != before {
			t.Errorf("%s: %d looks are on record that were refused", op.ID, now-before)
		}
		reason := op.ID + ": inquiry 4711; " + strings.Repeat("因", 400)
		a := w.send(t, auditor, request{method: op.Method, path: path + "?why=" + url.QueryEscape(reason)})
		if a.status != 200 && !(op.ID == "contract" && a.status == 404) { // no contract was offered yet
			t.Errorf("%s with a reason: %d %s", op.ID, a.status, a.Code)
		}
		if on := looks(t, auditor, l.ID); len(on) != before+1 || on[before] != reason {
			t.Errorf("%s: the look is not on record: %q", op.ID, on)
		}
		asked++
	}
	if asked < 36 {
		t.Errorf("only %d requests", asked)
	}
}

func TestARestrictedApplicationIsInNoListAndNobodyElseGetsIt(t *testing.T) {
	w, l, _ := restrictedWorld(t)
	people := map[string]*drive.Person{"merchant": l.Self}
	for _, name := range []string{"reviewer", "lead", "auditor", "agent", "admin"} {
		people[name] = w.as(t, name)
	}
	gone := func() (found []string) {
		for name, p := range people {
			paths := []string{"/v1/applications?limit=200", "/v1/applications?q=" + l.Number, "/v1/applications?q=" + url.QueryEscape(l.Merchant.Name()),
				"/v1/applications?q=" + url.QueryEscape(l.Merchant.Fields["identity.number"]), "/v1/applications?stage=qualification"}
			for _, q := range []string{"qualification", "second_approval", "icp", "website", "contract", "correction", "breached", "mine"} {
				paths = append(paths, "/v1/queues/"+q)
			}
			for _, path := range paths {
				if reply, err := p.Get(t.Context(), path, nil); err == nil && strings.Contains(string(reply.Body), l.ID) {
					found = append(found, name+" "+path)
				}
			}
		}
		return found
	}
	// The lists follow the record by a moment.
	for deadline := time.Now().Add(time.Minute); len(gone()) > 0 && time.Now().Before(deadline); {
	}
	if found := gone(); len(found) > 0 {
		t.Errorf("it is still in %v", found)
	}
	for name, p := range people {
		if name == "auditor" {
			continue
		}
		for _, path := range []string{"", "/status", "/history", "/history/0", "/actions", "/contract", "/form", "/accesses"} {
			a := w.send(t, p, request{method: "GET", path: "/v1/applications/" + l.ID + path + map[bool]string{true: "?why=curious"}[path != "/form" && path != "/accesses"]})
			if a.status != 404 {
				t.Errorf("%s gets %s: %d %s", name, path, a.status, a.Code)
			}
		}
	}
	// Everybody else's applications need no reason.
	other := w.merchant(t, w.driver(t), drive.Wish{Seed: 11, First: 1, To: drive.Submitted, Via: drive.Agent})
	if _, err := people["auditor"].Get(t.Context(), "/v1/applications/"+other.ID, nil); err != nil {
		t.Error(err)
	}
}

// A merchant who restricted sees that it is so and until when it can be taken back,
// and takes it back: it is in the lists again and found by what it was found by.
func TestAMerchantTakesARestrictionBackAndTheApplicationIsThereAgain(t *testing.T) {
	w, l, _ := restrictedWorld(t)
	path := "/v1/applications/" + l.ID + "/restriction"
	var told struct {
		Revision   int64
		Restricted bool
		Back       time.Time
	}
	if _, err := l.Self.Get(t.Context(), path, &told); err != nil || !told.Restricted || time.Until(told.Back) < 13*24*time.Hour {
		t.Fatalf("the merchant is told %+v, %v", told, err)
	}
	lead := w.as(t, "lead")
	if a := w.send(t, lead, request{method: "GET", path: path}); a.Code != "role" {
		t.Errorf("a lead asks: %d %s", a.status, a.Code)
	}
	other := w.merchant(t, w.driver(t), drive.Wish{Seed: 11, First: 1, To: drive.Submitted, Via: drive.Self})
	for _, method := range []string{"GET", "DELETE"} {
		if a := w.send(t, other.Self, request{method: method, path: path}); a.status != 404 {
			t.Errorf("another merchant: %s %d %s", method, a.status, a.Code)
		}
	}
	finds := func() bool {
		for _, q := range []string{l.Number, l.Merchant.Fields["identity.number"]} {
			reply, err := lead.Get(t.Context(), "/v1/applications?q="+url.QueryEscape(q), nil)
			if err != nil || !strings.Contains(string(reply.Body), l.ID) {
				return false
			}
		}
		for p, path := range map[*drive.Person]string{lead: "/v1/queues/qualification", l.Self: "/v1/applications?limit=200"} {
			reply, err := p.Get(t.Context(), path, nil)
			if err != nil || !strings.Contains(string(reply.Body), l.ID) {
				return false
			}
		}
		return true
	}
	if a := w.send(t, l.Self, request{method: "DELETE", path: path, header: map[string]string{"If-Match": etag(told.Revision)}}); a.Code != "step-up-required" {
		t.Errorf("without a proof of presence: %d %s", a.status, a.Code)
	}
	w.lift(t, l)
	for deadline := time.Now().Add(time.Minute); !finds() && time.Now().Before(deadline); {
	}
	if !finds() {
		t.Error("it is not in every list again")
	}
	var status struct{ Stage string }
	if _, err := l.Self.Get(t.Context(), "/v1/applications/"+l.ID+"/status", &status); err != nil || status.Stage != "qualification" {
		t.Errorf("its status: %+v, %v", status, err)
	}
	reviewer, seen := w.as(t, "reviewer"), w.revision(t, l.ID, lead)
	if _, err := reviewer.Do(t.Context(), drive.Request{Method: http.MethodPut, Path: "/v1/applications/" + l.ID + "/claim", Match: &seen}, nil); err != nil {
		t.Errorf("a reviewer takes it: %v", err)
	}
}
