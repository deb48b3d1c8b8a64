package account

import "time"

// RevokeAPIKey ends a key at once.
type RevokeAPIKey struct {
	Key string
	By  string
	At  time.Time
}

// Decide ends the key; one that is gone stays gone.
func (c RevokeAPIKey) Decide(s State) ([]Event, error) {
	if s.Status == "" {
		return nil, ErrNoAccount
	}
	if _, ok := s.Key(c.Key); !ok {
		return nil, nil
	}
	return []Event{APIKeyRevoked(c)}, nil
}
