package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/esdb"
	"alta/eventstore/wire/nodetest"
)

// load is people who change applications one after another, and ask again under the
// same key until they are answered; and somebody who looks at the lists.
type load struct {
	w       *world
	writers []*writer
	anew    int // lines that said at the beginning that something starts over
	stop    context.CancelFunc
	wait    sync.WaitGroup

	mu       sync.Mutex
	newest   map[string]int64     // revision of the newest acknowledged change, by application
	acked    time.Time            // when the newest change was acknowledged
	shown    time.Time            // begin of the newest change that the lists show
	begun    map[string]time.Time // when that revision's change was acknowledged, by application
	refusals map[string]int
	wrong    error
}

type writer struct {
	id   string
	base int64 // revision at the beginning
	done int64
}

// startLoad begins, with one writer for each application but one, which it answers.
func startLoad(ctx context.Context, w *world, count int) (*load, *writer, error) {
	l := &load{w: w, newest: map[string]int64{}, begun: map[string]time.Time{}, refusals: map[string]int{}}
	rows, err := w.complete(ctx, count)
	if err != nil {
		return nil, nil, err
	}
	lines, err := w.anew()
	if err != nil {
		return nil, nil, err
	}
	l.anew = len(lines)
	ctx, l.stop = context.WithCancel(ctx)
	var left *writer
	for i, r := range rows {
		now, err := w.lead.Get(ctx, "/v1/applications/"+r.ID+"/actions", nil)
		if err != nil {
			l.stop()
			return nil, nil, err
		}
		x := &writer{id: r.ID, base: now.Revision}
		if i == 0 {
			left = x
			continue
		}
		l.writers = append(l.writers, x)
		l.wait.Go(func() { l.write(ctx, x) })
	}
	l.wait.Go(func() { l.look(ctx) })
	return l, left, nil
}

// complete waits until the lists show so many.
func (w *world) complete(ctx context.Context, least int) (rows []row, err error) {
	for late := time.Now().Add(2 * time.Minute); time.Now().Before(late) && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		if rows, total, status := w.rows(ctx); status == http.StatusOK && total >= least {
			return rows, nil
		}
	}
	return nil, fmt.Errorf("the lists did not show %d applications within two minutes: %s", least, w.LastWords())
}

func (l *load) write(ctx context.Context, x *writer) {
	for revision := x.base; ctx.Err() == nil; {
		p, err := l.w.prioritise(ctx, x.id, revision, x.done)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && p.status == http.StatusNoContent && p.revision == revision+1:
			revision, x.done = p.revision, x.done+1
			l.mu.Lock()
			l.acked, l.newest[x.id], l.begun[x.id] = time.Now(), p.revision, time.Now()
			l.mu.Unlock()
		case p.status == 0 || p.status == http.StatusServiceUnavailable && p.retry:
			l.mu.Lock()
			l.refusals[fmt.Sprintf("%d %s", p.status, p.code)]++
			l.mu.Unlock()
		default:
			l.mu.Lock()
			l.wrong = errors.Join(err, fmt.Errorf("change %d of %s at revision %d is answered %+v", x.done, x.id, revision, p))
			l.mu.Unlock()
			return
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// look reads the lists again and again.
func (l *load) look(ctx context.Context) {
	for ctx.Err() == nil {
		if rows, _, status := l.w.rows(ctx); status == http.StatusOK {
			l.mu.Lock()
			for _, r := range rows {
				if r.Revision >= l.newest[r.ID] && l.begun[r.ID].After(l.shown) {
					l.shown = l.begun[r.ID]
				}
			}
			l.mu.Unlock()
		}
		pause(ctx, 20*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// back waits until a change was acknowledged after the moment, and the lists show one
// that was; it answers how long both took.
func (l *load) back(ctx context.Context, since time.Time) (writes, lists time.Duration, err error) {
	for late := since.Add(time.Minute); ; pause(ctx, 5*time.Millisecond) {
		l.mu.Lock()
		acked, shown, wrong := l.acked, l.shown, l.wrong
		l.mu.Unlock()
		if writes == 0 && acked.After(since) {
			writes = acked.Sub(since)
		}
		if shown.After(since) {
			return writes, time.Since(since), wrong
		}
		switch {
		case wrong != nil:
			return writes, 0, wrong
		case ctx.Err() != nil:
			return writes, 0, ctx.Err()
		case time.Now().After(late):
			return writes, 0, fmt.Errorf("a minute after the leader was there, writes %s and the lists show nothing new; the program said last: %s", map[bool]string{true: "go on", false: "do not go on"}[writes > 0], l.w.LastWords())
		}
	}
}

// startedOver is an error where something began anew that should have gone on.
func (l *load) startedOver() error {
	lines, err := l.w.anew()
	if err != nil || len(lines) > l.anew {
		return errors.Join(err, fmt.Errorf("something started over %d times: %s", len(lines)-l.anew, lines[len(lines)-1]))
	}
	return nil
}

// end stops and compares what was acknowledged with what the log holds.
func (l *load) end(ctx context.Context, log *embedded.Log) (done int64, err error) {
	l.stop()
	l.wait.Wait()
	if l.wrong != nil {
		return 0, l.wrong
	}
	for _, x := range l.writers {
		n := int64(0)
		for r, err := range log.ReadStream(ctx, "application-"+x.id, 0, embedded.All) {
			if err != nil {
				return 0, err
			}
			if r.Type == "application.prioritised.v2" {
				n++
			}
		}
		// The change that was under way at the end may or may not be there.
		if n < x.done {
			return 0, fmt.Errorf("%d acknowledged changes of %s are lost", x.done-n, x.id)
		}
		if n > x.done+1 {
			return 0, fmt.Errorf("%s has %d changes, %d were acknowledged", x.id, n, x.done)
		}
		done += x.done
	}
	if done == 0 {
		return 0, errors.New("nothing was written, so nothing was tested")
	}
	return done, nil
}

// ledger appends through the adapter alone and follows what it appended, so that
// every event is accounted for.
type ledger struct {
	log  *esdb.Log
	stop context.CancelFunc
	wait sync.WaitGroup

	acked     [ledgerWriters]atomic.Int64
	lastAck   atomic.Int64 // UnixNano
	delivered atomic.Int64
	mu        sync.Mutex
	fresh     time.Time // when the newest delivered event was acknowledged or appended
	sent      map[eventstore.ID]time.Time
	wrong     error
}

const ledgerWriters = 4

func ledgerID(writer int, n int64) (id eventstore.ID) {
	binary.BigEndian.PutUint32(id[4:], uint32(writer+1))
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func startLedger(ctx context.Context, connection string) (*ledger, error) {
	log, err := esdb.Open(connection, esdb.Options{})
	if err != nil {
		return nil, err
	}
	l := &ledger{log: log, sent: map[eventstore.ID]time.Time{}}
	ctx, l.stop = context.WithCancel(ctx)
	for w := range ledgerWriters {
		l.wait.Go(func() { l.write(ctx, w) })
	}
	l.wait.Go(func() { l.follow(ctx) })
	return l, nil
}

func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrong == nil {
		l.wrong = err
	}
}

func (l *ledger) write(ctx context.Context, w int) {
	for n := int64(0); ctx.Err() == nil; {
		e := eventstore.Proposed{ID: ledgerID(w, n), Type: "ledger.written.v1", Data: []byte(`{}`)}
		l.mu.Lock()
		if _, again := l.sent[e.ID]; !again {
			l.sent[e.ID] = time.Now()
		}
		l.mu.Unlock()
		at, err := l.log.Append(ctx, fmt.Sprintf("ledger-%d", w), eventstore.Revision(n-1), e)
		switch {
		case err == nil && at.Revision == eventstore.Revision(n):
			n++
			l.acked[w].Store(n)
			l.lastAck.Store(time.Now().UnixNano())
		case ctx.Err() != nil:
			return
		case err == nil || errors.Is(err, eventstore.ErrConflict):
			l.fail(fmt.Errorf("event %d of writer %d is answered %+v, %w", n, w, at, err))
			return
		}
		pause(ctx, 10*time.Millisecond)
	}
}

func (l *ledger) follow(ctx context.Context) {
	next := map[string]eventstore.Revision{}
	for m, err := range l.log.Subscribe(ctx, eventstore.Start, eventstore.Filter{Name: "ledger", Streams: []string{"ledger-"}}) {
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			l.fail(fmt.Errorf("the subscription ended: %w", err))
			return
		}
		r := m.Record
		if r == nil {
			continue
		}
		if r.Revision != next[r.Stream] {
			l.fail(fmt.Errorf("revision %d of %s is delivered, %d is next", r.Revision, r.Stream, next[r.Stream]))
			return
		}
		next[r.Stream] = r.Revision + 1
		l.delivered.Add(1)
		l.mu.Lock()
		if sent := l.sent[r.ID]; sent.After(l.fresh) {
			l.fresh = sent
		}
		delete(l.sent, r.ID)
		l.mu.Unlock()
	}
}

// back is that of load, for appends and for the subscription.
func (l *ledger) back(ctx context.Context, since time.Time) (appends, events time.Duration, err error) {
	for late := since.Add(time.Minute); ; pause(ctx, 5*time.Millisecond) {
		l.mu.Lock()
		fresh, wrong := l.fresh, l.wrong
		l.mu.Unlock()
		if appends == 0 && l.lastAck.Load() > since.UnixNano() {
			appends = time.Since(since)
		}
		switch {
		case wrong != nil:
			return appends, 0, wrong
		case fresh.After(since):
			return appends, time.Since(since), nil
		case ctx.Err() != nil:
			return appends, 0, ctx.Err()
		case time.Now().After(late):
			return appends, 0, errors.New("a minute after the leader was there the adapter's subscription is silent")
		}
	}
}

// end stops and compares.
func (l *ledger) end(ctx context.Context, c *nodetest.Cluster) (acked int64, err error) {
	l.stop()
	l.wait.Wait()
	err = errors.Join(l.wrong, l.log.Close())
	for w := range ledgerWriters {
		n := int64(0)
		for r, rerr := range c.Engine().ReadStream(ctx, fmt.Sprintf("ledger-%d", w), 0, embedded.All) {
			if rerr != nil {
				return 0, errors.Join(err, rerr)
			}
			if r.ID != ledgerID(w, n) {
				return 0, errors.Join(err, fmt.Errorf("writer %d: revision %d is another event", w, n))
			}
			n++
		}
		if a := l.acked[w].Load(); n != a && n != a+1 {
			return 0, errors.Join(err, fmt.Errorf("writer %d: %d were acknowledged, %d are there", w, a, n))
		}
		acked += l.acked[w].Load()
	}
	return acked, err
}
