package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"alta/eventstore"

	"github.com/cockroachdb/pebble/v2"
	"golang.org/x/mod/sumdb/tlog"
)

// Check reads the whole store and verifies what its keys promise: positions
// without a gap, every event in its stream's index and nothing else there,
// revisions without a gap, and every stored hash of the tree equal to the one
// recomputed from the events. Whether the events are the ones that were written
// only somebody outside the store can say; see evidence.Keeper.Check.
func (l *Log) Check(ctx context.Context) error {
	end := l.mark.get()
	if err := l.checkEvents(ctx, end); err != nil {
		return err
	}
	return l.checkIndex(ctx, end)
}

func (l *Log) checkEvents(ctx context.Context, end uint64) error {
	var tree frontier
	var want, leaf []byte
	for r, err := range l.ReadAll(ctx, eventstore.Start, All) {
		if err != nil {
			return err
		}
		pos := r.Position.Commit
		if err := l.checkPlace(r); err != nil {
			return err
		}
		leaf = l.opt.Leaf(leaf[:0], r)
		want = tree.add(want[:0], tlog.RecordHash(leaf))
		got, closer, err := l.db.Get(hashesKey(int64(pos - 1)))
		if err != nil {
			return l.damaged(fmt.Sprintf("read the hashes of leaf %d", pos-1), err)
		}
		same := bytes.Equal(got, want)
		if err := closer.Close(); err != nil {
			return err
		}
		if !same {
			return fmt.Errorf("%w: the tree's hashes at index %d are not those of its event", eventstore.ErrCorrupt, pos-1)
		}
		if pos == end {
			break
		}
	}
	if tree.size != int64(end) {
		return l.gap(uint64(tree.size)+1, end+1)
	}
	return nil
}

// checkPlace finds an event through its stream's name and index.
func (l *Log) checkPlace(r *eventstore.Record) error {
	pos := r.Position.Commit
	sid, err := l.getNumber(nameKey(r.Stream))
	if err != nil {
		return l.damaged(fmt.Sprintf("find the stream of the event with index %d", pos-1), err)
	}
	at, err := l.getNumber(indexKey(sid, r.Revision))
	if err != nil {
		return l.damaged(fmt.Sprintf("find the event with index %d in its stream", pos-1), err)
	}
	if at != pos || (r.Revision == 0) != (sid == pos) {
		return fmt.Errorf("%w: the event with index %d is not in its place in stream %s", eventstore.ErrCorrupt, pos-1, r.Stream)
	}
	return nil
}

// checkIndex walks all streams: each begins at 0 and has no gap, positions grow,
// and there are as many entries as events.
func (l *Log) checkIndex(ctx context.Context, end uint64) (err error) {
	if err := l.enter(); err != nil {
		return err
	}
	defer l.closing.RUnlock()
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: []byte{keyIndex}, UpperBound: []byte{keyIndex + 1}})
	if err != nil {
		return l.damaged("read the streams", err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	var sid, before, entries uint64
	var next eventstore.Revision
	for ok := it.First(); ok; ok = it.Next() {
		if entries%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		pos, err := number(it.Value())
		if err != nil || len(it.Key()) != 17 {
			return fmt.Errorf("%w: an index entry of %d bytes", eventstore.ErrCorrupt, len(it.Key()))
		}
		if pos > end {
			continue
		}
		s, _ := number(it.Key()[:9])
		rev, _ := number(it.Key())
		if s != sid {
			sid, next, before = s, 0, 0
		}
		if eventstore.Revision(rev) != next || pos <= before {
			return fmt.Errorf("%w: the stream that begins at index %d has revision %d at index %d where %d is due",
				eventstore.ErrCorrupt, sid-1, rev, pos-1, next)
		}
		next, before = next+1, pos
		entries++
	}
	if err := it.Error(); err != nil {
		return l.damaged("read the streams", err)
	}
	if entries != end {
		return fmt.Errorf("%w: the streams list %d events, the log holds %d", eventstore.ErrCorrupt, entries, end)
	}
	return nil
}
