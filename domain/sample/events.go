package sample

import (
	"time"

	"alta/domain/application"
	"alta/domain/policy"
)

// Event is one fact in a sample's stream.
//
//sumtype:decl
type Event interface {
	isEvent()
	// Head is who and when.
	Head() application.Header
}

// Drawn: a decision is to be looked at a second time. Its time is that of the
// decision.
type Drawn struct {
	application.Header
	Application string            `json:"application"`
	Judged      int64             `json:"judged"` // the revision that was judged
	Round       int               `json:"round"`
	Decider     application.Actor `json:"decider"`
	Verdict     Verdict           `json:"verdict"`
	Acted       []string          `json:"acted"` // who had acted on the application by then
	Kind        policy.Kind       `json:"kind"`
	Products    []policy.Product  `json:"products"`
	Site        policy.SiteType   `json:"site"`
	Language    string            `json:"language"`
	Plan        string            `json:"plan"`    // version that says how many are drawn
	Percent     int               `json:"percent"` // how many were, by the operator's leave
	Due         time.Time         `json:"due"`
}

// Judged: a second person's verdict.
type Judged struct {
	application.Header
	Verdict Verdict `json:"verdict"`
}

// Dropped: nobody may look at the application any more.
type Dropped struct {
	application.Header
}

func (Drawn) isEvent()   {}
func (Judged) isEvent()  {}
func (Dropped) isEvent() {}
