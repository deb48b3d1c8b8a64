package calendar_test

import (
	"fmt"
	"time"

	"alta/domain/calendar"
)

func ExampleCalendar_Add() {
	c := calendar.Default()
	submitted := time.Date(2026, 9, 30, 10, 0, 0, 0, c.Zone())
	due, err := c.Add(submitted, calendar.Days(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(due.At.Format(time.RFC3339), due.Version, due.Provisional)
	// Output: 2026-10-08T10:00:00+08:00 cn-2026.2 false
}

// The clock stops while the merchant has the ball: what is left of the span
// when it stops is added when it runs again.
func ExampleCalendar_Length() {
	c := calendar.Default()
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, c.Zone())
	stopped := start.AddDate(0, 0, 1)
	used, err := c.Between(start, stopped)
	if err != nil {
		fmt.Println(err)
		return
	}
	left := calendar.Span{Time: c.Length(calendar.Days(3)) - used.Time}
	due, err := c.Add(stopped.AddDate(0, 0, 7), left)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(left.Time, due.At.Format(time.RFC3339))
	// Output: 18h0m0s 2026-12-03T10:00:00+08:00
}

// A deadline at closing moves by a whole day and stays at closing.
func ExampleCalendar_Add_extension() {
	c := calendar.Default()
	due := time.Date(2026, 11, 23, 18, 0, 0, 0, c.Zone())
	later, err := c.Add(due, calendar.Span{Time: c.Length(calendar.Days(1))})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(later.At.Format(time.RFC3339))
	// Output: 2026-11-24T18:00:00+08:00
}
