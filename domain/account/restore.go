package account

import "time"

// Restore undoes a suspension. Sessions stay ended; API keys work again.
type Restore struct {
	By string
	At time.Time
}

// Decide restores a suspended account; nobody restores themselves.
func (c Restore) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	switch {
	case c.By == s.ID:
		return nil, ErrSelf
	case s.Status == StatusActive || s.Status == StatusInvited:
		return nil, nil
	}
	return []Event{Restored(c)}, nil
}
