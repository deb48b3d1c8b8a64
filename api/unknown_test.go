package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/eventstore"

	"github.com/labstack/echo/v4"
)

// awayLog is a log that cannot be reached.
type awayLog struct{}

func (awayLog) ReadStream(context.Context, string, eventstore.Revision, int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) { yield(nil, eventstore.ErrUnavailable) }
}

func (awayLog) Append(context.Context, string, eventstore.Revision, ...eventstore.Proposed) (eventstore.Appended, error) {
	return eventstore.Appended{}, eventstore.ErrUnavailable
}

// A colleague who cannot be looked up is not one who may be given nothing.
func TestACaseIsNotSaidToFitNobodyWhileThePersonCannotBeRead(t *testing.T) {
	keys, err := auth.OpenKeys(filepath.Join(t.TempDir(), "auth.keys"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	people, err := auth.New(auth.Config{Log: awayLog{}, Vault: plain{}, Erased: errors.New("erased"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(people.Close)
	s := &Server{Auth: people, Now: time.Now}
	c := &call{
		Context: echo.New().NewContext(httptest.NewRequest("PUT", "/", nil), httptest.NewRecorder()), server: s,
		who: auth.Principal{Account: "lead", Role: account.Lead},
	}
	_, err = s.assignee(c, decider.NewID().String())
	if !errors.Is(err, eventstore.ErrUnavailable) || problemOf(err).Status != http.StatusServiceUnavailable {
		t.Errorf("it is refused with %v", err)
	}
}

// A file is destroyed only where it is certain that no event speaks of it: an event about
// a file that is gone cannot be mended, and a file that is left is swept.
func TestAFileIsDestroyedOnlyWhereNoEventSpeaksOfIt(t *testing.T) {
	type result = decider.Result[application.State, application.Event]
	for name, c := range map[string]struct {
		r    result
		err  error
		gone bool
	}{
		"it was recorded": {result{Appended: true}, nil, false},
		"it was recorded, and the answer could not be made": {result{Appended: true}, eventstore.ErrUnavailable, false},
		"an earlier sending was recorded":                   {result{Repeated: true}, nil, true},
		"the rules refuse it":                               {result{}, application.ErrNotClaimed, true},
		"somebody acted meanwhile":                          {result{}, &decider.StaleError{}, true},
		"an outsider is told so":                            {result{}, problem(412, "stale", ""), true},
		"nothing could be sent":                             {result{}, fmt.Errorf("append: %w", eventstore.ErrUnavailable), true},
		"nothing may be recorded":                           {result{}, eventstore.ErrReadOnly, true},
		"the outcome is unknown":                            {result{}, eventstore.ErrUnknownOutcome, false},
		"unknown, and the log away when asked again":        {result{}, fmt.Errorf("%w; asked again: %w", eventstore.ErrUnknownOutcome, eventstore.ErrUnavailable), false},
		"whoever asked went away":                           {result{}, context.Canceled, false},
		"there was no more time":                            {result{}, context.DeadlineExceeded, false},
		"something that nobody foresaw":                     {result{}, errors.New("?"), false},
	} {
		if got := unrecorded(c.r, c.err); got != c.gone {
			t.Errorf("where %s the file is destroyed: %v", name, got)
		}
	}
}
