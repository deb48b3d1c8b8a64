package esdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

const (
	// handlerFailed is what a server says of a position that is not its own: a
	// position is an offset in its files there.
	handlerFailed = "Exception was thrown by handler"
	// handlerFailures in a row, of a server that answers, are such an answer.
	handlerFailures = 3
)

// ReadAt answers the event of the application at exactly a position. It fails with
// eventstore.ErrNoPosition where there is none: the position is another log's, or
// that of an event of the server itself. Other errors are those of ReadAll.
func (l *Log) ReadAt(ctx context.Context, at eventstore.Position) (*eventstore.Record, error) {
	if at == eventstore.Start || at.Commit > end.Commit || at.Prepare > at.Commit {
		return nil, errors.Join(ctx.Err(), eventstore.ErrNoPosition)
	}
	within, done := l.within(ctx)
	defer done()
	failures := 0
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		p, err := guarded(within, l.calls, func(c *esdb.Client) (page, error) {
			ctx, cancel := context.WithCancel(within)
			defer cancel()
			s, err := c.ReadAll(ctx, esdb.ReadAllOptions{From: esPosition(at), RequiresLeader: true}, 1)
			if err != nil {
				return page{}, err
			}
			defer s.Close()
			return receive(s, 1)
		})
		switch {
		case err == nil && len(p.records) == 1 && p.records[0].Position == at && !system(p.records[0]):
			return p.records[0], nil
		case err == nil:
			return nil, eventstore.ErrNoPosition
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		if answer, final := understand(err); final {
			return nil, answer
		}
		if failures++; !strings.Contains(err.Error(), handlerFailed) {
			failures = 0
		}
		if failures == handlerFailures {
			return nil, eventstore.ErrNoPosition
		}
		if !wait(within, pause) {
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case errors.Is(context.Cause(within), eventstore.ErrClosed):
				return nil, eventstore.ErrClosed
			}
			return nil, fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
		}
	}
}
