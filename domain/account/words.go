package account

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Category is the category of account streams: account-<uuid>.
const Category = "account"

// Role is what a person is on the platform; one account has one.
type Role string

// The roles. System is what reactions act as; no account has it.
const (
	Merchant Role = "merchant"
	Agent    Role = "agent"
	Reviewer Role = "reviewer"
	Lead     Role = "lead"
	Auditor  Role = "auditor"
	Admin    Role = "admin"
	System   Role = "system"
)

// Roles lists the roles that a person can have.
func Roles() []Role { return []Role{Merchant, Agent, Reviewer, Lead, Auditor, Admin} }

// Staff reports whether the role is one of the platform's own people.
func (r Role) Staff() bool { return r == Reviewer || r == Lead || r == Auditor || r == Admin }

// NeedsSecondFactor reports whether a password alone is too little for the role:
// it is for every role that can see other people's personal data.
func (r Role) NeedsSecondFactor() bool { return r.Staff() }

// MinPassword is the least number of characters in a password of the role.
func (r Role) MinPassword() int {
	if r.Staff() {
		return 12
	}
	return 10
}

// Lifetimes are how long a session lasts unused, and how long at most.
func (r Role) Lifetimes() (idle, absolute time.Duration) {
	if r.Staff() {
		return 2 * time.Hour, 12 * time.Hour
	}
	return 7 * 24 * time.Hour, 30 * 24 * time.Hour
}

// Purpose is what a one-time link is for.
type Purpose string

// The purposes of links.
const (
	Activation Purpose = "activation"
	Reset      Purpose = "reset"
)

// Lifetime is how long a link of that purpose can be used.
func (p Purpose) Lifetime() time.Duration {
	if p == Reset {
		return time.Hour
	}
	return 7 * 24 * time.Hour
}

// Method is how somebody proved who they are.
type Method string

// The methods of logging in.
const (
	ByPassword Method = "password"
	ByOIDC     Method = "oidc"
)

// StepUp is a class of acts before which the person proves again who they are.
type StepUp string

// The classes. A proof for one is no proof for another.
const (
	StepUpCredentials StepUp = "credentials" // API keys, one-time codes, recovery codes
	StepUpUnmask      StepUp = "unmask"      // reading personal values outside a claim
	StepUpRestriction StepUp = "restriction" // restricting the processing of personal data
	StepUpCopy        StepUp = "copy"        // taking a copy of all that is kept about oneself
)

// StepUps lists the classes.
func StepUps() []StepUp {
	return []StepUp{StepUpCredentials, StepUpUnmask, StepUpRestriction, StepUpCopy}
}

// Trust is how a device came to be trusted.
type Trust string

// The kinds of trust.
const (
	TrustFirst   Trust = "first"   // with the account's first log-in
	TrustNew     Trust = "new"     // a device that the account was not used with before
	TrustRenewed Trust = "renewed" // known before
)

// Ending is why a session ended.
type Ending string

// The endings of sessions.
const (
	LoggedOut       Ending = "logged-out"
	RevokedByPerson Ending = "revoked"
	TokenReused     Ending = "token-reused" // somebody else has a copy of a refresh token
	TooMany         Ending = "too-many"
	PasswordMoved   Ending = "password-changed"
	RoleMoved       Ending = "role-changed"
	FactorMoved     Ending = "second-factor-changed"
	AccountShut     Ending = "account-shut"
)

// Scope is what an API key may be used for.
type Scope string

// The scopes of API keys.
const (
	ReadApplications  Scope = "applications:read"
	WriteApplications Scope = "applications:write"
	ManageWebhooks    Scope = "webhooks:manage"
)

// Scopes lists the scopes.
func Scopes() []Scope { return []Scope{ReadApplications, WriteApplications, ManageWebhooks} }

// Bounds of what one account holds and says.
const (
	MaxSessions = 20
	MaxDevices  = 10
	// RecoveryCodes is how many there are in a set; a person is warned below FewRecoveryCodes.
	RecoveryCodes    = 10
	FewRecoveryCodes = 4
	// StepUpLifetime is how long a proof of presence is good.
	StepUpLifetime = 5 * time.Minute
	// DeviceLifetime is how long a device is trusted after a log-in with it.
	DeviceLifetime = 180 * 24 * time.Hour
	MaxAPIKeys     = 10
	MaxKeyTerm     = 366 * 24 * time.Hour
	MaxName        = 100 // characters of a name, a label, an organisation
	MaxReason      = 500
	MaxSkills      = 20
	// Grace is how long a refresh token may be sent again after it was used:
	// an answer gets lost, two tabs wake up at once.
	Grace = 10 * time.Second
)

// NormalEmail is the form in which an e-mail address is kept and shown:
// compatibility forms unified, what nobody sees and spaces around it dropped, lower
// case. It refuses with ErrEmail what no mail could be sent to.
func NormalEmail(s string) (string, error) {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
	s = strings.ToLower(strings.TrimSpace(norm.NFKC.String(s)))
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		s = s[:at] + strings.ReplaceAll(s[at:], "。", ".") // the full stop of a Chinese keyboard (UTS #46)
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > 254 {
		return "", ErrEmail
	}
	local, domain, _ := strings.Cut(s, "@")
	if len(local) > 64 || !strings.Contains(domain, ".") && domain != "localhost" {
		return "", ErrEmail
	}
	return s, nil
}

// LoginName is the form of an e-mail address under which one mailbox is one
// account: NormalEmail with the domain as an A-label (RFC 5890), since 例子.公司 and
// xn--fsqu00a.xn--55qx5d are one domain.
func LoginName(s string) (string, error) {
	s, err := NormalEmail(s)
	if err != nil {
		return "", err
	}
	local, domain, _ := strings.Cut(s, "@")
	a, err := domains.ToASCII(domain)
	switch {
	case err == nil && a != "":
		s = local + "@" + a
	case strings.ContainsFunc(domain, func(r rune) bool { return r >= utf8.RuneSelf }):
		return "", ErrEmail
	}
	if len(s) > 254 {
		return "", ErrEmail
	}
	return s, nil
}

// LoginNames are the forms under which the account of a mailbox may be kept:
// LoginName, and those that accounts had before there was one form. The form that
// was typed comes first, so that a person who then had two accounts reaches both.
func LoginNames(s string) ([]string, error) {
	name, err := LoginName(s)
	if err != nil {
		return nil, err
	}
	typed, _ := NormalEmail(s)
	out := []string{typed}
	local, domain, _ := strings.Cut(name, "@")
	u, _ := domains.ToUnicode(domain)
	for _, n := range []string{name, local + "@" + u} {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out, nil
}

// domains reads domain names as look-ups do (UTS #46).
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false))

// line is a one-line text for people: trimmed, valid, without control
// characters, at most limit characters. Direction controls are dropped: no name
// needs them, and one would turn the words around it on a page.
func line(s string, limit int) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s))
	bad := utf8.RuneCountInString(s) > limit || strings.ContainsFunc(s, unicode.IsControl)
	return s, !bad
}

func known[T comparable](all []T, some ...T) bool {
	for _, one := range some {
		if !slices.Contains(all, one) {
			return false
		}
	}
	return true
}
