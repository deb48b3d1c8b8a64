package api

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/access"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/personal"
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

// Without the record of the look nothing is shown: neither the application, nor a
// value, nor an image, of which not even the bytes are asked for.
func TestALookThatCannotBeRecordedShowsNothing(t *testing.T) {
	maria := auth.Principal{Account: "maria", Role: account.Reviewer}
	held := application.State{
		Stage: application.Qualification, Claim: application.Lease{By: application.Actor{ID: "maria"}, Until: time.Now().Add(time.Hour)},
		Items: []*application.Item{{Key: item.IdentityNumber, Personal: personal.New("11010519491231002X")}},
	}
	picture := application.Document{ID: "d", Pages: 1, Blobs: []string{"original", "view", "thumbnail"}}
	for name, show := range map[string]func(*Server, *call) error{
		"the application": func(s *Server, c *call) error { return s.lookInto(c) },
		"a value":         func(s *Server, c *call) error { return s.reveal(c) },
		"an image":        func(s *Server, c *call) error { return s.image(c, picture, item.IDCardFront, "compare") },
	} {
		t.Run(name, func(t *testing.T) { showsNothing(t, maria, held, show) })
	}
}

// showsNothing asks a server that cannot record anything, and that has no files:
// whoever reached for one would panic.
func showsNothing(t *testing.T, who auth.Principal, st application.State, show func(*Server, *call) error) {
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
		server:  s, op: &Operation{ID: "look"}, id: decider.NewID().String(), key: decider.NewID(), who: who, state: st,
		body: []byte(`{"items":["identity.number"],"why":"compare"}`),
	}
	err := show(s, c)
	if !errors.Is(err, eventstore.ErrReadOnly) || log.asked != 1 {
		t.Fatalf("%v, after %d appends", err, log.asked)
	}
	if problemOf(err).Status != 503 || answer.Body.Len() > 0 {
		t.Fatalf("%d, %q", problemOf(err).Status, answer.Body)
	}
}

// An alarm that could not be recorded is raised again with the next look: until it
// is on record nothing is shown.
func TestALookIsRefusedUntilItsAlarmIsRecorded(t *testing.T) {
	s := &Server{
		Accesses: &Accesses{Log: &full{}, Category: access.Category, Evolve: access.Evolve,
			Encode: func(_ context.Context, _ string, _ eventstore.ID, e access.Event) (eventstore.Proposed, error) {
				name, data, err := access.Encode(e)
				return eventstore.Proposed{Type: name, Data: data}, err
			},
		},
		Limits: auth.NewLimiter(nil, time.Now), Looks: Looks{Most: 4, Alarm: 50}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}
	c := &call{
		Context: echo.New().NewContext(httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()), server: s,
		op: &Operation{ID: "look", Method: "GET"}, who: auth.Principal{Account: "maria", Role: account.Reviewer}, judges: true,
		state: application.State{Stage: application.Qualification},
	}
	for n := range 4 {
		err := s.mayUnmask(c, "")
		if few := n < 2; few && err != nil || !few && !errors.Is(err, eventstore.ErrReadOnly) {
			t.Errorf("look %d: %v", n+1, err)
		}
	}
}
