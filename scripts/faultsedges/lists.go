package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"

	"alta/scripts/faultskit"
)

// restarted stops a program with many applications and starts it again.
func restarted(ctx context.Context, c *faultskit.Call) (string, error) {
	count := c.Times(50_000, 2_000)
	w, err := prepare(ctx, c, "restarted", count, "--parts", "api,projector")
	if err != nil {
		return "", err
	}
	defer w.Stop()
	if err := w.open(ctx); err != nil {
		return "", err
	}
	a, err := w.asker(ctx, w.lead)
	if err != nil {
		return "", err
	}
	before, err := a.complete(ctx, count)
	if err != nil {
		return "", err
	}
	built := time.Since(w.Began)
	a.close()
	var address, lists time.Duration // from the process's start; from the address
	rounds := c.Times(5, 2)
	for range rounds {
		if err := w.Stop(); err != nil {
			return "", err
		}
		if err := w.Start(ctx); err != nil {
			return "", err
		}
		announced := time.Now()
		address = max(address, announced.Sub(w.Began))
		a.base = w.Address // the token is good at the next process
		if err := a.firstPage(ctx, announced.Add(time.Minute)); err != nil {
			return "", err
		}
		lists = max(lists, time.Since(announced))
		after, status, err := a.everything(ctx)
		if err != nil || status != http.StatusOK {
			return "", fmt.Errorf("the lists after a restart are answered %d (%w)", status, err)
		}
		if err := same(before, after); err != nil {
			return "", err
		}
		a.close()
	}
	figures := fmt.Sprintf("%d applications, %d restarts: the address at most %.2f s after the process began, lists %.2f s after the address, the same rows; built from nothing in %.1f s",
		len(before), rounds, address.Seconds(), lists.Seconds(), built.Seconds())
	if lists > time.Second {
		return figures, errors.New("lists took more than 1 s after the address was announced")
	}
	return figures, nil
}

// firstPage waits for the first answer with rows.
func (a *asker) firstPage(ctx context.Context, until time.Time) error {
	for {
		status, p, err := a.get(ctx, "/v1/applications?limit=50")
		switch {
		case status == http.StatusOK && len(p.Rows) == 50:
			return nil
		case status == http.StatusOK:
			return fmt.Errorf("a short list of %d rows", len(p.Rows))
		case status != http.StatusServiceUnavailable || time.Now().After(until):
			return fmt.Errorf("lists are answered %d (%w)", status, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// childKilled kills the redis-server that belongs to the program.
func childKilled(ctx context.Context, c *faultskit.Call) (string, error) {
	count := c.Times(5_000, 1_000)
	w, err := prepare(ctx, c, "child", count, "--parts", "api,projector")
	if err != nil {
		return "", err
	}
	defer w.Stop()
	if err := w.open(ctx); err != nil {
		return "", err
	}
	a, err := w.asker(ctx, w.lead)
	if err != nil {
		return "", err
	}
	defer a.close()
	before, err := a.complete(ctx, count)
	if err != nil {
		return "", err
	}
	var slowest time.Duration
	right, refused := 0, 0
	kills := c.Times(10, 2)
	for range kills {
		watched, err := a.watch(ctx)
		if err != nil {
			return "", err
		}
		child := w.Child("redis-server")
		if child == 0 {
			return "", errors.New("there is no private redis-server")
		}
		killed := time.Now()
		if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
			return "", err
		}
		err = faultskit.Until(ctx, "lists are back", func() (bool, error) {
			_, p, err := a.get(ctx, "/v1/applications?limit=1")
			return p.Total >= len(before) && w.Child("redis-server") != child, err
		})
		time.Sleep(200 * time.Millisecond)
		if err := errors.Join(err, watched.end()); err != nil {
			return "", err
		}
		if watched.failed > 0 {
			return "", fmt.Errorf("%d questions had no answer", watched.failed)
		}
		if watched.refused > 0 {
			slowest = max(slowest, watched.back.Sub(killed))
		}
		right, refused = right+watched.right, refused+watched.refused
		after, status, err := a.everything(ctx)
		if err != nil || status != http.StatusOK {
			return "", fmt.Errorf("the lists afterwards are answered %d (%w)", status, err)
		}
		if err := same(before, after); err != nil {
			return "", err
		}
	}
	figures := fmt.Sprintf("%d kills with %d applications: lists back at most %.2f s after; %d answers whole, %d refused, 0 short", kills, len(before), slowest.Seconds(), right, refused)
	if slowest > 3*time.Second {
		return figures, errors.New("lists were away for more than 3 s")
	}
	return figures, nil
}
