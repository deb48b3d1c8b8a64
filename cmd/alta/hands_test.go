package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/eventstore/wire/nodetest"
	"alta/simulate/drive"
)

// storeNode is one node of an event store, whose other clients a test speaks for.
func storeNode(t *testing.T) *nodetest.Cluster {
	t.Helper()
	c, err := nodetest.Start(nodetest.Options{Dir: t.TempDir(), Facts: nodetest.Real()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// hand is what another client of the event store does to one stream.
type hand struct {
	reason eventstore.SetAsideReason
	do     func(ctx context.Context, c *nodetest.Cluster, stream string) error
	shown  bool // the stream can still be read
}

var hands = []hand{
	{eventstore.Deleted, func(ctx context.Context, c *nodetest.Cluster, s string) error { return c.Delete(ctx, s) }, false},
	{eventstore.Tombstoned, func(ctx context.Context, c *nodetest.Cluster, s string) error { return c.Tombstone(ctx, s) }, false},
	{eventstore.Truncated, func(ctx context.Context, c *nodetest.Cluster, s string) error {
		return c.Metadata(ctx, s, `{"$tb":2}`)
	}, false},
	{eventstore.MaxCount, func(ctx context.Context, c *nodetest.Cluster, s string) error {
		return c.Metadata(ctx, s, `{"$maxCount":3}`)
	}, false},
	{eventstore.MaxAge, func(ctx context.Context, c *nodetest.Cluster, s string) error {
		return c.Metadata(ctx, s, `{"$maxAge":31536000}`)
	}, true},
}

// hidden is a program over a node at which others do something to one stream each.
type hiddenWorld struct {
	*world
	t       *testing.T
	c       config
	node    *nodetest.Cluster
	streams map[string]hand // by application
}

// named waits until every surface says of every stream what was done, and how to undo
// it; with none, until nobody says anything any more.
func (w *hiddenWorld) named(streams map[string]hand) {
	w.t.Helper()
	began := time.Now()
	says := func(text string) bool {
		for id, h := range streams {
			if !strings.Contains(text, "application-"+id) || !strings.Contains(text, string(h.reason)) || !strings.Contains(text, "undo") {
				return false
			}
		}
		return len(streams) > 0 || !strings.Contains(text, "undo")
	}
	soon(w.t, "/readyz says what is hidden", func() bool {
		status, text := page(w.t, w.api+"/readyz")
		return status == http.StatusOK && says(text)
	})
	soon(w.t, "the figures count it", func() bool {
		_, text := page(w.t, "http://"+w.c.Metrics+"/metrics")
		for _, h := range hands {
			n := "0"
			for _, s := range streams {
				if s.reason == h.reason {
					n = "1"
				}
			}
			if !strings.Contains(text, `alta_streams_set_aside{reason="`+string(h.reason)+`"} `+n+"\n") {
				return false
			}
		}
		return true
	})
	if took := time.Since(began); took > 10*time.Second {
		w.t.Errorf("it was said only after %s", took)
	}
	var aside struct {
		Streams []struct{ Application, Reason, Undo string }
		Total   int
	}
	if _, err := w.as(w.t, "admin").Get(w.t.Context(), "/v1/set-aside", &aside); err != nil {
		w.t.Fatal(err)
	}
	if len(aside.Streams) != len(streams) || aside.Total != len(streams) {
		w.t.Errorf("it is said: %+v", aside)
	}
	for _, a := range aside.Streams {
		if a.Undo == "" || string(streams[a.Application].reason) != a.Reason {
			w.t.Errorf("it is said: %+v", a)
		}
	}
}

// open checks what is told of each application: the streams that cannot be read are
// set aside, and all others are as before.
func (w *hiddenWorld) open(streams map[string]hand) {
	w.t.Helper()
	lead := w.as(w.t, "lead")
	for id, row := range listed(w.t, lead) {
		h, touched := streams[id]
		if sure := touched && !h.shown && h.reason != eventstore.MaxCount; row.SetAside != sure {
			w.t.Errorf("the row of one that is %q says set aside: %v", h.reason, row.SetAside)
		}
		a := w.send(w.t, lead, request{method: "GET", path: "/v1/applications/" + id})
		switch {
		case touched && !h.shown && (a.status != http.StatusConflict || a.Code != "set-aside"):
			w.t.Errorf("one that is %s is answered %d %s", h.reason, a.status, a.Code)
		case (!touched || h.shown) && a.status != http.StatusOK:
			w.t.Errorf("another one (%q) is answered %d %s", h.reason, a.status, a.Code)
		}
	}
}

// Whatever another client of the event store does to streams of Alta's is named, with
// what undoes it, while the events are there still. Nobody takes such a stream for one
// that never was, and all others go on.
func TestWhatOthersDoToAStreamInTheEventStoreIsNamedAndUndone(t *testing.T) {
	c := demoConfig(t)
	node := storeNode(t)
	c.EventStore, c.Metrics = node.Connection(), freeAddress(t)
	fill := []string{"--data", c.Data, "--dev", "--direct", "--to", "qualification", "--count", "12", "--eventstore", c.EventStore}
	if err := runSimulateDirect(t.Context(), fill, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	ctx, w := t.Context(), &hiddenWorld{t: t, c: c, node: node, streams: map[string]hand{}}
	t.Run("while it runs", func(t *testing.T) {
		w.t, w.world = t, start(t, c)
		ids := slices.Sorted(maps.Keys(listed(t, w.as(t, "lead"))))
		one := w.merchant(t, w.driver(t), drive.Wish{Seed: 5, To: drive.Submitted})
		w.open(nil) // every stream is known by then
		for i, h := range hands {
			id := ids[i]
			if h.reason == eventstore.Deleted {
				id = one.ID
			}
			w.streams[id] = h
			if err := h.do(ctx, node, "application-"+id); err != nil {
				t.Fatal(err)
			}
		}
		w.named(w.streams)
		if told := w.log.forget(); len(told) != len(hands) || !strings.Contains(strings.Join(told, "\n"), "application-"+one.ID) {
			t.Errorf("the log of the process says %q", told)
		}
		w.open(w.streams)
		if a := w.send(t, one.Self, request{method: "GET", path: "/v1/applications/" + one.ID + "/status"}); a.Code != "set-aside" {
			t.Errorf("the merchant is told %d %s", a.status, a.Code)
		}
		stranger := w.merchant(t, w.driver(t), drive.Wish{Seed: 6, To: drive.Active}) // mails, checks, claims, decisions
		if stranger.Stage != "active" {
			t.Errorf("a new merchant got to %s", stranger.Stage)
		}
		if a := w.send(t, stranger.Self, request{method: "GET", path: "/v1/applications/" + one.ID + "/status"}); a.status != http.StatusNotFound {
			t.Errorf("another merchant is told %d %s", a.status, a.Code)
		}
		if now := w.log.forget(); len(now) > 0 {
			t.Errorf("the process logged %q", now)
		}
	})
	said, err := alta(t, "log", "check", "--data", c.Data, "--eventstore", c.EventStore)
	if !errors.Is(err, errHidden) || strings.Contains(said, "the log is whole") {
		t.Errorf("log check says %v\n%s", err, said)
	}
	for id, h := range w.streams {
		if !strings.Contains(said, id) || !strings.Contains(said, string(h.reason)) {
			t.Errorf("log check does not say that %s is %s\n%s", id, h.reason, said)
		}
	}
	t.Run("found by the next start", func(t *testing.T) {
		w.t, w.world = t, start(t, c)
		w.named(w.streams)
		w.open(w.streams)
		if told := w.log.forget(); len(told) != len(hands) {
			t.Errorf("the log of the process says %q", told)
		}
		var final map[string]hand
		for id, h := range w.streams {
			said, err := alta(t, "log", "unhide", "--eventstore", c.EventStore, "application-"+id)
			if h.reason == eventstore.Tombstoned {
				final = map[string]hand{id: h}
				if !errors.Is(err, eventstore.ErrStreamDeleted) {
					t.Errorf("a tombstone is undone: %s, %v", said, err)
				}
			} else if err != nil {
				t.Fatal(said, err)
			}
		}
		w.named(final)
		w.open(final)
		w.streams = final
	})

	// Another server has the tombstoned stream whole, as long as no scavenge ran.
	other := storeNode(t)
	if said, err := alta(t, "move", "--from", c.EventStore, "--to", other.Connection(), "--data", c.Data); err != nil || !strings.Contains(said, "in the copy it is whole") {
		t.Fatal(said, err)
	}
	c.EventStore, w.c.EventStore = other.Connection(), other.Connection()
	t.Run("in a copy", func(t *testing.T) {
		w.t, w.world = t, start(t, c)
		w.named(nil)
		w.open(nil)
	})
	if said, err := alta(t, "log", "check", "--data", c.Data, "--eventstore", c.EventStore); err != nil || !strings.Contains(said, "the log is whole") {
		t.Errorf("log check says %v\n%s", err, said)
	}
	if said, err := alta(t, "rebuild", "--check", "--data", c.Data, "--redis", c.Redis, "--eventstore", c.EventStore); err != nil {
		t.Errorf("rebuild --check says %v\n%s", err, said)
	}
}

// Whoever hides the records of mails, and where the mailer is, makes it read the log from
// the start, and send nothing twice; other mails go on.
func TestNoMailIsSentTwiceWhereItsRecordIsHidden(t *testing.T) {
	c := demoConfig(t)
	node := storeNode(t)
	c.EventStore = node.Connection()
	c.Metrics = freeAddress(t)
	mails := func(t *testing.T) (files []string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(c.Data, "mail", "*"))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{} // a mail's file is named by its moment and its notice
		for _, f := range files {
			_, notice, _ := strings.Cut(filepath.Base(f), "-")
			if seen[notice] {
				t.Errorf("a mail was sent twice: %s", f)
			}
			seen[notice] = true
		}
		return files
	}
	submitted := func(t *testing.T, w *world, seed uint64) {
		t.Helper()
		was := len(mails(t))
		w.merchant(t, w.driver(t), drive.Wish{Seed: seed, To: drive.Submitted, Via: drive.Self})
		// The letters of the demo people wait for two seconds, and the mailer's place with them.
		soon(t, "its mails are sent, and none waits", func() bool {
			backlog, told := figure(t, c.Metrics, "alta_mail_backlog")
			return told && backlog == 0 && len(mails(t)) >= was+2
		})
	}
	t.Run("as it should be", func(t *testing.T) { submitted(t, start(t, c), 5) })
	events := func(t *testing.T, stream string) (n int) {
		t.Helper()
		for r, err := range node.Engine().ReadStream(t.Context(), stream, 0, -1) { // the engine shows what the node hides
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(r.Type, "\x01") {
				n++
			}
		}
		return n
	}
	hidden, recorded := []string{"reaction-mail"}, map[string]int{}
	for r, err := range node.Engine().ReadAll(t.Context(), eventstore.Start, -1) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(r.Stream, "notice-") && r.Revision == 0 {
			hidden, recorded[r.Stream] = append(hidden, r.Stream), events(t, r.Stream)
		}
	}
	for i, s := range hidden {
		do := node.Delete
		if i%2 > 0 {
			do = node.Tombstone
		}
		if err := do(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("with hidden records", func(t *testing.T) {
		w := start(t, c)
		submitted(t, w, 6)
		if told := w.log.forget(); len(told) != len(hidden) {
			t.Errorf("%d streams are hidden, and the process says %q", len(hidden), told)
		}
	})
	for _, s := range hidden[1:] {
		if n := events(t, s); n != recorded[s] {
			t.Errorf("%s had %d events and has %d: its mail was tried again", s, recorded[s], n)
		}
	}
}

// What was done before a watch began is told when it was read; what was undone by then
// is not told at all, and something newer is not overwritten.
func TestTheWatchOverHiddenStreamsTellsWhatStands(t *testing.T) {
	j := &journal{}
	w := &hiddenWatch{logger: slog.New(slog.NewTextHandler(j, nil))}
	at := func(n uint64, stream string, before eventstore.Revision) esdb.Hiding {
		return esdb.Hiding{Stream: stream, Before: before, Position: eventstore.Position{Commit: n, Prepare: n}}
	}
	w.take(at(20, "application-a", 0)) // undone while the past is read
	w.take(at(21, "application-b", 3))
	w.take(at(22, "elsewhere-1", 3))
	w.remember(map[string]esdb.Hiding{
		"application-a": at(10, "application-a", 2), "application-b": at(11, "application-b", 2), "application-c": at(12, "application-c", 2),
	})
	names := func() (out []string) {
		for _, a := range w.list() {
			out = append(out, a.Stream)
		}
		return out
	}
	if got := names(); !slices.Equal(got, []string{"application-c", "application-b"}) || w.all["application-b"].Before != 3 {
		t.Fatal(got, w.all)
	}
	if n := j.count("level=ERROR"); n != 2 || w.hides("a") || !w.hides("b") || w.nothing() {
		t.Fatal(n, j.lines)
	}
	w.take(at(30, "application-c", 2)) // the same once more
	if n := j.count("level=ERROR"); n != 2 {
		t.Fatal(j.lines)
	}
	w.take(at(31, "application-c", 1<<63-1)) // graver
	w.take(at(32, "application-c", 7))       // what the server says when a deletion is undone
	if n := j.count("level=ERROR"); n != 3 {
		t.Fatal(j.lines)
	}
	w.take(at(33, "application-c", 1<<63-1))
	w.take(at(34, "application-c", 0))
	w.take(at(35, "application-c", 8)) // so it says too
	if n := j.count("level=ERROR"); n != 4 {
		t.Fatal(j.lines)
	}
	w.take(at(36, "application-c", 0))
	w.take(esdb.Hiding{Stream: "application-b", Tombstoned: true, Position: eventstore.Position{Commit: 37, Prepare: 37}})
	w.take(at(38, "application-b", 0)) // a tombstone is for ever
	if got := names(); !slices.Equal(got, []string{"application-b"}) || j.count("not hidden") != 2 {
		t.Fatal(got, j.lines)
	}
}
