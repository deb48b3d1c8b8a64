package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"alta/decider"
	"alta/eventstore"
)

const (
	rosterStream = "roster"
	rosterType   = "roster.kept.v1"
	rosterEvery  = 500_000 // events of the log between two
	rosterMost   = 10_000  // people in one; with more, every start reads the whole log
)

// PeopleLog is what People needs of the event log.
type PeopleLog interface {
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
	Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error)
	Head() eventstore.Position
}

// roster is who was in the directory at a position of the log, by id. It is kept in
// the log, so that a process that starts finds a few names without reading what a
// million merchants did. It holds no name.
type roster struct {
	at       eventstore.Position
	people   map[string]bool
	revision eventstore.Revision
}

type storedRoster struct {
	Position string    `json:"position"`
	People   []string  `json:"people"`
	At       time.Time `json:"at"`
}

// loadRoster reads the newest roster, an empty one at the log's start where there is
// none. One that lies beyond the log's end is another log's and not believed.
func loadRoster(ctx context.Context, log PeopleLog) (roster, error) {
	k := roster{at: eventstore.Start, people: map[string]bool{}, revision: eventstore.NoStream}
	for r, err := range log.ReadStreamBackward(ctx, rosterStream, -1, 1) {
		if errors.Is(err, eventstore.ErrStreamNotFound) {
			return k, nil
		}
		if err != nil {
			return k, fmt.Errorf("api: roster: %w", err)
		}
		k.revision = r.Revision
		var s storedRoster
		if err := json.Unmarshal(r.Data, &s); err != nil || r.Type != rosterType {
			return k, fmt.Errorf("api: roster: %s at revision %d: %w", r.Type, r.Revision, errors.Join(err, eventstore.ErrCorrupt))
		}
		at, err := eventstore.ParsePosition(s.Position)
		if err != nil {
			return k, fmt.Errorf("api: roster: revision %d: %w", r.Revision, err)
		}
		if head := log.Head(); head != eventstore.Start && at.Compare(head) > 0 {
			return k, nil
		}
		k.at = at
		for _, id := range s.People {
			k.people[id] = true
		}
	}
	return k, nil
}

// keep writes the roster as of a position. That it fails is no fault: more of the
// log is read at the next start. Of several processes one comes first, and the
// others take their turn with the next.
func (k *roster) keep(ctx context.Context, log PeopleLog, at eventstore.Position, now time.Time) error {
	if len(k.people) > rosterMost {
		return nil
	}
	data, err := json.Marshal(storedRoster{at.String(), slices.Sorted(maps.Keys(k.people)), now.UTC().Truncate(time.Millisecond)})
	if err != nil {
		return fmt.Errorf("api: roster: %w", err)
	}
	id := decider.DeriveID(decider.DeriveID(eventstore.ID{}, rosterStream), fmt.Sprintf("%d/%s", k.revision+1, at))
	appended, err := log.Append(ctx, rosterStream, k.revision, eventstore.Proposed{ID: id, Type: rosterType, Data: data})
	if errors.Is(err, eventstore.ErrConflict) {
		newest, err := loadRoster(ctx, log)
		k.at, k.revision = newest.at, newest.revision
		return err
	}
	if err != nil {
		return fmt.Errorf("api: roster: %w", err)
	}
	k.at, k.revision = at, appended.Revision
	return nil
}
