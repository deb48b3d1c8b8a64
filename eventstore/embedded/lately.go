package embedded

import (
	"slices"
	"sync"

	"alta/eventstore"
)

// latelyBytes bounds what lately keeps.
const latelyBytes = 16 << 20

// lately keeps the streams that were read last. One that changes is read by several
// at nearly the same moment: by whoever decides, and by all who follow the log. An
// event never changes, so that nothing here can be out of date; what a stream still
// shows is asked each time (see view). It has two generations, like headCache.
type lately struct {
	mu         sync.Mutex
	young, old map[uint64]stretch // by the stream's number
	size       int                // of the young, in bytes
}

// stretch is events of one stream that follow one another.
type stretch struct {
	first  eventstore.Revision
	events []*eventstore.Record // shared: never written to
	size   int
}

// get answers the events of a stream that are here, between two revisions, both
// included, up to the first that is not.
func (c *lately) get(sid uint64, from, to eventstore.Revision) []*eventstore.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.young[sid]
	if !ok {
		if s, ok = c.old[sid]; ok {
			c.set(sid, s)
		}
	}
	end := s.first + eventstore.Revision(len(s.events))
	if !ok || from < s.first || from >= end {
		return nil
	}
	return slices.Clip(s.events[from-s.first : min(to+1, end)-s.first])
}

// put remembers events that were read, if they join on to those that are here and
// all of them together fit one page.
func (c *lately) put(sid uint64, page []*eventstore.Record) {
	if len(page) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.young[sid]
	if !ok {
		s, ok = c.old[sid]
	}
	if !ok || page[0].Revision < s.first {
		s = stretch{first: page[0].Revision}
	}
	have := int(page[0].Revision - s.first)
	if have > len(s.events) {
		return
	}
	for _, r := range page {
		s.size += weight(r)
	}
	for _, r := range s.events[have:] {
		s.size -= weight(r)
	}
	if s.size > pageBytes {
		return
	}
	s.events = append(slices.Clip(s.events[:have]), page...)
	c.set(sid, s)
}

// set puts a stretch among the young.
func (c *lately) set(sid uint64, s stretch) {
	c.size += s.size - c.young[sid].size
	if c.size > latelyBytes/2 {
		c.old, c.young, c.size = c.young, nil, s.size
	}
	if c.young == nil {
		c.young = map[uint64]stretch{}
	}
	c.young[sid] = s
}
