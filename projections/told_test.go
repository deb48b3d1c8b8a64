package projections

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/reason"
	"alta/simulate/direct"
)

// An event that the merchant is not told of leaves every byte of the merchant's
// status and of its row: at every moment of every kind of life, with everything
// that staff and the platform can do there.
func TestWhatTheMerchantIsNotToldOfChangesNoAnswerToTheMerchant(t *testing.T) {
	maker, folder, hidden := direct.New(12, moment, rules), Folder{Policies: rules.Policies}, map[string]int{}
	for n := range uint64(60) {
		l, err := maker.Life(n, direct.AnyTarget(n))
		if err != nil {
			t.Fatal(err)
		}
		var events []application.Event
		var s application.State
		for _, act := range l.Acts {
			for _, e := range act.Events {
				events = append(events, e)
				s = application.Evolve(s, e)
			}
			before := outsideOf(t, folder, l.ID, events)
			for _, c := range secrets(s) {
				more, err := c.Decide(s)
				if err != nil {
					continue
				}
				for _, e := range more {
					if application.Told(e) {
						continue
					}
					hidden[application.Name(e)]++
					if after := outsideOf(t, folder, l.ID, append(events[:len(events):len(events)], e)); !bytes.Equal(before, after) {
						t.Fatalf("%s at %s tells the merchant:\n%s\n%s", application.Name(e), s.Stage, before, after)
					}
				}
			}
		}
		for i, e := range events { // and those that happened in the life itself
			if i > 0 && !application.Told(e) {
				hidden[application.Name(e)]++
				if was, is := outsideOf(t, folder, l.ID, events[:i]), outsideOf(t, folder, l.ID, events[:i+1]); !bytes.Equal(was, is) {
					t.Fatalf("%s tells the merchant:\n%s\n%s", application.Name(e), was, is)
				}
			}
		}
	}
	if len(hidden) < 12 {
		t.Errorf("only %v were tried", hidden)
	}
}

type deciding interface {
	Decide(application.State) ([]application.Event, error)
}

// secrets is what staff and the platform may do in a state without the merchant
// being told.
func secrets(s application.State) []deciding {
	holder, at := s.Claim.By, s.Last.Add(time.Second)
	anna := application.Actor{ID: "reviewer-98", Role: application.RoleReviewer}
	lead := application.Actor{ID: "lead-98", Role: application.RoleLead}
	robot := application.Actor{ID: "robot", Role: application.RoleSystem}
	out := []deciding{
		application.AddNote{Note: "n-98", Text: "looks odd", By: anna, At: at},
		application.PlaceHold{Why: "a court asked", By: lead, At: at}, application.LiftHold{Why: "over", By: lead, At: at},
		application.Claim{Rules: rules, By: anna, At: at}, application.Reassign{To: anna, Rules: rules, By: lead, At: at},
		application.Prioritise{Priority: 2, By: lead, At: at},
		application.RecordPrecheck{Round: s.Round, Findings: []application.Finding{{Code: "duplicate", Item: item.IDCardFront, Severity: "block"}}, By: robot, At: at},
		application.RefuseDecline{Why: "no", By: lead, At: at},
	}
	if s.Deadline != nil {
		out = append(out, application.WarnDeadline{Deadline: s.Deadline.ID, Mark: "warn", By: robot, At: s.Deadline.Due})
	}
	for _, by := range []application.Actor{holder, anna, lead} {
		out = append(out,
			application.Release{By: by, At: at},
			application.AcceptItems{Items: []item.Key{item.IDCardFront}, By: by, At: at}, application.AcceptItems{Items: []item.Key{item.ContactMobile}, By: by, At: at},
			application.RaiseReason{Reason: "r-98", Code: reason.R03, Sub: reason.Unclear, Target: item.IDCardFront, Note: "again", By: by, At: at},
			application.AllowLateReason{Target: item.IDCardFront, Why: "late", By: by, At: at},
			application.ProposeDecline{Note: "no", Internal: "odd", By: by, At: at},
			application.RecordICPEvidence{Evidence: application.ICPEvidence{
				ID: "e-98", Status: "none", Subject: personal.New("x"), SubjectKind: "individual", Domain: s.Text(item.SiteDomain), Source: "manual", LookedUpAt: at,
			}, Rules: rules, By: by, At: at})
		for _, r := range s.Reasons {
			out = append(out, application.WithdrawReason{Reason: r.ID, Why: "not needed", By: by, At: at}, application.AcceptItems{Items: []item.Key{r.Target}, By: by, At: at})
		}
	}
	return out
}

// outsideOf is what a merchant gets of an application: status and row.
func outsideOf(t *testing.T, f Folder, id string, events []application.Event) []byte {
	t.Helper()
	var a *Application
	for i, e := range events {
		a = f.Fold(a, id, int64(i), e)
	}
	status, err := json.Marshal(StatusOf(a))
	if err != nil {
		t.Fatal(err)
	}
	row, err := json.Marshal(RowOf(&a.Summary).outside())
	if err != nil {
		t.Fatal(err)
	}
	return append(status, row...)
}
