package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"alta/decider"
	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/simulate/drive"
)

// page reads what is not part of the interface.
func page(t *testing.T, address string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// soon waits for what another part does.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(end) {
			t.Fatalf("after a minute still not: %s", what)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
}

// others is how many merchants besides the one whose stream is set aside; the full
// form, ALTA_TEST_OTHERS=999, is the one that is promised.
func others(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("ALTA_TEST_OTHERS"))
	if err != nil {
		return 30
	}
	return n
}

// foreign appends an event that nobody knows at the end of a stream, with the
// official client.
func foreign(t *testing.T, address, stream string) {
	t.Helper()
	log, err := esdb.Open(address, esdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}()
	event := eventstore.Proposed{ID: decider.NewID(), Type: "application.weighed.v7", Data: []byte(`{"weight":"80 kg"}`)}
	for { // the machine's checks write too
		last := eventstore.NoStream
		for r, err := range log.ReadStreamBackward(t.Context(), stream, -1, 1) {
			if err != nil {
				t.Fatal(err)
			}
			last = r.Revision
		}
		_, err := log.Append(t.Context(), stream, last, event)
		if err == nil {
			return
		}
		if !errors.As(err, new(*eventstore.ConflictError)) {
			t.Fatal(err)
		}
	}
}

// deletes tries to delete a stream as another program.
func deletes(t *testing.T, address, stream string) error {
	t.Helper()
	log, err := esdb.Open(address, esdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, deleted := log.Delete(t.Context(), stream, 0)
	_, closed := log.Tombstone(t.Context(), stream, 0)
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	if !errors.Is(closed, esdb.ErrDenied) {
		return closed
	}
	return deleted
}

// One event that somebody else wrote into one application's stream: its merchant and
// whoever opens it are told so, and nobody else notices anything.
func TestOneForeignEventIsNoticedByOneMerchantAlone(t *testing.T) {
	c := demoConfig(t)
	c.Wire = "unix:" + filepath.Join(t.TempDir(), "log.sock")
	c.Metrics = freeAddress(t)
	n := others(t)
	fill := []string{"--data", c.Data, "--dev", "--direct", "--to", "qualification", "--count", strconv.Itoa(n)}
	if err := runSimulateDirect(t.Context(), fill, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	w := start(t, c)
	d := w.driver(t)
	one := w.merchant(t, d, drive.Wish{Seed: 5, To: drive.Submitted})
	reviewer, lead, admin := w.as(t, "reviewer"), w.as(t, "lead"), w.as(t, "admin")
	ids := listed(t, lead)
	if len(ids) != n+1 || ids[one.ID].SetAside {
		t.Fatalf("%d applications are listed, of %d", len(ids), n+1)
	}
	stream := "application-" + one.ID
	begun := time.Now()
	foreign(t, c.Wire, stream)
	soon(t, "readyz names it", func() bool {
		status, detail := page(t, w.api+"/readyz")
		if status != http.StatusOK {
			t.Fatalf("it is not ready: %s", detail)
		}
		return strings.Contains(detail, stream) && strings.Contains(detail, "application.weighed.v7")
	})
	t.Logf("named after %s", time.Since(begun).Round(time.Millisecond))
	if told := w.log.forget(); len(told) != 1 || !strings.Contains(told[0], stream) {
		t.Errorf("the log of the process says %q", told)
	}
	soon(t, "the figures name it", func() bool {
		_, figures := page(t, "http://"+c.Metrics+"/metrics")
		return strings.Contains(figures, `alta_streams_set_aside{reason="unreadable-event"} 1`)
	})

	// Whoever is concerned is told.
	for who, p := range map[string]*drive.Person{"reviewer": reviewer, "lead": lead, "its merchant": one.Self} {
		for _, path := range []string{"", "/status", "/history", "/actions"} {
			if (path == "/status") != (p == one.Self) {
				continue // not theirs
			}
			a := w.send(t, p, request{method: "GET", path: "/v1/applications/" + one.ID + path})
			if a.status != http.StatusConflict || a.Code != "set-aside" {
				t.Errorf("%s is told %d %s of %s", who, a.status, a.Code, path)
			}
		}
	}
	stranger := w.merchant(t, d, drive.Wish{Seed: 6, To: drive.Submitted})
	if a := w.send(t, stranger.Self, request{method: "GET", path: "/v1/applications/" + one.ID + "/status"}); a.status != http.StatusNotFound {
		t.Errorf("another merchant is told %d %s", a.status, a.Code)
	}
	before := w.log.forget()
	claim := w.send(t, reviewer, request{method: "PUT", path: "/v1/applications/" + one.ID + "/claim", body: []byte(`{}`), header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": decider.NewID().String()}})
	if claim.Code != "set-aside" {
		t.Errorf("a claim is answered %d %s", claim.status, claim.Code)
	}
	var aside struct {
		Streams []struct{ Stream, Application, Type, Reason, Position string }
		Total   int
	}
	for _, p := range []*drive.Person{lead, admin} {
		if _, err := p.Get(t.Context(), "/v1/set-aside", &aside); err != nil {
			t.Fatal(err)
		}
		if len(aside.Streams) != 1 || aside.Total != 1 || aside.Streams[0].Application != one.ID || aside.Streams[0].Reason != "unreadable-event" || aside.Streams[0].Position == "" {
			t.Errorf("it is said: %+v", aside)
		}
	}
	if _, err := reviewer.Get(t.Context(), "/v1/set-aside", nil); refusedWith(err) != "role" {
		t.Errorf("a reviewer is told %v", err)
	}

	// All others go on: each can be opened, is listed as it was, and can be worked on.
	for id, row := range listed(t, lead) {
		if row.SetAside != (id == one.ID) {
			t.Errorf("the row of %s says set aside: %v", id, row.SetAside)
		}
		if id == one.ID || row.Stage == "draft" {
			continue
		}
		if _, err := lead.Get(t.Context(), "/v1/applications/"+id, nil); err != nil {
			t.Errorf("%s cannot be opened: %v", id, err)
		}
	}
	after := w.merchant(t, d, drive.Wish{Seed: 7, To: drive.Active}) // mails, checks, claims, decisions, lists
	if after.Stage != "active" {
		t.Errorf("a new merchant got to %s", after.Stage)
	}
	if now := w.log.forget(); len(now) > 0 || len(before) > 0 {
		t.Errorf("the process logged %q, %q", before, now)
	}
	_, figures := page(t, "http://"+c.Metrics+"/metrics")
	for _, line := range strings.Split(figures, "\n") {
		if strings.HasPrefix(line, "alta_reaction_healthy") && !strings.HasSuffix(line, " 1") {
			t.Error(line)
		}
	}

	// No other program may delete a stream of Alta's.
	if err := deletes(t, c.Wire, stream); !errors.Is(err, esdb.ErrDenied) {
		t.Errorf("a deletion is answered %v", err)
	}

	// The commands name it, and what people see is what a rebuild makes.
	var said strings.Builder
	if err := runRebuild(t.Context(), []string{"--data", c.Data, "--check", "--redis", c.Redis}, &said, io.Discard); err != nil || !strings.Contains(said.String(), stream) {
		t.Errorf("rebuild --check says %v\n%s", err, said.String())
	}
	said.Reset()
	if err := runLog(t.Context(), []string{"check", "--data", c.Data}, &said, io.Discard); err != nil || !strings.Contains(said.String(), stream) {
		t.Errorf("log check says %v\n%s", err, said.String())
	}
}

// listedRow is what is read of a row.
type listedRow struct {
	ID, Stage string
	SetAside  bool `json:"set_aside"`
}

// listed is every row that somebody is shown, by application.
func listed(t *testing.T, by *drive.Person) map[string]listedRow {
	t.Helper()
	out := map[string]listedRow{}
	for cursor := ""; ; {
		var rows struct {
			Rows []listedRow
			Next string
		}
		if _, err := by.Get(t.Context(), "/v1/applications?limit=200&cursor="+cursor, &rows); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows.Rows {
			out[r.ID] = r
		}
		if cursor = rows.Next; cursor == "" {
			return out
		}
	}
}
