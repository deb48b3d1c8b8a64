package account

import "time"

// ChangeRole gives a staff member another staff role. Their sessions end, so
// that no token speaks of the old one.
type ChangeRole struct {
	Role Role
	By   string
	At   time.Time
}

// Decide changes the role; nobody changes their own.
func (c ChangeRole) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	switch {
	case c.By == s.ID:
		return nil, ErrSelf
	case !s.Role.Staff():
		return nil, ErrNotStaff
	case !c.Role.Staff():
		return nil, ErrRole
	case s.Role == c.Role:
		return nil, nil
	}
	return append([]Event{RoleChanged(c)}, s.endSessions(RoleMoved, c.By, c.At, "")...), nil
}
