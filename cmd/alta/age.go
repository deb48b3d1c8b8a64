package main

import (
	"context"
	"time"

	"alta/api"
	"alta/eventstore"
)

// What people read in Redis, as parts of a process that answers them. They follow the
// log by what any process writes there, so their age is known also where the projector is
// another process, or stands by.
const (
	partLists   = string(api.FromLists)
	partReports = string(api.FromReports)
)

// readable are these parts as they stand now. One whose position cannot be read is not
// among them: requests for it are refused, and its age stays what it was.
func (h *health) readable(ctx context.Context) (out []follower) {
	if !h.started.Load() || !h.p.cfg.does("api") {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, redisSilent)
	defer stop()
	for name, position := range map[string]func(context.Context) (eventstore.Position, error){
		partLists: h.p.store.Position, partReports: h.p.counter.Store.Position,
	} {
		at, err := position(ctx)
		if err != nil {
			continue // they are being built, or Redis is away: its own part says so
		}
		// It never fails for standing still: a node that answers is no better for being
		// taken out of service because the projector, somewhere, does not do its work.
		out = append(out, follower{name: name, at: at, working: true, patient: true})
	}
	return out
}

// aged notes as of when each of them is. Events that the log did not hold at the look
// before do not count as waiting, so nothing is told to be newer than that look. The
// caller holds the lock.
func (h *health) aged(followers []follower) {
	for _, f := range followers {
		l, known := h.lags[f.name]
		switch {
		case f.name != partLists && f.name != partReports, !known:
		case l.events > 0:
			h.asOf[f.name] = l.oldest
		case !h.looked.IsZero():
			h.asOf[f.name] = h.looked
		}
	}
}

// age answers as of when something that people read is, and for how long it has not been
// up to date; known is false before it was compared with the log. A process that began to
// serve just now has not had the time to: that is no longer than what counts as fresh.
func (h *health) age(of api.Source) (asOf time.Time, behind time.Duration, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if asOf, known = h.asOf[string(of)]; known {
		return asOf, max(0, h.now().Sub(asOf)), true
	}
	if h.serving.IsZero() || h.now().Sub(h.serving) <= api.AgedFrom {
		return h.now(), 0, true
	}
	return asOf, 0, false
}
