package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"alta/eventstore/embedded"

	"github.com/redis/go-redis/v9"
	"golang.org/x/mod/sumdb/tlog"
)

// A directory that cannot be looked into is none in which nothing is: what must not be
// done beside a running process, or over what is there, is not done then.
func TestADirectoryThatCannotBeLookedIntoIsNotTakenForAnEmptyOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(file, "data")
	if err := embedded.Idle(storeDir(below)); err == nil {
		t.Error("the log is said to be idle")
	}
	if runs, err := running(t.Context(), below); err == nil {
		t.Errorf("a process is said to run there: %v", runs)
	}
	if names, err := secretsIn(below); err == nil {
		t.Errorf("the secrets are said to be %v", names)
	}
	if err := keepAside(io.Discard, ".aside", storeDir(below)); err == nil {
		t.Error("there is said to be nothing to keep aside")
	}
	if lost, err := wouldLose(below, t.TempDir(), tlog.Tree{}); err == nil {
		t.Errorf("a restore is said to lose %q", lost)
	}
}

// saying is a Redis that answers INFO with a text, or with an error.
type saying struct {
	info string
	err  error
}

func (s *saying) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *saying) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *saying) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		if s.err != nil {
			cmd.SetErr(s.err)
			return s.err
		}
		cmd.(*redis.StringCmd).SetVal(s.info)
		return nil
	}
}

func TestARedisThatWasFoundUnfitIsNotSaidToBeFitWhileItIsAway(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = client.Close() })
	says := &saying{info: "redis_version:5.0.14\r\n"}
	client.AddHook(says)
	j := &journal{}
	f := &redisFit{client: client, logger: slog.New(slog.NewTextHandler(j, nil))}
	for _, step := range []struct {
		info   string
		err    error
		unfit  bool
		again  int
		unfits int
	}{
		{"redis_version:5.0.14\r\n", nil, true, 0, 1},
		{"", errors.New("connection refused"), true, 0, 1},
		{"redis_version:7.2.0\r\nmaxmemory_policy:noeviction\r\n", nil, false, 1, 1},
		{"", errors.New("connection refused"), false, 1, 1},
	} {
		says.info, says.err = step.info, step.err
		f.again(t.Context())
		if (f.err() != nil) != step.unfit || j.count("fit to hold the lists again") != step.again || j.count("not fit") != step.unfits {
			t.Errorf("after %q, %v: %v, and the log has %d and %d lines", step.info, step.err, f.err(), j.count("not fit"), j.count("again"))
		}
	}
}

func TestFiguresThatAreNotKnownAreNotThere(t *testing.T) {
	cfg := defaults()
	cfg.Data = t.TempDir()
	p := opened(t, cfg)
	m := newMetrics(p)
	there := func() map[string]bool {
		families, err := m.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for _, f := range families {
			out[f.GetName()] = true
		}
		return out
	}
	unknown := []string{"alta_streams_set_aside", "alta_projection_delay_seconds", "alta_projection_position", "alta_rebuild_seconds", "alta_statistics_delay_seconds", "alta_statistics_rebuild_seconds"}
	told := there()
	for _, name := range unknown {
		if told[name] {
			t.Errorf("%s is told before it is known", name)
		}
	}
	p.asides.set(nil, 0)
	if !there()["alta_streams_set_aside"] {
		t.Error("alta_streams_set_aside is not told once it is known")
	}
}
