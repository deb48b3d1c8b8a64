package embedded

import (
	"context"

	"alta/eventstore"
)

// ReadAt answers the event at exactly a position. It fails with
// eventstore.ErrNoPosition where there is none.
func (l *Log) ReadAt(ctx context.Context, at eventstore.Position) (*eventstore.Record, error) {
	if at == eventstore.Start || at != position(at.Commit) || at.Commit > l.mark.get() {
		return nil, errNoPosition(ctx, l)
	}
	for r, err := range l.readAll(ctx, at.Commit, 1) {
		return r, err
	}
	return nil, errNoPosition(ctx, l)
}

// errNoPosition is the refusal of a log that can be read.
func errNoPosition(ctx context.Context, l *Log) error {
	if _, err := l.Head(ctx); err != nil {
		return err
	}
	return eventstore.ErrNoPosition
}
