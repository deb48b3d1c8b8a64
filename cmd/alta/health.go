package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"alta/api"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/reactions/mail"
)

const (
	lookEvery  = time.Second
	logAsked   = 2 * time.Second  // how long the log may take to say where it ends
	logFresh   = 5 * time.Second  // how old its newest answer may be
	countedIn  = time.Second      // how long a look counts the events that wait
	counted    = 1000             // events that are counted as waiting, and read in one look
	standstill = 20 * time.Second // how long a part may stay at one event while others wait
	reasonRoom = 1000             // bytes of a reason
)

// health looks every second at how each part stands, and remembers it, so that
// /readyz and the figures answer at once, whatever is away.
type health struct {
	p      *program
	logger *slog.Logger
	now    func() time.Time // the machine's

	started atomic.Bool // the process serves, and all its parts are there

	mu       sync.Mutex
	parts    []api.PartHealth // as of the last look
	whole    bool             // that look saw every part
	serving  time.Time        // when a look first did
	answered time.Time        // when the log said last where it ends
	head     eventstore.Position
	newest   time.Time            // when the event there was stored
	failure  error                // of the newest look at the log
	lags     map[string]lag       // of the parts that know what waits for them
	asOf     map[string]time.Time // as of when what people read is

	// Of the one goroutine that looks.
	backlogs map[string]*backlog
	before   eventstore.Position // where the log ended at the last look
	looked   time.Time           // when that was asked; zero before
	beyond   map[string]bool     // whose position lay beyond the log's end at the last look
}

// lag is what waits for a part: how many events, and when the first was stored.
type lag struct {
	events int
	oldest time.Time
}

func newHealth(p *program) *health {
	return &health{
		p: p, logger: p.logger, now: time.Now, lags: map[string]lag{}, asOf: map[string]time.Time{}, backlogs: map[string]*backlog{}, beyond: map[string]bool{},
		failure: errors.New("it was not asked yet"),
	}
}

// follower is a part that follows the log.
type follower struct {
	name    string
	at      eventstore.Position
	accepts func(stream, typ string) bool // nil: everything
	working bool                          // false while another process does it, or it builds
	patient bool                          // it may hold events back for longer than a standstill
}

// backlog is what waits for a follower.
type backlog struct {
	at       eventstore.Position // of the follower at the last look
	moved    time.Time           // when it moved last, or nothing waited
	examined eventstore.Position // what waits was counted up to here
	events   []waitingEvent      // in order; at most counted
	partial  bool                // the last look could not count all, or as many as are counted
}

type waitingEvent struct {
	at     eventstore.Position
	stored time.Time
}

// run looks until the context ends.
func (h *health) run(ctx context.Context) error { return every(ctx, lookEvery, h.look) }

// followers are the parts of this process that follow the log, as they stand now.
func (h *health) followers() []follower {
	if !h.started.Load() {
		return nil
	}
	var out []follower
	if h.p.cfg.does("projector") {
		lists, sums := h.p.runner.Stats(), h.p.counter.Stats()
		out = append(out,
			follower{name: "projector", at: lists.Position, working: lists.State == "following"},
			follower{name: "statistics", at: sums.Position, working: sums.State == "following"})
	}
	for _, r := range h.p.running() {
		f := follower{name: r.name, at: r.runs.Position(), accepts: r.runs.Accepts, working: !r.standby.Load()}
		if m, ok := r.runs.(*mail.Mailer); ok {
			f.patient = m.Stats().Backlog > 0
		}
		out = append(out, f)
	}
	if h.p.server != nil && h.p.server.sequencer != nil {
		at := h.p.server.sequencer.At()
		out = append(out, follower{name: "sequencer", at: at, working: at != eventstore.Start})
	}
	return out
}

// look asks the log and Redis, counts what waits, and judges every part.
func (h *health) look(ctx context.Context) {
	whole := h.started.Load()
	// The positions come first: none of them can lie beyond an end that is asked for later.
	followers := append(h.followers(), h.readable(ctx)...)
	began := h.now()
	var redis error
	var asking sync.WaitGroup
	asking.Go(func() { redis = h.p.askRedis(ctx) })
	head, newest, err := h.askLog(ctx)
	asking.Wait()
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		h.count(ctx, followers)
		h.before = head
	}
	now := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failure = err
	clear(h.lags)
	if err == nil {
		h.answered, h.head, h.newest = now, head, newest
		for _, f := range followers {
			if l, known := h.backlogs[f.name].lag(); f.working && known {
				h.lags[f.name] = l
			}
		}
		h.aged(followers)
		h.looked = began
	}
	h.change(h.judge(followers, redis, now), now)
	if h.whole = whole; whole && h.serving.IsZero() {
		h.serving = now
	}
}

// lag answers what waits; known is false where something may, and it was not counted.
func (b *backlog) lag() (l lag, known bool) {
	if len(b.events) == 0 {
		return lag{}, !b.partial
	}
	return lag{len(b.events), b.events[0].stored}, true
}

// askLog answers where the log ends, and when the event there was stored.
func (h *health) askLog(ctx context.Context) (head eventstore.Position, newest time.Time, err error) {
	ctx, stop := context.WithTimeout(ctx, logAsked)
	defer stop()
	for r, err := range h.p.log.ReadAllBackward(ctx, lastOfAll, 1) {
		if err != nil {
			return head, newest, fmt.Errorf("the newest event of the log: %w", err)
		}
		return r.Position, r.Created, nil
	}
	return eventstore.Start, newest, nil
}

// count brings up to date what waits for each follower. Only events that the log held
// at the last look wait; so a follower that keeps up costs nothing. At most as many
// events are read in one look as are counted; what is left is for the next one.
func (h *health) count(ctx context.Context, followers []follower) {
	ctx, stop := context.WithTimeout(ctx, countedIn)
	defer stop()
	now := h.now()
	var late []follower
	from := h.before
	for _, f := range followers {
		b := h.backlogs[f.name]
		if b == nil || f.at.Compare(b.at) < 0 || !f.working { // it begins, or begins again
			b = &backlog{at: f.at, moved: now, examined: f.at}
			h.backlogs[f.name] = b
		}
		if f.at != b.at {
			b.at, b.moved = f.at, now
		}
		b.events = slices.DeleteFunc(b.events, func(e waitingEvent) bool { return e.at.Compare(f.at) <= 0 })
		if b.examined.Compare(f.at) < 0 {
			b.examined = f.at
		}
		if f.working && b.examined.Compare(h.before) < 0 && len(b.events) < counted {
			late = append(late, f)
			if b.examined.Compare(from) < 0 {
				from = b.examined
			}
		}
	}
	if len(late) > 0 {
		for r, err := range h.after(ctx, from) {
			if err != nil || r.Position.Compare(h.before) > 0 {
				break // what was not counted is not known
			}
			for _, f := range late {
				b := h.backlogs[f.name]
				if b.examined.Compare(r.Position) < 0 && len(b.events) < counted {
					if f.accepts == nil || f.accepts(r.Stream, r.Type) {
						b.events = append(b.events, waitingEvent{r.Position, r.Created})
					}
					b.examined = r.Position
				}
			}
		}
	}
	for _, f := range followers {
		b := h.backlogs[f.name]
		b.partial = f.working && b.examined.Compare(h.before) < 0 && len(b.events) < counted
		if len(b.events) == 0 && !b.partial {
			b.moved = now
		}
	}
}

// after are the events after a position. Those of a server that this process was told
// of are not read again: a reaction to few of them says only now and then how far it
// is, so that all of them are looked at.
func (h *health) after(ctx context.Context, from eventstore.Position) iter.Seq2[*eventstore.Record, error] {
	if h.p.server == nil {
		return h.p.log.ReadAll(ctx, from, counted)
	}
	told, all := h.p.server.Recent(from, h.before, counted)
	if !all {
		return h.p.log.ReadAll(ctx, from, counted)
	}
	return func(yield func(*eventstore.Record, error) bool) {
		for _, r := range told {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// readiness is what /readyz answers. A look that hangs is told as a log that does not
// answer.
func (h *health) readiness() api.Readiness {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := api.Readiness{Ready: h.whole, Parts: slices.Clone(h.parts)}
	if len(r.Parts) == 0 {
		r.Parts = []api.PartHealth{{Name: "log", State: api.PartStarting, Reason: h.failure.Error(), Since: h.now().UTC().Truncate(time.Second)}}
	}
	if log := &r.Parts[0]; log.State == api.PartOK && h.now().Sub(h.answered) > logFresh {
		log.State, log.Reason = api.PartFailing, "it has not said where it ends for "+h.now().Sub(h.answered).Truncate(time.Second).String()
	}
	for _, p := range r.Parts {
		r.Ready = r.Ready && p.State != api.PartFailing
	}
	return r
}

// logState is what the figures tell of the log.
func (h *health) logState() (head eventstore.Position, newest, answered time.Time, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.head, h.newest, h.answered, h.failure == nil && h.now().Sub(h.answered) <= logFresh
}

// lag is what waits for a part, as the figures tell it: how many events, and for how
// long the oldest. known is false while the log or the part cannot say.
func (h *health) lag(name string) (events int, age time.Duration, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, known := h.lags[name]
	if l.events > 0 {
		age = max(0, h.now().Sub(l.oldest))
	}
	return l.events, age, known
}

// well reports whether a part that follows the log does its work.
func (h *health) well(name string) bool {
	for _, p := range h.readiness().Parts {
		if p.Name == name {
			return p.State != api.PartFailing
		}
	}
	return false
}

// lastOfAll is after every position.
var lastOfAll = eventstore.Position{Commit: 1<<64 - 1, Prepare: 1<<64 - 1}

// note is what an operator should mend although the process serves: a load balancer
// that took it out for that would make things worse.
type note struct{ part, text string }

func (p *program) notes() []note {
	var out []note
	if p.health.started.Load() && p.mailer != nil {
		if s, known := p.mailer.Server(); known && s.Error() != "" {
			out = append(out, note{"mail", s.Error()})
		}
	}
	for _, text := range p.asides.notes() {
		out = append(out, note{"streams", text})
	}
	return out
}

// fault is why a part that follows the log stands still, as it says itself.
func (p *program) fault(name string) error {
	switch name {
	case "projector":
		return p.runner.Healthy()
	case "statistics":
		return p.counter.Healthy()
	case "sequencer":
		return p.server.sequencer.Healthy()
	}
	for _, r := range p.running() {
		if r.name == name {
			return r.runs.Healthy()
		}
	}
	return nil
}

// state is what a part that follows the log is doing, in the words of
// projections.States.
func (p *program) state(name string) string {
	switch name {
	case "projector":
		return p.runner.Stats().State
	case "statistics":
		return p.counter.Stats().State
	case "sequencer":
		if p.server.sequencer.At() == eventstore.Start {
			return standingBy
		}
	}
	for _, r := range p.running() {
		if r.name == name && r.standby.Load() {
			return standingBy
		}
	}
	return ""
}

// standingBy is the one of projections.States that says that another process does it.
const standingBy = "standing_by"

// needsRedis reports whether a part of this process needs Redis.
func (p *program) needsRedis() bool {
	return p.cfg.does("api") || p.cfg.does("projector") || p.cfg.does("reactions") || p.cfg.does("sequencer") && p.server != nil
}

// askRedis answers why Redis does not answer.
func (p *program) askRedis(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, redisSilent)
	defer stop()
	if err := p.redis.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("it does not answer: %w", err)
	}
	return nil
}

// redisSilent is how long Redis may take to show life.
const redisSilent = time.Second

// running are the reactions of this process, once it serves.
func (p *program) running() []*reaction {
	if !p.health.started.Load() {
		return nil
	}
	return p.reactions
}

// room answers why the disk of the data directory takes no more, and
// embedded.ErrDiskUntold where it does not say.
func (p *program) room() error {
	if p.guarded != nil {
		if err := p.guarded.Writable(); errors.Is(err, eventstore.ErrDiskReserve) {
			return err
		}
		if !p.guarded.Stats().DiskTold {
			return embedded.ErrDiskUntold
		}
		return nil
	}
	return embedded.DefaultReserve.Look(p.cfg.Data)
}
