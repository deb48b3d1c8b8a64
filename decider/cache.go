package decider

import (
	"container/list"
	"hash/fnv"
	"slices"
	"sync"
	"time"

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
	order  list.List // of *entry[S], most recently used first
	byName map[string]*list.Element
	// follows counts how often the log's news began to be delivered; 0 while they are
	// not. last is the newest count there was.
	follows, last uint64
}

type entry[S any] struct {
	stream string
	fold   folded[S]
	// news are the first records after the fold, as they were delivered, not folded yet.
	news []*eventstore.Record
	// newest is the last revision that is known to be there.
	newest eventstore.Revision
	// seen is when the stream was last read or heard of, in which count of follows.
	seen time.Time
	in   uint64
}

const (
	defaultCacheSize = 4096
	// newsKept bounds the records that an entry keeps beside its fold.
	newsKept = 8
	// trusted bounds how long a stream that nothing is heard of is decided on without
	// a look at the log: the news do not tell when a stream was deleted.
	trusted = 30 * time.Second
)

// latest answers a stream's fold and what is known to have come after it.
func (c *cache[S]) latest(stream string) (f folded[S], news []*eventstore.Record, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byName[stream]
	if !ok {
		return f, nil, false
	}
	c.order.MoveToFront(el)
	e := el.Value.(*entry[S])
	return e.fold, e.news, true
}

// current answers a stream's fold and what came after it, where that is all there is
// as far as this process knows.
func (c *cache[S]) current(stream string) (f folded[S], news []*eventstore.Record, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, there := c.byName[stream]
	if !there || c.follows == 0 {
		return f, nil, false
	}
	e := el.Value.(*entry[S])
	if e.in != c.follows || e.newest != e.fold.revision+eventstore.Revision(len(e.news)) || time.Since(e.seen) > trusted {
		return f, nil, false
	}
	c.order.MoveToFront(el)
	return e.fold, e.news, true
}

// put keeps a fold unless a newer one is there already. read says that it is what the
// log had just now.
func (c *cache[S]) put(stream string, f folded[S], size int, read bool) {
	if size <= 0 {
		size = defaultCacheSize
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byName[stream]
	if !ok {
		if f.revision == eventstore.NoStream {
			return
		}
		if c.byName == nil {
			c.byName = make(map[string]*list.Element)
		}
		el = c.order.PushFront(&entry[S]{stream: stream, fold: f, newest: f.revision})
		c.byName[stream] = el
	}
	e := el.Value.(*entry[S])
	if e.fold.revision < f.revision {
		known := min(len(e.news), int(f.revision-e.fold.revision))
		e.fold, e.news, e.newest = f, e.news[known:], max(e.newest, f.revision)
	}
	if read {
		e.seen, e.in = time.Now(), c.follows
	}
	c.order.MoveToFront(el)
	for len(c.byName) > size {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.byName, oldest.Value.(*entry[S]).stream)
	}
}

// deliver takes news of a stream, where its fold is kept.
func (c *cache[S]) deliver(r *eventstore.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byName[r.Stream]
	if !ok {
		return
	}
	e := el.Value.(*entry[S])
	e.newest = max(e.newest, r.Revision)
	// What does not follow, or would be too much, is read when it is needed.
	if r.Revision == e.fold.revision+eventstore.Revision(len(e.news))+1 && len(e.news) < newsKept {
		e.news = append(slices.Clip(e.news), r)
	}
	e.seen = time.Now()
}

// reaches takes down that a stream has come to a revision, as an append answered.
// Until that is delivered the stream is read again.
func (c *cache[S]) reaches(stream string, r eventstore.Revision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.byName[stream]; ok {
		e := el.Value.(*entry[S])
		e.newest = max(e.newest, r)
	}
}

// followed says whether the log's news are delivered from now on.
func (c *cache[S]) followed(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.follows = 0; yes {
		c.last++
		c.follows = c.last
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
