// Command faultsedges runs `alta serve` as a process and does to its edges what
// the world outside does: senders that stop, files that take very long to draw, a
// Redis that is killed, an order to stop under load, a log whose end is not known,
// and two projectors behind a slow network.
//
// It starts redis-server processes of its own and Alta, on free ports of this
// machine, in a temporary directory, and ends them.
package main

import (
	"context"

	"alta/scripts/faultskit"
)

var faults = []struct {
	name, what string
	run        func(ctx context.Context, c *faultskit.Call) (figures string, err error)
}{
	{"F33", "64 uploads and 200 log-ins that stop: others' p99 within 20 % of without, cut off within 15 s, nothing left", stalled},
	{"F34", "six files of one account that take very long: others' upload within 5 s, the account is told", bombed},
	{"F35a", "restart: lists within 1 s of the address, the same rows", restarted},
	{"F35b", "the private Redis killed: lists back within 3 s or refused, never short", childKilled},
	{"F36", "the log stopped, or its server killed, while lists are built anew: nothing published", headUnknown},
	{"F36b", "the log away when the process starts, on an empty Redis and on a full one: nothing published or thrown away", headUnknownAtStart},
	{"F40", "SIGTERM under load with 200 streams and uploads under way: ends within 3 s of the last write, none lost", terminated},
	{"F19b", "transactions of 5 s under two projectors: no theft, progress", slowBatches},
}

func main() {
	faultskit.Main("edges", func(c *faultskit.Call) (rows []faultskit.Fault, closing func()) {
		for _, f := range faults {
			rows = append(rows, faultskit.Fault{Name: f.name, What: f.what, Run: func(ctx context.Context) (string, error) { return f.run(ctx, c) }})
		}
		return rows, func() {}
	})
}
