package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"alta/eventstore"
)

// LostError: a log no longer holds events that it held, or holds others in their
// place. It is an eventstore.ErrCorrupt.
type LostError struct {
	From, To int64 // indexes of the events
	// Positions of the first of them, and of the last one as the final element;
	// empty where the tree that knew them is gone.
	Positions []eventstore.Position
}

// shownPositions is how many lost positions an error names.
const shownPositions = 16

func (e *LostError) Error() string {
	var where strings.Builder
	for i, p := range e.Positions {
		if i == len(e.Positions)-1 && int64(i) < e.To-e.From {
			where.WriteString(" …")
		}
		fmt.Fprintf(&where, " %v", p)
	}
	if where.Len() > 0 {
		return fmt.Sprintf("%v: %d events that were recorded, with index %d to %d, are not in the log any more; lost positions:%s", eventstore.ErrCorrupt, e.To-e.From+1, e.From, e.To, &where)
	}
	return fmt.Sprintf("%v: %d events that were recorded, with index %d to %d, are not in the log any more", eventstore.ErrCorrupt, e.To-e.From+1, e.From, e.To)
}

// Is makes errors.Is(err, eventstore.ErrCorrupt) true.
func (e *LostError) Is(target error) bool { return target == eventstore.ErrCorrupt }

// CompareEnd checks that a log holds the newest event of the tree in dir. It
// answers *LostError with the positions that are gone, and nil where there is no
// tree: what only the checkpoints know, the sequencer finds out. Errors of the log
// itself, such as eventstore.ErrUnavailable, say nothing about what it holds.
func CompareEnd(ctx context.Context, log Followed, dir string) error {
	t, err := OpenTree(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(compareEnd(ctx, log, t), t.Close())
}

func compareEnd(ctx context.Context, log Followed, t *TreeFile) error {
	n := t.Size()
	if n == 0 {
		return nil
	}
	ok, err := holds(ctx, log, t, n-1)
	if ok || err != nil {
		return err
	}
	// The history of a log that was set back agrees up to where it was, and no
	// further: the first event that is gone is found by halving.
	from, to := int64(0), n-1
	for from < to {
		mid := from + (to-from)/2
		ok, err := holds(ctx, log, t, mid)
		if err != nil {
			return err
		}
		if ok {
			from = mid + 1
		} else {
			to = mid
		}
	}
	lost := &LostError{From: from, To: n - 1}
	for i := from; i < n; i++ {
		if i == from+shownPositions {
			i = n - 1
		}
		l, err := t.Leaf(i)
		if err != nil {
			return errors.Join(lost, err)
		}
		lost.Positions = append(lost.Positions, l.Position)
	}
	return lost
}

// holds is true when the log has the tree's event of this index, right after the
// one before it.
func holds(ctx context.Context, log Followed, t *TreeFile, index int64) (bool, error) {
	want, err := t.Leaf(index)
	if err != nil {
		return false, err
	}
	after := eventstore.Start
	if index > 0 {
		before, err := t.Leaf(index - 1)
		if err != nil {
			return false, err
		}
		after = before.Position
	}
	for r, err := range log.ReadAll(ctx, after, 1) {
		if errors.Is(err, eventstore.ErrNoPosition) { // it is no place in this log
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("evidence: read the end of the log: %w", err)
		}
		return r.Position == want.Position && LeafHash(r) == want.Hash, nil
	}
	return false, nil
}
