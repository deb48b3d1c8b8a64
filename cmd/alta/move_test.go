package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/eventstoretest"
	"alta/eventstore/wire"
	"alta/evidence"
	"alta/simulate/drive"

	"github.com/redis/go-redis/v9"
)

// distant offers a log with positions of its own, as a server has them, until the
// test ends.
func distant(t *testing.T, first, hole uint64) (connection string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "alta-move-")
	if err != nil {
		t.Fatal(err)
	}
	l, err := embedded.Open(filepath.Join(dir, "log"), embedded.Options{Leaf: evidence.Leaf, UnsafeNoSync: true, Reserve: embedded.NoReserve})
	if err != nil {
		t.Fatal(err)
	}
	connection = "unix:" + filepath.Join(dir, "s")
	at, err := wire.Listen(t.Context(), connection)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- wire.Serve(ctx, at, eventstoretest.Elsewhere{Inner: l, First: first, Hole: hole}, wire.Options{})
	}()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, l.Close(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	return connection
}

// moving is an installation whose log moves, with what must not change.
type moving struct {
	t    *testing.T
	cfg  config
	rdb  *redis.Client
	last string // a browser's place
	next uint64 // merchant
}

// live names the builds that readers use: another name is a build anew.
func (m *moving) live() (out []string) {
	m.t.Helper()
	keys, err := m.rdb.Keys(m.t.Context(), "alta:*live").Result()
	if err != nil {
		m.t.Fatal(err)
	}
	for _, k := range keys {
		v, err := m.rdb.Get(m.t.Context(), k).Result()
		if err != nil {
			m.t.Fatal(err)
		}
		out = append(out, k+" "+v)
	}
	slices.Sort(out)
	return out
}

// mails lists the mails that were sent, by their files.
func (m *moving) mails() []string {
	m.t.Helper()
	all, err := filepath.Glob(filepath.Join(m.cfg.Data, "mail", "*"))
	if err != nil {
		m.t.Fatal(err)
	}
	return all
}

// phase runs the program on one log: two merchants hand in, and are in the lists.
func (m *moving) phase(name string) {
	var had, builds []string
	if m.next > 0 {
		had, builds = m.mails(), m.live()
	}
	m.t.Run(name, func(t *testing.T) {
		w := start(t, m.cfg)
		reviewer := w.as(t, "reviewer")
		stream := w.listen(t, reviewer, m.last)
		m.last = stream.until("hello")[0]
		if had != nil {
			if e := stream.until("behind"); e[1] != "behind" {
				t.Errorf("a browser with a place of the former log hears %v", e)
			}
			if now := m.mails(); !slices.Equal(now, had) {
				t.Errorf("%d mails, want the %d of before", len(now), len(had))
			}
		}
		d := w.driver(t)
		for range 2 {
			l := w.merchant(t, d, drive.Wish{Seed: 77, First: m.next, To: drive.Submitted, Via: drive.Self})
			m.next++
			if e := stream.until(l.ID); e[0] != "" {
				m.last = e[0]
			}
			var page struct{ Rows []struct{ ID string } }
			if _, err := reviewer.Get(t.Context(), "/v1/applications?limit=200&after="+m.last, &page); err != nil {
				t.Fatal(err)
			}
			if uint64(len(page.Rows)) != m.next {
				t.Errorf("%d applications are listed, want %d", len(page.Rows), m.next)
			}
		}
		// The machine has checked what was handed in: a reaction went on.
		if e := stream.until("changes"); e[0] != "" {
			m.last = e[0]
		}
		if builds != nil {
			if now := m.live(); !slices.Equal(now, builds) {
				t.Errorf("the lists were built anew: %v, before %v", now, builds)
			}
		}
	})
	if m.t.Failed() {
		m.t.FailNow()
	}
	notices := map[string]int{} // a mail's file is named by its moment and its notice
	for _, f := range m.mails() {
		_, notice, _ := strings.Cut(filepath.Base(f), "-")
		if notices[notice]++; notices[notice] > 1 {
			m.t.Errorf("after %s: a mail was sent twice: %s", name, f)
		}
	}
	if uint64(len(notices)) < 2*m.next {
		m.t.Errorf("after %s: %d mails to %d merchants", name, len(notices), m.next)
	}
	args := []string{"rebuild", "--check", "--data", m.cfg.Data, "--redis", m.cfg.Redis}
	if m.cfg.EventStore != "" {
		args = append(args, "--eventstore", m.cfg.EventStore)
	}
	if said, err := alta(m.t, args...); err != nil {
		m.t.Errorf("after %s: %v\n%s", name, err, said)
	}
}

// move moves the log, and does it once more: that changes nothing.
func (m *moving) move(from, to string, more ...string) {
	m.t.Helper()
	for range 2 {
		said, err := alta(m.t, append([]string{"move", "--from", from, "--to", to}, more...)...)
		if err != nil {
			m.t.Fatalf("move from %s to %s: %v\n%s", from, to, err, said)
		}
	}
}

func TestAnInstallationMovesToAServerToAnotherAndBackAndEverythingGoesOn(t *testing.T) {
	m := &moving{t: t, cfg: demoConfig(t)}
	opt, err := redis.ParseURL(m.cfg.Redis)
	if err != nil {
		t.Fatal(err)
	}
	m.rdb = redis.NewClient(opt)
	defer func() { _ = m.rdb.Close() }()
	data := m.cfg.Data
	one, other := distant(t, 1_113, 709), distant(t, 77_777, 13)
	m.phase("embedded")
	m.move(data, one)
	m.cfg.EventStore = one
	m.phase("on a server")
	m.move(one, other, "--data", data)
	m.cfg.EventStore = other
	m.phase("on another server")
	m.move(other, data)
	m.cfg.EventStore = ""
	m.phase("embedded again")
	if said, err := alta(t, "log", "check", "--data", data); err != nil || !strings.Contains(said, "the log is whole") {
		t.Errorf("%v\n%s", err, said)
	}
}

func TestAMoveThatWouldLoseOrMixEventsIsRefused(t *testing.T) {
	data, server := t.TempDir(), distant(t, 9, 7)
	g := openTestLog(t, data)
	life(t, g)
	if _, err := alta(t, "move", "--from", data, "--to", server); !errors.Is(err, embedded.ErrLocked) {
		t.Errorf("while Alta runs: %v", err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if said, err := alta(t, "move", "--from", data, "--to", server); err != nil {
		t.Fatal(said, err)
	}
	if _, err := alta(t, "log", "check", "--data", data); err == nil {
		t.Error("the log that was left can still be used")
	}
	// Another log at that address: it is not what the checkpoints witness.
	strange := distant(t, 9, 7)
	l, err := openEnd(strange, true)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Append(t.Context(), "t-1", eventstore.NoStream, eventstore.Proposed{ID: eventstore.ID{1}, Type: "t.v1", Data: []byte("{}")})
	if err = errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	said, err := alta(t, "move", "--from", strange, "--to", data)
	if err == nil || !strings.Contains(err.Error(), "no copy of the source") {
		t.Errorf("another log was taken: %v\n%s", err, said)
	}
	if _, err := os.Stat(storeDir(data)); !errors.Is(err, os.ErrNotExist) {
		t.Error("another log is in the place of the installation's")
	}
}
