package account

import (
	"time"

	"alta/domain/personal"
)

// LinkOIDC ties a staff account to the person that the identity provider named
// at the first log-in through it. E-mail addresses are handed on to other
// people; subjects are not.
type LinkOIDC struct {
	Issuer  string
	Subject personal.Text
	At      time.Time
}

// Decide ties once.
func (c LinkOIDC) Decide(s State) ([]Event, error) {
	switch {
	case !s.Role.Staff():
		return nil, ErrNotStaff
	case c.Issuer == "" || c.Subject.IsZero():
		return nil, ErrMalformed.in("subject")
	case s.OIDCIssuer == c.Issuer && s.OIDC == c.Subject:
		return nil, nil
	case s.OIDCIssuer != "":
		return nil, ErrOIDCOther
	}
	return []Event{OIDCLinked(c)}, nil
}
