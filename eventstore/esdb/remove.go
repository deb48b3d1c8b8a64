package esdb

import (
	"context"
	"errors"
	"fmt"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// Delete hides the stream's events from reads of the stream. They stay in the log
// until the server scavenges, the numbering goes on where it stopped, and the next
// append (with NoStream or the last revision) brings the stream back with the new
// events alone.
func (l *Log) Delete(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	return l.remove(ctx, stream, expected, eventstore.ErrStreamNotFound, func(ctx context.Context, c *esdb.Client) (*esdb.DeleteResult, error) {
		return c.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: expectation(expected), RequiresLeader: true})
	})
}

// Tombstone closes the stream's name for ever: reads and appends answer
// eventstore.ErrStreamDeleted from then on.
func (l *Log) Tombstone(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	return l.remove(ctx, stream, expected, eventstore.ErrStreamDeleted, func(ctx context.Context, c *esdb.Client) (*esdb.DeleteResult, error) {
		return c.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: expectation(expected), RequiresLeader: true})
	})
}

// remove deletes. done is the refusal that says that the stream is already as
// wanted; after a sending whose outcome is unknown it is the outcome.
func (l *Log) remove(ctx context.Context, stream string, expected eventstore.Revision, done error,
	call func(context.Context, *esdb.Client) (*esdb.DeleteResult, error),
) (eventstore.Position, error) {
	if err := checkTarget(stream, expected); err != nil {
		return eventstore.Position{}, err
	}
	sendings := 0
	at, err := insist(ctx, l, stream, func(ctx context.Context, c *esdb.Client) (*esdb.DeleteResult, error) {
		sendings++
		return call(ctx, c)
	})
	switch {
	case err == nil:
		return eventstore.Position{Commit: at.Position.Commit, Prepare: at.Position.Prepare}, nil
	case errors.Is(err, done) && sendings > 1:
		head, err := l.Head(ctx)
		if err != nil {
			return eventstore.Position{}, fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, err)
		}
		return head, nil
	case conflicting(err):
		return eventstore.Position{}, l.conflict(ctx, stream, expected, err)
	}
	return eventstore.Position{}, err
}
