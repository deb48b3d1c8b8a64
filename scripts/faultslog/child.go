package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/embedded/brokendisk"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Exit statuses of a child.
const (
	exitDone    = 0
	exitFailed  = 3 // the engine's own, after a write that failed
	exitRefused = 4 // the log could not be opened
	exitViolate = 5 // the log broke a promise that only the child can see
)

// child is this program as the process that is killed or meets a broken disk.
type child struct {
	dir      string
	writers  int
	appends  int    // per writer; 0 for no end
	failSync int64  // the WAL sync that fails, counted from the opening; 0 for none
	failFrom int64  // the write call from which on the disk is full; 0 for none
	memtable uint64 // bytes
	log      atomic.Pointer[embedded.Log]
	syncs    atomic.Int64
	writes   atomic.Int64
}

func (c *child) flags() {
	flag.StringVar(&c.dir, "child", "", "internal: write to the log of this directory")
	flag.IntVar(&c.writers, "writers", 8, "internal")
	flag.IntVar(&c.appends, "appends", 0, "internal")
	flag.Int64Var(&c.failSync, "fail-sync", 0, "internal")
	flag.Int64Var(&c.failFrom, "fail-from", 0, "internal")
	flag.Uint64Var(&c.memtable, "memtable", 0, "internal")
}

// say writes one line to the parent. A short write to a pipe is atomic.
func say(format string, args ...any) { _, _ = os.Stdout.WriteString(fmt.Sprintf(format+"\n", args...)) }

func (c *child) run() int {
	l, k, err := openGuarded(c.dir, embedded.Options{FS: c.brokenDisk(), MemTableBytes: c.memtable, Reserve: embedded.NoReserve})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitRefused
	}
	c.log.Store(l)
	say("open")
	var wait sync.WaitGroup
	var violated atomic.Bool
	for w := range c.writers {
		wait.Go(func() {
			if err := c.write(l, w); errors.Is(err, errViolation) {
				violated.Store(true)
				say("violation %v", err)
			} else if err != nil {
				say("error %v", err)
			}
		})
	}
	wait.Wait()
	if violated.Load() {
		return exitViolate
	}
	if err := errors.Join(l.Close(), k.Close()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitRefused
	}
	return exitDone
}

// patience is how long an append may take before the log counts as hung.
const patience = 30 * time.Second

var errViolation = errors.New("a promise was broken")

// write appends to one stream for as long as it is told to, and tells the parent
// after each acknowledgement what was acknowledged.
func (c *child) write(l *embedded.Log, w int) error {
	ctx := context.Background()
	stream := fmt.Sprintf("w-%d", w)
	last, err := c.repeatLast(ctx, l, stream)
	if err != nil {
		return err
	}
	for n := 0; c.appends == 0 || n < c.appends; n++ {
		batch := newBatch(1 + (n+w)%3)
		bounded, cancel := context.WithTimeout(ctx, patience)
		at, err := l.Append(bounded, stream, last, batch...)
		cancel()
		if err != nil {
			return err
		}
		if at.Revision != last+eventstore.Revision(len(batch)) {
			return fmt.Errorf("%w: %s answered revision %d after %d", errViolation, stream, at.Revision, last)
		}
		for i, e := range batch {
			say("ack %d %d %d %s", w, int64(last)+1+int64(i), at.Position.Commit-uint64(len(batch)-1-i), e.ID)
		}
		last = at.Revision
	}
	return nil
}

// repeatLast asks for the stream's last append again, as a caller does that got
// no answer before the crash: it must be answered as it was, and not written
// twice. It answers the stream's revision.
func (c *child) repeatLast(ctx context.Context, l *embedded.Log, stream string) (eventstore.Revision, error) {
	for r, err := range l.ReadStreamBackward(ctx, stream, 1<<62, 1) {
		if errors.Is(err, eventstore.ErrStreamNotFound) {
			return eventstore.NoStream, nil
		}
		if err != nil {
			return 0, err
		}
		at, err := l.Append(ctx, stream, r.Revision-1, r.Proposed)
		if err != nil {
			return 0, err
		}
		if at.Revision != r.Revision || at.Position != r.Position {
			return 0, fmt.Errorf("%w: a repetition was answered %v, the event is at %v", errViolation, at, r.Position)
		}
		return r.Revision, nil
	}
	return eventstore.NoStream, nil
}

// newBatch makes events that say how many belong together.
func newBatch(n int) []eventstore.Proposed {
	batch := make([]eventstore.Proposed, n)
	for i := range batch {
		_, _ = rand.Read(batch[i].ID[:]) // never fails: it ends the process instead
		batch[i].Type = "fault.tested.v1"
		batch[i].Data = fmt.Appendf(nil, `{"batch":"%s","index":%d,"of":%d,"filling":"%s"}`, batch[0].ID, i, n, filling)
		batch[i].Meta = []byte(`{"by":"faultslog"}`)
	}
	return batch
}

var filling = strings.Repeat("ñ商x", 40)

// brokenDisk is the real file system with the faults that were asked for.
func (c *child) brokenDisk() vfs.FS {
	if c.failSync == 0 && c.failFrom == 0 {
		return vfs.Default
	}
	return brokendisk.Wrap(vfs.Default, func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
			return c.sync(op.Path)
		case errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpCreate, errorfs.OpReuseForWrite,
			errorfs.OpLink, errorfs.OpRename, errorfs.OpMkdirAll, errorfs.OpFilePreallocate:
			if n := c.writes.Add(1); c.failFrom > 0 && n >= c.failFrom {
				if n == c.failFrom {
					say("full %d", c.head())
				}
				return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
			}
		}
		return nil
	})
}

// sync fails one sync of the write-ahead log once the log is open, and tells the
// parent how far the log was acknowledged by then.
func (c *child) sync(path string) error {
	if c.failSync == 0 || !strings.HasSuffix(path, ".log") || c.log.Load() == nil {
		return nil
	}
	if c.syncs.Add(1) != c.failSync {
		return nil
	}
	say("failing %d", c.head())
	return &os.PathError{Op: "fsync", Path: path, Err: syscall.EIO}
}

func (c *child) head() uint64 {
	if l := c.log.Load(); l != nil {
		if head, err := l.Head(context.Background()); err == nil {
			return head.Commit
		}
	}
	return 0
}
