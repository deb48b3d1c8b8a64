package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"alta/domain/calendar"
	"alta/durable"
	"alta/reactions"
)

// keptCalendar is where an import keeps the calendar that it replaces: deadlines
// were computed with it, and are recomputed from it.
func keptCalendar(file, version string) string {
	return file + ".was-" + url.PathEscape(version)
}

// keepCalendar writes that file, unless it is there.
func keepCalendar(file string, c calendar.Calendar) error {
	name := keptCalendar(file, c.Version)
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	data, err := json.MarshalIndent(c.Document(), "", "  ")
	if err != nil {
		return err
	}
	return durable.Replace(name, append(data, '\n'), 0o644)
}

// runCalendarApply is `alta calendar apply`: it moves the open deadlines of the
// platform to where the calendar in use puts them, or lists which would move.
func runCalendarApply(ctx context.Context, args []string, out, errOut io.Writer) error {
	var dry bool
	cfg, err := parseConfig("calendar apply", args, errOut, func(fs *flag.FlagSet) {
		fs.BoolVar(&dry, "dry-run", false, "list which deadlines would move, and move none")
	})
	if err != nil {
		return err
	}
	what := "calendar"
	if dry {
		what = "calendar-dry"
	}
	if runs, err := inUse(ctx, cfg); err != nil {
		return err
	} else if runs {
		return rebuildRunning(ctx, cfg.Data, what, out)
	}
	p, err := open(ctx, cfg, slog.New(slog.NewTextHandler(errOut, nil)))
	if err != nil {
		return err
	}
	return errors.Join(p.applyCalendar(ctx, dry, out), p.Close())
}

// answerCalendar is the running process's side.
func (p *program) answerCalendar(dry bool) func(ctx context.Context, path string) error {
	return func(ctx context.Context, path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(p.applyCalendar(ctx, dry, f), f.Close())
	}
}

// applyCalendar reads the calendar's file again, puts it in force in this
// process, and recomputes the open deadlines; a dry run does neither and tells
// what would happen.
func (p *program) applyCalendar(ctx context.Context, dry bool, out io.Writer) error {
	before := p.rules()
	rules, err := p.readRules()
	if err != nil {
		return err
	}
	if !dry {
		p.inForce.Store(&rules)
	}
	known, err := keptCalendars(p.cfg.Calendar, before.Calendar)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	zone := rules.Calendar.Zone()
	told := false
	sum, err := reactions.Recalendar{
		Log: p.log, Rules: rules, Now: p.now,
		Old: func(version string) (calendar.Calendar, bool) { c, ok := known[version]; return c, ok },
	}.Run(ctx, dry, func(m reactions.MovedDeadline) error {
		if !told {
			told = true
			fmt.Fprintln(w, "MERCHANT NUMBER\tSTAGE\tWAS DUE\tIS DUE\tAPPLICATION")
		}
		_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", m.MerchantNumber, m.Stage,
			m.Was.In(zone).Format(time.RFC3339), m.Is.In(zone).Format(time.RFC3339), m.Application)
		return err
	})
	if err := errors.Join(err, w.Flush()); err != nil {
		return err
	}
	verb := "moved"
	if dry {
		verb = "would move"
	}
	fmt.Fprintf(out, "calendar %s: %d of %d deadlines that run by an older one %s\n", rules.Calendar.Version, sum.Moved, sum.Running, verb)
	for _, version := range slices.Sorted(maps.Keys(sum.Unknown)) {
		fmt.Fprintf(out, "%d were computed with calendar %s, which is not at hand, and stay; put its document at %s and repeat\n",
			sum.Unknown[version], version, keptCalendar(cmp.Or(p.cfg.Calendar, "the calendar's file"), version))
	}
	return nil
}

// keptCalendars are the calendars that deadlines may have been computed with: the
// built-in one, that of this process so far, and those that imports kept.
func keptCalendars(file string, now calendar.Calendar) (map[string]calendar.Calendar, error) {
	known := map[string]calendar.Calendar{now.Version: now}
	for _, c := range calendar.BuiltIn() {
		known[c.Version] = c
	}
	if file == "" {
		return known, nil
	}
	files, err := filepath.Glob(keptCalendar(file, "") + "*")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		c, err := openCalendar(name)
		if err != nil {
			return nil, err
		}
		known[c.Version] = c
	}
	return known, nil
}
