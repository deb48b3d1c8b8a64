package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"alta/eventstore/wire/nodetest"
	"alta/scripts/faultskit"
)

// gone takes the whole store away, refusing or silent.
func gone(c *nodetest.Cluster, silent bool) {
	for i := range c.Size() {
		if silent {
			c.Stop(i)
		} else {
			c.Kill(i)
		}
	}
}

// again brings it back, with a leader.
func again(c *nodetest.Cluster, silent bool) error {
	var err error
	for i := range c.Size() {
		if silent {
			c.Continue(i)
		} else {
			err = errors.Join(err, c.Restart(i))
		}
	}
	if c.Leader() < 0 {
		err = errors.Join(err, c.Elect(0))
	}
	return err
}

func how(silent bool) string {
	if silent {
		return "silent"
	}
	return "refusing"
}

// before starts the program while the store is away.
func before(ctx context.Context, call *faultskit.Call) (figures string, err error) {
	for _, silent := range []bool{false, true}[:call.Times(2, 1)] {
		f, err := waits(ctx, call, silent)
		figures += f + "; "
		if err != nil {
			return figures, fmt.Errorf("%s: %w", how(silent), err)
		}
	}
	return figures, nil
}

func waits(ctx context.Context, call *faultskit.Call, silent bool) (string, error) {
	c, err := cluster(call, 3)
	if err != nil {
		return "", err
	}
	defer c.Close()
	gone(c, silent)
	w, err := prepare(call, "before", "--eventstore", c.Connection())
	if err != nil {
		return "", err
	}
	defer w.end()
	if err := w.Launch(); err != nil {
		return "", err
	}
	said, _, err := w.readyWithin(ctx, http.StatusServiceUnavailable, w.Began, saidWithin)
	if err != nil {
		return "", err
	}
	select {
	case <-w.Ended():
		return "", fmt.Errorf("the process ended: %s", w.LastWords())
	case <-time.After(time.Duration(call.Times(60, 2)) * time.Second):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if err := again(c, silent); err != nil {
		return "", err
	}
	back := time.Now()
	// Everything that a start does is still to be done, so 3 s are for the store alone.
	if err := w.Answers(ctx); err != nil {
		return "", err
	}
	took := time.Since(back)
	if err := w.logIn(ctx); err != nil {
		return "", err
	}
	ready, text, err := w.readyWithin(ctx, http.StatusOK, time.Now(), 10*time.Second)
	if err != nil {
		return "", fmt.Errorf("%w (%s)", err, text)
	}
	return fmt.Sprintf("%s: said after %.1f s; started %.1f s after it was back, ready %.1f s later", how(silent), said.Seconds(), took.Seconds(), ready.Seconds()), nil
}

// away takes the store away under load.
func away(ctx context.Context, call *faultskit.Call) (figures string, err error) {
	c, err := cluster(call, 3)
	if err != nil {
		return "", err
	}
	defer c.Close()
	const applications = 8
	w, err := prepare(call, "away", "--eventstore", c.Connection())
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
	people, other, err := startLoad(ctx, w, applications)
	if err != nil {
		return "", err
	}
	defer people.stop()
	if _, _, err := people.back(ctx, time.Now()); err != nil {
		return "", err
	}
	var said, slow, writes, lists time.Duration
	asked, slowest := 0, ""
	rounds := call.Times(10, 2)
	for n := range rounds {
		silent := n%2 == 1
		// What is said of the outage before does not count for this one.
		if _, text, err := w.readyWithin(ctx, http.StatusOK, time.Now(), 10*time.Second); err != nil {
			return figures, fmt.Errorf("%w (%s)", err, text)
		}
		gone(c, silent)
		took, _, err := w.readyWithin(ctx, http.StatusServiceUnavailable, time.Now(), saidWithin)
		if err != nil {
			return figures, fmt.Errorf("%s: %w", how(silent), err)
		}
		said = max(said, took)
		for began := time.Now(); time.Since(began) < time.Duration(call.Times(60, 1))*time.Second && ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
			p, err := w.prioritise(ctx, other.id, other.base, 0)
			if err != nil || p.status != http.StatusServiceUnavailable || !p.retry {
				return figures, errors.Join(err, fmt.Errorf("%s: with the store known to be away a decision is answered %+v", how(silent), p))
			}
			if asked++; p.took > slow {
				slow, slowest = p.took, fmt.Sprintf("%s, %s after it was said", how(silent), time.Since(began).Round(100*time.Millisecond))
			}
		}
		if err := again(c, silent); err != nil {
			return figures, err
		}
		p, s, err := people.back(ctx, time.Now())
		if err != nil {
			return figures, fmt.Errorf("%s: %w", how(silent), err)
		}
		writes, lists = max(writes, p), max(lists, s)
		figures = fmt.Sprintf("%d times away: said after at most %.1f s, %d decisions asked then were refused in at most %.2f s (%s), writes back after %.1f s and lists after %.1f", n+1, said.Seconds(), asked, slow.Seconds(), slowest, writes.Seconds(), lists.Seconds())
	}
	done, err := people.end(ctx, c.Engine())
	if err != nil {
		return figures, err
	}
	figures += fmt.Sprintf("; %d decisions, 0 lost, 0 twice; refused: %v", done, people.refusals)
	switch {
	case slow > refusedWithin:
		return figures, errors.New("a decision was refused only after more than 0.5 s, although the store was known to be away")
	case max(writes, lists) > backWithin:
		return figures, errors.New("back only after more than 3 s")
	}
	return figures, people.startedOver()
}

// building takes the store away while lists are built anew from it.
func building(ctx context.Context, call *faultskit.Call) (string, error) {
	count := call.Times(5_000, 500)
	c, err := cluster(call, 3)
	if err != nil {
		return "", err
	}
	defer c.Close()
	r, err := startShared(ctx, call)
	if err != nil {
		return "", err
	}
	defer r.close()
	w, err := prepare(call, "building", "--eventstore", c.Connection(), "--redis", r.url, "--parts", "api,projector")
	if err != nil {
		return "", err
	}
	defer w.end()
	if err := w.fill(ctx, call, c.Connection(), count); err != nil {
		return "", err
	}
	if err := w.open(ctx); err != nil {
		return "", err
	}
	if _, err := w.complete(ctx, count); err != nil {
		return "", err
	}
	var said, back time.Duration
	unfinished, asked := 0, 0
	rounds := call.Times(9, 2)
	for n := range rounds {
		if err := r.rdb.FlushAll(ctx).Err(); err != nil {
			return "", err
		}
		pause(ctx, time.Duration(n)*60*time.Millisecond) // from the first event to the middle of the build
		kind := n % 3                                    // refusing, silent, or without a leader
		if kind < 2 {
			gone(c, kind == 1)
		} else {
			c.Resign()
		}
		left := time.Now()
		told, published := time.Duration(0), false
		for (told == 0 || time.Since(left) < time.Duration(call.Times(20, 1))*time.Second) && time.Since(left) < 2*saidWithin+20*time.Second && ctx.Err() == nil {
			_, total, status := w.rows(ctx)
			asked++
			switch {
			case status == http.StatusOK && total == count:
				published = true // the build was done before
			case status == http.StatusOK:
				return "", fmt.Errorf("with the store away the lists show %d of %d", total, count)
			}
			if status, _ := w.ready(ctx); told == 0 && status == http.StatusServiceUnavailable {
				told = time.Since(left)
			}
			pause(ctx, 50*time.Millisecond)
		}
		if told == 0 || told > saidWithin {
			return "", fmt.Errorf("/readyz did not say within 5 s that the store is away (%.1f s)", told.Seconds())
		}
		if said = max(said, told); !published {
			unfinished++
		}
		if err := bring(c, kind); err != nil {
			return "", err
		}
		begun := time.Now()
		if _, err := w.complete(ctx, count); err != nil {
			return "", err
		}
		back = max(back, time.Since(begun))
	}
	if unfinished == 0 {
		return "", errors.New("every build was done before the store went away, so nothing was tested")
	}
	return fmt.Sprintf("%d times away with %d applications, %d of them before the build was done; %d answers of lists, none short; said after at most %.1f s; complete at most %.1f s after it was back",
		rounds, count, unfinished, asked, said.Seconds(), back.Seconds()), nil
}

// bring ends what building did.
func bring(c *nodetest.Cluster, kind int) error {
	if kind == 2 {
		_, err := c.ElectNext()
		return err
	}
	return again(c, kind == 1)
}
