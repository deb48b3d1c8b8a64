package application

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"alta/domain/policy"
)

func next(by Actor, d Desk) func(*story) command {
	return func(w *story) command { return TakeNext{Desk: d, Rules: rules, By: by, At: w.now()} }
}

// skipped is an application that Anna took and put off.
func skipped(t testing.TB) *story {
	w := claimed(t)
	return w.do(Release{Why: "I know the owner", By: anna, At: w.now()})
}

func TestWhatIsHandedToWhom(t *testing.T) {
	all := Desk{}
	rulebook(t, map[string]rule{
		"who stated no skills takes everything":              {given: submitted, when: next(anna, all), then: "claimed"},
		"who judges the language and every product takes it": {given: submitted, when: next(anna, Desk{Languages: []string{"es", "zh-CN"}, Products: []policy.Product{policy.Alipay, policy.WeChat}}), then: "claimed"},
		"another language is not handed out":                 {given: submitted, when: next(anna, Desk{Languages: []string{"es"}}), err: ErrSkills},
		"one product too many is not handed out":             {given: submitted, when: next(anna, Desk{Products: []policy.Product{policy.WeChat}}), err: ErrSkills},
		"nothing is handed to who is away":                   {given: submitted, when: next(anna, Desk{Away: true}), err: ErrAway},
		"nothing is handed to who holds her share":           {given: submitted, when: next(anna, Desk{Open: DefaultOpenClaims}), err: ErrOpenClaims},
		"the share is what the operator set":                 {given: submitted, when: next(anna, Desk{Open: 2, Most: 2}), err: ErrOpenClaims},
		"one less than her share leaves room for one":        {given: submitted, when: next(anna, Desk{Open: DefaultOpenClaims - 1}), then: "claimed"},
		"nobody is handed whom they registered":              {given: overCounter, when: next(anna, all), err: ErrMaker},
		"nobody is handed what another one holds":            {given: claimed, when: next(bo, all), err: ErrClaimedByOther},
		"what she holds already is not the next one":         {given: claimed, when: next(anna, all), then: ""},
		"a reviewer is not handed a second approval":         {given: proposed, when: next(bo, all), err: ErrLeadOnly},
		"a lead is": {given: proposed, when: next(liu, all), then: "claimed"},
		"what she skipped is not handed to her again":     {given: skipped, when: next(anna, all), err: ErrSkipped},
		"it is handed to others":                          {given: skipped, when: next(bo, all), then: "claimed"},
		"she may still claim it by name":                  {given: skipped, when: claiming(anna), then: "claimed"},
		"a day later she is offered it again":             {given: func(t testing.TB) *story { return skipped(t).wait(SkipLasts) }, when: next(anna, all), then: "claimed"},
		"what was given back without a reason is no skip": {given: func(t testing.TB) *story { w := claimed(t); return w.do(Release{By: anna, At: w.now()}) }, when: next(anna, all), then: "claimed"},
		"she is offered it again when a machine finds something": {given: func(t testing.TB) *story {
			w := skipped(t)
			return w.do(RecordPrecheck{Round: 1, Findings: []Finding{{Code: "resident-id-checksum", Item: "identity.number", Severity: "warn", Detail: "x"}}, By: robot, At: w.now()})
		}, when: next(anna, all), then: "claimed"},
		"she is offered it again when a lead moves it up": {given: func(t testing.TB) *story {
			w := skipped(t)
			return w.do(Prioritise{Priority: 5, By: lena, At: w.now()})
		}, when: next(anna, all), then: "claimed"},
		"a lead takes back what a reviewer holds": {given: claimed, when: func(w *story) command { return TakeBack{Why: "she is ill", By: lena, At: w.now()} }, then: "released", also: func(t *testing.T, s State, e Event) {
			is(t, e.(Released).Cause, TakenOver)
			is(t, e.(Released).Holder, anna.ID)
		}},
		"taking back what nobody holds is nothing": {given: submitted, when: func(w *story) command { return TakeBack{By: lena, At: w.now()} }, then: ""},
		"a reviewer takes nothing back":            {given: claimed, when: func(w *story) command { return TakeBack{By: bo, At: w.now()} }, err: ErrLeadOnly},
	})
}

func TestAnApplicationRemembersABoundedNumberOfSkips(t *testing.T) {
	w := submitted(t)
	for i := range 3 * maxSkips {
		by := Actor{ID: fmt.Sprintf("reviewer-%d", 100+i), Role: RoleReviewer}
		w.do(Claim{Rules: rules, By: by, At: w.now()}).do(Release{Why: "no", By: by, At: w.now()})
	}
	is(t, len(w.s.Skips), maxSkips)
}

func TestTheOrderInWhichApplicationsAreHandedOut(t *testing.T) {
	at := when("2026-11-23T01:00:00Z")
	in := func(d time.Duration, priority int) Urgency { return Urgency{at.Add(d), priority} }
	want := []Urgency{
		in(-time.Hour, -9),                  // overdue, whatever its priority
		in(time.Hour, 0),                    // due soon, before
		in(Pressing-time.Minute, 9),         // what is due soon and later
		in(100*time.Hour, 5),                // then by priority
		in(Pressing, 0), in(9*time.Hour, 0), // of one priority by due time
		in(5*time.Hour, -1),
	}
	for i, a := range want {
		for j, b := range want {
			if a.Before(b, at) != (i < j) {
				t.Errorf("%v before %v: %v", a, b, i >= j)
			}
		}
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b Urgency) int {
		switch {
		case a.Before(b, at):
			return -1
		case b.Before(a, at):
			return 1
		}
		return 0
	})
	if !slices.Equal(got, want) {
		t.Errorf("handed out in the order %v, want %v", got, want)
	}
}
