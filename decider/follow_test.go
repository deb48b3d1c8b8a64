package decider_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"alta/decider"
	"alta/eventstore"
	"alta/eventstore/embedded"
)

// asked counts how often a log was asked what a stream holds, and holds its news back
// where a test says so.
type asked struct {
	*embedded.Log
	reads   atomic.Int64
	read    atomic.Int64 // events
	appends atomic.Int64
	news    sync.Mutex // held while no news are delivered
	told    atomic.Uint64
}

func (l *asked) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	l.reads.Add(1)
	return func(yield func(*eventstore.Record, error) bool) {
		for r, err := range l.Log.ReadStream(ctx, stream, from, limit) {
			l.read.Add(1)
			if !yield(r, err) {
				return
			}
		}
	}
}

func (l *asked) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	l.appends.Add(1)
	return l.Log.Append(ctx, stream, expected, events...)
}

func (l *asked) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for m, err := range l.Log.Subscribe(ctx, after, filter) {
			l.news.Lock()
			ok := yield(m, err)
			if m.Record != nil {
				l.told.Store(m.Record.Position.Commit)
			} else if m.CaughtUp {
				l.told.Store(max(l.told.Load(), 1))
			}
			l.news.Unlock()
			if !ok {
				return
			}
		}
	}
}

func (l *asked) heard(t *testing.T, p eventstore.Position) {
	t.Helper()
	for late := time.Now().Add(time.Minute); l.told.Load() < max(p.Commit, 1); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("the news never came")
		}
	}
}

// following is a decider that follows the news of its log.
func following(t *testing.T) (*asked, *decider.Decider[state, any]) {
	t.Helper()
	l := &asked{Log: engine(t)}
	d := newDecider(l)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Follow(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	l.heard(t, eventstore.Start)
	return l, d
}

func TestWhereTheNewsAreFollowedADecisionIsOneAppend(t *testing.T) {
	l, d := following(t)
	elsewhere := newDecider(l.Log)
	r := must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(1)))
	l.heard(t, r.Position)
	must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(1))) // reads what it had not kept
	begun := l.reads.Load()
	for n := 2; n < 30; n++ {
		writer := d
		if n%3 == 0 {
			writer = elsewhere // its news are folded too
		}
		r := must(t)(writer.Transact(t.Context(), "1", by("ann"), nil, count(1)))
		if r.State.count != n+1 || r.Revision != eventstore.Revision(n) {
			t.Fatalf("%+v", r)
		}
		l.heard(t, r.Position)
	}
	if reads := l.reads.Load() - begun; reads > 1 { // the one before had not been heard of
		t.Errorf("the stream was read %d times", reads)
	}
}

func TestAnAppendThatIsNotHeardOfYetIsReadBeforeTheNext(t *testing.T) {
	l, d := following(t)
	r := must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(1)))
	l.heard(t, r.Position)
	must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(1)))
	l.news.Lock()
	defer l.news.Unlock()
	begun := l.appends.Load()
	for range 3 {
		must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(1)))
	}
	if appends := l.appends.Load() - begun; appends != 3 {
		t.Errorf("three commands were appended in %d tries", appends)
	}
}

func TestWhoFollowsNothingReadsOnceToRefuse(t *testing.T) {
	l := &asked{Log: engine(t)}
	d := newDecider(l)
	if _, err := d.Transact(t.Context(), "1", by("x"), nil, func(state) ([]any, error) { return nil, errTaken }); !errors.Is(err, errTaken) || l.reads.Load() != 1 {
		t.Errorf("%v after %d reads", err, l.reads.Load())
	}
}

func TestWhatIsNotAppendedIsToldAfterALookAtTheLog(t *testing.T) {
	for name, c := range map[string]func(t *testing.T, d *decider.Decider[state, any], first decider.Command) error{
		"a refusal": func(t *testing.T, d *decider.Decider[state, any], _ decider.Command) error {
			_, err := d.Transact(t.Context(), "1", by("x"), nil, func(s state) ([]any, error) {
				if s.count < 3 { // what the news have told so far
					return []any{counted{}}, errTaken // a refusal, whatever comes with it
				}
				return []any{counted{}}, nil
			})
			return err
		},
		"an effect in place": func(t *testing.T, d *decider.Decider[state, any], _ decider.Command) error {
			r, err := d.Transact(t.Context(), "1", by("x"), nil, func(s state) ([]any, error) {
				if s.count < 3 {
					return nil, nil
				}
				return []any{counted{}}, nil
			})
			if err == nil && !r.Appended {
				err = errors.New("it was taken for in place")
			}
			return err
		},
		"a stale revision": func(t *testing.T, d *decider.Decider[state, any], _ decider.Command) error {
			_, err := d.Transact(t.Context(), "1", by("x"), at(2), count(1))
			return err
		},
		"a conflict": func(t *testing.T, d *decider.Decider[state, any], _ decider.Command) error {
			r, err := d.Transact(t.Context(), "1", by("x"), nil, count(1))
			if err == nil && r.Revision != 3 {
				err = errors.New("at another revision")
			}
			return err
		},
		"a request under another one's key": func(t *testing.T, d *decider.Decider[state, any], first decider.Command) error {
			first.Request = "another"
			_, err := d.Transact(t.Context(), "1", first, nil, count(1))
			if errors.Is(err, decider.ErrCommandReused) {
				return nil
			}
			return errors.Join(err, errors.New("it was taken for the first one"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, d := following(t)
			r := must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(1)))
			l.heard(t, r.Position)
			must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(1)))
			l.heard(t, eventstore.Position{Commit: 2})
			l.news.Lock() // somebody else writes, and the news of it are late
			defer l.news.Unlock()
			first := by("bob")
			first.Request = "one"
			must(t)(newDecider(l.Log).Transact(t.Context(), "1", first, nil, count(1)))
			if err := c(t, d, first); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestThoseWhoWriteOneStreamAtOnceDecideOneAfterTheOther(t *testing.T) {
	d := newDecider(&asked{Log: engine(t)})
	var wait sync.WaitGroup
	var decided atomic.Int64
	for range 32 {
		wait.Go(func() {
			_, err := d.Transact(t.Context(), "1", by("x"), nil, func(s state) ([]any, error) {
				decided.Add(1)
				return []any{counted{}}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if decided.Load() != 32 {
		t.Errorf("32 commands were decided %d times", decided.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := d.Transact(t.Context(), "1", by("x"), nil, func(state) ([]any, error) {
		cancel()
		if _, err := d.Transact(ctx, "1", by("y"), nil, count(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("who waits for its turn: %v", err)
		}
		return []any{counted{}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhoWasToldOfAnEventNeedsNoLookAtTheLogForTheStateAfterIt(t *testing.T) {
	l := &asked{Log: engine(t)}
	d, elsewhere := newDecider(l), newDecider(l.Log)
	for range 6 {
		must(t)(elsewhere.Transact(t.Context(), "1", by("ann"), nil, count(1)))
	}
	told := slices.Collect(func(yield func(*eventstore.Record) bool) {
		for r, err := range l.Log.ReadStream(t.Context(), d.Stream("1"), 0, -1) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(r) {
				return
			}
		}
	})
	for _, step := range []struct {
		name        string
		of          int   // the event
		count       int   // of the state that is answered
		reads       int64 // of the log
		undecodable bool
	}{
		{name: "the first", of: 0, count: 1},
		{name: "the next", of: 1, count: 2},
		{name: "one again", of: 0, count: 2},
		{name: "one that cannot be read", of: 2, count: 2, undecodable: true},
		{name: "and when it can", of: 2, count: 3},
		{name: "one after others", of: 4, count: 6, reads: 1},
		{name: "one that was read then", of: 5, count: 6},
	} {
		begun, r := l.reads.Load(), *told[step.of]
		if step.undecodable {
			r.Type = "nobody.knows"
		}
		s, at, err := d.LoadThrough(t.Context(), &r)
		if (err != nil) != step.undecodable || err == nil && (s.count != step.count || at != eventstore.Revision(step.count-1)) {
			t.Errorf("%s: %+v at %d, %v", step.name, s, at, err)
		}
		if reads := l.reads.Load() - begun; reads != step.reads {
			t.Errorf("%s: the stream was read %d times, want %d", step.name, reads, step.reads)
		}
	}
}

// What the news told is not asked for again where a look is needed.
func TestALookAtTheLogBeginsAfterWhatTheNewsHaveTold(t *testing.T) {
	l, d := following(t)
	elsewhere := newDecider(l.Log)
	must(t)(d.Transact(t.Context(), "1", by("ann"), nil, count(1)))
	if _, _, err := d.Load(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	r := must(t)(elsewhere.Transact(t.Context(), "1", by("bob"), nil, count(3)))
	l.heard(t, r.Position)
	begun := l.read.Load()
	if s, at, err := d.Load(t.Context(), "1"); err != nil || s.count != 4 || at != 3 {
		t.Fatalf("%+v at %d, %v", s, at, err)
	}
	if n := l.read.Load() - begun; n != 0 {
		t.Errorf("%d events were read that the news had told", n)
	}
}
