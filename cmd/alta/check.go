package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"alta/domain/identifier"
)

// runCheck is `alta check <kind> <value> [other]`: one JSON object with what
// the rules say of the value. It succeeds whenever the check ran, whatever was
// found, so that scripts tell a bad value from a bad call by the exit status.
func runCheck(_ context.Context, args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	moment := flags.String("at", "", "the `moment` that counts as now, RFC 3339 (default: now)")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		checkUsage(out, flags)
		return nil
	} else if err != nil {
		return errUsage("check: %w", err)
	}
	at := time.Now()
	if *moment != "" {
		t, err := time.Parse(time.RFC3339, *moment)
		if err != nil {
			return errUsage("check: --at %q is no RFC 3339 moment such as 2026-11-23T10:00:00+08:00", *moment)
		}
		at = t
	}
	args = flags.Args()
	if len(args) > 1 && args[1] == "--" { // nothing behind the kind is a flag anyway
		args = slices.Delete(args, 1, 2)
	}
	if len(args) == 0 {
		checkUsage(errOut, flags)
		return errUsage("check: the kind is missing")
	}
	kind, err := identifier.FindKind(args[0])
	switch {
	case err != nil:
		return errUsage("check: %w", err)
	case len(args) < 2:
		return errUsage("check: the value is missing: alta check %s <value>", kind.Kind)
	case len(args) < 3 && kind.Must:
		return errUsage("check: the second value is missing: alta check %s <value> <%s>", kind.Kind, kind.Other)
	case len(args) > 3:
		return errUsage("check: too many values; quote a value that has spaces")
	case len(args) == 3 && args[2] != "" && kind.Other == "":
		return errUsage("check: %s takes one value; quote a value that has spaces", kind.Kind)
	}
	other := ""
	if len(args) == 3 {
		other = args[2]
	}
	result, err := identifier.Check(kind.Kind, args[1], other, at)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(result)
}

func checkUsage(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprintln(w, "usage: alta check [--at <RFC 3339>] <kind> <value> [other]")
	fmt.Fprintln(w)
	for _, k := range identifier.Kinds() {
		fmt.Fprintf(w, "  %-18s %s\n", k.Kind, k.About)
		if k.Other != "" {
			fmt.Fprintf(w, "  %-18s   other: %s\n", "", k.Other)
		}
	}
	fmt.Fprintln(w)
	flags.SetOutput(w)
	flags.PrintDefaults()
}
