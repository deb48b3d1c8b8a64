package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"alta/eventstore/embedded"

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
