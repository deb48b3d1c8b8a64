package projections

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// garbage is the allowance of all builds of this process together. A build makes
// much garbage beside little that lives; collecting it less often saves a quarter
// of the work. The allowance is in bytes, so that it does not grow with what lives,
// and it ends with the last build, however they overlap.
var garbage allowance

// allowed is how many bytes of garbage may lie about while anything is built.
const allowed = 512 << 20

type allowance struct {
	mu     sync.Mutex
	builds int
	before int // the percentage that holds while nothing is built
}

// begin counts a build in; the answered function counts it out.
func (a *allowance) begin() (end func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	percent := allowedPercent()
	former := debug.SetGCPercent(percent)
	if a.builds++; a.builds == 1 {
		a.before = former
	}
	if a.before < 0 || a.before > percent { // whoever set more knows why
		debug.SetGCPercent(a.before)
	}
	return sync.OnceFunc(a.end)
}

func (a *allowance) end() {
	a.mu.Lock()
	a.builds--
	last := a.builds == 0
	if last {
		debug.SetGCPercent(a.before)
	}
	a.mu.Unlock()
	if last {
		debug.FreeOSMemory()
	}
}

// adjust fits the percentage to what lives by now.
func (a *allowance) adjust() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.builds > 0 && a.before >= 0 {
		debug.SetGCPercent(max(a.before, allowedPercent()))
	}
}

func allowedPercent() int {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return percentOf(live[0].Value.Uint64())
}

// percentOf is the collector's percentage that allows for so much garbage beside so
// many bytes that live.
func percentOf(live uint64) int {
	return int(min(800, max(100, allowed*100/max(1, live))))
}
