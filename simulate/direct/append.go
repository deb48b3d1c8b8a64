package direct

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/reason"
	"alta/eventstore"
)

// Log is what the package needs of an event log.
type Log interface {
	Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error)
}

// Encode writes an event of a stream; a decider's.
type Encode func(ctx context.Context, stream string, id eventstore.ID, e application.Event) (eventstore.Proposed, error)

// Propose makes a life's events ready to append, with ids and envelopes as the
// decider would have written them.
func (l *Life) Propose(ctx context.Context, encode Encode) (stream string, out []eventstore.Proposed, err error) {
	stream = "application-" + l.ID
	for i, act := range l.Acts {
		cmd := decider.Command{
			ID: decider.DeriveID(eventstore.ID{}, fmt.Sprintf("%s/%d", stream, i)), Actor: act.By.ID, Role: string(act.By.Role),
			Operation: "simulate", Policy: l.State.Policy, Reasons: reason.Version,
		}
		meta, err := cmd.Meta()
		if err != nil {
			return "", nil, err
		}
		for j, e := range act.Events {
			id := decider.EventID(cmd.ID, stream, j)
			p, err := encode(ctx, stream, id, e)
			if err != nil {
				return "", nil, err
			}
			p.ID, p.Meta = id, meta
			out = append(out, p)
		}
	}
	return stream, out, nil
}

// Append appends a whole life. A life that is there already stays as it is.
func (l *Life) Append(ctx context.Context, log Log, encode Encode) error {
	stream, events, err := l.Propose(ctx, encode)
	if err != nil {
		return err
	}
	expected := eventstore.NoStream
	for part := range slices.Chunk(events, eventstore.MaxEvents) {
		a, err := log.Append(ctx, stream, expected, part...)
		if err != nil {
			return fmt.Errorf("direct: append %s: %w", stream, err)
		}
		expected = a.Revision
	}
	return nil
}

// Fill makes and appends the lives from first on, count of them, several at
// once, and calls done after each.
func (m *Maker) Fill(ctx context.Context, log Log, encode Encode, first, count uint64, workers int, target func(n uint64) string, done func(*Life)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan uint64)
	var wait sync.WaitGroup
	var told sync.Mutex
	for range workers {
		wait.Go(func() {
			for n := range next {
				l, err := m.Life(n, target(n))
				if err == nil {
					err = l.Append(ctx, log, encode)
				}
				if err != nil {
					stop(err)
					continue // so that the sender is not left waiting
				}
				told.Lock()
				done(l)
				told.Unlock()
			}
		})
	}
	for n := first; n < first+count && ctx.Err() == nil; n++ {
		next <- n
	}
	close(next)
	wait.Wait()
	return context.Cause(ctx)
}
