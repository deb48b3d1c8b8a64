package account

import "time"

// LoginCategory is the category of the streams that keep log-in names unique:
// login-<blind index of the e-mail address>. The first append to a stream wins,
// so two people who register one address at once get one account.
const LoginCategory = "login"

// LoginEvent is one fact in the stream of a log-in name.
//
//sumtype:decl
type LoginEvent interface{ isLoginEvent() }

// LoginReserved gives the name to an account.
type LoginReserved struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
}

// LoginReleased makes the name free again, after its account was closed.
type LoginReleased struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
}

func (LoginReserved) isLoginEvent() {}
func (LoginReleased) isLoginEvent() {}

// LoginState is whose a log-in name is, and since when; Account is empty while it
// is nobody's.
type LoginState struct {
	Account string
	Since   time.Time
}

// EvolveLogin folds one event of a log-in name.
func EvolveLogin(s LoginState, e LoginEvent) LoginState {
	switch e := e.(type) {
	case LoginReserved:
		s = LoginState{e.Account, e.At}
	case LoginReleased:
		s = LoginState{}
	}
	return s
}

// ReserveLogin takes a log-in name for an account.
type ReserveLogin struct {
	Account string
	At      time.Time
}

// Decide gives the name to who asks first.
func (c ReserveLogin) Decide(s LoginState) ([]LoginEvent, error) {
	switch s.Account {
	case "":
		return []LoginEvent{LoginReserved(c)}, nil
	case c.Account:
		return nil, nil
	}
	return nil, ErrLoginTaken
}

// ReleaseLogin gives a log-in name back.
type ReleaseLogin struct {
	Account string
	At      time.Time
}

// Decide gives it back if it is that account's.
func (c ReleaseLogin) Decide(s LoginState) ([]LoginEvent, error) {
	if s.Account != c.Account {
		return nil, nil
	}
	return []LoginEvent{LoginReleased(c)}, nil
}
