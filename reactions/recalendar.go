package reactions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/calendar"
	"alta/eventstore"
)

// Recalendar recomputes all running deadlines after the import of a calendar
// table (application.FollowCalendar). It reads no personal value and needs no
// key. Doing it again moves nothing more: each event's id follows from the
// deadline and the calendar's version.
type Recalendar struct {
	Log   Log
	Rules application.Rules                              // with the new calendar
	Old   func(version string) (calendar.Calendar, bool) // the calendars that deadlines were computed with
	Now   func() time.Time
}

// MovedDeadline is one that moved, or would.
type MovedDeadline struct {
	Application, MerchantNumber string
	Stage                       application.Stage
	Was, Is                     time.Time
	Calendar                    string // the version that it was computed with
}

// Recalendared is what was looked at.
type Recalendared struct {
	Running int            // deadlines of the platform that run by an older calendar
	Moved   int            // of these
	Unknown map[string]int // not looked at, by the version of the calendar, which is not at hand
}

// Run tells of every deadline that moves, ordered by the application, and unless
// it is a dry run moves it.
func (r Recalendar) Run(ctx context.Context, dry bool, tell func(MovedDeadline) error) (Recalendared, error) {
	sum := Recalendared{Unknown: map[string]int{}}
	open, err := r.open(ctx)
	if err != nil {
		return sum, err
	}
	applied := clearApplications(r.Log)
	for _, id := range open {
		s, _, err := applied.Load(ctx, id)
		if err != nil {
			return sum, err
		}
		version, follows := s.Follows(r.Rules)
		if !follows {
			continue
		}
		sum.Running++
		old, known := r.Old(version)
		if !known {
			sum.Unknown[version]++
			continue
		}
		moved, err := r.move(ctx, applied, id, s, old, dry)
		if err != nil {
			return sum, fmt.Errorf("application %s: %w", id, err)
		}
		if moved == nil {
			continue
		}
		sum.Moved++
		if err := tell(*moved); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (r Recalendar) move(ctx context.Context, applied *Applications, id string, s application.State, old calendar.Calendar, dry bool) (*MovedDeadline, error) {
	c := application.FollowCalendar{Old: old, Rules: r.Rules, By: application.Actor{ID: "deadline", Role: application.RoleSystem}, At: r.Now()}
	events, err := c.Decide(s)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	if !dry {
		name := "calendar/" + s.Deadline.ID + "/" + r.Rules.Calendar.Version
		cmd := decider.Command{
			ID:    decider.DeriveID(decider.DeriveID(eventstore.ID{}, applied.Stream(id)), name),
			Actor: "deadline", Role: string(application.RoleSystem), Operation: "deadline calendar", Policy: s.Policy,
		}
		result, err := applied.Transact(ctx, id, cmd, nil, c.Decide)
		if err != nil || !result.Appended {
			return nil, err
		}
		events = result.Events
	}
	e, ok := events[0].(application.DeadlineExtended)
	if !ok {
		return nil, fmt.Errorf("reactions: a deadline is moved by %T", events[0])
	}
	return &MovedDeadline{id, s.MerchantNumber, s.Deadline.Stage, s.Deadline.Due, e.Deadline.Due, s.Deadline.Calendar}, nil
}

// open lists the applications that have not ended, by the names of their events
// alone.
func (r Recalendar) open(ctx context.Context) ([]string, error) {
	open := map[string]bool{}
	for e, err := range eventstore.Stored(r.Log.Subscribe(ctx, eventstore.Start, eventstore.Filter{Name: "calendar", Streams: []string{"application-"}})) {
		if err != nil {
			return nil, err
		}
		id := strings.TrimPrefix(e.Stream, "application-")
		if slices.ContainsFunc(ends, func(name string) bool { return strings.HasPrefix(e.Type, name) }) {
			delete(open, id)
		} else {
			open[id] = true
		}
	}
	ids := make([]string, 0, len(open))
	for id := range open {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}
