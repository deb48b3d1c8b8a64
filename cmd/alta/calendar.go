package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"alta/domain/calendar"
	"alta/durable"
)

const calendarUsage = `usage:
  alta calendar add     --from <RFC 3339> --hours N | --days N
  alta calendar between --from <RFC 3339> --to <RFC 3339>
  alta calendar show    [year]
  alta calendar import  FILE [--out FILE]
  alta calendar apply   [--dry-run] [flags of serve]

Every form takes --calendar FILE (or ALTA_CALENDAR): the calendar document to
use instead of the built-in one. N is whole or decimal, and never negative.
add prints the moment; between prints open hours, then the same as business
days. Where the answer rests on a year without a published table, the line
"provisional: true" goes to standard error.
import checks a table, lays it over the calendar in use, and writes the whole to
--out, or else to --calendar; the one before is kept beside it. A table may reach
into the December before and the January after. import lists the days that
change. Open deadlines
stay where they are until apply recomputes them: a running program then uses the
new calendar, the platform keeps the business time it was given, nobody is made
late, and every deadline that moves is listed; with --dry-run none moves.
`

// runCalendar is `alta calendar`: business time from the command line.
func runCalendar(ctx context.Context, args []string, out, errOut io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(errOut, calendarUsage)
		return errUsage("calendar: say add, between, show, import or apply")
	}
	if args[0] == "apply" {
		return runCalendarApply(ctx, args[1:], out, errOut)
	}
	forms := map[string]func([]string, io.Writer, io.Writer) error{
		"add": calendarAdd, "between": calendarBetween, "show": calendarShow, "import": calendarImport,
	}
	switch form := forms[args[0]]; {
	case args[0] == "help" || args[0] == "-h" || args[0] == "--help":
		fmt.Fprint(out, calendarUsage)
		return nil
	case form == nil:
		return errUsage("calendar: there is no form %q; say add, between, show, import or apply", args[0])
	default:
		err := form(args[1:], out, errOut)
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(out, calendarUsage)
			return nil
		}
		return err
	}
}

// calendarFlags parses flags and operands in any order and refuses more than
// most operands.
func calendarFlags(flags *flag.FlagSet, args []string, most int) ([]string, error) {
	flags.SetOutput(io.Discard)
	var operands []string
	for {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, errUsage("calendar %s: %w", flags.Name(), err)
		}
		if args = flags.Args(); len(args) == 0 {
			break
		}
		operands, args = append(operands, args[0]), args[1:]
	}
	if len(operands) > most {
		return nil, errUsage("calendar %s: %q is one argument too many", flags.Name(), operands[most])
	}
	return operands, nil
}

// documentFlag adds --calendar to the flags.
func documentFlag(flags *flag.FlagSet) *string {
	return flags.String("calendar", os.Getenv("ALTA_CALENDAR"), "calendar document (default: built in)")
}

// openCalendar is the calendar in that file, or the built-in one for no file.
func openCalendar(file string) (calendar.Calendar, error) {
	if file == "" {
		return calendar.Default(), nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return calendar.Calendar{}, err
	}
	c, err := calendar.Parse(data)
	if err != nil {
		return calendar.Calendar{}, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

func calendarAdd(args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("add", flag.ContinueOnError)
	file := documentFlag(flags)
	from := flags.String("from", "", "start")
	hours := flags.String("hours", "", "business hours")
	days := flags.String("days", "", "business days")
	if _, err := calendarFlags(flags, args, 0); err != nil {
		return err
	}
	if (*hours == "") == (*days == "") {
		return errUsage("calendar add: say either --hours N or --days N")
	}
	start, err := momentFlag("add", "from", *from)
	if err != nil {
		return err
	}
	c, err := openCalendar(*file)
	if err != nil {
		return err
	}
	span, err := spanFlag(c, *hours, *days)
	if err != nil {
		return err
	}
	m, err := c.Add(start, span)
	if err != nil {
		return errUsage("calendar add: %w", err)
	}
	fmt.Fprintln(out, m.At.Format(time.RFC3339Nano))
	warnProvisional(errOut, m.Provisional)
	return nil
}

func calendarBetween(args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("between", flag.ContinueOnError)
	file := documentFlag(flags)
	from := flags.String("from", "", "start")
	to := flags.String("to", "", "end")
	if _, err := calendarFlags(flags, args, 0); err != nil {
		return err
	}
	start, err := momentFlag("between", "from", *from)
	if err != nil {
		return err
	}
	end, err := momentFlag("between", "to", *to)
	if err != nil {
		return err
	}
	if end.Before(start) {
		return errUsage("calendar between: --to lies before --from")
	}
	c, err := openCalendar(*file)
	if err != nil {
		return err
	}
	e, err := c.Between(start, end)
	if err != nil {
		return errUsage("calendar between: %w", err)
	}
	fmt.Fprintf(out, "%s (%s)\n", e.Time, businessDays(e.Time, c.DayLength()))
	warnProvisional(errOut, e.Provisional)
	return nil
}

// businessDays writes open time as business days and what is left of one, cut
// to minutes: 3 business days 0h30m.
func businessDays(d, day time.Duration) string {
	unit := "business days"
	if d/day == 1 {
		unit = "business day"
	}
	rest := d % day
	return fmt.Sprintf("%d %s %dh%02dm", d/day, unit, rest/time.Hour, rest%time.Hour/time.Minute)
}

func warnProvisional(w io.Writer, provisional bool) {
	if provisional {
		fmt.Fprintln(w, "provisional: true")
	}
}

func momentFlag(form, name, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, errUsage("calendar %s: --%s is missing", form, name)
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, errUsage("calendar %s: --%s %q is no RFC 3339 moment with a zone, such as 2026-11-23T10:00:00+08:00", form, name, s)
	}
	return t, nil
}

func spanFlag(c calendar.Calendar, hours, days string) (calendar.Span, error) {
	if hours != "" {
		whole, part, err := amount("hours", hours, time.Hour)
		return calendar.Span{Time: time.Duration(whole)*time.Hour + part}, err
	}
	whole, part, err := amount("days", days, c.DayLength())
	return calendar.Span{Days: whole, Time: part}, err
}

// amount reads a whole or decimal number exactly, and splits off the part of
// one unit. The bound keeps every product far from overflow.
func amount(name, s string, unit time.Duration) (int, time.Duration, error) {
	if strings.Trim(s, "+-0123456789.") != "" || len(s) > 40 {
		return 0, 0, errUsage("calendar add: --%s %q is no whole or decimal number", name, s)
	}
	r, ok := new(big.Rat).SetString(s)
	switch {
	case !ok:
		return 0, 0, errUsage("calendar add: --%s %q is no whole or decimal number", name, s)
	case r.Sign() < 0:
		return 0, 0, errUsage("calendar add: --%s is negative; only time to come can be added", name)
	case r.Cmp(big.NewRat(calendar.MaxDays, 1)) > 0:
		return 0, 0, errUsage("calendar add: --%s is more than %d", name, calendar.MaxDays)
	}
	whole := new(big.Int).Quo(r.Num(), r.Denom())
	part := new(big.Rat).Sub(r, new(big.Rat).SetInt(whole))
	part.Mul(part, big.NewRat(int64(unit), 1))
	return int(whole.Int64()), time.Duration(new(big.Int).Quo(part.Num(), part.Denom()).Int64()), nil
}

func calendarShow(args []string, out, _ io.Writer) error {
	flags := flag.NewFlagSet("show", flag.ContinueOnError)
	file := documentFlag(flags)
	operands, err := calendarFlags(flags, args, 1)
	if err != nil {
		return err
	}
	c, err := openCalendar(*file)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		showCalendar(out, c, time.Now())
		return nil
	}
	year, err := strconv.Atoi(operands[0])
	if err != nil || year < 2 || year > 9998 {
		return errUsage("calendar show: %q is no year", operands[0])
	}
	if !c.Knows(year) {
		return errUsage("calendar show %d: %w", year, calendar.ErrBeyond)
	}
	showYear(out, c, year)
	return nil
}

func showCalendar(w io.Writer, c calendar.Calendar, now time.Time) {
	doc := c.Document()
	fmt.Fprintf(w, "version           %s\n", doc.Version)
	fmt.Fprintf(w, "business hours    %s to %s, %s, %s\n", doc.Open, doc.Close, strings.Join(doc.Weekdays, " "), doc.Zone)
	cov := c.Coverage(now)
	fmt.Fprintf(w, "official through  %s, %d days remain\n", cov.Through, cov.Days)
	if cov.Low {
		fmt.Fprintf(w, "warning           fewer than %d covered days remain: import the next year's table\n", calendar.CoverageNotice)
	}
	for _, y := range doc.Years {
		fmt.Fprintln(w)
		showYear(w, c, y.Year)
	}
	if next := cov.Through.Year + 1; doc.Statutory == calendar.ChinaDaysOff && !cov.Through.IsZero() {
		if _, ok := c.Table(next); !ok && c.Knows(next) {
			fmt.Fprintln(w)
			showYear(w, c, next)
		}
	}
}

func showYear(w io.Writer, c calendar.Calendar, year int) {
	status := "provisional"
	table, ok := c.Table(year)
	law, byLaw := c.Statutory(year)
	switch {
	case !ok && byLaw:
		table, ok = law, true
		status = "provisional, no table: the 13 statutory days"
	case !ok:
		status = "provisional, no table: plain weekdays"
	case c.Official(year):
		status = "official"
	}
	fmt.Fprintf(w, "%d  %d business days, %s\n", year, c.BusinessDays(year), status)
	if !ok {
		return
	}
	fmt.Fprintf(w, "  off   %s\n", strings.Join(table.Off, " "))
	if len(table.Work) > 0 {
		fmt.Fprintf(w, "  work  %s\n", strings.Join(table.Work, " "))
	}
	if table.Source != "" {
		fmt.Fprintf(w, "  from  %s\n", table.Source)
	}
}

func calendarImport(args []string, out, _ io.Writer) error {
	flags := flag.NewFlagSet("import", flag.ContinueOnError)
	file := documentFlag(flags)
	target := flags.String("out", "", "file to write")
	operands, err := calendarFlags(flags, args, 1)
	if err != nil {
		return err
	}
	if *target == "" {
		*target = *file
	}
	switch {
	case len(operands) == 0:
		return errUsage("calendar import: the file to import is missing")
	case *target == "":
		return errUsage("calendar import: say with --out or --calendar which file to write")
	}
	table, err := os.ReadFile(operands[0])
	if err != nil {
		return err
	}
	old, err := openCalendar(*file)
	if errors.Is(err, fs.ErrNotExist) {
		// The first import makes the file, on top of the built-in calendar.
		old, err = calendar.Default(), nil
	}
	if err != nil {
		return err
	}
	c, err := old.Import(table)
	if err != nil {
		return fmt.Errorf("%s: %w", operands[0], err)
	}
	if err := keepCalendar(*target, old); err != nil {
		return err
	}
	data, err := json.MarshalIndent(c.Document(), "", "  ")
	if err != nil {
		return err
	}
	if err := durable.Replace(*target, append(data, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s replaces %s, official through %s, in %s\n", c.Version, old.Version, c.OfficialThrough, *target)
	showChanges(out, old, c)
	fmt.Fprintln(out, "open deadlines stay where they are until `alta calendar apply`")
	return nil
}

// showChanges tells which days a new table moves, and of a year whose sum is not
// the law's that something may be missing.
func showChanges(w io.Writer, old, c calendar.Calendar) {
	for _, change := range old.Changes(c) {
		what := "becomes a day off"
		if change.Works {
			what = "becomes a working day"
		}
		fmt.Fprintf(w, "  %s %s\n", change.Day, what)
	}
	years := map[int]bool{}
	for _, y := range c.Document().Years {
		years[y.Year] = true
	}
	for _, y := range slices.Sorted(maps.Keys(years)) {
		if c.BusinessDays(y) != old.BusinessDays(y) {
			fmt.Fprintf(w, "  %d has %d business days, and had %d\n", y, c.BusinessDays(y), old.BusinessDays(y))
		}
		// The thirteen days are the law since 2025.
		if sum, ok := c.ByLaw(y); ok && y >= 2025 && sum != c.BusinessDays(y) {
			fmt.Fprintf(w, "warning: %d has %d business days, and the law's 13 days off leave %d: check the table\n", y, c.BusinessDays(y), sum)
		}
	}
}
