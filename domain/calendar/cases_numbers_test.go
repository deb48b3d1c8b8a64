package calendar_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"alta/domain/calendar"
)

func day(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestCases has what people met with, under the ids of the cases.
func TestCases(t *testing.T) {
	c := calendar.Default()
	t.Run("C128 2027 has 248 business days before its table is out", func(t *testing.T) {
		if n := c.BusinessDays(2027); n != 248 {
			t.Errorf("%d", n)
		}
		for d, works := range map[string]bool{
			"2027-01-01": false, "2027-02-05": false, "2027-02-08": false, "2027-02-09": false, "2027-02-10": false, "2027-02-11": true,
			"2027-04-05": false, "2027-04-30": true, "2027-05-03": false, "2027-05-04": false, "2027-05-05": true, "2027-06-09": false,
			"2027-09-15": false, "2027-10-01": false, "2027-10-04": false, "2027-10-05": false, "2027-10-06": true,
		} {
			if c.IsBusinessDay(day(t, d)) != works {
				t.Errorf("%s: worked is %t", d, !works)
			}
		}
		m, err := c.Add(at(t, "2027-04-30T10:00:00+08:00"), calendar.Days(1))
		if err != nil || m.At.Format(time.DateOnly) != "2027-05-05" || !m.Provisional {
			t.Errorf("%+v %v", m, err)
		}
	})
	t.Run("C130 a table reaches into the December before", func(t *testing.T) {
		newer, err := c.Import([]byte(`{"version":"cn-2027.1","official_through":"2027-12-31","years":[{"year":2027,
			"off":["2026-12-31..2027-01-03","2027-02-05..2027-02-11"],"work":["2026-12-26","2027-02-20"]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if newer.IsBusinessDay(day(t, "2026-12-31")) || !newer.IsBusinessDay(day(t, "2026-12-26")) || newer.BusinessDays(2026) != 248 {
			t.Errorf("2026 has %d", newer.BusinessDays(2026))
		}
		changes := map[string]bool{}
		for _, k := range c.Changes(newer) {
			changes[k.Day.String()] = k.Works
		}
		if works, ok := changes["2026-12-31"]; !ok || works || !changes["2026-12-26"] {
			t.Errorf("changes: %v", changes)
		}
	})
	t.Run("C130 a table reaches into the January after, and that year's own table holds", func(t *testing.T) {
		newer, err := c.Import([]byte(`{"version":"a","years":[{"year":2027,"off":["2027-01-01","2028-01-03..2028-01-04"],"work":["2028-01-08"]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if newer.IsBusinessDay(day(t, "2028-01-04")) || !newer.IsBusinessDay(day(t, "2028-01-08")) || newer.IsBusinessDay(day(t, "2028-05-01")) {
			t.Error("the January after is not as the table says, or the law's days of that year are gone")
		}
		newest, err := newer.Import([]byte(`{"version":"b","years":[{"year":2028,"off":["2028-01-01","2028-01-08"]}]}`))
		if err != nil || newest.IsBusinessDay(day(t, "2028-01-08")) {
			t.Errorf("the newer table does not hold: %v", err)
		}
	})
	t.Run("C133 a period in days ends at 24:00 of its last day", func(t *testing.T) {
		for _, k := range []struct {
			from string
			days int
			roll bool
			want string
		}{
			{"2026-12-01T03:08:12+08:00", 15, true, "2026-12-17T00:00:00+08:00"},
			{"2026-12-01T23:59:59+08:00", 15, true, "2026-12-17T00:00:00+08:00"},
			{"2026-11-30T16:00:00Z", 15, true, "2026-12-17T00:00:00+08:00"},      // already the first in Beijing
			{"2026-12-04T10:00:00+08:00", 15, true, "2026-12-22T00:00:00+08:00"}, // the 19th is a Saturday
			{"2026-12-04T10:00:00+08:00", 15, false, "2026-12-20T00:00:00+08:00"},
			{"2026-09-16T10:00:00+08:00", 15, true, "2026-10-09T00:00:00+08:00"}, // 1 October to the 7th
			{"2026-09-25T10:00:00+08:00", 15, true, "2026-10-11T00:00:00+08:00"}, // a working Saturday
			{"2026-12-17T10:00:00+08:00", 15, true, "2027-01-05T00:00:00+08:00"}, // New Year and its weekend
		} {
			m, err := c.EndOfDays(at(t, k.from), k.days, k.roll)
			if err != nil || m.At.Format(time.RFC3339) != k.want {
				t.Errorf("%s and %d days: %s (%v), want %s", k.from, k.days, m.At.Format(time.RFC3339), err, k.want)
			}
		}
	})
	t.Run("C133 a notice goes out in daytime", func(t *testing.T) {
		end := at(t, "2026-12-17T00:00:00+08:00")
		for in, want := range map[string]string{
			"2026-12-16T00:00:00+08:00": "2026-12-16T09:00:00+08:00",
			"2026-12-15T03:08:00+08:00": "2026-12-15T09:00:00+08:00",
			"2026-12-15T21:00:00+08:00": "2026-12-16T09:00:00+08:00",
			"2026-12-16T21:00:00+08:00": "2026-12-16T20:00:00+08:00", // the next morning is past the end
			"2026-12-15T12:30:00+08:00": "2026-12-15T12:30:00+08:00",
		} {
			if got := c.Daytime(at(t, in), 9*time.Hour, 20*time.Hour, end); got.Format(time.RFC3339) != want {
				t.Errorf("%s: %s, want %s", in, got.Format(time.RFC3339), want)
			}
		}
	})
}

// The law's sum, for every year and for weeks of other shapes.
func TestAYearWithoutATableHasItsWeekdaysLessThirteen(t *testing.T) {
	for _, week := range []string{`"mon","tue","wed","thu","fri"`, `"mon","tue","wed","thu","fri","sat"`, `"sun","mon","tue","wed","thu"`} {
		parse := func(statutory string) calendar.Calendar {
			c, err := calendar.Parse([]byte(fmt.Sprintf(`{"version":"x","zone":"Asia/Shanghai","open":"09:00","close":"18:00","weekdays":[%s],"statutory":%q}`, week, statutory)))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		plain, law := parse("none"), parse("cn")
		for year := calendar.FirstStatutory; year <= calendar.LastStatutory; year++ {
			if got, want := law.BusinessDays(year), plain.BusinessDays(year)-calendar.StatutoryDays; got != want {
				t.Errorf("%s %d: %d business days, want %d", week, year, got, want)
			}
		}
		if law.BusinessDays(1899) != 0 || law.BusinessDays(2101) != 0 {
			t.Error("a year whose festivals are not known has no business days")
		}
	}
}

// The festivals of published tables, which the programs that made the list have
// not seen, and bounds that no lunar year leaves.
func TestTheFestivalsAreThoseOfPublishedTables(t *testing.T) {
	law := calendar.Default()
	for _, off := range []string{
		"2008-02-06", "2010-02-15", "2012-01-23", "2015-02-19", "2018-02-16", "2021-02-12", "2023-01-23", "2024-02-09", "2025-01-29", // Spring Festival
		"2011-04-05", "2016-04-04", "2024-04-04", "2025-04-04", // Qingming
		"2014-06-02", "2017-05-30", "2019-06-07", "2022-06-03", "2024-06-10", // Dragon Boat
		"2010-09-22", "2013-09-19", "2016-09-15", "2019-09-13", "2023-09-29", "2024-09-17", // Mid-Autumn
	} {
		if law.IsBusinessDay(day(t, off)) {
			t.Errorf("%s was a day off", off)
		}
	}
}

func TestAPeriodInDaysNeverEndsOnADayOffAndNeverBeforeItsDays(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from, n := moments.Draw(t, "from"), rapid.IntRange(0, 400).Draw(t, "days")
		m, err := c.EndOfDays(from, n, true)
		if err != nil {
			t.Fatal(err)
		}
		last := m.At.Add(-time.Nanosecond)
		date := calendar.Date{Year: last.Year(), Month: last.Month(), Day: last.Day()}
		plain, _ := c.EndOfDays(from, n, false)
		if !c.IsBusinessDay(date) || m.At.Before(plain.At) || m.At.Format("15:04:05.999") != "00:00:00" || !m.At.After(from) {
			t.Fatalf("%s and %d days end at %s", from, n, m.At)
		}
		for d := plain.At.Add(-time.Hour); d.Before(last.Add(-24 * time.Hour)); d = d.AddDate(0, 0, 1) {
			if c.IsBusinessDay(calendar.Date{Year: d.Year(), Month: d.Month(), Day: d.Day()}) {
				t.Fatalf("%s and %d days end at %s, past the business day %s", from, n, m.At, d)
			}
		}
	})
}

func TestADaytimeNoticeIsInDaytimeAndBeforeTheEnd(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		at := moments.Draw(t, "at")
		end, err := c.EndOfDays(at, rapid.IntRange(0, 20).Draw(t, "days"), true)
		if err != nil {
			t.Fatal(err)
		}
		got := c.Daytime(at, 9*time.Hour, 20*time.Hour, end.At)
		if clock := got.Format("15:04"); clock < "09:00" || clock > "20:00" || !got.Before(end.At) {
			t.Fatalf("%s becomes %s, before the end %s", at, got, end.At)
		}
	})
}

func TestDocumentsThatWereBuiltInAnswerAsTheyDid(t *testing.T) {
	former := calendar.BuiltIn()[0]
	m, err := former.Add(at(t, "2027-02-04T10:00:00+08:00"), calendar.Days(1))
	if err != nil || former.Version != "cn-2026.1" || m.At.Format(time.DateOnly) != "2027-02-09" || former.BusinessDays(2027) != 254 {
		t.Errorf("%s answers %+v (%v)", former.Version, m, err)
	}
}
