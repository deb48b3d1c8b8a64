package documents

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrCrowded: the account has as many uploads under way as it may have.
var ErrCrowded = errors.New("documents: too many uploads of this account at a time")

// PausedError is the answer to an account whose files exceeded their limits again
// and again.
type PausedError struct{ RetryAfter time.Duration }

func (e *PausedError) Error() string {
	return fmt.Sprintf("documents: the account's files took too long to read; paused for %s", e.RetryAfter)
}

// Rules of the pause: the second file within an hour that exceeds its limits
// pauses the account's uploads, each further one twice as long.
const (
	firstPause   = 10 * time.Second
	longestPause = 10 * time.Minute
	strikesLast  = time.Hour
	mostStruck   = 10_000 // accounts remembered
)

// turns hands the workers out. Accounts that wait take turns, and no account has
// all the workers, so that one account's files never hold up another's.
type turns struct {
	now      func() time.Time
	perTurn  int // workers an account may have at a time
	underway int // uploads of an account, from the first byte to the last page
	all      int // uploads of all accounts

	mu      sync.Mutex
	closed  bool
	free    []*process
	busy    map[string]int // workers by account
	entered map[string]int // uploads under way by account
	total   int            // uploads under way
	waiting map[string][]*waiter
	order   []string // accounts in waiting, the next first
	struck  map[string]strike
}

type waiter struct {
	given chan *process // closed: the reason is in err
	err   error
}

type strike struct {
	count int
	last  time.Time
	until time.Time
}

func newTurns(cfg Config, now func() time.Time) *turns {
	t := &turns{
		now: now, perTurn: max(1, cfg.Workers-1), underway: cfg.PerAccount, all: cfg.Underway,
		busy: map[string]int{}, entered: map[string]int{}, waiting: map[string][]*waiter{}, struck: map[string]strike{},
	}
	for range cfg.Workers {
		t.free = append(t.free, &process{cfg: cfg})
	}
	return t
}

// enter lets one upload of an account in, or says why not; leave ends it.
func (t *turns) enter(account string) (leave func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return nil, ErrClosed
	case t.paused(account) != nil:
		return nil, t.paused(account)
	case t.entered[account] >= t.underway:
		return nil, ErrCrowded
	case t.total >= t.all:
		return nil, ErrBusy
	}
	t.entered[account]++
	t.total++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.total--
		lower(t.entered, account)
	}, nil
}

func (t *turns) paused(account string) error {
	if left := t.struck[account].until.Sub(t.now()); left > 0 {
		return &PausedError{left}
	}
	return nil
}

// take waits for a worker.
func (t *turns) take(ctx context.Context, account string) (*process, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, ErrClosed
	}
	if err := t.paused(account); err != nil {
		t.mu.Unlock()
		return nil, err
	}
	w := &waiter{given: make(chan *process, 1)}
	if len(t.waiting[account]) == 0 {
		t.order = append(t.order, account)
	}
	t.waiting[account] = append(t.waiting[account], w)
	t.hand()
	t.mu.Unlock()
	select {
	case p, ok := <-w.given:
		if !ok {
			return nil, w.err
		}
		return p, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case p, ok := <-w.given: // given at the same moment
		if ok {
			t.back(account, p)
		}
	default:
		t.waiting[account] = slices.DeleteFunc(t.waiting[account], func(x *waiter) bool { return x == w })
		if len(t.waiting[account]) == 0 {
			t.forget(account)
		}
	}
	return nil, ctx.Err()
}

// give takes a worker back. exceeded says that the account's file exceeded its
// limits.
func (t *turns) give(account string, p *process, exceeded bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if exceeded {
		t.strike(account)
	}
	t.back(account, p)
}

func (t *turns) back(account string, p *process) {
	lower(t.busy, account)
	t.free = append(t.free, p)
	t.hand()
}

// hand gives free workers to the accounts whose turn it is. A closed intake keeps
// them.
func (t *turns) hand() {
	for i := 0; i < len(t.order) && len(t.free) > 0 && !t.closed; {
		account := t.order[i]
		if t.busy[account] >= t.perTurn {
			i++
			continue
		}
		w := t.waiting[account][0]
		t.waiting[account] = t.waiting[account][1:]
		t.forget(account)
		if len(t.waiting[account]) > 0 {
			t.order = append(t.order, account)
		} else {
			delete(t.waiting, account)
		}
		p := t.free[0]
		t.free = t.free[1:]
		t.busy[account]++
		w.given <- p
	}
}

// forget takes an account out of the order of turns.
func (t *turns) forget(account string) {
	t.order = slices.DeleteFunc(t.order, func(a string) bool { return a == account })
	if len(t.waiting[account]) == 0 {
		delete(t.waiting, account)
	}
}

// strike notes a file that exceeded its limits. A pause also ends what the account
// has waiting.
func (t *turns) strike(account string) {
	now := t.now()
	s := t.struck[account]
	if now.Sub(s.last) > strikesLast {
		s = strike{}
	}
	s.count, s.last = s.count+1, now
	if s.count > 1 {
		s.until = now.Add(min(firstPause<<min(s.count-2, 10), longestPause))
	}
	if len(t.struck) >= mostStruck {
		for a, old := range t.struck {
			if now.Sub(old.last) > strikesLast || len(t.struck) >= mostStruck {
				delete(t.struck, a)
			}
		}
	}
	t.struck[account] = s
	if err := t.paused(account); err != nil {
		for _, w := range t.waiting[account] {
			w.err = err
			close(w.given)
		}
		delete(t.waiting, account)
		t.forget(account)
	}
}

// close ends the waiting and answers the workers once all came back.
func (t *turns) close(workers int) []*process {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	for _, all := range t.waiting {
		for _, w := range all {
			w.err = ErrClosed
			close(w.given)
		}
	}
	clear(t.waiting)
	t.order = nil
	t.mu.Unlock()
	for {
		t.mu.Lock()
		free := t.free
		t.mu.Unlock()
		if len(free) == workers {
			return free
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func lower(m map[string]int, k string) {
	if m[k]--; m[k] <= 0 {
		delete(m, k)
	}
}
