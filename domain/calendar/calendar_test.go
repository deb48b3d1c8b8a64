package calendar_test

import (
	"testing"
	"time"

	"alta/domain/calendar"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	m, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAddingBusinessTime(t *testing.T) {
	c := calendar.Default()
	cases := []struct {
		rule        string
		from        string
		span        calendar.Span
		want        string
		provisional bool
	}{
		{"a business day lands on the same clock time of the next one", "2026-11-23T10:30:00+08:00", calendar.Days(1), "2026-11-24T10:30:00+08:00", false},
		{"the eve of the national holiday and one day is the day after it", "2026-09-30T10:00:00+08:00", calendar.Days(1), "2026-10-08T10:00:00+08:00", false},
		{"a working Saturday counts", "2026-10-09T10:00:00+08:00", calendar.Days(1), "2026-10-10T10:00:00+08:00", false},
		{"a plain weekend does not", "2026-11-27T17:59:59+08:00", calendar.Days(1), "2026-11-30T17:59:59+08:00", false},
		{"no time at all in business hours is the moment itself", "2026-11-23T10:30:00+08:00", calendar.Span{}, "2026-11-23T10:30:00+08:00", false},
		{"no time at all at night is the next opening", "2026-11-23T22:00:00+08:00", calendar.Span{}, "2026-11-24T09:00:00+08:00", false},
		{"before opening counts from that day's opening", "2026-11-23T06:00:00+08:00", calendar.Hours(1), "2026-11-23T10:00:00+08:00", false},
		{"after closing counts from the next day's opening", "2026-11-23T18:30:00+08:00", calendar.Days(1), "2026-11-25T09:00:00+08:00", false},
		{"the closing instant counts as after closing", "2026-11-23T18:00:00+08:00", calendar.Hours(1), "2026-11-24T10:00:00+08:00", false},
		{"a day off counts from the next day's opening", "2026-11-28T12:00:00+08:00", calendar.Days(1), "2026-12-01T09:00:00+08:00", false},
		{"hours that end with the day end at closing", "2026-11-23T09:00:00+08:00", calendar.Hours(9), "2026-11-23T18:00:00+08:00", false},
		{"hours over several days end at closing too", "2026-11-23T09:00:00+08:00", calendar.Hours(27), "2026-11-25T18:00:00+08:00", false},
		{"hours run over the night", "2026-11-23T17:00:00+08:00", calendar.Hours(2), "2026-11-24T10:00:00+08:00", false},
		{"hours run over the weekend", "2026-11-27T17:30:00+08:00", calendar.Hours(1), "2026-11-30T09:30:00+08:00", false},
		{"days come before hours", "2026-11-27T17:30:00+08:00", calendar.Span{Days: 1, Time: time.Hour}, "2026-12-01T09:30:00+08:00", false},
		{"a day and hours to closing end at closing", "2026-11-23T17:00:00+08:00", calendar.Span{Days: 1, Time: time.Hour}, "2026-11-24T18:00:00+08:00", false},
		{"other zones are the same instant", "2026-11-23T02:30:00Z", calendar.Days(1), "2026-11-24T10:30:00+08:00", false},
		{"the last official day is covered", "2026-12-30T10:00:00+08:00", calendar.Days(1), "2026-12-31T10:00:00+08:00", false},
		{"into the unpublished year is provisional", "2026-12-31T10:00:00+08:00", calendar.Days(1), "2027-01-04T10:00:00+08:00", true},
		{"the Spring Festival's four days and the two that make up for its weekend are off", "2027-02-04T10:00:00+08:00", calendar.Days(1), "2027-02-11T10:00:00+08:00", true},
		{"beyond all tables the statutory days count", "2031-05-30T10:00:00+08:00", calendar.Days(1), "2031-06-02T10:00:00+08:00", true},
		{"before the first table is provisional", "2025-12-31T10:00:00+08:00", calendar.Days(1), "2026-01-04T10:00:00+08:00", true},
	}
	for _, k := range cases {
		t.Run(k.rule, func(t *testing.T) {
			got, err := c.Add(at(t, k.from), k.span)
			if err != nil {
				t.Fatal(err)
			}
			if got.At.Format(time.RFC3339Nano) != k.want || got.Provisional != k.provisional {
				t.Errorf("got %s (provisional %t), want %s (%t)", got.At.Format(time.RFC3339Nano), got.Provisional, k.want, k.provisional)
			}
			if got.Version != c.Version {
				t.Errorf("version %q, want %q", got.Version, c.Version)
			}
		})
	}
}

func TestAMeasureRestsOnTheDaysWhoseOpenHoursItCounts(t *testing.T) {
	for rule, k := range map[string]struct {
		from, to    string
		provisional bool
	}{
		"the year up to its last midnight is official":     {"2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00", false},
		"up to the opening of the first unpublished day":   {"2026-12-31T10:00:00+08:00", "2027-01-01T09:00:00+08:00", false},
		"a second later it is not":                         {"2026-12-31T10:00:00+08:00", "2027-01-01T09:00:01+08:00", true},
		"from the closing of the last day without a table": {"2025-12-31T18:00:00+08:00", "2026-01-04T10:00:00+08:00", false},
		"a second earlier it is not":                       {"2025-12-31T17:59:59+08:00", "2026-01-04T10:00:00+08:00", true},
		"one moment of an unpublished day is not official": {"2027-01-04T08:00:00+08:00", "2027-01-04T08:00:00+08:00", true},
		"nor is a night between two unpublished days":      {"2027-01-04T19:00:00+08:00", "2027-01-05T08:00:00+08:00", true},
	} {
		t.Run(rule, func(t *testing.T) {
			e, err := calendar.Default().Between(at(t, k.from), at(t, k.to))
			if err != nil || e.Provisional != k.provisional {
				t.Errorf("provisional %t (%v), want %t", e.Provisional, err, k.provisional)
			}
		})
	}
}

func TestTheYear2026Has248BusinessDays(t *testing.T) {
	if n := calendar.Default().BusinessDays(2026); n != 248 {
		t.Errorf("got %d", n)
	}
}
