package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/documents"
	"alta/domain/account"
	"alta/domain/application"
	"alta/eventstore"
	"alta/projections"
	"alta/vault"

	"github.com/labstack/echo/v4"
)

// Problem is an RFC 9457 problem with Alta's members: a permanent code, the
// single errors with pointers into the request, and for 412 what others did.
type Problem struct {
	Type     string            `json:"type"`
	Title    string            `json:"title"`
	Status   int               `json:"status"`
	Detail   string            `json:"detail,omitempty"`
	Instance string            `json:"instance,omitempty"`
	Code     string            `json:"code"`
	Errors   []FieldError      `json:"errors,omitempty"`
	Changes  []Change          `json:"changes,omitempty"`
	Params   map[string]string `json:"params,omitempty"`

	retryAfter time.Duration
}

// FieldError is one thing wrong with a request.
type FieldError struct {
	Pointer string `json:"pointer,omitempty"` // JSON pointer into the body; "query name", "path name" and the like for the rest; see call.located
	Item    string `json:"item,omitempty"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Change is what somebody else did since the revision that was looked at.
type Change struct {
	Revision int64              `json:"revision"`
	Type     string             `json:"type"`
	At       time.Time          `json:"at"`
	By       *application.Actor `json:"by,omitempty"`
}

// Error makes a Problem an error that a handler can answer.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// problem makes a Problem; the title is the status's.
func problem(status int, code, detail string) *Problem {
	return &Problem{Type: "/problems/" + code, Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

func (p *Problem) at(pointer, code, detail string) *Problem {
	p.Errors = append(p.Errors, FieldError{Pointer: pointer, Code: code, Detail: detail})
	return p
}

func (p *Problem) retry(after time.Duration) *Problem {
	p.retryAfter = after
	return p
}

// errNotFound is the answer to "not there" and to "not yours".
func errNotFound() *Problem {
	return problem(http.StatusNotFound, "not-found", "There is nothing here that you may see.")
}

// errErased is the answer to who asks for what was destroyed.
func errErased() *Problem {
	return problem(http.StatusGone, "erased", "This was erased for good.")
}

// problemOf turns any error into the problem to answer. An error that nobody
// foresaw is a fault: the answer says so and nothing else.
func problemOf(err error) *Problem {
	var (
		own      *Problem
		refusal  *application.Refusal
		stale    *decider.StaleError
		rejected *documents.Rejection
		personal *account.Refusal
		limited  *auth.LimitedError
		paused   *documents.PausedError
		stepUp   *auth.StepUpError
		web      *echo.HTTPError
		tooLarge *http.MaxBytesError
		aside    *eventstore.SetAsideError
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refusal):
		return ofRefusal(refusal)
	case errors.As(err, &aside):
		p := problem(http.StatusConflict, "set-aside", "The record of this cannot be read any further, so it is set aside: it cannot be opened, and nothing can be recorded in it. Nothing is lost. Tell the people who run this platform.")
		p.Params = map[string]string{"reason": string(aside.Reason)}
		return p
	case errors.As(err, &stale):
		return ofStale(stale)
	case errors.As(err, &rejected):
		status := http.StatusUnprocessableEntity
		if rejected.Code == documents.TooLarge {
			status = http.StatusRequestEntityTooLarge
		}
		return problem(status, "document-"+string(rejected.Code), rejected.Detail)
	case errors.As(err, &personal):
		return ofAccount(personal)
	case errors.As(err, &stepUp):
		p := problem(http.StatusForbidden, "step-up-required", "Prove that it is you, with POST /v1/auth/step-up, and send what it answers as Alta-Step-Up.")
		p.Params = map[string]string{"purpose": string(stepUp.Purpose)}
		return p
	case errors.As(err, &limited):
		return problem(http.StatusTooManyRequests, "too-many-attempts", "Too many attempts. Wait a little.").retry(limited.RetryAfter + time.Second)
	case errors.As(err, &paused):
		return problem(http.StatusServiceUnavailable, "uploads-paused", "Several files of this account took too long to read. Wait a little, and send simpler files.").retry(paused.RetryAfter + time.Second)
	case errors.Is(err, documents.ErrCrowded):
		return problem(http.StatusServiceUnavailable, "uploads-crowded", "Many uploads of this account are under way. Wait for one of them to end.").retry(2 * time.Second)
	case errors.Is(err, documents.ErrScanner):
		return problem(http.StatusServiceUnavailable, "scanner-unavailable", "Files cannot be checked for viruses now, so none is taken. Nothing is lost; try again shortly.").retry(30 * time.Second)
	case errors.Is(err, auth.ErrBusy), errors.Is(err, documents.ErrBusy):
		return problem(http.StatusServiceUnavailable, "busy", "Too much is being done at this moment; try again shortly.").retry(2 * time.Second)
	case errors.Is(err, ErrMailRefused):
		return problem(http.StatusConflict, "mail-refused", "The mail server refuses this mailbox: correct the contact's e-mail address.")
	case errors.Is(err, ErrMailAway):
		return problem(http.StatusServiceUnavailable, "mail-unavailable", "Mail cannot be sent now. Nothing is lost; try again shortly.").retry(time.Minute)
	case errors.Is(err, auth.ErrKeysAway):
		return problem(http.StatusServiceUnavailable, "sessions-unavailable", "Log-ins cannot be checked now. You are not logged out; try again shortly.").retry(5 * time.Second)
	case errors.Is(err, auth.ErrOIDCAway):
		return problem(http.StatusServiceUnavailable, "oidc-unavailable", "The identity provider cannot be reached. Try again shortly, or log in with your password.").retry(5 * time.Second)
	case errors.As(err, &tooLarge):
		return problem(http.StatusRequestEntityTooLarge, "body-too-large", "The request's body is larger than allowed here.")
	case errors.Is(err, decider.ErrCommandReused):
		return problem(http.StatusUnprocessableEntity, "idempotency-key-reused", "This Idempotency-Key was used for another request.")
	case errors.Is(err, vault.ErrErased):
		return errErased()
	case errors.Is(err, vault.ErrUnavailable):
		return problem(http.StatusServiceUnavailable, "keys-unavailable", "Personal data can be neither written nor read now; everything else goes on.").retry(5 * time.Second)
	case errors.Is(err, projections.ErrAway):
		return problem(http.StatusServiceUnavailable, "lists-unavailable", "Lists cannot be read now; everything else goes on. Ask again shortly.").retry(2 * time.Second)
	case errors.Is(err, eventstore.ErrReadOnly) && !errors.Is(err, eventstore.ErrDiskReserve):
		return problem(http.StatusServiceUnavailable, "log-read-only", "Nothing can be recorded until the operator has looked at the record; reading works.").retry(30 * time.Second)
	case errors.Is(err, eventstore.ErrReadOnly):
		return problem(http.StatusServiceUnavailable, "disk-reserve", "Nothing can be recorded until the operator has made room; reading works.").retry(30 * time.Second)
	case errors.Is(err, eventstore.ErrUnavailable), errors.Is(err, eventstore.ErrUnknownOutcome), errors.Is(err, decider.ErrContended):
		return problem(http.StatusServiceUnavailable, "log-unavailable", "The record cannot be written now. Repeat the request with the same Idempotency-Key.").retry(2 * time.Second)
	case errors.Is(err, projections.ErrRebuilding):
		return problem(http.StatusServiceUnavailable, "rebuilding", "The lists are being rebuilt from the record. Nothing is lost; ask again shortly.").retry(2 * time.Second)
	case errors.Is(err, projections.ErrNotFound), errors.Is(err, eventstore.ErrStreamNotFound):
		return errNotFound()
	case errors.Is(err, projections.ErrCursor):
		return problem(http.StatusUnprocessableEntity, "cursor", "The cursor was not made by this server.").at("query cursor", "cursor", "unknown cursor")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem(http.StatusServiceUnavailable, "timeout", "The answer took too long. Repeat the request with the same Idempotency-Key.").retry(time.Second)
	case errors.As(err, &web):
		switch web.Code {
		case http.StatusNotFound:
			return problem(http.StatusNotFound, "not-found", "There is nothing at this address.")
		case http.StatusRequestEntityTooLarge:
			return problem(http.StatusRequestEntityTooLarge, "body-too-large", "The request's body is larger than allowed here.")
		}
		return problem(web.Code, "http", http.StatusText(web.Code))
	}
	return problem(http.StatusInternalServerError, "fault", "Something went wrong on our side. It was recorded; please try again.")
}

func ofRefusal(r *application.Refusal) *Problem {
	status := http.StatusConflict
	switch r.Kind {
	case application.Invalid:
		status = http.StatusUnprocessableEntity
	case application.Forbidden:
		status = http.StatusForbidden
	}
	p := problem(status, r.Code, sentence(r.Detail))
	if len(r.Params) > 0 {
		p.Params = make(map[string]string, len(r.Params))
		for _, x := range r.Params {
			p.Params[x.Name] = x.Value
		}
	}
	if r.Item != "" || r.Field != "" {
		p.Errors = append(p.Errors, FieldError{Item: string(r.Item), Code: r.Code, Detail: sentence(r.Detail)})
	}
	for _, x := range r.Problems {
		p.Errors = append(p.Errors, FieldError{Item: string(x.Item), Code: x.Code, Detail: sentence(x.Detail)})
	}
	return p
}

func ofAccount(r *account.Refusal) *Problem {
	status := http.StatusConflict
	switch r.Kind {
	case account.Invalid:
		status = http.StatusUnprocessableEntity
	case account.Forbidden:
		status = http.StatusForbidden
	case account.Unauthenticated:
		status = http.StatusUnauthorized
	}
	p := problem(status, r.Code, sentence(r.Detail))
	if r.Field != "" {
		p.at("", r.Code, sentence(r.Detail))
	}
	return p
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func ofStale(e *decider.StaleError) *Problem {
	p := problem(http.StatusPreconditionFailed, "stale", "Somebody acted on this application after you looked at it.")
	for _, c := range e.Since {
		change := Change{Revision: int64(c.Revision), Type: projections.ShortName(c.Type), At: c.At.UTC()}
		if c.Actor != "" {
			change.By = &application.Actor{ID: c.Actor, Role: application.Role(c.Role)}
		}
		p.Changes = append(p.Changes, change)
	}
	return p
}

// answer writes a problem. Faults are logged with their text; the client gets
// the request's id to quote.
func (s *Server) answer(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := *problemOf(err)
	id := c.Response().Header().Get(echo.HeaderXRequestID)
	p.Instance = "urn:alta:request:" + id
	if p.Status >= http.StatusInternalServerError {
		level := slog.LevelError
		if p.Status == http.StatusServiceUnavailable {
			level = slog.LevelWarn
		}
		s.Logger.Log(c.Request().Context(), level, "request failed", "request", id, "route", c.Path(), "code", p.Code, "error", err)
	}
	if p.Status == http.StatusUnauthorized {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="alta"`)
	}
	if p.retryAfter > 0 {
		c.Response().Header().Set(echo.HeaderRetryAfter, itoa(int64(p.retryAfter/time.Second)))
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	for _, of := range []string{"ETag", "Alta-Revision", "Idempotency-Replayed", "Alta-Behind", "Alta-As-Of"} {
		c.Response().Header().Del(of) // of the answer that was begun
	}
	b, err := json.Marshal(p)
	if err != nil {
		b = []byte(`{"type":"/problems/fault","title":"Internal Server Error","status":500,"code":"fault"}`)
	}
	_ = c.Blob(p.Status, "application/problem+json", b)
}
