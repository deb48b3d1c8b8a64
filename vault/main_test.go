package vault

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"alta/eventstore"
)

var races = flag.Int("races", 200, "how many races of erase against everything else to run; the full count is 10000")

// TestMain also is the process that TestAKilledUpload kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("ALTA_TEST_UPLOAD"); dir != "" {
		uploadForEver(dir)
		return
	}
	os.Exit(m.Run())
}

var event = eventstore.ID{1, 2, 3}

// clock is a clock that stands until it is moved.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC).UnixNano())
	return c
}
func (c *clock) now() time.Time          { return time.Unix(0, c.ns.Load()) }
func (c *clock) advance(d time.Duration) { c.ns.Add(int64(d)) }

func open(t testing.TB, cfg Config) *Vault {
	t.Helper()
	v, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func seal1(t testing.TB, v *Vault, subject, clear string) string {
	t.Helper()
	s, err := v.Seal(context.Background(), subject, event, "name", clear)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wants(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// copyTree copies a folder, as a backup does.
func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	for _, f := range files(t, to) {
		if err := os.Chmod(f, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// files lists the regular files below dir.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return names
}

// brittle is a KMS or object store that fails on demand.
type brittle struct {
	KMS
	Objects
	down  atomic.Bool
	after atomic.Int64 // writes until the "crash"; negative: none
}

var errCrash = errors.New("crashed")

func (b *brittle) Wrap(ctx context.Context, key, bound []byte) ([]byte, error) {
	if b.down.Load() {
		return nil, fmt.Errorf("%w: down", ErrUnavailable)
	}
	return b.KMS.Wrap(ctx, key, bound)
}

func (b *brittle) Unwrap(ctx context.Context, wrapped, bound []byte) ([]byte, error) {
	if b.down.Load() {
		return nil, fmt.Errorf("%w: down", ErrUnavailable)
	}
	return b.KMS.Unwrap(ctx, wrapped, bound)
}

func (b *brittle) Put(ctx context.Context, name string, data []byte) error {
	if b.after.Load() == 0 {
		return errCrash
	}
	b.after.Add(-1)
	return b.Objects.Put(ctx, name, data)
}

// Delete fails after the crash too: a process that died cleans nothing up.
func (b *brittle) Delete(ctx context.Context, name string) error {
	if b.after.Load() == 0 {
		return errCrash
	}
	return b.Objects.Delete(ctx, name)
}

func readAll(t testing.TB, v *Vault, subject, id string) ([]byte, error) {
	t.Helper()
	r, err := v.Blobs().Get(context.Background(), subject, id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func put(t testing.TB, v *Vault, subject string, content []byte) Blob {
	t.Helper()
	b, err := v.Blobs().Put(context.Background(), subject, bytes.NewReader(content), 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
