package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/eventstore"
)

func TestASealedValueOpensOnlyWhereItWasSealed(t *testing.T) {
	v, ctx := open(t, Config{Dir: t.TempDir()}), context.Background()
	sealed := seal1(t, v, "merchant-1", "11010519491231002X")
	seal1(t, v, "merchant-2", "somebody else has a key too")
	for name, c := range map[string]struct {
		subject string
		event   eventstore.ID
		field   string
		want    error
	}{
		"the same place":  {"merchant-1", event, "name", nil},
		"another subject": {"merchant-2", event, "name", ErrDamaged},
		"another event":   {"merchant-1", eventstore.ID{9}, "name", ErrDamaged},
		"another field":   {"merchant-1", event, "number", ErrDamaged},
		"nobody's":        {"merchant-3", event, "name", ErrNoKey},
		"no subject":      {"", event, "name", ErrInvalid},
		"no field":        {"merchant-1", event, "", ErrInvalid},
		"parts moved":     {"merchant-", event, "1name", ErrNoKey},
	} {
		clear, err := v.Open(ctx, c.subject, c.event, c.field, sealed)
		wants(t, name, err, c.want)
		if (err == nil) != (clear == "11010519491231002X") {
			t.Errorf("%s: opened to %q", name, clear)
		}
	}
	raw, _ := base64.StdEncoding.DecodeString(sealed)
	for i := range raw {
		raw[i] ^= 1
		if _, err := v.Open(ctx, "merchant-1", event, "name", base64.StdEncoding.EncodeToString(raw)); !errors.Is(err, ErrDamaged) {
			t.Fatalf("flipped byte %d: %v", i, err)
		}
		raw[i] ^= 1
	}
}

func TestEqualValuesHaveUnequalCiphertextsAndEqualIndexes(t *testing.T) {
	dir := t.TempDir()
	v := open(t, Config{Dir: dir})
	first, second := seal1(t, v, "m", "x"), seal1(t, v, "m", "x")
	if first == second {
		t.Error("two ciphertexts are equal")
	}
	if v.Index("mobile", "13800000000") != open(t, Config{Dir: dir}).Index("mobile", "13800000000") {
		t.Error("the index changed with a restart")
	}
	if v.Index("mobile", "1") == v.Index("phone", "1") || v.Index("a", "bc") == v.Index("ab", "c") {
		t.Error("two kinds share an index")
	}
	if v.Index("mobile", "") != "" {
		t.Error("nothing has an index")
	}
	if v.Index("mobile", "1") == open(t, Config{Dir: t.TempDir()}).Index("mobile", "1") {
		t.Error("two installations share an index")
	}
}

func TestOfManyMakersOnAllNodesOneMakesTheKey(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	nodes := []*Vault{open(t, Config{Dir: dir}), open(t, Config{Dir: dir}), open(t, Config{Dir: dir})}
	sealed := make([]string, 30)
	var wg sync.WaitGroup
	for i := range sealed {
		wg.Go(func() {
			s, err := nodes[i%3].Seal(ctx, "merchant-1", event, "name", "x")
			if err != nil {
				t.Error(err)
			}
			sealed[i] = s
		})
	}
	wg.Wait()
	for _, s := range sealed {
		if _, err := open(t, Config{Dir: dir}).Open(ctx, "merchant-1", event, "name", s); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheKeyIsOnTheMediumBeforeTheFirstCiphertext(t *testing.T) {
	dir := t.TempDir()
	v := open(t, Config{Dir: dir})
	sealed := seal1(t, v, "merchant-1", "x")
	crashed := filepath.Join(t.TempDir(), "copy")
	copyTree(t, dir, crashed)
	clear, err := open(t, Config{Dir: crashed}).Open(context.Background(), "merchant-1", event, "name", sealed)
	if err != nil || clear != "x" {
		t.Errorf("after the crash: %q, %v", clear, err)
	}
}

func TestAKeyServiceThatIsDownNeverMakesAnythingClear(t *testing.T) {
	dir, ctx, c := t.TempDir(), context.Background(), newClock()
	kek, err := OpenFileKEK(filepath.Join(dir, "kek.json"))
	if err != nil {
		t.Fatal(err)
	}
	kms := &brittle{KMS: kek}
	v := open(t, Config{Dir: dir, KMS: kms, Clock: c.now, KeyLife: time.Hour})
	sealed := seal1(t, v, "merchant-1", "x")
	kms.down.Store(true)
	if _, err := v.Seal(ctx, "merchant-2", event, "name", "x"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a new subject: %v", err)
	}
	c.advance(4*time.Minute + 59*time.Second)
	if _, err := v.Open(ctx, "merchant-1", event, "name", sealed); err != nil {
		t.Errorf("a key in memory: %v", err)
	}
	c.advance(time.Second)
	_, err = v.Open(ctx, "merchant-1", event, "name", sealed)
	wants(t, "a key in memory for five minutes, whatever was configured", err, ErrUnavailable)
	if _, err := Open(Config{Dir: dir, KMS: kms}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a start: %v", err)
	}
	kms.down.Store(false)
	seal1(t, v, "merchant-2", "x")
	if _, err := v.Open(ctx, "merchant-1", event, "name", sealed); err != nil {
		t.Errorf("after recovery: %v", err)
	}
}

func TestTheNumberOfKeysInMemoryIsBounded(t *testing.T) {
	v := open(t, Config{Dir: t.TempDir(), KeyCache: 3})
	for _, s := range strings.Split("abcdefgh", "") {
		seal1(t, v, s, "x")
	}
	if n := len(v.cache.entries); n != 3 || v.cache.used.Len() != 3 {
		t.Errorf("%d keys in memory", n)
	}
}

func TestTheKeyFileIsForItsOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	open(t, Config{Dir: dir})
	path := filepath.Join(dir, "kek.json")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = Open(Config{Dir: dir})
	wants(t, "a key file that the group can read", err, ErrInvalid)
}

func TestRotatingTheKeyEncryptionKeyKeepsEveryValueAndKillsOldBackups(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	kek, err := OpenFileKEK(filepath.Join(dir, "kek.json"))
	if err != nil {
		t.Fatal(err)
	}
	v := open(t, Config{Dir: dir, KMS: kek})
	other := open(t, Config{Dir: dir}) // another node, which does not rotate
	sealed := seal1(t, v, "merchant-1", "x")
	blob := put(t, v, "merchant-1", []byte("picture"))
	backup := filepath.Join(t.TempDir(), "keys")
	copyTree(t, filepath.Join(dir, "keys"), backup)

	version, err := kek.Rotate()
	if err != nil || version != 2 {
		t.Fatalf("rotate: %d, %v", version, err)
	}
	if n, err := v.Rewrap(ctx); err != nil || n != 2 {
		t.Fatalf("rewrap: %d, %v", n, err)
	}
	if err := kek.Retire(1); err != nil {
		t.Fatal(err)
	}
	wants(t, "retire the current version", kek.Retire(2), ErrInvalid)
	wants(t, "retire a version that there never was", kek.Retire(99), ErrInvalid)
	for name, v := range map[string]*Vault{"restarted": open(t, Config{Dir: dir}), "other node": other} {
		v.cache.drop(nameOf("merchant-1"))
		if clear, err := v.Open(ctx, "merchant-1", event, "name", sealed); err != nil || clear != "x" {
			t.Errorf("%s: %q, %v", name, clear, err)
		}
		if b, err := readAll(t, v, "merchant-1", blob.ID); err != nil || string(b) != "picture" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "keys")); err != nil {
		t.Fatal(err)
	}
	copyTree(t, backup, filepath.Join(dir, "keys"))
	_, err = Open(Config{Dir: dir})
	wants(t, "keys of a backup from before the rotation", err, ErrUnavailable)
}

func TestALostKeyEncryptionKeyIsNotReplacedByANewOne(t *testing.T) {
	dir := t.TempDir()
	open(t, Config{Dir: dir})
	path := filepath.Join(dir, "kek.json")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Config{Dir: dir})
	wants(t, "without the key file", err, ErrUnavailable)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("a new key was made")
	}
}

func TestOneSlowAnswerOfTheKeyServiceServesAllWhoWait(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	sealed := seal1(t, open(t, Config{Dir: dir}), "merchant-1", "x")
	v := open(t, Config{Dir: dir})
	kms := &slow{KMS: v.kms, entered: make(chan struct{}, 100), leave: make(chan struct{})}
	v.kms = kms
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := v.Open(ctx, "merchant-1", event, "name", sealed); !errors.Is(err, ErrUnavailable) {
				t.Errorf("got %v", err)
			}
		})
	}
	<-kms.entered
	// The callers that are not in the service wait for it; those that come later
	// ask again, once.
	close(kms.leave)
	wg.Wait()
	if n := 1 + len(kms.entered); n > 20 {
		t.Errorf("the service was asked %d times", n)
	}
}

// slow is a key service that answers only when it is told to, and then fails.
type slow struct {
	KMS
	entered, leave chan struct{}
}

func (s *slow) Unwrap(context.Context, []byte, []byte) ([]byte, error) {
	s.entered <- struct{}{}
	<-s.leave
	return nil, ErrUnavailable
}

func TestADamagedKeyIsSaidToBeDamaged(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	v := open(t, Config{Dir: dir})
	sealed := seal1(t, v, "merchant-1", "x")
	path, err := v.keys.(*LocalKeys).path(nameOf("merchant-1"))
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := []byte(string(good))
		bad[i] ^= 4
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		v.cache.drop(nameOf("merchant-1"))
		if _, err := v.Open(ctx, "merchant-1", event, "name", sealed); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := v.Seal(ctx, "merchant-1", event, "name", "x"); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: a damaged key must not be replaced: %v", i, err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	v := open(b, Config{Dir: b.TempDir()})
	for b.Loop() {
		seal1(b, v, "merchant-1", "11010519491231002X")
	}
}

func BenchmarkOpen(b *testing.B) {
	v := open(b, Config{Dir: b.TempDir()})
	sealed := seal1(b, v, "merchant-1", "11010519491231002X")
	for b.Loop() {
		if _, err := v.Open(context.Background(), "merchant-1", event, "name", sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAVersionThatAnotherProcessMadeWrapsTheNextKey(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	a := open(t, Config{Dir: dir})
	b := open(t, Config{Dir: dir})
	before := seal1(t, a, "merchant-1", "x")
	if _, err := b.KeyFile().Rotate(); err != nil {
		t.Fatal(err)
	}
	wants(t, "retire what wraps keys", b.Retire(ctx, 1), ErrInUse)
	if n, err := b.Rewrap(ctx); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	after := seal1(t, a, "merchant-2", "y") // a has not heard of the rotation
	if count, err := a.Wrappings(ctx); err != nil || len(count) != 1 || count["file:v2"] != 3 {
		t.Fatal(count, err)
	}
	if err := b.Retire(ctx, 1); err != nil {
		t.Fatal(err)
	}
	wants(t, "retire the current one", b.Retire(ctx, 2), ErrInUse)
	fresh := open(t, Config{Dir: dir})
	for subject, sealed := range map[string]string{"merchant-1": before, "merchant-2": after} {
		if _, err := fresh.Open(ctx, subject, event, "name", sealed); err != nil {
			t.Errorf("%s: %v", subject, err)
		}
	}
}
