package documents

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func testTurns(workers int) *turns {
	return newTurns(Config{Workers: workers, PerAccount: 8, Underway: 20}, time.Now)
}

// served lets the accounts' files wait for the one worker, each taking a second,
// and answers in which order they had it.
func served(t *testing.T, q *turns, accounts ...string) []string {
	t.Helper()
	first, err := q.take(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	order := make(chan string, len(accounts))
	for _, a := range accounts {
		go func() {
			if p, err := q.take(t.Context(), a); err == nil {
				order <- a
				time.Sleep(time.Second)
				q.give(a, p, false)
			}
		}()
		synctest.Wait() // so that they wait in this order
	}
	q.give("first", first, false)
	var out []string
	for range accounts {
		out = append(out, <-order)
	}
	time.Sleep(2 * time.Second)
	return out
}

func TestAccountsTakeTurnsAtTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := served(t, testTurns(1), "a", "a", "a", "b", "a", "c", "b")
		if want := []string{"a", "b", "c", "a", "b", "a", "a"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestNoAccountHasAllTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := testTurns(2)
		held, err := q.take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if _, err := q.take(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second worker at the same time: %v", err)
		}
		other, err := q.take(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		q.give("b", other, false)
		q.give("a", held, false)
		if len(q.free) != 2 || len(q.busy)+len(q.waiting)+len(q.order) > 0 {
			t.Errorf("left over: %d free, %v, %v, %v", len(q.free), q.busy, q.waiting, q.order)
		}
	})
}

func TestUploadsUnderWayAreBoundedByAccountAndInAll(t *testing.T) {
	q := testTurns(1)
	var leave []func()
	for i := range 20 {
		l, err := q.enter(string(rune('a' + i/8)))
		if err != nil {
			t.Fatalf("upload %d: %v", i, err)
		}
		leave = append(leave, l)
	}
	if _, err := q.enter("a"); !errors.Is(err, ErrCrowded) {
		t.Errorf("a ninth of one account: %v", err)
	}
	if _, err := q.enter("z"); !errors.Is(err, ErrBusy) {
		t.Errorf("one more than there is room for: %v", err)
	}
	for _, l := range leave {
		l()
	}
	if l, err := q.enter("a"); err != nil || q.total != 1 {
		t.Errorf("afterwards: %v, %d under way", err, q.total)
	} else {
		l()
	}
}

func TestWhoseFilesExceedTheirLimitsAgainAndAgainIsPausedLongerAndLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := testTurns(1)
		strike := func() {
			t.Helper()
			p, err := q.take(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			q.give("a", p, true)
		}
		strike()
		if _, err := q.enter("a"); err != nil {
			t.Errorf("one bad file pauses nobody: %v", err)
		}
		for _, want := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second} {
			waits := make(chan error, 1)
			p, err := q.take(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, err := q.take(t.Context(), "a"); waits <- err }()
			synctest.Wait()
			q.give("a", p, true)
			var paused *PausedError
			if err := <-waits; !errors.As(err, &paused) {
				t.Errorf("what the account had waiting: %v", err)
			}
			if _, err := q.enter("a"); !errors.As(err, &paused) || paused.RetryAfter != want {
				t.Errorf("%v, want %s", err, want)
			}
			if _, err := q.enter("b"); err != nil {
				t.Errorf("another account: %v", err)
			}
			time.Sleep(want)
		}
		time.Sleep(strikesLast + time.Second)
		strike()
		if _, err := q.enter("a"); err != nil {
			t.Errorf("an hour later it begins anew: %v", err)
		}
		for i := range 3 * mostStruck {
			q.strike(string(rune(i)))
		}
		if len(q.struck) > mostStruck {
			t.Errorf("%d accounts are remembered", len(q.struck))
		}
	})
}

func TestWhoGoesAwayWhileWaitingLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := testTurns(1)
		p, err := q.take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() { _, err := q.take(ctx, "b"); gone <- err }()
		synctest.Wait()
		stop()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		q.give("a", p, false)
		if len(q.free) != 1 || len(q.busy)+len(q.waiting)+len(q.order) > 0 {
			t.Errorf("left over: %d free, %v, %v, %v", len(q.free), q.busy, q.waiting, q.order)
		}
		waits := make(chan error, 1)
		if p, err = q.take(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		go func() { _, err := q.take(t.Context(), "b"); waits <- err }()
		synctest.Wait()
		go func() { time.Sleep(time.Second); q.give("a", p, false) }()
		if got := q.close(1); len(got) != 1 {
			t.Errorf("%d workers came back", len(got))
		}
		if err := <-waits; !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
}
