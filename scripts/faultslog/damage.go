package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/mod/sumdb/tlog"
)

// image is a store as a killed process left it, in memory, and what is known of
// it outside.
type image struct {
	fs     *vfs.MemFS
	expect []tlog.Tree
	tree   tlog.Tree
}

// crashImage writes events to a log and takes its files as they are while it is
// still open: what a kill -9 leaves.
func (r *run) crashImage(ctx context.Context, name string, events int, memtable uint64) (image, error) {
	dir, err := r.place(name)
	if err != nil {
		return image{}, err
	}
	defer os.RemoveAll(dir)
	l, k, err := openGuarded(dir, embedded.Options{MemTableBytes: memtable, Reserve: embedded.NoReserve})
	if err != nil {
		return image{}, err
	}
	im, err := r.take(ctx, dir, l, k, events)
	return im, errors.Join(err, l.Close(), k.Close())
}

func (r *run) take(ctx context.Context, dir string, l *embedded.Log, k *evidence.Keeper, events int) (im image, err error) {
	for n := range events {
		if _, err := l.Append(ctx, fmt.Sprintf("w-%d", n%5), eventstore.Revision(n/5-1), newBatch(1)...); err != nil {
			return im, err
		}
	}
	if im.tree, err = l.Tree(); err != nil {
		return im, err
	}
	if im.expect, err = k.Known(); err != nil {
		return im, err
	}
	im.fs = vfs.NewMem()
	_, err = vfs.Clone(vfs.Default, im.fs, filepath.Join(dir, "log"), "/log", vfs.CloneSync)
	return im, err
}

// copy is a fresh copy of the image that may be harmed.
func (im image) copy() (*vfs.MemFS, error) {
	to := vfs.NewMem()
	_, err := vfs.Clone(im.fs, to, "/log", "/log")
	return to, err
}

// files lists the image's files with an ending, oldest first.
func (im image) files(match func(name string) bool) ([]string, error) {
	names, err := im.fs.List("/log")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range names {
		if match(n) {
			out = append(out, "/log/"+n)
		}
	}
	sort.Strings(out)
	return out, nil
}

func ending(with string) func(string) bool {
	return func(n string) bool { return strings.HasSuffix(n, with) }
}

// open opens a harmed copy as a start would and says whether anything of it is
// different. Detected means that the start was refused.
func (im image) open(ctx context.Context, fs vfs.FS) (detected error, silent error) {
	l, err := embedded.Open("/log", embedded.Options{Leaf: evidence.Leaf, FS: fs, Expect: im.expect, Fatal: func(error) {}})
	if err != nil {
		return err, nil
	}
	defer func() { silent = errors.Join(silent, l.Close()) }()
	t, err := l.Tree()
	if err != nil {
		return nil, err
	}
	if t != im.tree {
		return nil, fmt.Errorf("it opened with %d events and root %v, it had %d and %v", t.N, t.Hash, im.tree.N, im.tree.Hash)
	}
	return nil, l.Check(ctx)
}

// bitFlips turns over one bit in the newest write-ahead log and starts.
func bitFlips(ctx context.Context, r *run) (string, error) {
	im, err := r.crashImage(ctx, "flip", 1200, 0)
	if err != nil {
		return "", err
	}
	logs, err := im.files(ending(".log"))
	if err != nil || len(logs) == 0 {
		return "", fmt.Errorf("no write-ahead log: %w", err)
	}
	newest := logs[len(logs)-1]
	size, err := written(im.fs, newest)
	if err != nil {
		return "", err
	}
	rng := rand.New(rand.NewPCG(r.seed, 7))
	flips, detected, harmless := r.times(1000, 100), 0, 0
	for n := range flips {
		fs, err := im.copy()
		if err != nil {
			return "", err
		}
		data, err := fs.UnsafeGetFileDataBuffer(newest)
		if err != nil {
			return "", err
		}
		// Half of them at the end, where a torn write looks the same.
		at := rng.IntN(size)
		if n%2 == 1 {
			at = size - 1 - rng.IntN(min(size, 64<<10))
		}
		data[at] ^= 1 << rng.IntN(8)
		refused, silent := im.open(ctx, fs)
		switch {
		case silent != nil:
			return "", fmt.Errorf("flip %d at byte %d of %d went unnoticed: %w", n, at, size, silent)
		case refused != nil:
			detected++
		default:
			harmless++
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
	return fmt.Sprintf("%d flips in %d bytes: %d starts refused, %d in padding with every event and the root intact, 0 silent", flips, size, detected, harmless), nil
}

// written is the length of a preallocated file up to its last byte that is not 0.
func written(fs *vfs.MemFS, name string) (int, error) {
	data, err := fs.UnsafeGetFileDataBuffer(name)
	if err != nil {
		return 0, err
	}
	size := len(data)
	for size > 0 && data[size-1] == 0 {
		size--
	}
	return size, nil
}

// harmedFiles shortens and removes files of a store and starts: it must refuse,
// and its error must name the events concerned, unless nothing that the store
// needs was taken (the stale end of a recycled log).
func harmedFiles(ctx context.Context, r *run) (string, error) {
	// One store with many files, and one whose only log was never recycled, so
	// that all of it is in use.
	many, err := r.crashImage(ctx, "harm", 3000, 256<<10)
	if err != nil {
		return "", err
	}
	one, err := r.crashImage(ctx, "cut", 800, 0)
	if err != nil {
		return "", err
	}
	rng := rand.New(rand.NewPCG(r.seed, 9))
	cases, err := many.harms(rng)
	if err != nil {
		return "", err
	}
	cuts, err := one.cuts(rng, r.times(200, 20))
	if err != nil {
		return "", err
	}
	kinds := map[string]int{}
	for _, c := range append(cases, cuts...) {
		im := c.im
		fs, err := im.copy()
		if err == nil {
			err = c.harm(fs)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", c.name, err)
		}
		refused, silent := im.open(ctx, fs)
		switch {
		case silent != nil:
			return "", fmt.Errorf("%s went unnoticed: %w", c.name, silent)
		case refused == nil:
			kinds["left every event and the root intact (what was gone was not in use)"]++
			continue
		case !errors.Is(refused, eventstore.ErrCorrupt) || !strings.Contains(refused.Error(), fmt.Sprintf("to %d", im.tree.N-1)):
			return "", fmt.Errorf("%s: the error does not name the events: %w", c.name, refused)
		}
		kinds[c.kind]++
	}
	var said []string
	for k, n := range kinds {
		said = append(said, fmt.Sprintf("%d × %s", n, k))
	}
	sort.Strings(said)
	return "refused, naming the events, unless said otherwise: " + strings.Join(said, ", "), nil
}

// harm is one way to damage a store.
type harm struct {
	im         image
	kind, name string
	harm       func(fs *vfs.MemFS) error
}

// cuts shortens the newest write-ahead log.
func (im image) cuts(rng *rand.Rand, n int) ([]harm, error) {
	logs, err := im.files(ending(".log"))
	if err != nil || len(logs) == 0 {
		return nil, fmt.Errorf("no write-ahead log: %w", err)
	}
	newest := logs[len(logs)-1]
	size, err := written(im.fs, newest)
	if err != nil {
		return nil, err
	}
	var out []harm
	for range n {
		out = append(out, im.cut("WAL cut", newest, rng.IntN(size-1)))
	}
	return out, nil
}

func (im image) cut(kind, name string, to int) harm {
	return harm{im, kind, fmt.Sprintf("%s cut to %d bytes", name, to), func(fs *vfs.MemFS) error { return truncate(fs, name, to) }}
}

func (im image) remove(kind, name string) harm {
	return harm{im, kind, "removed " + name, func(fs *vfs.MemFS) error { return fs.Remove(name) }}
}

// harms removes each file of the store in turn and shortens each table.
func (im image) harms(rng *rand.Rand) ([]harm, error) {
	logs, err := im.files(ending(".log"))
	if err != nil {
		return nil, err
	}
	tables, err := im.files(ending(".sst"))
	if err != nil {
		return nil, err
	}
	if len(logs) == 0 || len(tables) == 0 {
		return nil, fmt.Errorf("the store has %d logs and %d tables; both are needed", len(logs), len(tables))
	}
	var out []harm
	for _, l := range logs {
		out = append(out, im.remove("WAL removed", l))
	}
	for _, t := range tables {
		data, err := im.fs.UnsafeGetFileDataBuffer(t)
		if err != nil {
			return nil, err
		}
		out = append(out, im.remove("table removed", t), im.cut("table cut", t, rng.IntN(len(data))))
	}
	manifests, err := im.files(func(n string) bool {
		return strings.HasPrefix(n, "MANIFEST") || strings.HasPrefix(n, "marker.manifest")
	})
	if err != nil {
		return nil, err
	}
	for _, m := range manifests {
		out = append(out, im.remove("manifest removed", m))
	}
	out = append(out, harm{im, "everything removed", "everything removed", func(fs *vfs.MemFS) error { return fs.RemoveAll("/log") }})
	return out, nil
}

func truncate(fs *vfs.MemFS, name string, to int) error {
	data, err := fs.UnsafeGetFileDataBuffer(name)
	if err != nil {
		return err
	}
	kept := append([]byte(nil), data[:to]...)
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(kept)
	return errors.Join(err, f.Close())
}

// backupsUnderLoad takes backups while events are written and verifies each.
func backupsUnderLoad(ctx context.Context, r *run) (string, error) {
	dir, err := r.place("backup")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	l, k, err := openGuarded(dir, embedded.Options{MemTableBytes: 1 << 20, Reserve: embedded.NoReserve})
	if err != nil {
		return "", err
	}
	figures, err := r.backUp(ctx, dir, l, k)
	return figures, errors.Join(err, l.Close(), k.Close())
}

func (r *run) backUp(ctx context.Context, dir string, l *embedded.Log, k *evidence.Keeper) (string, error) {
	load, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- steady(load, l, 500) }()
	backups := r.times(60, 5)
	for n := range backups {
		select {
		case <-time.After(time.Second / 2):
		case err := <-ended:
			stop()
			return "", fmt.Errorf("the load ended: %w", err)
		}
		if err := oneBackup(ctx, filepath.Join(dir, fmt.Sprintf("copy-%d", n)), l, k); err != nil {
			stop()
			return "", errors.Join(fmt.Errorf("backup %d: %w", n+1, err), <-ended)
		}
	}
	stop()
	if err := <-ended; err != nil {
		return "", err
	}
	return fmt.Sprintf("%d backups under 500 appends/s, 2 a second: each opens, checks whole and contains the checkpoint signed before it; the log has %d events", backups, l.TreeSize()), nil
}

// steady appends at a rate until its context ends.
func steady(ctx context.Context, l *embedded.Log, perSecond int) error {
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for last := eventstore.NoStream; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		at, err := l.Append(context.WithoutCancel(ctx), "s", last, newBatch(1)...)
		if err != nil {
			return err
		}
		last = at.Revision
	}
}

func oneBackup(ctx context.Context, dir string, l *embedded.Log, k *evidence.Keeper) (err error) {
	if err := k.Checkpoint(); err != nil {
		return err
	}
	signed, err := k.Latest()
	if err != nil {
		return err
	}
	if err := l.Backup(ctx, dir); err != nil {
		return err
	}
	c, err := embedded.Open(dir, embedded.Options{Leaf: evidence.Leaf, ReadOnly: true, Expect: []tlog.Tree{signed.Tree}})
	if err != nil {
		return err
	}
	err = errors.Join(newLedger().check(ctx, c, nil), c.Check(ctx), c.Close())
	if rerr := os.RemoveAll(dir); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}
