package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"alta/api"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/esdb"
)

// judge is how the parts stand. The caller holds the lock.
func (h *health) judge(followers []follower, redis error, now time.Time) []api.PartHealth {
	p := h.p
	parts := []api.PartHealth{h.judgeLog()}
	away := h.failure
	add := func(name, state, reason string) {
		parts = append(parts, api.PartHealth{Name: name, State: state, Reason: reason})
	}
	if !h.started.Load() {
		add("start", api.PartStarting, "this process begins to serve once the log has answered")
	}
	disk := p.room()
	if errors.Is(disk, embedded.ErrDiskUntold) {
		add("disk", api.PartAttention, short(disk.Error()))
	} else {
		add(worse("disk", disk))
	}
	if p.needsRedis() {
		add(worse("redis", errors.Join(p.fit.err(), redis)))
	}
	for _, f := range followers {
		part := api.PartHealth{Name: f.name}
		part.State, part.Reason = h.judgeFollower(f, away, now)
		if l := h.lags[f.name]; l.events > 0 {
			oldest := l.oldest.UTC().Truncate(time.Second)
			part.Waiting, part.Oldest = l.events, &oldest
		}
		parts = append(parts, part)
	}
	parts = append(parts, h.judgeSubscribers(away, now)...)
	add(worse("keys", p.keyState.err()))
	for _, n := range p.notes() {
		at := slices.IndexFunc(parts, func(q api.PartHealth) bool { return q.Name == n.part })
		switch {
		case at < 0:
			add(n.part, api.PartAttention, short(n.text))
		case parts[at].State == api.PartAttention:
			parts[at].Reason = short(parts[at].Reason + "; " + n.text)
		case parts[at].State != api.PartFailing:
			parts[at].State, parts[at].Reason = api.PartAttention, short(n.text)
		}
	}
	if p.parts != nil {
		for _, s := range p.parts.list() {
			if s.failing == nil {
				continue
			}
			at := slices.IndexFunc(parts, func(q api.PartHealth) bool { return q.Name == s.name })
			if at < 0 {
				add(worse(s.name, s.failing))
			} else if parts[at].State != api.PartFailing {
				_, parts[at].State, parts[at].Reason = worse(s.name, s.failing)
			}
		}
	}
	return parts
}

// worse is a part that fails for a reason, if there is one.
func worse(name string, err error) (string, string, string) {
	if err == nil {
		return name, api.PartOK, ""
	}
	return name, api.PartFailing, short(err.Error())
}

func short(reason string) string {
	if len(reason) > reasonRoom {
		reason = strings.ToValidUTF8(reason[:reasonRoom], "") + " …"
	}
	return strings.ReplaceAll(reason, "\n", "; ")
}

func (h *health) judgeLog() api.PartHealth {
	part := api.PartHealth{Name: "log", State: api.PartOK}
	if !h.answered.IsZero() {
		at := h.answered.UTC().Truncate(time.Second)
		part.Answered = &at
	}
	var refusal error
	switch {
	case h.p.server != nil && h.started.Load():
		refusal = h.p.server.refusal()
	case h.p.guarded != nil:
		if refusal = h.p.guarded.Writable(); errors.Is(refusal, eventstore.ErrDiskReserve) {
			refusal = nil // that is the disk's
		}
	}
	switch err := h.failure; {
	case errors.Is(err, esdb.ErrDenied):
		part.State, part.Reason = api.PartFailing, short("the server denies access to $all: "+err.Error())
	case err != nil && h.p.server != nil:
		part.State, part.Reason = api.PartFailing, short("the server does not answer: "+err.Error())
	case err != nil:
		_, part.State, part.Reason = worse("log", err)
	case refusal != nil:
		_, part.State, part.Reason = worse("log", refusal)
	}
	return part
}

// judgeFollower is how a part that follows the log stands.
func (h *health) judgeFollower(f follower, away error, now time.Time) (state, reason string) {
	if err := h.p.fault(f.name); err != nil {
		_, state, reason = worse(f.name, err)
		return state, reason
	}
	if away != nil {
		return api.PartFailing, "it cannot follow the log"
	}
	switch h.p.state(f.name) {
	case "building":
		return api.PartBuilding, "it is made anew from the log"
	case standingBy:
		return api.PartStandsBy, "another process does it"
	case "waiting":
		return api.PartStarting, ""
	}
	beyond := f.working && f.at.Compare(h.head) > 0
	twice := beyond && h.beyond[f.name]
	h.beyond[f.name] = beyond
	if twice {
		return api.PartFailing, fmt.Sprintf("it is at %s, beyond the log's end at %s: it followed another log", f.at, h.head)
	}
	b := h.backlogs[f.name]
	switch stood := now.Sub(b.moved); {
	case len(b.events) == 0 && !b.partial:
		return api.PartOK, ""
	case stood >= standstill && !f.patient:
		return api.PartFailing, stands(f.at, stood)
	case len(b.events) == 0:
		return api.PartBehind, "what waits for it could not be counted"
	}
	return api.PartBehind, behindReason
}

const behindReason = "events have waited for a second or longer"

func stands(at eventstore.Position, since time.Duration) string {
	return fmt.Sprintf("it has not moved from %s for %s, and events wait", at, since.Truncate(time.Second))
}

// subscribers are the parts of a process that follow the log on a server beside the
// followers, by the names of their subscriptions. Without them a page, a name or the
// end of a session is late, and nothing else says so. What decisions remember is not
// among them: where that is late, they look at the log. The feed is what all share.
var subscribers = map[string]string{"feed": "subscription", "live updates": "live updates", "names": "names", "sessions": "sessions"}

// judgeSubscribers is how they stand. The caller holds the lock.
func (h *health) judgeSubscribers(away error, now time.Time) (parts []api.PartHealth) {
	if h.p.server == nil || !h.started.Load() {
		return nil
	}
	known := h.p.server.Health()
	for _, c := range append([]esdb.Consumer{known.Feed}, known.Consumers...) {
		name, ours := subscribers[c.Name]
		if !ours {
			continue
		}
		b := h.backlogs[name]
		if b == nil || b.at != c.Reached || c.Behind == 0 {
			b = &backlog{at: c.Reached, moved: now}
			h.backlogs[name] = b
		}
		part := api.PartHealth{Name: name, State: api.PartOK}
		switch stood := now.Sub(b.moved); {
		case away != nil:
			part.State, part.Reason = api.PartFailing, "it cannot follow the log"
		case stood >= standstill:
			part.State, part.Reason = api.PartFailing, stands(c.Reached, stood)
		case c.Behind >= lookEvery:
			part.State, part.Reason, part.Waiting = api.PartBehind, behindReason, max(0, c.Waiting) // -1: not counted
		}
		parts = append(parts, part)
	}
	return parts
}

// change puts new judgements in the place of the old ones, and logs which parts began
// to fail and which do their work again. The caller holds the lock.
func (h *health) change(parts []api.PartHealth, now time.Time) {
	for i := range parts {
		p := &parts[i]
		p.Since = now.UTC().Truncate(time.Second)
		was := api.PartHealth{State: api.PartStarting}
		for _, old := range h.parts {
			if old.Name == p.Name {
				was = old
			}
		}
		if was.State == p.State && !was.Since.IsZero() {
			p.Since = was.Since
		}
		switch {
		case p.State == api.PartFailing && was.State != api.PartFailing:
			h.logger.Warn("a part is failing", "part", p.Name, "reason", p.Reason)
		case p.State != api.PartFailing && was.State == api.PartFailing:
			h.logger.Info("a part does its work again", "part", p.Name)
		}
	}
	h.parts = parts
}
