package main

import (
	"context"
	"fmt"
	"time"

	"alta/eventstore/wire/nodetest"
	"alta/scripts/faultskit"
)

// harm is what happens to a leader.
type harm struct {
	name, what string
	do, undo   func(c *nodetest.Cluster, n int) error
}

var harms = []harm{
	{"killed", "killed", func(c *nodetest.Cluster, n int) error { c.Kill(n); return nil }, (*nodetest.Cluster).Restart},
	{"stopped", "stopped", func(c *nodetest.Cluster, n int) error { c.Stop(n); return nil }, func(c *nodetest.Cluster, n int) error { c.Continue(n); return nil }},
	{"cut", "cut off from the others, within reach of Alta", func(c *nodetest.Cluster, n int) error { c.CutOff(n); return nil }, (*nodetest.Cluster).Heal},
	{"dead", "without power", (*nodetest.Cluster).Die, (*nodetest.Cluster).Restart},
	{"resigned", "resigning", func(c *nodetest.Cluster, _ int) error { c.Resign(); return nil }, func(*nodetest.Cluster, int) error { return nil }},
}

// leaderless does it again and again under load, and elects another leader each time.
func leaderless(ctx context.Context, call *faultskit.Call, h harm) (figures string, err error) {
	c, err := cluster(call, 3)
	if err != nil {
		return "", err
	}
	defer c.Close()
	const applications = 8
	w, err := prepare(call, h.name, "--eventstore", c.Connection())
	if err != nil {
		return "", err
	}
	defer w.end()
	if err := w.fill(ctx, call, c.Connection(), applications); err != nil {
		return "", err
	}
	if err := w.open(ctx); err != nil {
		return "", err
	}
	people, _, err := startLoad(ctx, w, applications)
	if err != nil {
		return "", err
	}
	defer people.stop()
	alone, err := startLedger(ctx, c.Connection())
	if err != nil {
		return "", err
	}
	defer alone.stop()
	if _, _, err := people.back(ctx, time.Now()); err != nil {
		return "", err
	}
	var writes, lists, appends, events, longest time.Duration
	rounds := call.Times(20, 2)
	late := 0
	for range rounds {
		old := c.Leader()
		if err := h.do(c, old); err != nil {
			return "", err
		}
		pause(ctx, time.Duration(call.Times(2000, 300))*time.Millisecond) // until the others miss it
		if _, err := c.ElectNext(); err != nil {
			return "", err
		}
		elected := time.Now()
		a, e, err := alone.back(ctx, elected)
		if err != nil {
			return figures, err
		}
		p, s, err := people.back(ctx, elected)
		if err != nil {
			return figures, err
		}
		appends, events, writes, lists = max(appends, a), max(events, e), max(writes, p), max(lists, s)
		worst := max(a, e, p, s)
		if longest = max(longest, worst); worst > backWithin {
			late++
		}
		if err := h.undo(c, old); err != nil {
			return figures, err
		}
		pause(ctx, time.Duration(call.Times(1000, 100))*time.Millisecond)
		figures = fmt.Sprintf("%d times; back after the election at most: writes %.1f s, lists %.1f, adapter's appends %.1f, its subscription %.1f", rounds, writes.Seconds(), lists.Seconds(), appends.Seconds(), events.Seconds())
	}
	acked, err := alone.end(ctx, c)
	if err != nil {
		return figures, err
	}
	done, err := people.end(ctx, c.Engine())
	if err != nil {
		return figures, err
	}
	figures += fmt.Sprintf("; %d decisions and %d appends acknowledged, 0 lost, 0 twice; refused: %v", done, acked, people.refusals)
	if late > 0 {
		return figures, fmt.Errorf("%d of %d times later than 3 s", late, rounds)
	}
	return figures, people.startedOver()
}
