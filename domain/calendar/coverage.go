package calendar

import "time"

// CoverageNotice is how many covered days must remain before a warning is due.
const CoverageNotice = 60

// Coverage is how long the official data last.
type Coverage struct {
	Through Date `json:"through"` // the last official day
	Days    int  `json:"days"`    // calendar days from the day asked about to Through, which count both; 0 when over
	Low     bool `json:"low"`     // fewer than CoverageNotice: import the next table
}

// Coverage tells how many official days remain, counting the day of that moment
// in the calendar's zone.
func (c Calendar) Coverage(at time.Time) Coverage {
	cov := Coverage{Through: c.OfficialThrough}
	today := dateOf(at.In(c.Zone()))
	if !c.OfficialThrough.IsZero() && !c.OfficialThrough.Before(today) {
		cov.Days = int(c.OfficialThrough.midnight().Sub(today.midnight())/(24*time.Hour)) + 1
	}
	cov.Low = cov.Days < CoverageNotice
	return cov
}

// Official reports whether the whole year rests on a published table.
func (c Calendar) Official(year int) bool {
	return c.shapes != nil && c.covers(dateAt(year, 0), dateAt(year, daysIn(year)-1))
}
