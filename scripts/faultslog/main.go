// Command faultslog breaks the embedded event log in every way that the fault
// table lists for it and says whether it kept its promises.
//
// The promises, checked after each fault: every acknowledged event is there
// exactly once (I1), revisions have no gap (I2), the tree recomputes and agrees
// with every checkpoint (I3), no append is half there (I5).
//
// Processes that must die are this program again, started with -child. What they
// were told is known from a pipe: a line written after an acknowledgement
// outlives the process.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// fault is one row of the table.
type fault struct {
	name, what string
	run        func(ctx context.Context, r *run) (figures string, err error)
}

var faults = []fault{
	{"F1", "kill -9 under 8 writers", killNine},
	{"F2", "power cuts", powerCuts},
	{"F2-", "power cuts without sync (must lose)", powerCutsWithoutSync},
	{"F4", "one failed fsync", failedSync},
	{"F5", "full disk at each write", fullDisk},
	{"F6", "disk reserve", diskReserve},
	{"F7", "bit flips in the newest WAL", bitFlips},
	{"F9", "files truncated or gone", harmedFiles},
	{"F32", "online backup under load", backupsUnderLoad},
}

// run is what the faults of one call share.
type run struct {
	short bool
	seed  uint64
	dir   string
	self  string
}

// times is how often something happens: full, or a fraction of it.
func (r *run) times(full, short int) int {
	if r.short {
		return short
	}
	return full
}

// late reports whether something took longer than it may. A short run judges what
// is right, not how fast the machine is beside what else it does.
func (r *run) late(took, limit time.Duration) bool { return !r.short && took > limit }

func main() {
	var c child
	short := flag.Bool("short", false, "run each fault a few times")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of everything random")
	only := flag.String("only", "", "faults to run, comma-separated; all when empty")
	tmp := flag.String("tmp", "", "directory for the logs that are broken; the system's when empty")
	c.flags()
	flag.Parse()
	if c.dir != "" {
		os.Exit(c.run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := table(ctx, &run{short: *short, seed: *seed}, *tmp, *only); err != nil {
		fmt.Fprintln(os.Stderr, "faultslog:", err)
		os.Exit(1)
	}
}

func table(ctx context.Context, r *run, tmp, only string) (err error) {
	if r.self, err = os.Executable(); err != nil {
		return err
	}
	if r.dir, err = os.MkdirTemp(tmp, "alta-faults-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	chosen := strings.FieldsFunc(only, func(c rune) bool { return c == ',' })
	fmt.Printf("seed %d, in %s\n\n| # | fault | result | figures | s |\n|---|---|---|---|---|\n", r.seed, r.dir)
	failed := 0
	for _, f := range faults {
		if len(chosen) > 0 && !slices.Contains(chosen, f.name) {
			continue
		}
		begun := time.Now()
		figures, err := f.run(ctx, r)
		result := "pass"
		if err != nil {
			result = "FAIL"
			figures = strings.TrimPrefix(figures+"; ", "; ") + err.Error()
			failed++
		}
		fmt.Printf("| %s | %s | %s | %s | %.1f |\n", f.name, f.what, result, strings.ReplaceAll(figures, "\n", " "), time.Since(begun).Seconds())
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d faults were not survived", failed)
	}
	return nil
}
