package sample

import (
	"slices"
	"time"

	"alta/domain/application"
	"alta/domain/policy"
)

// State is what decisions need to know of one sample. Its zero value is a sample
// that was never drawn.
type State struct {
	Application string
	Revision    int64 // of the application, that was judged
	Round       int
	Kind        policy.Kind
	Products    []policy.Product
	Site        policy.SiteType
	Language    string
	Due         time.Time

	Decider   application.Actor
	DecidedAt time.Time
	First     Verdict
	Acted     []string // on the application, by the decision
	Judge     application.Actor
	JudgedAt  time.Time
	Second    Verdict
	Dropped   bool // the application may not be looked at any more
}

// Evolve is the whole state machine. It never refuses: events already happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Drawn:
		s.Application, s.Revision, s.Round = e.Application, e.Judged, e.Round
		s.Kind, s.Products, s.Site, s.Language, s.Due = e.Kind, e.Products, e.Site, e.Language, e.Due
		s.Decider, s.DecidedAt, s.First, s.Acted = e.Decider, e.At, e.Verdict, e.Acted
	case Judged:
		s.Judge, s.JudgedAt, s.Second = e.By, e.At, e.Verdict
	case Dropped:
		s.Dropped = true
	}
	return s
}

// Drawn reports whether the sample exists.
func (s State) Drawn() bool { return s.Application != "" }

// Judged reports whether a second verdict is there.
func (s State) Judged() bool { return s.Judge.ID != "" }

// Open reports whether a verdict is waited for.
func (s State) Open() bool { return s.Drawn() && !s.Judged() && !s.Dropped }

// Readable says why a person may not see the evidence; nil where she may: she is
// asked for a verdict, or gave it. acted are those who have acted on the
// application, up to now.
func (s State) Readable(by application.Actor, acted []string) error {
	switch {
	case !by.Staff():
		return application.ErrStaffOnly
	case slices.Contains(s.Acted, by.ID) || slices.Contains(acted, by.ID):
		return ErrInvolved
	case s.Dropped:
		return ErrDropped
	case s.Judged() && s.Judge.ID != by.ID:
		return ErrJudged
	}
	return nil
}
