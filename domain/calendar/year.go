package calendar

import (
	"sort"
	"time"
)

// days holds which days of one year are business days, as prefix counts:
// days[i] is how many there are before the day with index i, and the last
// element is the year's total.
type days []uint16

func (y days) isBusiness(i int) bool { return y[i+1] > y[i] }
func (y days) total() int            { return int(y[len(y)-1]) }
func (y days) before(i int) int      { return int(y[i]) }

// nth is the index of the business day with that number, from 0. There must be
// more than n of them.
func (y days) nth(n int) int {
	return sort.Search(len(y)-1, func(i int) bool { return int(y[i+1]) > n })
}

// week tells the working weekdays, Sunday first.
type week [7]bool

// plain makes the counts of a year without holidays.
func (w week) plain(jan1 time.Weekday, length int) days {
	y := make(days, length+1)
	for i := range length {
		y[i+1] = y[i]
		if w[(int(jan1)+i)%7] {
			y[i+1]++
		}
	}
	return y
}

// shapes are the fourteen years without holidays there can be: by the weekday
// of 1 January, common and leap.
type shapes [7][2]days

func (w week) shapes() *shapes {
	var s shapes
	for d := range s {
		s[d] = [2]days{w.plain(time.Weekday(d), 365), w.plain(time.Weekday(d), 366)}
	}
	return &s
}

// of is the shape of that year.
func (s *shapes) of(year int) days {
	return s[dateAt(year, 0).midnight().Weekday()][daysIn(year)-365]
}

// counts makes the prefix counts of a year with its days off and its working
// weekends.
func (w week) counts(year int, off, work map[Date]bool) days {
	length := daysIn(year)
	y := make(days, length+1)
	for i := range length {
		d := dateAt(year, i)
		y[i+1] = y[i]
		if work[d] || w[d.midnight().Weekday()] && !off[d] {
			y[i+1]++
		}
	}
	return y
}
