// Command benchqueues measures queues, lists and searches over many open
// applications while commands come in, through the public interface of the real
// program, and the same lists on PostgreSQL. scripts/bench queues runs it.
//
// The applications are invented by `alta simulate --direct`: decided by the real
// rules, sealed by the real vault, appended to the real log, only without the
// bytes of their documents. Everything runs on this machine and shares its
// processors: the program, Redis, PostgreSQL and the callers.
//
// What is told: how long filling and rebuilding take, what an application costs in
// Redis and in the program, how long each list takes its caller under load, how
// long an acknowledged command takes until a list shows it, and PostgreSQL's time
// for the same rows and totals, asked directly and without the interface.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"alta/scripts/measure"
)

// sizes are how much is measured.
type sizes struct {
	alta         string // the program
	dir          string
	data         string // an installation that is filled already
	applications int
	events       int // of one application, at least
	commands     int // a second
	span         time.Duration
	rebuildOf    int // applications of the smaller rebuild
	short        bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "benchqueues:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	var s sizes
	fs := flag.NewFlagSet("bench queues", flag.ContinueOnError)
	fs.StringVar(&s.alta, "alta", "", "the program")
	fs.StringVar(&s.dir, "dir", "", "directory for what is made; the system's for temporary files when empty")
	fs.StringVar(&s.data, "data", "", "an installation that `alta simulate --direct` has filled already, instead of filling one; it is changed")
	fs.IntVar(&s.applications, "applications", 1_000_000, "open applications")
	fs.IntVar(&s.events, "events", 20, "events of each at least")
	fs.IntVar(&s.commands, "commands", 500, "commands a second while lists are read")
	fs.DurationVar(&s.span, "span", 90*time.Second, "how long lists are read")
	fs.IntVar(&s.rebuildOf, "rebuild-of", 100_000, "applications of the smaller rebuild; 0 for none")
	fs.BoolVar(&s.short, "short", false, "measure next to nothing, only check that all is right")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 || s.alta == "" {
		return errors.New("usage: bench queues [--short] [--applications N] [--events N] [--commands N] [--span D] [--rebuild-of N] [--data DIR] [--dir DIR]")
	}
	if s.short {
		s.applications, s.commands, s.span, s.rebuildOf = 1500, 40, 6*time.Second, 0
	}
	dir, err := os.MkdirTemp(s.dir, "alta-queues-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// PostgreSQL does not run as root, so its user must get to its directory.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	r := &measure.Report{Short: s.short}
	defer r.Print()
	if s.rebuildOf > 0 {
		if err := smaller(ctx, s, dir, r); err != nil {
			return err
		}
	}
	return larger(ctx, s, dir, r)
}

// smaller measures a rebuild alone.
func smaller(ctx context.Context, s sizes, dir string, r *measure.Report) (err error) {
	i := &installation{alta: s.alta, data: filepath.Join(dir, "smaller")}
	if err := i.fill(ctx, s.rebuildOf, s.events, r); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(i.data)) }()
	server, err := startRedis(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	var rates, seconds measure.Series
	for range 3 {
		took, err := i.rebuild(ctx, server, r)
		if err != nil {
			return err
		}
		rates, seconds = append(rates, float64(i.events)/took.Seconds()), append(seconds, took.Seconds())
	}
	r.Goal(fmt.Sprintf("rebuild of %d applications ≤ 12 s", s.rebuildOf), seconds.Median() <= 12, "%s s", seconds.Spread("%.1f"))
	r.Goal("rebuild ≥ 200,000 events/s", rates.Median() >= 200_000, "%s", rates.Spread("%.0f"))
	return nil
}

// larger measures everything over all applications.
func larger(ctx context.Context, s sizes, dir string, r *measure.Report) (err error) {
	i := &installation{alta: s.alta, data: s.data}
	if i.data == "" {
		i.data = filepath.Join(dir, "data")
		if err := i.fill(ctx, s.applications, s.events, r); err != nil {
			return err
		}
	}
	server, err := startRedis(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if _, err := i.rebuild(ctx, server, r); err != nil {
		return err
	}
	if err := server.tell(ctx, i, r); err != nil {
		return err
	}
	if err := i.recount(ctx, server, r); err != nil {
		return err
	}
	if err := i.start(ctx, server, filepath.Join(dir, "alta.log")); err != nil {
		return err
	}
	lists, err := i.measure(ctx, server, s, r)
	if err = errors.Join(err, i.stop()); err != nil {
		return err
	}
	return compare(ctx, s, dir, server, lists, r)
}
