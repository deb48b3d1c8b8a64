package evidence

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"alta/eventstore"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func record() *eventstore.Record {
	return &eventstore.Record{
		Proposed: eventstore.Proposed{ID: eventstore.ID{1, 2, 3}, Type: "t.v1", Data: []byte(`{"a":1}`), Meta: []byte(`{}`)},
		Stream:   "s-1", Revision: 7,
		Position: eventstore.Position{Commit: 5, Prepare: 5}, Created: time.Unix(1, 0),
	}
}

// The envelope is a promise to verifiers in other languages: these bytes never change.
func TestTheLeafOfAnEventNeverChanges(t *testing.T) {
	const want = "616c74612e6c6561662e76310a" + "00000003732d31" + "0000000000000007" +
		"01020300000000000000000000000000" + "00000004742e7631" + "000000027b7d" + "000000077b2261223a317d"
	if got := hex.EncodeToString(Leaf(nil, record())); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestTheLeafLeavesOutThePositionAndTheClock(t *testing.T) {
	a, b := record(), record()
	b.Position, b.Created = eventstore.Position{Commit: 99}, time.Unix(99, 0)
	if LeafHash(a) != LeafHash(b) {
		t.Fatal("the hashes differ")
	}
}

func TestEveryPartOfAnEventIsInItsLeaf(t *testing.T) {
	seen := map[tlog.Hash]string{LeafHash(record()): "unchanged"}
	for name, change := range map[string]func(*eventstore.Record){
		"stream":         func(r *eventstore.Record) { r.Stream = "s-2" },
		"revision":       func(r *eventstore.Record) { r.Revision++ },
		"id":             func(r *eventstore.Record) { r.ID[15] = 1 },
		"type":           func(r *eventstore.Record) { r.Type = "t.v2" },
		"metadata":       func(r *eventstore.Record) { r.Meta = []byte(`{"by":1}`) },
		"data":           func(r *eventstore.Record) { r.Data = []byte(`{"a":2}`) },
		"shifted border": func(r *eventstore.Record) { r.Meta, r.Data = []byte(`{}{`), []byte(`"a":1}`) },
	} {
		r := record()
		change(r)
		if other, twice := seen[LeafHash(r)]; twice {
			t.Errorf("%s has the same hash as %s", name, other)
		}
		seen[LeafHash(r)] = name
	}
}

func FuzzParseLeafAcceptsExactlyWhatLeafWrites(f *testing.F) {
	f.Add(Leaf(nil, record()))
	f.Add(Leaf(nil, &eventstore.Record{}))
	f.Add([]byte(leafMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseLeaf(b)
		if err != nil {
			if !errors.Is(err, ErrLeaf) {
				t.Fatal(err)
			}
			return
		}
		if again := Leaf(nil, r); !bytes.Equal(again, b) {
			t.Fatalf("%x was read as %+v, which is %x", b, r, again)
		}
	})
}

func FuzzParseCheckpointAcceptsExactlyWhatTextWrites(f *testing.F) {
	f.Add(Checkpoint{Origin: "o", Tree: emptyTree(), Time: time.Unix(3, 500)}.Text())
	f.Add("o\n-1\nx\ntime \n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpoint(text)
		if err == nil && c.Text() != text {
			t.Fatalf("%q was read as %q", text, c.Text())
		}
	})
}

func TestTheBuilderAgreesWithRFC6962(t *testing.T) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, n := range indexes {
			out[i] = stored[n]
		}
		return out, nil
	})
	var b Builder
	for n := range int64(300) {
		want, err := tlog.TreeHash(n, reader)
		if err != nil || b.Tree() != (tlog.Tree{N: n, Hash: want}) {
			t.Fatalf("size %d: got %v, want %v, %v", n, b.Tree(), want, err)
		}
		leaf := tlog.RecordHash([]byte{byte(n), byte(n >> 8)})
		more, err := tlog.StoredHashesForRecordHash(n, leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		b.Add(leaf)
	}
}

func testKey(t *testing.T) (*Key, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log.key")
	k, err := LoadKey(file)
	if err != nil {
		t.Fatal(err)
	}
	return k, file
}

func TestTheSigningKeyIsMadeOnceAndIsItsOwnersAlone(t *testing.T) {
	k, file := testKey(t)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	again, err := LoadKey(file)
	if err != nil || again.Public != k.Public {
		t.Fatal(again, err)
	}
	if p, err := PublicKey(file + ".pub"); err != nil || p.Public != k.Public {
		t.Fatal(p, err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatalf("a key that others can read was accepted: %v", err)
	}
}

func TestACheckpointOfAnotherKeyOrWithAnotherTextIsRefused(t *testing.T) {
	k, _ := testKey(t)
	other, _ := testKey(t)
	c := Checkpoint{Origin: k.Signer.Name(), Tree: emptyTree(), Time: time.Unix(5, 0)}
	msg, err := c.Sign(k.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OpenCheckpoint(msg, k.Verifier); err != nil || got.Tree != c.Tree || !got.Time.Equal(c.Time) {
		t.Fatal(got, err)
	}
	foreign := c
	foreign.Origin = "another-log"
	misnamed, err := note.Sign(&note.Note{Text: foreign.Text()}, k.Signer)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"edited":       bytes.Replace(msg, []byte("\n0\n"), []byte("\n1\n"), 1),
		"another log":  misnamed,
		"no signature": []byte(c.Text()),
	} {
		if _, err := OpenCheckpoint(bad, k.Verifier); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenCheckpoint(msg, other.Verifier); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("another key: %v", err)
	}
}

func head(n int64) tlog.Tree {
	return tlog.Tree{N: n, Hash: tlog.RecordHash([]byte{byte(n), byte(n >> 8)})}
}

func TestACheckpointIsSignedAfterTenSecondsOr256Events(t *testing.T) {
	key, _ := testKey(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		k, err := OpenKeeper(dir, key, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		signed := func(want int64) {
			t.Helper()
			synctest.Wait()
			if _, s, err := k.State(); s.N != want || err != nil {
				t.Fatalf("signed %d, want %d: %v", s.N, want, err)
			}
		}
		if err := k.Begin(emptyTree()); err != nil {
			t.Fatal(err)
		}
		signed(0)
		must(t, k.Durable(head(3)))
		time.Sleep(Interval - time.Millisecond)
		signed(0)
		time.Sleep(2 * time.Millisecond)
		signed(3)
		time.Sleep(Pause)
		must(t, k.Durable(head(3+Growth)))
		signed(3 + Growth)
		must(t, k.Durable(head(4+2*Growth)))
		signed(3 + Growth)
		time.Sleep(Pause)
		signed(4 + 2*Growth)
		must(t, k.Durable(head(5+2*Growth)))
		must(t, k.Close())
		signed(5 + 2*Growth)
	})
	k, err := OpenKeeper(dir, key, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	all, err := k.History()
	if err != nil || len(all) != 5 {
		t.Fatal(len(all), err)
	}
}

func TestBetweenCheckpointsTheMarkIsKnown(t *testing.T) {
	key, _ := testKey(t)
	dir := t.TempDir()
	k, err := OpenKeeper(dir, key, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Known(); !errors.Is(err, ErrNoCheckpoint) {
		t.Fatal(err)
	}
	must(t, k.Begin(emptyTree()))
	must(t, k.Durable(head(2)))
	known, err := k.Known() // as a start after a crash would
	if err != nil || len(known) != 2 || known[0].N != 0 || known[1] != head(2) {
		t.Fatal(known, err)
	}
	file := filepath.Join(dir, markFile)
	b, err := os.ReadFile(file)
	must(t, err)
	b[20] ^= 1
	must(t, os.WriteFile(file, b, 0o600))
	if known, err = k.Known(); err != nil || len(known) != 1 {
		t.Fatal("a damaged mark is no witness", known, err)
	}
	must(t, k.Close())
}

// A backup asks for a checkpoint while the keeper may be writing one by itself.
func TestCheckpointsThatAreAskedForAtOnceAreMadeOneAfterTheOther(t *testing.T) {
	key, _ := testKey(t)
	k, err := OpenKeeper(t.TempDir(), key, nil, nil)
	must(t, err)
	must(t, k.Begin(head(1)))
	for n := range int64(100) {
		must(t, k.Durable(head(n+2)))
		var asked sync.WaitGroup
		for range 4 {
			asked.Go(func() {
				if err := k.Checkpoint(); err != nil {
					t.Errorf("at %d events: %v", n+2, err)
				}
			})
		}
		asked.Wait()
		if c, err := k.Latest(); err != nil || c.Tree.N != n+2 {
			t.Errorf("the newest covers %d events of %d: %v", c.Tree.N, n+2, err)
		}
	}
	must(t, k.Close())
}

func TestASmallerOrOtherTreeIsNeverSigned(t *testing.T) {
	key, _ := testKey(t)
	k, err := OpenKeeper(t.TempDir(), key, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	must(t, k.Begin(head(9)))
	for _, bad := range []tlog.Tree{head(8), {N: 9, Hash: tlog.Hash{1}}} {
		must(t, k.Durable(bad))
		if err := k.Checkpoint(); !errors.Is(err, eventstore.ErrCorrupt) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	must(t, k.Durable(head(9)))
	must(t, k.Close())
}

func TestAnUnfinishedLineOfTheHistoryIsLeftOut(t *testing.T) {
	key, _ := testKey(t)
	dir := t.TempDir()
	k, err := OpenKeeper(dir, key, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	must(t, k.Begin(head(1)))
	f, err := os.OpenFile(filepath.Join(dir, historyFile), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString("\n\"alta-log")
	must(t, errors.Join(err, f.Close()))
	must(t, k.Durable(head(2)))
	must(t, k.Checkpoint())
	all, err := k.History()
	if err != nil || len(all) != 2 || all[1].Tree != head(2) {
		t.Fatal(all, err)
	}
	must(t, k.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestATreeThatCannotBeReadIsNotSaidToBeNone(t *testing.T) {
	name := filepath.Join(t.TempDir(), hashesFile)
	if err := os.WriteFile(name, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	for flag, corrupt := range map[int]bool{os.O_RDONLY: true, os.O_WRONLY: false} {
		f, err := os.OpenFile(name, flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := (&TreeFile{file: f}).load(); err == nil || errors.Is(err, eventstore.ErrCorrupt) != corrupt {
			t.Errorf("opened with %d: %v", flag, err)
		}
	}
}
