package reactions

import (
	"fmt"
	"time"
)

// steady is a wall clock that is not believed when it jumps. What a deadline
// sets off cannot be taken back, and a machine's clock may be set wrongly for a
// while: an operator's slip, a bad time server, a virtual machine that moved.
//
// It compares the wall clock with the time that really went by. After a jump it
// goes on from where it was. A jump of at most a month that lasts for the grace
// period is believed (a machine that slept, a clock that was put right); a
// larger one never is, until the process is started again.
type steady struct {
	wall    func() time.Time
	elapsed func() time.Duration // since some fixed moment, whatever the wall clock does

	anchor   time.Time     // what the time was
	at       time.Duration // elapsed then
	drift    time.Duration // the jump that is not believed, 0 for none
	drifting time.Duration // elapsed when it was first seen
}

const (
	tolerance   = 2 * time.Second // a second of leap, and clocks that are slewed
	grace       = 15 * time.Minute
	largestJump = 31 * 24 * time.Hour
)

// ClockError says that the wall clock jumped and is not believed.
type ClockError struct{ By time.Duration }

func (e *ClockError) Error() string {
	return fmt.Sprintf("reactions: the clock jumped by %s; deadlines go on by the time that really went by", e.By)
}

// now is the time to act on; the error tells of a jump that is not believed.
func (s *steady) now() (time.Time, error) {
	// Without the monotonic part, so that what differs is the wall clock.
	wall, elapsed := s.wall().Round(0), s.elapsed()
	if s.anchor.IsZero() {
		s.anchor, s.at = wall, elapsed
		return wall, nil
	}
	expected := s.anchor.Add(elapsed - s.at)
	drift := wall.Sub(expected)
	if drift.Abs() <= tolerance {
		s.anchor, s.at, s.drift = wall, elapsed, 0
		return wall, nil
	}
	if s.drift == 0 || (drift-s.drift).Abs() > tolerance {
		s.drift, s.drifting = drift, elapsed
	}
	if drift.Abs() <= largestJump && elapsed-s.drifting >= grace {
		s.anchor, s.at, s.drift = wall, elapsed, 0
		return wall, nil
	}
	return expected, &ClockError{drift}
}
