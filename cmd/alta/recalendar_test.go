package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/calendar"
	"alta/simulate/drive"
)

// The day after tomorrow's work becomes a holiday: the running program lists the
// deadline that moves, moves it, and reckons with the new table from then on.
func TestARunningProgramTakesAnImportedCalendarAndMovesItsDeadlines(t *testing.T) {
	c := demoConfig(t)
	c.Calendar = filepath.Join(t.TempDir(), "calendar.json")
	data, err := json.Marshal(calendar.Default().Document())
	if err == nil {
		err = os.WriteFile(c.Calendar, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, c)
	l := w.merchant(t, w.driver(t), drive.Wish{Seed: 31, Kind: "individual", To: drive.Submitted, Via: drive.Self})
	lead := w.as(t, "lead")
	due := func() time.Time {
		var doc struct{ Deadline struct{ Due time.Time } }
		if _, err := lead.Get(t.Context(), "/v1/applications/"+l.ID, &doc); err != nil {
			t.Fatal(err)
		}
		return doc.Deadline.Due
	}
	was := due()

	// The business day before the one on which it is due.
	off := was.In(calendar.Default().Zone()).AddDate(0, 0, -1)
	for !calendar.Default().IsBusinessDay(calendar.Date{Year: off.Year(), Month: off.Month(), Day: off.Day()}) {
		off = off.AddDate(0, 0, -1)
	}
	y, ok := calendar.Default().Table(off.Year())
	if !ok {
		y = calendar.Year{Year: off.Year()}
	}
	y.Off = append(slices.Clone(y.Off), off.Format(time.DateOnly))
	table := filepath.Join(t.TempDir(), "table.json")
	data, err = json.Marshal(calendar.Document{Version: "test.1", Years: []calendar.Year{y}})
	if err == nil {
		err = os.WriteFile(table, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		status, out, errOut := call(append([]string{"calendar"}, args...)...)
		if status != 0 {
			t.Fatalf("alta calendar %s: %d, %s%s", args[0], status, out, errOut)
		}
		return out
	}
	run("import", table, "--calendar", c.Calendar)
	if out := run("apply", "--dry-run", "--data", c.Data); !strings.Contains(out, "1 of 1 deadlines that run by an older one would move") || !strings.Contains(out, l.ID) {
		t.Errorf("a dry run says: %s", out)
	}
	if now := due(); !now.Equal(was) {
		t.Errorf("a dry run moved it to %v", now)
	}
	if out := run("apply", "--data", c.Data); !strings.Contains(out, "1 of 1 deadlines that run by an older one moved") {
		t.Errorf("applying says: %s", out)
	}
	if now := due(); !now.After(was) {
		t.Errorf("it is due at %v, as before", now)
	}
	if out := run("apply", "--data", c.Data); !strings.Contains(out, "0 of 0 deadlines") {
		t.Errorf("applying it again says: %s", out)
	}
}
