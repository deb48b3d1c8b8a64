package calendar_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/calendar"
)

// changedBy is the built-in calendar after an import.
func changedBy(t *testing.T, doc string) calendar.Calendar {
	t.Helper()
	c, err := calendar.Default().Import([]byte(`{"version":"test",` + doc + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// off lists so many weekdays of 2027 from its first working day on.
func weekdays2027(n int) string {
	var days []string
	for d := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC); len(days) < n; d = d.AddDate(0, 0, 1) {
		if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
			days = append(days, `"`+d.Format(time.DateOnly)+`"`)
		}
	}
	return strings.Join(days, ",")
}

func TestTheEdgesOfAnImport(t *testing.T) {
	for rule, k := range map[string]struct{ doc, field, reason string }{
		"a version of a hundred characters":  {`"years":[{"year":2027,"off":[]}],"version":"` + strings.Repeat("x", 100) + `"`, "", ""},
		"one more":                           {`"years":[{"year":2027,"off":[]}],"version":"` + strings.Repeat("x", 101) + `"`, "version", ""},
		"an open hour is enough":             {`"version":"x","open":"09:00","close":"10:00","years":[{"year":2027,"off":[]}]`, "", ""},
		"a minute less is not":               {`"version":"x","open":"09:01","close":"10:00","years":[{"year":2027,"off":[]}]`, "close", ""},
		"hours end before midnight":          {`"version":"x","close":"24:00","years":[{"year":2027,"off":[]}]`, "close", "before midnight"},
		"the year before":                    {`"version":"x","years":[{"year":1991,"off":[]}]`, "years[1991]", ""},
		"the last":                           {`"version":"x","years":[{"year":2200,"off":[]}]`, "", ""},
		"the year after":                     {`"version":"x","years":[{"year":2201,"off":[]}]`, "years[2201]", ""},
		"sixty days off are credible":        {`"version":"x","years":[{"year":2027,"off":[` + weekdays2027(60) + `]}]`, "", ""},
		"sixty-one are not":                  {`"version":"x","years":[{"year":2027,"off":[` + weekdays2027(61) + `]}]`, "years[2027]", ""},
		"nor is a year of extra work":        {`"version":"x","years":[{"year":2027,"off":[],"work":["2027-01-02"]}]`, "years[2027]", ""},
		"the year that is missing is named":  {`"version":"x","official_through":"2028-12-31","years":[{"year":2028,"off":[]}]`, "years", "2027"},
		"a later table need not be official": {`"version":"x","official_through":"2026-12-31","years":[{"year":2029,"off":[]}]`, "", ""},
		"a weekday is named once":            {`"version":"x","weekdays":["mon","mon"],"years":[{"year":2027,"off":[]}]`, "weekdays", ""},
	} {
		_, err := calendar.Default().Import([]byte("{" + k.doc + "}"))
		var bad *calendar.DocumentError
		switch {
		case k.field == "" && err != nil:
			t.Errorf("%s: %v", rule, err)
		case k.field != "" && (!errors.As(err, &bad) || bad.Field != k.field || !strings.Contains(bad.Reason, k.reason)):
			t.Errorf("%s: %v, want an error at %s", rule, err, k.field)
		}
	}
	full := `{"version":"x","years":[{"year":2027,"off":[]}]}`
	if _, err := calendar.Default().Import([]byte(full + strings.Repeat(" ", 1<<20-len(full)))); err != nil {
		t.Errorf("a document of a mebibyte: %v", err)
	}
	if _, err := (calendar.Calendar{}).Import([]byte(full)); !errors.Is(err, calendar.ErrEmpty) {
		t.Errorf("into nothing: %v", err)
	}
	if _, err := calendar.Parse([]byte(`{"version":"x","zone":"Asia/Shanghai","open":"09:00","close":"18:00","weekdays":["mon"],"years":[{"year":1992,"off":[]}]}`)); err != nil {
		t.Errorf("the first year of a table: %v", err)
	}
	if _, err := calendar.Parse([]byte(`{"version":"x","zone":"Asia/Shanghai","open":"09:00","close":"18:00","weekdays":[]}`)); err == nil {
		t.Error("a calendar without a working weekday")
	}
}

func TestWhatAnImportChanges(t *testing.T) {
	c := changedBy(t, `"close":"17:30","years":[{"year":2028,"off":["2028-01-03"]},{"year":2027,"off":["2027-03-01"]}]`)
	if c.DayLength() != 8*time.Hour+30*time.Minute {
		t.Errorf("a day has %s", c.DayLength())
	}
	if c.BusinessDays(2027) != 260 || c.BusinessDays(2028) != 259 || c.BusinessDays(2026) != 248 {
		t.Errorf("business days: %d, %d, %d", c.BusinessDays(2027), c.BusinessDays(2028), c.BusinessDays(2026))
	}
	var years []int
	for _, y := range c.Document().Years {
		years = append(years, y.Year)
	}
	if !slices.Equal(years, []int{2026, 2027, 2028}) {
		t.Errorf("its tables are of %v", years)
	}
	again, err := c.Import([]byte(`{"version":"later","years":[{"year":2027,"off":["2027-03-02","2027-03-03"]}]}`))
	if err != nil || len(again.Document().Years) != 3 || again.BusinessDays(2027) != 259 {
		t.Errorf("a newer table of a year takes the place of the older one: %v", err)
	}
	if y, ok := again.Table(2027); !ok || len(y.Off) != 2 || y.Year != 2027 {
		t.Errorf("the table of 2027: %+v, %v", y, ok)
	}
	if y, ok := again.Table(2026); !ok || y.Year != 2026 {
		t.Errorf("the table of 2026: %+v, %v", y, ok)
	}
	if y, ok := again.Table(2030); ok || y.Year != 0 {
		t.Errorf("a table of 2030: %+v", y)
	}
	doc := c.Document()
	doc.Weekdays[0], doc.Years[0].Year = "sun", 1999
	if d := c.Document(); d.Weekdays[0] != "mon" || d.Years[0].Year != 2026 {
		t.Error("who changes what she was given changes the calendar")
	}
}

// A year's own table is the whole of it; elsewhere the law's days stay unless a
// neighbour's table says otherwise.
func TestWhoSaysWhetherADayIsOff(t *testing.T) {
	of := func(zone, statutory string) calendar.Calendar {
		c, err := calendar.Parse([]byte(fmt.Sprintf(`{"version":"old","zone":%q,"open":"09:00","close":"18:00","weekdays":["mon","tue","wed","thu","fri"]%s}`, zone, statutory)))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	must := func(c calendar.Calendar, doc string) calendar.Calendar {
		c, err := c.Import([]byte(`{"version":"test",` + doc + `}`))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for rule, k := range map[string]struct {
		c     calendar.Calendar
		day   string
		works bool
	}{
		"an empty table has no day off":                   {changedBy(t, `"years":[{"year":2027,"off":[]}]`), "2027-01-01", true},
		"without a table the law's days are":              {calendar.Default(), "2027-01-01", false},
		"they stay where the next table speaks of others": {changedBy(t, `"years":[{"year":2028,"off":["2027-12-31"]}]`), "2027-10-01", false},
		"which is heard":                                  {changedBy(t, `"years":[{"year":2028,"off":["2027-12-31"]}]`), "2027-12-31", false},
		"a law's day that a table works is worked":        {changedBy(t, `"years":[{"year":2027,"off":["2027-03-01"],"work":["2028-01-01"]}]`), "2028-01-01", true},
		"an old document of Shanghai follows the law":     {must(of("Asia/Shanghai", ""), `"years":[{"year":2028,"off":[]}]`), "2027-01-01", false},
		"one of another place does not":                   {must(of("Europe/Madrid", ""), `"years":[{"year":2028,"off":[]}]`), "2027-01-01", true},
		"nor one that says so":                            {must(of("Asia/Shanghai", `,"statutory":"none"`), `"years":[{"year":2028,"off":["2027-12-31"]}]`), "2027-01-01", true},
		"nor another year of it":                          {must(of("Asia/Shanghai", `,"statutory":"none"`), `"years":[{"year":2028,"off":["2027-12-31"]}]`), "2027-10-01", true},
	} {
		d, err := calendar.ParseDate(k.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.c.IsBusinessDay(d); got != k.works {
			t.Errorf("%s: %s is worked: %v", rule, k.day, got)
		}
	}
}

func TestWhatTheLawGivesAYear(t *testing.T) {
	c := calendar.Default()
	y, ok := c.Statutory(2027)
	want := []string{"2027-01-01", "2027-02-05..2027-02-10", "2027-04-05", "2027-05-01..2027-05-04", "2027-06-09", "2027-09-15", "2027-10-01..2027-10-05"}
	if !ok || y.Year != 2027 || y.Source == "" || !slices.Equal(y.Off, want) {
		t.Errorf("%+v, %v, want %v", y, ok, want)
	}
	last := ""
	for year := calendar.FirstStatutory; year <= calendar.LastStatutory; year++ {
		y, ok := c.Statutory(year)
		if days, known := c.ByLaw(year); !ok || !known || days < 240 || days > 252 || len(y.Off) < 5 {
			t.Errorf("%d: %d business days, %v, %v", year, days, known, y.Off)
		}
		last = y.Off[len(y.Off)-1]
	}
	if last == "" {
		t.Error("the last year has days off")
	}
	for _, year := range []int{calendar.FirstStatutory - 1, calendar.LastStatutory + 1} {
		if y, ok := c.Statutory(year); ok || len(y.Off) > 0 {
			t.Errorf("of %d the law says %v", year, y.Off)
		}
		if n, ok := c.ByLaw(year); ok || n != 0 {
			t.Errorf("of %d the law gives %d days", year, n)
		}
	}
	plain := plainWeek(t)
	if _, ok := plain.Statutory(2027); ok {
		t.Error("a calendar of plain weekdays knows no law")
	}
	if _, ok := plain.ByLaw(2027); ok {
		t.Error("a calendar of plain weekdays knows no law")
	}
}

func TestTheEdgesOfBusinessTime(t *testing.T) {
	c, plain := calendar.Default(), plainWeek(t)
	for moment, open := range map[string]bool{"2026-11-23T08:59:59+08:00": false, "2026-11-23T09:00:00+08:00": true, "2026-11-23T17:59:59+08:00": true, "2026-11-23T18:00:00+08:00": false} {
		if c.IsOpen(at(t, moment)) != open {
			t.Errorf("%s is open: %v", moment, !open)
		}
	}
	if m, err := c.NextOpening(at(t, "2026-11-23T18:00:00+08:00")); err != nil || m.At.Format(time.RFC3339) != "2026-11-24T09:00:00+08:00" {
		t.Errorf("after closing the next opening is %s, %v", m.At, err)
	}
	for year, known := range map[int]bool{1: false, 2: true, 9998: true, 9999: false} {
		when := time.Date(year, 6, 15, 12, 0, 0, 0, time.UTC)
		if _, err := plain.NextOpening(when); (err == nil) != known || err != nil && !errors.Is(err, calendar.ErrRange) {
			t.Errorf("the year %d: %v", year, err)
		}
	}
	if m, err := plain.Add(time.Date(9998, 12, 31, 12, 0, 0, 0, time.UTC), calendar.Days(5)); err != nil || m.At.Year() != 9999 {
		t.Errorf("the last days end on %s, %v", m.At, err)
	}
	if _, err := plain.Add(time.Date(9998, 12, 31, 12, 0, 0, 0, time.UTC), calendar.Days(400)); !errors.Is(err, calendar.ErrRange) {
		t.Errorf("beyond them: %v", err)
	}
	if _, err := plain.Between(time.Date(2, 2, 1, 0, 0, 0, 0, time.UTC), time.Date(9998, 2, 1, 0, 0, 0, 0, time.UTC)); !errors.Is(err, calendar.ErrRange) {
		t.Errorf("more business time than can be counted: %v", err)
	}
	if len((calendar.Calendar{}).Changes(c))+len(c.Changes(calendar.Calendar{})) > 0 {
		t.Error("a calendar without data changes nothing")
	}
	if got := c.Coverage(at(t, "2027-01-05T12:00:00+08:00")); got.Days != 0 {
		t.Errorf("after the last official day %d are left", got.Days)
	}
}

func TestTheEdgesOfPeriods(t *testing.T) {
	c, plain := calendar.Default(), plainWeek(t)
	from := at(t, "2026-11-23T10:00:00+08:00")
	for days, want := range map[int]error{-1: calendar.ErrNegative, 0: nil, calendar.MaxDays: nil, calendar.MaxDays + 1: calendar.ErrRange} {
		if _, err := plain.EndOfDays(from, days, false); !errors.Is(err, want) {
			t.Errorf("%d days: %v, want %v", days, err, want)
		}
	}
	if _, err := c.EndOfDays(from, calendar.MaxDays, true); !errors.Is(err, calendar.ErrBeyond) {
		t.Errorf("beyond what the calendar knows: %v", err)
	}
	for days, provisional := range map[int]bool{10: false, 38: false, 39: true, 60: true} { // 31 December is the last official day
		m, err := c.EndOfDays(from, days, true)
		if err != nil || m.Provisional != provisional {
			t.Errorf("%d days end on %s, provisional %v, %v", days, m.At, m.Provisional, err)
		}
		if m, _ := c.EndOfDays(from, days, false); m.Provisional {
			t.Errorf("%d days that do not roll rest on no table", days)
		}
	}
	nine, eight := 9*time.Hour, 20*time.Hour
	end := at(t, "2026-11-24T12:00:00+08:00")
	for moment, want := range map[string]string{
		"2026-11-23T09:00:00+08:00": "2026-11-23T09:00:00+08:00", "2026-11-23T08:59:59+08:00": "2026-11-23T09:00:00+08:00", "2026-11-23T20:00:00+08:00": "2026-11-23T20:00:00+08:00",
		"2026-11-23T20:00:01+08:00": "2026-11-24T09:00:00+08:00", "2026-11-23T12:34:56+08:00": "2026-11-23T12:34:56+08:00", "2026-11-23T19:30:00+08:00": "2026-11-23T19:30:00+08:00",
		"2026-11-23T20:00:00.5+08:00": "2026-11-24T09:00:00+08:00", "2026-11-23T20:01:00+08:00": "2026-11-24T09:00:00+08:00", "2026-11-23T01:00:00Z": "2026-11-23T09:00:00+08:00", "2026-11-22T23:00:00Z": "2026-11-23T09:00:00+08:00",
		"2026-11-24T21:00:00+08:00": "2026-11-24T20:00:00+08:00", "2026-11-22T13:00:00Z": "2026-11-23T09:00:00+08:00",
	} {
		when, err := time.Parse(time.RFC3339Nano, moment)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Daytime(when, nine, eight, end).Format(time.RFC3339Nano); got != want {
			t.Errorf("%s waits until %s, want %s", moment, got, want)
		}
	}
	if got := c.Daytime(at(t, "2026-11-23T09:15:00+08:00"), nine+15*time.Minute, eight, end).Format(time.RFC3339); got != "2026-11-23T09:15:00+08:00" {
		t.Errorf("at the very opening: %s", got)
	}
	if got := c.Daytime(at(t, "2026-11-23T09:00:00+08:00"), nine, eight, at(t, "2026-11-23T09:00:00+08:00")).Format(time.RFC3339); got != "2026-11-23T09:00:00+08:00" {
		t.Errorf("what is in daytime stays, whenever the end is: %s", got)
	}
	if got := c.Daytime(at(t, "2026-11-23T09:14:00+08:00"), nine+15*time.Minute, eight, end).Format(time.RFC3339); got != "2026-11-23T09:15:00+08:00" {
		t.Errorf("a minute before it: %s", got)
	}
}

func TestADateIsWrittenAndRead(t *testing.T) {
	var none calendar.Date
	for text, want := range map[string]calendar.Date{`"2026-10-08"`: {Year: 2026, Month: time.October, Day: 8}, `""`: {}} {
		got := calendar.Date{Year: 1999, Month: 1, Day: 1}
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is %v, %v", text, got, err)
		}
		if b, err := json.Marshal(want); err != nil || string(b) != text {
			t.Errorf("%v is %s, %v", want, b, err)
		}
	}
	if !none.IsZero() || json.Unmarshal([]byte(`"2026-13-08"`), &none) == nil {
		t.Error("a month that is none was read")
	}
	days := []string{"2025-12-31", "2026-01-01", "2026-01-02", "2026-02-01", "2027-01-01"}
	for i, a := range days {
		for j, b := range days {
			x, _ := calendar.ParseDate(a)
			y, _ := calendar.ParseDate(b)
			if x.Before(y) != (i < j) {
				t.Errorf("%s before %s: %v", a, b, x.Before(y))
			}
		}
	}
}
