package sample

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
)

func when(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

var (
	merchant = application.Actor{ID: "merchant-1", Role: application.RoleMerchant}
	anna     = application.Actor{ID: "anna", Role: application.RoleReviewer}
	bo       = application.Actor{ID: "bo", Role: application.RoleReviewer}
	cleo     = application.Actor{ID: "cleo", Role: application.RoleReviewer}
	lena     = application.Actor{ID: "lena", Role: application.RoleLead}
	ruth     = application.Actor{ID: "ruth", Role: application.RoleAuditor}
	robot    = application.Actor{ID: "sample", Role: application.RoleSystem}

	at = when("2026-03-02T02:00:00Z") // a Monday morning in Beijing
)

func by(a application.Actor, minutes int) application.Header {
	return application.Header{By: a, At: at.Add(time.Duration(minutes) * time.Minute)}
}

// submitted is an application that was handed in; anna holds it.
func submitted() []application.Event {
	return []application.Event{
		application.Opened{Header: by(merchant, 0), Merchant: merchant.ID, MerchantNumber: "M0001", Kind: policy.Individual,
			Products: []policy.Product{policy.WeChat}, Site: policy.Offline, Language: "es", Policy: "2026-01"},
		application.DocumentUploaded{Header: by(merchant, 1), Slot: item.IDCardFront, Document: application.Document{ID: "front-1", SHA256: "1"}},
		application.Submitted{Header: by(merchant, 2), Round: 1, Policy: "2026-01", Next: application.Qualification},
		application.Claimed{Header: by(anna, 3), Stage: application.Qualification},
		application.NoteAdded{Header: by(bo, 4), Note: "n", Text: "looks copied"},
	}
}

func approved() []application.Event {
	return append(submitted(), application.ItemsAccepted{Header: by(anna, 5), Items: []item.Key{item.IDCardFront}},
		application.QualificationApproved{Header: by(anna, 6), Next: application.Contract})
}

func returned() []application.Event {
	raised := func(id string, c reason.Code, sub reason.Sub, k item.Key) application.Event {
		return application.ReasonRaised{Header: by(anna, 5), Reason: id, Code: c, Sub: sub, Target: k, Round: 1}
	}
	return append(submitted(), raised("r1", reason.R03, reason.Unclear, item.IDCardFront), raised("r2", reason.R01, "", item.ContactPhone),
		raised("r3", reason.R05, reason.Mobile, item.ContactMobile), application.ReasonWithdrawn{Header: by(anna, 5), Reason: "r2"},
		application.Returned{Header: by(anna, 6), Round: 1, From: application.Qualification, Reasons: []string{"r1", "r3"}})
}

var unclear, mobile = Reason{item.IDCardFront, reason.R03, reason.Unclear}, Reason{item.ContactMobile, reason.R05, reason.Mobile}

type command interface{ Decide(State) ([]Event, error) }

// of is a sample of an application's last event.
func of(t testing.TB, all []application.Event) State {
	t.Helper()
	d, ok := DecisionOf(all)
	if !ok {
		t.Fatal("the last event decides nothing")
	}
	events, err := Draw{Application: "a", Decision: d, Plan: plans[0], Percent: 5, Calendar: calendar.Default(), By: robot}.Decide(State{})
	if err != nil || len(events) != 1 {
		t.Fatal(events, err)
	}
	return Evolve(State{}, events[0])
}

func judging(who application.Actor, v Verdict, acted ...string) command {
	return Judge{Verdict: v, Acted: acted, By: who, At: at.Add(time.Hour)}
}

func after(t testing.TB, s State, commands ...command) State {
	t.Helper()
	for _, c := range commands {
		events, err := c.Decide(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			s = Evolve(s, e)
		}
	}
	return s
}

func TestTheSecondLook(t *testing.T) {
	yes, no := Verdict{Outcome: Approve}, Verdict{Outcome: Return, Reasons: []Reason{unclear, mobile}}
	fresh := of(t, approved())
	judged := after(t, fresh, judging(cleo, no))
	dropped := after(t, fresh, Drop{By: robot, At: at.Add(time.Hour)})
	again, _ := DecisionOf(approved())
	for name, r := range map[string]struct {
		given State
		when  command
		then  string // empty for nothing
		err   *application.Refusal
	}{
		"a different person approves":                        {fresh, judging(cleo, yes), "sample.judged.v1", nil},
		"a lead may be that person":                          {fresh, judging(lena, yes), "sample.judged.v1", nil},
		"a different person would return it":                 {fresh, judging(cleo, no), "sample.judged.v1", nil},
		"whoever decided does not judge":                     {fresh, judging(anna, yes), "", ErrInvolved},
		"whoever wrote a note has seen too much":             {fresh, judging(bo, yes), "", ErrInvolved},
		"whoever confirmed it afterwards does not judge":     {fresh, judging(lena, yes, "lena"), "", ErrInvolved},
		"an auditor does not judge":                          {fresh, judging(ruth, yes), "", application.ErrStaffOnly},
		"a merchant does not judge":                          {fresh, judging(merchant, yes), "", application.ErrStaffOnly},
		"the same verdict twice is one":                      {judged, judging(cleo, no), "", nil},
		"the order of the reasons is no difference":          {judged, judging(cleo, Verdict{Return, []Reason{mobile, unclear, mobile}}), "", nil},
		"once judged stays judged":                           {judged, judging(cleo, yes), "", ErrJudged},
		"nor are other reasons found afterwards":             {judged, judging(cleo, Verdict{Return, []Reason{unclear}}), "", ErrJudged},
		"a hundred reasons are as many as a verdict has":     {fresh, judging(cleo, Verdict{Return, many(100)}), "sample.judged.v1", nil},
		"one more is refused":                                {fresh, judging(cleo, Verdict{Return, many(101)}), "", ErrVerdict},
		"one person judges":                                  {judged, judging(lena, no), "", ErrJudged},
		"nobody judges what may not be looked at":            {dropped, judging(cleo, yes), "", ErrDropped},
		"nobody judges what was not drawn":                   {State{}, judging(cleo, yes), "", ErrNotDrawn},
		"a return says why":                                  {fresh, judging(cleo, Verdict{Outcome: Return}), "", ErrVerdict},
		"an approval has nothing to say":                     {fresh, judging(cleo, Verdict{Approve, []Reason{unclear}}), "", ErrVerdict},
		"a verdict is one or the other":                      {fresh, judging(cleo, Verdict{Outcome: "perhaps"}), "", application.ErrRequired},
		"a reason is one of the registry's":                  {fresh, judging(cleo, Verdict{Return, []Reason{{item.IDCardFront, "R99", ""}}}), "", application.ErrReasonUnknown},
		"a reason stands on an item that it applies to":      {fresh, judging(cleo, Verdict{Return, []Reason{{item.BankNumber, reason.R03, reason.Unclear}}}), "", application.ErrReasonTarget},
		"a reason concerns this kind of merchant":            {fresh, judging(cleo, Verdict{Return, []Reason{{item.BusinessLicence, reason.R03, reason.Unclear}}}), "", application.ErrItemKind},
		"a decision is drawn once":                           {fresh, Draw{Application: "a", Decision: again, Plan: plans[0], Calendar: calendar.Default(), By: robot}, "", nil},
		"nobody draws by hand":                               {State{}, Draw{Application: "a", Decision: again, Plan: plans[0], Calendar: calendar.Default(), By: lena}, "", application.ErrSystemOnly},
		"a sample goes where nobody may look":                {fresh, Drop{By: robot, At: at}, "sample.dropped.v1", nil},
		"a sample goes once":                                 {dropped, Drop{By: robot, At: at}, "", nil},
		"a verdict stays where the application is forgotten": {judged, Drop{By: robot, At: at}, "", nil},
		"nobody drops a sample by hand":                      {fresh, Drop{By: lena, At: at}, "", application.ErrSystemOnly},
	} {
		t.Run(name, func(t *testing.T) {
			before := r.given
			events, err := r.when.Decide(r.given)
			if !reflect.DeepEqual(r.given, before) {
				t.Error("deciding changed the state")
			}
			var refused *application.Refusal
			switch {
			case r.err != nil:
				if !errors.Is(err, r.err) || !errors.As(err, &refused) || refused.Kind != r.err.Kind || len(events) > 0 {
					t.Fatalf("got %v and %d events, want the refusal %s", err, len(events), r.err.Code)
				}
				return
			case err != nil:
				t.Fatalf("refused: %v", err)
			}
			got := ""
			for _, e := range events {
				got += Name(e)
			}
			if got != r.then {
				t.Fatalf("happened: %q, want %q", got, r.then)
			}
			if again, err := r.when.Decide(after(t, r.given, r.when)); err != nil || len(again) > 0 {
				t.Errorf("doing it twice did %v, %v", again, err)
			}
		})
	}
}

// many are so many reasons that may be raised on an individual's items.
func many(n int) []Reason {
	var out []Reason
	for _, e := range reason.All() {
		for _, k := range e.Targets {
			if k.Fits(item.Individual) && len(out) < n {
				out = append(out, Reason{k, e.Code, e.Sub})
			}
		}
	}
	return out
}

func TestARefusedVerdictSaysWhatIsWrong(t *testing.T) {
	fresh := of(t, approved())
	for field, v := range map[string]Verdict{"outcome": {}, "reasons": {Outcome: Return}} {
		_, err := judging(cleo, v).Decide(fresh)
		var r *application.Refusal
		if !errors.As(err, &r) || r.Field != field {
			t.Errorf("%+v: %v, want the field %s", v, err, field)
		}
	}
	_, err := judging(cleo, Verdict{Return, []Reason{{item.BankNumber, reason.R03, reason.Unclear}}}).Decide(fresh)
	var r *application.Refusal
	if !errors.As(err, &r) || r.Item != item.BankNumber {
		t.Errorf("%v, want the item", err)
	}
}

func TestAVerdictIsNeverBeforeTheDecision(t *testing.T) {
	fresh := of(t, approved())
	for given, want := range map[time.Time]time.Time{at: fresh.DecidedAt, fresh.DecidedAt: fresh.DecidedAt, at.Add(time.Hour): at.Add(time.Hour)} {
		events, err := Judge{Verdict: Verdict{Outcome: Approve}, By: cleo, At: given}.Decide(fresh)
		if err != nil || !events[0].Head().At.Equal(want) {
			t.Errorf("judged at %s: %v, %v", given, events, err)
		}
	}
}

func TestWhoMaySeeTheEvidence(t *testing.T) {
	fresh := of(t, approved())
	judged := after(t, fresh, judging(cleo, Verdict{Outcome: Approve}))
	for name, r := range map[string]struct {
		given State
		by    application.Actor
		acted []string
		err   error
	}{
		"whoever is asked":                     {fresh, cleo, nil, nil},
		"the judge sees it again":              {judged, cleo, nil, nil},
		"nobody else once it is judged":        {judged, lena, nil, ErrJudged},
		"not the first decider":                {fresh, anna, nil, ErrInvolved},
		"not who came to act on it afterwards": {fresh, cleo, []string{"cleo"}, ErrInvolved},
		"no auditor":                           {fresh, ruth, nil, application.ErrStaffOnly},
	} {
		if err := r.given.Readable(r.by, r.acted); !errors.Is(err, r.err) {
			t.Errorf("%s: %v, want %v", name, err, r.err)
		}
	}
}

func TestADecisionIsWhatTheStreamSaysOfIt(t *testing.T) {
	d, ok := DecisionOf(returned())
	if !ok || d.Judged != 8 || d.By != anna || !d.At.Equal(at.Add(6*time.Minute)) || !slices.Equal(d.Acted, []string{"merchant-1", "anna", "bo"}) {
		t.Errorf("%+v, %v", d, ok)
	}
	if want := (Verdict{Return, []Reason{mobile, unclear}}); !d.Verdict.equal(want) {
		t.Errorf("the verdict is %+v; what was withdrawn is no part of it", d.Verdict)
	}
	proposed := append(submitted(), application.QualificationProposed{Header: by(anna, 6), Judged: 4})
	if d, ok := DecisionOf(proposed); !ok || d.Judged != 4 || d.Verdict.Outcome != Approve {
		t.Errorf("the first of two approvals is a decision; got %+v, %v", d, ok)
	}
	for name, last := range map[string]application.Event{
		"a claim":                application.Claimed{Header: by(anna, 6)},
		"the second approval":    application.QualificationConfirmed{Header: by(lena, 6)},
		"a return of the site":   application.Returned{Header: by(anna, 6), From: application.Website},
		"the merchant's goodbye": application.Withdrawn{Header: by(merchant, 6)},
	} {
		if _, ok := DecisionOf(append(submitted(), last)); ok {
			t.Errorf("%s was taken for a decision about the qualification", name)
		}
	}
	if _, ok := DecisionOf(nil); ok {
		t.Error("nothing was taken for a decision")
	}
}

func TestASampleIsDueInBusinessDaysFromTheDecision(t *testing.T) {
	if s := of(t, approved()); !s.Due.Equal(when("2026-03-09T02:06:00Z")) {
		t.Errorf("due %s", s.Due)
	}
}

func TestTheEvidenceHoldsNothingOfTheJudging(t *testing.T) {
	all := append(returned(),
		application.DocumentUploaded{Header: by(merchant, 10), Slot: item.IDCardFront, Document: application.Document{ID: "front-2", SHA256: "2"}},
		application.Resubmitted{Header: by(merchant, 11), Round: 2, Next: application.Qualification},
		application.PrecheckFound{Header: by(robot, 12), Round: 2},
		application.DetailsFilled{Header: by(application.Actor{ID: "agent-1", Role: application.RoleAgent}, 12)},
		application.SiteDeclared{Header: by(merchant, 12)},
		application.Claimed{Header: by(bo, 13), Stage: application.Qualification},
		application.DocumentRedacted{Header: by(bo, 14), Slot: item.BankBack},
		application.ReasonRaised{Header: by(bo, 15), Reason: "r4", Code: reason.R03, Sub: reason.Unclear, Target: item.IDCardFront, Round: 2},
		application.DeclineProposed{Header: by(bo, 16)}, application.DeclineRefused{Header: by(lena, 17)},
		application.PolicyMoved{Header: by(lena, 18), From: "2026-01", To: "2026-07"},
	)
	decided := int64(len(all))
	all = append(all, application.Returned{Header: by(bo, 19), From: application.Qualification, Reasons: []string{"r4"}},
		application.Withdrawn{Header: by(merchant, 20)})
	var got []string
	var last int64
	former := 0
	for revision, e := range Evidence(all, decided-1) {
		if !reflect.DeepEqual(e, all[revision]) {
			t.Fatalf("revision %d is another event", revision)
		}
		last = revision
		if revision < 10 {
			former++
		}
		if revision >= 10 {
			got = append(got, application.Name(e))
		}
	}
	want := []string{"application.document-uploaded.v2", "application.resubmitted.v1", "application.precheck-found.v1", "application.details-filled.v2", "application.site-declared.v2", "application.document-redacted.v3", "application.policy-moved.v2"}
	if !slices.Equal(got, want) || last != decided-1 {
		t.Errorf("after the first round the evidence is %v up to %d, want %v", got, last, want)
	}
	if former != 10 {
		t.Errorf("of the rounds before, which the merchant was told of, %d events are evidence, want all ten", former)
	}
	first := 0
	for range Evidence(all, 8) { // as it was in the first round
		first++
	}
	if first != 3 {
		t.Errorf("the first round's evidence has %d events, want the opening, the upload and the submission", first)
	}
}

func TestAgreementIsTheOutcomeAndTheCodesThatBothName(t *testing.T) {
	missing := Reason{item.ContactPhone, reason.R01, ""}
	yes := Verdict{Outcome: Approve}
	no := func(r ...Reason) Verdict { return Verdict{Return, r} }
	for name, r := range map[string]struct {
		first, second Verdict
		want          Agreement
	}{
		"two approvals agree":                     {yes, yes, Agreement{Same: true}},
		"an approval and a return do not":         {yes, no(unclear), Agreement{}},
		"a return and an approval do not":         {no(unclear), yes, Agreement{}},
		"two returns agree, and in the one code":  {no(unclear), no(unclear), Agreement{true, 1, 1}},
		"of three codes two returns share one":    {no(unclear, mobile), no(unclear, missing), Agreement{true, 1, 3}},
		"a code on two items is one code":         {no(unclear, Reason{item.IDCardBack, reason.R03, reason.Incomplete}), no(unclear), Agreement{true, 1, 1}},
		"two returns may share nothing but a no.": {no(mobile), no(unclear), Agreement{true, 0, 2}},
	} {
		if got := (State{First: r.first, Second: r.second}).Agreement(); got != r.want {
			t.Errorf("%s: %+v, want %+v", name, got, r.want)
		}
	}
}
