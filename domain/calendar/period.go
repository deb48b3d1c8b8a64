package calendar

import "time"

// EndOfDays is the end of a period of n calendar days: 24:00 of its last day,
// which is the midnight after it. The day on which the period begins is not
// counted (Civil Code art. 201). Where the last day is a day off and roll says
// so, the next business day is the last (art. 203). The answer is provisional
// where a table that is not out yet could move it.
func (c Calendar) EndOfDays(from time.Time, n int, roll bool) (Moment, error) {
	if err := c.check(from); err != nil {
		return Moment{}, err
	}
	if n < 0 {
		return Moment{}, ErrNegative
	}
	if n > MaxDays {
		return Moment{}, ErrRange
	}
	start, _ := c.wall(from)
	last := dateOf(start.midnight().AddDate(0, 0, n))
	m := Moment{Version: c.Version}
	if roll {
		named := last
		if !c.Knows(last.Year) {
			return Moment{}, ErrBeyond
		}
		if !c.IsBusinessDay(last) {
			var err error
			if last, err = c.skip(last, 1); err != nil {
				return Moment{}, err
			}
		}
		m.Provisional = !c.covers(named, last)
	}
	end := last.Next()
	m.At = time.Date(end.Year, end.Month, end.Day, 0, 0, 0, 0, c.zone)
	return m, c.check(m.At)
}

// Daytime moves a moment at night into the day: to the next opening of the day
// at from, or where that is not before the end, to the evening before at to.
// Both are times since midnight.
func (c Calendar) Daytime(at time.Time, from, to time.Duration, end time.Time) time.Time {
	zone := c.Zone()
	at = at.In(zone)
	h, m, s := at.Clock()
	clock := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(at.Nanosecond())
	if from <= clock && clock <= to {
		return at
	}
	on := func(days int, clock time.Duration) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day()+days, int(clock/time.Hour), int(clock/time.Minute)%60, 0, 0, zone)
	}
	morning, evening := on(0, from), on(-1, to)
	if clock > to {
		morning, evening = on(1, from), on(0, to)
	}
	if morning.Before(end) {
		return morning
	}
	return evening
}
