package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"alta/domain/account"
)

// note writes the one line about an attempt: what it was, whose, from where, in
// which request, and why it was refused. What was typed is never in it. A fault
// is logged by whoever answers it.
func (s *Service) note(ctx context.Context, what string, from Caller, accountID string, err error) {
	var (
		refusal *account.Refusal
		limited *LimitedError
		stepUp  *StepUpError
		code    string
	)
	switch {
	case err == nil:
		s.log.InfoContext(ctx, what+" granted", "account", accountID, "address", from.IP, "request", from.Request)
		return
	case errors.As(err, &refusal):
		code = refusal.Code
	case errors.As(err, &limited):
		code = "too-many-attempts"
	case errors.As(err, &stepUp):
		code = "step-up-required"
	case errors.Is(err, ErrBusy):
		code = "busy"
	case errors.Is(err, ErrOIDCAway):
		code = "oidc-unavailable"
	case errors.Is(err, ErrKeysAway):
		code = "sessions-unavailable"
	default:
		return
	}
	if code == "too-many-attempts" && s.limits.local("journal:"+what+s.addressKey(from.IP), limitJournal) > 0 {
		return // an attack must not fill the disk; its first lines tell it
	}
	args := []any{"account", accountID, "address", from.IP, "request", from.Request, "code", code}
	var why *reasoned
	if errors.As(err, &why) {
		args = append(args, "reason", why.reason)
	}
	s.log.WarnContext(ctx, what+" refused", args...)
}

// limitJournal bounds the lines about attempts that were one too many, for each
// address.
var limitJournal = Limit{Rate: 10, Burst: 10, Period: time.Minute}

// NoteKeyRefused writes the line about an API key that was not accepted. For what
// is no API key it writes nothing.
func (s *Service) NoteKeyRefused(ctx context.Context, from Caller, token string, err error) {
	id, owner, _, ok := parseAPIKey(token)
	var r *account.Refusal
	if !strings.HasPrefix(token, apiKeyMark) || !errors.As(err, &r) || s.limits.local("journal:key"+s.addressKey(from.IP), limitJournal) > 0 {
		return
	}
	args := []any{"address", from.IP, "request", from.Request, "code", r.Code}
	if ok { // as the key itself says; nothing of it needs to be true
		args = append(args, "account", owner.String(), "key", id.String())
	}
	s.log.WarnContext(ctx, "API key refused", args...)
}

// NoteStepUpRefused writes the line about a proof of presence that was not good.
func (s *Service) NoteStepUpRefused(ctx context.Context, from Caller, p Principal, err error) {
	s.note(ctx, "step-up proof", from, p.Account, err)
}

// reasoned adds to a refusal what only the log says of it, as a code.
type reasoned struct {
	error
	reason string
}

func (r *reasoned) Unwrap() error { return r.error }

func because(err error, reason string) error { return &reasoned{err, reason} }
