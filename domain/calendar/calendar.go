package calendar

import (
	"errors"
	"fmt"
	"time"
)

// Calendar is one version of the business calendar. It is immutable; the zero
// Calendar knows no hours, and its methods refuse with [ErrEmpty].
type Calendar struct {
	// Version names the document, and stays with every deadline computed from it.
	Version string
	// OfficialThrough is the last day that rests on a published table.
	OfficialThrough Date

	doc         Document
	zone        *time.Location
	open, close time.Duration // wall clock, since midnight
	shapes      *shapes
	years       map[int]days
	week        week
	lawful      *lawful // nil where years without a table have plain weekdays
	first       Date    // the first day that rests on a published table
}

// Errors of bad arguments.
var (
	ErrEmpty    = errors.New("calendar: the calendar has no data")
	ErrNegative = errors.New("calendar: a span of business time cannot be negative")
	ErrRange    = fmt.Errorf("calendar: moments lie between the years 2 and 9998, and spans are at most %d business days", MaxDays)
)

// MaxDays is the longest span in business days, some four centuries.
const MaxDays = 100_000

// Span is an amount of business time: whole days, and open time on top.
type Span struct {
	Days int           `json:"days,omitempty"`
	Time time.Duration `json:"time,omitempty"` // nanoseconds
}

// Days is a span of n business days.
func Days(n int) Span { return Span{Days: n} }

// Hours is a span of n business hours.
func Hours(n int) Span { return Span{Time: time.Duration(n) * time.Hour} }

// Moment is an answer of the calendar.
type Moment struct {
	At          time.Time `json:"at"`                    // in the calendar's zone
	Version     string    `json:"version"`               // of the calendar that answered
	Provisional bool      `json:"provisional,omitempty"` // rests on days without a published table
}

// Elapsed is business time that was measured. It is negative where the second
// moment comes before the first.
type Elapsed struct {
	Time        time.Duration `json:"time"` // nanoseconds of open time
	Version     string        `json:"version"`
	Provisional bool          `json:"provisional,omitempty"`
}

// Zone is where the calendar's wall clock hangs.
func (c Calendar) Zone() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone
}

// DayLength is how much business time a business day has.
func (c Calendar) DayLength() time.Duration { return c.close - c.open }

// Length is a span in open time: a business day counts [Calendar.DayLength].
// With it, parts of a span and what is left of it are plain arithmetic: the
// moment three quarters into s is Add(from, Span{Time: c.Length(s) * 3 / 4}).
func (c Calendar) Length(s Span) time.Duration {
	return time.Duration(s.Days)*c.DayLength() + s.Time
}

// IsBusinessDay reports whether people work on that date.
// It answers false for a year that the calendar does not know; see [ErrBeyond].
func (c Calendar) IsBusinessDay(d Date) bool {
	return c.Knows(d.Year) && c.year(d.Year).isBusiness(d.index())
}

// BusinessDays is how many business days a year has, 0 where the calendar does
// not know it.
func (c Calendar) BusinessDays(year int) int {
	if !c.Knows(year) {
		return 0
	}
	return c.year(year).total()
}

// IsOpen reports whether that moment is in business hours: from the opening
// instant, included, to the closing instant, excluded.
func (c Calendar) IsOpen(at time.Time) bool {
	if c.check(at) != nil {
		return false
	}
	d, clock := c.wall(at)
	return c.IsBusinessDay(d) && clock >= c.open && clock < c.close
}

// NextOpening is the moment itself if it is open, and otherwise the first
// opening instant after it.
func (c Calendar) NextOpening(at time.Time) (Moment, error) {
	if err := c.check(at); err != nil {
		return Moment{}, err
	}
	d, clock, err := c.start(at)
	if err != nil {
		return Moment{}, err
	}
	from, _ := c.wall(at)
	return c.moment(from, d, clock), nil
}

// Add is the moment at which that much business time has passed since from. It
// starts counting at the next opening; days come before hours. See the package
// comment for the rules at the edges. Errors: [ErrNegative], [ErrRange],
// [ErrBeyond], [ErrEmpty].
func (c Calendar) Add(from time.Time, s Span) (Moment, error) {
	if err := c.check(from); err != nil {
		return Moment{}, err
	}
	if s.Days < 0 || s.Time < 0 {
		return Moment{}, ErrNegative
	}
	if s.Days > MaxDays || s.Days+int(s.Time/c.DayLength()) > MaxDays {
		return Moment{}, ErrRange
	}
	d, clock, err := c.start(from)
	if err != nil {
		return Moment{}, err
	}
	whole := s.Days + int(s.Time/c.DayLength())
	clock += s.Time % c.DayLength()
	// What runs past closing goes on at the next opening. What ends with the day
	// stays in it, and so does a sum of whole days of hours: nine hours from
	// opening are over at closing.
	switch {
	case clock > c.close:
		clock -= c.DayLength()
		whole++
	case clock == c.open && s.Time > 0:
		clock = c.close
		whole--
	}
	end, err := c.skip(d, whole)
	if err != nil {
		return Moment{}, err
	}
	first, _ := c.wall(from)
	return c.moment(first, end, clock), nil
}

// Between is the business time from one moment to another.
func (c Calendar) Between(from, to time.Time) (Elapsed, error) {
	if err := errors.Join(c.check(from), c.check(to)); err != nil {
		return Elapsed{}, err
	}
	sign := time.Duration(1)
	if to.Before(from) {
		from, to, sign = to, from, -1
	}
	a, aClock := c.wall(from)
	b, bClock := c.wall(to)
	if !c.Knows(a.Year) || !c.Knows(b.Year) {
		return Elapsed{}, ErrBeyond
	}
	whole := 0
	for y := a.Year; y < b.Year; y++ {
		whole += c.year(y).total()
	}
	whole += c.year(b.Year).before(b.index()) - c.year(a.Year).before(a.index())
	if whole > int(1<<63-1)/int(c.DayLength())-1 {
		return Elapsed{}, ErrRange
	}
	open := time.Duration(whole)*c.DayLength() + c.worked(b, bClock) - c.worked(a, aClock)
	// The answer does not rest on a day of which only closed hours lie between.
	if aClock >= c.close && a.Before(b) {
		a = a.Next()
	}
	if bClock <= c.open && a.Before(b) {
		b = dateAt(b.Year, b.index()-1)
	}
	return Elapsed{Time: sign * open, Version: c.Version, Provisional: !c.covers(a, b)}, nil
}

// AddCalendarDays is the same wall-clock time that many calendar days later (or
// earlier), in the calendar's zone. A period in days ends at [Calendar.EndOfDays].
func (c Calendar) AddCalendarDays(from time.Time, n int) time.Time {
	return from.In(c.Zone()).Round(0).AddDate(0, 0, n)
}

// Recompute applies the stated rule for deadlines already computed (see the
// package comment) to one whose clock is running: old was computed from that
// start and span with an earlier version. It answers the moment that holds from
// now on, and whether it differs from the old one.
func (c Calendar) Recompute(old Moment, start time.Time, s Span, now time.Time) (Moment, bool, error) {
	if !old.At.After(now) {
		return old, false, nil
	}
	m, err := c.Add(start, s)
	if err != nil {
		return old, false, err
	}
	if !m.At.After(now) {
		return old, false, nil
	}
	return m, !m.At.Equal(old.At), nil
}

// check refuses what RFC 3339 cannot write in every zone, and the zero Calendar.
func (c Calendar) check(at time.Time) error {
	if c.shapes == nil {
		return ErrEmpty
	}
	if y := at.UTC().Year(); y < 2 || y > 9998 {
		return ErrRange
	}
	return nil
}

// wall is the date and the time since midnight that a wall clock shows.
func (c Calendar) wall(at time.Time) (Date, time.Duration) {
	at = at.In(c.zone)
	h, m, s := at.Clock()
	return dateOf(at), time.Duration(h)*time.Hour + time.Duration(m)*time.Minute +
		time.Duration(s)*time.Second + time.Duration(at.Nanosecond())
}

// start is where counting starts: the moment itself, or the next opening.
func (c Calendar) start(at time.Time) (Date, time.Duration, error) {
	d, clock := c.wall(at)
	if !c.Knows(d.Year) {
		return Date{}, 0, ErrBeyond
	}
	if c.IsBusinessDay(d) && clock < c.close {
		return d, max(clock, c.open), nil
	}
	d, err := c.skip(d, 1)
	return d, c.open, err
}

// skip is the n-th business day after d; 0 after a business day is that day. A day
// off counts as lying behind the business day before it.
func (c Calendar) skip(d Date, n int) (Date, error) {
	// The number, from 0, of the day sought within d's year.
	target := c.year(d.Year).before(d.index()+1) - 1 + n
	for year := d.Year; year <= 9999; year++ {
		if !c.Knows(year) {
			return Date{}, ErrBeyond
		}
		y := c.year(year)
		if target < y.total() && target >= 0 {
			return dateAt(year, y.nth(target)), nil
		}
		target -= y.total()
	}
	return Date{}, ErrRange
}

// worked is the business time of day d up to that clock time.
func (c Calendar) worked(d Date, clock time.Duration) time.Duration {
	if !c.IsBusinessDay(d) {
		return 0
	}
	return min(max(clock, c.open), c.close) - c.open
}

func (c Calendar) year(year int) days {
	if y, ok := c.years[year]; ok {
		return y
	}
	if c.lawful != nil {
		return c.lawful[year-FirstStatutory]
	}
	return c.shapes.of(year)
}

// moment is the answer on day d at that clock time, reckoned from day from.
func (c Calendar) moment(from, d Date, clock time.Duration) Moment {
	at := time.Date(d.Year, d.Month, d.Day,
		int(clock/time.Hour), int(clock/time.Minute)%60, int(clock/time.Second)%60, int(clock%time.Second), c.zone)
	return Moment{At: at, Version: c.Version, Provisional: !c.covers(from, d)}
}

// covers reports whether all days from a to b rest on published tables.
func (c Calendar) covers(a, b Date) bool {
	return !c.OfficialThrough.IsZero() && !a.Before(c.first) && !c.OfficialThrough.Before(b)
}
