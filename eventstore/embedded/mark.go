package embedded

import (
	"sync"

	"alta/eventstore"
)

// durableMark is the position of the newest event that is on disk. Readers look
// no further, and those who have read up to it wait for it to move.
type durableMark struct {
	mu    sync.Mutex
	pos   uint64
	moved chan struct{} // closed by the next move
}

func (m *durableMark) init(pos uint64) {
	m.pos, m.moved = pos, make(chan struct{})
}

func (m *durableMark) get() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pos
}

// watch answers the mark and a channel that is closed when it moves on.
func (m *durableMark) watch() (uint64, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pos, m.moved
}

// move sets the mark and wakes everybody who watches it.
func (m *durableMark) move(pos uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pos = pos
	close(m.moved)
	m.moved = make(chan struct{})
}

// Bounds of the tail. However many subscribers follow live, they share this much.
const (
	tailEvents = 4096
	tailBytes  = 8 << 20
)

// tail keeps the newest records decoded, so that a thousand live subscribers
// cost one decoding. It holds a dense run of positions that ends at the mark.
// The records are shared: nobody changes one.
type tail struct {
	mu      sync.RWMutex
	records []*eventstore.Record
	bytes   int
}

// push adds the records of one round, which follow those already held.
func (t *tail) push(records []*eventstore.Record) {
	if len(records) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records = append(t.records, records...)
	for _, r := range records {
		t.bytes += weight(r)
	}
	drop := 0
	for len(t.records)-drop > 1 && (t.bytes > tailBytes || len(t.records)-drop > tailEvents) {
		t.bytes -= weight(t.records[drop])
		t.records[drop] = nil
		drop++
	}
	t.records = t.records[drop:]
}

// read answers the records from position next to mark, at most limit of them;
// ok is false when the tail does not reach back that far.
func (t *tail) read(page []*eventstore.Record, next, mark uint64, limit int) (_ []*eventstore.Record, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if len(t.records) == 0 || t.records[0].Position.Commit > next {
		return page, false
	}
	from := next - t.records[0].Position.Commit
	if from >= uint64(len(t.records)) {
		return page, false
	}
	to := min(from+(mark-next+1), from+uint64(limit), uint64(len(t.records)))
	return append(page, t.records[from:to]...), true
}

// weight is what a record occupies, roughly.
func weight(r *eventstore.Record) int { return r.Size() + len(r.Stream) + 200 }
