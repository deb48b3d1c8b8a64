package account_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"alta/domain/account"
	"alta/domain/lang"
	"alta/domain/personal"
)

// The people and things of the rule book.
const (
	ann     = "0b9f5a52-6f4f-4d7c-9a53-6f3f6a3d1a01"
	admin   = "0b9f5a52-6f4f-4d7c-9a53-6f3f6a3d1a99"
	session = "5e550000-0000-4000-8000-000000000001"
	other   = "5e550000-0000-4000-8000-000000000002"
)

var (
	day    = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	hash   = personal.New("$argon2id$one")
	hash2  = personal.New("$argon2id$two")
	secret = personal.New("JBSWY3DPEHPK3PXP")
)

func at(d time.Duration) time.Time { return day.Add(d) }

type events = []account.Event

func opened(r account.Role) account.Opened {
	o := account.Opened{
		Account: ann, Role: r, Language: lang.Spanish, Email: personal.New("ann@example.com"),
		Name: personal.New("Ann"), Login: "index", By: admin, At: day,
	}
	if !r.Staff() {
		o.Organisation = ann
	}
	return o
}

func link(p account.Purpose) account.LinkIssued {
	return account.LinkIssued{Link: "l1", Purpose: p, Hash: "h", Key: "k", Expires: day.Add(p.Lifetime()), By: ann, At: day}
}

var activated = account.Activated{Link: "l1", Password: hash, At: day}

func started(id string, when time.Time, r account.Role) account.SessionStarted {
	_, absolute := r.Lifetimes()
	return account.SessionStarted{
		Session: id, Method: account.ByPassword, Address: personal.New("192.0.2.1"), Agent: personal.New("browser"),
		Hash: "t0", Key: "k", Expires: when.Add(absolute), At: when,
	}
}

func active(r account.Role, more ...account.Event) events {
	return append(events{opened(r), link(account.Activation), activated}, more...)
}

func enrolled(r account.Role, more ...account.Event) events {
	return active(r, append(events{
		account.TOTPOffered{Secret: secret, At: day}, account.TOTPEnrolled{Step: 100, Session: session, At: day},
	}, more...)...)
}

func revoked(id string, why account.Ending, by string, when time.Time) account.SessionRevoked {
	return account.SessionRevoked{Session: id, Reason: why, By: by, At: when}
}

type command interface {
	Decide(account.State) ([]account.Event, error)
}

func login(change func(*account.StartSession)) account.StartSession {
	c := account.StartSession{
		Session: other, Method: account.ByPassword, Verified: hash, Address: "192.0.2.1", Agent: "browser", Hash: "t0", Key: "k", At: day,
	}
	if change != nil {
		change(&c)
	}
	return c
}

func open(change func(*account.Open)) account.Open {
	c := account.Open{
		Account: ann, Role: account.Reviewer, Language: lang.Spanish, Email: " Ann@Example.com", Name: "Ann",
		Login: "index", By: admin, At: day,
	}
	if change != nil {
		change(&c)
	}
	return c
}

func rotate(generation int, token string, when time.Time) account.RotateSession {
	return account.RotateSession{Session: session, Generation: generation, Hash: token, NextHash: "t+", NextKey: "k2", At: when}
}

func rotated(generation int, token string, when time.Time) account.SessionRotated {
	return account.SessionRotated{Session: session, Generation: generation, Hash: token, Key: "k2", At: when}
}

func key(change func(*account.IssueAPIKey)) account.IssueAPIKey {
	c := account.IssueAPIKey{
		Key: "key", Prefix: "alta_ab", Label: "shop", Hash: "kh", Scopes: []account.Scope{account.ReadApplications},
		Expires: at(24 * time.Hour), By: ann, At: day,
	}
	if change != nil {
		change(&c)
	}
	return c
}

func founder(o account.Opened) account.Opened { o.Organisation, o.By = ann, ann; return o }

func TestWhatMayHappenToAnAccount(t *testing.T) {
	rulebook(t, map[string]rule{
		"an admin invites a reviewer": {when: open(nil), then: events{opened(account.Reviewer)}},
		"a merchant who registers founds an organisation": {
			when: open(func(c *account.Open) { c.Role, c.By = account.Merchant, ann }), then: events{founder(opened(account.Merchant))}},
		"the same invitation twice is one account":      {given: events{opened(account.Reviewer)}, when: open(nil)},
		"an account is opened once":                     {given: active(account.Reviewer), when: open(func(c *account.Open) { c.Name = "Bob" }), err: account.ErrExists},
		"nobody is given the system's role":             {when: open(func(c *account.Open) { c.Role = account.System }), err: account.ErrRole},
		"staff belong to no organisation":               {when: open(func(c *account.Open) { c.Organisation = "x" }), err: account.ErrOrg},
		"an address without domain is none":             {when: open(func(c *account.Open) { c.Email = "ann" }), err: account.ErrEmail},
		"an address with a display name is none":        {when: open(func(c *account.Open) { c.Email = "Ann <ann@example.com>" }), err: account.ErrEmail},
		"a name has no line breaks":                     {when: open(func(c *account.Open) { c.Name = "Ann\nBcc: x" }), err: account.ErrText},
		"everybody reads one of the three languages":    {when: open(func(c *account.Open) { c.Language = "fr" }), err: account.ErrLanguage},
		"an invited account gets an activation link":    {given: events{opened(account.Lead)}, when: account.IssueLink{Link: "l1", Purpose: account.Activation, Hash: "h", Key: "k", By: ann, At: day}, then: events{link(account.Activation)}},
		"the same link is issued once":                  {given: events{opened(account.Lead), link(account.Activation)}, when: account.IssueLink{Link: "l1", Purpose: account.Activation, Hash: "h", Key: "k", By: ann, At: day}},
		"an active account needs no activation":         {given: active(account.Lead), when: account.IssueLink{Link: "l2", Purpose: account.Activation, Hash: "h", Key: "k", By: ann, At: day}, err: account.ErrActive},
		"a reset needs a password to reset":             {given: events{opened(account.Lead)}, when: account.IssueLink{Link: "l2", Purpose: account.Reset, Hash: "h", Key: "k", By: ann, At: day}, err: account.ErrInactive},
		"a suspended account gets no link":              {given: active(account.Lead, account.Suspended{At: day}), when: account.IssueLink{Link: "l2", Purpose: account.Reset, Hash: "h", Key: "k", By: ann, At: day}, err: account.ErrSuspended},
		"the link sets the first password":              {given: events{opened(account.Lead), link(account.Activation)}, when: account.UseLink{Link: "l1", Hash: "h", Password: hash, At: day}, then: events{activated}},
		"a link works once":                             {given: active(account.Lead), when: account.UseLink{Link: "l1", Hash: "h", Password: hash, At: day}, err: account.ErrLinkOver},
		"a link ends":                                   {given: events{opened(account.Lead), link(account.Activation)}, when: account.UseLink{Link: "l1", Hash: "h", Password: hash, At: at(7 * 24 * time.Hour)}, err: account.ErrLinkOver},
		"a guessed link is no link":                     {given: events{opened(account.Lead), link(account.Activation)}, when: account.UseLink{Link: "l1", Hash: "x", Password: hash, At: day}, err: account.ErrLinkOver},
		"a suspension voids the link that was mailed":   {given: events{opened(account.Lead), link(account.Activation), account.Suspended{At: day}}, when: account.UseLink{Link: "l1", Hash: "h", Password: hash, At: day}, err: account.ErrLinkOver},
		"restored before the first password is invited": {given: events{opened(account.Lead), account.Suspended{At: day}, account.Restored{At: day}}, when: login(nil), err: account.ErrInactive},
		"a reset ends every session": {
			given: active(account.Merchant, started(session, day, account.Merchant), link(account.Reset)),
			when:  account.UseLink{Link: "l1", Hash: "h", Password: hash2, At: day},
			then:  events{account.PasswordChanged{Link: "l1", Password: hash2, At: day}, revoked(session, account.PasswordMoved, ann, day)}},
		"a new password ends the other sessions": {
			given: active(account.Merchant, started(session, day, account.Merchant), started(other, day, account.Merchant)),
			when:  account.ChangePassword{Verified: hash, Password: hash2, Session: session, At: day},
			then:  events{account.PasswordChanged{Password: hash2, At: day}, revoked(other, account.PasswordMoved, ann, day)}},
		"a password is changed by who knows the present one": {given: active(account.Lead), when: account.ChangePassword{Verified: hash2, Password: hash, At: day}, err: account.ErrPassword},

		"the right password logs in": {given: active(account.Merchant), when: login(nil), then: events{started(other, day, account.Merchant)}},
		"the same log-in is one session": {
			given: active(account.Merchant, started(other, day, account.Merchant)), when: login(nil)},
		"nobody logs in before the first password":        {given: events{opened(account.Merchant)}, when: login(nil), err: account.ErrInactive},
		"nobody logs in to a suspended account":           {given: active(account.Merchant, account.Suspended{At: day}), when: login(nil), err: account.ErrSuspended},
		"nobody logs in to a closed account":              {given: active(account.Merchant, account.Closed{At: day}), when: login(nil), err: account.ErrClosed},
		"a password that was changed meanwhile is wrong":  {given: active(account.Merchant, account.PasswordChanged{Password: hash2, At: day}), when: login(nil), err: account.ErrPassword},
		"where codes are set up a password is not enough": {given: enrolled(account.Merchant), when: login(nil), err: account.ErrCodeRequired},
		"a code works once":                               {given: enrolled(account.Merchant), when: login(func(c *account.StartSession) { c.Step = 100 }), err: account.ErrCodeUsed},
		"a code of an earlier step is too late":           {given: enrolled(account.Merchant), when: login(func(c *account.StartSession) { c.Step = 99 }), err: account.ErrCodeUsed},
		"a fresh code makes two factors": {given: enrolled(account.Lead), when: login(func(c *account.StartSession) { c.Step = 101 }), then: events{func() account.SessionStarted {
			e := started(other, day, account.Lead)
			e.Step, e.SecondFactor = 101, true
			return e
		}()}},
		"who was not linked is not let in by the provider": {given: active(account.Lead), when: login(func(c *account.StartSession) { c.Method = account.ByOIDC }), err: account.ErrOIDCOther},

		"the newest token is rotated": {
			given: active(account.Merchant, started(session, day, account.Merchant)), when: rotate(0, "t0", at(time.Minute)),
			then: events{rotated(1, "t+", at(time.Minute))}},
		"an answer that was lost is asked for again within the grace": {
			given: active(account.Merchant, started(session, day, account.Merchant), rotated(1, "t1", at(time.Minute))),
			when:  rotate(0, "t0", at(time.Minute+account.Grace))},
		"a used token after the grace ends the whole family": {
			given: active(account.Merchant, started(session, day, account.Merchant), rotated(1, "t1", at(time.Minute))),
			when:  rotate(0, "t0", at(time.Minute+account.Grace+1)),
			then:  events{revoked(session, account.TokenReused, ann, at(time.Minute+account.Grace+1))}},
		"a token before the last has no grace": {
			given: active(account.Merchant, started(session, day, account.Merchant), rotated(1, "t1", day), rotated(2, "t2", day)),
			when:  rotate(0, "t0", day), then: events{revoked(session, account.TokenReused, ann, day)}},
		"a token that was never issued ends nothing": {given: active(account.Merchant, started(session, day, account.Merchant)), when: rotate(7, "t7", day), err: account.ErrSessionOver},
		"a session unused for too long is over":      {given: active(account.Lead, started(session, day, account.Lead)), when: rotate(0, "t0", at(2*time.Hour)), err: account.ErrSessionOver},
		"a session ends at the latest after its term": {given: active(account.Lead, started(session, day, account.Lead), rotated(1, "t1", at(11*time.Hour))),
			when: rotate(1, "t1", at(12*time.Hour)), err: account.ErrSessionOver},
		"a revoked session is over": {given: active(account.Lead, started(session, day, account.Lead), revoked(session, account.LoggedOut, ann, day)),
			when: rotate(0, "t0", day), err: account.ErrSessionOver},
		"a session is revoked":                   {given: active(account.Lead, started(session, day, account.Lead)), when: account.RevokeSession{Session: session, Reason: account.LoggedOut, By: ann, At: day}, then: events{revoked(session, account.LoggedOut, ann, day)}},
		"a session that is over stays over":      {given: active(account.Lead), when: account.RevokeSession{Session: session, Reason: account.LoggedOut, By: ann, At: day}},
		"all sessions but this one are revoked":  {given: active(account.Lead, started(session, day, account.Lead), started(other, day, account.Lead)), when: account.RevokeSessions{Except: session, By: ann, At: day}, then: events{revoked(other, account.RevokedByPerson, ann, day)}},
		"a suspension ends the sessions at once": {given: active(account.Lead, started(session, day, account.Lead)), when: account.Suspend{Reason: "left", By: admin, At: day}, then: events{account.Suspended{Reason: "left", By: admin, At: day}, revoked(session, account.AccountShut, admin, day)}},
		"a suspension says why":                  {given: active(account.Lead), when: account.Suspend{By: admin, At: day}, err: account.ErrText},
		"nobody suspends themselves":             {given: active(account.Lead), when: account.Suspend{Reason: "x", By: ann, At: day}, err: account.ErrSelf},
		"suspended twice is suspended once":      {given: active(account.Lead, account.Suspended{At: day}), when: account.Suspend{Reason: "x", By: admin, At: day}},
		"a suspension is undone":                 {given: active(account.Lead, account.Suspended{At: day}), when: account.Restore{By: admin, At: day}, then: events{account.Restored{By: admin, At: day}}},
		"nobody restores themselves":             {given: active(account.Lead, account.Suspended{At: day}), when: account.Restore{By: ann, At: day}, err: account.ErrSelf},
		"a closed account stays closed":          {given: active(account.Lead, account.Closed{At: day}), when: account.Restore{By: admin, At: day}, err: account.ErrClosed},
		"a merchant may close its own account":   {given: active(account.Merchant), when: account.Close{Reason: "over", By: ann, At: day}, then: events{account.Closed{Reason: "over", By: ann, At: day}}},
		"staff are let go by somebody else":      {given: active(account.Lead), when: account.Close{Reason: "over", By: ann, At: day}, err: account.ErrSelf},
		"a new role ends the sessions that speak of the old one": {given: active(account.Reviewer, started(session, day, account.Reviewer)), when: account.ChangeRole{Role: account.Lead, By: admin, At: day},
			then: events{account.RoleChanged{Role: account.Lead, By: admin, At: day}, revoked(session, account.RoleMoved, admin, day)}},
		"nobody promotes themselves":       {given: active(account.Reviewer), when: account.ChangeRole{Role: account.Admin, By: ann, At: day}, err: account.ErrSelf},
		"a merchant does not become staff": {given: active(account.Merchant), when: account.ChangeRole{Role: account.Admin, By: admin, At: day}, err: account.ErrNotStaff},
		"staff do not become merchants":    {given: active(account.Lead), when: account.ChangeRole{Role: account.Merchant, By: admin, At: day}, err: account.ErrRole},
		"codes count once they are confirmed": {given: active(account.Lead, account.TOTPOffered{Secret: secret, At: day}, started(session, day, account.Lead), started(other, day, account.Lead)),
			when: account.EnrolTOTP{Step: 7, Session: session, Set: "set", Hashes: recovery, At: day}, then: events{account.TOTPEnrolled{Step: 7, Session: session, At: day}, codes("set"), revoked(other, account.FactorMoved, ann, day)}},
		"codes that work are not confirmed again":             {given: enrolled(account.Lead), when: account.EnrolTOTP{Step: 7, At: day}, err: account.ErrTOTPActive},
		"nothing is confirmed that was not offered":           {given: active(account.Lead), when: account.EnrolTOTP{Step: 7, At: day}, err: account.ErrNoTOTPOffer},
		"codes that are set up are not replaced by a session": {given: enrolled(account.Lead), when: account.OfferTOTP{Secret: secret, At: day}, err: account.ErrTOTPActive},
		"who proved to be present replaces the codes":         {given: enrolled(account.Lead), when: account.OfferTOTP{Secret: hash2, Replace: true, At: day}, then: events{account.TOTPOffered{Secret: hash2, At: day}}},
		"codes that were replaced end the other sessions": {given: enrolled(account.Lead, started(session, day, account.Lead), started(other, day, account.Lead), account.TOTPOffered{Secret: hash2, At: day}),
			when: account.EnrolTOTP{Step: 107, Session: session, Set: "set", Hashes: recovery, At: day}, then: events{account.TOTPEnrolled{Step: 107, Session: session, At: day}, codes("set"), revoked(other, account.FactorMoved, ann, day)}},
		"recovery codes need one-time codes to stand in for": {given: active(account.Merchant), when: account.IssueRecoveryCodes{Set: "set", Hashes: recovery, At: day}, err: account.ErrNoTOTP},
		"new recovery codes replace the old":                 {given: enrolled(account.Lead, codes("old")), when: account.IssueRecoveryCodes{Set: "set", Hashes: recovery, At: day}, then: events{codes("set")}},
		"a set has ten different codes":                      {given: enrolled(account.Lead), when: account.IssueRecoveryCodes{Set: "set", Hashes: append(recovery[:9:9], "h0"), At: day}, err: account.ErrMalformed},
		"a recovery code stands in for a one-time code": {given: enrolled(account.Lead, codes("set")), when: login(func(c *account.StartSession) { c.Recovery = "h3" }), then: events{account.RecoveryCodeUsed{Hash: "h3", Session: other, At: day}, func() account.SessionStarted {
			e := started(other, day, account.Lead)
			e.SecondFactor = true
			return e
		}()}},
		"a recovery code works once": {given: enrolled(account.Lead, codes("set"), account.RecoveryCodeUsed{Hash: "h3", Session: session, At: day}), when: login(func(c *account.StartSession) { c.Recovery = "h3" }), err: account.ErrRecoveryCode},
		"codes that an admin took away take the recovery codes along": {given: enrolled(account.Lead, codes("set"), account.TOTPDisabled{By: admin, At: day}, account.TOTPOffered{Secret: secret, At: day}, account.TOTPEnrolled{Step: 120, Session: session, At: day}),
			when: login(func(c *account.StartSession) { c.Recovery = "h3" }), err: account.ErrRecoveryCode},
		"presence is proved within a session": {given: active(account.Merchant), when: presence(nil), err: account.ErrSessionOver},
		"a password proves presence where there are no codes": {given: active(account.Merchant, started(session, day, account.Merchant)), when: presence(nil),
			then: events{account.PresenceProved{Session: session, Purpose: account.StepUpCredentials, Method: account.ByPassword, Expires: at(account.StepUpLifetime), At: day}}},
		"where codes are set up presence needs one": {given: enrolled(account.Lead, started(session, day, account.Lead)), when: presence(nil), err: account.ErrCodeRequired},
		"a code that logged in proves nothing more": {given: enrolled(account.Lead, started(session, day, account.Lead)), when: presence(func(c *account.ProvePresence) { c.Step = 100 }), err: account.ErrCodeUsed},
		"a fresh code proves presence and is used up": {given: enrolled(account.Lead, started(session, day, account.Lead)), when: presence(func(c *account.ProvePresence) { c.Step = 101 }),
			then: events{account.PresenceProved{Session: session, Purpose: account.StepUpCredentials, Method: account.ByPassword, Step: 101, Expires: at(account.StepUpLifetime), At: day}}},
		"a proof is for a known purpose":             {given: active(account.Merchant, started(session, day, account.Merchant)), when: presence(func(c *account.ProvePresence) { c.Purpose = "everything" }), err: account.ErrStepUp},
		"a password that moved proves nothing":       {given: active(account.Merchant, started(session, day, account.Merchant)), when: presence(func(c *account.ProvePresence) { c.Verified = hash2 }), err: account.ErrPassword},
		"who came from the provider proves it there": {given: active(account.Lead, account.OIDCLinked{Issuer: "i", Subject: hash}, byProvider()), when: presence(nil), err: account.ErrStepUpOther},
		"a new password ends the API keys": {given: active(account.Merchant, account.APIKeyIssued(key(nil))), when: account.ChangePassword{Verified: hash, Password: hash2, Session: session, At: day},
			then: events{account.PasswordChanged{Password: hash2, At: day}, account.APIKeyRevoked{Key: "key", By: ann, At: day}}},
		"a reset ends the API keys": {given: active(account.Merchant, account.APIKeyIssued(key(nil)), link(account.Reset)), when: account.UseLink{Link: "l1", Hash: "h", Password: hash2, At: day},
			then: events{account.PasswordChanged{Link: "l1", Password: hash2, At: day}, account.APIKeyRevoked{Key: "key", By: ann, At: day}}},
		"the first device is no news":              {given: active(account.Merchant), when: trust("d1", day), then: events{trusted("d1", account.TrustFirst, day)}},
		"a device after the first is new":          {given: active(account.Merchant, started(session, day, account.Merchant)), when: trust("d1", day), then: events{trusted("d1", account.TrustNew, day)}},
		"a known device stays trusted":             {given: active(account.Merchant, trusted("d1", account.TrustFirst, day)), when: trust("d1", at(time.Hour))},
		"a device in use is trusted for longer":    {given: active(account.Merchant, trusted("d1", account.TrustFirst, day)), when: trust("d1", at(100*24*time.Hour)), then: events{trusted("d1", account.TrustRenewed, at(100*24*time.Hour))}},
		"a device that was forgotten is new":       {given: active(account.Merchant, started(session, day, account.Merchant), trusted("d1", account.TrustFirst, day), account.DeviceForgotten{Device: "d1", By: ann, At: day}), when: trust("d1", day), then: events{trusted("d1", account.TrustNew, day)}},
		"a new password ends the trust in devices": {given: active(account.Merchant, started(session, day, account.Merchant), trusted("d1", account.TrustFirst, day), account.PasswordChanged{Password: hash2, At: day}), when: trust("d1", day), then: events{trusted("d1", account.TrustNew, day)}},
		"the device that changed the password stays trusted": {given: active(account.Merchant, started(session, day, account.Merchant), trusted("d1", account.TrustFirst, day), trusted("d2", account.TrustNew, at(time.Hour))),
			when: account.ChangePassword{Verified: hash, Password: hash2, Session: session, Device: "d1", At: at(2 * time.Hour)},
			then: events{account.PasswordChanged{Password: hash2, At: at(2 * time.Hour)}, func() account.DeviceTrusted {
				d := trusted("d1", account.TrustRenewed, at(2*time.Hour))
				d.Session, d.Expires = session, trusted("d1", account.TrustFirst, day).Expires
				return d
			}()}},
		"the others end": {given: active(account.Merchant, started(session, day, account.Merchant), trusted("d2", account.TrustNew, day), account.PasswordChanged{Password: hash2, At: day}, trusted("d1", account.TrustRenewed, day)),
			when: trust("d2", day), then: events{trusted("d2", account.TrustNew, day)}},
		"a copied token ends the trust in devices":              {given: active(account.Merchant, started(session, day, account.Merchant), trusted("d1", account.TrustFirst, day), revoked(session, account.TokenReused, ann, day)), when: trust("d1", day), then: events{trusted("d1", account.TrustNew, day)}},
		"devices have a limit":                                  {given: active(account.Merchant, manyDevices()...), when: trust("d1", day), then: events{account.DeviceForgotten{Device: "d00", By: ann, At: day}, trusted("d1", account.TrustNew, day)}},
		"a device is forgotten":                                 {given: active(account.Merchant, trusted("d1", account.TrustFirst, day)), when: account.ForgetDevice{Device: "d1", By: ann, At: day}, then: events{account.DeviceForgotten{Device: "d1", By: ann, At: day}}},
		"a lead cannot shed the second factor alone":            {given: enrolled(account.Lead), when: account.DisableTOTP{By: ann, At: day}, err: account.ErrSelf},
		"a merchant may do without codes again":                 {given: enrolled(account.Merchant), when: account.DisableTOTP{By: ann, At: day}, then: events{account.TOTPDisabled{By: ann, At: day}}},
		"an admin helps who lost the telephone":                 {given: enrolled(account.Lead), when: account.DisableTOTP{By: admin, At: day}, then: events{account.TOTPDisabled{By: admin, At: day}}},
		"the provider's person is tied at the first log-in":     {given: active(account.Lead), when: account.LinkOIDC{Issuer: "i", Subject: hash, At: day}, then: events{account.OIDCLinked{Issuer: "i", Subject: hash, At: day}}},
		"an address that was handed on is another person":       {given: active(account.Lead, account.OIDCLinked{Issuer: "i", Subject: hash}), when: account.LinkOIDC{Issuer: "i", Subject: hash2, At: day}, err: account.ErrOIDCOther},
		"the provider is for staff":                             {given: active(account.Merchant), when: account.LinkOIDC{Issuer: "i", Subject: hash, At: day}, err: account.ErrNotStaff},
		"a merchant's server gets a key":                        {given: active(account.Merchant), when: key(nil), then: events{account.APIKeyIssued(key(nil))}},
		"the same key is issued once":                           {given: active(account.Merchant, account.APIKeyIssued(key(nil))), when: key(nil)},
		"staff get no keys":                                     {given: active(account.Admin), when: key(nil), err: account.ErrNoKeysRole},
		"a key ends within a year":                              {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Expires = at(367 * 24 * time.Hour) }), err: account.ErrKeyTerm},
		"a key that is over already is refused":                 {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Expires = day }), err: account.ErrKeyTerm},
		"a key is for something":                                {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Scopes = nil }), err: account.ErrScope},
		"a key is for something known":                          {given: active(account.Agent), when: key(func(c *account.IssueAPIKey) { c.Scopes = []account.Scope{"everything"} }), err: account.ErrScope},
		"a key's use is taken down":                             {given: active(account.Agent, account.APIKeyIssued(key(nil))), when: account.UseAPIKey{Key: "key", At: day}, then: events{account.APIKeyUsed{Key: "key", At: day}}},
		"once a day":                                            {given: active(account.Agent, account.APIKeyIssued(key(nil)), account.APIKeyUsed{Key: "key", At: day}), when: account.UseAPIKey{Key: "key", At: at(time.Hour)}},
		"and again the next day":                                {given: active(account.Agent, account.APIKeyIssued(key(nil)), account.APIKeyUsed{Key: "key", At: day}), when: account.UseAPIKey{Key: "key", At: at(24 * time.Hour)}, then: events{account.APIKeyUsed{Key: "key", At: at(24 * time.Hour)}}},
		"a key is revoked":                                      {given: active(account.Agent, account.APIKeyIssued(key(nil))), when: account.RevokeAPIKey{Key: "key", By: ann, At: day}, then: events{account.APIKeyRevoked{Key: "key", By: ann, At: day}}},
		"a key that is gone stays gone":                         {given: active(account.Agent), when: account.RevokeAPIKey{Key: "key", By: ann, At: day}},
		"staff go on leave":                                     {given: active(account.Reviewer), when: account.GoAway{Until: at(time.Hour), At: day}, then: events{account.WentAway{Until: at(time.Hour), At: day}}},
		"a leave ends in the future":                            {given: active(account.Reviewer), when: account.GoAway{Until: day, At: day}, err: account.ErrUntil},
		"merchants take no leave":                               {given: active(account.Merchant), when: account.GoAway{At: day}, err: account.ErrNotStaff},
		"staff come back":                                       {given: active(account.Reviewer, account.WentAway{At: day}), when: account.ComeBack{At: day}, then: events{account.CameBack{At: day}}},
		"who is there cannot come back":                         {given: active(account.Reviewer), when: account.ComeBack{At: day}},
		"skills are stated, each once and in order":             {given: active(account.Reviewer), when: account.StateSkills{Languages: []lang.Lang{lang.Chinese, lang.Spanish, lang.Chinese}, Products: []string{"wechat_pay", "alipay"}, By: ann, At: day}, then: events{account.SkillsStated{Languages: []lang.Lang{lang.Spanish, lang.Chinese}, Products: []string{"alipay", "wechat_pay"}, By: ann, At: day}}},
		"a skill is a word of the policy's form":                {given: active(account.Reviewer), when: account.StateSkills{Products: []string{"We Chat"}, By: ann, At: day}, err: account.ErrSkills},
		"the language is chosen":                                {given: active(account.Merchant), when: account.ChooseLanguage{Language: lang.Chinese, At: day}, then: events{account.LanguageChosen{Language: lang.Chinese, At: day}}},
		"the same language again is no news":                    {given: active(account.Merchant), when: account.ChooseLanguage{Language: lang.Spanish, At: day}},
		"nothing happens to an account that does not exist":     {when: account.Suspend{Reason: "x", By: admin, At: day}, err: account.ErrNoAccount},
		"an agent joins the organisation of who invites":        {when: open(func(c *account.Open) { c.Role, c.Organisation = account.Agent, "org" }), then: events{func() account.Opened { o := opened(account.Agent); o.Organisation = "org"; return o }()}},
		"a session over the limit replaces the one least used":  {given: active(account.Merchant, manySessions()...), when: login(nil), then: events{revoked("s00", account.TooMany, ann, day), started(other, day, account.Merchant)}},
		"keys have a limit":                                     {given: active(account.Merchant, manyKeys(at(time.Hour))...), when: key(nil), err: account.ErrTooManyKeys},
		"expired keys do not count":                             {given: active(account.Merchant, manyKeys(day)...), when: key(nil), then: events{account.APIKeyIssued(key(nil))}},
		"a closed account has no keys left to use":              {given: active(account.Merchant, account.APIKeyIssued(key(nil)), account.Closed{At: day}), when: account.UseAPIKey{Key: "key", At: day}},
		"a restored account's sessions stay ended":              {given: active(account.Merchant, started(session, day, account.Merchant), account.Suspended{At: day}, revoked(session, account.AccountShut, admin, day), account.Restored{At: day}), when: rotate(0, "t0", day), err: account.ErrSessionOver},
		"a suspended account's tokens are not rotated":          {given: active(account.Merchant, started(session, day, account.Merchant), account.Suspended{At: day}), when: rotate(0, "t0", day), err: account.ErrSuspended},
		"a genuine number with another token's text is refused": {given: active(account.Merchant, started(session, day, account.Merchant)), when: rotate(0, "x", day), err: account.ErrSessionOver},
	})
}

// rule is one line of the rule book.
type rule struct {
	given events
	when  command
	then  events
	err   error
}

func rulebook(t *testing.T, rules map[string]rule) {
	t.Helper()
	for name, c := range rules {
		t.Run(name, func(t *testing.T) {
			got, err := c.when.Decide(fold(c.given))
			if !errors.Is(err, c.err) || c.err == nil && err != nil {
				t.Fatalf("refusal: got %v, want %v", err, c.err)
			}
			if len(got)+len(c.then) > 0 && !reflect.DeepEqual(got, c.then) {
				t.Fatalf("got\n%#v\nwant\n%#v", got, c.then)
			}
			// Doing it twice changes nothing, whatever it was; only a link and a password
			// are used up, and a token is.
			switch c.when.(type) {
			case account.UseLink, account.ChangePassword, account.RotateSession, account.EnrolTOTP, account.ProvePresence:
				return
			}
			if again, err := c.when.Decide(fold(append(c.given, got...))); c.err == nil && (err != nil || len(again) > 0) {
				t.Fatalf("done twice: %#v, %v", again, err)
			}
		})
	}
}

var recovery = []string{"h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9"}

func codes(set string) account.RecoveryCodesIssued {
	return account.RecoveryCodesIssued{Set: set, Hashes: recovery, At: day}
}

func presence(change func(*account.ProvePresence)) account.ProvePresence {
	c := account.ProvePresence{Session: session, Purpose: account.StepUpCredentials, Method: account.ByPassword, Verified: hash, At: day}
	if change != nil {
		change(&c)
	}
	return c
}

func byProvider() account.SessionStarted {
	e := started(session, day, account.Lead)
	e.Method, e.SecondFactor = account.ByOIDC, true
	return e
}

func trust(device string, when time.Time) account.TrustDevice {
	return account.TrustDevice{Device: device, Session: other, Agent: "browser", At: when}
}

func trusted(device string, kind account.Trust, when time.Time) account.DeviceTrusted {
	return account.DeviceTrusted{Device: device, Session: other, Kind: kind, Agent: personal.New("browser"), Expires: when.Add(account.DeviceLifetime), At: when}
}

func manyDevices() events {
	all := events{started(session, day, account.Merchant)}
	for i := range account.MaxDevices {
		all = append(all, trusted("d0"+string(rune('0'+i)), account.TrustNew, at(time.Duration(i-20)*time.Minute)))
	}
	return all
}

func manySessions() events {
	var all events
	for i := range account.MaxSessions {
		all = append(all, started("s"+string(rune('0'+i/10))+string(rune('0'+i%10)), at(time.Duration(i)*time.Second-time.Hour), account.Merchant))
	}
	return all
}

func manyKeys(expires time.Time) events {
	var all events
	for i := range account.MaxAPIKeys {
		k := key(nil)
		k.Key, k.Expires = "k"+string(rune('0'+i)), expires
		all = append(all, account.APIKeyIssued(k))
	}
	return all
}

func fold(given events) account.State {
	var s account.State
	for _, e := range given {
		s = account.Evolve(s, e)
	}
	return s
}

func TestFoldingDoesNotTouchTheStateThatOthersHold(t *testing.T) {
	base := fold(active(account.Merchant, started(session, day, account.Merchant), account.APIKeyIssued(key(nil))))
	before := base.Sessions[0]
	for _, e := range (events{
		rotated(1, "t1", day), revoked(session, account.LoggedOut, ann, day), started(other, day, account.Merchant),
		account.APIKeyUsed{Key: "key", At: day}, account.APIKeyRevoked{Key: "key"}, account.TOTPEnrolled{Session: session},
	}) {
		account.Evolve(base, e)
	}
	if base.Sessions[0] != before || len(base.Sessions) != 1 || !base.Keys[0].Used.IsZero() || len(base.Keys) != 1 {
		t.Fatalf("%+v", base)
	}
}

func TestALoginNameBelongsToWhoAskedFirst(t *testing.T) {
	taken := account.EvolveLogin(account.LoginState{}, account.LoginReserved{Account: ann})
	if got, err := (account.ReserveLogin{Account: ann, At: day}).Decide(account.LoginState{}); err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if got, err := (account.ReserveLogin{Account: ann}).Decide(taken); err != nil || got != nil {
		t.Fatalf("asked twice: %v, %v", got, err)
	}
	if _, err := (account.ReserveLogin{Account: admin}).Decide(taken); !errors.Is(err, account.ErrLoginTaken) {
		t.Fatalf("taken: %v", err)
	}
	if got, _ := (account.ReleaseLogin{Account: admin}).Decide(taken); got != nil {
		t.Fatalf("released by somebody else: %v", got)
	}
	freed, err := (account.ReleaseLogin{Account: ann, At: day}).Decide(taken)
	if err != nil || account.EvolveLogin(taken, freed[0]) != (account.LoginState{}) {
		t.Fatalf("released: %v, %v", freed, err)
	}
}

func TestEveryRefusalHasItsOwnPermanentCode(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range account.Refusals() {
		if seen[r.Code] || r.Code == "" || r.Detail == "" || strings.ToLower(r.Code) != r.Code {
			t.Errorf("%+v", r)
		}
		seen[r.Code] = true
	}
}
