package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"alta/eventstore/embedded"
	"alta/projections"
)

// runRebuild builds everything that people see anew from the log, beside what
// they see now, and switches; with --check it only compares the two.
func runRebuild(ctx context.Context, args []string, out, errOut io.Writer) error {
	var check bool
	var only string
	cfg, err := parseConfig("rebuild", args, errOut, func(fs *flag.FlagSet) {
		fs.BoolVar(&check, "check", false, "compare what people see with a rebuild, byte for byte, and change nothing")
		fs.StringVar(&only, "only", "", "lists or statistics; empty: both")
	})
	if err != nil {
		return err
	}
	if only != "" && only != "lists" && only != "statistics" || only != "" && check {
		return errUsage("--only must be lists or statistics, and has nothing to do with --check")
	}
	what := "rebuild"
	if check {
		what = "rebuild-check"
	}
	runs, err := inUse(ctx, cfg)
	switch {
	case err != nil:
		return err
	case runs && only != "":
		return errUsage("rebuild --only: Alta runs in %s, and builds both; leave --only away or stop it first", cfg.Data)
	case runs:
		return rebuildRunning(ctx, cfg.Data, what, out)
	}
	if cfg.Redis == "" {
		return errUsage("rebuild: Alta does not run in %s, and a private Redis is built anew at every start; name the shared one with --redis", cfg.Data)
	}
	p, err := open(ctx, cfg, slog.New(slog.NewTextHandler(errOut, nil)))
	if err != nil {
		return err
	}
	return errors.Join(p.rebuild(ctx, check, only, out), p.Close())
}

// inUse reports whether a process runs from a data directory, which is then asked
// instead: it has the embedded log open, or serves from there with a log on a server.
func inUse(ctx context.Context, cfg config) (bool, error) {
	if cfg.EventStore == "" {
		if err := embedded.Idle(storeDir(cfg.Data)); errors.Is(err, embedded.ErrLocked) {
			return true, nil
		} else if err != nil {
			return false, err
		}
	}
	return running(ctx, cfg.Data)
}

// rebuild does it with what this process has open.
func (p *program) rebuild(ctx context.Context, check bool, only string, out io.Writer) error {
	if only == "statistics" {
		return p.recount(ctx, out)
	}
	r := &projections.Runner{
		Store: p.store, Log: p.log, Decode: p.runner.Decode, Readable: readable, Watched: watched, Index: p.runner.Index, Now: p.now, Logger: p.logger,
	}
	begun := time.Now()
	if check {
		if err := p.awaitLists(ctx, out); err != nil {
			return err
		}
		// What it meets the projector has logged; a comparison has its own report.
		r.Beside, r.Logger = p.runner, slog.New(slog.DiscardHandler)
		c, err := r.Check(ctx)
		if err != nil {
			return err
		}
		return errors.Join(printComparison(out, c, time.Since(begun)), p.printAsides(ctx, out))
	}
	if err := r.Rebuild(ctx); err != nil {
		return err
	}
	s := r.Stats()
	at, err := p.store.Position(ctx)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "built %d applications up to %s in %s and switched\n", s.Built, at, time.Since(begun).Round(time.Millisecond)); err != nil {
		return err
	}
	if err := p.printAsides(ctx, out); err != nil || only == "lists" {
		return err
	}
	return p.recount(ctx, out)
}

// buildPatience is how long a comparison waits for a build under way.
const buildPatience = 10 * time.Minute

// awaitLists waits until there are lists to compare: in the first seconds of a process
// they are being built.
func (p *program) awaitLists(ctx context.Context, out io.Writer) error {
	waiting, stop := context.WithTimeout(ctx, buildPatience)
	defer stop()
	for said := false; ; {
		_, err := p.store.Position(waiting)
		if !errors.Is(err, projections.ErrRebuilding) {
			return err
		}
		if !said {
			said = true
			if _, err := fmt.Fprintln(out, "the lists are being built: waiting until they are"); err != nil {
				return err
			}
		}
		if !pause(waiting, 100*time.Millisecond) {
			return fmt.Errorf("after %s: %w", buildPatience, projections.ErrRebuilding)
		}
	}
}

// rebuildRunning has the process that has the log open do it. What it says comes
// in a file, because the control socket answers one word.
func rebuildRunning(ctx context.Context, data, what string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "alta-rebuild-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	report := filepath.Join(dir, "report")
	failed := askRunning(ctx, data, what, report)
	b, err := os.ReadFile(report)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(failed, err)
	}
	_, err = out.Write(b)
	return errors.Join(failed, err)
}

// answerRebuild is the running process's side.
func (p *program) answerRebuild(check bool) func(ctx context.Context, path string) error {
	return func(ctx context.Context, path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(p.rebuild(ctx, check, "", f), f.Close())
	}
}

var errDiffers = errors.New("what people see is not what a rebuild makes; run alta rebuild, and report this")

func printComparison(out io.Writer, c projections.Comparison, took time.Duration) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "at %s, in %s\n", c.Position, took.Round(time.Millisecond))
	fmt.Fprintln(w, "KIND\tKEYS\tENTRIES\tLIVE\tREBUILT\t")
	kinds := maps.Clone(c.Live)
	maps.Copy(kinds, c.Rebuilt)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		live, rebuilt := c.Live[kind], c.Rebuilt[kind]
		verdict := "same"
		if live != rebuilt {
			verdict = fmt.Sprintf("DIFFERS: %d keys, %d entries", rebuilt.Keys, rebuilt.Entries)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%x\t%x\t%s\n", kind, live.Keys, live.Entries, live.Sum[:8], rebuilt.Sum[:8], verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !c.Equal() {
		return errDiffers
	}
	return nil
}
