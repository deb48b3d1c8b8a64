package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/esdb"
	"alta/evidence"

	"golang.org/x/mod/sumdb/tlog"
)

// copyLog is what a copy needs of either end.
type copyLog interface {
	Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error)
	eventstore.Finding
	ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
	Delete(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error)
	Tombstone(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error)
	Close() error
}

func runCopy(ctx context.Context, args []string, out, errOut io.Writer) error {
	const usage = "usage: alta copy --from LOG --to LOG, where LOG is a data directory, esdb://…, kurrentdb://… or unix:/path"
	fs := newFlags("copy", errOut)
	from := fs.String("from", "", "log to copy: a data directory, esdb://…, kurrentdb://… or unix:/path")
	to := fs.String("to", "", "log to copy to: empty, or what an interrupted copy left")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 || *from == "" || *to == "" || *from == *to {
		return errUsage(usage)
	}
	begun := time.Now()
	c := copying{out: out, every: progressEvery}
	var err error
	if c.from, err = openEnd(*from, true); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer func() { _ = c.from.Close() }() // it was only read
	if c.to, err = openEnd(*to, false); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	tree, err := c.run(ctx)
	if err = errors.Join(err, c.to.Close()); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d events, %d of them copied now (%.1f s)\nboth logs have root %v\n", tree.N, c.copied, time.Since(begun).Seconds(), tree.Hash)
	return nil
}

// openEnd opens a log by what names it. A data directory is opened as `alta
// serve` opens it, with its lock and its checkpoints.
func openEnd(name string, source bool) (copyLog, error) {
	if strings.Contains(name, "://") || strings.HasPrefix(name, "unix:") {
		return esdb.Open(name, esdb.Options{})
	}
	if source {
		if _, err := os.Stat(storeDir(name)); err != nil {
			return nil, fmt.Errorf("there is no event log in %s: %w", name, err)
		}
	}
	return openLog(name, embedded.Options{})
}

// copying is a copy under way. Ids, order and revisions are kept, so that both
// logs have the same tree (see package evidence); positions and the stores' clocks
// are not: projections are rebuilt from the copy.
//
// It begins by comparing what the destination already holds with the beginning of
// the source, event by event, and so goes on where an earlier copy stopped, or
// refuses a destination that is no copy of this source. Appends name exact
// revisions and go one after the other, because two under way at once could
// change places. Deletions are no events: they are copied by looking, at a
// stream's first event, from where on the source shows it. Those of Alta's own streams
// are not: it deletes none, so somebody else did, and in the copy the stream is whole.
type copying struct {
	from, to copyLog
	out      io.Writer
	every    time.Duration // between two lines of progress
	total    int64         // events of the source, where that is known; for the estimate

	step   string           // under way
	since  time.Time        // it began
	first  int64            // events before it
	told   time.Time        // when the last line of progress was written
	tree   evidence.Builder // of the source
	taken  int64            // events of the source that were compared or copied
	newest eventstore.Mark  // of these
	copied int64
	hidden map[string]visibility // streams with a deletion
	batch  []eventstore.Proposed
	stream string
	next   eventstore.Revision // of the batch's first event
	bytes  int
}

// visibility is what a source shows of a stream that it does not show whole.
type visibility struct {
	first   eventstore.Revision // shown from here on
	deleted bool                // not shown at all
	gone    bool                // tombstoned
	last    eventstore.Revision // last event seen in the whole log
}

func (c *copying) run(ctx context.Context) (tlog.Tree, error) {
	c.hidden = make(map[string]visibility)
	next, stop := iter.Pull2(c.from.ReadAll(ctx, eventstore.Start, -1))
	defer stop()
	if err := c.compare(ctx, next); err != nil {
		return tlog.Tree{}, err
	}
	already := c.tree.Tree().N
	if already > 0 {
		fmt.Fprintf(c.out, "%d events are there already and agree\n", already)
	}
	for r, err, ok := next(); ok; r, err, ok = next() {
		if err == nil {
			err = c.take(ctx, r)
		}
		if err != nil {
			return tlog.Tree{}, c.interrupted(err)
		}
	}
	if err := c.flush(ctx); err != nil {
		return tlog.Tree{}, c.interrupted(err)
	}
	if err := c.remove(ctx); err != nil {
		return tlog.Tree{}, c.interrupted(err)
	}
	return c.verify(ctx)
}

func (c *copying) interrupted(err error) error {
	return fmt.Errorf("%d events were copied; the same command goes on from there: %w", c.copied, err)
}

// compare meets the destination's events with the source's first ones.
func (c *copying) compare(ctx context.Context, next func() (*eventstore.Record, error, bool)) error {
	for have, err := range c.to.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return fmt.Errorf("read the destination: %w", err)
		}
		r, err, ok := next()
		if err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		at := c.tree.Tree().N
		if !ok {
			return fmt.Errorf("the destination is ahead: it holds revision %d of stream %s at index %d, where the source ends", have.Revision, have.Stream, at)
		}
		if evidence.LeafHash(have) != evidence.LeafHash(r) {
			return fmt.Errorf("the destination is no copy of the source: at index %d it holds revision %d of stream %s, the source revision %d of %s, or their contents differ",
				at, have.Revision, have.Stream, r.Revision, r.Stream)
		}
		if err := c.look(ctx, r); err != nil {
			return err
		}
		c.add(r)
		c.tell("compared", c.taken)
	}
	return nil
}

// add takes an event of the source into account.
func (c *copying) add(r *eventstore.Record) {
	c.tree.Add(evidence.LeafHash(r))
	c.taken, c.newest = c.taken+1, eventstore.MarkOf(r)
}

// progressEvery is how often a copy says how far it is.
const progressEvery = 5 * time.Second

// tell says now and then how far a step has come, and how long it will take where the
// number of events is known.
func (c *copying) tell(step string, n int64) {
	now := time.Now()
	switch {
	case c.told.IsZero() || step != c.step:
		c.step, c.told, c.since, c.first = step, now, now, n
		return
	case now.Sub(c.told) < c.every:
		return
	}
	c.told = now
	rate := float64(n-c.first) / now.Sub(c.since).Seconds()
	if c.total < n || rate <= 0 {
		fmt.Fprintf(c.out, "%d events %s, %.0f a second …\n", n, step, rate)
		return
	}
	left := time.Duration(float64(c.total-n) / rate * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(c.out, "%d of %d events %s, %.0f a second, %s left …\n", n, c.total, step, rate, left)
}

// look finds out, at a stream's first event, what the source shows of it.
func (c *copying) look(ctx context.Context, r *eventstore.Record) error {
	if r.Revision == 0 {
		var v visibility
		for shown, err := range c.from.ReadStream(ctx, r.Stream, 0, 1) {
			switch {
			case errors.Is(err, eventstore.ErrStreamDeleted):
				v.gone = true
			case errors.Is(err, eventstore.ErrStreamNotFound), eventstore.Hidden(err):
				v.deleted = true
			case err != nil:
				return fmt.Errorf("read the source: %w", err)
			default:
				v.first = shown.Revision
			}
		}
		switch {
		case v == visibility{}:
		case !ourStream(r.Stream):
			c.hidden[r.Stream] = v
		default:
			fmt.Fprintf(c.out, "%s is hidden in the source by somebody's deletion or metadata: in the copy it is whole\n", r.Stream)
		}
	}
	if v, ok := c.hidden[r.Stream]; ok {
		v.last = r.Revision
		c.hidden[r.Stream] = v
	}
	return nil
}

// take adds an event to the batch, which is written when the stream changes or
// the batch is full.
func (c *copying) take(ctx context.Context, r *eventstore.Record) error {
	if err := c.look(ctx, r); err != nil {
		return err
	}
	v := c.hidden[r.Stream]
	again := v.first > 0 && r.Revision == v.first
	if r.Stream != c.stream || again || r.Revision != c.next+eventstore.Revision(len(c.batch)) ||
		len(c.batch) == eventstore.MaxEvents || c.bytes+r.Size() > eventstore.MaxAppendBytes {
		if err := c.flush(ctx); err != nil {
			return err
		}
		c.stream, c.next = r.Stream, r.Revision
	}
	if again {
		// The source was deleted up to here and begun again.
		if _, err := c.to.Delete(ctx, r.Stream, r.Revision-1); err != nil && !errors.Is(err, eventstore.ErrStreamNotFound) {
			return fmt.Errorf("delete the beginning of stream %s: %w", r.Stream, err)
		}
	}
	c.batch = append(c.batch, r.Proposed)
	c.bytes += r.Size()
	c.add(r)
	return nil
}

func (c *copying) flush(ctx context.Context) error {
	if len(c.batch) == 0 {
		return nil
	}
	if _, err := c.to.Append(ctx, c.stream, c.next-1, c.batch...); err != nil {
		if conflict := (*eventstore.ConflictError)(nil); errors.As(err, &conflict) && conflict.Actual < c.next-1 {
			return fmt.Errorf("the source no longer holds revisions %d to %d of stream %s, so that its revisions cannot be kept: %w",
				conflict.Actual+1, c.next-1, c.stream, err)
		}
		return fmt.Errorf("append to stream %s: %w", c.stream, err)
	}
	c.copied += int64(len(c.batch))
	c.tell("copied", c.taken)
	c.batch, c.bytes = c.batch[:0], 0
	return nil
}

// remove repeats the deletions that nothing was appended after.
func (c *copying) remove(ctx context.Context) error {
	for stream, v := range c.hidden {
		var err error
		switch {
		case v.gone:
			_, err = c.to.Tombstone(ctx, stream, v.last)
		case v.deleted:
			_, err = c.to.Delete(ctx, stream, v.last)
		}
		if err != nil && !errors.Is(err, eventstore.ErrStreamNotFound) && !errors.Is(err, eventstore.ErrStreamDeleted) {
			return fmt.Errorf("delete stream %s: %w", stream, err)
		}
	}
	return nil
}

// verify reads the whole copy again and compares the roots of both trees, and
// with those that embedded logs keep themselves.
func (c *copying) verify(ctx context.Context) (tlog.Tree, error) {
	var b evidence.Builder
	n := int64(0)
	for r, err := range c.to.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return tlog.Tree{}, fmt.Errorf("read the copy: %w", err)
		}
		b.Add(evidence.LeafHash(r))
		n++
		c.tell("verified", n)
	}
	want := c.tree.Tree()
	trees := map[string]tlog.Tree{"the copy": b.Tree()}
	for name, end := range map[string]copyLog{"the source's store": c.from, "the copy's store": c.to} {
		if keeps, ok := end.(interface{ Tree() (tlog.Tree, error) }); ok {
			t, err := keeps.Tree()
			if err != nil {
				return want, err
			}
			trees[name] = t
		}
	}
	for name, got := range trees {
		if got != want {
			return want, fmt.Errorf("the copy is wrong: the source has %d events with root %v, %s has %d with root %v", want.N, want.Hash, name, got.N, got.Hash)
		}
	}
	return want, nil
}
