package api

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
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
