package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"alta/eventstore"
	"alta/vault"
)

func open(t *testing.T, cfg Config) *Store {
	t.Helper()
	s, err := Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openVault(t *testing.T, s *Store, dir string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(vault.Config{Dir: dir, Keys: s.Keys(), Fences: s.Fences(), Objects: s.Objects()})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAStoreThatIgnoresConditionsIsRefused(t *testing.T) {
	b, cfg := startBucket(t)
	b.lax = true
	if _, err := Open(context.Background(), cfg); !errors.Is(err, vault.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestOfManyWritersOfOneKeyOneWins(t *testing.T) {
	_, cfg := startBucket(t)
	keys := open(t, cfg).Keys()
	held := make([]string, 20)
	var wg sync.WaitGroup
	for i := range held {
		wg.Go(func() {
			b, err := keys.PutIfAbsent(context.Background(), "abcdef", fmt.Appendf(nil, "key %d", i))
			if err != nil {
				t.Error(err)
			}
			held[i] = string(b)
		})
	}
	wg.Wait()
	for _, h := range held {
		if h != held[0] {
			t.Fatalf("two keys: %q and %q", h, held[0])
		}
	}
}

func TestADestroyedKeyIsNotReplaced(t *testing.T) {
	_, cfg := startBucket(t)
	keys, ctx := open(t, cfg).Keys(), context.Background()
	if _, err := keys.PutIfAbsent(ctx, "abcdef", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if done, err := keys.Replace(ctx, "abcdef", []byte("one"), []byte("two")); !done || err != nil {
		t.Errorf("replace: %v, %v", done, err)
	}
	if done, err := keys.Replace(ctx, "abcdef", []byte("one"), []byte("three")); done || err != nil {
		t.Errorf("replace with a stale value: %v, %v", done, err)
	}
	if err := keys.Delete(ctx, "abcdef"); err != nil {
		t.Fatal(err)
	}
	if done, err := keys.Replace(ctx, "abcdef", []byte("two"), []byte("three")); done || err != nil {
		t.Errorf("replace after delete: %v, %v", done, err)
	}
	if _, err := keys.Get(ctx, "abcdef"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
}

func TestThePersonIsErasedFromABucketThatKeepsVersions(t *testing.T) {
	b, cfg := startBucket(t)
	b.keepAll = true
	s, ctx := open(t, cfg), context.Background()
	v := openVault(t, s, t.TempDir())
	sealed, err := v.Seal(ctx, "merchant-1", eventstore.ID{1}, "name", "王芳")
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 700_000)
	rand.NewChaCha8([32]byte{}).Read(content)
	blob, err := v.Blobs().Put(ctx, "merchant-1", bytes.NewReader(content), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.Blobs().Get(ctx, "merchant-1", blob.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("read back %d bytes, %v", len(got), err)
	}
	if err := v.Blobs().Scrub(ctx, func(name string) { t.Errorf("damaged: %s", name) }); err != nil {
		t.Fatal(err)
	}
	if n, err := v.Rewrap(ctx); err != nil || n != 2 {
		t.Errorf("rewrapped %d keys, %v", n, err)
	}
	if err := v.Shred(ctx, "merchant-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Open(ctx, "merchant-1", eventstore.ID{1}, "name", sealed); !errors.Is(err, vault.ErrErased) {
		t.Errorf("open: %v", err)
	}
	for name, versions := range b.objects {
		if len(versions) > 0 && strings.Contains(name, "/objects/") {
			t.Errorf("%s still has %d versions", name, len(versions))
		}
	}
	keys := 0
	for name, versions := range b.objects {
		if len(versions) > 0 && strings.Contains(name, "/keys/") {
			keys++
		}
	}
	if keys != 1 {
		t.Errorf("%d keys are left; only the index key should be", keys)
	}
}

func TestTwoNodesShareTheStore(t *testing.T) {
	_, cfg := startBucket(t)
	s, ctx, dir := open(t, cfg), context.Background(), t.TempDir()
	a, b := openVault(t, s, dir), openVault(t, s, dir)
	sealed, err := a.Seal(ctx, "merchant-1", eventstore.ID{1}, "name", "x")
	if err != nil {
		t.Fatal(err)
	}
	if clear, err := b.Open(ctx, "merchant-1", eventstore.ID{1}, "name", sealed); err != nil || clear != "x" {
		t.Errorf("the other node: %q, %v", clear, err)
	}
	if a.Index("mobile", "13800000000") != b.Index("mobile", "13800000000") {
		t.Error("two nodes have two indexes")
	}
	if err := a.Shred(ctx, "merchant-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := openVault(t, s, dir).Seal(ctx, "merchant-1", eventstore.ID{1}, "name", "x"); !errors.Is(err, vault.ErrErased) {
		t.Errorf("a third node: %v", err)
	}
}

func TestAStoreThatIsDownIsUnavailable(t *testing.T) {
	b, cfg := startBucket(t)
	s := open(t, cfg)
	b.mu.Lock()
	b.down = true
	b.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Objects().Get(ctx, "blobs/x"); err == nil || errors.Is(err, vault.ErrNotFound) {
		t.Errorf("got %v; a store that is down must not look empty", err)
	}
}
