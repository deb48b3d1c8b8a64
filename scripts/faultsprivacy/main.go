// Command faultsprivacy looks for what belongs to a person wherever it should not
// be, and tries to bring back what was erased.
//
// It starts Alta as an operator does (sealed mails, no development mode), types and
// uploads values that occur nowhere else ("canaries") through every door, lives the
// whole life of merchants, and then reads every byte that the system keeps: the log,
// Redis, keys, documents, mails, temporary files, what the process printed, what it
// tells about itself, and a backup. Each value is looked for in clear, in every
// common encoding, and reversed.
//
// Then the merchants are restricted and shredded, and everything that was sealed for
// them is tried. Uploads are killed on their way. Last, erasures race with writers, copies, backups and rebuilds.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// fault is one row of the table. The rows build on each other: they share one
// running Alta.
type fault struct {
	name, what string
	run        func(ctx context.Context, r *run) (figures string, err error)
}

var faults = []fault{
	{"P1", "the search finds what is planted", findPlanted},
	{"P2", "every door, the whole life, every byte", wholeLife},
	{"P2t", "free text: nowhere in clear", freeText},
	{"P3", "restricted: seen by an auditor who says why, and by nobody else", restricted},
	{"P4", "shredded: nothing opens, the record still stands", shredded},
	{"P5", "nothing to learn at the door, a stolen session ends", atTheDoor},
	{"P6", "an older backup brings nobody back", olderBackup},
	{"F27", "kill -9 in the middle of uploads", killedUploads},
	{"F29", "erase against append, copy, restore and rebuild", races},
}

// run is what the faults of one call share.
type run struct {
	short bool
	seed  uint64
	dir   string
	alta  string // the program
	world *world // the running Alta and what was typed into it; from P2 on
}

// times is how often something happens: full, or a fraction of it.
func (r *run) times(full, short int) int {
	if r.short {
		return short
	}
	return full
}

func main() {
	r := &run{}
	flag.BoolVar(&r.short, "short", false, "run each fault a few times")
	flag.Uint64Var(&r.seed, "seed", uint64(time.Now().UnixNano()), "seed of everything random")
	flag.StringVar(&r.alta, "alta", "", "the built program")
	only := flag.String("only", "", "faults to run, comma-separated; all when empty (P3 and P4 need P2)")
	tmp := flag.String("tmp", "", "directory to work in; the system's when empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := table(ctx, r, *tmp, *only); err != nil {
		fmt.Fprintln(os.Stderr, "faultsprivacy:", err)
		os.Exit(1)
	}
}

func table(ctx context.Context, r *run, tmp, only string) (err error) {
	if r.alta == "" {
		return fmt.Errorf("-alta is missing")
	}
	if r.alta, err = filepath.Abs(r.alta); err != nil {
		return err
	}
	if r.dir, err = os.MkdirTemp(tmp, "alta-privacy-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	defer func() {
		if r.world != nil {
			r.world.close()
		}
	}()
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
