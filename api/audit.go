package api

import (
	"net/http"
	"strconv"
	"strings"

	"alta/domain/access"
	"alta/domain/application"
	"alta/eventstore"
	"alta/projections"
)

func (s *Server) history(c *call) error {
	_, limit := c.page()
	from, _ := strconv.ParseInt(c.QueryParam("from"), 10, 64)
	page, err := s.Details.History(c.Request().Context(), c.id, from, limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page)
}

// stateAt folds the stream anew from the log up to a revision.
func (s *Server) stateAt(c *call) error {
	revision, err := strconv.ParseInt(c.Param("revision"), 10, 64)
	if err != nil || revision > c.state.Revision() {
		return errNotFound()
	}
	ctx := c.Request().Context()
	var app *projections.Application
	var entry projections.Entry
	for r, err := range eventstore.Whole(eventstore.NoStream, s.Log.ReadStream(ctx, s.Applications.Stream(c.id), 0, int(revision)+1)) {
		if err != nil {
			return err
		}
		e, err := s.Decode(ctx, r)
		if err != nil {
			return err
		}
		if app, err = s.foldOne(app, c.id, r, e); err != nil {
			return err
		}
		if int64(r.Revision) == revision {
			if entry, err = projections.EntryOf(r, e); err != nil {
				return err
			}
		}
	}
	if app == nil {
		return errNotFound()
	}
	return c.JSON(http.StatusOK, projections.Render(app, entry))
}

// foldOne folds one event into the application's document.
func (s *Server) foldOne(app *projections.Application, id string, r *eventstore.Record, e application.Event) (_ *projections.Application, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = eventstore.Panicked(r, p)
		}
	}()
	return s.Folder.Fold(app, id, int64(r.Revision), e), nil
}

// setAside lists the streams that this program cannot read any further.
func (s *Server) setAside(c *call) error {
	_, limit := c.page()
	all, total, err := s.SetAside(c.Request().Context(), limit)
	if err != nil {
		return err
	}
	out := struct {
		Streams []asideStream `json:"streams"`
		Total   int64         `json:"total"`
	}{[]asideStream{}, total}
	for _, a := range all {
		id, ours := strings.CutPrefix(a.Stream, category)
		if !ours {
			id = ""
		}
		out.Streams = append(out.Streams, asideStream{a, id})
	}
	return c.JSON(http.StatusOK, out)
}

// asideStream is a stream that is set aside, and the application where it is one.
type asideStream struct {
	projections.Aside
	Application string `json:"application,omitempty"`
}

// accesses lists who looked at what.
func (s *Server) accesses(c *call) error {
	_, limit := c.page()
	from, _ := strconv.ParseInt(c.QueryParam("from"), 10, 64)
	type line struct {
		access.Looked
		Address string `json:"address,omitempty"` // kept out of the answer: it is a hash
		Size    string `json:"size,omitempty"`
	}
	out := struct {
		Accesses []line `json:"accesses"`
		Next     int64  `json:"next,omitempty"`
	}{Accesses: []line{}}
	for r, err := range eventstore.Whole(eventstore.Revision(from)-1, s.Log.ReadStream(c.Request().Context(), s.Accesses.Stream(c.id), eventstore.Revision(from), limit+1)) {
		if eventstore.Absent(err) {
			break
		}
		if err != nil {
			return err
		}
		if len(out.Accesses) == limit {
			out.Next = int64(r.Revision)
			break
		}
		e, err := access.Decode(r.Type, r.Data)
		if err != nil {
			return eventstore.Unreadable(r, err)
		}
		if l, ok := e.(access.Looked); ok {
			out.Accesses = append(out.Accesses, line{Looked: l})
		}
	}
	return c.JSON(http.StatusOK, out)
}
