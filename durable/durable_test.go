package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Two nodes that make the same key at once must end with one key.
func TestOfManyWhoCreateAFileOneDoesAndNobodySeesHalfOfIt(t *testing.T) {
	for round := range 50 {
		path := filepath.Join(t.TempDir(), "key")
		var wait sync.WaitGroup
		errs, seen := make([]error, 8), make([]string, 8)
		for i := range errs {
			wait.Go(func() {
				errs[i] = Create(path, []byte(fmt.Sprintf("key of %d", i)))
				b, err := os.ReadFile(path)
				if err != nil {
					t.Error(err)
				}
				seen[i] = string(b)
			})
		}
		wait.Wait()
		created := 0
		for i, err := range errs {
			switch {
			case err == nil:
				created++
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
			if seen[i] != seen[0] {
				t.Errorf("round %d: one saw %q, another %q", round, seen[0], seen[i])
			}
		}
		if created != 1 {
			t.Errorf("round %d: %d created it", round, created)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	}
}

func TestReplaceLeavesNothingUnfinished(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "calendar")
	for _, content := range []string{"old", "new"} {
		if err := Replace(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != content {
			t.Errorf("%q, %v", b, err)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
	if err := Replace(filepath.Join(dir, "no", "such", "folder"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestAFileThatCannotBeLookedForIsNotTakenForOneThatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{file: true, dir: true, filepath.Join(dir, "none"): false} {
		if there, err := Exists(path); there != want || err != nil {
			t.Errorf("%s: %v, %v", path, there, err)
		}
	}
	if there, err := Exists(filepath.Join(file, "below")); there || err == nil {
		t.Errorf("below a file: %v, %v", there, err)
	}
}
