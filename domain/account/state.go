package account

import (
	"slices"
	"time"

	"alta/domain/lang"
	"alta/domain/personal"
)

// Status is where an account stands.
type Status string

// The statuses. The zero Status is an account that does not exist.
const (
	StatusInvited   Status = "invited" // opened, no password yet
	StatusActive    Status = "active"
	StatusSuspended Status = "suspended"
	StatusClosed    Status = "closed"
)

// State is what decisions about an account need.
type State struct {
	ID               string
	Status           Status
	Role             Role
	Organisation     string
	OrganisationName string
	Language         lang.Lang
	Email, Name      personal.Text
	Login            string
	Demo             bool

	Password personal.Text // argon2id hash; zero before activation
	Link     Link          // the one that can be used now; zero when there is none

	TOTP        personal.Text // secret of the one-time codes; zero without
	TOTPOffer   personal.Text // secret that waits for its confirmation
	TOTPStep    int64         // the newest step used; older ones are refused
	RecoverySet string        // names the newest recovery codes
	Recovery    []string      // keyed hashes of the recovery codes that were not used
	OIDCIssuer  string
	OIDC        personal.Text // subject at that issuer

	Sessions []Session // not revoked; some may have expired
	Keys     []APIKey  // not revoked; some may have expired
	Devices  []Device  // trusted; some may have expired
	Entered  bool      // somebody logged in at least once

	Away      bool
	AwayUntil time.Time
	Languages []lang.Lang
	Products  []string

	Views []View // in the order in which they came
}

// Link is a one-time link that was issued and not used yet.
type Link struct {
	ID      string
	Purpose Purpose
	Hash    string
	Key     string
	Expires time.Time
}

// Session is one log-in and the family of its refresh tokens.
type Session struct {
	ID             string
	Method         Method
	SecondFactor   bool
	Address, Agent personal.Text
	Started        time.Time
	Used           time.Time // when it was last refreshed
	Expires        time.Time // at the latest
	Generation     int       // of the refresh token that is good now
	Hash, Key      string    // of that token
}

// Live reports whether the session can still be used by an account of that role.
func (s Session) Live(r Role, at time.Time) bool {
	idle, _ := r.Lifetimes()
	return at.Before(s.Expires) && at.Before(s.Used.Add(idle))
}

// APIKey is one key of an organisation's server.
type APIKey struct {
	ID, Prefix, Label, Hash string
	Scopes                  []Scope
	Issued, Used, Expires   time.Time
}

// Device is a browser that the person logged in with before.
type Device struct {
	ID      string
	Agent   personal.Text
	Trusted time.Time // most recently
	Expires time.Time
}

// Device finds a device that is trusted at a time.
func (s State) Device(id string, at time.Time) (Device, bool) {
	i := slices.IndexFunc(s.Devices, func(x Device) bool { return x.ID == id && at.Before(x.Expires) })
	if i < 0 {
		return Device{}, false
	}
	return s.Devices[i], true
}

// Session finds a session that was not revoked.
func (s State) Session(id string) (Session, bool) {
	i := slices.IndexFunc(s.Sessions, func(x Session) bool { return x.ID == id })
	if i < 0 {
		return Session{}, false
	}
	return s.Sessions[i], true
}

// Key finds an API key that was not revoked.
func (s State) Key(id string) (APIKey, bool) {
	i := slices.IndexFunc(s.Keys, func(x APIKey) bool { return x.ID == id })
	if i < 0 {
		return APIKey{}, false
	}
	return s.Keys[i], true
}

// Evolve is the whole state machine. It never refuses: events already happened.
// Slices are replaced, never written into, because folded states are shared.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Opened:
		s = State{
			ID: e.Account, Status: StatusInvited, Role: e.Role,
			Organisation: e.Organisation, OrganisationName: e.OrganisationName,
			Language: e.Language, Email: e.Email, Name: e.Name, Login: e.Login, Demo: e.Demo,
		}
	case LinkIssued:
		s.Link = Link{e.Link, e.Purpose, e.Hash, e.Key, e.Expires}
	case Activated:
		s.Status, s.Password, s.Link = StatusActive, e.Password, Link{}
	case PasswordChanged:
		s.Password, s.Link, s.Devices = e.Password, Link{}, nil
	case RoleChanged:
		s.Role = e.Role
	case Suspended:
		s.Status, s.Link, s.Devices = StatusSuspended, Link{}, nil
	case Restored:
		s.Status = StatusActive
		if s.Password.IsZero() {
			s.Status = StatusInvited
		}
	case Closed:
		s.Status, s.Link, s.Keys, s.Devices = StatusClosed, Link{}, nil, nil
	case TOTPOffered:
		s.TOTPOffer = e.Secret
	case TOTPEnrolled:
		s.TOTP, s.TOTPOffer, s.TOTPStep = s.TOTPOffer, personal.Text{}, e.Step
		s.Sessions = with(s.Sessions, e.Session, func(x *Session) { x.SecondFactor = true })
	case TOTPDisabled:
		s.TOTP, s.TOTPOffer, s.TOTPStep, s.Recovery = personal.Text{}, personal.Text{}, 0, nil
	case OIDCLinked:
		s.OIDCIssuer, s.OIDC = e.Issuer, e.Subject
	case SessionStarted:
		s.TOTPStep, s.Entered = max(s.TOTPStep, e.Step), true
		s.Sessions = append(s.live(e.At), Session{
			ID: e.Session, Method: e.Method, SecondFactor: e.SecondFactor, Address: e.Address, Agent: e.Agent,
			Started: e.At, Used: e.At, Expires: e.Expires, Hash: e.Hash, Key: e.Key,
		})
	case SessionRotated:
		s.Sessions = with(s.Sessions, e.Session, func(x *Session) {
			x.Generation, x.Hash, x.Key, x.Used = e.Generation, e.Hash, e.Key, e.At
		})
	case SessionRevoked:
		s.Sessions = slices.DeleteFunc(slices.Clone(s.Sessions), func(x Session) bool { return x.ID == e.Session })
		if e.Reason == TokenReused { // somebody may have copied the browser's cookies
			s.Devices = nil
		}
	case PresenceProved:
		s.TOTPStep = max(s.TOTPStep, e.Step)
	case RecoveryCodesIssued:
		s.RecoverySet, s.Recovery = e.Set, e.Hashes
	case RecoveryCodeUsed:
		s.Recovery = slices.DeleteFunc(slices.Clone(s.Recovery), func(x string) bool { return x == e.Hash })
	case DeviceTrusted:
		s.Devices = slices.DeleteFunc(slices.Clone(s.Devices), func(x Device) bool { return x.ID == e.Device || !e.At.Before(x.Expires) })
		s.Devices = append(s.Devices, Device{e.Device, e.Agent, e.At, e.Expires})
	case DeviceForgotten:
		s.Devices = slices.DeleteFunc(slices.Clone(s.Devices), func(x Device) bool { return x.ID == e.Device })
	case APIKeyIssued:
		s.Keys = append(slices.Clip(s.Keys), APIKey{
			ID: e.Key, Prefix: e.Prefix, Label: e.Label, Hash: e.Hash, Scopes: e.Scopes, Issued: e.At, Expires: e.Expires,
		})
	case APIKeyUsed:
		s.Keys = slices.Clone(s.Keys)
		for i := range s.Keys {
			if s.Keys[i].ID == e.Key {
				s.Keys[i].Used = e.At
			}
		}
	case APIKeyRevoked:
		s.Keys = slices.DeleteFunc(slices.Clone(s.Keys), func(x APIKey) bool { return x.ID == e.Key })
	case WentAway:
		s.Away, s.AwayUntil = true, e.Until
	case CameBack:
		s.Away, s.AwayUntil = false, time.Time{}
	case SkillsStated:
		s.Languages, s.Products = e.Languages, e.Products
	case LanguageChosen:
		s.Language = e.Language
	case ViewSaved:
		v := View{e.View, e.Name, e.Queue, e.Filters, e.Shared, e.At}
		s.Views = slices.Clone(s.Views)
		if i := slices.IndexFunc(s.Views, func(old View) bool { return old.ID == v.ID }); i >= 0 {
			s.Views[i] = v
		} else {
			s.Views = append(s.Views, v)
		}
	case ViewRemoved:
		s.Views = slices.DeleteFunc(slices.Clone(s.Views), func(v View) bool { return v.ID == e.View })
	}
	return s
}

func with(sessions []Session, id string, change func(*Session)) []Session {
	sessions = slices.Clone(sessions)
	for i := range sessions {
		if sessions[i].ID == id {
			change(&sessions[i])
		}
	}
	return sessions
}

// live answers the sessions that can still be used, in a slice of its own.
func (s State) live(at time.Time) []Session {
	return slices.DeleteFunc(slices.Clone(s.Sessions), func(x Session) bool { return !x.Live(s.Role, at) })
}

// usable refuses unless the person behind the account can act now.
func (s State) usable() error {
	switch s.Status {
	case StatusActive:
		return nil
	case StatusInvited:
		return ErrInactive
	case StatusSuspended:
		return ErrSuspended
	case StatusClosed:
		return ErrClosed
	}
	return ErrNoAccount
}

// open refuses unless the account exists and was not closed.
func (s State) open() error {
	switch s.Status {
	case "":
		return ErrNoAccount
	case StatusClosed:
		return ErrClosed
	}
	return nil
}

// secondFactor answers what a second factor uses up, and whether there was one. A
// password alone is enough only for an account without one-time codes.
func (s State) secondFactor(step int64, recovery, session string, at time.Time) (used []Event, strong bool, err error) {
	switch {
	case s.TOTP.IsZero():
		return nil, false, nil
	case recovery != "" && !slices.Contains(s.Recovery, recovery):
		return nil, false, ErrRecoveryCode
	case recovery != "":
		return []Event{RecoveryCodeUsed{Hash: recovery, Session: session, At: at}}, true, nil
	case step == 0:
		return nil, false, ErrCodeRequired
	case step <= s.TOTPStep:
		return nil, false, ErrCodeUsed
	}
	return nil, true, nil
}

// endKeys revokes every API key.
func (s State) endKeys(by string, at time.Time) []Event {
	var events []Event
	for _, k := range s.Keys {
		events = append(events, APIKeyRevoked{Key: k.ID, By: by, At: at})
	}
	return events
}

// endSessions revokes every live session but one.
func (s State) endSessions(why Ending, by string, at time.Time, except string) []Event {
	var events []Event
	for _, x := range s.live(at) {
		if x.ID != except {
			events = append(events, SessionRevoked{Session: x.ID, Reason: why, By: by, At: at})
		}
	}
	return events
}
