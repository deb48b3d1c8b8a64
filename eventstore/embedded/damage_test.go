package embedded_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"

	"golang.org/x/mod/sumdb/tlog"
)

// guarded opens a log in dir with its keeper, as the program does.
func guarded(dir string) (*embedded.Log, *evidence.Keeper, error) {
	key, err := evidence.LoadKey(filepath.Join(dir, "log.key"))
	if err != nil {
		return nil, nil, err
	}
	k, err := evidence.OpenKeeper(filepath.Join(dir, "checkpoints"), key, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	l, err := evidence.Guard(k, func(expect []tlog.Tree, durable func(tlog.Tree) error) (*embedded.Log, error) {
		return embedded.Open(filepath.Join(dir, "log"), embedded.Options{Leaf: leaf, Expect: expect, Durable: durable})
	})
	if err != nil {
		return nil, nil, errors.Join(err, k.Close())
	}
	return l, k, nil
}

// written makes a guarded log of n events and closes it.
func written(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	l, k, err := guarded(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err := l.Append(context.Background(), "s-"+string(rune('a'+i%3)), eventstore.Revision(i/3-1), event(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(l.Close(), k.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAGuardedLogOpensAgainAndChecks(t *testing.T) {
	dir := written(t, 30)
	l, k, err := guarded(dir)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := k.Check(context.Background(), l, nil)
	if err != nil || rep.Tree.N != 30 || rep.Checkpoints != 2 || rep.Unsigned != 0 {
		t.Fatalf("%+v, %v", rep, err)
	}
	if err := l.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Close(), k.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedStoreIsRefusedAndTheErrorNamesWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(t *testing.T, dir string)
		says string
	}{
		"the whole store is gone": {func(t *testing.T, dir string) {
			must(t, os.RemoveAll(filepath.Join(dir, "log")))
		}, "index 0 to 29 are missing"},
		"the newest log file is gone": {func(t *testing.T, dir string) {
			must(t, os.Remove(newest(t, dir, ".log")))
		}, "index 0 to 29"},
		"the newest log file ends early": {func(t *testing.T, dir string) {
			must(t, os.Truncate(newest(t, dir, ".log"), 4000))
		}, "to 29 are missing"},
		"the file that names the manifest is gone": {func(t *testing.T, dir string) {
			markers, err := filepath.Glob(filepath.Join(dir, "log", "marker.manifest*"))
			must(t, err)
			for _, m := range markers {
				must(t, os.Remove(m))
			}
		}, "index 0 to 29"},
		"the manifest is gone": {func(t *testing.T, dir string) {
			must(t, os.Remove(newest(t, dir, "MANIFEST-*")))
		}, "index 0 to 29"},
		"the checkpoints are gone": {func(t *testing.T, dir string) {
			must(t, os.RemoveAll(filepath.Join(dir, "checkpoints")))
		}, "30 events"},
		"the checkpoint was edited": {func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "checkpoints", "latest"), []byte("x\n1\n"), 0o600))
		}, "latest"},
		"the store is another one of the same size": {func(t *testing.T, dir string) {
			other := t.TempDir()
			l, k, err := guarded(other)
			must(t, err)
			for i := range 30 {
				_, err := l.Append(context.Background(), "x", eventstore.Revision(i-1), event(i+1))
				must(t, err)
			}
			must(t, errors.Join(l.Close(), k.Close()))
			must(t, os.RemoveAll(filepath.Join(dir, "log")))
			must(t, os.Rename(filepath.Join(other, "log"), filepath.Join(dir, "log")))
		}, "index 0 to 29"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := written(t, 30)
			c.harm(t, dir)
			_, _, err := guarded(dir)
			if !errors.Is(err, eventstore.ErrCorrupt) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want a damaged log and %q", err, c.says)
			}
		})
	}
}

func newest(t *testing.T, dir, pattern string) string {
	t.Helper()
	if strings.HasPrefix(pattern, ".") {
		pattern = "*" + pattern
	}
	files, err := filepath.Glob(filepath.Join(dir, "log", pattern))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return files[len(files)-1]
}

func TestABackupTakenWhileTheLogGoesOnIsWhole(t *testing.T) {
	l := open(t, t.TempDir())
	ctx := context.Background()
	for i := range 50 {
		_, err := l.Append(ctx, "s", eventstore.Revision(i-1), event(i+1))
		must(t, err)
	}
	before, err := l.Tree()
	must(t, err)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 50; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := l.Append(ctx, "s", eventstore.Revision(i-1), event(i+1)); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	dir := filepath.Join(t.TempDir(), "copy")
	must(t, l.Backup(ctx, dir))
	close(stop)
	<-done
	c := open(t, dir, func(o *embedded.Options) { o.ReadOnly, o.Expect = true, []tlog.Tree{before} })
	must(t, c.Check(ctx))
	if _, err := c.Append(ctx, "s", eventstore.NoStream, event(1)); !errors.Is(err, eventstore.ErrReadOnly) {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
