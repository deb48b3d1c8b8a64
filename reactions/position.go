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

// Category begins the names of the streams that keep positions.
const Category = "reaction"

// Stored names of the event that keeps a position. What the first said cannot be
// recognised in a copy of the log: it is read as a position of no log.
const (
	positionType       = "reaction.position.v2"
	formerPositionType = "reaction.position.v1"
)

// fallbacks is how many positions are tried, the newest first: the event of one may
// have been deleted.
const fallbacks = 8

// position is what the newest event of a reaction's stream says.
type position struct {
	At       eventstore.Position // in this log
	Begun    time.Time           // when the reaction first ran on this log
	revision eventstore.Revision
}

// storedPosition is the event's data. The names inside mark are those of
// eventstore.Mark.
type storedPosition struct {
	Mark  eventstore.Mark `json:"mark"`
	Begun time.Time       `json:"begun"`
	At    time.Time       `json:"at"`
}

// Stream is where the position is kept.
func (f *Follower) Stream() string { return Category + "-" + f.Name }

// resume reads the position, once in the life of a process, and again where the log
// became another one.
func (f *Follower) resume(ctx context.Context) error {
	if f.resumed {
		return nil
	}
	f.aside = nil // all of them lie behind where it begins
	f.asides.Store(0)
	if f.Replay {
		f.Begun, f.at, f.seen, f.resumed = f.Now(), eventstore.Start, eventstore.Mark{}, true
		f.verified = f.Now()
		return nil
	}
	kept, err := f.load(ctx, fallbacks)
	if eventstore.Hidden(err) {
		f.Logger.Warn("reaction starts over: somebody hid the stream with its position", "reaction", f.Name, "stream", f.Stream())
	} else if err != nil {
		return err
	}
	p := position{revision: eventstore.NoStream}
	f.seen = eventstore.Mark{}
	for i, k := range kept {
		if i == 0 {
			p.Begun, p.revision = k.Begun, k.revision
		}
		p.At, err = eventstore.Locate(ctx, f.Log, k.mark)
		if errors.Is(err, eventstore.ErrForeign) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reactions: position of %s: %w", f.Name, err)
		}
		f.seen = k.mark
		f.seen.Position = p.At
		if i > 0 {
			f.Logger.Warn("reaction goes back to an older position: this log does not hold the event of the newest", "reaction", f.Name, "back", i)
		}
		break
	}
	// Reading everything again is safe, and leaving something out is not.
	if len(kept) > 0 && p.At == eventstore.Start {
		f.Logger.Warn("reaction starts over: this log does not hold the event of its position", "reaction", f.Name)
	}
	f.kept, f.at, f.savedAt, f.verified, f.resumed = p, p.At, f.Now(), f.Now(), true
	if f.Begun = p.Begun; f.Begun.IsZero() {
		f.Begun = f.Now()
	}
	f.position.Store(&p.At)
	return nil
}

// keptPosition is one event of a reaction's stream.
type keptPosition struct {
	mark     eventstore.Mark
	Begun    time.Time
	revision eventstore.Revision
}

// load reads what the stream says now, the newest first, at most some of it.
func (f *Follower) load(ctx context.Context, most int) ([]keptPosition, error) {
	var all []keptPosition
	for r, err := range f.Log.ReadStreamBackward(ctx, f.Stream(), -1, most) {
		if eventstore.Absent(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reactions: position of %s: %w", f.Name, err)
		}
		k, err := readPosition(r)
		if err != nil && len(all) > 0 {
			break // an older one is of no more use
		}
		if err != nil {
			return nil, eventstore.Unreadable(r, err)
		}
		all = append(all, k)
	}
	return all, nil
}

// verifyEvery is how often a reaction asks whether the log still holds the event at
// which it stands, and verifyTime how long.
const (
	verifyEvery = time.Minute
	verifyTime  = 2 * time.Second
)

// errMoved: the log behind the address is another one than before.
var errMoved = errors.New("reactions: the log does not hold the last event that was handled, or not at its position any more")

// verify answers errMoved where the log does not hold the event any more at which
// the reaction stands: its server was set back, or another log took its place. A
// subscription alone would wait there for ever. A log that cannot be asked just now
// says nothing.
func (f *Follower) verify(ctx context.Context) error {
	f.verified = f.Now()
	asking, stop := context.WithTimeout(ctx, verifyTime)
	defer stop()
	at, err := eventstore.Locate(asking, f.Log, f.seen)
	if errors.Is(err, eventstore.ErrForeign) || err == nil && at != f.seen.Position {
		return errMoved
	}
	return nil
}

func readPosition(r *eventstore.Record) (k keptPosition, err error) {
	var s storedPosition
	switch r.Type {
	case positionType:
		err = json.Unmarshal(r.Data, &s)
	case formerPositionType:
		var former struct {
			Begun time.Time `json:"begun"`
		}
		err = json.Unmarshal(r.Data, &former)
		s = storedPosition{Mark: eventstore.Mark{Revision: eventstore.NoStream}, Begun: former.Begun} // of no log
	default:
		err = errors.New("want " + positionType)
	}
	return keptPosition{s.Mark, s.Begun, r.Revision}, err
}

// ReadablePosition answers why an event of a stream that keeps a position cannot be
// read.
func ReadablePosition(r *eventstore.Record) error {
	_, err := readPosition(r)
	return err
}

// done is the position that may be kept: everything up to it has its effect.
func (f *Follower) done() eventstore.Position {
	at := f.at
	if f.Held != nil {
		if p, held := f.Held(); held && p.Compare(at) < 0 {
			at = p
		}
	}
	for _, a := range f.aside {
		if a.before.Compare(at) < 0 {
			at = a.before
		}
	}
	return at
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
	mark := f.seen
	var err error
	if mark.Position != p {
		if mark, err = eventstore.MarkAt(ctx, f.Log, p); err == nil && mark.Position.Compare(f.kept.At) <= 0 {
			f.kept.At = p // nothing but the store's own events came
			return
		}
	}
	var data []byte
	now := f.Now().UTC().Truncate(time.Millisecond)
	if err == nil {
		data, err = json.Marshal(storedPosition{mark, f.Begun.UTC().Truncate(time.Millisecond), now})
	}
	if err == nil {
		// The moment is part of the id: the streams of two installations are alike, and
		// an event that both hold would make one log look like a copy of the other.
		id := decider.DeriveID(decider.DeriveID(eventstore.ID{}, f.Stream()), fmt.Sprintf("%d/%s/%d", f.kept.revision+1, p, now.UnixMilli()))
		var appended eventstore.Appended
		appended, err = f.Log.Append(ctx, f.Stream(), f.kept.revision, eventstore.Proposed{ID: id, Type: positionType, Data: data})
		if err == nil {
			if f.seen.Position.Compare(mark.Position) < 0 {
				f.seen = mark
			}
			f.kept.At, f.kept.revision = p, appended.Revision
			f.saved.Add(1)
			return
		}
	}
	if errors.Is(err, eventstore.ErrConflict) { // another worker of the same reaction
		if kept, loadErr := f.load(ctx, 1); loadErr == nil && len(kept) == 1 {
			f.kept.At, f.kept.revision = kept[0].mark.Position, kept[0].revision
			return
		}
	}
	f.Logger.Warn("reaction could not keep its position", "reaction", f.Name, "error", err)
}
