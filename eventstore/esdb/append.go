package esdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// Append adds events to the stream, provided that it is at the expected revision
// (NoStream for a new one; nothing else is accepted), and answers when the server
// has them safe. All are added or none. Repeating an append with the same ids and
// the same expected revision answers what the first one answered.
//
// It fails with eventstore.ErrConflict, ErrStreamDeleted, ErrInvalid, ErrTooLarge,
// ErrReadOnly, ErrClosed, ErrUnavailable or ErrDenied, and nothing is written; with
// ErrUnknownOutcome when time was up before the outcome was certain.
func (l *Log) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	if err := checkAppend(stream, expected, events); err != nil {
		return eventstore.Appended{}, err
	}
	opts := esdb.AppendToStreamOptions{ExpectedRevision: expectation(expected), RequiresLeader: true}
	data := make([]esdb.EventData, len(events))
	for i, e := range events {
		data[i] = esdb.EventData{
			EventID: [16]byte(e.ID), EventType: e.Type, ContentType: esdb.ContentTypeJson, Data: e.Data, Metadata: e.Meta,
		}
	}
	at, err := insist(ctx, l, stream, func(ctx context.Context, c *esdb.Client) (*esdb.WriteResult, error) {
		at, err := c.AppendToStream(ctx, stream, opts, data...)
		if err == nil && at.CommitPosition == 0 {
			err = errNoAnswer
		}
		return at, err
	})
	switch {
	case err == nil:
		p := eventstore.Position{Commit: at.CommitPosition, Prepare: at.PreparePosition}
		last := events[len(events)-1]
		l.reaches(seen{position: p, stream: stream, revision: eventstore.Revision(at.NextExpectedVersion), id: last.ID})
		return eventstore.Appended{Revision: eventstore.Revision(at.NextExpectedVersion), Position: p}, nil
	case conflicting(err):
		return eventstore.Appended{}, l.conflict(ctx, stream, expected, err)
	}
	return eventstore.Appended{}, err
}

// errNoAnswer: the client makes up a success from a response without content.
var errNoAnswer = errors.New("esdb: the server's answer is empty")

func expectation(r eventstore.Revision) esdb.ExpectedRevision {
	if r == eventstore.NoStream {
		return esdb.NoStream{}
	}
	return esdb.Revision(uint64(r))
}

// insist repeats a write until its outcome is certain, time is up, or the server is
// known to be away. Before each sending it is known that the connection leads to the
// log that it should.
func insist[T any](ctx context.Context, l *Log, stream string, write func(context.Context, *esdb.Client) (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil { // nothing is sent
		return none, fmt.Errorf("%w: %w", eventstore.ErrUnavailable, context.Cause(ctx))
	}
	within, done := l.within(ctx)
	defer done()
	leave, err := l.streams.enter(within, stream)
	if err != nil {
		return none, l.unresolved(ctx, within, false, err)
	}
	defer leave()
	sent := false
	for pause := 20 * time.Millisecond; ; {
		var v T
		connection, err := l.trusted(within)
		if err == nil {
			v, err = guardedOver(within, l.calls, &route{only: connection}, write)
		}
		switch {
		case err == nil:
			return v, nil
		case errors.Is(err, errMoved):
			l.moved(within, connection)
			continue // to the new connection, which is compared first
		case errors.Is(err, eventstore.ErrReadOnly):
			if sent {
				err = fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, err)
			}
			return none, err
		case errors.Is(err, errAway):
			return none, l.unresolved(ctx, within, sent, err)
		case !errors.Is(err, errNotSent):
			sent = true
			if answer, final := understand(err); final {
				return none, answer
			}
		}
		if !wait(within, pause) {
			return none, l.unresolved(ctx, within, sent, err)
		}
		pause = min(2*pause, time.Second)
	}
}

// unresolved is the error of a call whose time is up.
func (l *Log) unresolved(ctx, within context.Context, sent bool, last error) error {
	why := context.Cause(within)
	switch {
	case why == nil && sent: // the server is away
		return fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, last)
	case why == nil:
		return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, last)
	case sent:
		return fmt.Errorf("%w: %w (%w)", eventstore.ErrUnknownOutcome, why, last)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w (%w)", eventstore.ErrUnavailable, why, last)
	case errors.Is(why, eventstore.ErrClosed):
		return why
	}
	return fmt.Errorf("%w: %w (%w)", eventstore.ErrUnavailable, why, last)
}

// wait pauses; false means that ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
