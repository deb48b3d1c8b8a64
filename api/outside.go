package api

import (
	"errors"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/eventstore"
	"alta/projections"
)

// What merchants and agents are told. They know an application by its version,
// which counts the events that application.Told names: their ETags, their
// If-Match, the revisions in their answers and live updates are versions. So an
// event that is not told moves nothing that they see. Positions in the log
// (Alta-Position, ids of live updates) count everybody's events and say nothing
// of one application.

// outsider: the caller is a merchant or an agent.
func (c *call) outsider() bool {
	return c.who.Role == account.Merchant || c.who.Role == account.Agent
}

// discreet is a refusal without what only staff may know.
func discreet(err error) error {
	var refused *application.Refusal
	if errors.As(err, &refused) {
		return application.Discreet(refused)
	}
	return err
}

// errOutrun: something that the caller is told of happened since.
var errOutrun = errors.New("api: the caller looked at an older version")

// transactOutside is transact for merchants and agents: the version that they
// looked at is compared instead of the revision. The append still names the
// revision that was folded.
func (c *call) transactOutside(d decision) (decider.Result[application.State, application.Event], error) {
	ctx := c.Request().Context()
	var now application.State
	outrun := func(s application.State) bool { return c.seen != nil && int64(*c.seen) != s.Version() }
	r, err := c.server.Applications.Transact(ctx, c.id, c.command(), nil, func(s application.State) ([]application.Event, error) {
		now = s
		events, err := d.Decide(s)
		if err == nil && len(events) > 0 && outrun(s) {
			return nil, errOutrun
		}
		return events, err
	})
	var refused *application.Refusal
	switch {
	case errors.Is(err, errOutrun):
		return r, c.stale(now)
	case errors.As(err, &refused):
		refused = application.Discreet(refused)
		if refused.Kind != application.Rule || !outrun(now) {
			return r, refused
		}
		err := c.stale(now)
		var p *Problem
		if errors.As(err, &p) {
			return r, p.because(refused)
		}
		return r, err
	case err != nil:
		return r, err
	}
	c.replayed(r.Repeated)
	return r, c.wroteTo(r)
}

// versionAt is the version that a command made. What came after it, where the
// command was repeated, is not counted.
func (c *call) versionAt(r decider.Result[application.State, application.Event]) (int64, error) {
	version, later := r.State.Version(), int(r.State.Revision()-int64(r.Revision))
	if later <= 0 {
		return version, nil
	}
	ctx := c.Request().Context()
	for rec, err := range eventstore.Whole(r.Revision, c.server.Log.ReadStream(ctx, c.server.Applications.Stream(c.id), r.Revision+1, later)) {
		if err != nil {
			return 0, err
		}
		e, err := application.Decode(rec.Type, rec.Data, nil)
		if err != nil {
			return 0, eventstore.Unreadable(rec, err)
		}
		if application.Told(e) {
			version--
		}
	}
	return version, nil
}

const (
	maxChanges = 64  // that a 412 lists, the newest
	streamPage = 512 // events read at a time
)

// stale is the 412 of a merchant or an agent: what they are told of since the
// version that they looked at. Of staff no one is named.
func (c *call) stale(now application.State) error {
	p := problem(412, "stale", "Somebody acted on this application after you looked at it.")
	if int64(*c.seen) > now.Version() { // of a log that is no more
		return p
	}
	ctx, version := c.Request().Context(), int64(-1)
	for next := eventstore.Revision(0); int64(next) <= now.Revision(); {
		from := next
		for rec, err := range eventstore.Whole(next-1, c.server.Log.ReadStream(ctx, c.server.Applications.Stream(c.id), next, streamPage)) {
			if err != nil {
				return err
			}
			if next = rec.Revision + 1; int64(rec.Revision) > now.Revision() {
				break
			}
			e, err := application.Decode(rec.Type, rec.Data, nil)
			if err != nil {
				return eventstore.Unreadable(rec, err)
			}
			if !application.Told(e) {
				continue
			}
			if version++; version > int64(*c.seen) {
				p.Changes = append(p.Changes, changeOutside(version, rec.Type, e.Head()))
				p.Changes = p.Changes[max(0, len(p.Changes)-maxChanges):]
			}
		}
		if next == from {
			break
		}
	}
	return p
}

func changeOutside(version int64, stored string, h application.Header) Change {
	out := Change{Revision: version, Type: projections.ShortName(stored), At: h.At.UTC().Truncate(time.Millisecond)}
	if h.By.Role == application.RoleMerchant || h.By.Role == application.RoleAgent {
		by := h.By
		out.By = &by
	}
	return out
}
