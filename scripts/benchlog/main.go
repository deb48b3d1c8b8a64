// Command benchlog measures the event log beside PostgreSQL and SQLite, in turn,
// in one run, on the same disk, with every append synced before it is
// acknowledged. scripts/bench log runs it.
//
// What is compared is the same work: one event of 600 bytes in one append, guarded
// by its stream's revision, durable when acknowledged; and reading everything in
// order. The engine runs as in production, with the Merkle tree and its signed
// checkpoints. The rivals are spared what an event log needs beyond that: they
// recognise no repeated append, keep no tree, and PostgreSQL's positions may show
// gaps to readers.
//
// Subjects alternate over several rounds, so that what else the machine does hits
// all of them; ratios are taken within a round, and printed as median and spread.
package main

import (
	"alta/scripts/measure"
	"alta/scripts/pgserver"

	"context"
	"errors"
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

// sizes are how much is measured.
type sizes struct {
	short   bool
	rounds  int
	span    time.Duration // of one measurement
	writers []int
	scan    int // events that are scanned
	opening int // events of the log that is opened
	follow  int // subscribers
	latency int // appends whose delivery is timed
	dir     string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "benchlog:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	s := sizes{writers: []int{1, 16, 128}}
	fs := flag.NewFlagSet("bench log", flag.ContinueOnError)
	fs.BoolVar(&s.short, "short", false, "measure next to nothing, only check that all is right")
	fs.IntVar(&s.rounds, "rounds", 5, "alternating rounds")
	fs.DurationVar(&s.span, "span", 2*time.Second, "length of one measurement of appends")
	fs.IntVar(&s.scan, "scan", 300_000, "events that are scanned")
	fs.IntVar(&s.opening, "opening", 10_000_000, "events of the log whose opening is timed")
	fs.IntVar(&s.follow, "subscribers", 1000, "subscribers whose memory is measured")
	fs.IntVar(&s.latency, "latency", 3000, "appends whose delivery is timed")
	only := fs.String("only", "", "parts to run, separated by commas: appends, scans, latency, followers, opening; all when empty")
	fs.StringVar(&s.dir, "dir", "", "directory on the disk to measure; the system's for temporary files when empty")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return errors.New("usage: bench log [--short] [--rounds N] [--span D] [--scan N] [--opening N] [--subscribers N] [--latency N] [--only PARTS] [--dir DIR]")
	}
	if s.short {
		s.rounds, s.span, s.scan, s.opening, s.follow, s.latency = 1, 200*time.Millisecond, 5_000, 50_000, 100, 100
	}
	dir, err := os.MkdirTemp(s.dir, "alta-bench-")
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
	for _, p := range parts {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), p.name) {
			continue
		}
		if err := p.run(ctx, s, dir, r); err != nil {
			return err
		}
	}
	return nil
}

// parts of a run, in their order.
var parts = []struct {
	name string
	run  func(context.Context, sizes, string, *measure.Report) error
}{{"appends", appends}, {"scans", scans}, {"latency", latency}, {"followers", followers}, {"opening", opening}}

// subject is one way of keeping events.
type subject interface {
	// append stores one event durably: the n-th of a writer.
	append(ctx context.Context, writer, n int) error
	// scan reads all events in order and answers how many there are.
	scan(ctx context.Context) (int, error)
	// fill stores many events as fast as it can.
	fill(ctx context.Context, n int) error
	// restart gives up what it has in memory.
	restart(ctx context.Context) error
	close() error
}

// maker opens a subject in a directory of its own.
type maker struct {
	name string
	open func(ctx context.Context, dir string) (subject, error)
}

func makers(r *measure.Report) []maker {
	all := []maker{
		{engineName, openEngine},
		{wireName, openWire},
	}
	if server, err := pgserver.New(); err != nil {
		r.Once("PostgreSQL is left out: " + err.Error())
	} else {
		cluster := &cluster{Server: server}
		r.Once(cluster.Version())
		all = append(all,
			maker{insertName, func(ctx context.Context, dir string) (subject, error) { return openPostgres(ctx, cluster, dir, false) }},
			maker{groupName, func(ctx context.Context, dir string) (subject, error) { return openPostgres(ctx, cluster, dir, true) }})
	}
	return append(all, maker{sqliteName, openSQLite})
}

// Names in the report.
const (
	engineName = "engine"
	wireName   = "client over wire"
	insertName = "PostgreSQL, insert = commit"
	groupName  = "PostgreSQL, group writer"
	sqliteName = "SQLite, FULL"
)

// openAll opens every subject side by side.
func openAll(ctx context.Context, all []maker, dir string) (open []subject, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll(open))
			open = nil
		}
	}()
	// PostgreSQL's user must get through to its own directory.
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for i, m := range all {
		s, err := m.open(ctx, filepath.Join(dir, fmt.Sprintf("%d", i)))
		if err != nil {
			return open, fmt.Errorf("%s: %w", m.name, err)
		}
		open = append(open, s)
	}
	return open, nil
}

func closeAll(all []subject) error {
	var errs []error
	for _, s := range all {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}
