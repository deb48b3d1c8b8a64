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

// RosterStream is the stream that keeps who is in the directory.
const RosterStream = "roster"

const (
	rosterType  = "roster.kept.v2" // the first had no id of an event, and is not read any more
	rosterAge   = 24 * time.Hour   // of one, before the next is written
	rosterMost  = 10_000           // people in one
	keepTimeout = 5 * time.Second  // names are not followed meanwhile
)

// PeopleLog is what People needs of the event log.
type PeopleLog interface {
	decider.Log
	eventstore.Finding
	auth.Feed
	ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
}

// roster is who was in the directory right after an account event, by id. It is
// kept in the log, so that a process that starts finds a few names without reading
// what a million merchants did. It holds no name.
type roster struct {
	last     eventstore.Mark // the newest account event that it knows of
	people   map[string]bool
	at       time.Time
	revision eventstore.Revision // in its stream
}

type storedRoster struct {
	Last   eventstore.Mark `json:"last"`
	People []string        `json:"people"`
	At     time.Time       `json:"at"`
}

// loadRoster reads the newest roster, and the position up to which it holds. It
// only saves reading, so one that cannot be understood, or of which this log does not
// hold the event, is as good as none; an error is the log's alone.
func loadRoster(ctx context.Context, log PeopleLog, logger *slog.Logger) (k roster, from eventstore.Position, err error) {
	none := roster{people: map[string]bool{}, revision: eventstore.NoStream}
	for r, err := range log.ReadStreamBackward(ctx, RosterStream, -1, 1) {
		if eventstore.Absent(err) || eventstore.Hidden(err) {
			return none, eventstore.Start, nil
		}
		if err != nil {
			return none, eventstore.Start, fmt.Errorf("api: roster: %w", err)
		}
		none.revision = r.Revision
		k, err := readRoster(r)
		if err != nil {
			logger.WarnContext(ctx, "the roster is not understood: the whole log is read for names", "error", err)
			return none, eventstore.Start, nil
		}
		from, err := eventstore.Locate(ctx, log, k.last)
		if errors.Is(err, eventstore.ErrForeign) { // nobody else may have been forgotten, so all is read
			logger.WarnContext(ctx, "the roster is another log's: the whole log is read for names")
			return none, eventstore.Start, nil
		}
		if err != nil {
			return none, eventstore.Start, fmt.Errorf("api: roster: %w", err)
		}
		k.last.Position = from
		return k, from, nil
	}
	return none, eventstore.Start, nil
}

func readRoster(r *eventstore.Record) (k roster, err error) {
	var s storedRoster
	if r.Type != rosterType {
		return k, fmt.Errorf("api: roster: %s at revision %d", r.Type, r.Revision)
	}
	if err := json.Unmarshal(r.Data, &s); err != nil {
		return k, fmt.Errorf("api: roster: revision %d: %w", r.Revision, err)
	}
	if s.Last == (eventstore.Mark{}) {
		return k, fmt.Errorf("api: roster: revision %d names no event", r.Revision)
	}
	k = roster{last: s.Last, people: map[string]bool{}, at: s.At, revision: r.Revision}
	for _, id := range s.People {
		k.people[id] = true
	}
	return k, nil
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
	id := decider.DeriveID(decider.DeriveID(eventstore.ID{}, RosterStream), fmt.Sprintf("%d/%s/%d", k.revision+1, k.last.Position, now.UnixMilli()))
	appended, err := log.Append(ctx, RosterStream, k.revision, eventstore.Proposed{ID: id, Type: rosterType, Data: data})
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
