package projections

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

// Aside is a stream that is set aside: from one event on nothing of it is folded,
// because this program cannot read it. It is kept beside the rows, changes in the
// same transaction as they do, and follows from the log alone.
type Aside struct {
	Stream   string                    `json:"stream"`
	Revision int64                     `json:"revision"`       // of the event; of the first one that is missing
	Type     string                    `json:"type,omitempty"` // its stored name; empty where it is missing
	Reason   eventstore.SetAsideReason `json:"reason"`
	Position string                    `json:"position"` // of the event, or of the one found in its place
	At       time.Time                 `json:"at"`       // when that one was stored
	// Undo says how to undo what another client of the event store did. It is never kept:
	// whoever sees what is done there says it.
	Undo string `json:"undo,omitempty"`
}

func asideOf(rec *eventstore.Record, e *eventstore.SetAsideError) *Aside {
	return &Aside{
		Stream: rec.Stream, Revision: int64(e.Revision), Type: e.Type, Reason: e.Reason,
		Position: rec.Position.String(), At: rec.Created.UTC().Truncate(time.Millisecond),
	}
}

// asides is the key that holds what is set aside: stream → Aside.
func (k keys) asides() string { return string(k) + "aside" }

const (
	// manyAside is from how many on a start builds everything anew instead of trying
	// stream by stream.
	manyAside = 1000
	// loggedAside bounds how many are named in the log by one process.
	loggedAside = 100
	// againAside is how many heartbeats lie between two tries.
	againAside = 60
)

// asides reads what is set aside in a generation, by stream.
func (s *Store) asides(ctx context.Context, g generation) (map[string]Aside, error) {
	cmds := make([]*redis.MapStringStringCmd, s.shards)
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, k := range s.each(g) {
			cmds[i] = p.HGetAll(ctx, k.asides())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	out := map[string]Aside{}
	for _, c := range cmds {
		for stream, text := range c.Val() {
			var a Aside
			if err := json.Unmarshal([]byte(text), &a); err != nil {
				return nil, fmt.Errorf("projections: what is set aside of %s: %w", stream, err)
			}
			out[stream] = a
		}
	}
	return out, nil
}

// SetAside answers at most limit of the streams that are set aside, those first that
// were met first in the log, and how many there are.
func (r Reader) SetAside(ctx context.Context, limit int) (all []Aside, total int64, err error) {
	err = r.reading(ctx, func(g generation) error {
		all, total = nil, 0
		for _, k := range r.Store.each(g) {
			n, err := r.Store.rdb.HLen(ctx, k.asides()).Result()
			if err != nil {
				return fmt.Errorf("projections: %w", err)
			}
			total += n
			for cursor, read := uint64(0), 0; n > 0 && read < limit; {
				page, next, err := r.Store.rdb.HScan(ctx, k.asides(), cursor, "*", scanPage).Result()
				if err != nil {
					return fmt.Errorf("projections: %w", err)
				}
				for i := 0; i+1 < len(page); i += 2 {
					var a Aside
					if err := json.Unmarshal([]byte(page[i+1]), &a); err != nil {
						return fmt.Errorf("projections: what is set aside of %s: %w", page[i], err)
					}
					all, read = append(all, a), read+1
				}
				if cursor = next; cursor == 0 {
					break
				}
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b Aside) int {
		return cmp.Or(strings.Compare(a.Position, b.Position), strings.Compare(a.Stream, b.Stream))
	})
	all = slices.CompactFunc(all, func(a, b Aside) bool { return a.Stream == b.Stream }) // a scan may answer one twice
	return all[:min(limit, len(all))], total, err
}

// watch looks at an event of a stream that lists show nothing of, and answers the
// change that sets the stream aside; nil where it can be read.
func (r *Runner) watch(rec *eventstore.Record) *change {
	var reason *eventstore.SetAsideError
	if r.Readable == nil || !errors.As(r.Readable(rec), &reason) {
		return nil
	}
	c := newChange(rec.Stream, nil)
	c.aside = asideOf(rec, reason)
	return c
}

// settle folds an application anew up to a record that could not be folded, so that
// nothing is left of a fold that was broken off. What can be known of it stays as it
// was before the record, and the change says that it is set aside.
func (r *Runner) settle(ctx context.Context, c *change, rec *eventstore.Record, reason *eventstore.SetAsideError) error {
	fresh, err := r.stream(ctx, c.id, int64(rec.Revision), end)
	if hidden := hiddenReason(err); hidden != nil {
		fresh, reason, err = newChange(c.id, nil), hidden, nil
	}
	if err != nil {
		return err
	}
	c.app, c.lookups, c.unlist, c.aside = fresh.app, fresh.lookups, fresh.unlist, fresh.aside
	if c.aside == nil && (c.app == nil || c.app.Revision < int64(rec.Revision)) { // the stream itself cannot be read
		c.aside = asideOf(rec, reason)
	}
	c.events++
	return nil
}

// hiddenReason says how a stream of which events are known was hidden from readers.
func hiddenReason(err error) *eventstore.SetAsideError {
	var reason *eventstore.SetAsideError
	switch {
	case errors.As(err, &reason):
		return reason
	case errors.Is(err, eventstore.ErrStreamNotFound), errors.Is(err, eventstore.ErrStreamDeleted):
		return &eventstore.SetAsideError{Reason: eventstore.Deleted, Err: err} // of a log that knows no more
	}
	return nil
}

// withdraw takes an application that is set aside out of all lists where a later
// event says that nobody may find it any more. Nothing else of what came later counts.
func (c *change) withdraw(rec *eventstore.Record) {
	if c.app == nil || c.app.Restricted || !strings.HasPrefix(rec.Type, "application.restricted.") && !strings.HasPrefix(rec.Type, "application.shredded.") {
		return
	}
	app := *c.app
	app.Restricted = true
	c.app, c.unlist, c.lookups = &app, true, nil
	c.events++
}

// retake tries again what is set aside, and takes in what can be read now.
func (r *Runner) retake(ctx context.Context, t *tail) error {
	var order []*change
	for _, stream := range slices.Sorted(maps.Keys(t.aside)) {
		a := t.aside[stream]
		c, err := r.reconsider(ctx, t, a)
		if err != nil {
			return err
		}
		if c != nil {
			order = append(order, c)
		}
	}
	if len(order) == 0 {
		return nil
	}
	if err := t.hold(func() error { return r.Store.amend(ctx, t, order) }); err != nil {
		return err
	}
	for _, c := range order {
		delete(t.docs, c.id)
		r.noted(t, c)
	}
	return nil
}

// reconsider folds a stream that is set aside once more, as far as its shard has
// seen the log. It answers nil where nothing has changed.
func (r *Runner) reconsider(ctx context.Context, t *tail, a Aside) (*change, error) {
	id, application := strings.CutPrefix(a.Stream, category)
	until := t.held[r.Store.shard(id)].mark.Position
	var c *change
	var err error
	if application {
		c, err = r.stream(ctx, id, math.MaxInt64, until)
	} else {
		c, err = r.look(ctx, a, until)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil: // it is hidden, or a key cannot be had: nothing is known
		return nil, nil
	case application && c.aside == nil && (c.app == nil || c.app.Revision < a.Revision):
		return nil, nil
	case c.aside != nil && *c.aside == a:
		return nil, nil
	}
	if application {
		rows, err := r.Store.stored(ctx, t.generation, []string{id})
		if err != nil {
			return nil, err
		}
		row, stored := rows[id]
		c.before, c.stored = row.row, stored
	}
	c.former = &a
	return c, nil
}

// look reads a stream that lists show nothing of, from where it was set aside.
func (r *Runner) look(ctx context.Context, a Aside, until eventstore.Position) (*change, error) {
	c := newChange(a.Stream, nil)
	for next := eventstore.Revision(a.Revision); ; {
		n := 0
		for rec, err := range r.Log.ReadStream(ctx, a.Stream, next, streamPage) {
			if err != nil {
				return nil, err
			}
			if rec.Position.Compare(until) > 0 {
				return c, nil
			}
			if bad := r.watch(rec); bad != nil {
				return bad, nil
			}
			next, n = rec.Revision+1, n+1
		}
		if n < streamPage {
			if next == eventstore.Revision(a.Revision) {
				return nil, eventstore.ErrStreamNotFound // what was there is hidden
			}
			return c, nil
		}
	}
}

// noted keeps what a change that was written says of a stream, and tells people.
func (r *Runner) noted(t *tail, c *change) {
	switch {
	case c.aside != nil && (c.former == nil || *c.former != *c.aside):
		t.aside[c.aside.Stream] = *c.aside
		r.tell(*c.aside)
	case c.aside == nil && c.former != nil:
		delete(t.aside, c.former.Stream)
		r.told.Delete(c.former.Stream)
		r.Logger.Info("a stream that was set aside is taken in again", "stream", c.former.Stream, "revision", c.former.Revision)
	}
}

// tell names a stream that is set aside in the log of the process, once as long as
// nothing changes. Where there are very many it names the first.
func (r *Runner) tell(a Aside) {
	if was, known := r.told.Swap(a.Stream, a); known && was == a {
		return
	}
	switch n := r.toldCount.Add(1); {
	case n <= loggedAside:
		r.Logger.Error("a stream is set aside: lists show it as it was before, nothing is lost, and all other streams go on",
			"stream", a.Stream, "revision", a.Revision, "type", a.Type, "reason", string(a.Reason), "position", a.Position)
	case n == loggedAside+1:
		r.Logger.Error("more streams are set aside than are named here; see GET /v1/set-aside")
	}
}

// amend writes changes of streams that are, or were, set aside, without moving any
// position.
func (s *Store) amend(ctx context.Context, t *tail, order []*change) error {
	if err := t.measured(ctx, s); err != nil {
		return err
	}
	parts, err := s.parts(ctx, t.generation, order)
	if err != nil {
		return err
	}
	return s.everywhere(t.generation, func(i int, k keys) error { return s.commit(ctx, t, i, k, parts[i], nil) })
}

// putAsides enters streams that a build sets aside.
func (s *Store) putAsides(ctx context.Context, g generation, all map[string]Aside) error {
	fields := make([][]any, s.shards)
	for _, stream := range slices.Sorted(maps.Keys(all)) {
		text, err := json.Marshal(all[stream])
		if err != nil {
			return fmt.Errorf("projections: %w", err)
		}
		i := s.shard(strings.TrimPrefix(stream, category))
		fields[i] = append(fields[i], stream, text)
	}
	return s.everywhere(g, func(i int, k keys) error {
		for some := range slices.Chunk(fields[i], 2*scanPage) {
			if err := s.rdb.HSet(ctx, k.asides(), some...).Err(); err != nil {
				return fmt.Errorf("projections: %w", err)
			}
		}
		return nil
	})
}
