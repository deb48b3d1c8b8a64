package embedded_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/embedded/brokendisk"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// gate is a file system on which syncs of the write-ahead log can be held up or
// made to fail.
type gate struct {
	mu   sync.Mutex // held while syncs must wait
	fail atomic.Bool
}

func (g *gate) wrap(fs vfs.FS) vfs.FS {
	return brokendisk.Wrap(fs, func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
			if strings.HasSuffix(op.Path, ".log") {
				g.mu.Lock()
				defer g.mu.Unlock()
				if g.fail.Load() {
					return syscall.EIO
				}
			}
		}
		return nil
	})
}

func TestNothingIsSeenOrAnsweredBeforeItIsOnDisk(t *testing.T) {
	var g gate
	ctx := context.Background()
	l := open(t, "log", func(o *embedded.Options) { o.FS = g.wrap(vfs.NewMem()) })
	if _, err := l.Append(ctx, "s", eventstore.NoStream, event(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, "deleted", eventstore.NoStream, event(9)); err != nil {
		t.Fatal(err)
	}

	g.mu.Lock()
	var answered atomic.Int32
	var wait sync.WaitGroup
	ask := func(call func() error) {
		wait.Go(func() {
			if err := call(); err != nil {
				t.Error(err)
			}
			answered.Add(1)
		})
	}
	appendTwo := func() error {
		_, err := l.Append(ctx, "s", 0, event(2))
		return err
	}
	ask(appendTwo)
	ask(appendTwo) // already written, but not yet on disk
	ask(func() error {
		_, err := l.Delete(ctx, "deleted", 0)
		return err
	})

	// Whatever the writer has done by now, readers see what was on disk.
	for range 50 {
		if n := len(readAll(t, l)); n != 2 {
			t.Fatalf("%d events are seen, 2 are on disk", n)
		}
		if n := len(readStream(t, l, "deleted")); n != 1 {
			t.Fatalf("a deletion is seen that is not on disk")
		}
		if n := answered.Load(); n != 0 {
			t.Fatalf("%d answers came before the disk's", n)
		}
		time.Sleep(time.Millisecond)
	}
	g.mu.Unlock()
	wait.Wait()
}

func TestAFailedSyncIsNeverAcknowledgedAndEndsTheLog(t *testing.T) {
	var g gate
	ctx := context.Background()
	ended := make(chan error, 1)
	l, err := embedded.Open("log", embedded.Options{
		Leaf: leaf, FS: g.wrap(vfs.NewMem()), Fatal: func(err error) { ended <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, "s", eventstore.NoStream, event(1)); err != nil {
		t.Fatal(err)
	}
	g.fail.Store(true)
	if _, err := l.Append(ctx, "s", 0, event(2)); !errors.Is(err, eventstore.ErrUnknownOutcome) {
		t.Fatalf("got %v", err)
	}
	<-ended
	g.fail.Store(false)
	for range 3 {
		if _, err := l.Append(ctx, "s", 0, event(3)); !errors.Is(err, eventstore.ErrUnavailable) && !errors.Is(err, eventstore.ErrUnknownOutcome) {
			t.Fatalf("a poisoned log answered %v", err)
		}
	}
	if n := len(readAll(t, l)); n != 1 {
		t.Fatalf("%d events are seen, 1 is known to be on disk", n)
	}
	_ = l.Close() // reports the failure of the disk again
}

func TestAnAppendThatIsGivenUpHasAnUnknownOutcomeAndCanBeAskedAgain(t *testing.T) {
	var g gate
	l := open(t, "log", func(o *embedded.Options) { o.FS = g.wrap(vfs.NewMem()) })
	g.mu.Lock()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := l.Append(ctx, "s", eventstore.NoStream, event(1))
	g.mu.Unlock()
	if !errors.Is(err, eventstore.ErrUnknownOutcome) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	at, err := l.Append(context.Background(), "s", eventstore.NoStream, event(1))
	if err != nil || at.Revision != 0 || len(readAll(t, l)) != 1 {
		t.Fatal(at, err)
	}
}

func TestAppendsAreRefusedBeforeTheDiskIsFullAndAcceptedAgainAfterwards(t *testing.T) {
	fs, ctx := vfs.NewMem(), context.Background()
	l := open(t, "log", func(o *embedded.Options) {
		o.FS = fs
		o.Reserve = embedded.Reserve{Bytes: 1000, Fraction: 0.05}
	})
	free := func(n uint64) { fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: n, TotalBytes: 1 << 20}) }
	free(1000)
	if _, err := l.Append(ctx, "s", eventstore.NoStream, event(1)); err != nil {
		t.Fatal(err)
	}
	free(999)
	var full *embedded.ReserveError
	if _, err := l.Append(ctx, "s", 0, event(2)); !errors.Is(err, eventstore.ErrReadOnly) || !errors.As(err, &full) || full.Free != 999 {
		t.Fatal(err)
	}
	if err := l.Writable(); !errors.Is(err, eventstore.ErrReadOnly) {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, "s", eventstore.NoStream, event(1)); err != nil {
		t.Fatal("a repetition writes nothing and must be answered", err)
	}
	if len(readAll(t, l)) != 1 {
		t.Fatal("reads must go on")
	}
	free(5000)
	if _, err := l.Append(ctx, "s", 0, event(2)); err != nil {
		t.Fatal(err)
	}
	if err := l.Writable(); err != nil {
		t.Fatal(err)
	}
}

func TestASmallDiskReservesAPartOfItself(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, "log", func(o *embedded.Options) { o.FS = fs })
	for _, c := range []struct {
		free, total uint64
		writable    bool
	}{{51 << 20, 1 << 30, false}, {52 << 20, 1 << 30, true}, {1<<30 - 1, 1 << 40, false}, {1 << 30, 1 << 40, true}} {
		fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: c.free, TotalBytes: c.total})
		if err := l.Writable(); (err == nil) != c.writable {
			t.Errorf("%d of %d free: %v", c.free, c.total, err)
		}
	}
}

func TestASecondProcessIsToldThatTheLogIsOpen(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := embedded.Open(dir, embedded.Options{Leaf: leaf}); !errors.Is(err, embedded.ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Fatal(err)
	}
}
