package reactions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/eventstore"
)

// EraseConfig is what the erasure needs.
type EraseConfig struct {
	Log Log
	// Destroy ends a subject's data for good: its key and its files. It may be
	// repeated, and is, until it answers nil. The subject is an application's id, or
	// a merchant's account's.
	Destroy func(ctx context.Context, subject string) error
	// Discard destroys one file while its subject stays. It may be repeated too.
	Discard func(ctx context.Context, subject, blob string) error
	// CloseAccount ends a merchant's account; one that is closed or was never there
	// is no error.
	CloseAccount func(ctx context.Context, cmd decider.Command, account string) error
	// Forget drops what this process holds in memory of a subject.
	Forget  func(subject string)
	Now     func() time.Time
	Elapsed func() time.Duration // see DeadlineConfig
	Logger  *slog.Logger
}

// Erase does what was decided about destroying data.
//
// The event comes first and the key second: "shredded" is recorded, from then on
// no fold shows a value of that subject, and because of it the key is destroyed,
// again and again until that is done. The other order could end, after a crash,
// with a key that is gone and a record that says nothing of it.
//
// No position is kept: each start goes through all that was ever shredded or
// redacted. So a data directory that was restored from a backup older than an
// erasure loses its key again, as long as the log knows better, and the fences
// (package vault) see to it where the log is the older one.
//
// It also sets the moment: restricted data are shredded in the platform's name
// when their term ends and no hold keeps them. And with the last application of a
// merchant its account goes, because nothing else needs it.
//
// Only the account's end reads a state, and no personal value of it.
type Erase struct {
	*Follower
	cfg       EraseConfig
	applied   *Applications
	timers    *MemoryTimers // of restricted applications whose term runs
	clock     steady
	ready     bool            // the end of the log was seen
	kept      map[string]bool // restricted, until the end of the log is seen
	merchants map[string]bool // one of whose applications was shredded
	settled   time.Time       // when to look whether it was the last
}

// settling is how long shredded applications are collected before the log is gone
// through for the other applications of their merchants.
const settling = time.Second

// NewErase makes the reaction; call Run.
func NewErase(c EraseConfig) *Erase {
	if c.Elapsed == nil {
		start := time.Now()
		c.Elapsed = func() time.Duration { return time.Since(start) }
	}
	e := &Erase{
		cfg: c, timers: NewMemoryTimers(), clock: steady{wall: c.Now, elapsed: c.Elapsed}, merchants: map[string]bool{}, kept: map[string]bool{},
		applied: &Applications{
			Log: c.Log, Category: "application", Evolve: application.Evolve, CacheSize: 64,
			Encode: func(_ context.Context, _ string, _ eventstore.ID, e application.Event) (eventstore.Proposed, error) {
				name, data, err := application.Encode(e, nil)
				return eventstore.Proposed{Type: name, Data: data}, err
			},
			Decode: func(_ context.Context, r *eventstore.Record) (application.Event, error) {
				e, err := application.Decode(r.Type, r.Data, nil)
				if err != nil {
					return nil, eventstore.Unreadable(r, err)
				}
				return e, nil
			},
		},
	}
	e.Follower = &Follower{
		Name: "erase", Log: c.Log, Now: c.Now, Logger: c.Logger, Replay: true,
		Filter: eventstore.Filter{Streams: []string{"application-"}, Types: []string{
			"application.restricted.", "application.restriction-lifted.", "application.hold-", "application.shredded.", "application.document-redacted.",
		}},
		Handle: e.handle, CaughtUp: e.caughtUp, Wake: e.wake,
	}
	return e
}

func (e *Erase) handle(ctx context.Context, r *eventstore.Record) error {
	ev, err := application.Decode(r.Type, r.Data, nil)
	if err != nil {
		return eventstore.Unreadable(r, err)
	}
	id := strings.TrimPrefix(r.Stream, "application-")
	switch ev := ev.(type) {
	case application.Restricted, application.RestrictionLifted, application.HoldPlaced, application.HoldLifted:
		if !e.ready {
			e.kept[id] = true
			return nil
		}
		s, _, err := e.applied.LoadThrough(ctx, r)
		if err != nil {
			return err
		}
		return e.set(ctx, id, s)
	case application.Shredded:
		delete(e.kept, id)
		return e.shredded(ctx, r, id)
	case application.DocumentRedacted:
		return e.redacted(ctx, r, id, ev)
	default: // nothing is given up
		return nil
	}
}

// shredded destroys what an application's event gave up.
func (e *Erase) shredded(ctx context.Context, r *eventstore.Record, id string) error {
	s, _, err := e.applied.LoadThrough(ctx, r)
	if err != nil {
		return err
	}
	if err := e.destroy(ctx, id); err != nil {
		return err
	}
	if s.Merchant != "" {
		e.merchants[s.Merchant] = true
		e.settled = e.cfg.Now().Add(settling)
	}
	return e.timers.Drop(ctx, id)
}

func (e *Erase) destroy(ctx context.Context, subject string) error {
	if err := e.cfg.Destroy(ctx, subject); err != nil {
		return fmt.Errorf("reactions: destroy what belongs to %s: %w", subject, err)
	}
	e.cfg.Forget(subject)
	return nil
}

// redacted destroys the files that a redaction replaced. Whoever redacts does so
// at once; this is for the process that ended in between.
func (e *Erase) redacted(ctx context.Context, r *eventstore.Record, id string, ev application.DocumentRedacted) error {
	for before, err := range eventstore.Whole(eventstore.NoStream, e.cfg.Log.ReadStream(ctx, r.Stream, 0, int(r.Revision))) {
		if err != nil {
			return err
		}
		past, err := application.Decode(before.Type, before.Data, nil)
		if err != nil {
			return eventstore.Unreadable(before, err)
		}
		var d application.Document
		switch past := past.(type) {
		case application.DocumentUploaded:
			d = past.Document
		case application.DocumentRedacted:
			d = past.Document
		default:
			continue
		}
		if d.ID != ev.Former {
			continue
		}
		for _, blob := range d.Blobs {
			if err := e.cfg.Discard(ctx, id, blob); err != nil {
				return fmt.Errorf("reactions: destroy a redacted file of %s: %w", id, err)
			}
		}
	}
	return nil
}

// caughtUp sets the timers of everything that is restricted.
func (e *Erase) caughtUp(ctx context.Context) error {
	for id := range e.kept {
		if err := e.unlessAside(ctx, id, e.read(ctx, id)); err != nil {
			return err
		}
		delete(e.kept, id)
	}
	e.ready = true
	return nil
}

// unlessAside sets an application aside whose stream cannot be read: nothing of it is
// shredded until it can. Any other error is answered.
func (e *Erase) unlessAside(ctx context.Context, id string, err error) error {
	var reason *eventstore.SetAsideError
	if !errors.As(err, &reason) {
		return err
	}
	return errors.Join(e.SetAside(e.applied.Stream(id), 0, e.Position(), reason), e.timers.Drop(ctx, id))
}

// read sets the timer to the end of the term of an application, which is read.
func (e *Erase) read(ctx context.Context, id string) error {
	s, _, err := e.applied.Load(ctx, id)
	if err != nil {
		return err
	}
	return e.set(ctx, id, s)
}

// set sets the timer to the end of an application's term.
func (e *Erase) set(ctx context.Context, id string, s application.State) error {
	if !s.Restricted || s.Hold || s.Shredded {
		return e.timers.Drop(ctx, id)
	}
	return e.timers.Set(ctx, id, s.Retain)
}

// wake shreds what is due, and ends the accounts that nothing needs any more.
func (e *Erase) wake(ctx context.Context) (time.Time, error) {
	if !e.ready {
		return time.Time{}, nil
	}
	// A clock that jumps is not believed: nothing destroyed comes back.
	now, jumped := e.clock.now()
	if jumped != nil {
		e.cfg.Logger.Error("the clock jumped", "reaction", e.Name, "error", jumped)
	}
	for range looks {
		id, due, err := e.timers.Claim(ctx, now, lookLease)
		if err != nil {
			return time.Time{}, err
		}
		if !due {
			break
		}
		if err := e.unlessAside(ctx, id, e.look(ctx, id, now)); err != nil {
			return time.Time{}, err
		}
	}
	wait := longest
	if len(e.merchants) > 0 {
		if wait = e.settled.Sub(e.cfg.Now()); wait <= 0 {
			if err := e.leave(ctx); err != nil {
				return time.Time{}, err
			}
			wait = longest
		}
	}
	next, err := e.timers.Next(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if !next.IsZero() {
		wait = min(wait, max(0, next.Sub(now)))
	}
	return e.cfg.Now().Add(wait), nil
}

// look shreds an application whose term ended.
func (e *Erase) look(ctx context.Context, id string, now time.Time) error {
	s, _, err := e.applied.Load(ctx, id)
	if err != nil {
		return err
	}
	cmd := decider.Command{
		ID:    decider.DeriveID(decider.DeriveID(eventstore.ID{}, e.applied.Stream(id)), "shred"),
		Actor: e.Name, Role: string(application.RoleSystem), Operation: "shred", Policy: s.Policy,
	}
	shred := application.Shred{Why: "the retention term ended", By: application.Actor{ID: e.Name, Role: application.RoleSystem}, At: now}
	result, err := e.applied.Transact(ctx, id, cmd, nil, shred.Decide)
	var refusal *application.Refusal
	if errors.As(err, &refusal) { // a hold came in between
		return e.read(ctx, id)
	}
	if err != nil {
		return err
	}
	if result.State.Shredded {
		return e.timers.Drop(ctx, id)
	}
	return e.timers.Set(ctx, id, now.Add(lookAgain))
}

// leave ends the accounts of merchants whose applications are all shredded. The
// log is gone through by the names of events alone, which is slow and rare.
func (e *Erase) leave(ctx context.Context) error {
	others := map[string][]string{}
	from := eventstore.Filter{Name: "erase leavers", Streams: []string{"application-"}, Types: []string{"application.opened."}}
	for r, err := range eventstore.Stored(e.cfg.Log.Subscribe(ctx, eventstore.Start, from)) {
		if err != nil {
			return fmt.Errorf("reactions: look for other applications of a merchant: %w", err)
		}
		if merchant := application.MerchantOf(r.Data); e.merchants[merchant] {
			others[merchant] = append(others[merchant], strings.TrimPrefix(r.Stream, "application-"))
		}
	}
	for merchant, applications := range others {
		last, err := e.allShredded(ctx, applications)
		if err != nil {
			return err
		}
		if last {
			cmd := decider.Command{
				ID:    decider.DeriveID(decider.DeriveID(eventstore.ID{}, "account-"+merchant), "erase"),
				Actor: e.Name, Role: string(application.RoleSystem), Operation: "erase",
			}
			if err := e.cfg.CloseAccount(ctx, cmd, merchant); err != nil {
				return fmt.Errorf("reactions: close account %s: %w", merchant, err)
			}
			if err := e.destroy(ctx, merchant); err != nil {
				return err
			}
		}
		delete(e.merchants, merchant)
	}
	clear(e.merchants)
	return nil
}

func (e *Erase) allShredded(ctx context.Context, applications []string) (bool, error) {
	for _, id := range applications {
		s, _, err := e.applied.Load(ctx, id)
		if errors.As(err, new(*eventstore.SetAsideError)) {
			return false, nil // it may not be shredded: the account stays
		}
		if err != nil || !s.Shredded {
			return false, err
		}
	}
	return true, nil
}
