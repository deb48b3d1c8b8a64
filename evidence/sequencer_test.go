package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/esdb"
	"alta/eventstore/wire"
	"alta/evidence"

	"golang.org/x/mod/sumdb/tlog"
)

// server is an embedded log behind the protocol of EventStoreDB.
type server struct {
	*embedded.Log
	connection string
	n          int
}

func newServer(t *testing.T) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "alta-seq-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := embedded.Open(filepath.Join(dir, "log"), embedded.Options{Leaf: evidence.Leaf, UnsafeNoSync: true, Reserve: embedded.NoReserve})
	must(t, err)
	s := &server{Log: l, connection: "unix:" + filepath.Join(dir, "s")}
	listener, err := wire.Listen(t.Context(), s.connection)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- wire.Serve(ctx, listener, l, wire.Options{}) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, l.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// grow appends n events, spread over streams.
func (s *server) grow(t *testing.T, n int) tlog.Tree {
	t.Helper()
	for n > 0 {
		batch := make([]eventstore.Proposed, min(n, 7))
		for i := range batch {
			id := s.n + i
			batch[i] = eventstore.Proposed{ID: eventstore.ID{1, byte(id >> 16), byte(id >> 8), byte(id)}, Type: "t.v1", Data: fmt.Appendf(nil, `{"n":%d}`, id), Meta: []byte(`{"by":"x"}`)}
		}
		_, err := s.Append(context.Background(), fmt.Sprintf("s-%d", s.n), eventstore.NoStream, batch...)
		must(t, err)
		s.n += len(batch)
		n -= len(batch)
	}
	tree, err := s.Tree()
	must(t, err)
	return tree
}

func (s *server) adapter(t *testing.T) *esdb.Log {
	t.Helper()
	l, err := esdb.Open(s.connection, esdb.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

// config is a sequencer of a data directory.
func config(t *testing.T, log evidence.Followed, data string) evidence.SequencerConfig {
	t.Helper()
	key, err := evidence.LoadKey(filepath.Join(data, "log.key"))
	must(t, err)
	return evidence.SequencerConfig{Log: log, Tree: filepath.Join(data, "tree"), Checkpoints: filepath.Join(data, "checkpoints"), Key: key}
}

// until sequences until the tree has that head, ends the term, and so lets the
// last checkpoint be signed.
func until(t *testing.T, cfg evidence.SequencerConfig, want tlog.Tree) {
	t.Helper()
	s := evidence.NewSequencer(cfg)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- s.Term(ctx) }()
	eventually(t, func() bool {
		select {
		case err := <-done:
			t.Fatalf("the term ended: %v", err)
		default:
		}
		// A head is there before the first checkpoint is signed.
		_, err := os.Stat(filepath.Join(cfg.Tree, "signed"))
		return err == nil && s.Head() == want
	})
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// eventually waits, for at most a minute.
func eventually(t *testing.T, is func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("it did not happen within a minute")
		}
	}
}

// keeper opens the witness to look at it.
func keeper(t *testing.T, cfg evidence.SequencerConfig) *evidence.Keeper {
	t.Helper()
	k, err := evidence.OpenKeeper(cfg.Checkpoints, cfg.Key, nil, nil)
	must(t, err)
	t.Cleanup(func() { must(t, k.Close()) })
	return k
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheSequencersRootIsThatOfTheEmbeddedLog(t *testing.T) {
	srv, data := newServer(t), t.TempDir()
	cfg := config(t, srv.adapter(t), data)
	until(t, cfg, srv.grow(t, 2500))
	want := srv.grow(t, 700)
	until(t, cfg, want) // and goes on where it was
	k := keeper(t, cfg)
	rep, err := evidence.CheckServer(t.Context(), k, cfg.Log, cfg.Tree, nil)
	must(t, err)
	if rep.Tree != want || rep.Newest.Tree != want || rep.Unsigned != 0 || rep.Checkpoints < 2 {
		t.Fatalf("%+v, want %v", rep, want)
	}
	tree, err := evidence.OpenTree(cfg.Tree)
	must(t, err)
	defer tree.Close()
	proof, err := tlog.ProveRecord(want.N, 1234, tree)
	must(t, err)
	leaf, err := tree.Leaf(1234)
	must(t, err)
	must(t, tlog.CheckRecord(proof, want.N, want.Hash, 1234, leaf.Hash))
}

func TestATreeThatWasRemovedIsMadeAgainAndMustMeetTheCheckpoints(t *testing.T) {
	srv, data := newServer(t), t.TempDir()
	cfg := config(t, srv.adapter(t), data)
	until(t, cfg, srv.grow(t, 300))
	must(t, os.RemoveAll(cfg.Tree))
	until(t, cfg, srv.grow(t, 5))

	must(t, os.RemoveAll(cfg.Tree))
	other := newServer(t)
	other.n = 7 // another history of the same length
	other.grow(t, 305)
	cfg.Log = other.adapter(t)
	if err := evidence.NewSequencer(cfg).Term(t.Context()); !errors.Is(err, eventstore.ErrCorrupt) || !strings.Contains(err.Error(), "recorded head") {
		t.Fatalf("another history was accepted: %v", err)
	}
}

func TestAServerThatWasSetBackIsRefusedWithTheLostPositions(t *testing.T) {
	srv, data := newServer(t), t.TempDir()
	cfg := config(t, srv.adapter(t), data)
	until(t, cfg, srv.grow(t, 40))
	for name, then := range map[string]int{"and is idle": 0, "and went on": 20} {
		older := newServer(t)
		older.grow(t, 28)
		if then > 0 {
			older.n = 100
			older.grow(t, then)
		}
		cfg.Log = older.adapter(t)
		var lost *evidence.LostError
		if err := evidence.CompareEnd(t.Context(), cfg.Log, cfg.Tree); !errors.As(err, &lost) || !errors.Is(err, eventstore.ErrCorrupt) {
			t.Fatalf("%s: %v", name, err)
		}
		if lost.From != 28 || lost.To != 39 || len(lost.Positions) != 12 || lost.Positions[0].Commit != 29 || lost.Positions[11].Commit != 40 {
			t.Fatalf("%s: %v", name, lost)
		}
		if err := evidence.NewSequencer(cfg).Term(t.Context()); !errors.As(err, &lost) {
			t.Fatalf("%s: it was sequenced: %v", name, err)
		}
	}
	must(t, os.RemoveAll(cfg.Tree)) // then the checkpoints still know
	older := newServer(t)
	older.grow(t, 28)
	cfg.Log = older.adapter(t)
	var lost *evidence.LostError
	if err := evidence.NewSequencer(cfg).Term(t.Context()); !errors.As(err, &lost) || lost.From != 28 || lost.To != 39 {
		t.Fatal(err)
	}
}

func TestATreeWithoutItsCheckpointsIsNotSigned(t *testing.T) {
	srv, data := newServer(t), t.TempDir()
	cfg := config(t, srv.adapter(t), data)
	until(t, cfg, srv.grow(t, 4))
	must(t, os.RemoveAll(cfg.Checkpoints))
	if err := evidence.NewSequencer(cfg).Term(t.Context()); !errors.Is(err, eventstore.ErrCorrupt) || !errors.Is(err, evidence.ErrNoCheckpoint) {
		t.Fatal(err)
	}
}

// endless is a log whose end the reader has not reached yet.
type endless struct{ evidence.Followed }

func (l endless) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for m, err := range l.Followed.Subscribe(ctx, after, filter) {
			if m.CaughtUp {
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// The first start on a long log may be ended while it still reads.
func TestATreeThatNothingWasSignedOfYetGoesOn(t *testing.T) {
	srv, data := newServer(t), t.TempDir()
	want := srv.grow(t, 40)
	cfg := config(t, endless{srv.adapter(t)}, data)
	s := evidence.NewSequencer(cfg)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Term(ctx) }()
	eventually(t, func() bool { return s.Head() == want })
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := keeper(t, cfg).Latest(); !errors.Is(err, evidence.ErrNoCheckpoint) {
		t.Fatal(err)
	}
	cfg.Log = srv.adapter(t)
	until(t, cfg, want)
}

// tampered shows a log as somebody with access to the server may have left it.
type tampered struct {
	evidence.Followed
	alter func(*eventstore.Record) []*eventstore.Record
}

func (l tampered) ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for r, err := range l.Followed.ReadAll(ctx, after, limit) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, shown := range l.alter(r) {
				if !yield(shown, nil) {
					return
				}
			}
		}
	}
}

func TestARemovedAChangedAndAnInsertedEventAreNamed(t *testing.T) {
	srv, data := newServer(t), t.TempDir()
	log := srv.adapter(t)
	cfg := config(t, log, data)
	until(t, cfg, srv.grow(t, 50))
	k := keeper(t, cfg)
	for name, c := range map[string]struct {
		alter func(*eventstore.Record) []*eventstore.Record
		want  []string
	}{
		"scavenged": {func(r *eventstore.Record) []*eventstore.Record {
			if p := r.Position.Commit; p == 8 || p == 9 || p == 50 {
				return nil
			}
			return []*eventstore.Record{r}
		}, []string{"3 events differ", "missing: index 7,", "missing: index 8,", "missing: index 49,"}},
		"redacted": {func(r *eventstore.Record) []*eventstore.Record {
			if r.Position.Commit == 20 {
				clean := *r
				clean.Data = []byte(`{}`)
				r = &clean
			}
			return []*eventstore.Record{r}
		}, []string{"1 events differ", "changed: index 19,", "t.v1 in stream s-14"}},
		"inserted": {func(r *eventstore.Record) []*eventstore.Record {
			if r.Position.Commit != 30 {
				return []*eventstore.Record{r}
			}
			more := *r
			more.Position.Commit, more.Position.Prepare, more.Stream = 29, 29+1, "forged"
			return []*eventstore.Record{&more, r}
		}, []string{"1 events differ", "inserted: index 29,", "in stream forged"}},
	} {
		_, err := evidence.CheckServer(t.Context(), k, tampered{log, c.alter}, cfg.Tree, nil)
		var d *evidence.DifferenceError
		if !errors.As(err, &d) || !errors.Is(err, eventstore.ErrCorrupt) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v lacks %q", name, err, want)
			}
		}
		// Without the tree the checkpoints still tell that something is wrong.
		if _, err := evidence.CheckServer(t.Context(), k, tampered{log, c.alter}, filepath.Join(data, "none"), nil); !errors.Is(err, eventstore.ErrCorrupt) {
			t.Errorf("%s: without a tree: %v", name, err)
		}
	}
}

// leaves are invented.
func leaves(from, n int) []evidence.TreeLeaf {
	out := make([]evidence.TreeLeaf, n)
	for i := range out {
		at := uint64(from + i + 1)
		out[i] = evidence.TreeLeaf{Position: eventstore.Position{Commit: at, Prepare: at}, Hash: tlog.RecordHash(fmt.Append(nil, at))}
	}
	return out
}

func TestATornTreeEndsWithItsLastWholeLeaf(t *testing.T) {
	dir := t.TempDir()
	tree, err := evidence.TakeTree(t.Context(), dir)
	must(t, err)
	must(t, tree.Append(t.Context(), leaves(0, 9), nil))
	file := filepath.Join(dir, "hashes")
	before, err := os.Stat(file)
	must(t, err)
	must(t, tree.Append(t.Context(), leaves(9, 4), nil))
	want, _ := tree.Tree()
	must(t, tree.Close())
	whole, err := os.ReadFile(file)
	must(t, err)
	for cut := int(before.Size()); cut < len(whole); cut++ {
		must(t, os.WriteFile(file, whole[:cut], 0o600))
		torn, err := evidence.TakeTree(t.Context(), dir)
		must(t, err)
		if n := torn.Size(); n < 9 || n > 12 {
			t.Fatalf("cut at %d of %d bytes: %d leaves", cut, len(whole), n)
		}
		must(t, torn.Append(t.Context(), leaves(int(torn.Size()), 13-int(torn.Size())), nil))
		if got, _ := torn.Tree(); got != want {
			t.Fatalf("cut at %d: %v, want %v", cut, got, want)
		}
		must(t, torn.Close())
	}
	// A hole in the last batch, as a power cut may leave it.
	holed := append([]byte(nil), whole...)
	copy(holed[before.Size()+10:], make([]byte, 20))
	must(t, os.WriteFile(file, holed, 0o600))
	torn, err := evidence.TakeTree(t.Context(), dir)
	must(t, err)
	if torn.Size() != 9 {
		t.Fatal(torn.Size())
	}
	must(t, torn.Close())
}

func TestAWriterThatWasOvertakenWritesNothing(t *testing.T) {
	dir := t.TempDir()
	old, err := evidence.TakeTree(t.Context(), dir)
	must(t, err)
	defer old.Close()
	must(t, old.Append(t.Context(), leaves(0, 3), nil))
	for i := range 20 {
		next, err := evidence.TakeTree(t.Context(), dir)
		must(t, err)
		if err := old.Append(t.Context(), leaves(100, 2), nil); !errors.Is(err, evidence.ErrFenced) {
			t.Fatalf("round %d: %v", i, err)
		}
		if err := old.Exclusive(t.Context(), func() error { t.Fatal("it ran"); return nil }); !errors.Is(err, evidence.ErrFenced) {
			t.Fatalf("round %d: %v", i, err)
		}
		must(t, next.Append(t.Context(), leaves(3+i, 1), nil))
		must(t, old.Close())
		old = next
	}
	if old.Size() != 23 {
		t.Fatal(old.Size())
	}
}

// sequencerOf names, to a process of this test, the data directory and the server.
const sequencerOf = "ALTA_TEST_SEQUENCER_OF"

// TestASequencerInAProcessOfItsOwn is that process; alone it does nothing.
func TestASequencerInAProcessOfItsOwn(t *testing.T) {
	data, connection, ok := strings.Cut(os.Getenv(sequencerOf), "|")
	if !ok {
		return
	}
	log, err := esdb.Open(connection, esdb.Options{})
	must(t, err)
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
	defer stop()
	fmt.Println("ended:", evidence.NewSequencer(config(t, log, data)).Term(ctx))
}

func TestASequencerThatWasStoppedAndGoesOnNeverForksTheTree(t *testing.T) {
	srv, data := newServer(t), t.TempDir()
	cfg := config(t, srv.adapter(t), data)
	k := keeper(t, cfg)
	signed := func(n int64) func() bool {
		return func() bool { c, err := k.Latest(); return err == nil && c.Tree.N >= n }
	}
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		stale := exec.Command(os.Args[0], "-test.run=^TestASequencerInAProcessOfItsOwn$", "-test.v")
		stale.Env = append(os.Environ(), sequencerOf+"="+data+"|"+srv.connection)
		var said strings.Builder
		stale.Stdout, stale.Stderr = &said, &said
		must(t, stale.Start())
		t.Cleanup(func() { _ = stale.Process.Kill() })
		eventually(t, signed(srv.grow(t, 600).N)) // enough to be signed at once
		must(t, stale.Process.Signal(syscall.SIGSTOP))

		// The lease runs out and another one takes over, while events go on.
		next := evidence.NewSequencer(cfg)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		want := srv.grow(t, 300)
		go func() { done <- next.Term(ctx) }()
		eventually(t, func() bool {
			select {
			case err := <-done:
				if !errors.Is(err, evidence.ErrFenced) {
					t.Fatalf("the successor ended: %v", err)
				}
				// The other was stopped in the middle of a change, which it must be
				// let finish.
				must(t, stale.Process.Signal(syscall.SIGCONT))
				go func() { done <- next.Term(ctx) }()
			default:
			}
			return next.Head() == want
		})
		must(t, stale.Process.Signal(syscall.SIGCONT))
		want = srv.grow(t, 600)
		eventually(t, signed(want.N))
		_ = stale.Wait()
		if !strings.Contains(said.String(), evidence.ErrFenced.Error()) {
			t.Fatalf("the stale process was not fenced off:\n%s", said.String())
		}
		stop()
		<-done
	}
	// Every checkpoint that either of them signed is of one and the same tree.
	rep, err := evidence.CheckServer(t.Context(), k, cfg.Log, cfg.Tree, nil)
	must(t, err)
	t.Logf("%d checkpoints of one tree of %d events", rep.Checkpoints, rep.Tree.N)
}
