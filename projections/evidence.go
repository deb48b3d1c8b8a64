package projections

import (
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/reason"
)

// Evidence is what an application's document says of what is to be judged, and
// nothing of who judged it, or how: it is for a blind second look.
type Evidence struct {
	Banks    []string              `json:"banks,omitempty"`
	Policy   string                `json:"policy"`
	Items    []Item                `json:"items"`
	Findings []application.Finding `json:"findings"`
	Told     []Told                `json:"told"`
}

// Told is a reason of an earlier round: what the merchant had to put right.
type Told struct {
	ID     string      `json:"id"`
	Code   reason.Code `json:"code"`
	Sub    reason.Sub  `json:"sub,omitempty"`
	Target item.Key    `json:"target"`
	Note   string      `json:"note,omitempty"`
	Round  int         `json:"round"`
}

// EvidenceOf makes it. What a is folded from must end before the judging; see
// package sample.
func EvidenceOf(a *Application) Evidence {
	e := Evidence{Banks: a.Banks, Policy: a.Policy, Items: make([]Item, len(a.Items)), Findings: a.Findings, Told: []Told{}}
	for i, it := range a.Items {
		it.AcceptedBy, it.AcceptedAt, it.Locked = nil, nil, true
		e.Items[i] = it
	}
	for _, r := range a.Reasons {
		if r.State == ReasonAddressed {
			e.Told = append(e.Told, Told{r.ID, r.Code, r.Sub, r.Target, r.Note, r.Round})
		}
	}
	return e
}
