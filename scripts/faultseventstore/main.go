// Command faultseventstore runs `alta serve` as processes over a cluster that behaves
// as real EventStoreDB nodes were seen to (package eventstore/wire/nodetest), and does
// to the cluster what happens to real ones: leaders that are killed, stopped, cut off,
// powerless or resign, a store that is away or older than before, and several
// processes that start at once and are killed in turn.
//
// Where ALTA_TEST_ESDB names a real server, the fault that needs no hand on the server
// runs over that one too: two processes that start at once.
package main

import (
	"context"
	"os"

	"alta/scripts/faultskit"
)

type fault struct {
	name, what string
	run        func(ctx context.Context, c *faultskit.Call) (figures string, err error)
}

func faults() []fault {
	all := []fault{
		{"F36", "the store away while lists are built anew: nothing published, /readyz says so", building},
		{"F42a", "the store away before the start, with --demo: the process waits and says so within 5 s", before},
		{"F42b", "the store away under load, refusing and silent: said within 5 s, decisions refused within 0.5 s, back within 3 s", away},
		{"F44", "an older copy in the store's place: nothing is appended to it, the first append included", older},
		{"F46a", "two nodes start at once on nothing: one set of keys, one build, one mail each, no ERROR", together(2)},
		{"F46b", "five nodes start at once on nothing: the same", together(5)},
		{"F46c", "two nodes under 100 merchants, each killed in turn: all end where they should, one mail each, no ERROR", killed},
	}
	for _, h := range harms {
		all = append(all, fault{"F41-" + h.name, "the leader " + h.what + ": none lost or twice, writes and subscriptions back within 3 s of the next leader", func(ctx context.Context, c *faultskit.Call) (string, error) {
			return leaderless(ctx, c, h)
		}})
	}
	if server := os.Getenv("ALTA_TEST_ESDB"); server != "" {
		all = append(all, fault{"F46r", "two nodes start at once over the server that ALTA_TEST_ESDB names", func(ctx context.Context, c *faultskit.Call) (string, error) {
			return startTogether(ctx, c, 2, server)
		}})
	}
	return all
}

func main() {
	faultskit.Main("the event store", func(c *faultskit.Call) (rows []faultskit.Fault, closing func()) {
		for _, f := range faults() {
			if c.Short && f.name == "F46b" { // a minute of its own
				continue
			}
			rows = append(rows, faultskit.Fault{Name: f.name, What: f.what, Run: func(ctx context.Context) (string, error) { return f.run(ctx, c) }})
		}
		return rows, func() {}
	})
}
