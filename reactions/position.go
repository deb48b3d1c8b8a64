package reactions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"alta/decider"
	"alta/eventstore"
)

// positionType is the stored name of the event that keeps a position.
const positionType = "reaction.position.v1"

// position is what the newest event of a reaction's stream says.
type position struct {
	At       eventstore.Position
	Begun    time.Time // when the reaction first ran on this log
	revision eventstore.Revision
}

type storedPosition struct {
	Position string    `json:"position"`
	Begun    time.Time `json:"begun"`
	At       time.Time `json:"at"`
}

// Stream is where the position is kept.
func (f *Follower) Stream() string { return "reaction-" + f.Name }

// resume reads the position, once in the life of a process.
func (f *Follower) resume(ctx context.Context) error {
	if f.resumed {
		return nil
	}
	if f.Replay {
		f.Begun, f.resumed = f.Now(), true
		return nil
	}
	p, err := f.load(ctx)
	if err != nil {
		return err
	}
	// A position beyond the log's end is another log's: reading everything again
	// is safe, and leaving something out is not.
	head, err := f.Log.Head(ctx)
	if err != nil {
		return err
	}
	if p.At.Compare(head) > 0 {
		f.Logger.Warn("reaction starts over: its position lies beyond the end of the log", "reaction", f.Name)
		p.At = eventstore.Start
	}
	f.kept, f.at, f.savedAt, f.resumed = p, p.At, f.Now(), true
	if f.Begun = p.Begun; f.Begun.IsZero() {
		f.Begun = f.Now()
	}
	f.position.Store(&p.At)
	return nil
}

// load reads what the stream says now.
func (f *Follower) load(ctx context.Context) (position, error) {
	p := position{revision: eventstore.NoStream}
	for r, err := range f.Log.ReadStreamBackward(ctx, f.Stream(), -1, 1) {
		if errors.Is(err, eventstore.ErrStreamNotFound) {
			return p, nil
		}
		if err != nil {
			return p, fmt.Errorf("reactions: position of %s: %w", f.Name, err)
		}
		var s storedPosition
		if err := json.Unmarshal(r.Data, &s); err != nil || r.Type != positionType {
			return p, Undecodable(r, errors.Join(err, errors.New("want "+positionType)))
		}
		if p.At, err = eventstore.ParsePosition(s.Position); err != nil {
			return p, Undecodable(r, err)
		}
		p.Begun, p.revision = s.Begun, r.Revision
	}
	return p, nil
}

// done is the position that may be kept: everything up to it has its effect.
func (f *Follower) done() eventstore.Position {
	if f.Held != nil {
		if p, held := f.Held(); held && p.Compare(f.at) < 0 {
			return p
		}
	}
	return f.at
}

// save keeps the position. That it fails is no fault: events are only handled
// again.
func (f *Follower) save(ctx context.Context) {
	p := f.done()
	f.savedAt = f.Now()
	if f.Replay || !f.resumed || p.Compare(f.kept.At) <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	data, err := json.Marshal(storedPosition{p.String(), f.Begun.UTC().Truncate(time.Millisecond), f.Now().UTC().Truncate(time.Millisecond)})
	if err == nil {
		id := decider.DeriveID(decider.DeriveID(eventstore.ID{}, f.Stream()), fmt.Sprintf("%d/%s", f.kept.revision+1, p))
		var appended eventstore.Appended
		appended, err = f.Log.Append(ctx, f.Stream(), f.kept.revision, eventstore.Proposed{ID: id, Type: positionType, Data: data})
		if err == nil {
			f.kept.At, f.kept.revision = p, appended.Revision
			f.saved.Add(1)
			return
		}
	}
	if errors.Is(err, eventstore.ErrConflict) { // another worker of the same reaction
		if kept, loadErr := f.load(ctx); loadErr == nil {
			f.kept = kept
			return
		}
	}
	f.Logger.Warn("reaction could not keep its position", "reaction", f.Name, "error", err)
}
