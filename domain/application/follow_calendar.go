package application

import (
	"time"

	"alta/domain/calendar"
)

// FollowCalendar recomputes the platform's running deadline after a table of the
// calendar was imported. The rule is package calendar's, and for an application
// it says:
//
//   - The platform keeps the business time it was given: what lies between the
//     deadline's start and its end by the calendar it was computed with is counted
//     from the same start by the new one.
//   - What is due already, or would be over by the new calendar, stays: an import
//     makes nobody late.
//   - A moment that a lead chose and that no count of business time leads to, such
//     as a Saturday, stays.
//   - A merchant's deadline counts calendar days and stays.
type FollowCalendar struct {
	Old   calendar.Calendar // the version that the deadline names
	Rules Rules             // with the new one
	By    Actor             // the platform
	At    time.Time
}

// CalendarMoved is the reason that FollowCalendar gives.
const CalendarMoved = "the calendar's table changed"

// Follows reports whether there is a deadline to recompute, and by which version
// of the calendar it was computed.
func (s State) Follows(r Rules) (version string, ok bool) {
	if s.idle() || s.Deadline == nil || s.Deadline.Holder != Platform || s.Breached || s.Deadline.Calendar == r.Calendar.Version {
		return "", false
	}
	return s.Deadline.Calendar, true
}

// Decide answers DeadlineExtended, and nothing where the deadline stays.
func (c FollowCalendar) Decide(s State) ([]Event, error) {
	if err := system(c.By); err != nil {
		return nil, err
	}
	if version, ok := s.Follows(c.Rules); !ok || version != c.Old.Version {
		return nil, nil
	}
	d := s.Deadline
	span, ok := spanOf(c.Old, d.Started, d.Due)
	if !ok {
		return nil, nil
	}
	due, _, err := c.Rules.Calendar.Recompute(calendar.Moment{At: d.Due}, d.Started, span, s.moment(c.At))
	if err != nil {
		return nil, err
	}
	return ExtendDeadline{Deadline: d.ID, Due: due.At, Why: CalendarMoved, Rules: c.Rules, By: c.By, At: c.At}.Decide(s)
}

// spanOf is the business time that leads from one moment to the other: whole
// days where it is some, since days and hours may end at different moments.
func spanOf(c calendar.Calendar, from, to time.Time) (calendar.Span, bool) {
	e, err := c.Between(from, to)
	if err != nil {
		return calendar.Span{}, false
	}
	for _, span := range []calendar.Span{calendar.Days(int(e.Time / c.DayLength())), {Time: e.Time}} {
		if m, err := c.Add(from, span); err == nil && stamp(m.At).Equal(to) {
			return span, true
		}
	}
	return calendar.Span{}, false
}
