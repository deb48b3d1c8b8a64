// Package account decides about people: staff, merchants and agents, how they
// get in, what they are, and how they are put out again.
//
// An account is a stream, account-<uuid>. Everything that lets a person in is
// an event in it: the link that was mailed, the password's hash, the one-time
// code's secret, each session with every rotation of its refresh token, each
// API key. So a revocation is a fact like any other, no cache can forget it, and
// two devices that rotate one token at once are told apart by the stream's
// revision instead of by a lock.
//
// Secrets never appear here in a usable form: links, refresh tokens and API keys
// as SHA-256 of 256 random bits, passwords as argon2id hashes. Names, addresses,
// password hashes and code secrets are personal.Text and sealed under the
// account's own key, so that destroying that key takes them all.
//
// An account belongs to an organisation: a merchant, or an agent's company. The
// first person's account founds it (the organisation's id is that account's id),
// further people are invited into it. Staff have none.
//
// The package is pure: no clock, no I/O, no ids and no random made here.
package account

import (
	"time"

	"alta/domain/lang"
	"alta/domain/personal"
)

// Event is one fact in an account's stream.
//
//sumtype:decl
type Event interface{ isEvent() }

// Opened is how an account begins. Nobody can log in with it yet.
type Opened struct {
	Account          string        `json:"account"`
	Role             Role          `json:"role"`
	Organisation     string        `json:"organisation,omitempty"`
	OrganisationName string        `json:"organisation_name,omitempty"`
	Language         lang.Lang     `json:"language"`
	Email            personal.Text `json:"email"`
	Name             personal.Text `json:"name"`
	Login            string        `json:"login"` // blind index of the e-mail address
	Demo             bool          `json:"demo,omitempty"`
	By               string        `json:"by"` // who invited; the account itself when a merchant registers
	At               time.Time     `json:"at"`
}

// LinkIssued is a one-time link to set a password with. The link itself is
// derived from (account, link, key) by whoever mails it and stored nowhere.
type LinkIssued struct {
	Link    string    `json:"link"`
	Purpose Purpose   `json:"purpose"`
	Hash    string    `json:"hash"` // SHA-256 of the link's token, hexadecimal
	Key     string    `json:"key"`  // which key the token is derived with
	Expires time.Time `json:"expires"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Activated is the first password: from now on the person can log in.
type Activated struct {
	Link     string        `json:"link"`
	Password personal.Text `json:"password"` // argon2id, PHC string
	At       time.Time     `json:"at"`
}

// PasswordChanged is a new password, by its owner or through a reset link.
type PasswordChanged struct {
	Link     string        `json:"link,omitempty"`
	Password personal.Text `json:"password"`
	At       time.Time     `json:"at"`
}

// RoleChanged is a staff member's new role.
type RoleChanged struct {
	Role Role      `json:"role"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// Suspended shuts the account until it is restored.
type Suspended struct {
	Reason string    `json:"reason"` // for colleagues; no personal data
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Restored undoes a suspension.
type Restored struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Closed ends the account for good.
type Closed struct {
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// TOTPOffered is a one-time-code secret that waits to be confirmed with a code.
type TOTPOffered struct {
	Secret personal.Text `json:"secret"`
	At     time.Time     `json:"at"`
}

// TOTPEnrolled says that the offered secret was confirmed: from now on a
// password alone does not log in.
type TOTPEnrolled struct {
	Step    int64     `json:"step"`    // the 30-second step of the confirming code
	Session string    `json:"session"` // the session that proved it
	At      time.Time `json:"at"`
}

// TOTPDisabled removes the one-time codes, for example of a lost telephone.
type TOTPDisabled struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// OIDCLinked ties the account to a person at the staff's identity provider.
type OIDCLinked struct {
	Issuer  string        `json:"issuer"`
	Subject personal.Text `json:"subject"`
	At      time.Time     `json:"at"`
}

// SessionStarted is a log-in.
type SessionStarted struct {
	Session      string        `json:"session"`
	Method       Method        `json:"method"`
	SecondFactor bool          `json:"second_factor,omitempty"`
	Step         int64         `json:"step,omitempty"` // of the one-time code, used up by this log-in
	Address      personal.Text `json:"address"`
	Agent        personal.Text `json:"agent"`
	Hash         string        `json:"hash"` // SHA-256 of the first refresh token
	Key          string        `json:"key"`
	Expires      time.Time     `json:"expires"`
	At           time.Time     `json:"at"`
}

// SessionRotated is one use of a refresh token: its successor's hash.
type SessionRotated struct {
	Session    string    `json:"session"`
	Generation int       `json:"generation"` // of the successor; the first token is 0
	Hash       string    `json:"hash"`
	Key        string    `json:"key"`
	At         time.Time `json:"at"`
}

// SessionRevoked ends a session at once, with all its tokens.
type SessionRevoked struct {
	Session string    `json:"session"`
	Reason  Ending    `json:"reason"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// PresenceProved says that the person behind a session proved again who they
// are, shortly before an act of that purpose.
type PresenceProved struct {
	Session string    `json:"session"`
	Purpose StepUp    `json:"purpose"`
	Method  Method    `json:"method"`
	Step    int64     `json:"step,omitempty"` // of the one-time code, used up by it
	Expires time.Time `json:"expires"`
	At      time.Time `json:"at"`
}

// RecoveryCodesIssued is a new set of recovery codes; it replaces the set before.
type RecoveryCodesIssued struct {
	Set    string    `json:"set"`
	Hashes []string  `json:"hashes"` // keyed hashes; the codes have 80 random bits
	At     time.Time `json:"at"`
}

// RecoveryCodeUsed says that a recovery code stood in for a one-time code. It
// works once.
type RecoveryCodeUsed struct {
	Hash    string    `json:"hash"`
	Session string    `json:"session"`
	At      time.Time `json:"at"`
}

// DeviceTrusted says that a browser with a log-in has a device cookie from now
// on, or a renewed one.
type DeviceTrusted struct {
	Device  string        `json:"device"`
	Session string        `json:"session"`
	Kind    Trust         `json:"kind"`
	Agent   personal.Text `json:"agent"`
	Expires time.Time     `json:"expires"`
	At      time.Time     `json:"at"`
}

// DeviceForgotten ends the trust in a browser's device cookie.
type DeviceForgotten struct {
	Device string    `json:"device"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// APIKeyIssued is a key for an organisation's own server.
type APIKeyIssued struct {
	Key     string    `json:"key"`    // id
	Prefix  string    `json:"prefix"` // what people recognise the key by
	Label   string    `json:"label"`
	Hash    string    `json:"hash"` // SHA-256 of the secret part
	Scopes  []Scope   `json:"scopes"`
	Expires time.Time `json:"expires"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// APIKeyUsed says that the key was used on that day; one event a day.
type APIKeyUsed struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

// APIKeyRevoked ends a key at once.
type APIKeyRevoked struct {
	Key string    `json:"key"`
	By  string    `json:"by"`
	At  time.Time `json:"at"`
}

// WentAway says that a staff member is on leave: no work is assigned to them.
type WentAway struct {
	Until time.Time `json:"until"` // zero: until they say that they are back
	At    time.Time `json:"at"`
}

// CameBack ends a leave.
type CameBack struct {
	At time.Time `json:"at"`
}

// SkillsStated says what a staff member can judge; it steers assignment.
type SkillsStated struct {
	Languages []lang.Lang `json:"languages"`
	Products  []string    `json:"products"`
	By        string      `json:"by"`
	At        time.Time   `json:"at"`
}

// LanguageChosen is the language the person wants to be spoken to in.
type LanguageChosen struct {
	Language lang.Lang `json:"language"`
	At       time.Time `json:"at"`
}

// ViewSaved is a queue with filters that a staff member keeps under a name, or a
// new content of it.
type ViewSaved struct {
	View    string            `json:"view"`
	Name    string            `json:"name"` // for colleagues; no personal data
	Queue   string            `json:"queue"`
	Filters map[string]string `json:"filters"`
	Shared  bool              `json:"shared,omitempty"`
	By      string            `json:"by"`
	At      time.Time         `json:"at"`
}

// ViewRemoved drops a view.
type ViewRemoved struct {
	View string    `json:"view"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

func (Opened) isEvent()              {}
func (LinkIssued) isEvent()          {}
func (Activated) isEvent()           {}
func (PasswordChanged) isEvent()     {}
func (RoleChanged) isEvent()         {}
func (Suspended) isEvent()           {}
func (Restored) isEvent()            {}
func (Closed) isEvent()              {}
func (TOTPOffered) isEvent()         {}
func (TOTPEnrolled) isEvent()        {}
func (TOTPDisabled) isEvent()        {}
func (OIDCLinked) isEvent()          {}
func (SessionStarted) isEvent()      {}
func (SessionRotated) isEvent()      {}
func (SessionRevoked) isEvent()      {}
func (PresenceProved) isEvent()      {}
func (RecoveryCodesIssued) isEvent() {}
func (RecoveryCodeUsed) isEvent()    {}
func (DeviceTrusted) isEvent()       {}
func (DeviceForgotten) isEvent()     {}
func (APIKeyIssued) isEvent()        {}
func (APIKeyUsed) isEvent()          {}
func (APIKeyRevoked) isEvent()       {}
func (WentAway) isEvent()            {}
func (CameBack) isEvent()            {}
func (SkillsStated) isEvent()        {}
func (LanguageChosen) isEvent()      {}
func (ViewSaved) isEvent()           {}
func (ViewRemoved) isEvent()         {}
