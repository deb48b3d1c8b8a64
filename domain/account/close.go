package account

import "time"

// Close ends an account for good, with its sessions, keys and links.
type Close struct {
	Reason string
	By     string
	At     time.Time
}

// Decide closes the account. People may close their own, except staff, whom
// somebody else has to let go.
func (c Close) Decide(s State) ([]Event, error) {
	reason, ok := line(c.Reason, MaxReason)
	switch {
	case s.Status == "":
		return nil, ErrNoAccount
	case s.Status == StatusClosed:
		return nil, nil
	case !ok || reason == "":
		return nil, ErrText.in("reason")
	case c.By == s.ID && s.Role.Staff():
		return nil, ErrSelf
	}
	closed := Closed{Reason: reason, By: c.By, At: c.At}
	return append(s.endSessions(AccountShut, c.By, c.At, ""), closed), nil
}
