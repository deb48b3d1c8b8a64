package projections

import (
	"sync/atomic"
	"time"

	"alta/eventstore"
)

// The states of a runner, as Stats tells them.
const (
	stateWaiting    = int32(iota) // before the first try, or between two
	stateBuilding                 // everything is being built anew: no lists yet
	stateStandingBy               // another runner writes
	stateFollowing
)

// States names the values of Stats.State.
func States() []string {
	return []string{"waiting", "building", "standing_by", "following"}
}

// progress is what a runner counts.
type progress struct {
	state                                atomic.Int32
	position                             atomic.Pointer[eventstore.Position]
	events, batches, documents, restarts atomic.Int64
	lastBatch                            atomic.Int64
	lag                                  atomic.Int64 // of the last batch, in nanoseconds
	builds, built, building              atomic.Int64
	buildTook                            atomic.Int64
}

// wrote notes a batch; its position last, so that who sees it sees the counts too.
func (p *progress) wrote(last *eventstore.Record, events, documents int, now time.Time) {
	at := last.Position
	p.events.Add(int64(events))
	p.batches.Add(1)
	p.documents.Add(int64(documents))
	p.lastBatch.Store(int64(events))
	p.lag.Store(int64(max(0, now.Sub(last.Created))))
	p.position.Store(&at)
}

// Stats are a runner's figures since the start of the process.
type Stats struct {
	State     string
	Position  eventstore.Position // written last by this runner
	Events    int64               // read and written
	Batches   int64
	Documents int64         // changed, in batches
	LastBatch int64         // events of the last batch
	Restarts  int64         // after being fenced, or after a fault
	Lag       time.Duration // from when the last event was stored until it could be read
	Builds    int64         // finished rebuilds
	Building  int64         // applications written by the rebuild under way
	Built     int64         // applications written by the last finished rebuild
	BuildTook time.Duration // of that rebuild
}

// Stats answers the figures.
func (r *Runner) Stats() Stats {
	p := &r.progress
	return Stats{
		State: States()[p.state.Load()], Position: r.At(), Events: p.events.Load(), Batches: p.batches.Load(),
		Documents: p.documents.Load(), LastBatch: p.lastBatch.Load(), Restarts: p.restarts.Load(), Lag: time.Duration(p.lag.Load()),
		Builds: p.builds.Load(), Building: p.building.Load(), Built: p.built.Load(), BuildTook: time.Duration(p.buildTook.Load()),
	}
}

// At is the position that this runner has written last.
func (r *Runner) At() eventstore.Position {
	if p := r.progress.position.Load(); p != nil {
		return *p
	}
	return eventstore.Start
}
