package main

import (
	"context"
	"flag"
	"io"
	"time"

	"alta/simulate/tour"
)

func runTour(ctx context.Context, args []string, out, errOut io.Writer) error {
	t := tour.Tour{Day: time.Now(), Out: out}
	var timeout time.Duration
	fs := flag.NewFlagSet("alta tour", flag.ContinueOnError)
	fs.SetOutput(errOut)
	fs.StringVar(&t.API, "api", env("ALTA_API", "http://127.0.0.1:8080"), "address of the server (ALTA_API); it must run with --dev, because links and codes come by mail")
	fs.Uint64Var(&t.Seed, "seed", uint64(time.Now().UnixNano()), "of the two merchants; a tour repeated with the same seed finds them active already")
	fs.BoolVar(&t.Small, "small", false, "draw papers at half size")
	fs.DurationVar(&timeout, "timeout", 10*time.Minute, "stop after this time")
	peopleFlags(fs, &t.People)
	if err := fs.Parse(args); err != nil {
		return errUsage("%s", err)
	}
	if fs.NArg() > 0 {
		return errUsage("tour takes no argument %q", fs.Arg(0))
	}
	ctx, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	return t.All(ctx)
}
