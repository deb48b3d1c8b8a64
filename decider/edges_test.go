package decider_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"alta/decider"
	"alta/eventstore"
)

func TestTheEdgesOfACommand(t *testing.T) {
	d := newDecider(&memLog{})
	if _, err := d.Transact(t.Context(), "1", decider.Command{Actor: "ann"}, nil, count(1)); !errors.Is(err, decider.ErrID) {
		t.Errorf("a command without an id: %v", err)
	}
	r, err := d.Transact(t.Context(), "1", by("ann"), nil, count(3))
	if err != nil || r.State.count != 3 || !r.Appended || len(r.Events) != 3 {
		t.Errorf("the answer holds %+v, %v", r, err)
	}
	appends := 0
	once := newDecider(&memLog{beforeAppend: func() { appends++ }})
	if _, err := once.Transact(t.Context(), "1", by("ann"), nil, count(1)); err != nil || appends != 1 {
		t.Errorf("what the log took is handed to it %d times, %v", appends, err)
	}
	if c, err := decider.ReadMeta(nil); err != nil || c != (decider.Command{}) {
		t.Errorf("an event from elsewhere has the envelope %+v, %v", c, err)
	}
	for range 100 {
		if id := decider.NewID(); id[6]>>4 != 4 || id[8]>>6 != 2 {
			t.Fatalf("%s is no random UUID", id)
		}
	}
	var stale error = &decider.StaleError{}
	if !errors.Is(stale, eventstore.ErrConflict) || errors.Is(stale, eventstore.ErrStreamNotFound) {
		t.Error("an old revision is a conflict, and nothing else")
	}
}

// Who asks whether anything happened since is told nothing, or what.
func TestWhatHappenedSince(t *testing.T) {
	log := &memLog{}
	d := newDecider(log)
	for range 100 {
		if _, err := d.Transact(t.Context(), "1", by("ann"), nil, count(1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Since(t.Context(), "1", 99); err != nil {
		t.Errorf("nothing happened, and yet %v", err)
	}
	for seen, told := range map[eventstore.Revision]int{98: 1, 35: 64, 34: 64, -1: 64, 100: 0, 500: 0} {
		var stale *decider.StaleError
		if err := d.Since(t.Context(), "1", seen); !errors.As(err, &stale) || len(stale.Since) != told || stale.Seen != seen || stale.Actual != 99 {
			t.Errorf("since %d: %v, %+v", seen, err, stale)
		} else if told > 0 && (stale.Since[0].Revision != 99-eventstore.Revision(told)+1 || stale.By != "ann") {
			t.Errorf("since %d the first change told is %+v, by %s", seen, stale.Since[0], stale.By)
		}
	}
	broken := newDecider(log)
	broken.Decode = func(context.Context, *eventstore.Record) (any, error) { return nil, errTaken }
	if err := broken.Since(t.Context(), "1", 99); !errors.Is(err, errTaken) {
		t.Errorf("a stream that cannot be read has changed: %v", err)
	}
}

// A repeated command gets all its own events again, and none of others.
func TestARepeatedCommandGetsItsOwnEvents(t *testing.T) {
	d := newDecider(&memLog{})
	first, second := by("ann"), by("ann")
	for _, c := range []decider.Command{by("bo"), first, second} {
		if _, err := d.Transact(t.Context(), "1", c, nil, count(3)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := d.Transact(t.Context(), "1", first, nil, count(1))
	if err != nil || !r.Repeated || len(r.Events) != 3 || r.Revision != 5 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A stream is read to its end, page by page, and once.
func TestAStreamIsReadPageByPage(t *testing.T) {
	for _, events := range []int{1, 511, 512, 513, 1100} {
		log := &memLog{}
		if _, err := newDecider(log).Transact(t.Context(), "1", by("ann"), nil, count(events)); err != nil {
			t.Fatal(err)
		}
		log.reads = 0
		d := newDecider(log)
		for range 2 {
			s, r, err := d.Load(t.Context(), "1")
			if err != nil || s.count != events || r != eventstore.Revision(events-1) || log.reads != events {
				t.Errorf("%d events: %d at %d after %d reads, %v", events, s.count, r, log.reads, err)
			}
		}
	}
}

// Who holds an older fold sees the commands that led to it and no later ones.
func TestAFoldThatSomebodyHoldsIsNotWrittenInto(t *testing.T) {
	log := &memLog{}
	d := newDecider(log)
	same := by("ann")
	if _, err := d.Transact(t.Context(), "1", same, nil, count(1)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Load(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	first, ok, err := d.Repeated(t.Context(), "1", same)
	if err != nil || !ok || len(first.Events) != 1 {
		t.Fatalf("%+v, %v, %v", first, ok, err)
	}
	var wait sync.WaitGroup
	for range 4 { // the race detector sees who writes into what others read
		wait.Go(func() { _, _ = newDecider(log).Transact(t.Context(), "1", by("bo"), nil, count(2)) })
		wait.Go(func() { _, _, _ = d.Load(t.Context(), "1") })
		wait.Go(func() { _, _, _ = d.Repeated(t.Context(), "1", same) })
	}
	wait.Wait()
	again, ok, err := d.Repeated(t.Context(), "1", same)
	if err != nil || !ok || len(again.Events) != 1 || again.Revision != first.Revision {
		t.Errorf("%+v, %v, %v", again, ok, err)
	}
}

// Where a stream is gone, its fold is too: a log that was put back begins anew.
func TestAStreamThatIsGoneIsForgotten(t *testing.T) {
	log := &memLog{}
	d := newDecider(log)
	if _, err := d.Transact(t.Context(), "1", by("ann"), nil, count(3)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Load(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	log.mu.Lock()
	log.streams = nil
	log.mu.Unlock()
	if _, _, err := d.Load(t.Context(), "1"); !errors.Is(err, eventstore.ErrStreamNotFound) {
		t.Errorf("the first who asks is told %v", err)
	}
	if s, r, err := d.Load(t.Context(), "1"); err != nil || s.count != 0 || r != eventstore.NoStream {
		t.Errorf("then it begins anew: %+v at %d, %v", s, r, err)
	}
}

// Who does not know what became of an append asks again while there is time.
func TestNobodyWaitsForAnOutcomeAfterTheEnd(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	appends := 0
	log := &memLog{beforeAppend: func() { appends++; stop() }, afterAppend: func() error { return eventstore.ErrUnknownOutcome }}
	if _, err := newDecider(log).Transact(ctx, "1", by("ann"), nil, count(1)); !errors.Is(err, eventstore.ErrUnknownOutcome) || appends != 1 {
		t.Errorf("asked %d times, %v", appends, err)
	}
}

// unknowing appends, and does not know it; asked again, it answers then.
type unknowing struct {
	*memLog
	then  error
	asked int
}

func (l *unknowing) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	if l.asked++; l.asked > 1 && l.then != nil {
		return eventstore.Appended{}, l.then
	}
	a, err := l.memLog.Append(ctx, stream, expected, events...)
	if l.asked == 1 {
		return eventstore.Appended{}, errors.Join(eventstore.ErrUnknownOutcome, err)
	}
	return a, err
}

// An append whose outcome is unknown is not one that did not happen because the log
// cannot be reached when it is asked again.
func TestAnUnknownOutcomeStaysUnknownWhileTheLogCannotBeAskedAgain(t *testing.T) {
	for _, then := range []error{eventstore.ErrUnavailable, eventstore.ErrReadOnly, nil} {
		log := &unknowing{memLog: &memLog{}, then: then}
		_, err := newDecider(log).Transact(t.Context(), "1", by("ann"), nil, count(1))
		if errors.Is(err, eventstore.ErrUnknownOutcome) != (then != nil) || (err == nil) != (then == nil) || log.asked != 2 {
			t.Errorf("then %v: %v after %d appends", then, err, log.asked)
		}
	}
}

// What cannot be read is told with what could be folded before it; where the log
// itself fails, nothing is told that might pass for a state.
func TestAFoldThatBreaksOff(t *testing.T) {
	log := &memLog{}
	d := newDecider(log)
	must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(2)))
	broken := newDecider(log)
	plain := broken.Evolve
	broken.Evolve = func(s state, e any) state {
		if s.count == 1 {
			panic("a card number")
		}
		return plain(s, e)
	}
	var aside *eventstore.SetAsideError
	s, r, err := broken.Load(t.Context(), "1")
	if !errors.As(err, &aside) || aside.Reason != eventstore.FoldFailed || s.count != 1 || r != 0 || strings.Contains(err.Error(), "card") {
		t.Errorf("a fold that panics: %+v at %d, %v", s, r, err)
	}
	cut := newDecider(log)
	cut.Decode = func(ctx context.Context, r *eventstore.Record) (any, error) {
		if r.Revision == 1 {
			return nil, errTaken
		}
		return d.Decode(ctx, r)
	}
	if s, r, err := cut.Load(t.Context(), "1"); !errors.Is(err, errTaken) || s != (state{}) || r != 0 {
		t.Errorf("a record that cannot be had: %+v at %d, %v", s, r, err)
	}
}

func TestACommandWithoutARequestGivesItsEventsTheIDsItAlwaysDid(t *testing.T) {
	log := &memLog{}
	cmd := by("ann")
	must(t)(newDecider(log).Transact(t.Context(), "1", cmd, nil, count(1)))
	for r, err := range log.ReadStream(t.Context(), "ticket-1", 0, 1) {
		if err != nil || r.ID != decider.EventID(cmd.ID, "ticket-1", 0) {
			t.Errorf("%s, %v", r.ID, err)
		}
	}
}

func TestARevisionFromTheFutureIsStaleAndTellsOfNoChange(t *testing.T) {
	d := newDecider(&memLog{})
	must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(3)))
	var stale *decider.StaleError
	if err := d.Since(t.Context(), "1", math.MaxInt64); !errors.As(err, &stale) || len(stale.Since) != 0 || stale.Actual != 2 {
		t.Errorf("%v: %+v", err, stale)
	}
}
