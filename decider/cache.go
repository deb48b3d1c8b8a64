package decider

import (
	"container/list"
	"hash/fnv"
	"slices"
	"sync"

	"alta/eventstore"
)

// remembered bounds the commands per stream by which a repeated one is known.
const remembered = 256

// folded is the fold of a stream up to a revision, with the newest commands
// that led there.
type folded[S any] struct {
	state    S
	revision eventstore.Revision
	position eventstore.Position
	commits  []commit // oldest first; shared once the fold is cached
}

// commit is one command's stretch of a stream. It is small, because there are
// many: 256 for each of some thousand streams.
type commit struct {
	command     eventstore.ID
	intent      uint64
	request     uint64 // 0 where the command named none, as before there were any
	first, last eventstore.Revision
	position    eventstore.Position
}

// intent tells requests of one id apart by who asks for what.
func (c Command) intent() uint64 {
	h := fnv.New64a()
	h.Write([]byte(c.Actor + "\x00" + c.Operation))
	return h.Sum64()
}

// asked tells requests of one id and one intent apart by all that they say; 0
// where that is not known.
func (c Command) asked() uint64 {
	if c.Request == "" {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(c.Request))
	return max(h.Sum64(), 1)
}

// other reports whether a command of the same id asks for something else.
func (c commit) other(cmd Command) bool {
	asked := cmd.asked()
	return c.intent != cmd.intent() || c.request != 0 && asked != 0 && c.request != asked
}

// note takes down the command that caused an event. It writes into f.commits,
// so the caller must own that slice.
func (f *folded[S]) note(c Command, r *eventstore.Record) {
	if c.ID == (eventstore.ID{}) {
		return
	}
	if n := len(f.commits); n > 0 && f.commits[n-1].command == c.ID {
		f.commits[n-1].last, f.commits[n-1].position = r.Revision, r.Position
		return
	}
	if len(f.commits) == remembered {
		f.commits = slices.Delete(f.commits, 0, 1)
	}
	f.commits = append(f.commits, commit{c.ID, c.intent(), c.asked(), r.Revision, r.Revision, r.Position})
}

func (f *folded[S]) find(command eventstore.ID) (commit, bool) {
	for _, c := range slices.Backward(f.commits) {
		if c.command == command {
			return c, true
		}
	}
	return commit{}, false
}

// cache keeps the folds of the streams used last. Its zero value is ready.
type cache[S any] struct {
	mu     sync.Mutex
	order  list.List // of entry[S], most recently used first
	byName map[string]*list.Element
}

type entry[S any] struct {
	stream string
	fold   folded[S]
}

const defaultCacheSize = 4096

func (c *cache[S]) get(stream string) (folded[S], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byName[stream]
	if !ok {
		return folded[S]{}, false
	}
	c.order.MoveToFront(el)
	return el.Value.(entry[S]).fold, true
}

// put keeps a fold unless a newer one is there already.
func (c *cache[S]) put(stream string, f folded[S], size int) {
	if size <= 0 {
		size = defaultCacheSize
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.byName[stream]; ok {
		if el.Value.(entry[S]).fold.revision < f.revision {
			el.Value = entry[S]{stream, f}
		}
		c.order.MoveToFront(el)
		return
	}
	if c.byName == nil {
		c.byName = make(map[string]*list.Element)
	}
	c.byName[stream] = c.order.PushFront(entry[S]{stream, f})
	for len(c.byName) > size {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.byName, oldest.Value.(entry[S]).stream)
	}
}

func (c *cache[S]) drop(stream string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.byName[stream]; ok {
		c.order.Remove(el)
		delete(c.byName, stream)
	}
}
