// Package replay reads a log from its beginning to a position for workers that
// fold its streams side by side: the events of one stream go to one worker, in
// order, so that workers share nothing and need no locks.
//
// Reading in the log's order touches each byte of the disk once. Reading stream by
// stream instead costs a search for every event; it took ten times as long.
package replay

import (
	"context"
	"hash/fnv"
	"iter"
	"math/bits"
	"strings"
	"sync"

	"alta/eventstore"
)

// Log is what is read.
type Log interface {
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
}

// Event is a record of a stream of one of the categories.
type Event struct {
	ID     string // of the stream, without its category
	Place  uint64 // Place(ID)
	Record *eventstore.Record
}

// handed is how many events a worker gets at a time.
const handed = 256

// Place is a number that spreads ids evenly over all 64-bit numbers. Two ids that
// share one are still two.
func Place(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return bits.Reverse64(h.Sum64()) // the low bits are the well mixed ones
}

// Spread reads all events of some categories (such as "application-") up to a
// position, that included, and hands those that takes lets through to workers. A worker's
// feed ends when the log is read; it must be read to its end, or an error be
// answered, which ends the others too.
func Spread(ctx context.Context, log Log, categories []string, target eventstore.Position, workers int, takes func(place uint64) bool, work func(ctx context.Context, feed iter.Seq[Event]) error) error {
	if target == eventstore.Start {
		return nil
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	feeds := make([]chan []Event, workers)
	var all sync.WaitGroup
	for i := range feeds {
		feeds[i] = make(chan []Event, 16)
		all.Go(func() {
			if err := work(ctx, drain(ctx, feeds[i])); err != nil {
				stop(err)
			}
		})
	}
	if err := read(ctx, log, categories, target, takes, feeds); err != nil {
		stop(err)
	}
	for _, f := range feeds {
		close(f)
	}
	all.Wait()
	return context.Cause(ctx)
}

// drain is a worker's feed. It ends early where the context does; Spread answers
// why.
func drain(ctx context.Context, feed <-chan []Event) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for some := range feed {
			for _, e := range some {
				if ctx.Err() != nil || !yield(e) {
					return
				}
			}
		}
	}
}

func read(ctx context.Context, log Log, categories []string, target eventstore.Position, takes func(uint64) bool, feeds []chan []Event) error {
	pending := make([][]Event, len(feeds))
	hand := func(i int) error {
		select {
		case feeds[i] <- pending[i]:
			pending[i] = make([]Event, 0, handed)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for r, err := range eventstore.Stored(log.Subscribe(ctx, eventstore.Start, eventstore.Filter{Name: "replay", Streams: categories})) {
		if err != nil {
			return err
		}
		if r.Position.Compare(target) > 0 {
			break
		}
		id := r.Stream
		for _, c := range categories {
			if rest, ok := strings.CutPrefix(id, c); ok {
				id = rest
				break
			}
		}
		place := Place(id)
		if !takes(place) {
			continue
		}
		i := int(place % uint64(len(feeds)))
		if pending[i] = append(pending[i], Event{id, place, r}); len(pending[i]) == handed {
			if err := hand(i); err != nil {
				return err
			}
		}
	}
	for i := range pending {
		if err := hand(i); err != nil {
			return err
		}
	}
	return nil
}
