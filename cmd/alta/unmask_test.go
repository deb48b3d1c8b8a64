package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"alta/simulate/drive"
)

// Personal values and images are for who holds the application. Anybody else
// states a reason of substance and proves to be present; of a draft nobody sees
// anything; and who opens much is reported, then refused.
func TestPersonalDataAreUnmaskedForWhoHoldsTheApplication(t *testing.T) {
	c := demoConfig(t)
	c.LimitFactor = 1
	c.Looks.Outside = 6
	w := start(t, c)
	d := w.driver(t)
	l := w.merchant(t, d, drive.Wish{Seed: 61, Kind: "individual", To: drive.Submitted, Via: drive.Self})
	draft := w.merchant(t, d, drive.Wish{Seed: 61, First: 1, Kind: "individual", To: drive.Draft, Via: drive.Self})
	maria, chen, auditor, lead := w.as(t, "reviewer"), w.as(t, "reviewer2"), w.as(t, "auditor"), w.as(t, "lead")
	why := "the bank asks about payment 4711"
	proofs := map[*drive.Person]string{}
	for _, p := range []*drive.Person{maria, chen, auditor, lead} {
		proof, err := p.Prove(t.Context(), "unmask")
		if err != nil {
			t.Fatal(err)
		}
		proofs[p] = proof
	}
	reveal := func(by *drive.Person, id, why string, proven bool) answer {
		body, _ := json.Marshal(map[string]any{"items": []string{"identity.number"}, "why": why})
		r := request{method: http.MethodPost, path: "/v1/applications/" + id + "/reveal", header: map[string]string{"Content-Type": "application/json"}, body: body}
		if proven {
			r.header["Alta-Step-Up"] = proofs[by]
		}
		return w.send(t, by, r)
	}
	var form struct {
		Items []struct{ Document *struct{ ID string } }
	}
	if _, err := l.Self.Get(t.Context(), "/v1/applications/"+l.ID+"/form", &form); err != nil {
		t.Fatal(err)
	}
	document := ""
	for _, i := range form.Items {
		if i.Document != nil {
			document = i.Document.ID
		}
	}
	image := func(by *drive.Person, why string, proven bool) answer {
		r := request{method: http.MethodGet, path: "/v1/applications/" + l.ID + "/files/" + document + "?why=" + url.QueryEscape(why), header: map[string]string{}}
		if proven {
			r.header["Alta-Step-Up"] = proofs[by]
		}
		return w.send(t, by, r)
	}
	if a := w.send(t, maria, request{method: http.MethodPut, path: "/v1/applications/" + l.ID + "/claim"}); a.status != http.StatusNoContent {
		t.Fatal(a.status, a.Code)
	}
	before := len(allLooks(t, auditor, l.ID))
	for what, x := range map[string]struct {
		got    answer
		status int
		code   string
	}{
		"no reason":                 {image(chen, "", true), 422, "why-required"},
		"a dot":                     {reveal(chen, l.ID, ".", true), 422, "why-substance"},
		"one letter many times":     {reveal(chen, l.ID, "aaaaaaaaaaaaaaaa", true), 422, "why-substance"},
		"signs only":                {image(lead, "................", true), 422, "why-substance"},
		"a reason without presence": {reveal(chen, l.ID, why, false), 403, "step-up-required"},
		"an auditor without it":     {image(auditor, why, false), 403, "step-up-required"},
		"a draft":                   {reveal(lead, draft.ID, why, true), 409, "draft-masked"},
	} {
		if x.got.status != x.status || x.got.Code != x.code {
			t.Errorf("%s: %d %s, want %d %s", what, x.got.status, x.got.Code, x.status, x.code)
		}
	}
	if now := len(allLooks(t, auditor, l.ID)); now != before {
		t.Errorf("%d looks are on record that were refused", now-before)
	}
	if a := reveal(maria, l.ID, "compare", false); a.status != http.StatusOK {
		t.Errorf("who holds it: %d %s", a.status, a.Code)
	}
	if a := image(maria, "", false); a.status != http.StatusOK {
		t.Errorf("an image for who holds it: %d %s", a.status, a.Code)
	}
	for name, a := range map[string]answer{"an auditor": reveal(auditor, l.ID, why, true), "Chinese says as much in fewer signs": image(lead, "银行询问付款记录", true)} {
		if a.status != http.StatusOK {
			t.Errorf("%s with reason and proof: %d %s", name, a.status, a.Code)
		}
	}
	if got := allLooks(t, auditor, l.ID); len(got) != before+4 || !strings.Contains(strings.Join(got, " "), why) {
		t.Errorf("on record: %v", got)
	}

	// Many looks outside one's claims: told, then refused; of one person only.
	refused := answer{}
	for range 10 {
		if refused = reveal(chen, l.ID, why, true); refused.status != http.StatusOK {
			break
		}
	}
	if refused.status != http.StatusTooManyRequests || refused.Code != "quota-looks" || refused.retryAfter == "" {
		t.Errorf("too many looks: %d %s", refused.status, refused.Code)
	}
	if a := reveal(maria, l.ID, "compare", false); a.status != http.StatusOK {
		t.Errorf("a colleague at her own case: %d %s", a.status, a.Code)
	}
	for _, by := range []*drive.Person{lead, auditor} {
		var list struct {
			Alarms []struct {
				By   struct{ ID string }
				Kind string
			}
		}
		if _, err := by.Get(t.Context(), "/v1/alarms", &list); err != nil || len(list.Alarms) != 1 || list.Alarms[0].By.ID != chen.ID || list.Alarms[0].Kind != "outside" {
			t.Errorf("the alarms: %+v, %v", list.Alarms, err)
		}
	}
	if a := w.send(t, maria, request{method: http.MethodGet, path: "/v1/alarms"}); a.Code != "role" {
		t.Errorf("a reviewer gets the alarms: %d %s", a.status, a.Code)
	}
}

// allLooks are the reasons of all looks on record.
func allLooks(t *testing.T, auditor *drive.Person, id string) (why []string) {
	t.Helper()
	var page struct{ Accesses []struct{ What, Why string } }
	if _, err := auditor.Get(t.Context(), "/v1/applications/"+id+"/accesses?limit=200", &page); err != nil {
		t.Fatal(err)
	}
	for _, a := range page.Accesses {
		why = append(why, a.Why)
	}
	return why
}
