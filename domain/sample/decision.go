package sample

import (
	"iter"
	"slices"
	"time"

	"alta/domain/application"
)

// Decision is a qualification decision as the application's stream tells it.
type Decision struct {
	Judged  int64 // the revision of the evidence
	By      application.Actor
	At      time.Time
	Verdict Verdict
	Acted   []string          // who had acted on the application by then
	State   application.State // that was judged
}

// DecisionOf is the decision that the last of an application's events is; false
// where that decides nothing about the qualification.
func DecisionOf(all []application.Event) (Decision, bool) {
	if len(all) == 0 {
		return Decision{}, false
	}
	last, before := all[len(all)-1], all[:len(all)-1]
	verdict := Verdict{Outcome: Approve}
	var returned []string
	switch e := last.(type) {
	case application.QualificationApproved, application.QualificationProposed:
	case application.Returned:
		if e.From != application.Qualification {
			return Decision{}, false
		}
		verdict.Outcome, returned = Return, e.Reasons
	default:
		return Decision{}, false
	}
	var s application.State
	for _, e := range before {
		s = application.Evolve(s, e)
	}
	for _, id := range returned {
		if r, ok := s.Reason(id); ok {
			verdict.Reasons = append(verdict.Reasons, Reason{r.Target, r.Code, r.Sub})
		}
	}
	h := last.Head()
	return Decision{Judged: s.Revision(), By: h.By, At: h.At, Verdict: verdict.ordered(), Acted: Acted(all), State: s}, true
}

// Acted lists who acted on an application. Whoever did, in whatever way, has seen
// what others thought of it.
func Acted(all []application.Event) []string {
	var out []string
	for _, e := range all {
		if by := e.Head().By; by.Role != application.RoleSystem && !slices.Contains(out, by.ID) {
			out = append(out, by.ID)
		}
	}
	return out
}

// Evidence is what was judged at a revision, without the judging: the events of an
// application up to there with their revisions, but of the last round only those
// that changed what was to be judged.
func Evidence(all []application.Event, judged int64) iter.Seq2[int64, application.Event] {
	all = all[:min(int64(len(all)), judged+1)]
	began := 0
	for i, e := range all {
		switch e.(type) {
		case application.Submitted, application.Resubmitted:
			began = i
		default:
		}
	}
	return func(yield func(int64, application.Event) bool) {
		for i, e := range all {
			if (i <= began || material(e)) && !yield(int64(i), e) {
				return
			}
		}
	}
}

// material reports whether an event of a round changes what is judged in it: what
// the merchant, its agent and the machine add does, and of what staff do only a
// covered image and another policy.
func material(e application.Event) bool {
	switch e.(type) {
	case application.PrecheckFound, application.DocumentRedacted, application.PolicyMoved:
		return true
	default:
		role := e.Head().By.Role
		return role == application.RoleMerchant || role == application.RoleAgent
	}
}
