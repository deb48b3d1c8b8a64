package fanout

import (
	"cmp"
	"slices"
	"time"

	"alta/eventstore"
)

// Consumer is how one subscription of this process stands.
type Consumer struct {
	Name string // eventstore.Filter.Name
	// Reached is up to where it was delivered to, or its events were looked at.
	Reached eventstore.Position
	// Live: it takes its events from the shared subscription. Otherwise it catches up.
	Live bool
	// Waiting is how many events are known to wait for it, passed by its filter or
	// not; -1 where there are some and nobody has counted them.
	Waiting int
	// Behind is for how long events have waited for it; 0 where none do.
	Behind time.Duration
	// Slow is how often it was too slow to stay live.
	Slow uint64
}

// Health tells how the shared subscription and its consumers stand, these by name,
// when the log is known to reach to newest.
func (f *Feed) Health(newest eventstore.Position) (feed Consumer, consumers []Consumer) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.run; r != nil {
		feed = Consumer{Name: "feed", Reached: r.reached, Live: r.live}
		if r.begun && r.reached.Compare(newest) >= 0 {
			r.late = time.Time{}
		} else {
			feed.Waiting, feed.Behind = -1, since(&r.late, now)
		}
	}
	for c := range f.consumers {
		consumers = append(consumers, c.health(now, newest))
	}
	slices.SortFunc(consumers, func(a, b Consumer) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Reached.Compare(b.Reached))
	})
	return feed, consumers
}

// health is called with the feed locked.
func (c *consumer) health(now time.Time, newest eventstore.Position) Consumer {
	h := Consumer{Name: c.name, Reached: c.reached, Live: c.sharing, Slow: c.slow}
	r := c.run
	switch {
	case c.reached.Compare(newest) >= 0:
		c.late = time.Time{}
	case c.sharing && c.number >= r.first:
		// It may be at work on the last one that it took.
		wait := r.entries[c.number-r.first:]
		h.Waiting = len(wait)
		if len(wait) > 0 {
			h.Behind = now.Sub(wait[0].came)
		}
		c.late = time.Time{}
	default:
		h.Waiting, h.Behind = -1, since(&c.late, now)
	}
	return h
}

// since is how long it has been so; at is when it was first seen.
func since(at *time.Time, now time.Time) time.Duration {
	if at.IsZero() {
		*at = now
	}
	return now.Sub(*at)
}
