package reactions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"alta/domain/application"
	"alta/eventstore"
	"alta/vault"
)

// OrphansConfig is what the sweep for orphaned files needs.
type OrphansConfig struct {
	Log interface {
		Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
		eventstore.Finding
	}
	Files  OrphanFiles
	Now    func() time.Time
	Logger *slog.Logger
	Age    time.Duration // how old a file must be; vault.SafeAge when it is 0
	Batch  int           // how many files are judged at a time; a million when it is 0
}

// OrphanFiles is the store of documents: *vault.Blobs.
type OrphanFiles interface {
	EachWhole(ctx context.Context, visit func(vault.Whole) error) error
	Remove(ctx context.Context, w vault.Whole) error
	Note(ctx context.Context) ([]byte, error)
	SetNote(ctx context.Context, text []byte) error
}

// Orphans removes files that were stored whole and that no event speaks of,
// because the process ended in between, or the log refused the event and the
// file could not be taken back.
//
// A file is an orphan when it is older than any upload can take, and the whole log
// does not refer to it. Judging it costs a reading of the log, so the sweep goes in
// two steps. Files stored since the last sweep are looked for among the events
// appended since they were stored; those are few, and nearly all are found. Only
// what is not found there is looked for in the whole log: a file that somebody
// brought back from a backup is new by its date and old by its event. At most Batch
// files are in memory.
//
// What a sweep has judged it notes beside the files, so that the next one, or
// another process, goes on from there.
type Orphans struct {
	cfg     OrphansConfig
	removed atomic.Int64
	last    atomic.Int64 // when a sweep last came to its end, Unix seconds
}

// NewOrphans makes the sweep.
func NewOrphans(cfg OrphansConfig) *Orphans {
	if cfg.Age <= 0 {
		cfg.Age = vault.SafeAge
	}
	if cfg.Batch <= 0 {
		cfg.Batch = 1 << 20
	}
	return &Orphans{cfg: cfg}
}

// OrphanStats are figures since the start of the process.
type OrphanStats struct {
	Removed int64     // files
	Last    time.Time // when a sweep last came to its end; zero for never
}

// Stats answers the figures.
func (o *Orphans) Stats() OrphanStats {
	s := OrphanStats{Removed: o.removed.Load()}
	if at := o.last.Load(); at > 0 {
		s.Last = time.Unix(at, 0)
	}
	return s
}

// StrangeStoreError: so many files have no event that this is hardly the log that
// belongs to them. Nothing was removed.
type StrangeStoreError struct{ Files, Orphans int }

func (e *StrangeStoreError) Error() string {
	return fmt.Sprintf("reactions: the log refers to %d of %d stored files only; is it the log that belongs to them? nothing was removed", e.Files-e.Orphans, e.Files)
}

const (
	// skew is how far the clocks of the store and of this machine may be apart, and
	// how long an append may take.
	skew = time.Hour
	// few orphans are removed without asking whether the log is the right one.
	few = 256
)

// swept is the note from one sweep to the next.
type swept struct {
	// Judged: of all files stored before, it is known that an event speaks of them.
	Judged time.Time `json:"judged"`
	// Heads are ends of the log at some moments, oldest first.
	Heads []headAt `json:"heads"`
}

type headAt struct {
	At   time.Time       `json:"at"`
	Mark eventstore.Mark `json:"mark"`
}

// Sweep judges what was stored since the last sweep and removes the orphans. It
// answers how many, and may be repeated at any time, by any process.
func (o *Orphans) Sweep(ctx context.Context) (int, error) {
	now := o.cfg.Now()
	head, err := eventstore.Newest(ctx, o.cfg.Log)
	if err != nil {
		return 0, err
	}
	last, err := o.note(ctx)
	if err != nil {
		return 0, err
	}
	limit := now.Add(-o.cfg.Age)
	var since time.Time
	if !last.Judged.IsZero() {
		since = last.Judged.Add(-skew)
	}
	removed := 0
	batch := map[string]vault.Whole{}
	judge := func() error {
		n, err := o.judge(ctx, batch, last.before(since.Add(-skew)))
		removed += n
		clear(batch)
		return err
	}
	err = o.cfg.Files.EachWhole(ctx, func(w vault.Whole) error {
		if w.Stored.Before(since) || !w.Stored.Before(limit) {
			return nil
		}
		batch[w.ID] = w
		if len(batch) < o.cfg.Batch {
			return nil
		}
		return judge()
	})
	if err == nil {
		err = judge()
	}
	if err != nil {
		return removed, err
	}
	next := swept{Judged: limit}
	for i, h := range last.Heads { // the newest that is old enough, and all after it
		if i+1 == len(last.Heads) || last.Heads[i+1].At.After(limit.Add(-3*skew)) {
			next.Heads = append(next.Heads, h)
		}
	}
	next.Heads = append(next.Heads, headAt{now, head})
	raw, err := json.Marshal(next)
	if err == nil {
		err = o.cfg.Files.SetNote(ctx, raw)
	}
	if err == nil {
		o.last.Store(now.Unix())
	}
	return removed, err
}

// note reads what the last sweep left, with the positions that its events have in this
// log. It counts for nothing when the log does not hold the newest of them: then another
// log took its place.
func (o *Orphans) note(ctx context.Context) (swept, error) {
	raw, err := o.cfg.Files.Note(ctx)
	if err != nil || raw == nil {
		return swept{}, err
	}
	var s swept
	if err := json.Unmarshal(raw, &s); err != nil {
		o.cfg.Logger.Warn("the note of the last sweep is damaged; every stored file is judged anew", "error", err)
		return swept{}, nil
	}
	var found []headAt
	for i, h := range s.Heads {
		at, err := eventstore.Locate(ctx, o.cfg.Log, h.Mark)
		switch {
		case errors.Is(err, eventstore.ErrForeign) && i < len(s.Heads)-1:
			continue // its stream was deleted; an older one does
		case errors.Is(err, eventstore.ErrForeign):
			o.cfg.Logger.Warn("the log is not the one of the last sweep; every stored file is judged anew")
			return swept{}, nil
		case err != nil:
			return swept{}, fmt.Errorf("reactions: where the last sweep ended: %w", err)
		}
		h.Mark.Position = at
		found = append(found, h)
	}
	s.Heads = found
	return s, nil
}

// before is an end of the log from before a moment.
func (s swept) before(at time.Time) eventstore.Position {
	p := eventstore.Start
	for _, h := range s.Heads {
		if h.At.Before(at) {
			p = h.Mark.Position
		}
	}
	return p
}

// judge removes those of the files of which no event speaks.
func (o *Orphans) judge(ctx context.Context, files map[string]vault.Whole, after eventstore.Position) (int, error) {
	judged := len(files)
	if err := o.cross(ctx, files, after); err != nil {
		return 0, err
	}
	if after != eventstore.Start {
		if err := o.cross(ctx, files, eventstore.Start); err != nil {
			return 0, err
		}
	}
	if len(files) > few && 2*len(files) > judged {
		return 0, &StrangeStoreError{Files: judged, Orphans: len(files)}
	}
	removed := 0
	for _, w := range files {
		if err := o.cfg.Files.Remove(ctx, w); err != nil {
			return removed, fmt.Errorf("reactions: remove an orphaned file: %w", err)
		}
		removed++
		o.removed.Add(1)
	}
	return removed, nil
}

// cross strikes the files out of which an event speaks. An event that cannot be
// decoded could speak of any of them: then none is judged.
func (o *Orphans) cross(ctx context.Context, files map[string]vault.Whole, after eventstore.Position) error {
	if len(files) == 0 {
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	filter := eventstore.Filter{Name: "orphans", Types: []string{application.FileEvents}}
	for r, err := range eventstore.Stored(o.cfg.Log.Subscribe(ctx, after, filter)) {
		if err != nil {
			return fmt.Errorf("reactions: read what the log says of files: %w", err)
		}
		e, err := application.Decode(r.Type, r.Data, nil)
		if err != nil {
			return eventstore.Unreadable(r, err)
		}
		for _, id := range application.Files(e) {
			delete(files, id)
		}
	}
	return nil
}
