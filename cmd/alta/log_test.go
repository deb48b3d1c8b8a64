package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
)

// grow appends n events to a stream of the log.
func grow(t *testing.T, g *guardedLog, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		e := eventstore.Proposed{ID: eventstore.ID{1, byte(i >> 8), byte(i)}, Type: "t.v1", Data: []byte(`{}`)}
		if _, err := g.Append(context.Background(), "s", eventstore.Revision(i-1), e); err != nil {
			t.Fatal(err)
		}
	}
}

// alta runs a subcommand and answers what it printed.
func alta(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, &out, &out)
	return out.String(), err
}

func openTestLog(t *testing.T, data string) *guardedLog {
	t.Helper()
	g, err := openLog(data, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

func TestALogIsBackedUpCheckedAndRestored(t *testing.T) {
	data, copied := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	g := openTestLog(t, data)
	grow(t, g, 0, 20)
	root, err := g.Tree()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if said, err := alta(t, "backup", "--data", data, "--to", copied); err != nil || !strings.Contains(said, root.Hash.String()) {
		t.Fatal(said, err)
	}
	if said, err := alta(t, "log", "check", "--data", copied); err != nil || !strings.Contains(said, "the log is whole") {
		t.Fatal(said, err)
	}

	g = openTestLog(t, data)
	grow(t, g, 20, 5)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := alta(t, "restore", "--data", data, "--from", copied); err == nil || !strings.Contains(err.Error(), "index 20 to 24") {
		t.Fatalf("a restore that loses signed events was not refused: %v", err)
	}
	if said, err := alta(t, "restore", "--data", data, "--from", copied, "--accept-loss"); err != nil {
		t.Fatal(said, err)
	}
	g = openTestLog(t, data)
	if now, err := g.Tree(); err != nil || now != root {
		t.Fatal(now, err)
	}
	grow(t, g, 20, 3)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if said, err := alta(t, "log", "check", "--data", data); err != nil {
		t.Fatal(said, err)
	}
}

func TestABackupIsRestoredOnAnEmptyMachineWithoutTheKey(t *testing.T) {
	data, copied, fresh := t.TempDir(), filepath.Join(t.TempDir(), "backup"), t.TempDir()
	g := openTestLog(t, data)
	grow(t, g, 0, 7)
	if _, err := g.backup(t.Context(), copied, true); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(keyFile(copied)); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("the signing key is in the backup")
	}
	if said, err := alta(t, "restore", "--data", fresh, "--from", copied); err != nil {
		t.Fatal(said, err)
	}
	restored := openTestLog(t, fresh)
	grow(t, restored, 7, 1)
}

func TestARunningLogIsBackedUpAndCheckedThroughItsSocket(t *testing.T) {
	data, copied := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	g := openTestLog(t, data)
	grow(t, g, 0, 9)
	if _, err := openLog(data, embedded.Options{}); !errors.Is(err, embedded.ErrLocked) {
		t.Fatalf("a second opening got %v", err)
	}
	if _, err := alta(t, "restore", "--data", data, "--from", copied); !errors.Is(err, embedded.ErrLocked) {
		t.Fatalf("a restore over a running log got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveControl(ctx, filepath.Join(data, controlName), (&program{guarded: g}).answerControl, slog.New(slog.DiscardHandler))
	}()
	for {
		said, err := alta(t, "backup", "--data", data, "--to", copied)
		if err != nil && strings.Contains(err.Error(), "cannot be asked") {
			continue // it does not listen yet
		}
		if err != nil || !strings.Contains(said, "9 events") {
			t.Fatal(said, err)
		}
		break
	}
	if _, err := alta(t, "backup", "--data", data, "--to", copied); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Fatalf("a backup over a backup got %v", err)
	}
	if said, err := alta(t, "log", "check", "--data", data); err != nil || !strings.Contains(said, "in use") {
		t.Fatal(said, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(data, "check-*")); err != nil || len(left) != 0 {
		t.Fatal(left, err)
	}
}

func TestACheckNamesTheEventThatWasChanged(t *testing.T) {
	data := t.TempDir()
	g := openTestLog(t, data)
	grow(t, g, 0, 12)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(storeDir(data)); err != nil {
		t.Fatal(err)
	}
	// Another log with an event less, as an insider without the key might put there.
	forged, err := embedded.Open(storeDir(data), embedded.Options{Leaf: func(dst []byte, r *eventstore.Record) []byte {
		return append(dst, r.Data...)
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		e := eventstore.Proposed{ID: eventstore.ID{9, byte(i)}, Type: "t.v1", Data: []byte(`{}`)}
		if _, err := forged.Append(t.Context(), "s", eventstore.Revision(i-1), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := forged.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := alta(t, "log", "check", "--data", data); !errors.Is(err, eventstore.ErrCorrupt) || !strings.Contains(err.Error(), "index 0 to 11") {
		t.Fatal(err)
	}
	if _, err := openLog(data, embedded.Options{}); !errors.Is(err, eventstore.ErrCorrupt) {
		t.Fatal(err)
	}
}

func TestALogThatLostItsCheckpointsMustBeAccepted(t *testing.T) {
	data := t.TempDir()
	g := openTestLog(t, data)
	grow(t, g, 0, 3)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := alta(t, "log", "accept", "--data", data); err == nil || !strings.Contains(err.Error(), "has checkpoints") {
		t.Fatalf("a guarded log was accepted: %v", err)
	}
	if err := os.RemoveAll(checkpointsDir(data)); err != nil {
		t.Fatal(err)
	}
	if _, err := openLog(data, embedded.Options{}); !errors.Is(err, eventstore.ErrCorrupt) {
		t.Fatalf("a log without checkpoints was opened: %v", err)
	}
	if said, err := alta(t, "log", "accept", "--data", data); err != nil || !strings.Contains(said, "3 events") {
		t.Fatal(said, err)
	}
	grow(t, openTestLog(t, data), 3, 1)
}
