package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"

	"alta/eventstore"

	"github.com/cockroachdb/pebble/v2"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	// depth is the number of rounds that may wait for the disk at a time. With
	// one, whoever arrives during a sync shares the next one.
	depth = 1
	// maxRound bounds a round, in bytes of events.
	maxRound = 4 << 20
)

// round is what one batch and one sync carry.
type round struct {
	batch   *pebble.Batch
	bytes   int
	first   uint64 // position of the round's first event
	heads   map[string]head
	records []*eventstore.Record
	marked  []string // streams whose deletion is in the batch
	answers []settled
	end     uint64 // the last position when the round is on disk
	tree    tlog.Tree
}

// settled is a request with its answer, which is given when the round is on disk.
type settled struct {
	r *request
	a answer
}

// errRoundFirst: the request depends on events of the round that is being
// built, which must be applied before it can be decided.
var errRoundFirst = errors.New("embedded: apply the round first")

// write is the writer: it drains the queue into rounds until Close.
func (l *Log) write() {
	defer l.ended.Done()
	defer close(l.rounds)
	var held *request
	for {
		l.slots <- struct{}{}
		if held == nil {
			r, ok := <-l.queue
			if !ok {
				return
			}
			held = r
		}
		rd := l.newRound()
		held = l.fill(rd, held)
		l.apply(rd)
		l.rounds <- rd
	}
}

func (l *Log) newRound() *round {
	return &round{batch: l.db.NewBatch(), first: l.next, heads: make(map[string]head)}
}

// fill adds r and whatever is queued to the round until it is full, the queue is
// empty, or a request must wait for the next round, which is answered.
func (l *Log) fill(rd *round, r *request) *request {
	created := toTicks(l.opt.Now())
	full := l.reserved()
	for {
		at, err := l.decide(rd, r, full, created)
		if errors.Is(err, errRoundFirst) {
			return r
		}
		rd.answers = append(rd.answers, settled{r, answer{at, err}})
		if rd.bytes >= maxRound {
			return nil
		}
		select {
		case next, ok := <-l.queue:
			if !ok {
				return nil
			}
			r = next
		default:
			return nil
		}
	}
}

// apply makes the round visible to the writer's own reads. Its durability is
// the syncer's business.
func (l *Log) apply(rd *round) {
	rd.end, rd.tree = l.next-1, l.tree.root()
	if rd.batch.Empty() {
		return
	}
	if err := l.commit(rd.batch); err != nil {
		l.poison(fmt.Errorf("embedded: apply a batch: %w", err))
		return
	}
	for stream, h := range rd.heads {
		l.heads.put(stream, h)
	}
}

// commit applies a batch. Pebble panics where it cannot go on after an error
// that Fatal has seen; in production Fatal has ended the process by then.
func (l *Log) commit(b *pebble.Batch) (err error) {
	if err := l.failed(); err != nil {
		return err
	}
	if l.opt.UnsafeNoSync {
		return l.db.Apply(b, pebble.NoSync)
	}
	return l.db.ApplyNoSyncWait(b, pebble.Sync)
}

// sync is the syncer: it waits for the disk, moves the mark, answers.
func (l *Log) sync() {
	defer l.ended.Done()
	for rd := range l.rounds {
		err := l.settle(rd)
		<-l.slots
		for _, s := range rd.answers {
			if err != nil && (s.a.err == nil || errors.Is(s.a.err, eventstore.ErrConflict)) {
				s.a = answer{err: err}
			}
			s.r.done <- s.a
		}
	}
}

// settle makes a round durable and then visible to readers. After a failure
// nothing is known about what the disk holds, so that nothing is answered as
// written.
func (l *Log) settle(rd *round) error {
	if err := l.failed(); err != nil {
		return fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, err)
	}
	if rd.batch.Empty() {
		return rd.batch.Close()
	}
	if !l.opt.UnsafeNoSync {
		if err := rd.batch.SyncWait(); err != nil {
			l.poison(fmt.Errorf("embedded: sync: %w", err))
			return fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, err)
		}
	}
	if err := l.opt.Durable(rd.tree); err != nil {
		l.poison(fmt.Errorf("embedded: record the tree's head outside the store: %w", err))
		return fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, err)
	}
	if len(rd.marked) > 0 {
		l.pending.settle(rd.marked)
		l.removals.Add(1)
	}
	l.tail.push(rd.records)
	l.mark.move(rd.end)
	l.count.round(rd)
	return rd.batch.Close()
}

// decide answers a request and, where it is accepted, adds it to the round. The
// order of the checks is EventStoreDB's: tombstone, existence, repetition,
// revision.
func (l *Log) decide(rd *round, r *request, full error, created int64) (eventstore.Appended, error) {
	if err := l.failed(); err != nil {
		return eventstore.Appended{}, err
	}
	h, err := l.head(rd, r.stream)
	if err != nil {
		return eventstore.Appended{}, l.damaged("find the head of a stream", err)
	}
	if h.mark.gone {
		return eventstore.Appended{}, fmt.Errorf("%w: %s", eventstore.ErrStreamDeleted, r.stream)
	}
	conflict := &eventstore.ConflictError{Stream: r.stream, Expected: r.expected, Actual: h.last}
	if r.expected == StreamExists && (h.sid == 0 || h.mark.hides(h.last)) {
		return eventstore.Appended{}, conflict
	}
	if r.op == opAppend {
		if at, found, err := l.repeated(rd, h, r); found || err != nil {
			return at, err
		}
	}
	switch {
	case r.expected == Any, r.expected == StreamExists, r.expected == h.last:
	case r.expected == eventstore.NoStream && h.mark.hides(h.last):
	default:
		return eventstore.Appended{}, conflict
	}
	if full != nil {
		return eventstore.Appended{}, full
	}
	if r.op == opAppend {
		return l.accept(rd, h, r, created)
	}
	return l.acceptRemoval(rd, h, r)
}

// head answers what the stream is at, the round included.
func (l *Log) head(rd *round, stream string) (head, error) {
	if h, ok := rd.heads[stream]; ok {
		return h, nil
	}
	if h, ok := l.heads.get(stream); ok {
		return h, nil
	}
	h, err := l.readHead(stream)
	if err == nil {
		l.heads.put(stream, h)
	}
	return h, err
}

// repeated recognises an append that is already in the stream and answers what
// it was answered then.
func (l *Log) repeated(rd *round, h head, r *request) (eventstore.Appended, bool, error) {
	n := eventstore.Revision(len(r.events))
	var starts []eventstore.Revision
	switch {
	case r.expected == Any || r.expected == StreamExists:
		starts = []eventstore.Revision{h.last + 1 - n}
	case r.expected == eventstore.NoStream && h.mark.keep > 0:
		starts = []eventstore.Revision{0, h.mark.keep}
	default:
		starts = []eventstore.Revision{r.expected + 1}
	}
	for _, from := range starts {
		if from < 0 || from+n-1 > h.last {
			continue
		}
		at, same, err := l.sameEvents(rd, h, from, r.events)
		if same || err != nil {
			return at, same, err
		}
	}
	return eventstore.Appended{}, false, nil
}

// sameEvents compares the ids of the stored events from a revision on.
func (l *Log) sameEvents(rd *round, h head, from eventstore.Revision, events []prepared) (eventstore.Appended, bool, error) {
	var pos uint64
	for i, e := range events {
		var id eventstore.ID
		var err error
		if pos, id, err = l.readID(rd, h.sid, from+eventstore.Revision(i)); err != nil {
			return eventstore.Appended{}, false, err
		}
		if id != e.record.ID {
			return eventstore.Appended{}, false, nil
		}
	}
	last := from + eventstore.Revision(len(events)) - 1
	return eventstore.Appended{Revision: last, Position: position(pos)}, true, nil
}

// readID finds an event's position and id by its place in the stream.
func (l *Log) readID(rd *round, sid uint64, rev eventstore.Revision) (uint64, eventstore.ID, error) {
	if sid >= rd.first {
		return 0, eventstore.ID{}, errRoundFirst
	}
	pos, err := l.getNumber(indexKey(sid, rev))
	if errors.Is(err, pebble.ErrNotFound) && !rd.batch.Empty() {
		// The head says that the event exists: it is in the round's batch.
		return 0, eventstore.ID{}, errRoundFirst
	}
	if err != nil {
		return 0, eventstore.ID{}, l.damaged("find an event of a stream", err)
	}
	value, closer, err := l.db.Get(eventKey(pos))
	if err != nil {
		return 0, eventstore.ID{}, l.damaged(fmt.Sprintf("read the event with index %d", pos-1), err)
	}
	raw, err := splitRecord(value)
	return pos, raw.id, errors.Join(err, closer.Close())
}

// accept adds the events to the round.
func (l *Log) accept(rd *round, h head, r *request, created int64) (eventstore.Appended, error) {
	b := rd.batch
	if h.sid == 0 {
		h.sid = l.next
		if err := b.Set(nameKey(r.stream), binary.BigEndian.AppendUint64(nil, h.sid), nil); err != nil {
			return eventstore.Appended{}, err
		}
	}
	var hashes []byte
	for i := range r.events {
		e := &r.events[i]
		h.last++
		if e.record.Revision != h.last {
			e.record.Revision = h.last
			e.leaf = tlog.RecordHash(l.opt.Leaf(nil, e.record))
		}
		stamp(e.value, h.last, created)
		e.record.Position, e.record.Created = position(l.next), fromTicks(created)
		hashes = l.tree.add(hashes[:0], e.leaf)
		err := errors.Join(
			b.Set(eventKey(l.next), e.value, nil),
			b.Set(indexKey(h.sid, h.last), binary.BigEndian.AppendUint64(nil, l.next), nil),
			b.Set(hashesKey(int64(l.next-1)), hashes, nil))
		if err != nil {
			l.poison(fmt.Errorf("embedded: build a batch: %w", err))
			return eventstore.Appended{}, err
		}
		rd.records = append(rd.records, e.record)
		rd.bytes += len(e.value)
		l.next++
	}
	rd.heads[r.stream] = h
	return eventstore.Appended{Revision: h.last, Position: position(l.next - 1)}, nil
}

// acceptRemoval adds a soft delete or a tombstone to the round.
func (l *Log) acceptRemoval(rd *round, h head, r *request) (eventstore.Appended, error) {
	before := h.mark
	if r.op == opTombstone {
		h.mark.gone = true
	} else if h.sid == 0 || h.mark.hides(h.last) {
		return eventstore.Appended{}, fmt.Errorf("%w: %s", eventstore.ErrStreamNotFound, r.stream)
	} else {
		h.mark.keep = h.last + 1
	}
	if err := rd.batch.Set(markKey(r.stream), h.mark.encode(), nil); err != nil {
		return eventstore.Appended{}, err
	}
	l.pending.add(r.stream, before)
	rd.marked = append(rd.marked, r.stream)
	rd.heads[r.stream] = h
	return eventstore.Appended{Revision: h.last, Position: position(l.next - 1)}, nil
}
