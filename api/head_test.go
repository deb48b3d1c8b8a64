package api

import (
	"context"
	"errors"
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

func (l *headless) Head(ctx context.Context) (eventstore.Position, error) {
	if l.unknown.Load() {
		return eventstore.Start, eventstore.ErrUnavailable
	}
	return l.memory.Head(ctx)
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
