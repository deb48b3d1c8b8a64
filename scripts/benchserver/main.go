// Command benchserver measures what a decision costs the server that holds the log:
// the processor time of a process that offers the embedded log over the wire, while
// Alta runs beside it with all its parts, and with the interface alone. What the
// parts read is the difference. scripts/bench server runs it.
//
// Every decision moves an application up or down over HTTP; in the end each must have
// the priority that it was given last.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"alta/eventstore"
	"alta/scripts/faultskit"
	"alta/scripts/measure"
	"alta/simulate/drive"
)

// goal is how much more a decision may cost the server with all parts.
const goal = 1.15

// demoPassword is that of the people that --demo makes.
const demoPassword = "harbour lantern 42"

type sizes struct {
	short                           bool
	applications, decisions, rounds int
	rest                            time.Duration
	alta, nodetest                  string // programs
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "benchserver:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	s := sizes{}
	fs := flag.NewFlagSet("bench server", flag.ContinueOnError)
	fs.BoolVar(&s.short, "short", false, "few decisions, only check that all is right")
	fs.IntVar(&s.applications, "applications", 100, "among which the decisions are")
	fs.IntVar(&s.decisions, "decisions", 4000, "of one measurement")
	fs.IntVar(&s.rounds, "rounds", 3, "measurements of each kind")
	fs.DurationVar(&s.rest, "rest", 10*time.Second, "how long the server is watched without decisions")
	fs.StringVar(&s.alta, "alta", "", "the program; built by the script")
	fs.StringVar(&s.nodetest, "nodetest", "", "the server; built by the script")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if s.short {
		s.applications, s.decisions, s.rounds, s.rest = min(s.applications, 20), min(s.decisions, 100), 1, time.Second
	}
	home, err := os.MkdirTemp("", "alta-server-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	alta, err := faultskit.NewServer(s.alta, home, "--demo", "--limit-factor", "1000")
	if err != nil {
		return err
	}
	fill := exec.CommandContext(ctx, s.alta, "simulate", "--direct", "--dev", "--data", alta.Data(), "--count", strconv.Itoa(s.applications), "--to", "qualification")
	if out, err := fill.CombinedOutput(); err != nil {
		return fmt.Errorf("fill the log: %w: %s", err, out)
	}
	dir := filepath.Join(home, "server")
	present := filepath.Join(dir, "present") // where the server looks for its log
	if err := errors.Join(os.MkdirAll(present, 0o700), os.Rename(filepath.Join(alta.Data(), "log"), filepath.Join(present, "log"))); err != nil {
		return err
	}
	srv, err := startServer(s.nodetest, dir)
	if err != nil {
		return err
	}
	defer srv.stop()
	alta.Flags = append(alta.Flags, "--eventstore", srv.connection)

	w := &work{alta: alta, server: srv, revisions: map[string]int64{}, decided: map[string]int{}}
	if err := w.find(ctx); err != nil {
		return err
	}
	flags := alta.Flags
	kinds := []string{"api", ""}
	cost := map[string]*costs{"api": {}, "": {}}
	for range s.rounds {
		for _, parts := range kinds {
			alta.Flags = flags
			if parts != "" {
				alta.Flags = append(flags[:len(flags):len(flags)], "--parts", parts)
			}
			if err := w.measure(ctx, s, cost[parts]); err != nil {
				return fmt.Errorf("parts %q: %w", parts, err)
			}
		}
		slices.Reverse(kinds) // whatever else the machine does falls on both
	}
	r := &measure.Report{Short: s.short}
	alone, all := cost["api"], cost[""]
	row := func(what, format string, of func(*costs) measure.Series) []string {
		times := "–"
		if slices.Min(of(alone)) > 0 {
			times = of(all).Over(of(alone)).Spread("%.2f")
		}
		return []string{what, of(alone).Spread(format), of(all).Spread(format), times}
	}
	measure.Table(fmt.Sprintf("processor of the server, %d decisions among %d applications, %d times each: the middle (smallest–largest)", s.decisions, len(w.ids), s.rounds), [][]string{
		{"", "interface alone", "all parts", "times"},
		row("a decision, ms", "%.3f", func(c *costs) measure.Series { return c.decision }),
		row("of that in the kernel, ms", "%.3f", func(c *costs) measure.Series { return c.system }),
		row("events stored for a decision", "%.3f", func(c *costs) measure.Series { return c.events }),
		row("a second without decisions, ms", "%.1f", func(c *costs) measure.Series { return c.second }),
		row("a decision without what its seconds cost anyway, ms", "%.3f", func(c *costs) measure.Series { return c.apart }),
		row("decisions a second", "%.0f", func(c *costs) measure.Series { return c.rate }),
		row("a start, once for every event read, ms", "%.0f", func(c *costs) measure.Series { return c.start }),
	})
	ratio := all.decision.Median() / alone.decision.Median()
	r.Goal("a decision costs the server at most 1.15 times with all parts", ratio <= goal, "%.2f times", ratio)
	r.Print()
	return nil
}

// costs is what the server spent on Alta with some parts, in milliseconds, a value a
// round.
type costs struct {
	start    measure.Series // until there was nothing to do, with a decision on every application
	decision measure.Series // all that was spent meanwhile, for each decision
	system   measure.Series // of that, in the kernel
	events   measure.Series // stored meanwhile, for each decision
	second   measure.Series // of one without decisions
	apart    measure.Series // decision, without second for as long as it took
	rate     measure.Series // decisions a second
}

// work is decisions made over HTTP, and what is known of the applications.
type work struct {
	alta   *faultskit.Server
	server *server
	ids    []string

	mu        sync.Mutex
	revisions map[string]int64
	decided   map[string]int // the last priority of each
	from, to  uint64         // where the first decision of a measurement was stored, and the last
}

// find lists the applications, for which all parts must run once.
func (w *work) find(ctx context.Context) error {
	return w.with(ctx, func(lead *drive.Person) error {
		return faultskit.Until(ctx, "the list is built", func() (bool, error) {
			w.ids = nil
			for cursor := ""; ; {
				var page struct {
					Rows []struct{ ID string }
					Next string
				}
				path := "/v1/queues/qualification?limit=200"
				if cursor != "" {
					path += "&cursor=" + cursor
				}
				if _, err := lead.Get(ctx, path, &page); err != nil {
					return false, nil // it is being built
				}
				for _, r := range page.Rows {
					w.ids = append(w.ids, r.ID)
				}
				if cursor = page.Next; cursor == "" {
					return len(w.ids) > 0, nil
				}
			}
		})
	})
}

// with runs Alta while do works with it as a lead.
func (w *work) with(ctx context.Context, do func(*drive.Person) error) (err error) {
	if err := w.alta.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.alta.Stop()) }()
	client, err := drive.NewClient(w.alta.Address)
	if err != nil {
		return err
	}
	lead, err := client.LogIn(ctx, "lead@demo.alta.example", demoPassword)
	if err != nil {
		return err
	}
	return do(lead)
}

// measure adds what the server spends on one life of Alta.
func (w *work) measure(ctx context.Context, s sizes, into *costs) error {
	begun, err := w.server.spent()
	if err != nil {
		return err
	}
	return w.with(ctx, func(lead *drive.Person) error {
		if err := w.decide(ctx, lead, len(w.ids)); err != nil { // every one is read for once
			return err
		}
		if err := w.server.rests(ctx); err != nil {
			return err
		}
		before, berr := w.server.spent()
		from := time.Now()
		w.from = math.MaxUint64
		if err := errors.Join(berr, w.decide(ctx, lead, s.decisions)); err != nil {
			return err
		}
		stored, decided := w.to-w.from+1, time.Since(from)
		if err := w.server.rests(ctx); err != nil {
			return err
		}
		after, aerr := w.server.spent()
		took := time.Since(from)
		time.Sleep(s.rest)
		end, eerr := w.server.spent()
		n, second := float64(s.decisions), (end.all()-after.all())/s.rest.Seconds()
		into.start = append(into.start, before.all()-begun.all())
		into.decision = append(into.decision, (after.all()-before.all())/n)
		into.system = append(into.system, (after.system-before.system)/n)
		into.events = append(into.events, float64(stored)/n)
		into.second = append(into.second, second)
		into.apart = append(into.apart, (after.all()-before.all()-second*took.Seconds())/n)
		into.rate = append(into.rate, n/decided.Seconds())
		return errors.Join(aerr, eerr, w.check(ctx, lead))
	})
}

// check compares every application with the last decision on it.
func (w *work) check(ctx context.Context, lead *drive.Person) error {
	for _, id := range w.ids {
		var a struct{ Priority int }
		reply, err := lead.Get(ctx, "/v1/applications/"+id, &a)
		if err != nil {
			return err
		}
		if a.Priority != w.decided[id] || reply.Revision < w.revisions[id] {
			return fmt.Errorf("application %s has priority %d at revision %d, and was given %d at %d", id, a.Priority, reply.Revision, w.decided[id], w.revisions[id])
		}
	}
	return nil
}

// writers decide at once, each on applications of its own.
const writers = 4

func (w *work) decide(ctx context.Context, lead *drive.Person, decisions int) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for n := i; n < decisions && ctx.Err() == nil; n += writers {
				if err := w.one(ctx, lead, i, n); err != nil {
					stop(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

func (w *work) one(ctx context.Context, lead *drive.Person, writer, n int) error {
	mine := (len(w.ids) - writer + writers - 1) / writers // ids writer, writer+writers, …
	id := w.ids[writer+n/writers%mine*writers]
	w.mu.Lock()
	priority, before := 1+w.decided[id]%9, w.revisions[id] // another one each time, so each is an event
	w.mu.Unlock()
	reply, err := lead.Do(ctx, drive.Request{
		Method: http.MethodPut, Path: "/v1/applications/" + id + "/priority", Body: map[string]int{"priority": priority},
	}, nil)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revisions[id] = reply.Revision
	w.decided[id] = priority
	at, err := eventstore.ParsePosition(reply.Position)
	if err != nil {
		return fmt.Errorf("application %s: %w", id, err)
	}
	w.from, w.to = min(w.from, at.Commit), max(w.to, at.Commit)
	if reply.Revision <= before {
		return fmt.Errorf("application %s was at revision %d and is at %d after another decision", id, before, reply.Revision)
	}
	return nil
}

// server is the process that offers the log.
type server struct {
	cmd        *exec.Cmd
	in         io.Closer
	connection string
}

func startServer(program, dir string) (*server, error) {
	s := &server{cmd: exec.Command(program, "-dir", dir, "-nodes", "1", "-simple")}
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.in = in
	line, err := bufio.NewReader(out).ReadString('\n')
	if s.connection = strings.TrimSpace(line); err != nil {
		return nil, fmt.Errorf("the server did not start: %w", errors.Join(err, s.stop()))
	}
	return s, nil
}

func (s *server) stop() error { return errors.Join(s.in.Close(), s.cmd.Wait()) }

// spent is processor time, in milliseconds.
type spent struct{ user, system float64 }

func (s spent) all() float64 { return s.user + s.system }

// spent is the processor time of the process so far.
func (s *server) spent() (spent, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return spent{}, err
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return spent{}, errors.New("/proc/…/stat is of another form")
	}
	user, err := strconv.ParseFloat(f[11], 64) // in hundredths of a second
	system, serr := strconv.ParseFloat(f[12], 64)
	return spent{10 * user, 10 * system}, errors.Join(err, serr)
}

// rests waits until the server has nearly nothing to do.
func (s *server) rests(ctx context.Context) error {
	last, quiet := -1.0, 0
	return faultskit.Until(ctx, "the server rests", func() (bool, error) {
		now, err := s.spent()
		if now.all()-last > 20 || last < 0 {
			quiet = 0
		} else {
			quiet++
		}
		last = now.all()
		time.Sleep(200 * time.Millisecond)
		return quiet > 5, err
	})
}
