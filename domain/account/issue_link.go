package account

import "time"

// IssueLink lets the owner of the mail address set a password. A new link
// replaces the one before.
type IssueLink struct {
	Link    string
	Purpose Purpose
	Hash    string
	Key     string
	By      string
	At      time.Time
}

// Decide issues an activation link before the first password and a reset link
// after it.
func (c IssueLink) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	switch {
	case c.Link == "" || c.Hash == "" || c.Key == "" || c.At.IsZero():
		return nil, ErrMalformed
	case s.Link.ID == c.Link:
		return nil, nil
	case s.Status == StatusSuspended:
		return nil, ErrSuspended
	case c.Purpose == Activation && s.Status == StatusActive:
		return nil, ErrActive
	case c.Purpose == Reset && s.Status == StatusInvited:
		return nil, ErrInactive
	case c.Purpose != Activation && c.Purpose != Reset:
		return nil, ErrMalformed.in("purpose")
	}
	return []Event{LinkIssued{
		Link: c.Link, Purpose: c.Purpose, Hash: c.Hash, Key: c.Key,
		Expires: c.At.Add(c.Purpose.Lifetime()), By: c.By, At: c.At,
	}}, nil
}
