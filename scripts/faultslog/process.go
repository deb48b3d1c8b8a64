package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// killNine kills a process under load again and again, on one log that grows.
func killNine(ctx context.Context, r *run) (string, error) {
	dir, err := r.place("kill")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	rng := rand.New(rand.NewPCG(r.seed, 1))
	book := newLedger()
	kills := r.times(1000, 40)
	var slowest time.Duration
	for n := range kills {
		wait := time.Duration(rng.Int64N(int64(60 * time.Millisecond)))
		// A small memtable on half of the runs, so that kills meet flushes too.
		memtable := "0"
		if n%2 == 1 {
			memtable = "262144"
		}
		t, err := r.start(ctx, dir, func(kill func()) { time.Sleep(wait); kill() }, "-memtable", memtable)
		if err != nil {
			return "", err
		}
		if t.exit != -1 {
			return "", fmt.Errorf("run %d ended by itself with status %d: %s", n, t.exit, t.trouble)
		}
		took, err := book.reopen(ctx, dir, t.acks, n == kills-1 || n%200 == 199)
		if err != nil {
			return "", fmt.Errorf("after kill %d: %w", n+1, err)
		}
		if slowest = max(slowest, took); r.late(took, 2*time.Second) {
			return "", fmt.Errorf("after kill %d it took %v to open", n+1, took)
		}
	}
	return fmt.Sprintf("%d kills: %d acknowledged, 0 lost, 0 twice, 0 gaps of %d events; slowest opening %d ms",
		kills, book.acked, len(book.seen), slowest.Milliseconds()), nil
}

// failedSync lets one fsync of the write-ahead log fail.
func failedSync(ctx context.Context, r *run) (string, error) {
	runs := r.times(100, 8)
	var slowest time.Duration
	acked := 0
	for n := range runs {
		dir, err := r.place(fmt.Sprintf("sync-%d", n))
		if err != nil {
			return "", err
		}
		t, err := r.start(ctx, dir, nil, "-fail-sync", fmt.Sprint(1+n*3))
		if err != nil {
			return "", err
		}
		switch {
		case t.struck.IsZero():
			return "", fmt.Errorf("run %d: no sync failed: %s", n, t.trouble)
		case t.exit != exitFailed:
			return "", fmt.Errorf("run %d: the process ended with status %d", n, t.exit)
		case r.late(t.ended, time.Second):
			return "", fmt.Errorf("run %d: the process went on for %v", n, t.ended)
		}
		for _, a := range t.acks {
			if a.position > t.head {
				return "", fmt.Errorf("run %d: position %d was acknowledged, %d was on disk", n, a.position, t.head)
			}
		}
		book := newLedger()
		if _, err := book.reopen(ctx, dir, t.acks, true); err != nil {
			return "", fmt.Errorf("run %d: %w", n, err)
		}
		acked += book.acked
		slowest = max(slowest, t.ended)
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d runs: 0 acknowledged after the failure, all %d before it there; slowest end %d ms",
		runs, acked, slowest.Milliseconds()), nil
}

// fullDisk fills the disk at each of the first write calls, and frees it again.
func fullDisk(ctx context.Context, r *run) (string, error) {
	calls, step := 500, 1
	if r.short {
		step = 25
	}
	acked, ended, refused := 0, 0, 0
	for n := 1; n <= calls; n += step {
		dir, err := r.place(fmt.Sprintf("full-%d", n))
		if err != nil {
			return "", err
		}
		t, err := r.start(ctx, dir, nil, "-fail-from", fmt.Sprint(n), "-writers", "4", "-memtable", "65536")
		if err != nil {
			return "", fmt.Errorf("call %d: %w", n, err)
		}
		switch t.exit {
		case exitFailed:
			ended++
		case exitRefused:
			refused++
		default:
			return "", fmt.Errorf("call %d: the process ended with status %d: %s", n, t.exit, t.trouble)
		}
		if r.late(t.ended, time.Second) {
			return "", fmt.Errorf("call %d: the process went on for %v", n, t.ended)
		}
		book := newLedger()
		if _, err := book.reopen(ctx, dir, t.acks, true); err != nil {
			return "", fmt.Errorf("call %d: %w", n, err)
		}
		acked += book.acked
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("write calls 1 to %d in steps of %d: process ended %d, did not open %d; all %d acknowledged events there after freeing",
		calls, step, ended, refused, acked), nil
}
