package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

func TestADocumentComesBackAsItWas(t *testing.T) {
	v, ctx := open(t, Config{Dir: t.TempDir()}), context.Background()
	for _, n := range []int{0, 1, ChunkSize - 1, ChunkSize, ChunkSize + 1, 3 * ChunkSize, 3*ChunkSize + 7} {
		content := random(n)
		blob, err := v.Blobs().Put(ctx, "merchant-1", iotest.HalfReader(bytes.NewReader(content)), int64(n))
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		sum := sha256.Sum256(content)
		if blob.Size != int64(n) || blob.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%d bytes: %+v", n, blob)
		}
		if got, err := readAll(t, v, "merchant-1", blob.ID); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: %d came back, %v", n, len(got), err)
		}
		if stat, err := v.Blobs().Stat(ctx, "merchant-1", blob.ID); err != nil || stat != blob {
			t.Errorf("%d bytes: stat %+v, %v", n, stat, err)
		}
		seal1(t, v, "merchant-2", "x")
		if _, err := readAll(t, v, "merchant-2", blob.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else reads it: %v", err)
		}
	}
}

func TestADocumentOverTheLimitLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	v := open(t, Config{Dir: dir})
	for _, limit := range []int64{0, 99_999, ChunkSize, 2*ChunkSize - 1} {
		_, err := v.Blobs().Put(context.Background(), "merchant-1", bytes.NewReader(random(2*ChunkSize)), limit)
		wants(t, "over the limit", err, ErrTooLarge)
	}
	broken := io.MultiReader(bytes.NewReader(random(ChunkSize+5)), iotest.ErrReader(errors.New("connection lost")))
	if _, err := v.Blobs().Put(context.Background(), "merchant-1", broken, 1<<20); err == nil {
		t.Error("half a document was stored")
	}
	if f := files(t, filepath.Join(dir, "objects")); len(f) > 0 {
		t.Errorf("left: %v", f)
	}
}

func TestNoWrongByteOfADamagedDocumentIsServed(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	v := open(t, Config{Dir: dir})
	content := random(2*ChunkSize + 1000)
	blob := put(t, v, "merchant-1", content)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range files(t, filepath.Join(dir, "objects")) {
		good, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		damages := [][]byte{nil, good[:len(good)-1], append(bytes.Clone(good), 0), make([]byte, len(good))}
		for range 40 {
			bad := bytes.Clone(good)
			bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
			damages = append(damages, bad)
		}
		for i, bad := range damages {
			if err := os.WriteFile(f, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readAll(t, v, "merchant-1", blob.ID)
			wants(t, "damage", err, ErrDamaged)
			if !bytes.HasPrefix(content, got) {
				t.Fatalf("damage %d: wrong bytes were served", i)
			}
			leaf := filepath.Base(f)
			if err != nil && !strings.Contains(err.Error(), leaf) {
				t.Errorf("the error does not name %s: %v", leaf, err)
			}
			found := false
			if err := v.Blobs().Scrub(ctx, func(name string) { found = found || strings.HasSuffix(name, leaf) }); err != nil || !found {
				t.Fatalf("damage %d: the scrub missed it, %v", i, err)
			}
		}
		if err := os.WriteFile(f, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := readAll(t, v, "merchant-1", blob.ID); err != nil || !bytes.Equal(got, content) {
		t.Errorf("restored: %v", err)
	}
}

func TestChunksCannotBeExchanged(t *testing.T) {
	dir := t.TempDir()
	v := open(t, Config{Dir: dir})
	blob := put(t, v, "merchant-1", random(3*ChunkSize))
	m, _, err := v.Blobs().open(context.Background(), "merchant-1", blob.ID)
	if err != nil {
		t.Fatal(err)
	}
	path := func(i int) string {
		return filepath.Join(dir, "objects", filepath.FromSlash(chunkName(nameOf("merchant-1"), blob.ID, m.Chunks[i])))
	}
	first, _ := os.ReadFile(path(0))
	if err := os.WriteFile(path(1), first, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, v, "merchant-1", blob.ID)
	wants(t, "the first chunk in the second's place", err, ErrDamaged)
	if len(got) != ChunkSize {
		t.Errorf("%d bytes were served", len(got))
	}
}

func TestADestroyedDocumentIsGoneWhileItsOwnerStays(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	v := open(t, Config{Dir: dir})
	a, b := put(t, v, "merchant-1", []byte("with CVN")), put(t, v, "merchant-1", []byte("redacted"))
	backup := filepath.Join(t.TempDir(), "objects")
	copyTree(t, filepath.Join(dir, "objects"), backup)
	manifest := filepath.Join(dir, "objects", filepath.FromSlash(manifestName(nameOf("merchant-1"), a.ID)))
	witness := filepath.Join(t.TempDir(), "witness")
	if err := os.Link(manifest, witness); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := v.Blobs().Destroy(ctx, "merchant-1", a.ID); err != nil {
			t.Fatal(err)
		}
	}
	zero(t, "the manifest with the key", witness)
	_, err := readAll(t, v, "merchant-1", a.ID)
	wants(t, "destroyed", err, ErrErased)
	copyTreeOver(t, backup, filepath.Join(dir, "objects"))
	v = open(t, Config{Dir: dir})
	_, err = readAll(t, v, "merchant-1", a.ID)
	wants(t, "destroyed, and a backup restored", err, ErrErased)
	if _, err := os.Stat(manifest); !os.IsNotExist(err) {
		t.Error("the restored manifest was not removed")
	}
	if got, err := readAll(t, v, "merchant-1", b.ID); err != nil || string(got) != "redacted" {
		t.Errorf("the other document: %q, %v", got, err)
	}
}

func TestADocumentThatIsDestroyedWhileItIsReadIsErasedAndNotDamaged(t *testing.T) {
	ctx := context.Background()
	v := open(t, Config{Dir: t.TempDir()})
	blob := put(t, v, "merchant-1", random(3*ChunkSize))
	r, err := v.Blobs().Get(ctx, "merchant-1", blob.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, ChunkSize)); err != nil {
		t.Fatal(err)
	}
	if err := v.Blobs().Destroy(ctx, "merchant-1", blob.ID); err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(r)
	wants(t, "the rest of a destroyed document", err, ErrErased)
}

// A crash is put after every single write of an upload: there is no document,
// and the sweep removes what is left once it is old.
func TestACrashAtAnyPointOfAnUploadLeavesNoDocument(t *testing.T) {
	dir, ctx, c := t.TempDir(), context.Background(), newClock()
	c.ns.Store(time.Now().UnixNano())
	objects, err := OpenLocalObjects(filepath.Join(dir, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	b := &brittle{Objects: objects}
	content := random(20*ChunkSize + 1)
	v := open(t, Config{Dir: dir, Objects: b, Clock: c.now})
	for point := range int64(22) { // 21 chunks and the manifest
		b.after.Store(point)
		if _, err := v.Blobs().Put(ctx, "merchant-1", bytes.NewReader(content), 64<<20); !errors.Is(err, errCrash) {
			t.Fatalf("point %d: %v", point, err)
		}
	}
	b.after.Store(-1)
	for _, f := range files(t, dir) {
		if strings.HasSuffix(f, manifestLeaf) {
			t.Errorf("a manifest: %s", f)
		}
	}
	whole := put(t, v, "merchant-1", content)
	if n, err := v.Blobs().Sweep(ctx, 0); n != 0 || err != nil {
		t.Errorf("what is young was swept: %d, %v", n, err)
	}
	c.advance(25 * time.Hour)
	if n, err := v.Blobs().Sweep(ctx, 0); n != 21*22/2 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if got, err := readAll(t, v, "merchant-1", whole.ID); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the whole document: %v", err)
	}
	if f := files(t, filepath.Join(dir, "objects")); len(f) != 22 {
		t.Errorf("%d objects are left", len(f))
	}
}

// uploadForEver stores documents and says so on its output, until it is killed.
func uploadForEver(dir string) {
	v, err := Open(Config{Dir: dir})
	if err != nil {
		os.Exit(3)
	}
	content := random(5*ChunkSize + 17)
	for range 10_000 {
		blob, err := v.Blobs().Put(context.Background(), "merchant-1", bytes.NewReader(content), 64<<20)
		if err != nil {
			os.Exit(4)
		}
		os.Stdout.WriteString(blob.ID + "\n")
	}
}

func TestAKilledUploadLosesNothingThatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	content := random(5*ChunkSize + 17)
	acknowledged := 0
	for round := range 20 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "ALTA_TEST_UPLOAD="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(15+7*round)*time.Millisecond, func() { cmd.Process.Kill() })
		told, _ := io.ReadAll(out)
		cmd.Wait()
		v := open(t, Config{Dir: dir})
		for id := range strings.FieldsSeq(string(told)) {
			if len(id) != 32 {
				continue // the line was cut
			}
			acknowledged++
			if got, err := readAll(t, v, "merchant-1", id); err != nil || !bytes.Equal(got, content) {
				t.Fatalf("round %d: document %s: %v", round, id, err)
			}
		}
	}
	// Every document that has a manifest is whole, told or not.
	v := open(t, Config{Dir: dir})
	if err := v.Blobs().Scrub(context.Background(), func(name string) { t.Errorf("damaged: %s", name) }); err != nil {
		t.Fatal(err)
	}
	t.Logf("20 kills, %d acknowledged documents, all whole", acknowledged)
}
