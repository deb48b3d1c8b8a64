package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/eventstore"
)

// Log is what a Runner needs of the event log.
type Log interface {
	// Subscribe delivers every event after a position, in order, and then the new
	// ones as they come, until the context ends.
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
}

// Runner keeps one generation of documents up to date.
type Runner struct {
	Store  *Store
	Log    Log
	Folder Folder
	// Decode reads a stored event; personal values come clear or erased.
	Decode func(ctx context.Context, r *eventstore.Record) (application.Event, error)
	// Index is the blind index of an exact value, for searching numbers that
	// must not be stored in clear.
	Index  func(kind, value string) string
	Now    func() time.Time
	Logger *slog.Logger

	position atomic.Pointer[eventstore.Position]
	fault    atomic.Pointer[error]
}

const (
	tailBatch    = 512  // events of one transaction while following; more would make readers wait
	rebuildBatch = 2048 // while nobody reads the generation
	backOff      = 250 * time.Millisecond
	cacheLimit   = 50_000 // documents kept in memory
	category     = "application-"
)

// Healthy answers nil while the runner can follow the log, and else why it
// stands still.
func (r *Runner) Healthy() error {
	if f := r.fault.Load(); f != nil {
		return *f
	}
	return nil
}

// At is the position that this runner has written last.
func (r *Runner) At() eventstore.Position {
	if p := r.position.Load(); p != nil {
		return *p
	}
	return eventstore.Start
}

// Run follows the log until the context ends. It builds everything anew where
// Redis has nothing (or something torn), survives Redis being away, and stops for
// good only at an event that cannot be decoded: Healthy then says which.
func (r *Runner) Run(ctx context.Context) error {
	for {
		err := r.run(ctx)
		var undecodable *UndecodableError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &undecodable):
			r.fault.Store(&err)
			r.Logger.Error("projection stopped", "error", err)
			<-ctx.Done()
			return ctx.Err()
		case errors.Is(err, ErrFenced):
			r.Logger.Info("projection starts over", "reason", err)
		case err != nil:
			r.fault.Store(&err)
			r.Logger.Warn("projection interrupted", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(backOff):
		}
	}
}

// UndecodableError is an event that this program cannot read.
type UndecodableError struct {
	Stream   string
	Revision eventstore.Revision
	Type     string
	Err      error
}

func (e *UndecodableError) Error() string {
	return fmt.Sprintf("projections: %s at revision %d of %s cannot be decoded: %v", e.Type, e.Revision, e.Stream, e.Err)
}

func (e *UndecodableError) Unwrap() error { return e.Err }

func (r *Runner) run(ctx context.Context) error {
	g, err := r.Store.live(ctx)
	if errors.Is(err, ErrRebuilding) {
		if g, err = r.build(ctx); err != nil {
			return err
		}
		if _, err = r.Store.publish(ctx, g); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	epoch, at, err := r.Store.takeOver(ctx, g)
	if errors.Is(err, ErrFenced) { // the pointer outlived its generation
		r.Logger.Warn("projection lost its documents and builds them anew")
		if err := r.Store.rdb.Del(ctx, pointer).Err(); err != nil {
			return err
		}
		return ErrFenced
	}
	if err != nil {
		return err
	}
	err = r.follow(ctx, &build{generation: g, epoch: epoch, at: at, batch: tailBatch, docs: map[string]*Application{}}, false)
	if errors.Is(err, errTorn) {
		r.Logger.Error("projection is torn and builds its documents anew", "error", err)
		if err := r.Store.rdb.Del(ctx, pointer).Err(); err != nil {
			return err
		}
		return ErrFenced
	}
	return err
}

// Rebuild builds a new generation beside the live one, switches to it, and drops
// the old one in small steps.
func (r *Runner) Rebuild(ctx context.Context) error {
	g, err := r.build(ctx)
	if err != nil {
		return err
	}
	former, err := r.Store.publish(ctx, g)
	if err != nil || former == "" || former == g {
		return err
	}
	return r.Store.drop(ctx, former)
}

// build fills a new generation up to the end of the log as it is now.
func (r *Runner) build(ctx context.Context) (generation, error) {
	g := newGeneration(r.Now())
	if err := r.Store.begin(ctx, g); err != nil {
		return "", err
	}
	began := r.Now()
	b := &build{generation: g, at: eventstore.Start, batch: rebuildBatch, docs: map[string]*Application{}}
	if err := r.follow(ctx, b, true); err != nil {
		if dropped := r.Store.drop(context.WithoutCancel(ctx), g); dropped != nil {
			r.Logger.Warn("an unfinished build was left behind", "generation", string(g), "error", dropped)
		}
		return "", err
	}
	r.Logger.Info("projection built", "generation", string(g), "events", b.events, "took", r.Now().Sub(began))
	return g, nil
}

// build is the state of one runner in one generation.
type build struct {
	generation generation
	epoch      int64
	at         eventstore.Position
	batch      int
	docs       map[string]*Application // what Redis holds, for the applications seen lately
	events     int
}

// follow reads the log from b.at on and writes batch by batch; with untilCaughtUp
// it ends where the log ended when it got there.
func (r *Runner) follow(ctx context.Context, b *build, untilCaughtUp bool) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type delivery struct {
		message eventstore.Message
		err     error
	}
	feed := make(chan delivery, 2*b.batch)
	go func() {
		defer close(feed)
		for m, err := range r.Log.Subscribe(ctx, b.at, eventstore.Filter{Streams: []string{category}}) {
			select {
			case feed <- delivery{m, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	r.fault.Store(nil)
	for {
		var batch []*eventstore.Record
		caughtUp := false
		for len(batch) < b.batch && !caughtUp {
			var d delivery
			var open bool
			if len(batch) == 0 {
				d, open = <-feed // nothing in hand: wait
			} else {
				select {
				case d, open = <-feed:
				default:
					open, caughtUp = true, !untilCaughtUp
					if untilCaughtUp {
						d, open = <-feed
					}
				}
			}
			if !open {
				if err := ctx.Err(); err != nil {
					return err
				}
				return eventstore.ErrClosed
			}
			if d.err != nil {
				return d.err
			}
			if d.message.Record != nil {
				batch = append(batch, d.message.Record)
			}
			caughtUp = caughtUp || d.message.CaughtUp
			if caughtUp && len(batch) == 0 && !untilCaughtUp {
				caughtUp = false
			}
		}
		if len(batch) > 0 {
			if err := r.apply(ctx, b, batch); err != nil {
				return err
			}
		}
		if caughtUp && untilCaughtUp {
			return nil
		}
	}
}

// apply folds a batch and writes it.
func (r *Runner) apply(ctx context.Context, b *build, batch []*eventstore.Record) error {
	if len(b.docs) > cacheLimit && b.batch == tailBatch {
		clear(b.docs)
	}
	if err := r.fetch(ctx, b, batch); err != nil {
		return err
	}
	changes := map[string]*change{}
	var order []*change
	for _, rec := range batch {
		id, ours := strings.CutPrefix(rec.Stream, category)
		if !ours {
			continue
		}
		c := changes[id]
		if c == nil {
			c = &change{id: id, app: b.docs[id], entries: map[int64]Entry{}, lookups: map[string]bool{}}
			if c.app != nil {
				c.before = RowOf(c.app)
			}
			changes[id], order = c, append(order, c)
		}
		if err := r.fold(ctx, c, rec); err != nil {
			clear(b.docs) // they are ahead of Redis now
			return err
		}
		b.docs[id] = c.app
	}
	to := batch[len(batch)-1].Position
	if err := r.Store.write(ctx, b.generation, b.epoch, b.at, to, order); err != nil {
		clear(b.docs)
		return err
	}
	b.at = to
	b.events += len(batch)
	r.position.Store(&to)
	return nil
}

// fetch brings the documents that a batch changes into memory. A document is
// folded in place, so what memory holds is always what Redis holds.
func (r *Runner) fetch(ctx context.Context, b *build, batch []*eventstore.Record) error {
	var missing []string
	for _, rec := range batch {
		id, ours := strings.CutPrefix(rec.Stream, category)
		if _, have := b.docs[id]; ours && !have && rec.Revision > 0 && !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := r.Store.load(ctx, b.generation, missing)
	if err != nil {
		return err
	}
	for id, a := range found {
		b.docs[id] = a
	}
	return nil
}

func (r *Runner) fold(ctx context.Context, c *change, rec *eventstore.Record) error {
	e, err := r.Decode(ctx, rec)
	if err != nil {
		return &UndecodableError{rec.Stream, rec.Revision, rec.Type, err}
	}
	if _, gone := e.(application.Shredded); gone {
		return r.refold(ctx, c, rec)
	}
	if c.app != nil && int64(rec.Revision) <= c.app.Revision {
		return nil
	}
	if _, hidden := e.(application.Restricted); hidden {
		c.unlist = true
		clear(c.lookups)
	}
	r.index(c, e)
	entry, err := EntryOf(rec, e)
	if err != nil {
		return &UndecodableError{rec.Stream, rec.Revision, rec.Type, err}
	}
	c.app = r.Folder.Fold(c.app, c.id, int64(rec.Revision), e)
	c.entries[int64(rec.Revision)] = entry
	return nil
}

// refold folds a stream anew up to a record: its subject was erased, and even
// masked values must go. It does not wait for the key to be destroyed, which the
// same event sets in motion, so that a later rebuild gives the same documents.
func (r *Runner) refold(ctx context.Context, c *change, last *eventstore.Record) error {
	c.app, c.rewrite = nil, true
	clear(c.entries)
	clear(c.lookups)
	for rec, err := range r.Log.ReadStream(ctx, last.Stream, 0, int(last.Revision)+1) {
		if err != nil {
			return err
		}
		e, err := r.Decode(ctx, rec)
		if err != nil {
			return &UndecodableError{rec.Stream, rec.Revision, rec.Type, err}
		}
		e = application.Erase(e)
		entry, err := EntryOf(rec, e)
		if err != nil {
			return &UndecodableError{rec.Stream, rec.Revision, rec.Type, err}
		}
		c.app = r.Folder.Fold(c.app, c.id, int64(rec.Revision), e)
		c.entries[int64(rec.Revision)] = entry
	}
	return nil
}

// searched are the items that can be looked for by their exact value.
var searched = []item.Key{item.IdentityName, item.IdentityNumber, item.CompanyLicence, item.SiteDomain}

// index notes under which exact values an application can be found. A value that
// was replaced stays findable: people search by what a paper in their hand says,
// and the row shows what holds now.
func (r *Runner) index(c *change, e application.Event) {
	add := func(kind, value string) {
		if value != "" {
			c.lookups[kind+"="+r.Index(kind, Searchable(value))] = true
		}
	}
	switch e := e.(type) {
	case application.Opened:
		add("merchant_number", e.MerchantNumber)
	case application.DetailsFilled:
		for _, k := range searched {
			add(string(k), e.Fields[k])
			add(string(k), e.Personal[k].Clear())
		}
	case application.ItemCorrected:
		if slices.Contains(searched, e.Item) {
			if e.Field != nil {
				add(string(e.Item), *e.Field)
			}
			if e.Personal != nil {
				add(string(e.Item), e.Personal.Clear())
			}
		}
	}
}
