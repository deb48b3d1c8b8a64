package account

import "time"

// UseAPIKey takes down that a key is in use, once a day: enough to find the keys
// that nobody needs, without an event for every call.
type UseAPIKey struct {
	Key string
	At  time.Time
}

// Decide takes it down on the first use of a UTC day.
func (c UseAPIKey) Decide(s State) ([]Event, error) {
	k, ok := s.Key(c.Key)
	if !ok || !c.At.UTC().Truncate(24*time.Hour).After(k.Used) {
		return nil, nil
	}
	return []Event{APIKeyUsed(c)}, nil
}
