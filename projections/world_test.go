package projections

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/policy"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/projections/redistest"
	"alta/simulate/direct"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// moment is "now" in these tests: a Friday afternoon in Beijing.
var moment = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

var rules = application.Rules{Policies: policy.Default(), Calendar: calendar.Default()}

// world is an event log, a Redis, and what the projections need besides.
type world struct {
	t     testing.TB
	log   *embedded.Log
	rdb   redis.UniversalClient
	store *Store
	maker *direct.Maker

	mu     sync.Mutex
	erased map[string]bool
	broken func(*eventstore.Record) error // what decoding says instead
}

// engines are the two kinds of Redis that Alta runs on without any server.
func engines(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("miniredis", func(t *testing.T) {
		m := miniredis.RunT(t)
		test(t, newWorld(t, &redis.Options{Addr: m.Addr(), ContextTimeoutEnabled: true}))
	})
	t.Run("redis-server", func(t *testing.T) {
		test(t, newWorld(t, redistest.Server(t)))
	})
}

func newWorld(t testing.TB, opt *redis.Options) *world {
	t.Helper()
	rdb := redis.NewClient(opt)
	t.Cleanup(func() { _ = rdb.Close() })
	return worldOn(t, rdb)
}

func worldOn(t testing.TB, rdb redis.UniversalClient) *world {
	t.Helper()
	log, err := embedded.Open(filepath.Join(t.TempDir(), "log"), embedded.Options{
		Leaf: func(dst []byte, r *eventstore.Record) []byte { return append(dst, r.ID[:]...) }, UnsafeNoSync: true,
		Reserve: embedded.Reserve{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return &world{t: t, log: log, rdb: rdb, store: NewStore(rdb), maker: direct.New(7, moment, rules), erased: map[string]bool{}}
}

// encode and decode stand in for the vault.
func (w *world) encode(_ context.Context, _ string, _ eventstore.ID, e application.Event) (eventstore.Proposed, error) {
	name, data, err := application.Encode(e, func(_, clear string) (string, error) {
		return base64.StdEncoding.EncodeToString([]byte(clear)), nil
	})
	return eventstore.Proposed{Type: name, Data: data}, err
}

func (w *world) decode(_ context.Context, r *eventstore.Record) (application.Event, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		if err := w.broken(r); err != nil {
			return nil, err
		}
	}
	gone := w.erased[strings.TrimPrefix(r.Stream, category)]
	return application.Decode(r.Type, r.Data, func(_, sealed string) (string, bool, error) {
		if gone {
			return "", true, nil
		}
		b, err := base64.StdEncoding.DecodeString(sealed)
		return string(b), false, err
	})
}

// breaks has decoding fail as told; nil heals it.
func (w *world) breaks(f func(*eventstore.Record) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = f
}

func index(kind, value string) string {
	sum := sha256.Sum256([]byte("key\x00" + kind + "\x00" + value))
	return hex.EncodeToString(sum[:12])
}

func (w *world) runner() *Runner {
	return &Runner{
		Store: w.store, Log: w.log, Decode: w.decode, Index: index,
		Now: time.Now, Logger: slog.New(slog.DiscardHandler), Heartbeat: 20 * time.Millisecond, Patience: 200 * time.Millisecond,
	}
}

// rebuilt builds everything and answers the generation that readers use then.
func (w *world) rebuilt() generation {
	w.t.Helper()
	if err := w.runner().Rebuild(background); err != nil {
		w.t.Fatal(err)
	}
	g, err := w.store.live(background)
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

func (w *world) reader() Reader {
	return Reader{Store: w.store, Index: index, Now: func() time.Time { return moment }}
}

func (w *world) details() *Details {
	return &Details{Log: w.log, Folder: Folder{Policies: rules.Policies}, Decode: w.decode}
}

// run starts a runner; the answered function stops it and waits.
func (w *world) run(r *Runner) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

// fill appends lives, with targets as on a busy day where none is named.
func (w *world) fill(first, count uint64, target string) []*direct.Life {
	w.t.Helper()
	var out []*direct.Life
	to := direct.AnyTarget
	if target != "" {
		to = func(uint64) string { return target }
	}
	err := w.maker.Fill(context.Background(), w.log, w.encode, first, count, 4, to, func(l *direct.Life) { out = append(out, l) })
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// append adds events to a life, past any rule.
func (w *world) append(l *direct.Life, events ...application.Event) {
	w.t.Helper()
	more := *l
	more.Acts = append(more.Acts, direct.Act{By: events[0].Head().By, Events: events})
	_, all, err := more.Propose(context.Background(), w.encode)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.log.Append(context.Background(), category+l.ID, eventstore.Revision(l.Events-1), all[l.Events:]...); err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		more.State = application.Evolve(more.State, e)
	}
	more.Events += len(events)
	*l = more
}

func (w *world) head() eventstore.Position {
	w.t.Helper()
	at, err := w.log.Head(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// caughtUp waits until readers see everything.
func (w *world) caughtUp() {
	w.t.Helper()
	head := w.head()
	eventually(w.t, "the projection has caught up", func() bool {
		at, err := w.store.Position(context.Background())
		return err == nil && at.Compare(head) >= 0
	})
}

// dump is everything that readers can see, as text without the position.
func (w *world) dump() string {
	w.t.Helper()
	var b bytes.Buffer
	if err := w.store.Dump(context.Background(), &b); err != nil {
		w.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(b.String(), "\n")
	return rest
}

// sameAfterRebuild checks that what was followed live is, byte for byte, what a
// rebuild makes.
func (w *world) sameAfterRebuild() {
	w.t.Helper()
	w.caughtUp()
	live := w.dump()
	if err := w.runner().Rebuild(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	rebuilt := w.dump()
	if live == rebuilt {
		return
	}
	had, has := lineSet(live), lineSet(rebuilt)
	for l := range had {
		if !has[l] {
			w.t.Errorf("only live: %.900s", l)
			break
		}
	}
	for l := range has {
		if !had[l] {
			w.t.Errorf("only rebuilt: %.900s", l)
			break
		}
	}
	w.t.Fatalf("live (%d bytes) is not what a rebuild makes (%d bytes)", len(live), len(rebuilt))
}

func lineSet(s string) map[string]bool {
	out := map[string]bool{}
	for l := range strings.Lines(s) {
		out[l] = true
	}
	return out
}

// eventually polls for what another goroutine does, for a minute at the most.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if is() {
			return
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	t.Fatalf("after a minute still not: %s", what)
}

// everyRow pages through a queue.
func (w *world) everyRow(q Queue, f Filter, limit int) []Row {
	w.t.Helper()
	var out []Row
	for cursor := ""; ; {
		page, err := w.reader().Queue(context.Background(), q, "reviewer-03", f, cursor, limit)
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, decodeRows(w.t, page)...)
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}

func decodeRows(t testing.TB, p Page) []Row {
	t.Helper()
	var out []Row
	for _, raw := range p.Rows {
		var r Row
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

var errKeysAway = errors.New("the key service does not answer")
