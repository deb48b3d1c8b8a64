package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"alta/simulate/drive"
)

// race is one of two acts on the same revision.
type race struct {
	who          *drive.Person
	method, path string
	body         any
	leaves       string // the event
}

// Two people decide on the same revision at once, a hundred times: exactly one
// decides, the other is told who did what, and nothing is recorded twice.
func TestTwoWhoDecideAtOnceGetOneDecisionAndOneAnswerThatNamesTheOther(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	l := w.merchant(t, d, drive.Wish{Seed: 12, Kind: "enterprise", To: drive.Claimed, Via: drive.Self})
	maria, chen, lead, lead2 := l.Reviewer, w.as(t, "reviewer"), w.as(t, "lead"), w.as(t, "lead2")
	if chen.ID == maria.ID {
		chen = w.as(t, "reviewer2")
	}
	r := racing{t: t, w: w, id: l.ID, by: lead}
	r.do(maria, http.MethodPut, "/acceptances", map[string]any{"items": r.given()})
	r.do(maria, http.MethodDelete, "/claim", nil)
	rounds := 100
	if testing.Short() {
		rounds = 20
	}
	for i := range rounds {
		switch i % 3 {
		case 0: // two reviewers take it
			winner := r.run(
				race{maria, http.MethodPut, "/claim", nil, "claimed"},
				race{chen, http.MethodPut, "/claim", nil, "claimed"})
			r.do(winner.who, http.MethodDelete, "/claim", nil)
		case 1: // who holds it approves, and a lead gives it to somebody else
			r.do(maria, http.MethodPut, "/claim", nil)
			winner := r.run(
				race{maria, http.MethodPost, "/qualification", nil, "qualification_proposed"},
				race{lead, http.MethodPut, "/assignment", map[string]string{"to": lead.ID, "why": "I take this one"}, "reassigned"})
			if winner.who.ID == maria.ID {
				r.do(lead2, http.MethodPut, "/claim", nil)
				r.do(lead2, http.MethodPut, "/qualification/refusal", map[string]string{"why": "look at the licence again"})
			} else {
				r.do(lead, http.MethodDelete, "/claim", nil)
			}
		case 2: // two leads decide on a proposal, one yes and one no
			r.do(maria, http.MethodPut, "/claim", nil)
			r.do(maria, http.MethodPut, "/decline", map[string]string{"note": "not among the goods that we support"})
			r.do(lead, http.MethodPut, "/claim", nil)
			winner := r.run(
				race{lead, http.MethodPut, "/decline/refusal", map[string]string{"why": "it is"}, "decline_refused"},
				race{lead2, http.MethodPut, "/assignment", map[string]string{"to": lead2.ID, "why": "I take this one"}, "reassigned"})
			if winner.who.ID == lead2.ID { // then she says no in peace
				r.do(lead2, http.MethodPut, "/decline/refusal", map[string]string{"why": "it is"})
			}
		}
	}
	r.once()
}

type racing struct {
	t  *testing.T
	w  *world
	id string
	by *drive.Person // who looks
}

func (r *racing) request(m, path string, body any, match int64) drive.Request {
	return drive.Request{Method: m, Path: "/v1/applications/" + r.id + path, Body: body, Match: &match}
}

// do is one act in peace.
func (r *racing) do(who *drive.Person, method, path string, body any) {
	r.t.Helper()
	if _, err := who.Do(r.t.Context(), r.request(method, path, body, r.w.revision(r.t, r.id, r.by)), nil); err != nil {
		r.t.Fatal(err)
	}
}

// given are the items to be judged.
func (r *racing) given() []string {
	r.t.Helper()
	for {
		var a struct {
			Items []struct{ Key, State, Class string }
		}
		reply, err := r.by.Get(r.t.Context(), "/v1/applications/"+r.id, &a)
		if err != nil {
			r.t.Fatal(err)
		}
		if reply.Revision < r.w.revision(r.t, r.id, r.by) {
			continue // the documents follow the record by a moment
		}
		var out []string
		for _, i := range a.Items {
			if i.State == "given" && i.Class != "site" {
				out = append(out, i.Key)
			}
		}
		return out
	}
}

// run lets two act on the same revision and answers who won.
func (r *racing) run(a, b race) race {
	r.t.Helper()
	at := r.w.revision(r.t, r.id, r.by)
	errs := [2]error{}
	both := [2]race{a, b}
	var gate, done sync.WaitGroup
	gate.Add(1)
	for i, x := range both {
		done.Go(func() {
			gate.Wait()
			_, errs[i] = x.who.Do(context.WithoutCancel(r.t.Context()), r.request(x.method, x.path, x.body, at), nil)
		})
	}
	gate.Done()
	done.Wait()
	won := slices.Index(errs[:], nil)
	if won < 0 || errs[1-won] == nil {
		r.t.Fatalf("%s against %s: %v and %v, want exactly one success", a.leaves, b.leaves, errs[0], errs[1])
	}
	winner := both[won]
	var p *drive.Problem
	if !errors.As(errs[1-won], &p) || p.Status != http.StatusPreconditionFailed || p.Code != "stale" {
		r.t.Fatalf("%s lost against %s and got %v, want 412", both[1-won].leaves, winner.leaves, errs[1-won])
	}
	if len(p.Changes) != 1 || p.Changes[0].Type != winner.leaves || p.Changes[0].By.ID != winner.who.ID || p.Changes[0].Revision != at+1 {
		r.t.Fatalf("the loser was told %+v, want %s by %s at revision %d", p.Changes, winner.leaves, winner.who.ID, at+1)
	}
	if now := r.w.revision(r.t, r.id, r.by); now != at+1 {
		r.t.Fatalf("the record went from revision %d to %d", at, now)
	}
	return winner
}

// once checks that no event and no request is in the record twice.
func (r *racing) once() {
	r.t.Helper()
	ids, commands := map[string]bool{}, map[string]bool{}
	for from, last := int64(0), r.w.revision(r.t, r.id, r.by); from <= last; {
		var h struct {
			Entries []struct {
				Revision    int64
				ID, Command string
			}
		}
		if _, err := r.by.Get(r.t.Context(), fmt.Sprintf("/v1/applications/%s/history?from=%d&limit=200", r.id, from), &h); err != nil {
			r.t.Fatal(err)
		}
		for _, e := range h.Entries {
			if e.Revision != from || ids[e.ID] || commands[e.Command] {
				r.t.Errorf("revision %d: event %s of request %s is out of order or there twice", e.Revision, e.ID, e.Command)
			}
			ids[e.ID], commands[e.Command] = true, true
			from++
		}
	}
}
