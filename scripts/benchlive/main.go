// Command benchlive opens thousands of real connections to the stream of changes
// of a running Alta, lets changes happen, and prints what a connection costs and
// how soon each change is heard. scripts/bench live runs it.
//
// The server is the program as it ships, in a process of its own, on its own data
// directory and with a private Redis; listeners and load are in this process, so
// that the server's memory and time are its own. All listeners count what they
// hear and check that its places in the record rise; every fortieth reads all of
// it and times it, from when the writer got its answer. Some go away under the
// load and come back naming what they heard last: they must have heard everything
// in the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"alta/scripts/measure"
	"alta/simulate/drive"
)

// sizes are how much is measured.
type sizes struct {
	short        bool
	listeners    int
	applications int
	rate         int // changes a second
	span         time.Duration
	alta         string // the program
}

// timed is how many listeners share one that reads and times everything.
const timed = 40

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "benchlive:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	s := sizes{}
	fs := flag.NewFlagSet("bench live", flag.ContinueOnError)
	fs.BoolVar(&s.short, "short", false, "few listeners for a few seconds, only check that all is right")
	fs.IntVar(&s.listeners, "listeners", 2000, "open connections")
	fs.IntVar(&s.applications, "applications", 400, "among which the changes happen")
	fs.IntVar(&s.rate, "rate", 100, "changes a second")
	fs.DurationVar(&s.span, "span", 20*time.Second, "length of the load")
	fs.StringVar(&s.alta, "alta", "", "the program; built by the script")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if s.short {
		s.listeners, s.applications, s.rate, s.span = min(s.listeners, 200), min(s.applications, 60), min(s.rate, 50), min(s.span, 3*time.Second)
	}
	home, err := os.MkdirTemp("", "alta-live-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	data := filepath.Join(home, "data")
	fill := exec.CommandContext(ctx, s.alta, "simulate", "--direct", "--dev", "--data", data, "--count", strconv.Itoa(s.applications), "--to", "qualification")
	if out, err := fill.CombinedOutput(); err != nil {
		return fmt.Errorf("fill the log: %w: %s", err, out)
	}
	srv, err := startServer(ctx, s.alta, home, data)
	if err != nil {
		return err
	}
	defer srv.stop()
	return errors.Join(measureAll(ctx, s, srv), srv.failure())
}

// measureAll measures without listeners, with them idle, and with them under the
// same load.
func measureAll(ctx context.Context, s sizes, srv *server) error {
	client, err := drive.NewClient(srv.address)
	if err != nil {
		return err
	}
	people := map[string]*drive.Person{}
	for _, name := range []string{"reviewer", "reviewer2", "lead", "lead2", "auditor", "agent"} {
		if people[name], err = client.LogIn(ctx, name+"@demo.alta.example", demoPassword); err != nil {
			return err
		}
	}
	load, err := newLoad(ctx, people["lead"], s)
	if err != nil {
		return err
	}
	r := &measure.Report{Short: s.short}
	warm := min(s.span, 5*time.Second)
	if err := load.run(ctx, warm); err != nil { // caches and heap grow to their size
		return err
	}
	quiet, err := srv.during(func() error { return load.run(ctx, warm) })
	if err != nil {
		return err
	}
	before, err := srv.memory()
	if err != nil {
		return err
	}
	if err := srv.forgetPeak(); err != nil {
		return err
	}
	load.forget()
	ears, err := openAll(ctx, s.listeners, srv.host(), people, load.when)
	if err != nil {
		return err
	}
	defer ears.close()
	idle, err := srv.memory()
	if err != nil {
		return err
	}
	var wander sync.WaitGroup
	wander.Go(func() { ears.wander(ctx, s.span) })
	busy, err := srv.during(func() error { return load.run(ctx, s.span) })
	wander.Wait()
	if err != nil {
		return err
	}
	if err := ears.settle(ctx, load.last()); err != nil {
		return err
	}
	loaded, err := srv.memory()
	if err != nil {
		return err
	}
	heard := ears.sum()
	per := float64(loaded.peak-before.now) / float64(s.listeners)
	measure.Table(fmt.Sprintf("%d listeners, %d changes a second, %s", s.listeners, s.rate, s.span), [][]string{
		{"server's memory, nobody listens", mb(before.now)},
		{"all listen, nothing happens", mb(idle.now)},
		{"at most under the load", mb(loaded.peak)},
		{"of that for one connection, idle", kb(float64(idle.now-before.now) / float64(s.listeners))},
		{"and under the load", kb(per)},
		{"changes made", strconv.Itoa(load.count())},
		{"messages heard by all", strconv.FormatInt(heard.messages, 10)},
		{"of a change heard after, median", heard.at(0.5)},
		{"99 of 100", heard.at(0.99)},
		{"at most", heard.at(1)},
		{"processor, load alone", fmt.Sprintf("%.0f %% of a core", 100*quiet)},
		{"processor, load and listeners", fmt.Sprintf("%.0f %% of a core", 100*busy)},
		{"listeners let go and back again", strconv.FormatInt(heard.returned, 10)},
	})
	r.Goal("2,000 connections within 200 MB", loaded.peak-before.now <= 200<<20, "%s more than before", mb(loaded.peak-before.now))
	r.Goal("heard within a second, 99 of 100", heard.percentile(0.99) <= time.Second, "%s", heard.at(0.99))
	r.Print()
	return ears.verify(load)
}

func mb(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

func kb(n float64) string { return fmt.Sprintf("%.1f KB", n/(1<<10)) }
