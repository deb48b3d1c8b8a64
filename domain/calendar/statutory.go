package calendar

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// The statutory days off of mainland China, which a year without a published
// table falls back to: thirteen days (Measures on days off for festivals, 2024,
// art. 2). One that falls on a day on which nobody works, or on another of the
// thirteen, is made up on the next working day (art. 6). So whatever a later
// table moves, the year has its Monday-to-Friday days less thirteen.

// ChinaDaysOff names these days in a [Document].
const ChinaDaysOff = "cn"

// The years whose lunar festivals are known.
const (
	FirstStatutory = 1900
	LastStatutory  = 2100
)

// StatutoryDays is how many days off the law gives in a year.
const StatutoryDays = 13

// ErrBeyond says that a calendar which reckons with the statutory days off was
// asked about a year whose festivals are not known.
var ErrBeyond = fmt.Errorf("calendar: the statutory days off are known for the years %d to %d", FirstStatutory, LastStatutory)

//go:embed festivals.txt
var festivalTable string

// festivals are the days of a year that do not have a fixed date.
type festivals struct{ spring, qingming, dragonBoat, midAutumn Date }

// festivalYears reads the table that is part of the program; its tests prove
// that every year is there.
var festivalYears = sync.OnceValue(func() map[int]festivals {
	years := map[int]festivals{}
	for line := range strings.Lines(festivalTable) {
		var year int
		var text [4]string
		if _, err := fmt.Sscan(line, &year, &text[0], &text[1], &text[2], &text[3]); err != nil {
			continue // the heading
		}
		var dates [4]Date
		for i, monthDay := range text {
			d, err := ParseDate(fmt.Sprintf("%04d-%s", year, monthDay))
			if err != nil {
				panic(errors.Join(errors.New("calendar: festivals.txt"), err))
			}
			dates[i] = d
		}
		years[year] = festivals{dates[0], dates[1], dates[2], dates[3]}
	}
	return years
})

// statutory lists the thirteen days of a year, one twice where two of them
// meet; false where the year's festivals are not known.
func statutory(year int) ([]Date, bool) {
	f, ok := festivalYears()[year]
	if !ok {
		return nil, false
	}
	on := func(m time.Month, day int) Date { return Date{year, m, day} }
	eve := dateAt(year, f.spring.index()-1)
	second := f.spring.Next()
	list := []Date{
		on(time.January, 1), eve, f.spring, second, second.Next(), f.qingming, on(time.May, 1), on(time.May, 2),
		f.dragonBoat, f.midAutumn, on(time.October, 1), on(time.October, 2), on(time.October, 3),
	}
	return list, true
}

// statutory are the days off of a year by law, with those on which a day off
// that falls on a free day is made up; false where the festivals are not known.
func (w week) statutory(year int) (off map[Date]bool, ok bool) {
	list, ok := statutory(year)
	if !ok {
		return nil, false
	}
	off = map[Date]bool{}
	var madeUp []Date
	for _, d := range list {
		if off[d] || !w[d.midnight().Weekday()] {
			madeUp = append(madeUp, d)
		}
		off[d] = true
	}
	for _, d := range madeUp {
		for d = d.Next(); d.Year == year && (off[d] || !w[d.midnight().Weekday()]); d = d.Next() {
		}
		if d.Year == year {
			off[d] = true
		}
	}
	return off, true
}

// lawful are the business days of every year whose festivals are known.
type lawful [LastStatutory - FirstStatutory + 1]days

var lawfulWeeks sync.Map // week to *lawful: at most 127

func (w week) lawful() *lawful {
	if known, ok := lawfulWeeks.Load(w); ok {
		return known.(*lawful)
	}
	var years lawful
	for i := range years {
		off, _ := w.statutory(FirstStatutory + i)
		years[i] = w.counts(FirstStatutory+i, off, nil)
	}
	known, _ := lawfulWeeks.LoadOrStore(w, &years)
	return known.(*lawful)
}

// Statutory is the table that the law alone gives a year, where the calendar
// reckons with the statutory days off and knows the year's festivals.
func (c Calendar) Statutory(year int) (Year, bool) {
	if c.lawful == nil {
		return Year{}, false
	}
	off, ok := c.week.statutory(year)
	if !ok {
		return Year{}, false
	}
	table := Year{Year: year, Source: "assumed: the thirteen statutory days; those on a free day are made up on the next working day (art. 6)"}
	for i := 0; i < daysIn(year); i++ {
		from := dateAt(year, i)
		if !off[from] {
			continue
		}
		for off[dateAt(year, i+1)] { // of this year only
			i++
		}
		if to := dateAt(year, i); to != from {
			table.Off = append(table.Off, from.String()+".."+to.String())
		} else {
			table.Off = append(table.Off, from.String())
		}
	}
	return table, true
}

// Knows reports whether the calendar can tell the business days of a year: it
// has a table, or the law's days, or reckons with plain weekdays.
func (c Calendar) Knows(year int) bool {
	if c.shapes == nil {
		return false
	}
	_, table := c.years[year]
	return table || c.lawful == nil || FirstStatutory <= year && year <= LastStatutory
}

// ByLaw is how many business days the law gives a year under the calendar's
// week: its working weekdays less the thirteen. False where it does not know.
func (c Calendar) ByLaw(year int) (int, bool) {
	if c.lawful == nil || year < FirstStatutory || year > LastStatutory {
		return 0, false
	}
	return c.lawful[year-FirstStatutory].total(), true
}
