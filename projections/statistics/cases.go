package statistics

import (
	"context"
	"strings"

	"alta/domain/application"
	"alta/domain/calendar"
	"alta/eventstore"
)

const (
	caseLimit  = 1 << 16 // cases kept in memory, some 500 bytes each
	streamPage = 512     // events of one stream read at a time
)

// cases remembers the applications that changed lately. One that it has
// forgotten is read from the log again.
type cases struct {
	log      Log
	calendar calendar.Calendar
	known    map[string]*counted
	limit    int
}

// counted is a case up to a revision.
type counted struct {
	Case
	revision eventstore.Revision
}

func newCases(log Log, cal calendar.Calendar) *cases {
	return &cases{log: log, calendar: cal, known: map[string]*counted{}, limit: caseLimit}
}

func (s *cases) forget() { clear(s.known) }

// then is what an event adds; nothing, if it was counted before. Where it answers an
// *eventstore.SetAsideError nothing of the event was counted.
func (s *cases) then(ctx context.Context, r *eventstore.Record) (adds []addition, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = eventstore.Panicked(r, p)
		}
		if err != nil {
			delete(s.known, r.Stream) // it may be half counted
		}
	}()
	if strings.HasPrefix(r.Stream, sampleCategory) {
		return s.sampled(ctx, r)
	}
	if !strings.HasPrefix(r.Stream, category) {
		return nil, nil
	}
	c := s.known[r.Stream]
	if c == nil {
		c = &counted{revision: eventstore.NoStream}
		if r.Revision > 0 {
			if err := s.read(ctx, c, r.Stream, r.Revision); err != nil {
				return nil, err
			}
		}
		if len(s.known) >= s.limit {
			s.forget()
		}
		s.known[r.Stream] = c
	}
	return c.take(r, s.calendar)
}

// read counts the events of a stream after what c has, before a revision.
func (s *cases) read(ctx context.Context, c *counted, stream string, before eventstore.Revision) error {
	for {
		n := 0
		for r, err := range s.log.ReadStream(ctx, stream, c.revision+1, streamPage) {
			if err != nil {
				return err
			}
			if r.Revision >= before {
				return nil
			}
			if _, err := c.take(r, s.calendar); err != nil {
				return err
			}
			n++
		}
		if n < streamPage {
			return nil
		}
	}
}

// take counts one event. Those that change nothing that is counted are not even
// decoded, but their names have to be known.
func (c *counted) take(r *eventstore.Record, cal calendar.Calendar) ([]addition, error) {
	if r.Revision <= c.revision {
		return nil, nil
	}
	if err := eventstore.Follows(r, c.revision); err != nil {
		return nil, err
	}
	c.revision = r.Revision
	if place, known := c.place.Past(r.Type); known {
		c.place = place
		return nil, nil
	}
	e, err := application.Decode(r.Type, r.Data, nil)
	if err != nil {
		return nil, eventstore.Unreadable(r, err)
	}
	next, adds := c.Then(e, cal)
	c.Case = next
	return adds, nil
}
