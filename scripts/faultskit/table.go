package faultskit

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

// Call is how a group was called.
type Call struct {
	Short bool
	Seed  uint64
	Dir   string // to work in; removed at the end
	Alta  string // the program
}

// Times is how much of something: full, or a fraction of it.
func (c *Call) Times(full, short int) int {
	if c.Short {
		return short
	}
	return full
}

// Fault is one row of the table.
type Fault struct {
	Name, What string
	Run        func(ctx context.Context) (figures string, err error)
}

// Main reads the flags, runs the faults that open answers, and prints them as a
// table. It ends the program: with 1 where one was not survived.
func Main(group string, open func(*Call) (faults []Fault, closing func())) {
	c := &Call{}
	flag.BoolVar(&c.Short, "short", false, "run each fault a few times")
	flag.Uint64Var(&c.Seed, "seed", uint64(time.Now().UnixNano()), "seed of everything random")
	flag.StringVar(&c.Alta, "alta", "", "the built program")
	only := flag.String("only", "", "faults to run, comma-separated; all when empty")
	tmp := flag.String("tmp", "", "directory to work in; the system's when empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := c.table(ctx, *tmp, *only, open)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "faults of %s: %v\n", group, err)
		os.Exit(1)
	}
}

func (c *Call) table(ctx context.Context, tmp, only string, open func(*Call) ([]Fault, func())) (err error) {
	if c.Alta == "" {
		return fmt.Errorf("-alta is missing")
	}
	if c.Alta, err = filepath.Abs(c.Alta); err != nil {
		return err
	}
	if c.Dir, err = os.MkdirTemp(tmp, "alta-faults-"); err != nil {
		return err
	}
	defer os.RemoveAll(c.Dir)
	faults, closing := open(c)
	defer closing()
	chosen := strings.FieldsFunc(only, func(r rune) bool { return r == ',' })
	fmt.Printf("seed %d, in %s\n\n| # | fault | result | figures | s |\n|---|---|---|---|---|\n", c.Seed, c.Dir)
	failed := 0
	for _, f := range faults {
		if len(chosen) > 0 && !slices.Contains(chosen, f.Name) {
			continue
		}
		begun := time.Now()
		figures, err := f.Run(ctx)
		result := "pass"
		if err != nil {
			result = "FAIL"
			figures = strings.TrimPrefix(figures+"; ", "; ") + err.Error()
			failed++
		}
		fmt.Printf("| %s | %s | %s | %s | %.1f |\n", f.Name, f.What, result, strings.ReplaceAll(figures, "\n", " "), time.Since(begun).Seconds())
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d faults were not survived", failed)
	}
	return nil
}
