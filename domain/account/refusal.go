package account

import (
	"slices"
	"strings"
)

// RefusalKind says what sort of no a refusal is.
type RefusalKind string

// The kinds of refusal and the HTTP status that each stands for.
const (
	Invalid         RefusalKind = "invalid"         // 422: the command makes no sense
	Rule            RefusalKind = "rule"            // 409: the state forbids it now
	Forbidden       RefusalKind = "forbidden"       // 403: this person may not
	Unauthenticated RefusalKind = "unauthenticated" // 401: it is not known who this is
)

// Refusal is a decision's no. It is a value: compare it with errors.Is against
// one of the Err… variables (equal codes match). It never holds a personal value.
type Refusal struct {
	Kind   RefusalKind
	Code   string // permanent and part of the API
	Detail string // an English sentence
	Field  string // of the command, where one is wrong
}

// Error tells the code, the field, and the sentence.
func (r *Refusal) Error() string {
	if r.Field != "" {
		return r.Code + " (" + r.Field + "): " + r.Detail
	}
	return r.Code + ": " + r.Detail
}

// Is matches refusals of the same code.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Code == r.Code
}

func (r *Refusal) in(field string) *Refusal {
	c := *r
	c.Field = field
	return &c
}

var catalogue []*Refusal

func refuse(kind RefusalKind, code, detail, field string) *Refusal {
	r := &Refusal{kind, code, detail, field}
	catalogue = append(catalogue, r)
	return r
}

// Refusals lists every refusal that a decision can answer, ordered by code, for
// the API's documentation.
func Refusals() []Refusal {
	out := make([]Refusal, len(catalogue))
	for i, r := range catalogue {
		out[i] = *r
	}
	slices.SortFunc(out, func(a, b Refusal) int { return strings.Compare(a.Code, b.Code) })
	return out
}

// A command that makes no sense (422).
var (
	ErrText      = refuse(Invalid, "account-text", "the text is empty, too long, or not one readable line", "")
	ErrEmail     = refuse(Invalid, "account-email", "the e-mail address is not one that mail can be sent to", "email")
	ErrMailbox   = refuse(Invalid, "mailbox-unreachable", "the mail server cannot write to an address whose part before the @ is not ASCII; give another address", "email")
	ErrRole      = refuse(Invalid, "account-role", "no person can be given this role here", "role")
	ErrOrg       = refuse(Invalid, "account-organisation", "merchants and agents belong to an organisation, staff to none", "organisation")
	ErrLanguage  = refuse(Invalid, "account-language", "the language is none of zh-CN, es, en", "language")
	ErrScope     = refuse(Invalid, "api-key-scope", "an API key needs at least one of the known scopes", "scopes")
	ErrKeyTerm   = refuse(Invalid, "api-key-term", "an API key must expire within a year", "expires")
	ErrUntil     = refuse(Invalid, "away-until", "a leave must end in the future", "until")
	ErrSkills    = refuse(Invalid, "skills", "languages must be known and products lower-case words, at most twenty of each", "products")
	ErrView      = refuse(Invalid, "view", "the view's queue or filters are not of their form", "filters")
	ErrStepUp    = refuse(Invalid, "step-up-purpose", "a proof of presence is for none of the known purposes", "purpose")
	ErrMalformed = refuse(Invalid, "account-malformed", "an id, hash or time is missing or not of its form", "")
)

// The state forbids it now (409).
var (
	ErrNoAccount    = refuse(Rule, "account-unknown", "there is no such account", "")
	ErrExists       = refuse(Rule, "account-exists", "an account with this identity was opened before", "")
	ErrLoginTaken   = refuse(Rule, "login-taken", "another account has this e-mail address", "email")
	ErrActive       = refuse(Rule, "account-active", "the account is active already", "")
	ErrClosed       = refuse(Rule, "account-closed", "the account was closed for good", "")
	ErrNotSuspended = refuse(Rule, "account-not-suspended", "the account is not suspended", "")
	ErrTOTPActive   = refuse(Rule, "totp-active", "one-time codes are set up already; replace them with a proof of presence", "")
	ErrNoTOTP       = refuse(Rule, "totp-inactive", "no one-time codes are set up", "")
	ErrNoTOTPOffer  = refuse(Rule, "totp-not-offered", "no one-time-code secret waits to be confirmed", "")
	ErrTooManyKeys  = refuse(Rule, "api-keys-too-many", "revoke an API key before issuing another", "")
	ErrKeyExists    = refuse(Rule, "api-key-exists", "another API key has this identity", "")
	ErrTooManyViews = refuse(Rule, "views-too-many", "remove a view before saving another: fifty for each person, twenty of them shared", "")
	ErrOIDCOther    = refuse(Rule, "oidc-other-person", "the account is tied to another person at the identity provider", "")
)

// This person may not (403).
var (
	ErrSelf       = refuse(Forbidden, "account-self", "nobody does this to their own account", "")
	ErrViewOwner  = refuse(Forbidden, "view-owner", "only its owner changes a view, and a lead where it is shared", "")
	ErrNotStaff   = refuse(Forbidden, "staff-accounts-only", "this concerns accounts of staff", "")
	ErrNoKeysRole = refuse(Forbidden, "api-key-role", "API keys are for merchants and agents", "")
)

// It is not known who this is (401).
var (
	ErrInactive     = refuse(Unauthenticated, "account-inactive", "the account has no password yet; use the link in the mail", "")
	ErrSuspended    = refuse(Unauthenticated, "account-suspended", "the account is suspended", "")
	ErrPassword     = refuse(Unauthenticated, "password-moved", "the password was changed meanwhile", "")
	ErrCodeRequired = refuse(Unauthenticated, "code-required", "a one-time code is needed", "code")
	ErrCodeUsed     = refuse(Unauthenticated, "code-used", "the one-time code was used before; wait for the next one", "code")
	ErrRecoveryCode = refuse(Unauthenticated, "recovery-code-wrong", "the recovery code is wrong, was used, or was replaced", "recovery_code")
	ErrStepUpOther  = refuse(Unauthenticated, "step-up-oidc", "this session began at the identity provider: prove there that it is you", "")
	ErrLinkOver     = refuse(Unauthenticated, "link-over", "the link was used, replaced, or is too old; ask for a new one", "token")
	ErrSessionOver  = refuse(Unauthenticated, "session-over", "the session has ended; log in again", "")
)
