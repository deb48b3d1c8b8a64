package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/reason"
	"alta/eventstore"
	"alta/projections"

	"github.com/labstack/echo/v4"
)

// call is one request on its way through the server.
type call struct {
	echo.Context
	server *Server
	op     *Operation
	who    auth.Principal
	body   []byte
	id     string            // the application, where the path names one
	state  application.State // of that application, as it was when the call was admitted
	seen   *eventstore.Revision
	key    eventstore.ID // made from the Idempotency-Key, or a new id
	given  string        // the Idempotency-Key; empty for none
	asked  string        // the keyed hash of the request; empty without a key
	secret bool          // the answer shows what is shown once
	held   bool          // the key is held in Server.Requests until the answer
	judges bool          // the call is about a sample that the caller may judge
}

func stack() string { return string(debug.Stack()) }

// actor is the caller as the domain knows people.
func (c *call) actor() application.Actor {
	a := application.Actor{ID: c.who.Account, Role: application.Role(c.who.Role)}
	if c.who.Role == account.Agent {
		a.Organisation = c.who.Organisation
	}
	return a
}

// envelope reads what every write shares: the key under which it is done once,
// and the revision that the caller looked at.
func (c *call) envelope() error {
	if err := c.readKey(); err != nil {
		return err
	}
	return c.matches()
}

// command is the envelope of a write, as the log keeps it.
func (c *call) command() decider.Command {
	return decider.Command{
		ID: c.key, Actor: c.who.Account, Role: string(c.who.Role), Operation: c.op.ID, Request: c.asked,
		Policy: c.state.Policy, Reasons: reason.Version,
	}
}

// read decodes the body, which the contract has already approved of.
func (c *call) read(into any) error {
	if len(c.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return problem(http.StatusUnprocessableEntity, "invalid-body", "The body is not as the contract wants it.")
	}
	return nil
}

// decision is a command of the domain.
type decision interface {
	Decide(application.State) ([]application.Event, error)
}

// do runs a command on the call's application and answers 204.
func (c *call) do(d decision) error {
	if _, err := c.transact(d); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// transact runs a command on the call's application and sets the headers that
// every write answers with.
func (c *call) transact(d decision) (decider.Result[application.State, application.Event], error) {
	if c.outsider() {
		return c.transactOutside(d)
	}
	ctx := c.Request().Context()
	r, err := c.server.Applications.Transact(ctx, c.id, c.command(), c.seen, d.Decide)
	if err != nil {
		return r, c.outrun(err)
	}
	c.replayed(r.Repeated)
	return r, c.wroteTo(r)
}

// wroteTo sets the headers of a write to the call's application, also where an
// earlier sending made it.
func (c *call) wroteTo(r decider.Result[application.State, application.Event]) error {
	if !c.outsider() {
		c.wrote(int64(r.Revision), r.Position)
		return nil
	}
	version, err := c.versionAt(r)
	if err == nil {
		c.wrote(version, r.Position)
	}
	return err
}

// outrun looks again at a refusal by the state: where the caller named a revision
// and others acted since, that is the news, with who did what; what the rules say
// of the present state comes along as the error's detail.
func (c *call) outrun(err error) error {
	var refused *application.Refusal
	if c.seen == nil || !errors.As(err, &refused) || refused.Kind != application.Rule {
		return err
	}
	var stale *decider.StaleError
	if !errors.As(c.server.Applications.Since(c.Request().Context(), c.id, *c.seen), &stale) {
		return err
	}
	return ofStale(stale).because(refused)
}

// because adds what the rules say of the present state.
func (p *Problem) because(r *application.Refusal) *Problem {
	p.Errors = append(p.Errors, FieldError{Item: string(r.Item), Code: r.Code, Detail: sentence(r.Detail)})
	return p
}

func (c *call) wrote(revision int64, p eventstore.Position) {
	c.etag(revision)
	c.Response().Header().Set("Alta-Position", p.String())
}

// etag names the revision twice: proxies that compress weaken the ETag of an
// answer, or drop it.
func (c *call) etag(revision int64) {
	n := itoa(revision)
	h := c.Response().Header()
	h.Set("ETag", strconv.Quote(n))
	h.Set("Alta-Revision", n)
}

// revision is that of the call's application as the caller knows it.
func (c *call) revision() int64 {
	if c.outsider() {
		return c.state.Version()
	}
	return c.state.Revision()
}

// rendered answers a document as it is, or 304.
func (c *call) rendered(d projections.Rendered, err error) error {
	if err != nil {
		return err
	}
	if c.etag(d.Revision); c.outsider() {
		c.etag(d.Version)
	}
	if done, err := c.notModified(); done {
		return err
	}
	return c.JSONBlob(http.StatusOK, d.JSON)
}

// page is the limit and the cursor of a list.
func (c *call) page() (cursor string, limit int) {
	limit, err := strconv.Atoi(c.QueryParam("limit"))
	if err != nil {
		limit = 50
	}
	return c.QueryParam("cursor"), limit
}
