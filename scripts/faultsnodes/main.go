// Command faultsnodes runs several of Alta with all parts over one cluster for tests
// (package eventstore/wire/nodetest), one data directory and one Redis. It starts them
// together on nothing, and kills each in turn while merchants are at it.
//
// It starts a redis-server of its own and Alta, on free ports of this machine, in a
// temporary directory, and ends them.
package main

import (
	"context"

	"alta/scripts/faultskit"
)

var faults = []struct {
	name, what string
	run        func(ctx context.Context, c *faultskit.Call) (figures string, err error)
}{
	{"F46a", "two nodes started together on empty data, log and Redis: one set of keys, one build, every link works at every node, one mail each, no ERROR line", func(ctx context.Context, c *faultskit.Call) (string, error) {
		return together(ctx, c, 2)
	}},
	{"F46b", "the same with five nodes", func(ctx context.Context, c *faultskit.Call) (string, error) { return together(ctx, c, 5) }},
	{"F46c", "two nodes under `alta simulate`, each killed in turn: all merchants end where they should, one mail each, no ERROR line", killed},
}

func main() {
	faultskit.Main("nodes", func(c *faultskit.Call) (rows []faultskit.Fault, closing func()) {
		for _, f := range faults {
			rows = append(rows, faultskit.Fault{Name: f.name, What: f.what, Run: func(ctx context.Context) (string, error) { return f.run(ctx, c) }})
		}
		return rows, func() {}
	})
}
