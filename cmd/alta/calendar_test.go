package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCalendarReckons(t *testing.T) {
	t.Setenv("ALTA_CALENDAR", "")
	for rule, k := range map[string]struct {
		args   string
		out    string
		errOut string
	}{
		"a business day over the national holiday": {"add --from 2026-09-30T10:00:00+08:00 --days 1", "2026-10-08T10:00:00+08:00\n", ""},
		"flags with an equals sign":                {"add --days=1 --from=2026-09-30T10:00:00+08:00", "2026-10-08T10:00:00+08:00\n", ""},
		"hours":                                    {"add --from 2026-11-23T17:00:00+08:00 --hours 2", "2026-11-24T10:00:00+08:00\n", ""},
		"decimal hours":                            {"add --from 2026-11-23T10:00:00+08:00 --hours 1.25", "2026-11-23T11:15:00+08:00\n", ""},
		"decimal days are parts of nine hours":     {"add --from 2026-11-23T09:00:00+08:00 --days 0.5", "2026-11-23T13:30:00+08:00\n", ""},
		"the platform's zone whatever the input's": {"add --from 2026-11-23T02:00:00Z --hours 0", "2026-11-23T10:00:00+08:00\n", ""},
		"an unpublished year is said to be one":    {"add --from 2026-12-31T17:00:00+08:00 --hours 2", "2027-01-04T10:00:00+08:00\n", "provisional: true\n"},
		"business time between":                    {"between --from 2026-11-23T10:00:00+08:00 --to 2026-11-26T10:30:00+08:00", "27h30m0s (3 business days 0h30m)\n", ""},
		"no business time between":                 {"between --from 2026-11-28T10:00:00+08:00 --to 2026-11-29T10:30:00+08:00", "0s (0 business days 0h00m)\n", ""},
		"between in an unpublished year":           {"between --from 2027-03-01T09:00:00+08:00 --to 2027-03-01T18:00:00+08:00", "9h0m0s (1 business day 0h00m)\n", "provisional: true\n"},
	} {
		t.Run(rule, func(t *testing.T) {
			status, out, errOut := call(append([]string{"calendar"}, strings.Fields(k.args)...)...)
			if status != 0 || out != k.out || errOut != k.errOut {
				t.Errorf("status %d, output %q, standard error %q", status, out, errOut)
			}
		})
	}
}

func TestCalendarRefuses(t *testing.T) {
	t.Setenv("ALTA_CALENDAR", "")
	const from = "--from 2026-11-23T10:00:00+08:00"
	for rule, k := range map[string]struct{ args, says string }{
		"no form":                {"", "add, between"},
		"an unknown form":        {"subtract", "subtract"},
		"no start":               {"add --days 1", "--from is missing"},
		"a start without a zone": {"add --days 1 --from 2026-11-23T10:00:00", "RFC 3339"},
		"neither hours nor days": {"add " + from, "either --hours N or --days N"},
		"both hours and days":    {"add --hours 1 --days 1 " + from, "either --hours N or --days N"},
		"negative hours":         {"add --hours -1 " + from, "negative"},
		"negative days":          {"add --days=-0.5 " + from, "negative"},
		"words":                  {"add --days two " + from, "whole or decimal"},
		"a fraction":             {"add --days 1/2 " + from, "whole or decimal"},
		"an exponent":            {"add --hours 1e300 " + from, "whole or decimal"},
		"no number":              {"add --hours NaN " + from, "whole or decimal"},
		"too much":               {"add --hours 99999999 " + from, "more than"},
		"an operand too many":    {"add --days 1 2 " + from, "one argument too many"},
		"an unknown flag":        {"add --weeks 1 " + from, "weeks"},
		"no end":                 {"between " + from, "--to is missing"},
		"the wrong way round":    {"between --from 2026-11-24T10:00:00+08:00 --to 2026-11-23T10:00:00+08:00", "before --from"},
		"no year":                {"show next", "no year"},
		"no table":               {"import --out x.json", "missing"},
		"nowhere to write":       {"import x.json", "--out or --calendar"},
	} {
		t.Run(rule, func(t *testing.T) {
			status, out, errOut := call(append([]string{"calendar"}, strings.Fields(k.args)...)...)
			if status != 2 || out != "" || !strings.Contains(errOut, k.says) {
				t.Errorf("status %d, output %q, standard error %q", status, out, errOut)
			}
		})
	}
}

func TestCalendarShowsAndImports(t *testing.T) {
	dir := t.TempDir()
	table, effective := filepath.Join(dir, "2027.json"), filepath.Join(dir, "calendar.json")
	const doc = `{"version":"cn-2027.1","official_through":"2027-12-31","years":[{"year":2027,"off":["2027-01-01","2027-02-05..2027-02-11"],"source":"a test"}]}`
	if err := os.WriteFile(table, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ALTA_CALENDAR", effective)
	if status, out, errOut := call("calendar", "import", table); status != 0 || !strings.Contains(out, "cn-2027.1 replaces cn-2026.2") {
		t.Fatalf("status %d, output %q, standard error %q", status, out, errOut)
	}
	if _, out, errOut := call("calendar", "add", "--from", "2027-02-04T10:00:00+08:00", "--days", "1"); out != "2027-02-12T10:00:00+08:00\n" || errOut != "" {
		t.Errorf("the imported table is not in use: %q %q", out, errOut)
	}
	if _, out, _ := call("calendar", "show", "2026"); !strings.Contains(out, "2026  248 business days, official") {
		t.Errorf("show: %q", out)
	}
	if status, _, errOut := call("calendar", "import", table); status != 1 || !strings.Contains(errOut, "version") {
		t.Errorf("the same version twice: status %d, %q", status, errOut)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 {
		t.Errorf("files left behind: %v %v", files, err)
	}
	if c, err := openCalendar(keptCalendar(effective, "cn-2026.2")); err != nil || c.Version != "cn-2026.2" {
		t.Errorf("the calendar that was replaced is kept as %q: %v", c.Version, err)
	}
}

func TestCalendarCases(t *testing.T) {
	dir := t.TempDir()
	table, effective := filepath.Join(dir, "2027.json"), filepath.Join(dir, "calendar.json")
	t.Setenv("ALTA_CALENDAR", "")
	if status, out, errOut := call("calendar", "show", "2027"); status != 0 || !strings.Contains(out, "2027  248 business days, provisional") || !strings.Contains(out, "assumed") {
		t.Errorf("C128: status %d, output %q, standard error %q", status, out, errOut)
	}
	if _, out, errOut := call("calendar", "add", "--from", "2027-04-30T10:00:00+08:00", "--days", "1"); out != "2027-05-05T10:00:00+08:00\n" || errOut != "provisional: true\n" {
		t.Errorf("C128: %q %q", out, errOut)
	}
	if status, _, errOut := call("calendar", "show", "2101"); status != 2 || !strings.Contains(errOut, "1900 to 2100") {
		t.Errorf("a year whose festivals are not known: status %d, %q", status, errOut)
	}
	const doc = `{"version":"cn-2027.1","official_through":"2027-12-31","years":[{"year":2027,"off":["2026-12-31","2027-01-01"],"work":["2026-12-26"]}]}`
	if err := os.WriteFile(table, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := call("calendar", "import", table, "--out", effective)
	for _, line := range []string{"2026-12-26 becomes a working day", "2026-12-31 becomes a day off", "2027-05-03 becomes a working day", "warning: 2027 has 260 business days"} {
		if status != 0 || !strings.Contains(out, line) {
			t.Errorf("C130: status %d, %q lacks %q (%s)", status, out, line, errOut)
		}
	}
}
