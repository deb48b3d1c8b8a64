package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/mod/sumdb/tlog"
)

// cutsPerLog is how many power cuts one log goes through while it is written to.
const cutsPerLog = 25

// powerCuts takes a copy of a crashable file system at random moments under 8
// writers, with 0 to 100 % of what was not synced, and opens it.
func powerCuts(ctx context.Context, r *run) (string, error) {
	cuts := r.times(10_000, 300)
	total, err := r.cutPower(ctx, cuts, false)
	if err != nil {
		return "", err
	}
	if total.lost > 0 || total.refused > 0 {
		return "", fmt.Errorf("%d of %d cuts lost acknowledged events (%d events), %d did not open again: %w",
			total.losing, total.cuts, total.lost, total.refused, total.first)
	}
	return fmt.Sprintf("%d cuts: 0 of %d acknowledged lost, all opened and checked whole", total.cuts, total.acked), nil
}

// powerCutsWithoutSync is the negative control: a log that does not sync must be
// caught losing events, or the test above proves nothing.
func powerCutsWithoutSync(ctx context.Context, r *run) (string, error) {
	total, err := r.cutPower(ctx, r.times(500, 50), true)
	if err != nil {
		return "", err
	}
	if total.lost == 0 {
		return "", errors.New("nothing was lost without sync: the simulation does not bite")
	}
	return fmt.Sprintf("%d of %d cuts lost events, %d of %d acknowledged: the simulation bites", total.losing, total.cuts, total.lost, total.acked), nil
}

// outcome sums up power cuts.
type outcome struct {
	cuts, acked, lost, losing, refused int
	first                              error
}

func (r *run) cutPower(ctx context.Context, cuts int, noSync bool) (outcome, error) {
	var total outcome
	for n := 0; total.cuts < cuts && ctx.Err() == nil; n++ {
		if err := cutOneLog(ctx, rand.New(rand.NewPCG(r.seed, uint64(n))), noSync, &total); err != nil {
			return total, err
		}
	}
	return total, ctx.Err()
}

// writerState is how far one writer's stream is acknowledged.
type writerState struct {
	stream string
	acked  atomic.Int64 // events
}

func cutOneLog(ctx context.Context, rng *rand.Rand, noSync bool, total *outcome) error {
	fs := vfs.NewCrashableMem()
	var durable atomic.Pointer[tlog.Tree]
	opt := embedded.Options{
		Leaf: evidence.Leaf, FS: fs, UnsafeNoSync: noSync, MemTableBytes: 128 << 10,
		Durable: func(t tlog.Tree) error { durable.Store(&t); return nil },
	}
	l, err := embedded.Open("/data/log", opt)
	if err != nil {
		return err
	}
	durable.Store(&tlog.Tree{})
	stopped, stop := context.WithCancel(ctx)
	writers := make([]*writerState, 8)
	var wait sync.WaitGroup
	// What was cut off is checked while the writers stand still: they would only
	// make the log larger than the next cuts need.
	var pause sync.RWMutex
	failed := make(chan error, len(writers))
	for i := range writers {
		w := &writerState{stream: fmt.Sprintf("w-%d", i)}
		writers[i] = w
		wait.Go(func() {
			for stopped.Err() == nil {
				pause.RLock()
				n := w.acked.Load()
				batch := newBatch(1 + int(n)%3)
				_, err := l.Append(ctx, w.stream, eventstore.Revision(n-1), batch...)
				if err == nil {
					w.acked.Add(int64(len(batch)))
				}
				pause.RUnlock()
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	for range cutsPerLog {
		for until := durable.Load().N + rng.Int64N(30); durable.Load().N < until && len(failed) == 0; {
			runtime.Gosched()
		}
		// First what was acknowledged, then the cut: the cut may hold more.
		acked, size := make([]int64, len(writers)), durable.Load()
		for i, w := range writers {
			acked[i] = w.acked.Load()
		}
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		pause.Lock()
		lost, err := afterCut(ctx, crashed, writers, acked, size, noSync)
		pause.Unlock()
		total.cuts++
		for _, n := range acked {
			total.acked += int(n)
		}
		if err != nil && total.first == nil {
			total.first = err
		}
		if err != nil && !noSync {
			total.refused++
		}
		if total.lost += lost; lost > 0 {
			total.losing++
		}
	}
	stop()
	wait.Wait()
	close(failed)
	return errors.Join(<-failed, l.Close())
}

// afterCut opens what is left and counts the acknowledged events that are not.
func afterCut(ctx context.Context, fs vfs.FS, writers []*writerState, acked []int64, size *tlog.Tree, noSync bool) (lost int, err error) {
	opt := embedded.Options{Leaf: evidence.Leaf, FS: fs}
	if size.N > 0 && !noSync {
		opt.Expect = []tlog.Tree{*size}
	}
	l, err := embedded.Open("/data/log", opt)
	if err != nil {
		for _, n := range acked {
			lost += int(n)
		}
		return lost, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	book := newLedger()
	if err := book.check(ctx, l, nil); err != nil {
		return 0, err
	}
	for i, w := range writers {
		lost += max(0, int(acked[i])-len(book.streams[w.stream]))
	}
	return lost, l.Check(ctx)
}

// diskReserve fills a disk up to the reserve and frees it again.
func diskReserve(ctx context.Context, _ *run) (string, error) {
	fs := vfs.NewMem()
	l, err := embedded.Open("/data/log", embedded.Options{Leaf: evidence.Leaf, FS: fs})
	if err != nil {
		return "", err
	}
	figures, err := fillAndFree(ctx, fs, l)
	return figures, errors.Join(err, l.Close())
}

func fillAndFree(ctx context.Context, fs *vfs.MemFS, l *embedded.Log) (string, error) {
	const mib = 1 << 20
	last, refused, changes := eventstore.NoStream, 0, 0
	for _, c := range []struct {
		free, total uint64
		writable    bool
	}{
		{40 * 1024 * mib, 100 * 1024 * mib, true},
		{1023 * mib, 100 * 1024 * mib, false},
		{1024 * mib, 100 * 1024 * mib, true},
		{50 * mib, 1024 * mib, false},
		{60 * mib, 1024 * mib, true},
	} {
		fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: c.free, TotalBytes: c.total})
		at, err := l.Append(ctx, "s", last, newBatch(1)...)
		switch {
		case c.writable && err != nil:
			return "", fmt.Errorf("with %d MiB free: %w", c.free/mib, err)
		case !c.writable && !errors.Is(err, eventstore.ErrReadOnly):
			return "", fmt.Errorf("with %d MiB free an append was answered %w", c.free/mib, err)
		case c.writable:
			last = at.Revision
		default:
			refused++
		}
		changes++
		if err := newLedger().check(ctx, l, nil); err != nil {
			return "", fmt.Errorf("with %d MiB free reading fails: %w", c.free/mib, err)
		}
	}
	return fmt.Sprintf("%d fillings: %d appends refused as read-only, reads went on, the next append after freeing was accepted", changes, refused), nil
}
