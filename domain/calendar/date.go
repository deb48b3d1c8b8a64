package calendar

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a civil date, without a zone. The zero Date is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date of the form 2026-10-08.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is no date of the form 2026-10-08", s)
	}
	return dateOf(t), nil
}

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String is the date as 2026-10-08.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Before reports whether d comes before e.
func (d Date) Before(e Date) bool {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day)) < 0
}

// Next is the day after.
func (d Date) Next() Date { return dateOf(d.midnight().AddDate(0, 0, 1)) }

// MarshalText writes the date as 2026-10-08, and no date as the empty text.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return []byte{}, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	*d, err = ParseDate(string(b))
	return err
}

// midnight is the date as a UTC time, for arithmetic on dates alone.
func (d Date) midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// index is the day's place in its year, from 0.
func (d Date) index() int { return d.midnight().YearDay() - 1 }

// dateAt is the day of that place in that year; places outside run over.
func dateAt(year, index int) Date {
	return dateOf(time.Date(year, time.January, 1+index, 0, 0, 0, 0, time.UTC))
}

func daysIn(year int) int { return dateAt(year, 0).untilNextYear() }

func (d Date) untilNextYear() int {
	return int(time.Date(d.Year+1, time.January, 1, 0, 0, 0, 0, time.UTC).Sub(d.midnight()) / (24 * time.Hour))
}
