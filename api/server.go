package api

import (
	"bytes"
	"context"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/documents"
	"alta/domain/access"
	"alta/domain/application"
	"alta/domain/sample"
	"alta/duplicates"
	"alta/eventstore"
	"alta/projections"
	"alta/projections/statistics"
	"alta/vault"

	"github.com/labstack/echo/v4"
)

// Log is what the server reads from the event log itself: a stream, for
// auditors, and the newest changes, for live updates.
type Log interface {
	eventstore.Finding
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	Head(ctx context.Context) (eventstore.Position, error)
}

// Applications is the decider of applications.
type Applications = decider.Decider[application.State, application.Event]

// Samples is the decider of blind second looks at decisions.
type Samples = decider.Decider[sample.State, sample.Event]

// Accesses is the decider of who looked at what.
type Accesses = decider.Decider[access.State, access.Event]

// Server holds what the handlers need. Fill the exported fields once, then call
// Handler.
type Server struct {
	Applications      *Applications
	Accesses          *Accesses
	Samples           *Samples
	Auth              *auth.Service
	People            *People
	Reader            projections.Reader
	SetAside          func(ctx context.Context, limit int) (streams []projections.Aside, total int64, err error)
	Details           *projections.Details
	Duplicates        *duplicates.Finder
	Statistics        statistics.Reader
	Folder            projections.Folder
	Log               Log
	Decode            func(ctx context.Context, r *eventstore.Record) (application.Event, error)
	Blobs             *vault.Blobs
	Index             func(kind, value string) string
	Intake            *documents.Intake
	Rules             func() application.Rules
	Codes             *Codes
	Limits            *auth.Limiter
	Requests          *Requests // what was answered under an Idempotency-Key; nil: the log only
	RegistrationLimit auth.Limit
	Quotas            Quotas
	Looks             Looks
	Mail              Mail
	Now               func() time.Time
	Logger            *slog.Logger
	TrustProxy        bool             // believe X-Forwarded-Proto and X-Forwarded-For of the proxy in front
	Ready             func() Readiness // how each part of this process stands
	// Age is as of when a source is, and for how long it has not been up to date; known
	// is false where it was not compared with the record yet. nil: nobody measures it.
	Age   func(Source) (asOf time.Time, behind time.Duration, known bool)
	Pages http.Handler // everything that is not the API: the SPA
	Check func(error)  // with it, every answer is checked against the contract (tests, development)
	Spec  *Spec
	// Observe, if set, hears of every answer but those of live streams.
	Observe func(operation string, status int, took time.Duration)
	// OpenClaims is how many applications one person may hold and still be handed
	// another; 0 for application.DefaultOpenClaims, at most 50.
	OpenClaims int
	// HTTPS: people reach the pages over https only, and browsers are told so.
	HTTPS bool

	changes   *hub
	addresses addresses
	transfers transfers
	alarms    alarmCount
	taken     recent // by claimNext
	turns     turns  // of claimNext and of saving views
}

const (
	requestTime = 15 * time.Second // for everything but uploads and live updates
	uploadTime  = 120 * time.Second
)

// Handler builds the HTTP handler. It runs background work until the context
// ends.
func (s *Server) Handler(ctx context.Context) http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.answer
	e.IPExtractor = func(r *http.Request) string { return auth.Address(r, s.TrustProxy) }
	e.Pre(s.nameRequests, s.recoverPanics, s.securityHeaders)
	e.Use(checkAddress)
	s.changes = newHub(s.Log, s.Logger)
	go s.changes.run(ctx)
	// What GET answers, HEAD answers without the body.
	add := func(method, path string, h echo.HandlerFunc) {
		e.Add(method, path, h)
		s.addresses.add(method, path)
		if method == http.MethodGet {
			e.HEAD(path, h)
			s.addresses.add(http.MethodHead, path)
		}
	}
	for _, r := range s.routes() {
		op, ok := s.Spec.Operation(r.operation)
		if !ok {
			panic("api: the contract has no operation " + r.operation)
		}
		add(op.Method, echoPath(op.Path), s.observed(r, op, s.serve(r, op)))
	}
	add(http.MethodGet, "/openapi.yaml", func(c echo.Context) error {
		return c.Blob(http.StatusOK, "application/yaml; charset=utf-8", Contract)
	})
	add(http.MethodGet, "/problems/:code", s.aboutProblem)
	for _, path := range []string{"/livez", "/healthz"} {
		add(http.MethodGet, path, func(c echo.Context) error { answerLife(c.Response()); return nil })
	}
	add(http.MethodGet, "/readyz", func(c echo.Context) error { answerReadiness(c.Response(), s.Ready()); return nil })
	e.RouteNotFound("/*", s.unmatched)
	h, err := compressed(e)
	if err != nil {
		panic(err)
	}
	return s.bounded(h)
}

// observed tells Observe how long an answer took, and its status.
func (s *Server) observed(r route, op *Operation, next echo.HandlerFunc) echo.HandlerFunc {
	if s.Observe == nil || r.live {
		return next
	}
	return func(c echo.Context) error {
		begun := time.Now()
		err := next(c)
		status := c.Response().Status
		if err != nil && !c.Response().Committed {
			status = problemOf(err).Status
		}
		s.Observe(op.ID, status, time.Since(begun))
		return err
	}
}

// echoPath writes {id} as :id.
func echoPath(path string) string {
	b := []byte(path)
	b = bytes.ReplaceAll(b, []byte("{"), []byte(":"))
	return string(bytes.ReplaceAll(b, []byte("}"), nil))
}

// recoverPanics turns a panic into a fault; the server goes on.
func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler {
					panic(r)
				}
				s.Logger.Error("panic in a handler", "panic", panicked(r), "route", c.Path(), "request", c.Response().Header().Get(echo.HeaderXRequestID), "stack", stack())
				err = problem(http.StatusInternalServerError, "fault", "Something went wrong on our side. It was recorded; please try again.")
			}
		}()
		return next(c)
	}
}

func (s *Server) securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.HTTPS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// serve is what happens around every operation: who calls, may they, is the
// request what the contract says; then the handler; then, in tests, is the
// answer what the contract says.
func (s *Server) serve(r route, op *Operation) echo.HandlerFunc {
	handle := func(ec echo.Context) error {
		limit := requestTime
		switch {
		case r.live:
			limit = 0
		case r.upload:
			limit = uploadTime
		}
		ctx := ec.Request().Context()
		if limit > 0 {
			var stop context.CancelFunc
			ctx, stop = context.WithTimeout(ctx, limit)
			defer stop()
		}
		ec.SetRequest(ec.Request().WithContext(ctx))
		ec.Response().Header().Set("Cache-Control", "no-store")
		c := &call{Context: ec, server: s, op: op, secret: r.secret}
		if err := s.admit(c, r); err != nil {
			return err
		}
		if err := s.within(c); err != nil {
			return err
		}
		if err := op.checkParams(ec); err != nil {
			return err
		}
		if at, err := parseCursor(ec.QueryParam("after")); op.After && c.id != "" && err == nil {
			head, err := s.Log.Head(ctx)
			c.reached(err == nil && at.Compare(head) <= 0) // a stream is read up to its end
		}
		if err := c.envelope(); err != nil {
			return err
		}
		file := r.upload && op.body == nil
		sent, err := s.sending(c, file)
		if err != nil {
			return err
		}
		if file {
			defer sent()
			allowTime(ec.Request(), uploadTime)
		} else {
			c.body, err = op.readBody(ec)
			sent()
			if err != nil {
				return err
			}
		}
		ec.Set(bodyRead, c.body)
		return c.keeping(func(c *call) error {
			if !file { // which the handler has to read first
				c.identify(string(c.body))
				if done, err := c.answered(); done || err != nil {
					return err
				}
			}
			if r.stepUp != "" { // not asked for again where the request was answered before
				if err := c.present(r.stepUp); err != nil {
					return err
				}
			}
			c.aged(r.from)
			return c.located(r.handle(c))
		})
	}
	if s.Check == nil || r.live {
		return handle
	}
	return func(ec echo.Context) error {
		tap := &tapped{ResponseWriter: ec.Response().Writer}
		ec.Response().Writer = tap
		if err := handle(ec); err != nil {
			s.answer(err, ec)
			s.checkPointers(op, ec, problemOf(err))
		}
		if err := op.CheckAnswer(ec.Response().Status, ec.Response().Header().Get(echo.HeaderContentType), tap.body.Bytes()); err != nil {
			s.Check(err)
		}
		return nil
	}
}

// tapped keeps a copy of an answer.
type tapped struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (t *tapped) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (t *tapped) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// drain reads what is left of a refused upload, up to a little, so that the
// client sees the answer instead of a broken connection.
func drain(r io.Reader) { _, _ = io.CopyN(io.Discard, r, 1<<20) }
