package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"alta/projections/redistest"
	"alta/simulate/drive"

	"github.com/redis/go-redis/v9"
)

// onPrivateRedis is a server whose Redis is a child of its own.
func onPrivateRedis(t *testing.T) config {
	redistest.Path(t)
	c := demoConfig(t)
	c.Redis = ""
	return c
}

func eventuallyWithin(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); ; {
		if is() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestAPrivateRedisThatIsKilledOrStoppedIsReplaced(t *testing.T) {
	ctx, logger := t.Context(), slog.New(slog.DiscardHandler)
	for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			r, err := newPrivateRedis(ctx, redistest.Path(t), filepath.Join(t.TempDir(), "redis"), logger)
			if err != nil {
				t.Fatal(err)
			}
			run, stop := context.WithCancel(ctx)
			s := newSupervisor(run, logger)
			s.start("redis", r.run)
			t.Cleanup(func() {
				stop()
				s.wait.Wait()
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			})
			if err := r.client.Set(ctx, "k", "v", 0).Err(); err != nil {
				t.Fatal(err)
			}
			cmd, _ := r.running()
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			eventuallyWithin(t, 20*time.Second, "it says that the part fails", func() bool { return s.healthy() != nil })
			eventuallyWithin(t, 20*time.Second, "an empty one answers", func() bool {
				return errors.Is(r.client.Get(ctx, "k").Err(), redis.Nil)
			})
			eventuallyWithin(t, 20*time.Second, "the part is well again", func() bool { return s.healthy() == nil })
		})
	}
}

func TestASnapshotIsKeptWithheldAndRefusedWhereItIsDamaged(t *testing.T) {
	ctx, logger, dir := t.Context(), slog.New(slog.DiscardHandler), filepath.Join(t.TempDir(), "redis")
	begin := func() *privateRedis {
		t.Helper()
		r, err := newPrivateRedis(ctx, redistest.Path(t), dir, logger)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	file := filepath.Join(dir, snapshotFile)
	r := begin()
	if err := r.client.Set(ctx, "alta:projections:x", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	other, err := newPrivateRedis(ctx, redistest.Path(t), dir, logger)
	if err != nil || other.keeps {
		t.Errorf("a second process keeps a snapshot in the same directory: %v", err)
	}
	if err := errors.Join(other.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the snapshot: %v, %v", info, err)
	}
	r = begin()
	if v, err := r.client.Get(ctx, "alta:projections:x").Result(); v != "v" || err != nil {
		t.Errorf("after a restart: %q, %v", v, err)
	}
	// Only lists and statistics reach the disk.
	secret := r.client.Set(ctx, "alta:request:1", "an answer with a secret", time.Hour).Err()
	if err := errors.Join(secret, r.Close()); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(file); err != nil || strings.Contains(string(raw), "secret") || !strings.Contains(string(raw), "alta:projections:x") {
		t.Errorf("the snapshot holds %q, %v", raw, err)
	}
	// What was erased leaves the snapshot at once.
	r = begin()
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.run(run) }()
	r.Erased()
	eventuallyWithin(t, 10*time.Second, "the snapshot is removed", func() bool { _, err := os.Stat(file); return os.IsNotExist(err) })
	stop()
	if err := errors.Join(<-ended, r.Close()); err != nil {
		t.Fatal(err)
	}
	var raw []byte
	for name, damage := range map[string]func([]byte) []byte{
		"half": func(b []byte) []byte { return b[:len(b)/2] },
		"flip": func(b []byte) []byte { b[len(b)/2] ^= 0x40; return b },
		"text": func([]byte) []byte { return []byte("no snapshot") },
	} {
		if raw, err = os.ReadFile(file); err == nil {
			err = os.WriteFile(file, damage(raw), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		r := begin()
		if err := errors.Join(r.client.Ping(ctx).Err(), r.client.Set(ctx, "k", "v", 0).Err(), r.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestListsAreBackFromTheSnapshotOrBuiltAnew(t *testing.T) {
	c := onPrivateRedis(t)
	visit := func(change func(w *world)) []string {
		t.Helper()
		j := &journal{}
		logger := slog.New(slog.NewTextHandler(j, nil))
		ctx, stop := context.WithCancel(t.Context())
		address, ended := make(chan string, 1), make(chan error, 1)
		go func() { ended <- serve(ctx, c, logger, func(a string) error { address <- a; return nil }) }()
		w := &world{log: j}
		select {
		case w.api = <-address:
		case err := <-ended:
			t.Fatalf("it did not start: %v", err)
		}
		var err error
		if w.client, err = drive.NewClient(w.api); err != nil {
			t.Fatal(err)
		}
		eventuallyWithin(t, time.Minute, "it is ready", func() bool { return status(w.api+"/readyz") == http.StatusOK })
		change(w)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
		return j.forget()
	}
	logged := visit(func(w *world) { w.as(t, "reviewer") })
	for _, l := range logged {
		if strings.Contains(l, "another log") || strings.Contains(l, "level=ERROR") {
			t.Errorf("a first start logs %s", l)
		}
	}
	went := func(logged []string) bool {
		return strings.Contains(strings.Join(logged, "\n"), "goes on from the snapshot")
	}
	if logged = visit(func(*world) {}); !went(logged) {
		t.Errorf("a second start does not use the snapshot:\n%s", strings.Join(logged, "\n"))
	}
	if err := os.WriteFile(filepath.Join(snapshotDir(c.Data), snapshotFile), []byte("REDIS0010"), 0o600); err != nil {
		t.Fatal(err)
	}
	if logged = visit(func(*world) {}); went(logged) {
		t.Error("a damaged snapshot was used")
	}
	// A snapshot of another installation.
	other := onPrivateRedis(t)
	raw, err := os.ReadFile(filepath.Join(snapshotDir(c.Data), snapshotFile))
	if err == nil {
		err = os.MkdirAll(snapshotDir(other.Data), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(snapshotDir(other.Data), snapshotFile), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	c = other
	if logged = visit(func(*world) {}); went(logged) {
		t.Errorf("the snapshot of another log was used:\n%s", strings.Join(logged, "\n"))
	}
}

func status(url string) int {
	resp, err := http.Get(url)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
