package main

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"alta/simulate/drive"
)

// listening is somebody's open stream of changes.
type listening struct {
	t      *testing.T
	events chan [3]string // id, event, data; closed when the stream ends
}

// listen opens a stream; last is the id of the last event seen, or "".
func (w *world) listen(t *testing.T, who *drive.Person, last string) *listening {
	t.Helper()
	token, err := who.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.api+"/v1/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream is answered %s", res.Status)
	}
	l := &listening{t, make(chan [3]string, 64)}
	go func() {
		defer close(l.events)
		defer res.Body.Close()
		var e [3]string
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "id":
				e[0] = value
			case "event":
				e[1] = value
			case "data":
				e[2] = value
			case "":
				l.events <- e
				e = [3]string{}
			}
		}
	}()
	return l
}

// until reads on to an event that says something, and answers it.
func (l *listening) until(what string) [3]string {
	l.t.Helper()
	for deadline := time.After(time.Minute); ; {
		select {
		case e, open := <-l.events:
			if !open {
				l.t.Fatalf("the stream ended before %q", what)
			}
			if strings.Contains(e[1]+" "+e[2], what) {
				return e
			}
		case <-deadline:
			l.t.Fatalf("%q was not heard within a minute", what)
		}
	}
}

func TestChangesAreHeardByWhomTheyConcernAndGoOnWhereAStreamEnded(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	one := w.merchant(t, d, drive.Wish{Seed: 9, First: 0, To: drive.Submitted, Via: drive.Self})
	two := w.merchant(t, d, drive.Wish{Seed: 9, First: 1, To: drive.Submitted, Via: drive.Agent})
	reviewer := w.as(t, "reviewer")
	staff, merchant, agent := w.listen(t, reviewer, ""), w.listen(t, one.Self, ""), w.listen(t, w.as(t, "agent"), "")
	begun := staff.until("hello")
	merchant.until("hello")
	agent.until("hello")
	for _, id := range []string{two.ID, one.ID} {
		w.act(t, id, reviewer, drive.Request{Method: http.MethodPut, Path: "/claim"})
	}
	// A claim is for the staff alone; a longer deadline is told to the merchant.
	lead := w.as(t, "lead")
	for _, id := range []string{two.ID, one.ID} {
		body := map[string]string{"due": time.Now().AddDate(0, 0, 20).UTC().Format(time.RFC3339), "why": "a holiday of theirs"}
		w.act(t, id, lead, drive.Request{Method: http.MethodPut, Path: "/deadline", Body: body})
	}
	staff.until(two.ID)
	if e := merchant.until("changes"); strings.Contains(e[2], two.ID) || !strings.Contains(e[2], one.ID) || strings.Contains(e[2], "queue") {
		t.Errorf("the merchant hears %s", e[2])
	}
	if e := agent.until("changes"); strings.Contains(e[2], one.ID) || !strings.Contains(e[2], two.ID) {
		t.Errorf("the agent hears %s", e[2])
	}
	back := w.listen(t, reviewer, begun[0])
	if e := back.until("changes"); !strings.Contains(e[2], one.ID) || !strings.Contains(e[2], two.ID) || !strings.Contains(e[2], "qualification") {
		t.Errorf("whoever comes back hears %s", e[2])
	}
	if a := w.send(t, reviewer, request{method: "GET", path: "/v1/changes", header: map[string]string{"Last-Event-ID": "yesterday"}}); a.status != 422 || a.Errors[0].Pointer != "header Last-Event-ID" {
		t.Errorf("a place that is none is answered %d %s %+v", a.status, a.Code, a.Errors)
	}
}

func TestWhoIsLoggedOutHearsNoMore(t *testing.T) {
	w := start(t, demoConfig(t))
	lead := w.as(t, "lead")
	l := w.listen(t, lead, "")
	l.until("hello")
	var mine struct {
		Sessions []struct {
			ID      string
			Current bool
		}
	}
	if _, err := lead.Get(t.Context(), "/v1/me/sessions", &mine); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for _, s := range mine.Sessions {
		if !s.Current {
			continue
		}
		if _, err := lead.Do(t.Context(), drive.Request{Method: http.MethodDelete, Path: "/v1/me/sessions/" + s.ID}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for range l.events {
		continue
	}
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("heard for another %s", took)
	}
}
