// Package embedded is the event log in process: EventStoreDB's semantics over
// Pebble, for one machine, with no server to run.
//
// The layout. Every event has a dense number, its position, from 1.
//
//	e <pos:8>        → the record
//	h <index:8>      → the Merkle tree's hashes that the event at this leaf index completed
//	s <sid:8><rev:8> → pos; sid is the position of the stream's first event
//	n <name>         → sid
//	m <name>         → truncation or tombstone
//
// There is no key for a stream's head (the last s key is it), and none by event
// id: an append is recognised as a repetition by the ids that follow the
// revision it expected, which needs no index.
//
// Writing. Callers encode and hash their events and queue them. One goroutine,
// the writer, takes all that is queued, decides each request against the heads
// that it alone owns, and applies the accepted ones as one batch: events, index
// and tree hashes together. A second goroutine, the syncer, waits for the disk,
// then moves the durable mark and answers, so that the writer already decides
// the next round meanwhile. Everything is answered in order, refusals and
// "already written" too: whoever is told of a conflict can read the event that
// caused it.
//
// Reading. Nothing past the durable mark is ever shown, so no reader sees an
// event that a power cut could take back, and none sees a gap. A subscription
// is "read to the mark, wait, repeat": catching up and following live are the
// same loop. Live subscribers share the newest decoded records (tail), and
// everybody else reads bounded pages, so that a slow consumer pins nothing.
//
// Failing. A write or sync that fails leaves it unknown what is on disk, so the
// log is poisoned at once and the process ends through Options.Fatal: the next
// start finds out. Well before the disk is full appends are refused with
// eventstore.ErrReadOnly (see Reserve).
//
// Integrity. The leaf of every event goes into an RFC 6962 tree. Open compares
// it with tree heads that were kept outside the store (Options.Expect), because
// a store cannot tell by itself that its newest part is missing.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"alta/eventstore"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/mod/sumdb/tlog"
)

// Two more expectations, for the benefit of the wire protocol. Alta's own code
// always names the exact revision it decided on.
const (
	// Any appends whatever the stream is at. A repetition is recognised only
	// while it is the stream's end.
	Any eventstore.Revision = -2
	// StreamExists appends to a stream that has events and is not deleted.
	StreamExists eventstore.Revision = -4
)

// ErrLocked: another process has the log open.
var ErrLocked = errors.New("embedded: another process has the log open")

// Log is an open event log. Its methods may be called from any goroutine.
type Log struct {
	opt  Options
	dir  string
	disk *disk
	db   *pebble.DB
	lock *pebble.Lock
	log  *slog.Logger

	// closing is held for reading while a request is being queued and while a
	// page is being read, and for writing by Close.
	closing sync.RWMutex
	closed  bool
	done    chan struct{} // closed by Close, wakes subscribers

	queue  chan *request
	slots  chan struct{} // rounds that may be unsynced at a time
	rounds chan *round
	ended  sync.WaitGroup

	failure atomic.Pointer[error]

	// Owned by the writer.
	next  uint64 // position of the next event
	tree  frontier
	heads *headCache

	mark     durableMark
	tail     tail
	lately   lately
	pending  pendingMarks
	removals atomic.Int64 // rounds that held a deletion, so that followers of one stream look again
	count    counters
}

// Open opens the log in dir and creates it if there is none. It fails with
// ErrLocked when another process has it open, and with eventstore.ErrCorrupt
// when the store is damaged or lacks events that opt.Expect vouches for.
func Open(dir string, opt Options) (*Log, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := makeDir(opt.FS, dir); err != nil {
		return nil, fmt.Errorf("embedded: make %s: %w", dir, err)
	}
	lock, err := pebble.LockDirectory(dir, opt.FS)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrLocked, dir, err)
	}
	l := &Log{
		opt: opt, dir: dir, lock: lock, log: opt.Logger,
		disk:  &disk{FS: opt.FS, dir: dir},
		done:  make(chan struct{}),
		queue: make(chan *request, 1024),
		slots: make(chan struct{}, depth), rounds: make(chan *round, depth),
		heads: newHeadCache(opt.Heads),
	}
	l.disk.refuse = l.poison
	if l.db, err = l.openPebble(); err != nil {
		return nil, errors.Join(l.damaged("open", err), lock.Close())
	}
	if err := l.load(); err != nil {
		return nil, errors.Join(err, l.db.Close(), lock.Close())
	}
	if !opt.ReadOnly {
		l.disk.armed.Store(true)
		l.ended.Add(2)
		go l.write()
		go l.sync()
	}
	return l, nil
}

// makeDir makes the store's directory so that a power cut does not take away its
// name, or that of a directory above it that was made along with it.
func makeDir(fs vfs.FS, dir string) error {
	parent := fs.PathDir(dir)
	if _, err := fs.Stat(parent); err != nil && parent != dir {
		if err := makeDir(fs, parent); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	d, err := fs.OpenDir(parent)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Idle answers nil when no process has the log in dir open, ErrLocked when one
// has. A directory that is not there is idle.
func Idle(dir string) error {
	if _, err := vfs.Default.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	lock, err := pebble.LockDirectory(dir, vfs.Default)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrLocked, dir, err)
	}
	return lock.Close()
}

// openPebble opens the store. A new one is closed and opened again: in the
// session that creates it Pebble does not notice a flipped bit in its log and
// drops what follows; from the second session on it does.
func (l *Log) openPebble() (*pebble.DB, error) {
	desc, err := pebble.Peek(l.dir, l.opt.FS)
	if err != nil {
		return nil, err
	}
	if !desc.Exists {
		if left, err := l.leftovers(); err != nil || left != "" {
			return nil, errors.Join(err, fmt.Errorf("the file that names the manifest is gone, but %s is there", left))
		}
		if l.opt.ReadOnly || vouched(l.opt.Expect) > 0 {
			return nil, fmt.Errorf("%w: there is no log in %s%s", eventstore.ErrCorrupt, l.dir, missing(0, l.opt.Expect))
		}
		db, err := pebble.Open(l.dir, l.pebbleOptions())
		if err != nil {
			return nil, err
		}
		if err := db.Close(); err != nil {
			return nil, err
		}
	}
	return pebble.Open(l.dir, l.pebbleOptions())
}

// leftovers names a file that only an existing store has. A new store must not be
// laid over one of which the manifest was lost.
func (l *Log) leftovers() (string, error) {
	names, err := l.opt.FS.List(l.dir)
	for _, n := range names {
		if ext := filepath.Ext(n); ext == ".sst" || ext == ".log" {
			return n, err
		}
	}
	return "", err
}

// load finds the log's end and its tree, and compares the tree with what the
// caller expects.
func (l *Log) load() error {
	last, err := l.lastPosition()
	if err != nil {
		return l.damaged("find the end of the log", err)
	}
	leaves, err := l.lastLeaf()
	if err != nil {
		return l.damaged("find the end of the tree", err)
	}
	if leaves != last {
		return fmt.Errorf("%w: %d events but %d leaves in the tree: events with index %d to %d do not match",
			eventstore.ErrCorrupt, last, leaves, min(last, leaves), max(last, leaves)-1)
	}
	l.next = last + 1
	for _, want := range l.opt.Expect {
		if err := l.compare(int64(last), want); err != nil {
			return err
		}
	}
	if l.tree, err = loadFrontier(int64(last), l); err != nil {
		return l.damaged("load the tree", err)
	}
	l.mark.init(last)
	return nil
}

// compare checks that the store of this size still contains what a tree head
// vouches for; the head of an empty tree vouches for nothing.
func (l *Log) compare(size int64, want tlog.Tree) error {
	if want.N == 0 {
		return nil
	}
	if want.N > size {
		return fmt.Errorf("%w: %s holds %d events%s; restore a backup", eventstore.ErrCorrupt, l.dir, size, missing(size, l.opt.Expect))
	}
	root, err := tlog.TreeHash(want.N, l)
	if err != nil {
		return l.damaged(fmt.Sprintf("compute the root of %d events", want.N), err)
	}
	if root != want.Hash {
		return fmt.Errorf("%w: the first %d events of %s (index 0 to %d) have root %v, not the recorded %v; restore a backup",
			eventstore.ErrCorrupt, want.N, l.dir, want.N-1, root, want.Hash)
	}
	return nil
}

// missing names the leaf indexes that expected heads vouch for beyond size.
func missing(size int64, expect []tlog.Tree) string {
	if most := vouched(expect); most > size {
		return fmt.Sprintf(", events with index %d to %d are missing", size, most-1)
	}
	return ""
}

// atStake names what expected heads vouch for, for errors that leave it open how
// much of it is lost.
func atStake(expect []tlog.Tree) string {
	if most := vouched(expect); most > 0 {
		return fmt.Sprintf(" (events with index 0 to %d were recorded)", most-1)
	}
	return ""
}

// vouched is the number of events that the expected heads vouch for.
func vouched(expect []tlog.Tree) int64 {
	var most int64
	for _, t := range expect {
		most = max(most, t.N)
	}
	return most
}

// Head is the position of the newest durable event, Start for an empty log.
func (l *Log) Head(ctx context.Context) (eventstore.Position, error) {
	if err := errors.Join(ctx.Err(), l.alive()); err != nil {
		return eventstore.Start, err
	}
	return position(l.mark.get()), nil
}

// Close answers everything that was queued, ends all subscriptions and reads
// with ErrClosed, and closes the store. Calling it again does nothing.
func (l *Log) Close() error {
	l.closing.Lock()
	if l.closed {
		l.closing.Unlock()
		return nil
	}
	l.closed = true
	close(l.done)
	close(l.queue)
	l.closing.Unlock()
	l.ended.Wait()
	return errors.Join(l.db.Close(), l.lock.Close())
}

// enter begins a bounded piece of work that Close waits for. The caller calls
// l.closing.RUnlock when it answers nil.
func (l *Log) enter() error {
	l.closing.RLock()
	if l.closed {
		l.closing.RUnlock()
		return eventstore.ErrClosed
	}
	return nil
}

// alive answers eventstore.ErrClosed after Close.
func (l *Log) alive() error {
	if err := l.enter(); err != nil {
		return err
	}
	l.closing.RUnlock()
	return nil
}

// poison records the first failure and ends the process. Where Fatal is a test's
// and returns, every later append is refused.
func (l *Log) poison(err error) {
	if l.failure.CompareAndSwap(nil, &err) {
		l.opt.Fatal(err)
	}
}

// failed answers why the log was poisoned, nil while it works.
func (l *Log) failed() error {
	if p := l.failure.Load(); p != nil {
		return fmt.Errorf("%w: an earlier write failed: %w", eventstore.ErrUnavailable, *p)
	}
	return nil
}

// damaged words an error from the store. Everything that Pebble cannot open or
// read is damage as far as the caller is concerned, except what it says itself.
func (l *Log) damaged(doing string, err error) error {
	if errors.Is(err, eventstore.ErrCorrupt) || errors.Is(err, eventstore.ErrClosed) {
		return err
	}
	return fmt.Errorf("%w: %s in %s: %w%s; restore a backup", eventstore.ErrCorrupt, doing, l.dir, err, atStake(l.opt.Expect))
}
