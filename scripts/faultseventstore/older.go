package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/scripts/faultskit"
)

// older puts an older copy of the log in its place while the program runs and is not
// asked for anything, and then asks it.
func older(ctx context.Context, call *faultskit.Call) (figures string, err error) {
	c, err := cluster(call, 3)
	if err != nil {
		return "", err
	}
	defer c.Close()
	const applications = 4
	w, err := prepare(call, "older", "--eventstore", c.Connection())
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
	rows, err := w.complete(ctx, applications)
	if err != nil {
		return "", err
	}
	id := rows[0].ID
	revision := int64(0)
	change := int64(0)
	// written changes the application, as often as it takes.
	written := func() error {
		change++
		for late := time.Now().Add(time.Minute); ; pause(ctx, 50*time.Millisecond) {
			p, err := w.prioritise(ctx, id, revision, change)
			if err == nil && p.status == http.StatusNoContent {
				revision = p.revision
				return nil
			}
			if err != nil || time.Now().After(late) || ctx.Err() != nil {
				return errors.Join(err, fmt.Errorf("a change is answered %+v", p))
			}
		}
	}
	now, err := w.lead.Get(ctx, "/v1/applications/"+id+"/actions", nil)
	if err != nil {
		return "", err
	}
	revision = now.Revision
	var said, back time.Duration
	asked := 0
	rounds := call.Times(20, 1)
	for n := range rounds {
		if err := written(); err != nil {
			return figures, err
		}
		copied := filepath.Join(call.Dir, fmt.Sprintf("copy-%d", n))
		if err := c.Copy(ctx, copied); err != nil {
			return figures, err
		}
		for range 3 {
			if err := written(); err != nil {
				return figures, err
			}
		}
		newer, err := c.Replace(copied)
		if err != nil {
			return figures, err
		}
		replaced := time.Now()
		before, err := events(ctx, c.Engine())
		if err != nil {
			return figures, err
		}
		// At the revision of the older log nobody has seen anything else: only a
		// comparison of the logs can refuse this.
		for time.Since(replaced) < time.Duration(call.Times(10, 3))*time.Second && ctx.Err() == nil {
			p, err := w.prioritise(ctx, id, revision-3, change+1)
			asked++
			if err != nil || p.status == http.StatusNoContent {
				return figures, errors.Join(err, fmt.Errorf("round %d: a change was accepted %.1f s after an older log took the place", n, time.Since(replaced).Seconds()))
			}
			pause(ctx, 20*time.Millisecond)
		}
		took, _, err := w.readyWithin(ctx, http.StatusServiceUnavailable, replaced, saidWithin+time.Duration(call.Times(10, 3))*time.Second)
		if err != nil {
			return figures, err
		}
		after, err := events(ctx, c.Engine())
		if err != nil {
			return figures, err
		}
		if before != after {
			return figures, fmt.Errorf("round %d: %d events were appended to an older log", n, after-before)
		}
		if _, err := c.Replace(newer); err != nil {
			return figures, err
		}
		begun := time.Now()
		if err := written(); err != nil {
			return figures, fmt.Errorf("round %d, with the newer log back: %w", n, err)
		}
		said, back = max(said, took), max(back, time.Since(begun))
		figures = fmt.Sprintf("%d times: %d changes asked of the older log, 0 accepted, 0 events appended by any part; /readyz said so; with the newer log back the next change after at most %.1f s", n+1, asked, back.Seconds())
	}
	return figures, nil
}

// events counts what the log holds of the application, the server's own left out.
func events(ctx context.Context, log *embedded.Log) (n int, err error) {
	for r, err := range log.ReadAll(ctx, eventstore.Start, embedded.All) {
		if err != nil {
			return 0, err
		}
		if r.Stream[0] > ' ' {
			n++
		}
	}
	return n, nil
}
