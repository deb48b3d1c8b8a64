package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"alta/simulate/drive"
)

// load makes changes: a lead moves applications up and down.
type load struct {
	lead *drive.Person
	rate int
	ids  []string

	mu       sync.Mutex
	n        int
	position string
	written  map[change]time.Time
}

// change is one that listeners hear of.
type change struct {
	id       string
	revision int64
}

func newLoad(ctx context.Context, lead *drive.Person, s sizes) (*load, error) {
	l := &load{lead: lead, rate: s.rate, written: map[change]time.Time{}}
	for cursor := ""; ; {
		var page struct {
			Rows []struct{ ID string }
			Next string
		}
		path := "/v1/queues/qualification?limit=200"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		if _, err := lead.Get(ctx, path, &page); err != nil {
			return nil, err
		}
		for _, r := range page.Rows {
			l.ids = append(l.ids, r.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(l.ids) == 0 {
		return nil, fmt.Errorf("nothing waits in the queue")
	}
	return l, nil
}

// writers write at once; more would measure the log.
const writers = 4

// run changes things at the rate for a while.
func (l *load) run(ctx context.Context, span time.Duration) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	jobs := make(chan int)
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for n := range jobs {
				if err := l.change(ctx, n); err != nil {
					stop(err)
				}
			}
		})
	}
	tick := time.NewTicker(time.Second / time.Duration(l.rate))
	defer tick.Stop()
	for end := time.Now().Add(span); time.Now().Before(end) && ctx.Err() == nil; {
		select {
		case <-tick.C:
			l.mu.Lock()
			n := l.n
			l.n++
			l.mu.Unlock()
			jobs <- n
		case <-ctx.Done():
		}
	}
	close(jobs)
	all.Wait()
	return context.Cause(ctx)
}

func (l *load) change(ctx context.Context, n int) error {
	id := l.ids[n%len(l.ids)]
	reply, err := l.lead.Do(ctx, drive.Request{
		Method: http.MethodPut, Path: "/v1/applications/" + id + "/priority", Body: map[string]int{"priority": 1 + n/len(l.ids)%9},
	}, nil)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written[change{id, reply.Revision}] = time.Now()
	l.position = max(l.position, reply.Position)
	return nil
}

// forget begins to count anew.
func (l *load) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.written)
}

// when is when a change was answered to its writer.
func (l *load) when(c change) (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.written[c]
	return at, ok
}

// last is the place of the newest change.
func (l *load) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.position
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.written)
}

// newest is the last revision of each application that was changed.
func (l *load) newest() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]int64{}
	for c := range l.written {
		out[c.id] = max(out[c.id], c.revision)
	}
	return out
}
