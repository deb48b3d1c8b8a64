package sample

import (
	"time"

	"alta/domain/application"
	"alta/domain/calendar"
)

// Draw has a decision looked at a second time.
type Draw struct {
	Application string
	Decision    Decision
	Plan        Plan
	Percent     int // of all decisions, as they are drawn now
	Calendar    calendar.Calendar
	By          application.Actor // the platform
}

// Decide answers Drawn. Whether the decision's lot is under the percentage is the
// caller's to look at first: the lot is the sample's identity.
func (c Draw) Decide(s State) ([]Event, error) {
	if s.Drawn() {
		return nil, nil
	}
	if c.By.Role != application.RoleSystem {
		return nil, application.ErrSystemOnly
	}
	d := c.Decision
	due, err := c.Calendar.Add(d.At, calendar.Days(c.Plan.BusinessDays))
	if err != nil {
		return nil, err
	}
	return []Event{Drawn{
		Header: application.Header{By: c.By, At: d.At}, Application: c.Application, Judged: d.Judged, Round: d.State.Round,
		Decider: d.By, Verdict: d.Verdict, Acted: d.Acted,
		Kind: d.State.Kind, Products: d.State.Products, Site: d.State.Site, Language: d.State.Language,
		Plan: c.Plan.Version, Percent: c.Percent, Due: due.At.UTC().Truncate(time.Millisecond),
	}}, nil
}
