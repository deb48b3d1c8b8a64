package evidence

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"alta/eventstore"

	"golang.org/x/mod/sumdb/tlog"
)

// Source is a log whose tree is kept with it.
type Source interface {
	tlog.HashReader
	Tree() (tlog.Tree, error)
	ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
	Close() error
}

// Guard opens a log against what the keeper knows of it and lets the keeper
// begin. open gets the heads that the store must contain and the function that
// it must call after every sync. A store that holds events without any
// checkpoint is refused: the checkpoints were lost or the store is not this one.
func Guard[L Source](k *Keeper, open func(expect []tlog.Tree, durable func(tlog.Tree) error) (L, error)) (L, error) {
	var none L
	expect, err := k.Known()
	fresh := errors.Is(err, ErrNoCheckpoint)
	if err != nil && !fresh {
		return none, err
	}
	l, err := open(expect, k.Durable)
	if err != nil {
		return none, err
	}
	t, err := l.Tree()
	if err == nil && fresh && t.N > 0 {
		err = fmt.Errorf("%w: the store holds %d events and %w: restore the checkpoints with a backup, or accept the log as it is (alta log accept)", eventstore.ErrCorrupt, t.N, ErrNoCheckpoint)
	}
	if err == nil {
		err = k.Begin(t)
	}
	if err != nil {
		return none, errors.Join(err, l.Close())
	}
	return l, nil
}

// Report is the outcome of a check.
type Report struct {
	Tree        tlog.Tree  // recomputed from the events alone
	Checkpoints int        // earlier checkpoints that agree
	Newest      Checkpoint // the newest signed checkpoint
	Unsigned    int64      // events after it, which only the mark covers
}

// Check recomputes the whole tree from the events and compares it with the hashes
// that the store keeps, with the mark and with every checkpoint that was ever
// signed. An error names the first index that does not agree. progress, when not
// nil, is called now and then with the number of events done.
func (k *Keeper) Check(ctx context.Context, src Source, progress func(events int64)) (Report, error) {
	rep, c, err := k.recorded()
	if err != nil {
		return rep, err
	}
	if rep.Tree, err = c.walk(ctx, src, progress); err != nil {
		return rep, err
	}
	rep.Unsigned = rep.Tree.N - rep.Newest.Tree.N
	return rep, nil
}

// recorded collects every head that was ever recorded.
func (k *Keeper) recorded() (rep Report, c comparison, err error) {
	c.at = make(map[int64][]tlog.Tree)
	known, err := k.Known()
	if err != nil {
		return rep, c, err
	}
	if rep.Newest, err = k.Latest(); err != nil {
		return rep, c, err
	}
	history, err := k.History()
	if err != nil {
		return rep, c, err
	}
	for _, t := range known {
		c.add(t)
	}
	for _, h := range history {
		c.add(h.Tree)
	}
	rep.Checkpoints = len(history)
	return rep, c, nil
}

// comparison is the heads to be met on the way through the log.
type comparison struct {
	at   map[int64][]tlog.Tree
	most int64
}

func (c *comparison) add(t tlog.Tree) {
	c.at[t.N] = append(c.at[t.N], t)
	c.most = max(c.most, t.N)
}

func (c *comparison) walk(ctx context.Context, src Source, progress func(int64)) (tlog.Tree, error) {
	var b Builder
	if err := c.meet(b.Tree()); err != nil {
		return tlog.Tree{}, err
	}
	var good int64 // size of the newest head that agreed
	for r, err := range src.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return b.Tree(), err
		}
		leaf := LeafHash(r)
		stored, err := src.ReadHashes([]int64{tlog.StoredHashIndex(0, b.size)})
		if err != nil {
			return b.Tree(), err
		}
		if stored[0] != leaf {
			return b.Tree(), fmt.Errorf("%w: the event with index %d (revision %d of stream %s) is not the one that was stored",
				eventstore.ErrCorrupt, b.size, r.Revision, r.Stream)
		}
		b.Add(leaf)
		if len(c.at[b.size]) > 0 {
			if err := c.meet(b.Tree()); err != nil {
				return b.Tree(), fmt.Errorf("%w; the damage lies between index %d and %d", err, good, b.size-1)
			}
			good = b.size
		}
		if progress != nil && b.size%100_000 == 0 {
			progress(b.size)
		}
	}
	if c.most > b.size {
		return b.Tree(), fmt.Errorf("%w: events with index %d to %d are missing", eventstore.ErrCorrupt, b.size, c.most-1)
	}
	stored, err := src.Tree()
	if err == nil && stored != b.Tree() {
		err = fmt.Errorf("%w: the store's root %v of %d events is not the recomputed %v of %d", eventstore.ErrCorrupt, stored.Hash, stored.N, b.Tree().Hash, b.size)
	}
	return b.Tree(), err
}

func (c *comparison) meet(t tlog.Tree) error {
	for _, want := range c.at[t.N] {
		if want != t {
			return fmt.Errorf("%w: the first %d events have root %v, a recorded head says %v", eventstore.ErrCorrupt, t.N, t.Hash, want.Hash)
		}
	}
	return nil
}
