package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestWhatWasShreddedNeverComesBack(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	v := open(t, Config{Dir: dir})
	sealed := seal1(t, v, "merchant-1", "x")
	kept := seal1(t, v, "merchant-2", "y")
	blob := put(t, v, "merchant-1", []byte("picture"))
	backup := filepath.Join(t.TempDir(), "backup")
	copyTree(t, dir, backup)

	if err := v.Shred(ctx, "merchant-1"); err != nil {
		t.Fatal(err)
	}
	if err := v.Shred(ctx, "merchant-1"); err != nil {
		t.Errorf("twice: %v", err)
	}
	check := func(when string, v *Vault) {
		t.Helper()
		_, err := v.Open(ctx, "merchant-1", event, "name", sealed)
		wants(t, when+": open", err, ErrErased)
		_, err = v.Seal(ctx, "merchant-1", event, "name", "x")
		wants(t, when+": seal", err, ErrErased)
		_, err = readAll(t, v, "merchant-1", blob.ID)
		wants(t, when+": read a document", err, ErrErased)
		_, err = v.Blobs().Put(ctx, "merchant-1", strings.NewReader("x"), 10)
		wants(t, when+": store a document", err, ErrErased)
		if gone, err := v.Erased(ctx, "merchant-1"); !gone || err != nil {
			t.Errorf("%s: erased is %v, %v", when, gone, err)
		}
		if clear, err := v.Open(ctx, "merchant-2", event, "name", kept); err != nil || clear != "y" {
			t.Errorf("%s: somebody else: %q, %v", when, clear, err)
		}
	}
	check("at once", v)
	check("after a restart", open(t, Config{Dir: dir}))

	// A backup from before comes back over the data; the fences stay.
	copyTreeOver(t, filepath.Join(backup, "keys"), filepath.Join(dir, "keys"))
	copyTreeOver(t, filepath.Join(backup, "objects"), filepath.Join(dir, "objects"))
	check("running on under a restored backup", v)
	check("after the restore", open(t, Config{Dir: dir}))
	name := nameOf("merchant-1")
	for _, f := range files(t, dir) {
		if strings.Contains(f, name) {
			t.Errorf("%s is there again", f)
		}
	}

	// The backup is opened elsewhere: its fences are joined with ours.
	marks, err := v.Fences(ctx)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := open(t, Config{Dir: backup})
	if _, err := elsewhere.Open(ctx, "merchant-1", event, "name", sealed); err != nil {
		t.Fatalf("without the fences a backup opens: %v", err)
	}
	if err := elsewhere.Impose(ctx, marks); err != nil {
		t.Fatal(err)
	}
	check("a backup with the fences imposed", elsewhere)
}

func copyTreeOver(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	copyTree(t, from, to)
}

func TestADestroyedKeyIsGoneFromTheMedium(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	v := open(t, Config{Dir: dir})
	seal1(t, v, "merchant-1", "x")
	path, err := v.keys.(*LocalKeys).path(nameOf("merchant-1"))
	if err != nil {
		t.Fatal(err)
	}
	// A second name for the same bytes shows what became of them.
	witness := filepath.Join(t.TempDir(), "witness")
	if err := os.Link(path, witness); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Rewrap(ctx); err != nil {
		t.Fatal(err)
	}
	zero(t, "the old wrapping after a rewrap", witness)
	if err := os.Remove(witness); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, witness); err != nil {
		t.Fatal(err)
	}
	if err := v.Shred(ctx, "merchant-1"); err != nil {
		t.Fatal(err)
	}
	zero(t, "the key after shredding", witness)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is there: %v", err)
	}
}

func zero(t *testing.T, what, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) == 0 || strings.Trim(string(b), "\x00") != "" {
		t.Errorf("%s: %d bytes that are not all zero", what, len(b))
	}
}

// Each race lets an erasure meet, at the same moment, an append that seals, an
// upload, a rewrap, a backup that brings the key back, and a node that starts.
func TestNoRaceBringsAnErasedKeyBack(t *testing.T) {
	ctx := context.Background()
	var dir string
	var v *Vault
	var keys *LocalKeys
	back := 0
	for i := range *races {
		if i%50 == 0 { // a start applies every fence, so a new vault keeps races fast
			dir = t.TempDir()
			v = open(t, Config{Dir: dir})
			keys = v.keys.(*LocalKeys)
		}
		subject := fmt.Sprintf("merchant-%d", i)
		name := nameOf(subject)
		var sealed string
		var record []byte
		if i%2 == 0 { // half of them have a key already
			sealed = seal1(t, v, subject, "x")
			var err error
			if record, err = keys.Get(ctx, name); err != nil {
				t.Fatal(err)
			}
		}
		other := open(t, Config{Dir: dir, KMS: v.kms, Keys: keys, Objects: v.blobs.objects})
		var wg sync.WaitGroup
		start := make(chan struct{})
		run := func(f func() error) {
			wg.Go(func() {
				<-start
				if err := f(); err != nil && !errors.Is(err, ErrErased) {
					t.Errorf("race %d: %v", i, err)
				}
			})
		}
		run(func() error { return v.Shred(ctx, subject) })
		run(func() error { _, err := v.Seal(ctx, subject, event, "name", "x"); return err })
		run(func() error { _, err := other.Seal(ctx, subject, event, "name", "x"); return err })
		switch i % 4 {
		case 0:
			run(func() error { _, err := keys.PutIfAbsent(ctx, name, record); return err })
		case 1:
			run(func() error { _, err := other.Blobs().Put(ctx, subject, strings.NewReader("x"), 9); return err })
		case 2:
			run(func() error { _, err := keys.Replace(ctx, name, record, record); return err })
		}
		close(start)
		wg.Wait()
		// A restored backup can put the key's file back after the erasure; what
		// counts is that nobody can use it, and that the next start removes it.
		for _, node := range []*Vault{v, other, open(t, Config{Dir: dir, KMS: v.kms, Keys: keys, Objects: v.blobs.objects})} {
			if _, err := node.Open(ctx, subject, event, "name", sealed); !errors.Is(err, ErrErased) {
				back++
				t.Errorf("race %d: open: %v", i, err)
			}
			if _, err := node.Seal(ctx, subject, event, "name", "x"); !errors.Is(err, ErrErased) {
				back++
				t.Errorf("race %d: seal: %v", i, err)
			}
		}
		if _, err := keys.Get(ctx, name); !errors.Is(err, ErrNotFound) {
			back++
			t.Errorf("race %d: the key is on the medium: %v", i, err)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d races, %d resurrected keys", *races, back)
}

func TestAFenceFileWithADamagedLineStopsTheVault(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	v := open(t, Config{Dir: dir})
	for _, s := range []string{"a", "b"} {
		seal1(t, v, s, "x")
		if err := v.Shred(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "fences")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 20, 75, 100, len(good) - 3} {
		bad := []byte(string(good))
		bad[i] ^= 2
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d: %v", i, err)
		}
	}
	// A fence torn by a crash was never acknowledged: it is written over.
	if err := os.WriteFile(path, append(good, "subject-12"...), 0o600); err != nil {
		t.Fatal(err)
	}
	v = open(t, Config{Dir: dir})
	if err := v.Shred(ctx, "c"); err != nil {
		t.Fatal(err)
	}
	if marks, err := open(t, Config{Dir: dir}).Fences(ctx); err != nil || len(marks) != 3 {
		t.Errorf("%d fences, %v", len(marks), err)
	}
	// A file that loses fences under a running system is not believed.
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	_, err = v.Seal(ctx, "d", event, "name", "x")
	wants(t, "a shorter file", err, ErrDamaged)
}

func TestOnlyRealFencesAreImposed(t *testing.T) {
	v, ctx := open(t, Config{Dir: t.TempDir()}), context.Background()
	for _, mark := range []string{"", "subject-", "subject-../../kek.json", "blob-x-y", "subject-" + strings.Repeat("A", 64)} {
		wants(t, mark, v.Impose(ctx, []string{mark}), ErrInvalid)
	}
	for _, id := range []string{"../../x", "x", strings.Repeat("g", 32)} {
		wants(t, id, v.Blobs().Destroy(ctx, "merchant-1", id), ErrInvalid)
	}
	if marks, err := v.Fences(ctx); err != nil || len(marks) > 0 {
		t.Errorf("%v, %v", marks, err)
	}
}

func TestAKeyIsNotReadWhileItIsOverwritten(t *testing.T) {
	keys, err := OpenLocalKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	name := nameOf("merchant-1")
	if _, err := keys.PutIfAbsent(t.Context(), name, []byte("wrapped")); err != nil {
		t.Fatal(err)
	}
	path, err := keys.path(name)
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := keys.lock(path, syscall.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, 7), 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	go func() { _, err := keys.Get(context.Background(), name); read <- err }()
	select {
	case err := <-read:
		t.Fatalf("half of a key is read: %v", err)
	case <-time.After(50 * time.Millisecond): // whoever did not wait would have read it by now
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	unlock()
	if err := <-read; !errors.Is(err, ErrNotFound) {
		t.Errorf("a destroyed key: %v", err)
	}
}

// wiping is a key store in which a key is always met while it is overwritten, and
// where fence says what was written before that.
type wiping struct {
	KeyStore
	fence func(name string)
}

func (w wiping) Get(ctx context.Context, name string) ([]byte, error) {
	held, err := w.KeyStore.Get(ctx, name)
	if err == nil && name != indexName {
		w.fence(name)
		clear(held)
	}
	return held, err
}

func TestAKeyThatIsMetWhileItIsOverwrittenReadsAsErased(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	v := open(t, Config{Dir: dir})
	sealed := seal1(t, v, "merchant-1", "x")
	erase := true
	keys := wiping{v.keys, func(name string) {
		if erase {
			if err := v.fences.Add(ctx, fenceOf(name)); err != nil {
				t.Fatal(err)
			}
		}
	}}
	other := open(t, Config{Dir: dir, KMS: v.kms, Keys: keys})
	if _, err := other.Open(ctx, "merchant-1", event, "name", sealed); !errors.Is(err, ErrErased) {
		t.Errorf("a key that is being destroyed: %v", err)
	}
	erase, sealed = false, seal1(t, v, "merchant-2", "x")
	if _, err := other.Open(ctx, "merchant-2", event, "name", sealed); !errors.Is(err, ErrDamaged) {
		t.Errorf("a key that is damaged and not fenced: %v", err)
	}
}
