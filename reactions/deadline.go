package reactions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/eventstore"
)

// DeadlineConfig is what the deadline reaction needs.
type DeadlineConfig struct {
	Log   Log
	Rules func() application.Rules
	// Timers is NewMemoryTimers for one worker, RedisTimers for several.
	Timers Timers
	Now    func() time.Time
	// Elapsed is the time that went by since some fixed moment, whatever the wall
	// clock does; nil measures it.
	Elapsed func() time.Duration
	Logger  *slog.Logger
}

// Deadline turns moments into events: the mark at which a deadline is warned of,
// the merchant's reminders, the breach, the end of a merchant's silence, the end
// of a reviewer's lease, the end of an offer that nobody signed.
//
// At the start it goes through the log once, by the names of the events alone,
// to learn which applications are open; it folds each of those and sets a timer
// to the next moment at which something could happen. From then on every event
// is folded and sets its application's timer anew. At a look the stream is read, what
// is due first is asked of the decider under an id made of stream, deadline and
// mark, and the timer is set again, so that after a downtime everything is
// caught up with in the order in which it was due.
//
// It reads no personal value and needs no key.
type Deadline struct {
	*Follower
	cfg      DeadlineConfig
	clock    steady
	applied  *Applications
	open     map[string]bool // while the log is gone through for the first time
	jump     atomic.Pointer[error]
	fired    atomic.Int64
	repeated atomic.Int64
}

// DeadlineStats are counters since the start of the process.
type DeadlineStats struct {
	Stats
	Fired  int64 // events appended
	Looked int64 // looks at which nothing was due
}

const (
	lookLease = time.Minute // until another worker looks
	lookAgain = time.Hour   // at what ought to be due and is not, by the decider
	looks     = 64          // of one wake-up, so that events are not kept waiting
)

// NewDeadline makes the reaction; call Run.
func NewDeadline(c DeadlineConfig) *Deadline {
	d := &Deadline{open: map[string]bool{}}
	if c.Timers == nil {
		c.Timers = NewMemoryTimers()
	}
	if c.Elapsed == nil {
		start := time.Now()
		c.Elapsed = func() time.Duration { return time.Since(start) }
	}
	d.cfg, d.clock = c, steady{wall: c.Now, elapsed: c.Elapsed}
	d.Follower = &Follower{
		Name: "deadline", Log: c.Log, Now: c.Now, Logger: c.Logger, Replay: true,
		Filter: eventstore.Filter{Streams: []string{"application-"}},
		Handle: d.handle, CaughtUp: d.caughtUp, Wake: d.wake,
	}
	d.applied = clearApplications(c.Log)
	return d
}

// clearApplications decides about applications without reading a personal value,
// and appends only events that hold none.
func clearApplications(log Log) *Applications {
	return &Applications{
		Log: log, Category: "application", Evolve: application.Evolve,
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
	}
}

// Healthy answers nil while deadlines are looked after, and else why they are
// not, or that the clock jumped.
func (d *Deadline) Healthy() error {
	if e := d.jump.Load(); e != nil {
		return *e
	}
	return d.Follower.Healthy()
}

// Stats answers the counters.
func (d *Deadline) Stats() DeadlineStats {
	return DeadlineStats{d.Follower.Stats(), d.fired.Load(), d.repeated.Load()}
}

// ends are the names of the events after which nothing is due until the
// application is taken up again.
var ends = []string{
	"application.activated.", "application.withdrawn.", "application.decline-confirmed.", "application.expired.", "application.shredded.",
}

func (d *Deadline) handle(ctx context.Context, r *eventstore.Record) error {
	id := strings.TrimPrefix(r.Stream, "application-")
	if d.open == nil {
		s, _, err := d.applied.LoadThrough(ctx, r)
		if err != nil {
			return err
		}
		return d.next(ctx, id, s)
	}
	if slices.ContainsFunc(ends, func(name string) bool { return strings.HasPrefix(r.Type, name) }) {
		delete(d.open, id)
		return d.cfg.Timers.Drop(ctx, id)
	}
	d.open[id] = true
	return nil
}

// caughtUp sets the timers of everything that is open. What fails is asked
// again: the map keeps what is still to do.
func (d *Deadline) caughtUp(ctx context.Context) error {
	for id := range d.open {
		s, _, err := d.applied.Load(ctx, id)
		if err == nil {
			err = d.next(ctx, id, s)
		}
		if err := d.unlessAside(ctx, id, err); err != nil {
			return err
		}
		delete(d.open, id)
	}
	if c, ok := d.cfg.Timers.(completed); ok && d.open != nil {
		if err := c.Complete(ctx); err != nil {
			return err
		}
	}
	d.open = nil
	return nil
}

// unlessAside sets an application aside whose stream cannot be read: nothing is due
// to it until it can. Any other error is answered.
func (d *Deadline) unlessAside(ctx context.Context, id string, err error) error {
	var reason *eventstore.SetAsideError
	if !errors.As(err, &reason) {
		return err
	}
	return errors.Join(d.SetAside(d.applied.Stream(id), 0, d.Position(), reason), d.cfg.Timers.Drop(ctx, id))
}

// next sets the timer to the next thing that could happen.
func (d *Deadline) next(ctx context.Context, id string, s application.State) error {
	todo, err := d.todo(s)
	if err != nil {
		return err
	}
	if len(todo) == 0 {
		return d.cfg.Timers.Drop(ctx, id)
	}
	return d.cfg.Timers.Set(ctx, id, todo[0].at)
}

// wake looks at what is due.
func (d *Deadline) wake(ctx context.Context) (time.Time, error) {
	now, jumped := d.clock.now()
	if jumped != nil {
		if d.jump.Swap(&jumped) == nil {
			d.cfg.Logger.Error("the clock jumped", "error", jumped)
		}
	} else {
		d.jump.Store(nil)
	}
	if d.open != nil {
		return time.Time{}, nil // the end of the log was not seen: more may have happened
	}
	for range looks {
		id, due, err := d.cfg.Timers.Claim(ctx, now, lookLease)
		if errors.Is(err, ErrTimersLost) {
			d.open = map[string]bool{}
			return time.Time{}, errReplay
		}
		if err != nil {
			return time.Time{}, err
		}
		if !due {
			break
		}
		if err := d.unlessAside(ctx, id, d.look(ctx, id, now)); err != nil {
			return time.Time{}, errors.Join(err, d.cfg.Timers.Set(ctx, id, now)) // it stays the first
		}
	}
	next, err := d.cfg.Timers.Next(ctx)
	if err != nil {
		return time.Time{}, err
	}
	// The follower counts in the wall clock's time, which may be wrong. A clock that
	// jumps has to be noticed before something is due, so it is looked at in any case.
	wait := longest
	if !next.IsZero() {
		wait = max(0, next.Sub(now))
	}
	return d.cfg.Now().Add(wait), nil
}

// look does what is due first, and sets the timer to what comes then.
func (d *Deadline) look(ctx context.Context, id string, now time.Time) error {
	s, _, err := d.applied.Load(ctx, id)
	if err != nil {
		return err
	}
	todo, err := d.todo(s)
	if err != nil {
		return err
	}
	if len(todo) == 0 || todo[0].at.After(now) {
		d.repeated.Add(1)
		return d.next(ctx, id, s)
	}
	first := todo[0]
	cmd := decider.Command{
		ID:    decider.DeriveID(decider.DeriveID(eventstore.ID{}, d.applied.Stream(id)), first.name),
		Actor: "deadline", Role: string(application.RoleSystem), Operation: "deadline " + first.name, Policy: s.Policy,
	}
	result, err := d.applied.Transact(ctx, id, cmd, nil, func(s application.State) ([]application.Event, error) {
		return first.decide(s, now)
	})
	var refusal *application.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	if result.Appended {
		d.fired.Add(1)
		return d.next(ctx, id, result.State)
	}
	d.repeated.Add(1)
	if todo, err = d.todo(result.State); err == nil && (refusal != nil || len(todo) > 0 && todo[0].name == first.name) {
		return d.cfg.Timers.Set(ctx, id, now.Add(lookAgain))
	}
	return errors.Join(err, d.next(ctx, id, result.State))
}

// due is one thing that happens at a moment unless something else happens
// before.
type due struct {
	at     time.Time
	name   string // what makes it one and the same thing within its stream
	decide func(s application.State, now time.Time) ([]application.Event, error)
}

// todo lists what could still happen to an application by itself, in time's
// order.
func (d *Deadline) todo(s application.State) ([]due, error) {
	var out []due
	by := application.Actor{ID: "deadline", Role: application.RoleSystem}
	if c := s.Claim; c.By.ID != "" {
		out = append(out, due{c.Until, fmt.Sprintf("lease/%s/%d", c.By.ID, c.Since.UnixMilli()),
			func(s application.State, now time.Time) ([]application.Event, error) {
				return application.ReleaseExpired{By: by, At: now}.Decide(s)
			}})
	}
	if s.Restricted || s.Stage.Ended() {
		return out, nil
	}
	if l := s.Deadline; l != nil {
		for _, m := range l.Marks() {
			if !slices.Contains(s.Marks, m.Name) {
				out = append(out, due{m.At, l.ID + "/" + m.Name, func(s application.State, now time.Time) ([]application.Event, error) {
					return application.WarnDeadline{Deadline: l.ID, Mark: m.Name, By: by, At: now}.Decide(s)
				}})
			}
		}
		if s.Stage == application.Signature { // the offer ends with its deadline, which is then not breached as well
			rules := d.cfg.Rules()
			out = append(out, due{s.Offer.Expires, l.ID + "/lapse", func(s application.State, now time.Time) ([]application.Event, error) {
				return application.LapseContract{Rules: rules, By: by, At: now}.Decide(s)
			}})
		}
		if !s.Breached {
			out = append(out, due{l.Due, l.ID + "/breach", func(s application.State, now time.Time) ([]application.Event, error) {
				return application.BreachDeadline{Deadline: l.ID, By: by, At: now}.Decide(s)
			}})
		}
	}
	if s.Holder() == application.Merchant {
		rules := d.cfg.Rules()
		until, err := s.ExpiryDue(rules)
		var refusal *application.Refusal
		switch {
		case errors.As(err, &refusal): // its policy version is not in this book; the others go on
			d.cfg.Logger.Error("a silence has no end", "merchant_number", s.MerchantNumber, "code", refusal.Code)
		case err != nil:
			return nil, fmt.Errorf("reactions: when a silence ends: %w", err)
		case !until.IsZero():
			out = append(out, due{until, fmt.Sprintf("expire/%d", s.Silent.UnixMilli()), func(s application.State, now time.Time) ([]application.Event, error) {
				return application.Expire{Rules: rules, By: by, At: now}.Decide(s)
			}})
		}
	}
	slices.SortStableFunc(out, func(a, b due) int { return a.at.Compare(b.at) })
	return out, nil
}
