package calendar_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"alta/domain/calendar"
)

var moments = rapid.Custom(func(t *rapid.T) time.Time {
	// 2024 to 2034: before, in, and beyond the tables.
	s := rapid.Int64Range(1704067200, 2019686400).Draw(t, "second")
	return time.Unix(s, rapid.Int64Range(0, 999_999_999).Draw(t, "nano"))
})

var spans = rapid.Custom(func(t *rapid.T) calendar.Span {
	return calendar.Span{
		Days: rapid.IntRange(0, 700).Draw(t, "days"),
		Time: time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "time")),
	}
})

// inHours reports whether a deadline may lie there: in business hours, or at
// the closing instant of a business day.
func inHours(c calendar.Calendar, at time.Time) bool {
	return c.IsOpen(at) || c.IsOpen(at.Add(-time.Nanosecond))
}

func TestAddingThenMeasuringGivesBackTheSame(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from, span := moments.Draw(t, "from"), spans.Draw(t, "span")
		m, err := c.Add(from, span)
		if err != nil {
			t.Fatal(err)
		}
		e, err := c.Between(from, m.At)
		if err != nil || e.Time != c.Length(span) {
			t.Fatalf("added %s, measured %s (%v)", c.Length(span), e.Time, err)
		}
		if back, _ := c.Between(m.At, from); back.Time != -e.Time {
			t.Fatalf("there %s, back %s", e.Time, back.Time)
		}
	})
}

func TestAnAdditionNeverEndsInAClosedHour(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		m, err := c.Add(moments.Draw(t, "from"), spans.Draw(t, "span"))
		if err != nil || !inHours(c, m.At) {
			t.Fatalf("%s is closed (%v)", m.At, err)
		}
	})
}

func TestWholeHoursNeverEndInAClosedHour(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		// Whole hours from whole hours hit opening and closing instants often.
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, c.Zone()).Add(time.Duration(rapid.IntRange(0, 24*400).Draw(t, "hour")) * time.Hour)
		span := calendar.Hours(rapid.IntRange(0, 200).Draw(t, "hours"))
		m, err := c.Add(from, span)
		if err != nil || !inHours(c, m.At) {
			t.Fatalf("%s is closed (%v)", m.At, err)
		}
		if clock := m.At.Format("15:04"); span.Time > 0 && clock == "09:00" {
			t.Fatalf("%s and %s ends at an opening instant, %s, and not at the closing before", from, span.Time, m.At)
		}
	})
}

func TestBusinessDaysKeepTheClockTime(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from := moments.Draw(t, "from")
		if !c.IsOpen(from) {
			return
		}
		m, err := c.Add(from, calendar.Days(rapid.IntRange(0, 700).Draw(t, "days")))
		const clock = "15:04:05.999999999"
		if err != nil || m.At.Format(clock) != from.In(c.Zone()).Format(clock) {
			t.Fatalf("from %s to %s (%v)", from.In(c.Zone()), m.At, err)
		}
	})
}

// The tables' prefix counts against counting by hand, day for day.
func TestBusinessDaysAreThoseThatCountingFinds(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from, n := moments.Draw(t, "from"), rapid.IntRange(0, 400).Draw(t, "days")
		open, err := c.NextOpening(from)
		if err != nil {
			t.Fatal(err)
		}
		want := open.At
		for left := n; left > 0; {
			want = want.AddDate(0, 0, 1)
			if c.IsBusinessDay(calendar.Date{Year: want.Year(), Month: want.Month(), Day: want.Day()}) {
				left--
			}
		}
		if m, _ := c.Add(from, calendar.Days(n)); !m.At.Equal(want) {
			t.Fatalf("%s and %d days: got %s, counting gives %s", from, n, m.At, want)
		}
	})
}

func TestAddingInTwoStepsIsAddingAtOnce(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from := moments.Draw(t, "from")
		a := time.Duration(rapid.Int64Range(0, int64(500*time.Hour)).Draw(t, "a"))
		b := time.Duration(rapid.Int64Range(1, int64(500*time.Hour)).Draw(t, "b"))
		first, _ := c.Add(from, calendar.Span{Time: a})
		second, _ := c.Add(first.At, calendar.Span{Time: b})
		once, _ := c.Add(from, calendar.Span{Time: a + b})
		if !second.At.Equal(once.At) {
			t.Fatalf("in two steps %s, at once %s", second.At, once.At)
		}
	})
}

func TestALongerSpanNeverEndsEarlier(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from, span := moments.Draw(t, "from"), spans.Draw(t, "span")
		more := span
		more.Time += time.Duration(rapid.Int64Range(1, int64(20*time.Hour)).Draw(t, "more"))
		a, _ := c.Add(from, span)
		b, _ := c.Add(from, more)
		later, _ := c.Add(from.Add(time.Minute), span)
		if b.At.Before(a.At) || later.At.Before(a.At) || a.At.Before(from) {
			t.Fatalf("%s, longer %s, started later %s", a.At, b.At, later.At)
		}
	})
}

func TestMeasuringIsAdditive(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		x, y, z := moments.Draw(t, "x"), moments.Draw(t, "y"), moments.Draw(t, "z")
		xy, _ := c.Between(x, y)
		yz, _ := c.Between(y, z)
		xz, _ := c.Between(x, z)
		if xy.Time+yz.Time != xz.Time {
			t.Fatalf("%s and %s are not %s", xy.Time, yz.Time, xz.Time)
		}
	})
}

// In Sydney clocks change twice a year, in the southern summer's favour, and
// always at night: business time must not notice.
func TestClockChangesDoNotDisturbBusinessTime(t *testing.T) {
	c, err := calendar.Parse([]byte(`{"version":"au","zone":"Australia/Sydney","open":"08:30","close":"17:15","weekdays":["mon","tue","wed","thu","sun"]}`))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		from, span := moments.Draw(t, "from"), spans.Draw(t, "span")
		m, err := c.Add(from, span)
		if err != nil || !inHours(c, m.At) || !m.Provisional {
			t.Fatalf("%s is closed or passes for official (%v)", m.At, err)
		}
		if e, _ := c.Between(from, m.At); e.Time != c.Length(span) {
			t.Fatalf("added %s, measured %s", c.Length(span), e.Time)
		}
	})
}

func TestBadArgumentsAreRefused(t *testing.T) {
	c := calendar.Default()
	now := at(t, "2026-11-23T10:00:00+08:00")
	cases := map[string]struct {
		calendar calendar.Calendar
		from     time.Time
		span     calendar.Span
		want     error
	}{
		"negative days":             {c, now, calendar.Days(-1), calendar.ErrNegative},
		"negative hours":            {c, now, calendar.Hours(-1), calendar.ErrNegative},
		"more days than there are":  {c, now, calendar.Days(calendar.MaxDays + 1), calendar.ErrRange},
		"days and hours too many":   {c, now, calendar.Span{Days: calendar.MaxDays, Time: 9 * time.Hour}, calendar.ErrRange},
		"past the year 9999":        {plainWeek(t), time.Date(9998, 12, 1, 0, 0, 0, 0, time.UTC), calendar.Days(1000), calendar.ErrRange},
		"a moment out of all years": {c, time.Unix(1<<55, 0), calendar.Days(1), calendar.ErrRange},
		"no moment":                 {c, time.Time{}, calendar.Days(1), calendar.ErrRange},
		"a calendar without data":   {calendar.Calendar{}, now, calendar.Days(1), calendar.ErrEmpty},
	}
	for rule, k := range cases {
		t.Run(rule, func(t *testing.T) {
			if _, err := k.calendar.Add(k.from, k.span); !errors.Is(err, k.want) {
				t.Errorf("got %v, want %v", err, k.want)
			}
		})
	}
	if (calendar.Calendar{}).IsOpen(now) || (calendar.Calendar{}).BusinessDays(2026) != 0 {
		t.Error("a calendar without data is never open")
	}
	if _, err := (calendar.Calendar{}).Between(now, now); !errors.Is(err, calendar.ErrEmpty) {
		t.Errorf("measuring without data: %v", err)
	}
	if _, err := plainWeek(t).Add(now, calendar.Days(calendar.MaxDays)); err != nil {
		t.Errorf("the longest span: %v", err)
	}
	for rule, k := range map[string]struct {
		from time.Time
		span calendar.Span
	}{
		"into a year whose festivals are not known": {at(t, "2100-12-30T10:00:00+08:00"), calendar.Days(5)},
		"from one":                  {at(t, "2101-01-05T10:00:00+08:00"), calendar.Days(1)},
		"from one before the first": {at(t, "1899-12-30T10:00:00+08:00"), calendar.Days(1)},
		"the longest span":          {now, calendar.Days(calendar.MaxDays)},
	} {
		if _, err := c.Add(k.from, k.span); !errors.Is(err, calendar.ErrBeyond) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := c.Between(now, at(t, "2101-01-05T10:00:00+08:00")); !errors.Is(err, calendar.ErrBeyond) {
		t.Errorf("measuring into 2101: %v", err)
	}
}

// plainWeek is a calendar without days off.
func plainWeek(t *testing.T) calendar.Calendar {
	t.Helper()
	c, err := calendar.Parse([]byte(`{"version":"plain","zone":"Asia/Shanghai","open":"09:00","close":"18:00","weekdays":["mon","tue","wed","thu","fri"]}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func BenchmarkAddThreeDays(b *testing.B) {
	c := calendar.Default()
	from := time.Date(2026, 9, 30, 2, 0, 0, 0, time.UTC)
	for b.Loop() {
		_, _ = c.Add(from, calendar.Days(3))
	}
}

func BenchmarkBetweenOverTenYears(b *testing.B) {
	c := calendar.Default()
	from := time.Date(2026, 9, 30, 2, 0, 0, 0, time.UTC)
	to := from.AddDate(10, 0, 0)
	for b.Loop() {
		_, _ = c.Between(from, to)
	}
}
