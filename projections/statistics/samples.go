package statistics

import (
	"context"
	"strings"
	"time"

	"alta/domain/sample"
	"alta/eventstore"
)

// place is where a sample stands among those that wait: by when its verdict is
// due, and by its id. Places have one length, so that they sort as text.
func place(due time.Time, id string) string {
	return due.UTC().Format(placeTime) + " " + id
}

const placeTime = "2006-01-02T15:04:05.000Z"

// idAt is the id of the sample at a place.
func idAt(place string) (id string, ok bool) {
	at, id, ok := strings.Cut(place, " ")
	if _, err := time.Parse(placeTime, at); err != nil {
		ok = false
	}
	return id, ok && id != ""
}

// sampled is what an event of a sample adds. A sample's stream is two events long,
// so what went before is read from it.
func (s *cases) sampled(ctx context.Context, r *eventstore.Record) ([]addition, error) {
	var before sample.State
	if r.Revision > 0 {
		for past, err := range eventstore.Whole(eventstore.NoStream, s.log.ReadStream(ctx, r.Stream, 0, int(r.Revision))) {
			if err != nil {
				return nil, err
			}
			e, err := sample.Decode(past.Type, past.Data)
			if err != nil {
				return nil, eventstore.Unreadable(past, err)
			}
			before = sample.Evolve(before, e)
		}
	}
	e, err := sample.Decode(r.Type, r.Data)
	if err != nil {
		return nil, eventstore.Unreadable(r, err)
	}
	after := sample.Evolve(before, e)
	t := &teller{zone: s.calendar.Zone(), at: e.Head().At}
	waits := addition{sample: place(after.Due, strings.TrimPrefix(r.Stream, sampleCategory)), n: -1}
	switch e.(type) {
	case sample.Drawn:
		t.add(cellDrawn, 1)
		waits.n = 1
	case sample.Judged:
		t.agreement(after)
	case sample.Dropped:
	}
	return append(t.out, waits), nil
}

// agreement counts a second verdict, for everybody and for the first decider.
func (t *teller) agreement(s sample.State) {
	add := func(cell string, n int) {
		if n > 0 {
			t.add(cell, int64(n))
			t.member(reviewers, s.Decider.ID, cell, int64(n))
		}
	}
	a := s.Agreement()
	add(cellSampled, 1)
	if a.Same {
		add(cellAgreed, 1)
	}
	add(cellShared, a.Shared)
	add(cellNamed, a.Named)
}
