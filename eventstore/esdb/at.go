package esdb

import (
	"context"
	"errors"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// ReadAt answers the event of the application at exactly a position. It fails with
// eventstore.ErrNoPosition where there is none: the position is another log's, or
// that of an event of the server itself. Other errors are those of ReadAll.
func (l *Log) ReadAt(ctx context.Context, at eventstore.Position) (*eventstore.Record, error) {
	if at == eventstore.Start || at.Commit > end.Commit || at.Prepare > at.Commit {
		return nil, errors.Join(ctx.Err(), eventstore.ErrNoPosition)
	}
	p, err := l.page(ctx, 1, true, func(ctx context.Context, c *esdb.Client, count uint64) (*esdb.ReadStream, error) {
		return c.ReadAll(ctx, esdb.ReadAllOptions{From: esPosition(at), RequiresLeader: true}, count)
	})
	switch {
	case err != nil:
		return nil, err
	case len(p.records) == 1 && p.records[0].Position == at && !system(p.records[0]):
		return p.records[0], nil
	}
	return nil, eventstore.ErrNoPosition
}
