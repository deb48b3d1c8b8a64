package projections

import (
	"testing"
	"time"
)

// Nodes that start together on an empty Redis must not each read the whole log, and
// must not take the lists from each other.
func TestOfManyRunnersOnAnEmptyRedisOneBuildsAndTheOthersWait(t *testing.T) {
	for name, events := range map[string]uint64{"a log with events": 20, "an empty log": 0} {
		t.Run(name, func(t *testing.T) {
			engines(t, func(t *testing.T, w *world) {
				w.fill(0, events, "")
				runners, stops := make([]*Runner, 5), make([]func(), 5)
				for i := range runners {
					runners[i] = w.runner()
					runners[i].Patience = time.Minute
					stops[i] = w.run(runners[i])
				}
				built := func() (n int64) {
					for _, r := range runners {
						n += r.Stats().Builds
					}
					return n
				}
				settled := func() bool {
					states := map[string]int{}
					for _, r := range runners {
						states[r.Stats().State]++
					}
					return states["following"] == 1 && states["standing_by"] == 4
				}
				eventually(t, "one follows and the others stand by", settled)
				w.fill(100, 3, "") // of an empty log the first events: it is the same log
				w.caughtUp()
				for i, r := range runners {
					if r.Stats().State == "following" {
						stops[i]()
						runners = append(runners[:i], runners[i+1:]...)
						if n := r.Stats().Builds + built(); n != 1 {
							t.Errorf("%d builds", n)
						}
						break
					}
				}
				w.fill(200, 3, "")
				w.caughtUp()
				if n := built(); n > 1 {
					t.Errorf("whoever took over built again: %d builds", n)
				}
				w.sameAfterRebuild()
			})
		})
	}
}

// A builder that was killed holds the others up for as long as their patience.
func TestTheTurnOfABuilderThatIsNoMoreEnds(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.fill(0, 3, "")
		r := w.runner()
		if err := w.rdb.Set(t.Context(), r.turn().Key, "killed 12", 0).Err(); err != nil {
			t.Fatal(err)
		}
		w.run(r)
		w.caughtUp()
		eventually(t, "the turn is given back", func() bool { return w.rdb.Exists(t.Context(), r.turn().Key).Val() == 0 })
	})
}
