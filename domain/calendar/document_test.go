package calendar_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"alta/domain/calendar"
)

const table2027 = `{
  "version": "cn-2027.1",
  "official_through": "2027-12-31",
  "years": [{"year": 2027, "off": ["2027-01-01..2027-01-03", "2027-02-05..2027-02-11"], "work": ["2027-02-20"], "source": "a test"}]
}`

func imported(t *testing.T) calendar.Calendar {
	t.Helper()
	c, err := calendar.Default().Import([]byte(table2027))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheBuiltInYears(t *testing.T) {
	c := calendar.Default()
	for _, day := range []string{"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10", "2026-10-08"} {
		if d, _ := calendar.ParseDate(day); !c.IsBusinessDay(d) {
			t.Errorf("%s is a working day", day)
		}
	}
	for _, day := range []string{
		"2026-01-01", "2026-01-03", "2026-02-15", "2026-02-23", "2026-04-04", "2026-04-06", "2026-05-01", "2026-05-05",
		"2026-06-19", "2026-06-21", "2026-09-25", "2026-09-27", "2026-10-01", "2026-10-07", "2026-11-28",
		"2027-01-01", "2027-02-05", "2027-02-08", "2027-04-05", "2027-05-01", "2027-06-09", "2027-09-15", "2027-10-01",
	} {
		if d, _ := calendar.ParseDate(day); c.IsBusinessDay(d) {
			t.Errorf("%s is a day off", day)
		}
	}
	if !c.Official(2026) || c.Official(2027) || c.Official(2025) || c.OfficialThrough.String() != "2026-12-31" {
		t.Error("2026 is official, and no other year is")
	}
}

func TestAnImportMakesTheYearOfficialAndTheVersionNew(t *testing.T) {
	before, after := calendar.Default(), imported(t)
	from := at(t, "2027-02-04T10:00:00+08:00")
	m, err := after.Add(from, calendar.Days(1))
	if err != nil || m.At.Format(time.RFC3339) != "2027-02-12T10:00:00+08:00" || m.Provisional || m.Version != "cn-2027.1" {
		t.Errorf("got %+v, %v", m, err)
	}
	if m, _ := before.Add(from, calendar.Days(1)); m.At.Format(time.DateOnly) != "2027-02-11" || !m.Provisional || m.Version != "cn-2026.2" {
		t.Errorf("the calendar before the import changed: %+v", m)
	}
	if after.BusinessDays(2026) != 248 {
		t.Error("the years before stay")
	}
}

func TestADocumentSurvivesBeingWrittenAndRead(t *testing.T) {
	c := imported(t)
	data, err := json.Marshal(c.Document())
	if err != nil {
		t.Fatal(err)
	}
	again, err := calendar.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for year := 2025; year < 2030; year++ {
		if again.BusinessDays(year) != c.BusinessDays(year) || again.Official(year) != c.Official(year) {
			t.Errorf("%d differs", year)
		}
	}
}

func TestAnImportIsRefusedWhen(t *testing.T) {
	cases := map[string]struct{ doc, field string }{
		"it is no JSON":                        {`{`, "document"},
		"something follows":                    {table2027 + `{}`, "document"},
		"a field is unknown":                   {`{"version":"x","holidays":[]}`, "holidays"},
		"a field has the wrong type":           {`{"version":"x","years":[{"year":"2027"}]}`, "years[0].year"},
		"it has no version":                    {`{"official_through":"2027-12-31"}`, "version"},
		"the version is in place":              {`{"version":"cn-2026.2","years":[{"year":2027,"off":["2027-01-01"]}]}`, "version"},
		"it brings nothing":                    {`{"version":"x"}`, "years"},
		"official coverage would shrink":       {`{"version":"x","official_through":"2026-06-30"}`, "official_through"},
		"the official year has no table":       {`{"version":"x","official_through":"2028-12-31"}`, "official_through"},
		"an official year between is missing":  {`{"version":"x","official_through":"2029-12-31","years":[{"year":2029,"off":["2029-01-01"]}]}`, "years"},
		"a year stands there twice":            {`{"version":"x","years":[{"year":2027,"off":["2027-01-01"]},{"year":2027,"off":["2027-01-01"]}]}`, "years"},
		"a date does not exist":                {`{"version":"x","years":[{"year":2027,"off":["2027-02-29"]}]}`, "years[2027].off"},
		"a date is before the December before": {`{"version":"x","years":[{"year":2027,"off":["2026-11-30"]}]}`, "years[2027].off"},
		"a date is after the January after":    {`{"version":"x","years":[{"year":2027,"off":["2028-02-01"]}]}`, "years[2027].off"},
		"the statutory days are unknown":       {`{"version":"x","statutory":"atlantis","years":[{"year":2027,"off":["2027-01-01"]}]}`, "statutory"},
		"a date is of another year":            {`{"version":"x","years":[{"year":2027,"off":["2026-01-01"]}]}`, "years[2027].off"},
		"a range goes backwards":               {`{"version":"x","years":[{"year":2027,"off":["2027-01-03..2027-01-01"]}]}`, "years[2027].off"},
		"a day is off twice":                   {`{"version":"x","years":[{"year":2027,"off":["2027-01-01..2027-01-03","2027-01-02"]}]}`, "years[2027].off"},
		"a day is off and worked":              {`{"version":"x","years":[{"year":2027,"off":["2027-01-02"],"work":["2027-01-02"]}]}`, "years[2027].work"},
		"a working weekday is made one":        {`{"version":"x","years":[{"year":2027,"off":["2027-01-01"],"work":["2027-01-04"]}]}`, "years[2027].work"},
		"the year empties":                     {`{"version":"x","years":[{"year":2027,"off":["2027-01-01..2027-10-07"]}]}`, "years[2027]"},
		"the year is out of reach":             {`{"version":"x","years":[{"year":1900,"off":["1900-01-01"]}]}`, "years[1900]"},
		"the zone is unknown":                  {`{"version":"x","zone":"Asia/Atlantis","years":[{"year":2027,"off":["2027-01-01"]}]}`, "zone"},
		"the zone depends on the machine":      {`{"version":"x","zone":"Local","years":[{"year":2027,"off":["2027-01-01"]}]}`, "zone"},
		"the day ends before it begins":        {`{"version":"x","open":"18:00","close":"09:00","years":[{"year":2027,"off":["2027-01-01"]}]}`, "close"},
		"an hour does not exist":               {`{"version":"x","open":"25:00","years":[{"year":2027,"off":["2027-01-01"]}]}`, "open"},
		"a weekday does not exist":             {`{"version":"x","weekdays":["mo"],"years":[{"year":2027,"off":["2027-01-01"]}]}`, "weekdays"},
		"it is too large":                      {`{"version":"` + strings.Repeat("x", 1<<20) + `"}`, "document"},
	}
	for rule, k := range cases {
		t.Run(rule, func(t *testing.T) {
			_, err := calendar.Default().Import([]byte(k.doc))
			var bad *calendar.DocumentError
			if !errors.As(err, &bad) || bad.Field != k.field {
				t.Errorf("got %v, want an error at %s", err, k.field)
			}
		})
	}
}

func TestCoverageWarnsBelow60Days(t *testing.T) {
	c := calendar.Default()
	for day, want := range map[string]calendar.Coverage{
		"2026-11-02": {Days: 60},
		"2026-11-03": {Days: 59, Low: true},
		"2026-12-31": {Days: 1, Low: true},
		"2027-01-01": {Days: 0, Low: true},
	} {
		want.Through = c.OfficialThrough
		if got := c.Coverage(at(t, day+"T12:00:00+08:00")); got != want {
			t.Errorf("%s: got %+v, want %+v", day, got, want)
		}
	}
	if !(calendar.Calendar{}).Coverage(at(t, "2026-11-02T12:00:00+08:00")).Low {
		t.Error("no data is no coverage")
	}
}

func TestDeadlinesAlreadyComputed(t *testing.T) {
	before, after := calendar.Default(), imported(t)
	start, span := at(t, "2027-02-04T10:00:00+08:00"), calendar.Days(1)
	old, err := before.Add(start, span)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		old   calendar.Moment
		now   string
		want  string
		moved bool
	}{
		"one that is not yet due moves to where the new table puts it": {old, "2027-02-05T10:00:00+08:00", "2027-02-12T10:00:00+08:00", true},
		"one that is due stays":                        {old, "2027-02-11T10:00:00+08:00", "2027-02-11T10:00:00+08:00", false},
		"one that is right already does not move":      {calendar.Moment{At: at(t, "2027-02-12T10:00:00+08:00")}, "2027-02-05T10:00:00+08:00", "2027-02-12T10:00:00+08:00", false},
		"one that would come to lie in the past stays": {calendar.Moment{At: at(t, "2027-03-01T10:00:00+08:00")}, "2027-02-15T10:00:00+08:00", "2027-03-01T10:00:00+08:00", false},
	}
	for rule, k := range cases {
		t.Run(rule, func(t *testing.T) {
			got, moved, err := after.Recompute(k.old, start, span, at(t, k.now))
			if err != nil || got.At.Format(time.RFC3339) != k.want || moved != k.moved {
				t.Errorf("got %s (moved %t, %v), want %s (%t)", got.At, moved, err, k.want, k.moved)
			}
		})
	}
}

func TestCalendarDaysKeepTheClockTime(t *testing.T) {
	got := calendar.Default().AddCalendarDays(at(t, "2026-09-30T20:00:00Z"), 15)
	if got.Format(time.RFC3339) != "2026-10-16T04:00:00+08:00" {
		t.Errorf("got %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(table2027))
	whole, _ := json.Marshal(calendar.Default().Document())
	f.Add(whole)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (calendar.Calendar, error){calendar.Parse, calendar.Default().Import} {
			c, err := parse(data)
			var bad *calendar.DocumentError
			switch {
			case err != nil && !errors.As(err, &bad):
				t.Fatalf("an error without a field: %v", err)
			case err == nil:
				if _, err := c.Add(time.Unix(1_800_000_000, 0), calendar.Days(10)); err != nil {
					t.Fatalf("a document passes that cannot be used: %v", err)
				}
			}
		}
	})
}
