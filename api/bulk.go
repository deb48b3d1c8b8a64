package api

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"alta/decider"
	"alta/domain/application"
	"alta/eventstore"
)

// bulkResult is how one of several applications fared.
type bulkResult struct {
	ID       string `json:"id"`
	Done     bool   `json:"done"`
	Revision int64  `json:"revision,omitempty"`
	Code     string `json:"code,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// abreast is how many applications of one request are decided on at once.
const abreast = 8

// bulk does one thing to up to 200 applications. Each is decided on its own, as
// it stands, and has its own result; the same Idempotency-Key does nothing twice
// to any of them, so that a request cut off in the middle is simply repeated.
func (s *Server) bulk(c *call) error {
	var in struct {
		Act          string
		Applications []string
		To           string
		Priority     *int
		Why          string
	}
	if err := c.read(&in); err != nil {
		return err
	}
	var d decision
	missing := problem(http.StatusUnprocessableEntity, "invalid-body", "The body is not as the contract wants it.")
	switch in.Act {
	case "assign":
		if in.To == "" {
			return missing.at("/to", "required", "must be given")
		}
		to, err := s.assignee(c, in.To)
		if err != nil {
			return err
		}
		d = application.Reassign{To: to, Why: in.Why, Rules: c.rules(), By: c.actor(), At: c.now()}
	case "release":
		d = application.TakeBack{Why: in.Why, By: c.actor(), At: c.now()}
	case "prioritise":
		if in.Priority == nil {
			return missing.at("/priority", "required", "must be given")
		}
		d = application.Prioritise{Priority: *in.Priority, Why: in.Why, By: c.actor(), At: c.now()}
	}
	results := make([]bulkResult, len(in.Applications))
	var (
		mu     sync.Mutex
		newest eventstore.Position
		wait   sync.WaitGroup
		slots  = make(chan struct{}, abreast)
	)
	for i, id := range in.Applications {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			r, err := s.one(c, in.Act, id, d)
			results[i] = bulkResult{ID: id, Done: err == nil, Revision: int64(r.Revision)}
			if err != nil {
				p := problemOf(err)
				results[i] = bulkResult{ID: id, Code: p.Code, Detail: p.Detail}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if newest.Compare(r.Position) < 0 {
				newest = r.Position
			}
		})
	}
	wait.Wait()
	if newest != eventstore.Start {
		c.Response().Header().Set("Alta-Position", newest.String())
	}
	return c.JSON(http.StatusOK, map[string]any{"results": results})
}

// one decides on one of several applications.
func (s *Server) one(c *call, act, id string, d decision) (decider.Result[application.State, application.Event], error) {
	ctx := c.Request().Context()
	var none decider.Result[application.State, application.Event]
	if err := ctx.Err(); err != nil {
		return none, err
	}
	st, _, err := s.Applications.Load(ctx, id)
	if err != nil {
		return none, err
	}
	if !st.Opened() || st.Restricted {
		return none, errNotFound()
	}
	cmd := c.command()
	cmd.ID, cmd.Policy, cmd.Operation = decider.DeriveID(c.key, id), st.Policy, c.op.ID+" "+act
	r, err := s.Applications.Transact(ctx, id, cmd, nil, d.Decide)
	if err == nil {
		s.taken.drop(id)
	} else if p := problemOf(err); p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.Logger.WarnContext(ctx, "one of several applications failed", "application", id, "code", p.Code, "error", err)
	}
	return r, err
}
