package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/eventstore"
)

const (
	rosterStream = "roster"
	rosterType   = "roster.kept.v1"
	rosterAge    = 24 * time.Hour  // of one, before the next is written
	rosterMost   = 10_000          // people in one
	keepTimeout  = 5 * time.Second // names are not followed meanwhile
)

// PeopleLog is what People needs of the event log.
type PeopleLog interface {
	decider.Log
	auth.Feed
	ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
}

// roster is who was in the directory right after an account event, by id. It is
// kept in the log, so that a process that starts finds a few names without reading
// what a million merchants did. It holds no name.
type roster struct {
	last     lastSeen
	people   map[string]bool
	at       time.Time
	revision eventstore.Revision // in its stream
}

// lastSeen is the newest account event that a roster knows of.
type lastSeen struct {
	Stream   string              `json:"stream"`
	Revision eventstore.Revision `json:"revision"`
	Position string              `json:"position"`
}

type storedRoster struct {
	Last   lastSeen  `json:"last"`
	People []string  `json:"people"`
	At     time.Time `json:"at"`
}

// loadRoster reads the newest roster, and the position up to which it holds. It
// only saves reading, so one that cannot be understood, or that another log's copy
// brought along, is as good as none; an error is the log's alone.
func loadRoster(ctx context.Context, log PeopleLog, logger *slog.Logger) (k roster, from eventstore.Position, err error) {
	none := roster{people: map[string]bool{}, revision: eventstore.NoStream}
	for r, err := range log.ReadStreamBackward(ctx, rosterStream, -1, 1) {
		if errors.Is(err, eventstore.ErrStreamNotFound) || errors.Is(err, eventstore.ErrStreamDeleted) {
			return none, eventstore.Start, nil
		}
		if err != nil {
			return none, eventstore.Start, fmt.Errorf("api: roster: %w", err)
		}
		none.revision = r.Revision
		k, from, err := readRoster(r)
		if err != nil {
			logger.WarnContext(ctx, "the roster is not understood: the whole log is read for names", "error", err)
			return none, eventstore.Start, nil
		}
		is, err := positionOf(ctx, log, k.last)
		if err != nil {
			return none, eventstore.Start, err
		}
		if is != from { // nobody else may have been forgotten, so all is read
			logger.WarnContext(ctx, "the roster is another log's: the whole log is read for names")
			return none, eventstore.Start, nil
		}
		return k, from, nil
	}
	return none, eventstore.Start, nil
}

func readRoster(r *eventstore.Record) (k roster, from eventstore.Position, err error) {
	var s storedRoster
	if r.Type != rosterType {
		return k, from, fmt.Errorf("api: roster: %s at revision %d", r.Type, r.Revision)
	}
	if err := json.Unmarshal(r.Data, &s); err != nil {
		return k, from, fmt.Errorf("api: roster: revision %d: %w", r.Revision, err)
	}
	if from, err = eventstore.ParsePosition(s.Last.Position); err != nil {
		return k, from, fmt.Errorf("api: roster: revision %d: %w", r.Revision, err)
	}
	k = roster{last: s.Last, people: map[string]bool{}, at: s.At, revision: r.Revision}
	for _, id := range s.People {
		k.people[id] = true
	}
	return k, from, nil
}

// positionOf is where an event lies in this log; Start where it does not.
func positionOf(ctx context.Context, log PeopleLog, e lastSeen) (eventstore.Position, error) {
	for r, err := range log.ReadStream(ctx, e.Stream, e.Revision, 1) {
		if errors.Is(err, eventstore.ErrStreamNotFound) || errors.Is(err, eventstore.ErrStreamDeleted) || errors.Is(err, eventstore.ErrInvalid) {
			break
		}
		if err != nil {
			return eventstore.Start, fmt.Errorf("api: roster: %w", err)
		}
		if r.Revision == e.Revision {
			return r.Position, nil
		}
	}
	return eventstore.Start, nil
}

// keep writes the roster if the newest is old. Where that fails it is tried again
// a day later: more of the log is read at a start until then. Of several processes
// one comes first, and the others leave it at that.
func (k *roster) keep(ctx context.Context, log PeopleLog, now time.Time) error {
	if k.last.Stream == "" || now.Sub(k.at) < rosterAge {
		return nil
	}
	k.at = now
	if len(k.people) > rosterMost {
		return fmt.Errorf("api: roster: %d people are more than the %d of one", len(k.people), rosterMost)
	}
	ctx, stop := context.WithTimeout(ctx, keepTimeout)
	defer stop()
	data, err := json.Marshal(storedRoster{k.last, slices.Sorted(maps.Keys(k.people)), now.UTC().Truncate(time.Millisecond)})
	if err != nil {
		return fmt.Errorf("api: roster: %w", err)
	}
	id := decider.DeriveID(decider.DeriveID(eventstore.ID{}, rosterStream), fmt.Sprintf("%d/%s", k.revision+1, k.last.Position))
	appended, err := log.Append(ctx, rosterStream, k.revision, eventstore.Proposed{ID: id, Type: rosterType, Data: data})
	var conflict *eventstore.ConflictError
	switch {
	case errors.As(err, &conflict):
		k.revision = conflict.Actual
		return nil
	case err != nil:
		return fmt.Errorf("api: roster: %w", err)
	}
	k.revision = appended.Revision
	return nil
}
