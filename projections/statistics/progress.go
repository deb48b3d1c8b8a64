package statistics

import (
	"sync/atomic"
	"time"

	"alta/eventstore"
	"alta/projections"
)

// The states of a runner, in the order of projections.States.
const (
	stateWaiting = int32(iota)
	stateBuilding
	stateStandingBy
	stateFollowing
)

// progress is what a runner counts.
type progress struct {
	state                    atomic.Int32
	position                 atomic.Pointer[eventstore.Position]
	events, writes, restarts atomic.Int64
	lag                      atomic.Int64 // of the last batch, in nanoseconds
	builds, buildTook        atomic.Int64
}

func (p *progress) at(position eventstore.Position) { p.position.Store(&position) }

// wrote notes a batch.
func (p *progress) wrote(last *eventstore.Record, events int, now time.Time) {
	p.at(last.Position)
	p.events.Add(int64(events))
	p.writes.Add(1)
	p.lag.Store(int64(max(0, now.Sub(last.Created))))
}

// Stats are a runner's figures since the start of the process.
type Stats struct {
	State     string
	Position  eventstore.Position // written last by this runner
	Events    int64               // read and counted
	Writes    int64               // transactions
	Restarts  int64               // after being fenced, or after a fault
	Lag       time.Duration       // from when the last event was stored until it was counted
	Builds    int64               // finished rebuilds
	BuildTook time.Duration       // of the last one
}

// Stats answers the figures.
func (r *Runner) Stats() Stats {
	p := &r.progress
	at := eventstore.Start
	if held := p.position.Load(); held != nil {
		at = *held
	}
	return Stats{
		State: projections.States()[p.state.Load()], Position: at, Events: p.events.Load(), Writes: p.writes.Load(),
		Restarts: p.restarts.Load(), Lag: time.Duration(p.lag.Load()), Builds: p.builds.Load(), BuildTook: time.Duration(p.buildTook.Load()),
	}
}
