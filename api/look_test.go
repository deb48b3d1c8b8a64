package api

import (
	"context"
	"errors"
	"iter"
	"net/http/httptest"
	"testing"
	"time"

	"alta/decider"
	"alta/domain/access"
	"alta/eventstore"

	"github.com/labstack/echo/v4"
)

// full is a log to which nothing can be appended.
type full struct{ asked int }

func (f *full) ReadStream(context.Context, string, eventstore.Revision, int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) { yield(nil, eventstore.ErrStreamNotFound) }
}

func (f *full) Append(context.Context, string, eventstore.Revision, ...eventstore.Proposed) (eventstore.Appended, error) {
	f.asked++
	return eventstore.Appended{}, eventstore.ErrReadOnly
}

// Without the record of the look nothing is shown: the gate fails, and what would
// have read the application is never reached.
func TestALookThatCannotBeRecordedShowsNothing(t *testing.T) {
	log := &full{}
	s := &Server{
		Accesses: &Accesses{Log: log, Category: access.Category, Evolve: access.Evolve,
			Encode: func(_ context.Context, _ string, _ eventstore.ID, e access.Event) (eventstore.Proposed, error) {
				name, data, err := access.Encode(e)
				return eventstore.Proposed{Type: name, Data: data}, err
			},
			Decode: func(_ context.Context, r *eventstore.Record) (access.Event, error) {
				return access.Decode(r.Type, r.Data)
			},
		},
		Index: func(string, string) string { return "x" }, Now: time.Now,
	}
	answer := httptest.NewRecorder()
	e := echo.New()
	c := &call{
		Context: e.NewContext(httptest.NewRequest("GET", "/?why=inquiry+4711", nil), answer),
		server:  s, op: &Operation{ID: "history"}, id: decider.NewID().String(),
	}
	err := s.lookInto(c)
	if !errors.Is(err, eventstore.ErrReadOnly) || log.asked != 1 {
		t.Fatalf("%v, after %d appends", err, log.asked)
	}
	if problemOf(err).Status != 503 || answer.Body.Len() > 0 {
		t.Fatalf("%d, %q", problemOf(err).Status, answer.Body)
	}
}
