package account

import "time"

// GoAway says that a staff member is on leave: no work is assigned to them.
type GoAway struct {
	Until time.Time // zero: until they say that they are back
	At    time.Time
}

// Decide begins or moves the leave.
func (c GoAway) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	switch {
	case !s.Role.Staff():
		return nil, ErrNotStaff
	case !c.Until.IsZero() && !c.Until.After(c.At):
		return nil, ErrUntil
	case s.Away && s.AwayUntil.Equal(c.Until):
		return nil, nil
	}
	return []Event{WentAway(c)}, nil
}

// ComeBack ends a leave.
type ComeBack struct{ At time.Time }

// Decide ends the leave.
func (c ComeBack) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	if !s.Away {
		return nil, nil
	}
	return []Event{CameBack(c)}, nil
}

// OnLeave reports whether work should go to somebody else now.
func (s State) OnLeave(at time.Time) bool {
	return s.Away && (s.AwayUntil.IsZero() || at.Before(s.AwayUntil))
}
