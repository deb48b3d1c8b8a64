package embedded

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"alta/eventstore"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/mod/sumdb/tlog"
)

// Options of a log. Only Leaf must be set.
type Options struct {
	// Leaf appends to dst the canonical bytes of an event that enter the tree
	// (see evidence.Leaf). It must not use Position and Created, which are not
	// set when it is called, and must always answer the same bytes.
	Leaf func(dst []byte, r *eventstore.Record) []byte

	// Expect lists tree heads that were recorded outside the store. Open fails
	// with eventstore.ErrCorrupt when the store does not contain one of them.
	Expect []tlog.Tree

	// Durable is called after every sync and before the appends it covers are
	// acknowledged, with the tree as it is on disk now. An error poisons the
	// log. It runs on the path of every append: microseconds, please.
	Durable func(tlog.Tree) error

	// Reserve is what must stay free on the disk; see DefaultReserve.
	Reserve Reserve

	// CacheBytes bounds the block cache, which may also use what MemTableBytes
	// leaves free; 64 MiB when 0.
	CacheBytes int64
	// MemTableBytes bounds what is in memory and the write-ahead log before it is
	// written out, and so how much a start replays; 32 MiB when 0.
	MemTableBytes uint64
	// Heads bounds how many streams' last revisions the writer keeps in memory;
	// 65,536 when 0.
	Heads int

	// ReadOnly opens without writing anything at all, for checks and backups.
	ReadOnly bool

	// Now is the clock of Record.Created; time.Now when nil.
	Now func() time.Time
	// Logger gets what an operator should know; nothing is logged when nil.
	Logger *slog.Logger
	// Fatal ends the process after a failed write or sync. It is os.Exit(3) with
	// a sentence on standard error when nil. A test's Fatal may return.
	Fatal func(error)
	// FS is the file system; the operating system's when nil.
	FS vfs.FS

	// UnsafeNoSync acknowledges appends without waiting for the disk. It exists
	// for the negative control of the power-cut test, which must then lose
	// events, and for building large logs that a benchmark only reads.
	UnsafeNoSync bool
}

func (o Options) withDefaults() (Options, error) {
	if o.Leaf == nil {
		return o, fmt.Errorf("%w: Options.Leaf is not set", eventstore.ErrInvalid)
	}
	if o.Durable == nil {
		o.Durable = func(tlog.Tree) error { return nil }
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 64 << 20
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = 32 << 20
	}
	if o.Heads == 0 {
		o.Heads = 1 << 16
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) {
			fmt.Fprintf(os.Stderr, "alta: the event log failed and the process ends, so that no write is acknowledged wrongly: %v\n", err)
			os.Exit(3)
		}
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	return o, nil
}

// memTables is how many tables in memory there may be before writes wait. Pebble
// takes their bytes out of the block cache: without room for them the cache is
// empty just when much is written, and the writer reads filters from the disk to
// learn that a stream is new.
const memTables = 4

// pebbleOptions are the engine's own. The format is named because the default
// one is the oldest.
func (l *Log) pebbleOptions() *pebble.Options {
	cache := l.opt.CacheBytes
	if !l.opt.ReadOnly {
		cache += memTables * int64(l.opt.MemTableBytes)
	}
	o := &pebble.Options{
		FS:                          l.disk,
		Lock:                        l.lock,
		ReadOnly:                    l.opt.ReadOnly,
		FormatMajorVersion:          pebble.FormatNewest,
		CacheSize:                   cache,
		MemTableSize:                l.opt.MemTableBytes,
		MemTableStopWritesThreshold: memTables,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       1000,
		MaxOpenFiles:                500,
		Logger:                      pebbleLogger{l},
		EventListener:               &pebble.EventListener{BackgroundError: l.backgroundError},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		// Every block costs a call of the system. With four times Pebble's size a
		// rebuild takes 5 % less time, and a stream whose events lie together no more.
		o.Levels[i].BlockSize = 16 << 10
	}
	return o
}

// backgroundError hears of failed flushes and compactions, those included that
// began while the log was being opened. Pebble tries a flush again for ever, and
// appends would hang behind it once memory is full; a disk that takes no more ends
// the process like a failed sync. Anything else (a damaged table in a compaction)
// leaves what can be read readable.
func (l *Log) backgroundError(err error) {
	if refused(err) {
		l.poison(fmt.Errorf("embedded: write out what is in memory: %w", err))
		return
	}
	l.log.Error("event log storage", "report", err.Error())
}

// pebbleLogger passes on what Pebble reports and turns its fatal errors into the
// log's.
type pebbleLogger struct{ l *Log }

func (p pebbleLogger) Infof(string, ...any) {}

func (p pebbleLogger) Errorf(format string, args ...any) {
	p.l.log.Error("event log storage", "report", fmt.Sprintf(format, args...))
}

func (p pebbleLogger) Fatalf(format string, args ...any) {
	// Pebble prints an error with its stack below the first line; that is for
	// whoever mends Pebble, not for an operator at night.
	text, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	p.l.poison(errors.New(text))
}
