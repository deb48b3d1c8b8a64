package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"alta/eventstore"

	"golang.org/x/mod/sumdb/tlog"
)

// Finding is one event in which a log differs from its tree.
type Finding struct {
	Kind     string // missing, changed or inserted
	Index    int64  // in the tree; of what follows where it is inserted
	Position eventstore.Position
	Type     string // of the event that is there; "" where there is none
	Stream   string
}

func (f Finding) String() string {
	if f.Kind == "missing" {
		return fmt.Sprintf("missing: index %d, position %v", f.Index, f.Position)
	}
	return fmt.Sprintf("%s: index %d, position %v, %s in stream %s", f.Kind, f.Index, f.Position, f.Type, f.Stream)
}

// DifferenceError: a log differs from its tree. It is an eventstore.ErrCorrupt.
type DifferenceError struct {
	Findings []Finding // the first 100
	Count    int       // of all
}

func (e *DifferenceError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %d events differ from what was recorded", eventstore.ErrCorrupt, e.Count)
	for _, f := range e.Findings {
		fmt.Fprintf(&b, "\n  %v", f)
	}
	if e.Count > len(e.Findings) {
		fmt.Fprintf(&b, "\n  … and %d more", e.Count-len(e.Findings))
	}
	return b.String()
}

// Is makes errors.Is(err, eventstore.ErrCorrupt) true.
func (e *DifferenceError) Is(target error) bool { return target == eventstore.ErrCorrupt }

func (e *DifferenceError) add(f Finding) {
	if e.Count++; len(e.Findings) < 100 {
		e.Findings = append(e.Findings, f)
	}
}

// CheckServer reads a whole log from its server, recomputes the tree from the
// events alone and compares it with the tree in dir, with the mark and with every
// checkpoint that was ever signed. Where there is no tree in dir, the checkpoints
// alone are compared with.
//
// An event that was scavenged, deleted, redacted or put in between is named with
// its index and position (*DifferenceError), and the comparison goes on behind
// it. Alta itself never removes an event: erasing destroys keys and leaves the log
// as it is, so that there is no removal that would be in order.
func CheckServer(ctx context.Context, k *Keeper, log Followed, dir string, progress func(events int64)) (Report, error) {
	tree, err := OpenTree(dir)
	if errors.Is(err, fs.ErrNotExist) {
		tree = nil
	} else if err != nil {
		return Report{}, err
	} else {
		defer tree.Close()
	}
	rep, heads, err := k.recorded()
	if err != nil {
		return rep, err
	}
	a := audit{comparison: heads, tree: tree, progress: progress}
	if rep.Tree, err = a.run(ctx, log); err != nil {
		return rep, err
	}
	rep.Unsigned = rep.Tree.N - rep.Newest.Tree.N
	return rep, nil
}

// audit is a walk through a log beside its tree.
type audit struct {
	comparison
	tree     *TreeFile
	progress func(int64)

	b      Builder
	good   int64 // size of the newest head that agreed
	differ DifferenceError
}

func (a *audit) run(ctx context.Context, log Followed) (tlog.Tree, error) {
	if err := a.reached(); err != nil {
		return tlog.Tree{}, err
	}
	for r, err := range log.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return a.b.Tree(), err
		}
		if err := a.event(r); err != nil {
			return a.b.Tree(), err
		}
	}
	for a.tree != nil && a.b.size < a.tree.Size() {
		if err := a.missing(); err != nil {
			return a.b.Tree(), err
		}
	}
	if err := a.found(); err != nil {
		return a.b.Tree(), err
	}
	if a.most > a.b.size {
		return a.b.Tree(), &LostError{From: a.b.size, To: a.most - 1}
	}
	return a.b.Tree(), nil
}

// event compares one event with the leaf that is due.
func (a *audit) event(r *eventstore.Record) error {
	hash := LeafHash(r)
	for a.tree != nil && a.b.size < a.tree.Size() {
		due, err := a.tree.Leaf(a.b.size)
		if err != nil {
			return err
		}
		f := Finding{Index: a.b.size, Position: r.Position, Type: r.Type, Stream: r.Stream}
		switch at := r.Position.Compare(due.Position); {
		case at > 0:
			if err := a.missing(); err != nil {
				return err
			}
			continue
		case at < 0:
			f.Kind = "inserted"
			a.differ.add(f)
			return nil
		case hash != due.Hash:
			f.Kind = "changed"
			a.differ.add(f)
		}
		return a.add(due.Hash)
	}
	return a.add(hash)
}

// missing notes that the leaf which is due has no event.
func (a *audit) missing() error {
	due, err := a.tree.Leaf(a.b.size)
	if err != nil {
		return err
	}
	a.differ.add(Finding{Kind: "missing", Index: a.b.size, Position: due.Position})
	return a.add(due.Hash)
}

// add takes the next leaf, which is the recorded one where the event differs, so
// that the heads after it can still be met.
func (a *audit) add(leaf tlog.Hash) error {
	a.b.Add(leaf)
	if a.progress != nil && a.b.size%100_000 == 0 {
		a.progress(a.b.size)
	}
	return a.reached()
}

func (a *audit) reached() error {
	if len(a.at[a.b.size]) == 0 {
		return nil
	}
	if err := a.meet(a.b.Tree()); err != nil {
		return errors.Join(fmt.Errorf("%w; the damage lies between index %d and %d", err, a.good, a.b.size-1), a.found())
	}
	a.good = a.b.size
	return nil
}

func (a *audit) found() error {
	if a.differ.Count == 0 {
		return nil
	}
	return &a.differ
}
