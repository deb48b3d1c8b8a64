package reactions

import (
	"container/heap"
	"context"
	"errors"
	"time"
)

// Timers say at which application to look next, and when. They never decide: a
// look that comes too early, too late or twice finds what the log says.
type Timers interface {
	// Set has one look at the application at that moment, in place of the one
	// that was set before.
	Set(ctx context.Context, application string, at time.Time) error
	// Drop wants no look any more.
	Drop(ctx context.Context, application string) error
	// Claim answers the application whose look is due first, and puts it off by
	// the lease, so that another worker looks should this one end; false when
	// none is due.
	Claim(ctx context.Context, now time.Time, lease time.Duration) (application string, due bool, err error)
	// Next is when the first look is due; the zero time without any.
	Next(ctx context.Context) (time.Time, error)
}

// ErrTimersLost is what Timers answer that lost everything and know it: the
// reaction then goes through the log again.
var ErrTimersLost = errors.New("reactions: the timers were lost")

// completed are Timers that want to know when every open application has its
// timer, so that they notice when one is not there any more.
type completed interface {
	Complete(ctx context.Context) error
}

// MemoryTimers are the Timers of a single worker: a heap with one entry for each
// application that is open, about 140 bytes. It is lost with the process and
// built again from the log.
type MemoryTimers struct {
	order  byTime
	byName map[string]*look
}

type look struct {
	application string
	at          time.Time
	index       int
}

// NewMemoryTimers makes an empty heap. It is used from one goroutine.
func NewMemoryTimers() *MemoryTimers { return &MemoryTimers{byName: map[string]*look{}} }

// Set implements Timers.
func (m *MemoryTimers) Set(_ context.Context, application string, at time.Time) error {
	if l, ok := m.byName[application]; ok {
		l.at = at
		heap.Fix(&m.order, l.index)
		return nil
	}
	l := &look{application: application, at: at}
	m.byName[application] = l
	heap.Push(&m.order, l)
	return nil
}

// Drop implements Timers.
func (m *MemoryTimers) Drop(_ context.Context, application string) error {
	if l, ok := m.byName[application]; ok {
		heap.Remove(&m.order, l.index)
		delete(m.byName, application)
	}
	return nil
}

// Claim implements Timers.
func (m *MemoryTimers) Claim(_ context.Context, now time.Time, lease time.Duration) (string, bool, error) {
	if len(m.order) == 0 || m.order[0].at.After(now) {
		return "", false, nil
	}
	l := m.order[0]
	l.at = now.Add(lease)
	heap.Fix(&m.order, 0)
	return l.application, true, nil
}

// Next implements Timers.
func (m *MemoryTimers) Next(context.Context) (time.Time, error) {
	if len(m.order) == 0 {
		return time.Time{}, nil
	}
	return m.order[0].at, nil
}

// Len is how many looks are set.
func (m *MemoryTimers) Len() int { return len(m.order) }

// byTime is the heap's order: by time, and by name within one moment, so that
// the order is always the same.
type byTime []*look

func (h byTime) Len() int { return len(h) }
func (h byTime) Less(i, j int) bool {
	if c := h[i].at.Compare(h[j].at); c != 0 {
		return c < 0
	}
	return h[i].application < h[j].application
}
func (h byTime) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *byTime) Push(x any) {
	l := x.(*look)
	l.index = len(*h)
	*h = append(*h, l)
}

// Pop implements heap.Interface.
func (h *byTime) Pop() any {
	old := *h
	l := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return l
}
