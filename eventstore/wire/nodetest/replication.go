package nodetest

import (
	"context"
	"time"
)

// pending is an append that no majority has yet.
type pending struct {
	number     uint64 // engine's, of its last event
	replicated bool
}

// Held are the appends to one stream that are taken and that no majority has: a
// competitor is told of the conflict, and nobody can read what caused it.
//
// "A conflict is told before the event that caused it can be read."
type Held struct {
	c         *Cluster
	stream    string
	held      []*pending
	conflicts int
	reads     int
}

// Hold keeps what is appended to the stream from now on from being replicated, and
// with it everything that is appended later, until Release.
func (c *Cluster) Hold(stream string) *Held {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &Held{c: c, stream: stream}
	c.holds[stream] = h
	return h
}

// Release replicates what was held, which is readable then and acknowledged.
func (h *Held) Release() {
	h.c.mu.Lock()
	defer h.c.mu.Unlock()
	delete(h.c.holds, h.stream)
	for _, p := range h.held {
		p.replicated = true
	}
	h.c.advance()
}

// Taken waits until so many appends are held.
func (h *Held) Taken(ctx context.Context, n int) error {
	return h.until(ctx, func() bool { return len(h.held) >= n })
}

// Conflicts waits until so many competitors were told of a conflict.
func (h *Held) Conflicts(ctx context.Context, n int) error {
	return h.until(ctx, func() bool { return h.conflicts >= n })
}

// Reads waits until so many readings of the stream were answered without what is
// held.
func (h *Held) Reads(ctx context.Context, n int) error {
	return h.until(ctx, func() bool { return h.reads >= n })
}

func (h *Held) until(ctx context.Context, is func() bool) error { return h.c.until(ctx, is) }

// until waits until something is so. is is called with the lock held.
func (c *Cluster) until(ctx context.Context, is func() bool) error {
	for {
		c.mu.Lock()
		so, changed := is(), c.changed
		c.mu.Unlock()
		if so {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// count counts what happened to a held stream.
func (c *Cluster) count(stream string, what func(*Held)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.holds[stream]; h != nil {
		what(h)
		c.wake()
	}
}

// replicate begins to bring an append that was just written to a majority.
func (c *Cluster) replicate(stream string, number uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &pending{number: number}
	c.pending = append(c.pending, p)
	switch h := c.holds[stream]; {
	case h != nil:
		h.held = append(h.held, p)
		c.wake()
	case c.facts.Replication == 0:
		p.replicated = true
		c.advance()
	default:
		c.delays.Add(1)
		time.AfterFunc(c.facts.Replication, func() {
			defer c.delays.Done()
			c.mu.Lock()
			defer c.mu.Unlock()
			p.replicated = true
			c.advance()
		})
	}
}

// advance shows what a majority has, in the order of the log. The caller holds the
// lock.
func (c *Cluster) advance() {
	for len(c.pending) > 0 && c.pending[0].replicated {
		c.visible = max(c.visible, c.pending[0].number)
		c.pending = c.pending[1:]
	}
	c.wake()
}
