package vault

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// keyCache holds data keys for a bounded time and in a bounded number. Several
// callers that miss the same key wait for one load; a slow load of one key does
// not hold up another.
type keyCache struct {
	limit int
	life  time.Duration
	clock func() time.Time

	mu      sync.Mutex
	entries map[string]*list.Element
	used    *list.List // most recently used first
	loads   map[string]*keyLoad
}

type keyEntry struct {
	name string
	key  *subjectKey
	till time.Time
}

type keyLoad struct {
	done    chan struct{}
	key     *subjectKey
	err     error
	dropped bool // the key was destroyed meanwhile: do not keep it
}

func newKeyCache(limit int, life time.Duration, clock func() time.Time) *keyCache {
	return &keyCache{
		limit: limit, life: life, clock: clock,
		entries: map[string]*list.Element{}, used: list.New(), loads: map[string]*keyLoad{},
	}
}

// get answers the key from memory or loads it. A failed load is not remembered.
func (c *keyCache) get(ctx context.Context, name string, load func(context.Context) (*subjectKey, error)) (*subjectKey, error) {
	for {
		c.mu.Lock()
		if e, ok := c.entries[name]; ok {
			entry := e.Value.(*keyEntry)
			if c.clock().Before(entry.till) {
				c.used.MoveToFront(e)
				c.mu.Unlock()
				return entry.key, nil
			}
			c.remove(e)
		}
		if l, ok := c.loads[name]; ok {
			c.mu.Unlock()
			select {
			case <-l.done:
				// One slow or failed call to the key service answers everybody who waits
				// for it. Two failures are the other caller's own: it was not allowed to
				// make the key, or it went away.
				if !errors.Is(l.err, ErrNoKey) && !errors.Is(l.err, context.Canceled) {
					return l.key, l.err
				}
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			continue
		}
		l := &keyLoad{done: make(chan struct{})}
		c.loads[name] = l
		c.mu.Unlock()

		l.key, l.err = load(ctx)

		c.mu.Lock()
		delete(c.loads, name)
		if l.err == nil && !l.dropped {
			c.add(name, l.key)
		}
		c.mu.Unlock()
		close(l.done)
		return l.key, l.err
	}
}

func (c *keyCache) add(name string, key *subjectKey) {
	c.entries[name] = c.used.PushFront(&keyEntry{name: name, key: key, till: c.clock().Add(c.life)})
	for len(c.entries) > c.limit {
		c.remove(c.used.Back())
	}
}

func (c *keyCache) remove(e *list.Element) {
	c.used.Remove(e)
	delete(c.entries, e.Value.(*keyEntry).name)
}

// drop forgets a key, also one that is being loaded right now.
func (c *keyCache) drop(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[name]; ok {
		c.remove(e)
	}
	if l, ok := c.loads[name]; ok {
		l.dropped = true
	}
}
