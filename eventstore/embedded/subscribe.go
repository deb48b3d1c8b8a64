package embedded

import (
	"context"
	"errors"
	"iter"

	"alta/eventstore"
)

// Subscribe delivers the events after a position that the filter accepts, in
// order, each once, the stored ones and then the new ones as soon as they are
// durable, until ctx ends (with its error), the log is closed (ErrClosed) or
// the consumer stops. A CaughtUp message follows whenever everything that was
// durable has been delivered after reading from the store.
//
// A consumer that is slow holds nothing but one page (some 128 KiB, or one
// larger event) and falls back to reading from the store. Records are shared
// and must not be changed.
func (l *Log) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		l.count.subscribers.Add(1)
		defer l.count.subscribers.Add(-1)
		s := follower{l: l, ctx: ctx, next: after.Commit + 1, yield: yield}
		reports := filter.Considered != nil && filter.Every > 0
		considered := 0
		s.run(func(mark uint64) (bool, bool, error) {
			limit := pageEvents
			if reports {
				limit = min(limit, filter.Every-considered)
			}
			page, reached, live, err := l.following(s.next, mark, limit, &filter)
			for _, r := range page {
				if !yield(eventstore.Message{Record: r}, nil) {
					return false, live, nil
				}
			}
			considered += int(reached - s.next)
			s.next = reached
			if reports && considered == filter.Every {
				considered = 0
				filter.Considered(position(reached - 1))
			}
			return true, live, err
		})
	}
}

// following reads what comes next, from the tail if that reaches back far
// enough. It answers the accepted records and the position after the last one
// considered.
func (l *Log) following(next, mark uint64, limit int, f *eventstore.Filter) (page []*eventstore.Record, after uint64, live bool, err error) {
	if recent, ok := l.tail.read(nil, next, mark, limit); ok {
		after = next + uint64(len(recent))
		if f.Empty() {
			return recent, after, true, nil
		}
		for _, r := range recent {
			if f.Accepts(r.Stream, r.Type) {
				page = append(page, r)
			}
		}
		return page, after, true, nil
	}
	var want wanted
	if !f.Empty() {
		want = f.Accepts
	}
	page, after, err = l.scan(next, mark, limit, want)
	return page, after, false, err
}

// SubscribeStream delivers the stream's events after a revision (NoStream for
// all of them) in the same way. A stream that does not exist yet is waited for;
// one that is tombstoned ends the subscription with eventstore.ErrStreamDeleted.
func (l *Log) SubscribeStream(ctx context.Context, stream string, after eventstore.Revision) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		if err := checkStream(stream); err != nil {
			yield(eventstore.Message{}, err)
			return
		}
		l.count.subscribers.Add(1)
		defer l.count.subscribers.Add(-1)
		s := follower{l: l, ctx: ctx, yield: yield}
		next, removals := after+1, l.removals.Load()
		s.again = func() bool {
			now := l.removals.Load()
			changed := now != removals
			if removals = now; changed {
				s.next = 0
			}
			return changed
		}
		s.run(func(mark uint64) (bool, bool, error) {
			page, reached, live, err := l.followingStream(stream, next, s.next, mark)
			for _, r := range page {
				next = r.Revision + 1
				if !yield(eventstore.Message{Record: r}, nil) {
					return false, live, nil
				}
			}
			s.next = reached
			return true, live, err
		})
	}
}

// followingStream reads what comes next of one stream. Position next 0 means
// that the index has to be asked; from then on the tail is enough as long as it
// reaches back far enough.
func (l *Log) followingStream(stream string, rev eventstore.Revision, next, mark uint64) (page []*eventstore.Record, after uint64, live bool, err error) {
	if next > 0 {
		if recent, ok := l.tail.read(nil, next, mark, tailEvents); ok {
			for _, r := range recent {
				if r.Stream == stream && r.Revision >= rev {
					page = append(page, r)
				}
			}
			return page, next + uint64(len(recent)), true, nil
		}
	}
	page, _, err = l.pageStream(stream, rev, pageEvents)
	if errors.Is(err, eventstore.ErrStreamNotFound) {
		err = nil
	}
	if len(page) == 0 {
		return nil, mark + 1, false, err
	}
	return page, 0, false, err
}

// follower is the loop of every subscription: read to the mark, wait, repeat.
type follower struct {
	l     *Log
	ctx   context.Context
	next  uint64      // position of the next event to consider
	again func() bool // when set: true if there may be news although the mark stands still
	yield func(eventstore.Message, error) bool
}

// run calls step as long as there is something to read up to mark. Step answers
// whether the consumer wants more and whether what it delivered came live.
func (s *follower) run(step func(mark uint64) (more, live bool, err error)) {
	told := false
	for {
		mark, moved := s.l.mark.watch()
		err := s.ended()
		if err == nil && (s.next <= mark || s.again != nil && s.again()) {
			var more, live bool
			more, live, err = step(mark)
			if !more {
				return
			}
			told = told && live
			if err == nil {
				continue
			}
		}
		if err != nil {
			s.yield(eventstore.Message{}, err)
			return
		}
		if !told {
			told = true
			if !s.yield(eventstore.Message{CaughtUp: true}, nil) {
				return
			}
		}
		select {
		case <-moved:
		case <-s.ctx.Done():
		case <-s.l.done:
		}
	}
}

func (s *follower) ended() error {
	select {
	case <-s.l.done:
		return eventstore.ErrClosed
	default:
		return s.ctx.Err()
	}
}
