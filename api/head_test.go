package api

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"alta/domain/application"
	"alta/eventstore"
)

// headless is a log whose end is not known for a while.
type headless struct {
	*memory
	unknown atomic.Bool
}

func (l *headless) ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	if l.unknown.Load() {
		return func(yield func(*eventstore.Record, error) bool) { yield(nil, eventstore.ErrUnavailable) }
	}
	return l.memory.ReadAllBackward(ctx, before, limit)
}

func TestNobodyIsToldTheWholeLogWhileItsEndIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &headless{memory: handedIn()}
		log.more = make(chan struct{})
		log.unknown.Store(true)
		h := newHub(log, quiet())
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go h.run(ctx)
		l := hears(t, h, reviewers)
		if _, err := h.missed(t.Context(), reviewers, nil); !errors.Is(err, eventstore.ErrUnavailable) {
			t.Errorf("who comes anew is answered %v", err)
		}
		time.Sleep(time.Minute)
		if all := told(t, l); len(all) > 0 {
			t.Errorf("told %+v", all)
		}
		log.unknown.Store(false)
		time.Sleep(2 * time.Second)
		if n := <-l.news; !n.behind { // it came before the end was known
			t.Errorf("told %s", n.frame)
		}
		log.add(category+one, application.NoteAdded{Header: at(application.RoleReviewer)})
		time.Sleep(time.Second)
		if all := told(t, l); len(all) != 1 || len(all[0].Changes) != 1 {
			t.Errorf("told %+v", all)
		}
		stop()
		synctest.Wait()
	})
}

// replaced is a log in whose place another one is put. Subscriptions stay open, and
// silent.
type replaced struct {
	*memory
	other *memory
	now   atomic.Bool
}

func (l *replaced) use() *memory {
	if l.now.Load() {
		return l.other
	}
	return l.memory
}

func (l *replaced) ReadAt(ctx context.Context, at eventstore.Position) (*eventstore.Record, error) {
	return l.use().ReadAt(ctx, at)
}

func (l *replaced) ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return l.use().ReadAllBackward(ctx, before, limit)
}

func (l *replaced) Subscribe(ctx context.Context, after eventstore.Position, f eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return l.use().Subscribe(ctx, after, f)
}

func TestEverybodyReadsAnewWhereAnotherLogTakesThePlaceOfTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &replaced{memory: handedIn(), other: &memory{more: make(chan struct{})}}
		log.more = make(chan struct{})
		log.other.records = handedIn().records[:1]
		h := newHub(log, quiet())
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go h.run(ctx)
		l := hears(t, h, reviewers)
		time.Sleep(time.Second)
		for len(l.news) > 0 {
			<-l.news
		}
		log.now.Store(true)
		time.Sleep(2 * verifyEvery)
		if n := <-l.news; !n.behind || n.at.Commit != 1 {
			t.Errorf("told %s", n.frame)
		}
		log.other.add(category+one, application.Submitted{Header: at(application.RoleMerchant), Round: 1, Next: application.Qualification})
		time.Sleep(time.Second)
		if all := told(t, l); len(all) != 1 {
			t.Errorf("told %+v", all)
		}
		stop()
		synctest.Wait()
	})
}
