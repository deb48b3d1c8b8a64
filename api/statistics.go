package api

import (
	"net/http"
	"time"

	"alta/domain/account"
	"alta/domain/calendar"
	"alta/projections/statistics"
)

// usualDays is how many days are told of when nobody says from when.
const usualDays = 28

// statistics answers what happened on some days: everything to those who lead or
// oversee, and the own load to a reviewer.
func (s *Server) statistics(c *call) error {
	from, to, err := s.days(c)
	if err != nil {
		return err
	}
	read := s.Statistics.Everything
	if c.who.Role == account.Reviewer {
		read = s.Statistics.Own
	}
	report, err := read(c.Request().Context(), from, to, c.who.Account)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, report)
}

// days are those that are asked about; a day that has not come yet is left out.
func (s *Server) days(c *call) (from, to calendar.Date, err error) {
	now := s.Now().In(s.Rules().Calendar.Zone())
	today := calendar.Date{Year: now.Year(), Month: now.Month(), Day: now.Day()}
	if to, err = dayParam(c, "to", today); err != nil {
		return from, to, err
	}
	if today.Before(to) {
		to = today
	}
	usual := midnight(to).AddDate(0, 0, 1-usualDays)
	if from, err = dayParam(c, "from", calendar.Date{Year: usual.Year(), Month: usual.Month(), Day: usual.Day()}); err != nil {
		return from, to, err
	}
	switch n := int(midnight(to).Sub(midnight(from)).Hours()/24) + 1; {
	case n < 1:
		return from, to, badDays("must not come after `to`, nor after today")
	case n > statistics.MaxDays:
		return from, to, badDays("must not be more than " + itoa(statistics.MaxDays) + " days before `to`")
	}
	return from, to, nil
}

// midnight is a date for counting days with: in a zone without summer time.
func midnight(d calendar.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

func dayParam(c *call, name string, usual calendar.Date) (calendar.Date, error) {
	text := c.QueryParam(name)
	if text == "" {
		return usual, nil
	}
	d, err := calendar.ParseDate(text)
	if err != nil {
		return d, problem(http.StatusUnprocessableEntity, "invalid-parameter", "A parameter is not as the contract wants it.").
			at("query "+name, "invalid", "must be a day, such as 2026-11-23")
	}
	return d, nil
}

func badDays(why string) error {
	return problem(http.StatusUnprocessableEntity, "invalid-parameter", "A parameter is not as the contract wants it.").at("query from", "range", why)
}
