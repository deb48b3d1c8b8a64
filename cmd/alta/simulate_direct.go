package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"alta/eventstore/embedded"
	"alta/simulate/direct"
)

// runSimulateDirect appends invented applications to the log of an installation
// that does not run, without the interface: for volume. Their documents have a
// description and no bytes.
func runSimulateDirect(ctx context.Context, args []string, out, errOut io.Writer) error {
	var to string
	var count, first, seed uint64
	var concurrency, least int
	cfg, err := parseConfig("simulate --direct", args, errOut, func(fs *flag.FlagSet) {
		fs.Bool("direct", true, "append to the log of --data instead of using the interface")
		fs.Uint64Var(&seed, "seed", 1, "the same seed makes the same merchants")
		fs.Uint64Var(&first, "first", 0, "index of the first merchant")
		fs.Uint64Var(&count, "count", 10, "how many merchants")
		fs.StringVar(&to, "to", "mix", "how far: mix, "+words(direct.Targets()))
		fs.IntVar(&least, "events", 0, "how many events each has at least; shorter lives get remarks")
		fs.IntVar(&concurrency, "concurrency", 16, "how many merchants at once")
	})
	switch {
	case err != nil:
		return err
	case !cfg.Dev:
		return errUsage("simulate --direct fills a log with invented merchants: say --dev, and never do it where real ones are")
	case to != "mix" && !slices.Contains(direct.Targets(), to):
		return errUsage("--to must be mix or one of %s", words(direct.Targets()))
	case least < 0 || least > 1000:
		return errUsage("--events must be between 0 and 1000")
	case concurrency < 1 || concurrency > 256:
		return errUsage("--concurrency must be between 1 and 256")
	case cfg.EventStore == "" && errors.Is(embedded.Idle(storeDir(cfg.Data)), embedded.ErrLocked):
		return errUsage("simulate --direct: Alta runs in %s; stop it first", cfg.Data)
	}
	p, err := openForFilling(ctx, cfg, slog.New(slog.NewTextHandler(errOut, nil)))
	if err != nil {
		return err
	}
	target := direct.AnyTarget
	if to != "mix" {
		target = func(uint64) string { return to }
	}
	var lives, events atomic.Int64
	begun := time.Now()
	codec := sealing{p.vault}
	maker := direct.New(seed, p.now(), p.rules())
	maker.Least = least
	err = maker.Fill(ctx, p.log, codec.encode, first, count, concurrency, target, func(l *direct.Life) {
		events.Add(int64(l.Events))
		if n := lives.Add(1); n%50_000 == 0 {
			fmt.Fprintf(errOut, "%d applications, %d events, %s\n", n, events.Load(), time.Since(begun).Round(time.Second))
		}
	})
	if err = errors.Join(err, p.Close()); err != nil {
		return err
	}
	took := time.Since(begun)
	_, err = fmt.Fprintf(out, "%d applications with %d events in %s (%.0f events/s)\n",
		lives.Load(), events.Load(), took.Round(time.Millisecond), float64(events.Load())/took.Seconds())
	return err
}

// openForFilling opens the log, the vault and the rules, and nothing that people
// would use.
func openForFilling(ctx context.Context, cfg config, logger *slog.Logger) (*program, error) {
	p := &program{cfg: cfg, logger: logger, now: cfg.clock}
	for _, open := range []func() error{
		func() error { return os.MkdirAll(cfg.Data, 0o700) },
		p.openLog,
		func() error { return p.compareLog(ctx) },
		func() error { return p.openVault(ctx) },
		p.openRules,
	} {
		if err := open(); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}
