package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPartThatEndsWithAnErrorIsStartedAgainAndSaysSoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		ctx, stop := context.WithCancel(t.Context())
		s := newSupervisor(ctx, slog.New(slog.NewTextHandler(j, nil)))
		runs, well := 0, false
		s.start("part", func(ctx context.Context) error {
			runs++
			switch {
			case well:
				<-ctx.Done()
				return ctx.Err()
			case runs == 2:
				panic("a name")
			}
			return errors.New("no luck")
		})
		done := 0
		s.start("once", func(context.Context) error { done++; return nil })
		time.Sleep(10 * time.Minute)
		if runs < 10 || runs > 40 || done != 1 {
			t.Errorf("%d runs in ten minutes, and %d of a part that was done", runs, done)
		}
		if err := s.healthy(); err == nil || !strings.Contains(err.Error(), "part: no luck") {
			t.Errorf("it says %v", err)
		}
		well = true
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
