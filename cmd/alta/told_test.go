package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"alta/simulate/drive"
)

// A merchant is told nothing of claims, notes, reasons before the return, holds
// and proposals to decline: not by an ETag, a revision, a list, or a 412, and
// nobody of the staff is named. What it may know moves all of them.
func TestAMerchantIsToldNothingThatOnlyStaffMayKnow(t *testing.T) {
	w := start(t, demoConfig(t))
	l := w.merchant(t, w.driver(t), drive.Wish{Seed: 41, Kind: "individual", To: drive.Submitted, Via: drive.Agent})
	maria, lead := w.as(t, "reviewer"), w.as(t, "lead")
	at := "/v1/applications/" + l.ID
	merchant := map[string]*drive.Person{"merchant": nil, "agent": w.as(t, "agent")}
	self, err := w.client.LogIn(t.Context(), l.Plan.Email, l.Password())
	if err != nil {
		t.Fatal(err)
	}
	merchant["merchant"] = self
	seen := func() map[string]string {
		out := map[string]string{}
		for name, p := range merchant {
			for _, path := range []string{at + "/status", at + "/form", at + "/actions", "/v1/applications"} {
				reply, err := p.Get(t.Context(), path, nil)
				if err != nil {
					t.Fatal(err)
				}
				out[name+" "+path] = fmt.Sprint(reply.Revision, " ", string(reply.Body))
			}
		}
		return out
	}
	before := seen()
	act := func(by *drive.Person, method, path string, body any) {
		t.Helper()
		w.act(t, l.ID, by, drive.Request{Method: method, Path: path, Body: body})
	}
	act(lead, http.MethodPut, "/hold", map[string]string{"why": "a court asked"})
	act(maria, http.MethodPut, "/claim", nil)
	act(maria, http.MethodPut, "/notes/0190b6a0-0000-7000-8000-0000000000aa", map[string]string{"text": "looks odd"})
	act(maria, http.MethodPut, "/acceptances", map[string]any{"items": []string{"contact.name"}})
	act(maria, http.MethodPut, "/reasons/0190b6a0-0000-7000-8000-0000000000ab", map[string]string{"code": "R03", "sub": "unclear", "target": "id_card.front", "note": "again"})
	act(maria, http.MethodPut, "/decline", map[string]string{"note": "not among the goods", "internal": "odd"})
	for what, was := range before {
		if is := seen()[what]; is != was {
			t.Errorf("%s tells of them:\n%s\n%s", what, was, is)
		}
	}
	// An old version is refused, and the news names what the merchant may know.
	secret := []string{"hold_placed", "claimed", "note_added", "items_accepted", "reason_raised", "decline_proposed", "precheck_found", "released"}
	for name, p := range map[string]*drive.Person{"merchant": merchant["merchant"]} {
		a := w.send(t, p, request{method: "PUT", path: at + "/withdrawal", header: map[string]string{"If-Match": `"0"`, "Content-Type": "application/json"}, body: []byte(`{}`)})
		if a.status != http.StatusPreconditionFailed || len(a.Changes) == 0 {
			t.Fatalf("%s: %d %s with %d changes", name, a.status, a.Code, len(a.Changes))
		}
		for i, c := range a.Changes {
			if slices.Contains(secret, c.Type) || c.Revision != int64(i+1) {
				t.Errorf("%s is told of %s as version %d", name, c.Type, c.Revision)
			}
		}
		raw, _ := json.Marshal(a.Problem)
		for _, id := range []string{maria.ID, lead.ID} {
			if strings.Contains(string(raw), id) {
				t.Errorf("%s is told who of the staff acted", name)
			}
		}
	}
	// The version that the merchant knows is good although much happened that it is not told of.
	reply, err := self.Get(t.Context(), at+"/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	done, err := self.Do(t.Context(), drive.Request{Method: http.MethodPut, Path: at + "/withdrawal", Body: map[string]string{"why": "another provider"}, Match: &reply.Revision}, nil)
	if err != nil || done.Revision != reply.Revision+1 {
		t.Fatalf("withdrawn at version %d: %v", done.Revision, err)
	}
	if a, err := self.Get(t.Context(), at+"/status", nil); err != nil || a.Revision != done.Revision {
		t.Errorf("the status is version %d after a write that made %d: %v", a.Revision, done.Revision, err)
	}
}
