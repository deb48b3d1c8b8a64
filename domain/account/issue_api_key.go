package account

import (
	"slices"
	"time"
)

// IssueAPIKey makes a key for a merchant's or an agent's server.
type IssueAPIKey struct {
	Key     string
	Prefix  string
	Label   string
	Hash    string
	Scopes  []Scope
	Expires time.Time
	By      string
	At      time.Time
}

// Decide issues the key.
func (c IssueAPIKey) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	label, ok := line(c.Label, MaxName)
	old, there := s.Key(c.Key)
	unexpired := 0
	for _, k := range s.Keys {
		if c.At.Before(k.Expires) {
			unexpired++
		}
	}
	switch {
	case there && old.Hash == c.Hash:
		return nil, nil
	case there:
		return nil, ErrKeyExists
	case s.Role.Staff():
		return nil, ErrNoKeysRole
	case !ok || label == "":
		return nil, ErrText.in("label")
	case len(c.Scopes) == 0 || !known(Scopes(), c.Scopes...):
		return nil, ErrScope
	case !c.Expires.After(c.At) || c.Expires.Sub(c.At) > MaxKeyTerm:
		return nil, ErrKeyTerm
	case c.Key == "" || c.Prefix == "" || c.Hash == "":
		return nil, ErrMalformed
	case unexpired >= MaxAPIKeys:
		return nil, ErrTooManyKeys
	}
	c.Label = label
	c.Scopes = slices.Compact(slices.Sorted(slices.Values(c.Scopes)))
	return []Event{APIKeyIssued(c)}, nil
}
