package application

import (
	"reflect"
	"time"
)

// RecordPrecheck writes down what a machine noticed about a round.
type RecordPrecheck struct {
	Round    int
	Findings []Finding
	By       Actor
	At       time.Time
}

// Decide answers PrecheckFound; findings about a round that is over, or that are
// known already, answer nothing.
func (c RecordPrecheck) Decide(s State) ([]Event, error) {
	if err := system(c.By); err != nil {
		return nil, err
	}
	if !s.Opened() {
		return nil, ErrNotOpened
	}
	known := s.Checked == c.Round && (len(s.Findings) == 0 && len(c.Findings) == 0 || reflect.DeepEqual(s.Findings, c.Findings))
	if s.idle() || c.Round != s.Round || s.Stage == Correction || s.Stage == Draft || known {
		return nil, nil
	}
	findings := c.Findings
	if findings == nil {
		findings = []Finding{}
	}
	return []Event{PrecheckFound{Header: s.head(c.By, c.At), Round: c.Round, Findings: findings}}, nil
}
