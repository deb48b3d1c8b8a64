package application

import "time"

// Reopen takes a withdrawn application up again, where the information is filled
// in. Everything will be judged anew.
type Reopen struct {
	By Actor
	At time.Time
}

// Decide answers Reopened.
func (c Reopen) Decide(s State) ([]Event, error) {
	if err := first(s.exists(), s.merchant(c.By)); err != nil {
		return nil, err
	}
	if s.Stage == Draft {
		return nil, nil
	}
	if s.Stage != WithdrawnStage {
		return nil, first(s.at(WithdrawnStage), ErrStage)
	}
	return []Event{Reopened{Header: s.head(c.By, c.At), Next: Draft}}, nil
}
