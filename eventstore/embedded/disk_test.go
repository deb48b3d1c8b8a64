package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/embedded/brokendisk"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// refusing is a file system that takes no more of one kind of call, on files whose
// path contains a word, once it is full.
type refusing struct {
	kind errorfs.OpKind
	word string
	full atomic.Bool
}

func (r *refusing) wrap(fs vfs.FS) vfs.FS {
	return brokendisk.Wrap(fs, func(op errorfs.Op) error {
		if r.full.Load() && op.Kind == r.kind && strings.Contains(op.Path, r.word) {
			return syscall.ENOSPC
		}
		return nil
	})
}

// refusals are the calls that may be the first to meet a full disk.
var refusals = map[string]struct {
	kind errorfs.OpKind
	word string
	says string
}{
	"a write to the write-ahead log": {errorfs.OpFileWrite, ".log", "write log/"},
	"a sync of it":                   {errorfs.OpFileSyncData, ".log", "sync log/"},
	"the next one":                   {errorfs.OpCreate, ".log", "create log/"},
	"the next one, reused":           {errorfs.OpReuseForWrite, ".log", "reuse a file as log/"},
	"a new table":                    {errorfs.OpCreate, ".sst", "create log/"},
	"a write to a table":             {errorfs.OpFileWrite, ".sst", "write log/"},
	"the list of files":              {errorfs.OpFileWrite, "MANIFEST", "write log/"},
}

// meets names, in a process of its own, the refusal that it is to meet.
const meets = "ALTA_TEST_REFUSAL"

func TestADiskThatRefusesAWriteEndsTheProcessInThatVeryCall(t *testing.T) {
	if os.Getenv(meets) != "" {
		meetRefusal(t, os.Getenv(meets))
	}
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestADiskThatRefusesAWriteEndsTheProcessInThatVeryCall$", "-test.timeout=1m")
			cmd.Env = append(os.Environ(), meets+"="+name)
			said, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(string(said), c.says) || !strings.Contains(string(said), syscall.ENOSPC.Error()) {
				t.Fatalf("%v: %s", err, said)
			}
		})
	}
}

// meetRefusal appends until the disk refuses, which ends the process.
func meetRefusal(t *testing.T, name string) {
	disk := &refusing{kind: refusals[name].kind, word: refusals[name].word}
	// However the directory is written: Pebble cleans the names of its files.
	l, err := embedded.Open("./log/", embedded.Options{
		Leaf: leaf, FS: disk.wrap(vfs.NewMem()), MemTableBytes: 64 << 10, Reserve: embedded.NoReserve,
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 10_000 {
		// After a hundred events a file was written out and can be reused.
		disk.full.Store(n > 100 || disk.kind == errorfs.OpCreate)
		e := event(n + 1)
		e.Data = []byte(`{"wide":"` + strings.Repeat("x", 4096) + `"}`)
		if _, err := l.Append(t.Context(), "s", eventstore.Revision(n-1), e); err != nil {
			fmt.Fprintln(os.Stderr, err)
			select {} // the process is about to end
		}
	}
	t.Fatal("the log went on as if nothing had happened")
}

func TestAFullDiskOfABackupIsNotTheLogs(t *testing.T) {
	disk := &refusing{kind: errorfs.OpCreate, word: "elsewhere"}
	l := open(t, "log", func(o *embedded.Options) { o.FS = disk.wrap(vfs.NewMem()) })
	ctx := context.Background()
	if _, err := l.Append(ctx, "s", eventstore.NoStream, event(1)); err != nil {
		t.Fatal(err)
	}
	disk.full.Store(true)
	if err := l.Backup(ctx, "elsewhere"); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, "s", 0, event(2)); err != nil {
		t.Fatal(err)
	}
}
