package esdb

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

const (
	ofStream  = "$$"        // the stream of another one's metadata begins so
	metaType  = "$metadata" // of an event there
	tombstone = "$streamDeleted"
	// deletedBefore is the $tb of a stream that was deleted.
	deletedBefore = math.MaxInt64
)

// Hidings is the filter for what Hiding is read from. A subscription with it delivers
// what was done to any stream since the beginning of the log, and then what is done.
func Hidings() eventstore.Filter {
	return eventstore.Filter{Name: "hidden streams", System: true, TypePattern: hidings}
}

var hidings = regexp.MustCompile(`^\$(metadata|streamDeleted)$`)

// Hiding is what the metadata of a stream, or its tombstone, hide of it, now or in time.
// The newest one of a stream holds, and a tombstone for ever. Every account that may
// write a stream may write them. The events are in the log until the server scavenges.
type Hiding struct {
	Stream     string
	Tombstoned bool
	Before     eventstore.Revision // $tb: earlier events are not shown; 0 for all shown
	MaxAge     time.Duration       // $maxAge: older events are not shown; 0 for none
	MaxCount   int64               // $maxCount: no more than that are shown; 0 for any number
	Position   eventstore.Position // where it was written
	At         time.Time           // when
}

// HidingOf reads a record that the filter Hidings lets pass; ok is false where it is
// about a stream of the server itself. Metadata that hide nothing are the zero Hiding
// but for stream, position and time: what hid something before is undone.
func HidingOf(r *eventstore.Record) (h Hiding, ok bool) {
	h = Hiding{Stream: r.Stream, Position: r.Position, At: r.Created}
	of, meta := strings.CutPrefix(r.Stream, ofStream)
	switch {
	case r.Type == tombstone && !strings.HasPrefix(r.Stream, "$"):
		h.Tombstoned = true
		return h, true
	case !meta || r.Type != metaType || strings.HasPrefix(of, "$"):
		return Hiding{}, false
	}
	h.Stream = of
	h.Before, h.MaxAge, h.MaxCount = hiddenBy(r.Data)
	return h, true
}

// hiddenBy reads what metadata hide. What the server does not understand hides nothing.
func hiddenBy(metadata []byte) (before eventstore.Revision, maxAge time.Duration, maxCount int64) {
	var all map[string]json.RawMessage
	if json.Unmarshal(metadata, &all) != nil {
		return 0, 0, 0
	}
	number := func(name string) (n int64) {
		if json.Unmarshal(all[name], &n) != nil {
			return 0
		}
		return max(n, 0)
	}
	seconds := min(number("$maxAge"), int64(math.MaxInt64/time.Second))
	return eventstore.Revision(number("$tb")), time.Duration(seconds) * time.Second, number("$maxCount")
}

// Reason says what is hidden in one word, the gravest where there are several; empty
// where nothing is.
func (h Hiding) Reason() eventstore.SetAsideReason {
	switch {
	case h.Tombstoned:
		return eventstore.Tombstoned
	case h.Before == deletedBefore:
		return eventstore.Deleted
	case h.Before > 0:
		return eventstore.Truncated
	case h.MaxCount > 0:
		return eventstore.MaxCount
	case h.MaxAge > 0:
		return eventstore.MaxAge
	}
	return ""
}

// errNothingShown: a stream is there, and its metadata let nothing of it be seen.
var errNothingShown = errors.New("its metadata hide every event that it has")

// unshown words the error of a reading of a stream that is not there: its metadata know
// whether somebody deleted it. Where they cannot be read nothing is known.
func (l *Log) unshown(ctx context.Context, stream string, err error) error {
	switch {
	case errors.Is(err, eventstore.ErrStreamDeleted):
		return eventstore.Unshown(stream, err)
	case !errors.Is(err, eventstore.ErrStreamNotFound):
		return err
	}
	_, raw, asked := l.metadata(ctx, stream)
	switch before, _, _ := hiddenBy(raw); {
	case errors.Is(asked, ErrDenied):
		return err
	case asked != nil:
		return fmt.Errorf("whether stream %s was deleted: %w", stream, asked)
	case before == deletedBefore:
		return eventstore.Unshown(stream, err)
	}
	return err
}

// metadata reads a stream's newest metadata as they are, none where it has none, and
// their revision.
func (l *Log) metadata(ctx context.Context, stream string) (eventstore.Revision, []byte, error) {
	p, err := l.page(ctx, 1, false, func(ctx context.Context, c *esdb.Client, count uint64) (*esdb.ReadStream, error) {
		return c.ReadStream(ctx, ofStream+stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}, RequiresLeader: true}, count)
	})
	if errors.Is(err, eventstore.ErrStreamNotFound) || err == nil && len(p.records) == 0 {
		return eventstore.NoStream, nil, nil
	}
	if err != nil {
		return eventstore.NoStream, nil, fmt.Errorf("the metadata of %s: %w", stream, err)
	}
	return p.records[0].Revision, p.records[0].Data, nil
}

// setMetadata writes a stream's metadata, provided that they are at a revision.
func (l *Log) setMetadata(ctx context.Context, stream string, expected eventstore.Revision, metadata []byte) error {
	event := esdb.EventData{ContentType: esdb.ContentTypeJson, EventType: metaType, Data: metadata}
	_, _ = rand.Read(event.EventID[:]) // never fails: the runtime ends the process instead
	event.EventID[6], event.EventID[8] = event.EventID[6]&0x0f|0x40, event.EventID[8]&0x3f|0x80
	of := ofStream + stream
	_, err := insist(ctx, l, of, func(ctx context.Context, c *esdb.Client) (*esdb.WriteResult, error) {
		return c.AppendToStream(ctx, of, esdb.AppendToStreamOptions{ExpectedRevision: expectation(expected), RequiresLeader: true}, event)
	})
	if conflicting(err) {
		err = &eventstore.ConflictError{Stream: of, Expected: expected, Actual: eventstore.NoStream}
	}
	return err
}

// ErrScavenged: the server has removed events of a stream for good.
var ErrScavenged = errors.New("esdb: a scavenge has removed events of the stream")

const (
	unhideTime = 2 * time.Second // for the server to show what it has
	unhideLook = 20 * time.Millisecond
)

// Unhide takes out of a stream's metadata what hides events, and waits until the stream
// shows all that it has. Other metadata stay. It may be repeated. It fails with
// eventstore.ErrStreamDeleted where the stream is tombstoned, with ErrScavenged where
// events are gone, and with eventstore.ErrStreamNotFound where it never had one.
//
// The server answers the first metadata of a stream that was deleted with a $tb of its
// own, behind the last event; so they are looked at again.
func (l *Log) Unhide(ctx context.Context, stream string) error {
	if err := checkStream(stream); err != nil {
		return err
	}
	for until := time.Now().Add(unhideTime); ; {
		revision, raw, err := l.metadata(ctx, stream)
		if err != nil {
			return err
		}
		before, maxAge, maxCount := hiddenBy(raw)
		hides := before > 0 || maxAge > 0 || maxCount > 0
		if hides {
			err := l.setMetadata(ctx, stream, revision, withoutHiding(raw))
			if err != nil && !errors.Is(err, eventstore.ErrConflict) {
				return err
			}
			continue
		}
		first := eventstore.NoStream
		for r, err := range l.ReadStream(ctx, stream, 0, 1) {
			if err != nil && (eventstore.Absent(err) || !errors.As(err, new(*eventstore.SetAsideError)) || errors.Is(err, eventstore.ErrStreamDeleted)) {
				return err
			}
			if err == nil {
				first = r.Revision
			}
		}
		if first == 0 {
			return nil
		}
		if time.Now().After(until) || !wait(ctx, unhideLook) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%w: %s, before revision %d", ErrScavenged, stream, first)
		}
	}
}

// withoutHiding is metadata without what hides events.
func withoutHiding(metadata []byte) []byte {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(metadata, &all) // they were understood before
	for _, name := range []string{"$tb", "$maxAge", "$maxCount"} {
		delete(all, name)
	}
	b, _ := json.Marshal(all) // values that were read
	return b
}
