package projections

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/simulate/direct"
)

// told is a folded application together with the decider's own state of it.
type told struct {
	t   *testing.T
	app *Application
	s   application.State
	at  time.Time
}

func begin(t *testing.T, n uint64, target string) *told {
	t.Helper()
	l, err := direct.New(7, moment, rules).Life(n, target)
	if err != nil {
		t.Fatal(err)
	}
	w := &told{t: t, at: moment}
	for _, act := range l.Acts {
		w.happened(act.Events...)
	}
	return w
}

func (w *told) happened(events ...application.Event) *told {
	for _, e := range events {
		w.app = Folder{rules.Policies}.Fold(w.app, "a-1", w.s.Events, e)
		w.s = application.Evolve(w.s, e)
		w.agrees(application.Name(e))
	}
	return w
}

func (w *told) do(c interface {
	Decide(application.State) ([]application.Event, error)
}) *told {
	w.t.Helper()
	events, err := c.Decide(w.s)
	if err != nil {
		w.t.Fatalf("%T: %v", c, err)
	}
	w.at = w.at.Add(time.Minute)
	return w.happened(events...)
}

// agrees checks that the document says what the decider knows.
func (w *told) agrees(after string) {
	w.t.Helper()
	a, s := w.app, w.s
	wrong := func(what string, got, want any) {
		w.t.Helper()
		if g, x := fmt.Sprint(got), fmt.Sprint(want); g != x {
			w.t.Fatalf("after %s (revision %d, %s): %s is %s, and the decider knows %s", after, a.Revision, a.Stage, what, g, x)
		}
	}
	wrong("revision", a.Revision, s.Revision())
	wrong("stage", a.Stage, s.Stage)
	wrong("holder", a.Holder, s.Holder())
	wrong("round", a.Round, s.Round)
	wrong("priority", a.Priority, s.Priority)
	wrong("findings", len(a.Findings), len(s.Findings))
	wrong("kind", a.Kind, s.Kind)
	wrong("restricted", a.Restricted, s.Restricted)
	holder, until := "", time.Time{}
	if a.Claim != nil {
		holder, until = a.Claim.By.ID, a.Claim.Until
	}
	if !s.Restricted {
		wrong("claim", holder, s.Claim.By.ID)
		wrong("lease", until.UTC(), s.Claim.Until.UTC())
	}
	wrong("proposal", a.Proposal != nil, s.Proposal.Pending())
	if a.Stage != application.DeclinedStage {
		wrong("decline", a.Decline != nil, s.Decline.Pending())
	}
	wrong("deadline", a.Deadline != nil, s.Deadline != nil)
	if s.Deadline != nil {
		wrong("due", a.Deadline.Due, s.Deadline.Due)
		wrong("breached", a.Deadline.Breached, s.Breached)
	}
	unlocked, known := slices.Clone(a.Unlocked), slices.Clone(s.Unlocked)
	slices.Sort(unlocked)
	slices.Sort(known)
	wrong("unlocked", unlocked, known)
	for _, r := range s.Reasons {
		i := slices.IndexFunc(a.Reasons, func(x Reason) bool { return x.ID == r.ID })
		got := a.Reasons[i].State
		if got == ReasonAddressed && s.Stage == application.Correction {
			got = ReasonReturned // answered, and not handed in yet
		}
		wrong("reason on "+string(r.Target), got, r.Status)
	}
	for _, i := range a.Items {
		x := s.Item(i.Key)
		wrong("acceptance of "+string(i.Key), i.AcceptedAt != nil, x.Accepted > 0)
		if !i.Key.IsSite() || i.Key == item.SiteURL {
			wrong("emptiness of "+string(i.Key), i.Value == "" && i.Document == nil, x.Empty())
		}
		if x.Round > 0 && !i.Key.IsSite() {
			wrong("round of "+string(i.Key), i.Round, x.Round)
		}
		if !i.Key.IsSite() {
			wrong("lock of "+string(i.Key), i.Locked, s.Locked(i.Key) != nil)
		}
	}
	for _, x := range s.Items {
		if x.Key.Fits(s.Kind.Audience()) && !x.Empty() && a.item(x.Key) == nil {
			w.t.Fatalf("after %s: %s is shown to nobody", after, x.Key)
		}
	}
	c := map[application.Check]bool{}
	for _, k := range a.Checks {
		c[k.Check] = !k.Void
	}
	wrong("qualified", c[application.CheckQualification], s.Qualified)
	wrong("filing verified", c[application.CheckICP], s.ICPVerified)
	wrong("site approved", c[application.CheckSite], s.SiteApproved)
}

func TestWhatStaffSeeIsWhatTheDeciderKnows(t *testing.T) {
	for _, target := range direct.Targets() {
		t.Run(target, func(t *testing.T) {
			for n := range uint64(25) {
				begin(t, n, target)
			}
		})
	}
}

var (
	reviewer = application.Actor{ID: "reviewer-90", Role: application.RoleReviewer}
	lead     = application.Actor{ID: "lead-90", Role: application.RoleLead}
	other    = application.Actor{ID: "lead-91", Role: application.RoleLead}
	admin    = application.Actor{ID: "admin-90", Role: application.RoleAdmin}
)

func (w *told) self() application.Actor {
	return application.Actor{ID: w.s.Merchant, Role: application.RoleMerchant}
}

// acceptTheRest accepts what the qualification still has to look at and has no
// reason.
func (w *told) acceptTheRest() {
	req, err := w.s.Requirements(rules, w.at)
	if err != nil {
		w.t.Fatal(err)
	}
	var rest []item.Key
	for _, q := range req.Items {
		x := w.s.Item(q.Item)
		raised := slices.ContainsFunc(w.s.Reasons, func(r application.Reason) bool { return r.Target == q.Item })
		if q.Required && !x.Empty() && x.Accepted == 0 && !raised && !q.Item.IsSite() && q.Stage != policy.StageICP {
			rest = append(rest, q.Item)
		}
	}
	w.do(application.AcceptItems{Items: rest, By: reviewer, At: w.at})
}

// returned comes back because of the mobile number.
func (w *told) returned() {
	w.do(application.Claim{Rules: rules, By: reviewer, At: w.at})
	w.do(application.RaiseReason{Reason: "r-1", Code: "R05", Sub: "mobile", Target: item.ContactMobile, Rules: rules, By: reviewer, At: w.at})
	w.acceptTheRest()
	w.do(application.Return{Rules: rules, By: reviewer, At: w.at})
}

func TestTheRestOfALifeAgreesWithTheDeciderToo(t *testing.T) {
	for name, story := range map[string]func(w *told){
		"released and reassigned": func(w *told) {
			w.do(application.Claim{Rules: rules, By: reviewer, At: w.at})
			w.do(application.Reassign{To: lead, Rules: rules, Why: "holiday", By: other, At: w.at})
			w.do(application.Release{Why: "not mine", By: lead, At: w.at})
		},
		"moved up, noted, withdrawn reason": func(w *told) {
			w.do(application.Prioritise{Priority: 3, Why: "big", By: lead, At: w.at})
			w.do(application.Claim{Rules: rules, By: reviewer, At: w.at})
			w.do(application.AddNote{Note: "n-1", Text: "call her", By: reviewer, At: w.at})
			w.do(application.RaiseReason{Reason: "r-1", Code: "R05", Sub: "mobile", Target: item.ContactMobile, Rules: rules, By: reviewer, At: w.at})
			w.do(application.WithdrawReason{Reason: "r-1", By: reviewer, At: w.at})
		},
		"decline proposed, refused, proposed, confirmed": func(w *told) {
			w.do(application.Claim{Rules: rules, By: reviewer, At: w.at})
			w.do(application.ProposeDecline{Note: "we cannot serve this trade", Internal: "sanctioned", By: reviewer, At: w.at})
			w.do(application.Claim{Rules: rules, By: lead, At: w.at})
			w.do(application.RefuseDecline{Why: "no", By: lead, At: w.at})
			w.do(application.Claim{Rules: rules, By: reviewer, At: w.at})
			w.do(application.ProposeDecline{Note: "we cannot serve this trade", Internal: "sanctioned", By: reviewer, At: w.at})
			w.do(application.Claim{Rules: rules, By: lead, At: w.at})
			w.do(application.ConfirmDecline{Judged: w.s.Decline.Judged, By: lead, At: w.at})
			if got := StatusOf(w.app).DeclineNote; got != "we cannot serve this trade" {
				w.t.Errorf("the merchant is told %q", got)
			}
		},
		"withdrawn and taken up again": func(w *told) {
			w.do(application.Withdraw{Why: "later", By: w.self(), At: w.at})
			w.do(application.Reopen{By: w.self(), At: w.at})
		},
		"warned, breached, extended": func(w *told) {
			d := w.s.Deadline
			w.at = d.Warn.Add(time.Minute)
			w.do(application.WarnDeadline{Deadline: d.ID, Mark: d.Marks()[0].Name, By: application.Actor{ID: "deadline", Role: application.RoleSystem}, At: w.at})
			w.at = d.Due.Add(time.Minute)
			w.do(application.BreachDeadline{Deadline: d.ID, By: application.Actor{ID: "deadline", Role: application.RoleSystem}, At: w.at})
		},
		"covered during the correction of something else": func(w *told) {
			w.returned()
			w.do(application.Claim{Rules: rules, By: reviewer, At: w.at})
			former := w.s.Item(item.LegalPersonBack).Document
			covered := former
			covered.ID = "covered"
			w.do(application.RedactDocument{Slot: item.LegalPersonBack, Former: former.ID, Document: covered, Why: "a card beside it shows its code", By: reviewer, At: w.at})
			if w.app.item(item.LegalPersonBack).Locked {
				w.t.Error("the merchant is asked for another image and cannot upload one")
			}
		},
		"accepted before a machine found it unfit": func(w *told) {
			w.do(application.Claim{Rules: rules, By: reviewer, At: w.at})
			w.do(application.AcceptItems{Items: []item.Key{item.IdentityNumber, item.IdentityName}, By: reviewer, At: w.at})
			w.do(application.RecordPrecheck{
				Round: w.s.Round, Findings: []application.Finding{{Code: "resident-id-checksum", Item: item.IdentityNumber, Severity: "block"}},
				By: application.Actor{ID: "precheck", Role: application.RoleSystem}, At: w.at,
			})
			if w.app.item(item.IdentityNumber).State != Given || w.app.item(item.IdentityName).State != Accepted {
				w.t.Error("what a machine found unfit has to be looked at again, and nothing else")
			}
		},
	} {
		t.Run(name, func(t *testing.T) { story(begin(t, 1, "qualification")) })
	}
}

func TestAMerchantsDocumentsHoldNothingInternal(t *testing.T) {
	w := begin(t, 1, "qualification")
	w.do(application.Claim{Rules: rules, By: reviewer, At: w.at})
	w.do(application.AddNote{Note: "n-1", Text: "SECRET note", By: reviewer, At: w.at})
	w.do(application.RaiseReason{
		Reason: "r-1", Code: "R05", Sub: "mobile", Target: item.ContactMobile, Note: "please call us", Internal: "SECRET suspicion", Rules: rules, By: reviewer, At: w.at,
	})
	secret := func(when string, more ...string) {
		t.Helper()
		status, err := json.Marshal(StatusOf(w.app))
		if err != nil {
			t.Fatal(err)
		}
		row, err := json.Marshal(RowOf(&w.app.Summary).outside())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range append(more, "SECRET", reviewer.ID) {
			if strings.Contains(string(status), s) || strings.Contains(string(row), s) {
				t.Errorf("%s: a merchant reads %q", when, s)
			}
		}
	}
	secret("before it is returned", "please call us", "R05")
	for i := range w.app.Items {
		if it := &w.app.Items[i]; it.Personal && strings.Contains(it.Value, "138") && !strings.Contains(it.Value, "*") && len(it.Value) == 11 {
			t.Errorf("%s stands there in clear", it.Key)
		}
	}
	w.acceptTheRest()
	w.do(application.Return{Rules: rules, By: reviewer, At: w.at})
	secret("after the return")
	s := StatusOf(w.app)
	if len(s.Reasons) != 1 || s.Reasons[0].Note != "please call us" || s.Reasons[0].State != ReasonReturned {
		t.Errorf("after the return she reads %+v", s.Reasons)
	}
	if i := w.app.item(item.ContactMobile); i.Locked || i.State != Rejected {
		t.Errorf("the rejected item is locked: %v, and %s", i.Locked, i.State)
	}
	if i := w.app.item(item.IdentityNumber); !i.Locked {
		t.Error("an item without a reason can be changed")
	}
	value := "13912345678"
	w.do(application.Correct{Item: item.ContactMobile, Value: &value, By: w.self(), At: w.at})
	i := w.app.item(item.ContactMobile)
	if len(i.Previous) != 1 || i.Previous[0].Round != 1 || i.Round != 2 || i.State != Corrected || i.Value == value {
		t.Errorf("after the correction: %+v", i)
	}
	value = "13912345679"
	w.do(application.Correct{Item: item.ContactMobile, Value: &value, By: w.self(), At: w.at})
	if i := w.app.item(item.ContactMobile); len(i.Previous) != 1 {
		t.Errorf("what was typed and typed over within a round is a version: %+v", i.Previous)
	}
	w.do(application.Submit{Rules: rules, By: w.self(), At: w.at})
	if s := StatusOf(w.app); s.Reasons[0].State != ReasonAddressed {
		t.Errorf("after the resubmission the reason is %s", s.Reasons[0].State)
	}
}

// The number of the filing may be given after the submission. Until it is there
// the merchant is told so, because the check cannot end without it.
func TestAMerchantIsToldThatTheNumberOfTheFilingIsAwaited(t *testing.T) {
	w := &told{t: t, at: moment}
	for n := uint64(1); w.s.Kind != policy.Individual || w.s.Site == policy.Offline; n++ {
		l, err := direct.New(7, moment, rules).Life(n, "qualification")
		if err != nil {
			t.Fatal(err)
		}
		w = &told{t: t, at: moment}
		for _, act := range l.Acts {
			for _, e := range act.Events {
				if filled, ok := e.(application.DetailsFilled); ok {
					filled.Fields = maps.Clone(filled.Fields)
					delete(filled.Fields, item.SiteICPNumber)
					e = filled
				}
				w.happened(e)
			}
		}
	}
	awaited := func() string {
		b, err := json.Marshal(StatusOf(w.app).Awaited)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := awaited(); w.app.Stage != application.Qualification || got != `["site.icp_number"]` || w.app.item(item.SiteICPNumber).Locked {
		t.Errorf("in %s %s is awaited", w.app.Stage, got)
	}
	w.do(application.Claim{Rules: rules, By: reviewer, At: w.at})
	w.acceptTheRest()
	w.do(application.ApproveQualification{Rules: rules, By: reviewer, At: w.at})
	if got := awaited(); w.app.Stage != application.ICP || got != `["site.icp_number"]` {
		t.Errorf("in %s %s is awaited", w.app.Stage, got)
	}
	w.do(application.FillDetails{Values: map[item.Key]string{item.SiteICPNumber: "闽ICP备12345678号-1"}, By: w.self(), At: w.at})
	if got := awaited(); got != "null" {
		t.Errorf("with the number %s is awaited", got)
	}
}

func TestFoldingAnEventTwiceChangesNothing(t *testing.T) {
	l, err := direct.New(7, moment, rules).Life(2, "active")
	if err != nil {
		t.Fatal(err)
	}
	var once, twice *Application
	n := int64(0)
	for _, act := range l.Acts {
		for _, e := range act.Events {
			once = Folder{rules.Policies}.Fold(once, l.ID, n, e)
			twice = Folder{rules.Policies}.Fold(twice, l.ID, n, e)
			twice = Folder{rules.Policies}.Fold(twice, l.ID, n, e)
			n++
		}
	}
	a, _ := json.Marshal(once)
	b, _ := json.Marshal(twice)
	if string(a) != string(b) {
		t.Error("the second delivery shows")
	}
}

func TestARowStandsInExactlyItsQueue(t *testing.T) {
	want := map[string]Queue{
		"draft": "", "qualification": QueueQualification, "claimed": QueueQualification, "correction": QueueCorrection,
		"second_round": QueueQualification, "second_approval": QueueSecondApproval, "icp": QueueICP, "contract": QueueContract,
		"signature": QueueCorrection, "countersignature": QueueContract, "activation": QueueContract, "active": "", "withdrawn": "",
	}
	for target, queue := range want {
		w := begin(t, 1, target) // an enterprise with a site: it passes every stage
		if string(w.s.Stage) != target && target != "claimed" && target != "second_round" {
			t.Fatalf("life 1 does not come to %s but to %s", target, w.s.Stage)
		}
		row := RowOf(&w.app.Summary)
		if row.queue() != queue {
			t.Errorf("%s waits in %q, want %q", target, row.queue(), queue)
		}
		var in []string
		for f := range row.facets() {
			if name, ok := strings.CutPrefix(f, "queue="); ok && !strings.Contains(name, "|") && name != string(QueueBreached) {
				in = append(in, name)
			}
		}
		if queue == "" && len(in) > 0 || queue != "" && !slices.Equal(in, []string{string(queue)}) {
			t.Errorf("%s stands in %v", target, in)
		}
	}
}

func TestASiteReviewWaitsForTheMerchantUntilTheSiteIsDeclared(t *testing.T) {
	for n := range uint64(20) {
		w := begin(t, n, "website")
		if w.s.Stage != application.Website {
			continue
		}
		if q := RowOf(&w.app.Summary).queue(); q != QueueCorrection || w.app.Holder != application.Merchant {
			t.Errorf("before: %s, held by %s", q, w.app.Holder)
		}
		w.do(application.DeclareSite{
			URL: "https://www." + w.s.Text(item.SiteDomain) + "/", User: personal.New("u"), Password: personal.New("p"), Guide: new("buy"),
			Rules: rules, By: w.self(), At: w.at,
		})
		if q := RowOf(&w.app.Summary).queue(); q != QueueWebsite || w.app.Holder != application.Platform {
			t.Errorf("after: %s, held by %s", q, w.app.Holder)
		}
		return
	}
	t.Fatal("no life comes to the website review")
}

func TestARowsPriorityOutweighsAnyDueTime(t *testing.T) {
	near, far := moment, moment.AddDate(3, 0, 0)
	usual, raised := Row{Due: &near}, Row{Due: &far, Priority: 1}
	if raised.urgency() >= usual.urgency() {
		t.Error("what was moved up comes after what was not")
	}
	if none := (&Row{}); none.due() <= raised.due() {
		t.Error("a row without a deadline comes first")
	}
}

func TestAnErasedPersonIsGoneFromTheDocument(t *testing.T) {
	w := begin(t, 0, "withdrawn")
	w.happened(application.Shredded{Header: application.Header{By: admin, At: w.at}, Why: "asked for"})
	b, err := json.Marshal(w.app)
	if err != nil {
		t.Fatal(err)
	}
	erased := personal.Erased().Masked()
	for _, i := range w.app.Items {
		if i.Personal && i.Value != "" && i.Value != erased {
			t.Errorf("%s still reads %s", i.Key, i.Value)
		}
	}
	if !w.app.Erased || !strings.Contains(string(b), erased) {
		t.Error("nothing says that it was erased")
	}
}
