package embedded

import (
	"sync"

	"alta/eventstore"
)

// head is what the writer knows of a stream.
type head struct {
	sid  uint64              // position of the first event; 0 while there is none
	last eventstore.Revision // NoStream while there is none
	mark streamMark
}

// headCache keeps the heads of the streams written to lately. Only the writer
// touches it: a reader that scans a million streams must not push out the ones
// that are being written. It has two generations, so that both use and eviction
// cost one map access; what a round changes is kept in the round until applied.
type headCache struct {
	young, old map[string]head
	limit      int
}

func newHeadCache(limit int) *headCache {
	return &headCache{young: make(map[string]head), limit: max(limit/2, 1)}
}

func (c *headCache) get(stream string) (head, bool) {
	if h, ok := c.young[stream]; ok {
		return h, true
	}
	h, ok := c.old[stream]
	if ok {
		c.put(stream, h)
	}
	return h, ok
}

func (c *headCache) put(stream string, h head) {
	if len(c.young) >= c.limit {
		c.old, c.young = c.young, make(map[string]head, c.limit)
	}
	c.young[stream] = h
}

func (c *headCache) len() int { return len(c.young) + len(c.old) }

// pendingMarks remembers, for deletions that are applied but not synced, what
// held before, so that no reader sees a deletion that a power cut takes back.
type pendingMarks struct {
	mu     sync.Mutex
	before map[string]streamMark
}

func (p *pendingMarks) add(stream string, before streamMark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.before == nil {
		p.before = make(map[string]streamMark)
	}
	if _, ok := p.before[stream]; !ok {
		p.before[stream] = before
	}
}

func (p *pendingMarks) settle(streams []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range streams {
		delete(p.before, s)
	}
}

// durable answers what readers may know of the mark that they read as m. The
// mark must have been read before this call: then either the deletion is still
// listed here, or it was synced in between.
func (p *pendingMarks) durable(stream string, m streamMark) streamMark {
	p.mu.Lock()
	defer p.mu.Unlock()
	if before, ok := p.before[stream]; ok {
		return before
	}
	return m
}
