package account

import (
	"crypto/subtle"
	"time"
)

// RotateSession uses a refresh token up and puts its successor in its place.
type RotateSession struct {
	Session    string
	Generation int    // of the token that was sent, known to be genuine
	Hash       string // of that token
	NextHash   string
	NextKey    string
	At         time.Time
}

// Decide rotates for the newest token. The one before it may be sent again for
// Grace, which changes nothing: its successor is answered once more. Any older
// token is in two hands, and nobody can tell whose are the right ones, so the
// whole family ends.
func (c RotateSession) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	x, ok := s.Session(c.Session)
	switch {
	case !ok || !x.Live(s.Role, c.At):
		return nil, ErrSessionOver
	case c.Generation > x.Generation || c.Generation < 0:
		return nil, ErrSessionOver
	case c.Generation == x.Generation && subtle.ConstantTimeCompare([]byte(c.Hash), []byte(x.Hash)) != 1:
		return nil, ErrSessionOver
	case c.Generation == x.Generation-1 && c.At.Sub(x.Used) <= Grace:
		return nil, nil
	case c.Generation < x.Generation:
		return []Event{SessionRevoked{Session: c.Session, Reason: TokenReused, By: s.ID, At: c.At}}, nil
	case c.NextHash == "" || c.NextKey == "":
		return nil, ErrMalformed
	}
	return []Event{SessionRotated{
		Session: c.Session, Generation: x.Generation + 1, Hash: c.NextHash, Key: c.NextKey, At: c.At,
	}}, nil
}
