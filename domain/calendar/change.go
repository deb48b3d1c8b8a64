package calendar

import (
	"maps"
	"slices"
)

// Change is a day on which people work by one calendar and not by another.
type Change struct {
	Day   Date
	Works bool // by the newer calendar
}

// Changes lists the days that differ in a newer calendar, in the years that
// either has a table of.
func (c Calendar) Changes(newer Calendar) []Change {
	if c.shapes == nil || newer.shapes == nil {
		return nil
	}
	years := map[int]bool{}
	for _, tables := range []map[int]days{c.years, newer.years} {
		for year := range tables {
			years[year] = true
		}
	}
	var out []Change
	for _, year := range slices.Sorted(maps.Keys(years)) {
		for i := range daysIn(year) {
			if d := dateAt(year, i); c.IsBusinessDay(d) != newer.IsBusinessDay(d) {
				out = append(out, Change{d, newer.IsBusinessDay(d)})
			}
		}
	}
	return out
}
