package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	restartFirst   = 250 * time.Millisecond // pause before a part is started again
	restartLongest = 30 * time.Second
	restartSteady  = 5 * time.Second // a part that ran this long is well again
)

// supervisor runs the parts of the process and the programs that belong to it. A
// part that ends with an error is started again, after a pause that doubles while
// it keeps failing. Each change of a part's state is one line in the log.
type supervisor struct {
	ctx    context.Context
	logger *slog.Logger
	wait   sync.WaitGroup

	mu    sync.Mutex
	parts map[string]*partState
}

// partState is how one part fares.
type partState struct {
	failing  error // why it is not well; nil while it is
	restarts int
}

func newSupervisor(ctx context.Context, logger *slog.Logger) *supervisor {
	return &supervisor{ctx: ctx, logger: logger, parts: map[string]*partState{}}
}

// start runs a part until the supervisor's context ends. A part that answers nil
// is done and is not started again.
func (s *supervisor) start(name string, run func(context.Context) error) {
	s.mu.Lock()
	s.parts[name] = &partState{}
	s.mu.Unlock()
	s.wait.Go(func() {
		for pause := restartFirst; ; {
			begun := time.Now()
			steady := time.AfterFunc(restartSteady, func() { s.well(name) })
			err := guard(s.ctx, run)
			steady.Stop()
			if s.ctx.Err() != nil {
				return
			}
			if err == nil {
				s.well(name)
				return
			}
			s.failed(name, err)
			if time.Since(begun) >= restartSteady {
				pause = restartFirst
			}
			select {
			case <-s.ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(2*pause, restartLongest)
		}
	})
}

// panicError is a panic of a part. The log gets the stack; readyz, which anybody may
// ask, gets the type only.
type panicError struct{ kind, stack string }

func (e *panicError) Error() string { return "panic of type " + e.kind }

// guard turns a panic of a part into an error. The panic's value may hold personal
// data, so only its type is kept.
func guard(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{fmt.Sprintf("%T", p), string(debug.Stack())}
		}
	}()
	return run(ctx)
}

func (s *supervisor) failed(name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.parts[name]
	p.restarts++
	if p.failing == nil {
		args := []any{"part", name, "error", err}
		var panicked *panicError
		if errors.As(err, &panicked) {
			args = append(args, "stack", panicked.stack)
		}
		s.logger.Error("a part ended and is started again", args...)
	}
	p.failing = err
}

func (s *supervisor) well(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.parts[name]; p.failing != nil {
		p.failing = nil
		s.logger.Info("a part is well again", "part", name, "restarts", p.restarts)
	}
}

// healthy names the parts that keep ending; nil where there is none.
func (s *supervisor) healthy() error {
	var errs []error
	for _, p := range s.list() {
		if p.failing != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.name, p.failing))
		}
	}
	return errors.Join(errs...)
}

type namedPart struct {
	name string
	partState
}

// list answers all parts by name.
func (s *supervisor) list() []namedPart {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]namedPart, 0, len(s.parts))
	for name, p := range s.parts {
		out = append(out, namedPart{name, *p})
	}
	slices.SortFunc(out, func(a, b namedPart) int { return strings.Compare(a.name, b.name) })
	return out
}
