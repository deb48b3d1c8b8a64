package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/simulate/drive"
)

// sampled is a program that draws every decision, with one merchant whose
// application was returned and handed in again, and the people who had no part in
// that.
func sampled(t *testing.T) (w *world, l *drive.Life, others []*drive.Person) {
	t.Helper()
	c := demoConfig(t)
	c.SamplePercent = 100
	w = start(t, c)
	l = w.merchant(t, w.driver(t), drive.Wish{Seed: 31, Kind: "individual", To: drive.Resubmitted, Via: drive.Self, Faults: []string{"r03-blurred"}})
	for _, name := range []string{"reviewer", "reviewer2", "lead", "lead2"} {
		if p := w.as(t, name); p.ID != l.Reviewer.ID {
			others = append(others, p)
		}
	}
	return w, l, others
}

type sampleList struct {
	Samples []struct{ ID string }
	Waiting int
}

// waiting are the samples that somebody is shown.
func (w *world) waiting(t *testing.T, who *drive.Person) (list sampleList) {
	t.Helper()
	if _, err := who.Get(t.Context(), "/v1/samples", &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// waits polls until so many samples wait in all.
func (w *world) waits(t *testing.T, who *drive.Person, n int) sampleList {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		list := w.waiting(t, who)
		if list.Waiting == n {
			return list
		}
		if time.Now().After(end) {
			t.Fatalf("after half a minute %d samples wait, want %d", list.Waiting, n)
		}
	}
}

type sampleView struct {
	Items []struct {
		Key      string
		State    string
		Document *struct{ ID string }
	}
}

func (v sampleView) documents() (ids []string) {
	for _, i := range v.Items {
		if i.Document != nil {
			ids = append(ids, i.Document.ID)
		}
	}
	return ids
}

// A second person judges what was judged: the former document, and nothing of who
// decided, what and why. Then both verdicts are told to those who lead or oversee.
func TestASecondPersonJudgesWithoutKnowingTheFirstVerdict(t *testing.T) {
	w, l, others := sampled(t)
	judge, rival, lead := others[0], others[1], others[2]
	id := w.waits(t, judge, 1).Samples[0].ID
	path := "/v1/samples/" + id

	if list := w.waiting(t, l.Reviewer); len(list.Samples) > 0 || list.Waiting != 1 {
		t.Errorf("whoever decided is shown %+v", list)
	}
	if a := w.send(t, l.Reviewer, request{method: "GET", path: path}); a.status != 403 || a.Code != "sample-involved" {
		t.Errorf("whoever decided opens it: %d %s", a.status, a.Code)
	}

	var view sampleView
	reply, err := judge.Get(t.Context(), path, &view)
	if err != nil {
		t.Fatal(err)
	}
	seen := reply.Revision
	for what, secret := range map[string]string{
		"the application": l.ID, "the merchant's number": l.Number, "the first decider": l.Reviewer.ID,
		"an acceptance": `"accepted`, "a verdict": "verdict", "a rejection": `"rejected"`, "a holder": "claim", "the reason": `"R03"`,
	} {
		if strings.Contains(string(reply.Body), secret) {
			t.Errorf("the evidence tells %s: %s", what, reply.Body)
		}
	}
	var present sampleView
	if _, err := lead.Get(t.Context(), "/v1/applications/"+l.ID, &present); err != nil {
		t.Fatal(err)
	}
	replaced := 0
	for _, document := range view.documents() {
		if !slices.Contains(present.documents(), document) {
			replaced++
		}
		if image, err := judge.Get(t.Context(), path+"/files/"+document, nil); err != nil || !strings.HasPrefix(image.Media, "image/") {
			t.Errorf("a document of the evidence: %s, %v", image.Media, err)
		}
	}
	if replaced == 0 {
		t.Fatal("no document was replaced after the decision, so nothing is shown of the former ones")
	}
	for _, document := range present.documents() {
		if slices.Contains(view.documents(), document) {
			continue
		}
		if a := w.send(t, judge, request{method: "GET", path: path + "/files/" + document}); a.status != 404 {
			t.Errorf("a document of the next round: %d %s", a.status, a.Code)
		}
	}
	var revealed struct{ Values map[string]string }
	if _, err := judge.Do(t.Context(), drive.Request{Method: http.MethodPost, Path: path + "/reveal", Body: map[string]any{"items": []string{"identity.number"}, "why": "compare"}}, &revealed); err != nil || revealed.Values["identity.number"] == "" {
		t.Errorf("unmasked: %v, %v", revealed, err)
	}
	var looked struct {
		Accesses []struct {
			By        struct{ ID string }
			What, Why string
		}
	}
	if _, err := lead.Get(t.Context(), "/v1/applications/"+l.ID+"/accesses?limit=200", &looked); err != nil {
		t.Fatal(err)
	}
	looks := map[string]int{}
	for _, a := range looked.Accesses {
		if a.By.ID == judge.ID {
			looks[a.What+": "+a.Why]++
		}
	}
	if looks["image: blind second look"] != len(view.documents()) || looks["values: compare"] != 1 {
		t.Errorf("on record are the looks %v", looks)
	}

	yes, no := map[string]any{"outcome": "approve"}, map[string]any{"outcome": "return", "reasons": []any{map[string]string{"target": "id_card.front", "code": "R03", "sub": "unclear"}}}
	give := func(who *drive.Person, v any, match *int64) error {
		_, err := who.Do(t.Context(), drive.Request{Method: http.MethodPut, Path: path + "/verdict", Body: v, Match: match}, nil)
		return err
	}
	if code := refusedWith(give(judge, yes, nil)); code != "if-match-required" {
		t.Errorf("without the revision that was seen: %q", code)
	}
	if code := refusedWith(give(judge, map[string]any{"outcome": "return"}, &seen)); code != "sample-verdict" {
		t.Errorf("a return without reasons: %q", code)
	}
	if code := refusedWith(give(l.Reviewer, yes, &seen)); code != "sample-involved" {
		t.Errorf("by whoever decided: %q", code)
	}
	// Two people at once: one verdict.
	var both sync.WaitGroup
	errs := make([]error, 2)
	for i, p := range []*drive.Person{judge, rival} {
		both.Go(func() { errs[i] = give(p, no, &seen) })
	}
	both.Wait()
	if errs[0] != nil {
		judge, rival, errs[0], errs[1] = rival, judge, errs[1], errs[0]
	}
	if errs[0] != nil || refusedWith(errs[1]) != "sample-judged" {
		t.Fatalf("two verdicts at once: %v, %v", errs[0], errs[1])
	}
	if err := give(judge, no, &seen); err != nil {
		t.Errorf("the same verdict again: %v", err)
	}
	if code := refusedWith(give(judge, yes, &seen)); code != "sample-judged" {
		t.Errorf("another verdict: %q", code)
	}
	var mine struct{ Verdict struct{ Outcome string } }
	if _, err := judge.Get(t.Context(), path, &mine); err != nil || mine.Verdict.Outcome != "return" {
		t.Errorf("her own verdict reads %+v, %v", mine, err)
	}
	if a := w.send(t, rival, request{method: "GET", path: path}); a.status != 409 || a.Code != "sample-judged" {
		t.Errorf("the other person opens it: %d %s", a.status, a.Code)
	}
	if list := w.waiting(t, rival); len(list.Samples) > 0 {
		t.Errorf("it is still listed: %+v", list)
	}

	for name, p := range map[string]*drive.Person{"lead": lead, "auditor": w.as(t, "auditor")} {
		var told struct {
			Samples []struct {
				Decider, Judge struct{ ID string }
				First, Second  struct{ Outcome string }
				Agreed         bool
			}
		}
		if _, err := p.Get(t.Context(), "/v1/applications/"+l.ID+"/samples", &told); err != nil || len(told.Samples) != 1 {
			t.Fatalf("a %s is told %+v, %v", name, told, err)
		}
		if s := told.Samples[0]; s.Decider.ID != l.Reviewer.ID || s.Judge.ID != judge.ID || s.First.Outcome != "return" || s.Second.Outcome != "return" || !s.Agreed {
			t.Errorf("a %s is told %+v", name, s)
		}
	}
	var all struct {
		Samples struct{ Drawn, Judged, Agreed []int64 }
	}
	w.waits(t, lead, 0) // counted
	if _, err := lead.Get(t.Context(), "/v1/statistics", &all); err != nil {
		t.Fatal(err)
	}
	if s := all.Samples; slices.Max(s.Drawn) != 1 || slices.Max(s.Judged) != 1 || slices.Max(s.Agreed) != 1 {
		t.Errorf("counted: %+v", s)
	}
	var own struct {
		Own struct{ Sampled, Agreed []int64 }
	}
	if reply, err := l.Reviewer.Get(t.Context(), "/v1/statistics", &own); err != nil || slices.Max(own.Own.Sampled) != 1 || slices.Max(own.Own.Agreed) != 1 {
		t.Errorf("whoever decided reads %s, %v", reply.Body, err)
	}

	// The application knows nothing of it.
	var history struct{ Entries []json.RawMessage }
	if reply, err := lead.Get(t.Context(), "/v1/applications/"+l.ID+"/history?limit=200", &history); err != nil || strings.Contains(string(reply.Body), "sample") {
		t.Errorf("the history speaks of it, %v", err)
	}
}

// Whoever comes to act on the application afterwards no longer judges, and with a
// restriction its samples are gone at once.
func TestNobodyJudgesWhatSheActedOnOrWhatIsRestricted(t *testing.T) {
	w, l, others := sampled(t)
	judge, lead := others[0], others[1]
	id := w.waits(t, judge, 1).Samples[0].ID
	path := "/v1/samples/" + id
	do := func(who *drive.Person, method, path string, body any) {
		t.Helper()
		w.act(t, l.ID, who, drive.Request{Method: method, Path: path, Body: body})
	}
	if a := w.send(t, judge, request{method: "GET", path: path}); a.status != 200 {
		t.Fatalf("before: %d %s", a.status, a.Code)
	}
	do(judge, http.MethodPut, "/claim", nil)
	if a := w.send(t, judge, request{method: "GET", path: path}); a.status != 403 || a.Code != "sample-involved" {
		t.Errorf("whoever took the next round: %d %s", a.status, a.Code)
	}
	if list := w.waiting(t, judge); len(list.Samples) > 0 {
		t.Errorf("whoever took the next round is shown %+v", list)
	}
	w.restrict(t, l)
	for name, p := range map[string]*drive.Person{"a colleague": lead, "whoever had it": judge} {
		for _, what := range []string{"", "/files/none"} {
			if a := w.send(t, p, request{method: "GET", path: path + what}); a.status != 404 {
				t.Errorf("%s opens it: %d %s", name, a.status, a.Code)
			}
		}
		if list := w.waiting(t, p); len(list.Samples) > 0 {
			t.Errorf("%s is shown %+v", name, list)
		}
	}
	w.waits(t, lead, 0)
}
