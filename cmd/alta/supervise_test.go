package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPartThatEndsWithAnErrorIsStartedAgainAndSaysSoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		ctx, stop := context.WithCancel(t.Context())
		s := newSupervisor(ctx, slog.New(slog.NewTextHandler(j, nil)))
		var runs, done atomic.Int64
		var well atomic.Bool
		s.start("part", func(ctx context.Context) error {
			run := runs.Add(1)
			switch {
			case well.Load():
				<-ctx.Done()
				return ctx.Err()
			case run == 2:
				panic("a name")
			}
			return errors.New("no luck")
		})
		s.start("once", func(context.Context) error { done.Add(1); return nil })
		time.Sleep(10 * time.Minute)
		if n := runs.Load(); n < 10 || n > 40 || done.Load() != 1 {
			t.Errorf("%d runs in ten minutes, and %d of a part that was done", n, done.Load())
		}
		if err := s.healthy(); err == nil || !strings.Contains(err.Error(), "part: no luck") {
			t.Errorf("it says %v", err)
		}
		well.Store(true)
		time.Sleep(time.Minute)
		if err := s.healthy(); err != nil {
			t.Errorf("it says %v", err)
		}
		if lines := j.forget(); len(lines) != 2 || strings.Contains(lines[0], "a name") {
			t.Errorf("it logged %q", lines)
		}
		stop()
		s.wait.Wait()
	})
}

// Anybody may ask readyz, so it names the kind of a panic; the log has the stack.
func TestAPanicsStackIsForTheLogAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		ctx, stop := context.WithCancel(t.Context())
		s := newSupervisor(ctx, slog.New(slog.NewTextHandler(j, nil)))
		s.start("part", func(context.Context) error { panic("a name") })
		time.Sleep(time.Second)
		if err := s.healthy(); err == nil || err.Error() != "part: panic of type string" {
			t.Errorf("it says %v", err)
		}
		if lines := j.forget(); len(lines) != 1 || !strings.Contains(lines[0], "goroutine") || strings.Contains(lines[0], "a name") {
			t.Errorf("it logged %q", lines)
		}
		stop()
		s.wait.Wait()
	})
}
