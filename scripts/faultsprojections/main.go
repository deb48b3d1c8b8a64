// Command faultsprojections breaks the Redis behind the projections in every way
// that the fault table lists, under a writer that never stops and a reader that
// believes nothing, and says whether the promises were kept:
//
//   - the final documents are, byte for byte, those of a rebuild (I4);
//   - commands go on as if nothing had happened;
//   - a list is right or refused, never wrong.
//
// It starts redis-server processes of its own, on free ports of this machine, in
// a temporary directory, and ends them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// fault is one row of the table.
type fault struct {
	name, what string
	do         func(w *world) error
}

// run is what the faults of one call share.
type run struct {
	short bool
	seed  uint64
	dir   string
}

// times is how much of something: full, or a fraction of it.
func (r *run) times(full, short int) int {
	if r.short {
		return short
	}
	return full
}

// pause is how long a fault lasts.
func (r *run) pause(full, short time.Duration) time.Duration {
	if r.short {
		return short
	}
	return full
}

func main() {
	short := flag.Bool("short", false, "run each fault briefly")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of everything random")
	only := flag.String("only", "", "faults to run, comma-separated; all when empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := table(ctx, &run{short: *short, seed: *seed}, *only); err != nil {
		fmt.Fprintln(os.Stderr, "faultsprojections:", err)
		os.Exit(1)
	}
}

func table(ctx context.Context, r *run, only string) (err error) {
	if r.dir, err = os.MkdirTemp("", "alta-faults-"); err != nil {
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
		figures, err := try(ctx, r, f)
		result := "pass"
		if err != nil {
			result = "FAIL"
			figures = strings.TrimPrefix(figures+"; ", "; ") + err.Error()
			failed++
		}
		fmt.Printf("| %s | %s | %s | %s | %.1f |\n", f.name, f.what, result, strings.ReplaceAll(figures, "\n", "; "), time.Since(begun).Seconds())
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d faults were not survived", failed)
	}
	return nil
}

func try(ctx context.Context, r *run, f fault) (figures string, err error) {
	before := runtime.NumGoroutine()
	w, err := newWorld(ctx, r)
	if err == nil {
		if err = f.do(w); err == nil {
			figures, err = w.settle()
		}
	}
	w.close()
	for end := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > before+2 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		continue
	}
	if n := runtime.NumGoroutine(); err == nil && n > before+2 { // what the runtime keeps
		err = fmt.Errorf("%d goroutines are left of a fault that began with %d", n, before)
	}
	return figures, err
}
