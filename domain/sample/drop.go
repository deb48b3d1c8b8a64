package sample

import (
	"time"

	"alta/domain/application"
)

// Drop ends a sample without a verdict, because its application may not be looked
// at any more. A verdict that was given stays: it holds nobody's data.
type Drop struct {
	By application.Actor // the platform
	At time.Time
}

// Decide answers Dropped.
func (c Drop) Decide(s State) ([]Event, error) {
	if !s.Open() {
		return nil, nil
	}
	if c.By.Role != application.RoleSystem {
		return nil, application.ErrSystemOnly
	}
	return []Event{Dropped{application.Header{By: c.By, At: c.At.UTC().Truncate(time.Millisecond)}}}, nil
}
