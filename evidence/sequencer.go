package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync"
	"time"

	"alta/eventstore"

	"golang.org/x/mod/sumdb/tlog"
)

// Followed is a log whose store keeps no tree: that of a server.
type Followed interface {
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
}

// Lease lets one process at a time do the work.
type Lease interface {
	// Hold waits for the lease and runs the work, whose context ends with the
	// lease. It answers what the work did, or the error of ctx.
	Hold(ctx context.Context, work func(context.Context) error) error
}

// How often the sequencer looks whether all is as it was.
const (
	// LookEvery is the time between two looks at the log's end.
	LookEvery = time.Minute
	// AuditEvery is the time between two readings of the whole log.
	AuditEvery = 24 * time.Hour
)

// SequencerConfig says what is followed and where the evidence is kept.
type SequencerConfig struct {
	Log         Followed
	Tree        string // directory of the tree
	Checkpoints string // directory of the keeper
	Key         *Key
	Lease       Lease // nil: nobody else is asked; the tree's epochs still fence
	Now         func() time.Time
	Logger      *slog.Logger
}

// Sequencer keeps the tree and the checkpoints of a log on a server. It follows
// all streams in the order of their positions; several processes may have one,
// and the lease picks who works. The lease is a courtesy that saves work: what
// keeps a process that lost it without noticing from writing is the tree's epoch
// (see TreeFile), under which checkpoints are written too. And because the tree
// follows from the log's order alone, two sequencers of one log can at worst sign
// the same thing twice.
//
// A log that no longer holds what its tree holds is never signed: a server that
// was restored to an older backup, most of all. Healthy says so, with the
// positions that are lost.
type Sequencer struct {
	cfg SequencerConfig

	mu      sync.Mutex
	refused error
	head    tlog.Tree
	at      eventstore.Position // of the newest leaf; Start while another process sequences
}

// NewSequencer makes a sequencer; call Run.
func NewSequencer(cfg SequencerConfig) *Sequencer {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return &Sequencer{cfg: cfg}
}

// Healthy answers why the log is not signed: eventstore.ErrCorrupt, and *LostError
// where events are gone. It is nil while another process sequences.
func (s *Sequencer) Healthy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Head is the newest head that this process signs or has signed.
func (s *Sequencer) Head() tlog.Tree {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

// At is the position up to which this process has sequenced, and Start while it does
// not.
func (s *Sequencer) At() eventstore.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// Run sequences whenever the lease is ours, until ctx ends.
func (s *Sequencer) Run(ctx context.Context) error {
	lease := s.cfg.Lease
	if lease == nil {
		lease = always{}
	}
	for {
		err := lease.Hold(ctx, s.Term)
		s.mu.Lock()
		s.at = eventstore.Start
		s.mu.Unlock()
		if ctx.Err() != nil {
			return nil
		}
		s.note(err)
		wait := time.NewTimer(Interval)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
	}
}

type always struct{}

func (always) Hold(ctx context.Context, work func(context.Context) error) error { return work(ctx) }

// note remembers a refusal and reports how a term ended.
func (s *Sequencer) note(err error) {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return
	case errors.Is(err, eventstore.ErrCorrupt):
		s.mu.Lock()
		s.refused = err
		s.mu.Unlock()
		s.cfg.Logger.Error("THE LOG IS NOT SIGNED ANY MORE", "error", err.Error())
	case errors.Is(err, ErrFenced):
		s.cfg.Logger.Warn("another process sequences the log now", "error", err.Error())
	default:
		s.cfg.Logger.Warn("the log is not sequenced for now", "error", err.Error())
	}
}

// Term sequences from taking the tree over until ctx ends, or until another
// process has taken it (ErrFenced) or the log is not what it was
// (eventstore.ErrCorrupt).
func (s *Sequencer) Term(ctx context.Context) (err error) {
	take, cancel := context.WithTimeout(ctx, Interval)
	tree, err := TakeTree(take, s.cfg.Tree)
	cancel()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tree.Close()) }()
	k, err := OpenKeeper(s.cfg.Checkpoints, s.cfg.Key, s.cfg.Now, s.cfg.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	k.hold = func(write func() error) error { return tree.Exclusive(ctx, agreeing(k, tree, write)) }
	signed, err := tree.Signed()
	if err != nil {
		return err
	}
	known, err := k.Known()
	if errors.Is(err, ErrNoCheckpoint) && signed {
		return fmt.Errorf("%w: the tree in %s has %d leaves and %w: restore the checkpoints from a backup; where they are lost for good, remove the tree, which is then made again from the log and signed from then on, and nothing vouches for what the log held before",
			eventstore.ErrCorrupt, s.cfg.Tree, tree.Size(), ErrNoCheckpoint)
	}
	if err != nil && !errors.Is(err, ErrNoCheckpoint) {
		return err
	}
	if err := compareEnd(ctx, s.cfg.Log, tree); err != nil {
		return err
	}
	t := term{Sequencer: s, tree: tree, keeper: k, due: known, fresh: known == nil}
	return t.follow(ctx)
}

// agreeing runs write provided that the newest checkpoint, whoever signed it, is
// one of this tree.
func agreeing(k *Keeper, tree *TreeFile, write func() error) func() error {
	return func() error {
		c, err := k.Latest()
		switch {
		case errors.Is(err, ErrNoCheckpoint):
			return write()
		case err != nil:
			return err
		case c.Tree.N > tree.size:
			return fmt.Errorf("%w: a checkpoint of %d events was signed, the tree has %d", ErrFenced, c.Tree.N, tree.size)
		}
		at, err := tree.At(c.Tree.N)
		if err == nil && at != c.Tree {
			err = fmt.Errorf("%w: a checkpoint of %d events has root %v, the tree's is %v", eventstore.ErrCorrupt, c.Tree.N, c.Tree.Hash, at.Hash)
		}
		if err != nil {
			return err
		}
		return write()
	}
}

// term is the work of a sequencer from taking the tree over to its end.
type term struct {
	*Sequencer
	tree   *TreeFile
	keeper *Keeper
	due    []tlog.Tree // heads that the tree must still meet
	fresh  bool        // nothing was ever signed, and the log's end was not reached yet
	begun  bool        // the keeper signs
	audits sync.WaitGroup
}

// followed is what the reader hands to the writer.
type followed struct {
	leaf     TreeLeaf
	caughtUp bool
}

// follow reads in one goroutine and writes in another, so that what comes while
// the disk syncs goes into the next batch.
func (t *term) follow(ctx context.Context) error {
	after, err := t.tree.End()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	items := make(chan followed, MaxBatch)
	var ended error
	go func() {
		defer close(items)
		for m, err := range t.cfg.Log.Subscribe(ctx, after, eventstore.Filter{Name: "sequencer"}) {
			if err != nil {
				ended = err
				return
			}
			f := followed{caughtUp: m.CaughtUp}
			if m.Record != nil {
				f.leaf = TreeLeaf{Position: m.Record.Position, Hash: LeafHash(m.Record)}
			}
			select {
			case items <- f:
			case <-ctx.Done():
				return
			}
		}
	}()
	err = t.write(ctx, items)
	stop()
	for range items { // until the reader has ended
	}
	t.audits.Wait()
	if err == nil {
		err = ended
	}
	return err
}

func (t *term) write(ctx context.Context, items <-chan followed) error {
	if err := t.meet(ctx); err != nil {
		return err
	}
	epoch, look := time.NewTicker(Interval), time.NewTicker(LookEvery)
	defer epoch.Stop()
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f, ok := <-items:
			if !ok {
				return nil
			}
			if err := t.take(ctx, f, items); err != nil {
				return err
			}
		case <-epoch.C:
			// Where nothing comes, a successor is noticed here.
			if err := t.tree.Exclusive(ctx, func() error { return nil }); err != nil {
				return err
			}
		case <-look.C:
			if err := compareEnd(ctx, t.cfg.Log, t.tree); errors.Is(err, eventstore.ErrCorrupt) {
				return err
			}
		}
	}
}

// take appends an item and what has come since.
func (t *term) take(ctx context.Context, f followed, items <-chan followed) error {
	var batch []TreeLeaf
	for more := true; more; {
		if f.caughtUp {
			break
		}
		if batch = append(batch, f.leaf); len(batch) == MaxBatch {
			break
		}
		select {
		case f, more = <-items:
		default:
			more = false
		}
	}
	if len(batch) > 0 {
		durable := t.keeper.Durable
		if !t.begun {
			durable = nil // the mark stays ahead of a tree that is made again
		}
		if err := t.tree.Append(ctx, batch, durable); err != nil {
			return err
		}
		if err := t.meet(ctx); err != nil {
			return err
		}
	}
	if !f.caughtUp || t.begun {
		return nil
	}
	if len(t.due) > 0 {
		most := int64(0)
		for _, d := range t.due {
			most = max(most, d.N)
		}
		return &LostError{From: t.tree.Size(), To: most - 1}
	}
	t.fresh = false
	return t.meet(ctx)
}

// meet compares the tree with the heads it has reached, and lets the keeper begin
// once it has met all of them.
func (t *term) meet(ctx context.Context) error {
	var due []tlog.Tree
	for _, want := range t.due {
		if want.N > t.tree.Size() {
			due = append(due, want)
			continue
		}
		got, err := t.tree.At(want.N)
		if err == nil && got != want {
			err = fmt.Errorf("%w: the first %d events have root %v, a recorded head says %v", eventstore.ErrCorrupt, got.N, got.Hash, want.Hash)
		}
		if err != nil {
			return err
		}
	}
	t.due = due
	head := t.tree.tree
	at, err := t.tree.End()
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.head, t.at = head, at
	t.mu.Unlock()
	if len(due) > 0 || t.fresh || t.begun {
		return nil
	}
	if _, err := t.keeper.Latest(); errors.Is(err, ErrNoCheckpoint) {
		t.cfg.Logger.Warn("the log is signed for the first time: nothing vouches for what it held before", "events", head.N)
	}
	if err := t.keeper.Begin(head); err != nil {
		return err
	}
	if err := t.tree.noteSigned(); err != nil {
		return err
	}
	t.begun = true
	t.mu.Lock()
	t.refused = nil
	t.mu.Unlock()
	t.cfg.Logger.Info("this process sequences the log", "events", head.N)
	t.audits.Go(func() { t.auditing(ctx) })
	return nil
}

// auditing reads the whole log now and every day.
func (t *term) auditing(ctx context.Context) {
	for {
		_, err := CheckServer(ctx, t.keeper, t.cfg.Log, t.cfg.Tree, nil)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			t.note(fmt.Errorf("the daily reading of the log: %w", err))
		default:
			t.cfg.Logger.Info("the whole log was read and agrees with its tree")
		}
		wait := time.NewTimer(AuditEvery)
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}
