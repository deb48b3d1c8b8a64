package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/decider"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/simulate/drive"
)

// nodes are programs with all parts over one log, one data directory and one Redis.
type nodes struct {
	log  *guardedLog // of the server that they share
	each []*world
}

// startTogether starts so many at one moment, on nothing.
func startTogether(t *testing.T, n int) *nodes {
	t.Helper()
	g, connection, stop := offered(t, t.TempDir())
	t.Cleanup(stop)
	c := demoConfig(t)
	c.EventStore = connection
	all := &nodes{log: g, each: make([]*world, n)}
	failed := make([]error, n)
	var wait sync.WaitGroup
	for i := range all.each {
		w := &world{log: &journal{}}
		all.each[i] = w
		ctx, end := context.WithCancel(context.Background())
		address, ended := make(chan string, 1), make(chan error, 1)
		logger := slog.New(slog.NewTextHandler(w.log, nil))
		go func() { ended <- serve(ctx, c, logger, func(a string) error { address <- a; return nil }) }()
		t.Cleanup(func() {
			end()
			if err := <-ended; err != nil {
				t.Errorf("node %d ended with: %v", i, err)
			}
			for _, line := range w.log.forget() {
				if strings.Contains(line, "level=ERROR") {
					t.Errorf("node %d logged: %s", i, line)
				}
			}
		})
		wait.Go(func() {
			select {
			case w.api = <-address:
				w.client, failed[i] = drive.NewClient(w.api)
			case err := <-ended:
				ended <- nil
				failed[i] = fmt.Errorf("node %d ended at its start: %w", i, err)
			case <-time.After(5 * time.Minute): // each makes the demo people's passwords
				failed[i] = fmt.Errorf("node %d does not answer", i)
			}
		})
	}
	wait.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatal(err)
	}
	return all
}

// addresses are those of all nodes, for a client that asks them in turn.
func (n *nodes) addresses() string {
	var all []string
	for _, w := range n.each {
		all = append(all, w.api)
	}
	return strings.Join(all, ",")
}

// records are the events of the streams with a prefix.
func (n *nodes) records(t *testing.T, prefix string) map[string][]*eventstore.Record {
	t.Helper()
	out := map[string][]*eventstore.Record{}
	for r, err := range n.log.ReadAll(t.Context(), eventstore.Start, embedded.All) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(r.Stream, prefix) {
			out[r.Stream] = append(out[r.Stream], r)
		}
	}
	return out
}

// told counts the lines with a text in the logs of all nodes.
func (n *nodes) told(text string) (count int) {
	for _, w := range n.each {
		w.log.mu.Lock()
		for _, line := range w.log.lines {
			if strings.Contains(line, text) {
				count++
			}
		}
		w.log.mu.Unlock()
	}
	return count
}

// until waits for what another goroutine does.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for late := time.Now().Add(2 * time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("after two minutes still not: %s", what)
		}
	}
}

// What is here said of two nodes `scripts/faults eventstore` says of five, twenty times,
// and with each of them killed.
func TestTwoNodesThatStartTogetherOnNothingAreOneInstallation(t *testing.T) {
	n := startTogether(t, 2)
	a, b := n.each[0], n.each[1]

	// The merchant's requests go to both in turn: every link and token of one is good
	// at the other.
	people := drive.DemoLogIns()
	people.Password = demoPassword
	d, err := openDriver(t.Context(), n.addresses(), people)
	if err != nil {
		t.Fatal(err)
	}
	life := (&world{}).merchant(t, d, drive.Wish{Seed: 4, To: drive.Submitted, Via: drive.Self})

	for _, text := range []string{"projection built", "statistics counted"} {
		if count := n.told(`msg="` + text + `"`); count != 1 {
			t.Errorf("%s: %d times", text, count)
		}
	}

	t.Run("a session that ends at one ends at the other", func(t *testing.T) {
		lead := a.as(t, "lead")
		token, err := lead.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ask := func(w *world) int {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.api+"/v1/me/sessions", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			return res.StatusCode
		}
		until(t, "the other node remembers the session", func() bool { return ask(b) == http.StatusOK })
		var mine struct {
			Sessions []struct {
				ID      string
				Current bool
			}
		}
		if _, err := lead.Get(t.Context(), "/v1/me/sessions", &mine); err != nil {
			t.Fatal(err)
		}
		for _, s := range mine.Sessions {
			if !s.Current {
				continue
			}
			if _, err := lead.Do(t.Context(), drive.Request{Method: http.MethodDelete, Path: "/v1/me/sessions/" + s.ID}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask(a); got != http.StatusUnauthorized {
			t.Errorf("where it ended it is answered %d", got)
		}
		// The other node forgets it with the event; without one it would believe the
		// session for a minute.
		ended := time.Now()
		until(t, "the other node refuses it", func() bool { return ask(b) == http.StatusUnauthorized })
		if took := time.Since(ended); took > 30*time.Second {
			t.Errorf("the other node refused it after %s", took)
		}
	})

	t.Run("a request that is repeated at the other is one request", func(t *testing.T) {
		body := map[string]any{"email": "two.nodes@example.com", "kind": "individual", "products": []string{"wechat"}, "site": "web", "language": "en"}
		r := drive.Request{Method: http.MethodPost, Path: "/v1/merchants", Body: body, Key: drive.Key("two nodes")}
		var ids []string
		for _, w := range []*world{a, b, a} {
			var added struct{ ID string }
			if _, err := w.as(t, "agent").Do(t.Context(), r, &added); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, added.ID)
		}
		if ids[0] == "" || ids[1] != ids[0] || ids[2] != ids[0] {
			t.Errorf("three answers speak of %v", ids)
		}
		other := r
		other.Body = map[string]any{"email": "others@example.com", "kind": "individual", "products": []string{"wechat"}, "site": "web", "language": "en"}
		if _, err := b.as(t, "agent").Do(t.Context(), other, nil); refusedWith(err) != "idempotency-key-reused" {
			t.Errorf("another request under that key: %v", err)
		}
	})

	t.Run("the server's pages follow a request from the click to the mail", func(t *testing.T) {
		var stream []*eventstore.Record
		until(t, "the machine has checked it", func() bool {
			stream = n.records(t, "application-"+life.ID)["application-"+life.ID]
			return stream[len(stream)-1].Type == "application.precheck-found.v1"
		})
		var click *eventstore.Record
		for _, r := range stream {
			if strings.HasPrefix(r.Type, "application.submitted.") {
				click = r
			}
		}
		request, err := decider.ReadMeta(click.Meta)
		if err != nil {
			t.Fatal(err)
		}
		follows := func(r *eventstore.Record, what, cause string) {
			t.Helper()
			var m map[string]string
			if err := json.Unmarshal(r.Meta, &m); err != nil {
				t.Fatal(err)
			}
			if m["$correlationId"] != request.ID.String() || m["$causationId"] != cause {
				t.Errorf("%s: the metadata say %s; want the correlation %s and the cause %s", what, r.Meta, request.ID, cause)
			}
		}
		follows(click, "the click", request.ID.String())
		follows(stream[len(stream)-1], "the machine's check", click.ID.String())
		var mailed []*eventstore.Record
		until(t, "the mail is written", func() bool {
			mailed = nil
			for _, notice := range n.records(t, "notice-") {
				if c, err := decider.ReadMeta(notice[0].Meta); err == nil && c.Causation == click.ID {
					mailed = append(mailed, notice...)
				}
			}
			return len(mailed) > 0
		})
		for _, r := range mailed {
			follows(r, "the mail", click.ID.String())
		}
	})

	for stream, events := range n.records(t, "notice-") {
		sent := 0
		for _, r := range events {
			if r.Type == "notice.sent.v1" {
				sent++
			}
		}
		if sent > 1 {
			t.Errorf("%s was sent %d times", stream, sent)
		}
	}
}
