package application

import (
	"testing"
	"time"

	"alta/domain/item"
)

func TestEnding(t *testing.T) {
	withdraw := func(by Actor) func(w *story) command {
		return func(w *story) command { return Withdraw{Why: "not now", By: by, At: w.now()} }
	}
	reopen := func(w *story) command { return Reopen{By: merchant, At: w.now()} }
	withdrawn := func(t testing.TB) *story { w := submitted(t); return w.do(withdraw(merchant)(w)) }
	propose := func(by Actor) func(w *story) command {
		return func(w *story) command { return ProposeDecline{Note: "we cannot work together", By: by, At: w.now()} }
	}
	declining := func(t testing.TB) *story { w := claimed(t); return w.do(propose(anna)(w)) }
	confirm := func(by Actor) func(w *story) command {
		return func(w *story) command { return ConfirmDecline{Judged: w.s.Decline.Judged, By: by, At: w.now()} }
	}
	expire := func(w *story) command { return Expire{Rules: rules, By: robot, At: w.now()} }
	rulebook(t, map[string]rule{
		"the merchant withdraws":                {given: submitted, when: withdraw(merchant), then: "withdrawn"},
		"withdrawing twice is withdrawing once": {given: withdrawn, when: withdraw(merchant), then: ""},
		"an agent does not withdraw":            {given: byAgent, when: withdraw(agent), err: ErrMerchantOnly},
		"an active merchant does not withdraw":  {given: func(t testing.TB) *story { return individual(t).active() }, when: withdraw(merchant), err: ErrFinal},
		"what is withdrawn is taken up again": {given: withdrawn, when: reopen, then: "reopened", also: func(t *testing.T, s State, _ Event) {
			is(t, s.Stage, Draft)
			is(t, s.Item(item.IdentityName).Accepted, 0)
		}},
		"taken up again it begins the next round":         {given: func(t testing.TB) *story { w := withdrawn(t); return w.do(reopen(w)) }, when: func(w *story) command { return Submit{Rules: rules, By: merchant, At: w.now()} }, then: "resubmitted", also: func(t *testing.T, s State, _ Event) { is(t, s.Round, 2); is(t, s.Stage, Qualification) }},
		"what was never withdrawn is not taken up":        {given: submitted, when: reopen, err: ErrStage},
		"nobody works on what is withdrawn":               {given: withdrawn, when: claiming(anna), err: ErrFinal},
		"declining is proposed":                           {given: claimed, when: propose(anna), then: "decline-proposed"},
		"declining takes a claim":                         {given: submitted, when: propose(anna), err: ErrNotClaimed},
		"declining twice is proposing once":               {given: declining, when: propose(anna), then: ""},
		"while declining is proposed nothing is decided":  {given: func(t testing.TB) *story { return declining(t).claim(lena) }, when: approving(lena), err: ErrDeclinePending},
		"the second person declines for good":             {given: func(t testing.TB) *story { return declining(t).claim(lena) }, when: confirm(lena), then: "decline-confirmed", also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, DeclinedStage) }},
		"the second person is a lead who did not propose": {given: declining, when: confirm(bo), err: ErrLeadOnly},
		"nobody declines alone": {given: func(t testing.TB) *story {
			w := submitted(t).claim(lena)
			return w.do(propose(lena)(w))
		}, when: confirm(lena), err: ErrSamePerson},
		"the second person holds the claim":       {given: declining, when: confirm(lena), err: ErrNotClaimed},
		"the second person disagrees":             {given: func(t testing.TB) *story { return declining(t).claim(lena) }, when: func(w *story) command { return RefuseDecline{Why: "another person", By: lena, At: w.now()} }, then: "decline-refused"},
		"without a proposal nothing is confirmed": {given: func(t testing.TB) *story { return submitted(t).claim(lena) }, when: confirm(lena), err: ErrNoProposal},
		"evidence that changed voids the proposal": {given: func(t testing.TB) *story {
			w := declining(t).claim(lena)
			return w.do(RecordPrecheck{Round: 1, Findings: []Finding{{Code: "x", Item: item.BankNumber, Severity: "hint"}}, By: robot, At: w.now()})
		}, when: confirm(lena), err: ErrEvidence},
		"a silent merchant's draft expires":                                    {given: func(t testing.TB) *story { return individual(t).wait(66 * day) }, when: expire, then: "expired"},
		"a silent merchant's correction expires":                               {given: func(t testing.TB) *story { return individual(t).returned().wait(66 * day) }, when: expire, then: "expired"},
		"the sixtieth day is 1 May, and the holiday's days are the merchant's": {given: func(t testing.TB) *story { return individual(t).wait(64 * day) }, when: expire, then: ""},
		"not before the term":                                                  {given: func(t testing.TB) *story { return individual(t).returned().wait(59 * day) }, when: expire, then: ""},
		"the silence begins with the return": {given: func(t testing.TB) *story {
			return claimed(t).wait(70*day).claim(bo).raise(bo, unclearFront).accept(bo).giveBack(bo).wait(10 * day)
		}, when: expire, then: ""},
		"the platform's own slowness expires nobody": {given: func(t testing.TB) *story { return submitted(t).wait(300 * day) }, when: expire, then: ""},
		"only the platform's clock expires":          {given: func(t testing.TB) *story { return individual(t).wait(61 * day) }, when: func(w *story) command { return Expire{Rules: rules, By: lena, At: w.now()} }, err: ErrSystemOnly},
	})
}

func TestDeadlines(t *testing.T) {
	warn := func(mark string) func(w *story) command {
		return func(w *story) command {
			return WarnDeadline{Deadline: w.s.Deadline.ID, Mark: mark, By: robot, At: w.now()}
		}
	}
	breach := func(w *story) command { return BreachDeadline{Deadline: w.s.Deadline.ID, By: robot, At: w.now()} }
	until := func(at time.Time, t testing.TB) *story {
		w := submitted(t)
		w.at = at
		return w
	}
	extend := func(by Actor, by2 time.Duration) func(w *story) command {
		return func(w *story) command {
			return ExtendDeadline{Deadline: "qualification-" + digits(len(w.events)-1), Due: when("2026-03-05T02:00:00Z").Add(by2), Why: "the registry is down", Rules: rules, By: by, At: w.now()}
		}
	}
	again := func(t testing.TB) *story {
		w := claimed(t)
		left := w.s.Deadline.Due
		w.raise(anna, unclearFront).accept(anna)
		w.at = left.Add(-time.Hour)
		return w.claim(bo).giveBack(bo).wait(10*day).upload(item.IDCardFront, "again").submit()
	}
	rulebook(t, map[string]rule{
		"warn at three quarters":            {given: func(t testing.TB) *story { return until(when("2026-03-04T06:00:00Z"), t) }, when: warn("warn"), then: "deadline-warned"},
		"do not warn before":                {given: func(t testing.TB) *story { return until(when("2026-03-03T06:00:00Z"), t) }, when: warn("warn"), then: ""},
		"are breached when they are due":    {given: func(t testing.TB) *story { return until(when("2026-03-05T03:00:00Z"), t) }, when: breach, then: "deadline-breached"},
		"are not breached before":           {given: func(t testing.TB) *story { return until(when("2026-03-05T02:00:00Z"), t) }, when: breach, then: ""},
		"are breached once":                 {given: func(t testing.TB) *story { w := until(when("2026-03-05T03:00:00Z"), t); return w.do(breach(w)) }, when: breach, then: ""},
		"that were met are not breached":    {given: func(t testing.TB) *story { return individual(t).returned().wait(5 * day) }, when: func(w *story) command { return BreachDeadline{Deadline: "qualification-8", By: robot, At: w.now()} }, then: ""},
		"remind the merchant a week before": {given: func(t testing.TB) *story { return individual(t).returned().wait(9 * day) }, when: warn("7d"), then: "deadline-warned"},
		"remind the merchant a day before":  {given: func(t testing.TB) *story { return individual(t).returned().wait(15 * day) }, when: warn("1d"), then: "deadline-warned"},
		"do not remind early":               {given: func(t testing.TB) *story { return individual(t).returned().wait(8*day + time.Hour) }, when: warn("3d"), then: ""},
		"are extended by a lead":            {given: submitted, when: extend(lena, 2*day), then: "deadline-extended"},
		"are not extended by a reviewer":    {given: submitted, when: extend(anna, 2*day), err: ErrLeadOnly},
		"are not shortened by a lead":       {given: submitted, when: extend(lena, -day), err: ErrDeadlineTime},
		"stop while the merchant has the ball, and the rest resumes, but at least a business day": {
			given: again, when: func(w *story) command { return AddNote{Note: "n", Text: "x", By: bo, At: w.now()} }, then: "note-added",
			also: func(t *testing.T, s State, _ Event) {
				is(t, s.Stage, Qualification)
				is(t, s.Paused, 59*time.Minute)
				left, err := rules.Calendar.Between(s.Deadline.Started, s.Deadline.Due)
				if err != nil {
					t.Fatal(err)
				}
				is(t, left.Time, 9*time.Hour)
			},
		},
	})
}

func digits(n int) string { return itoa(n) }

func TestPrivacy(t *testing.T) {
	restrict := func(by Actor) func(w *story) command {
		return func(w *story) command { return Restrict{Why: "erasure request", Rules: rules, By: by, At: w.now()} }
	}
	restricted := func(t testing.TB) *story { w := submitted(t); return w.do(restrict(merchant)(w)) }
	declining := func(t testing.TB) *story {
		w := claimed(t)
		return w.do(ProposeDecline{Note: "forbidden goods", By: anna, At: w.now()})
	}
	shred := func(w *story) command { return Shred{Why: "term over", By: robot, At: w.now()} }
	held := func(t testing.TB) *story {
		w := restricted(t)
		return w.do(PlaceHold{Why: "court", By: lena, At: w.now()})
	}
	rulebook(t, map[string]rule{
		"an erasure request restricts at once": {
			given: submitted, when: restrict(merchant), then: "restricted",
			also: func(t *testing.T, s State, e Event) { is(t, s.Retain, e.Head().At.AddDate(10, 0, 0)) },
		},
		"what was never submitted is kept while it can be taken back": {given: individual, when: restrict(merchant), then: "restricted", also: func(t *testing.T, s State, e Event) { is(t, s.Retain, e.Head().At.AddDate(0, 0, 14)) }},
		"nothing is destroyed before that": {given: func(t testing.TB) *story {
			w := individual(t)
			return w.do(restrict(merchant)(w)).wait(14*day - 2*time.Minute)
		}, when: shred, err: ErrRetention},
		"a lead alone restricts nothing":                       {given: submitted, when: restrict(lena), err: ErrNotYours},
		"an admin alone restricts nothing":                     {given: submitted, when: restrict(admin), err: ErrNotYours},
		"the platform restricts nothing":                       {given: submitted, when: restrict(robot), err: ErrNotYours},
		"an open account for payments needs the data":          {given: func(t testing.TB) *story { return individual(t).active() }, when: restrict(merchant), err: ErrRelationship},
		"nobody leaves while it is decided whether to decline": {given: declining, when: restrict(merchant), err: ErrDeclinePending},
		"who was declined may ask": {given: func(t testing.TB) *story {
			w := declining(t).claim(lena)
			return w.do(ConfirmDecline{Judged: w.s.Decline.Judged, By: lena, At: w.now()})
		}, when: restrict(merchant), then: "restricted"},
		"nobody asks for another merchant":         {given: submitted, when: restrict(stranger), err: ErrNotYours},
		"restricted data are not claimed":          {given: restricted, when: claiming(anna), err: ErrRestricted},
		"restricted data are not changed":          {given: restricted, when: fill(merchant, item.ContactName, "x"), err: ErrRestricted},
		"restricted data are not withdrawn":        {given: restricted, when: func(w *story) command { return Withdraw{By: merchant, At: w.now()} }, err: ErrRestricted},
		"restricted data get no deadline's notice": {given: func(t testing.TB) *story { return restricted(t).wait(30 * day) }, when: func(w *story) command { return BreachDeadline{Deadline: w.s.Deadline.ID, By: robot, At: w.now()} }, then: ""},
		"the law keeps the data ten years":         {given: restricted, when: shred, err: ErrRetention},
		"then they are destroyed":                  {given: func(t testing.TB) *story { return restricted(t).wait(3660 * day) }, when: shred, then: "shredded"},
		"a hold keeps them longer":                 {given: func(t testing.TB) *story { return held(t).wait(3660 * day) }, when: shred, err: ErrHold},
		"a lifted hold does not": {given: func(t testing.TB) *story {
			w := held(t)
			return w.do(LiftHold{Why: "over", By: admin, At: w.now()}).wait(3660 * day)
		}, when: shred, then: "shredded"},
		"what is not restricted is not destroyed": {given: func(t testing.TB) *story { return submitted(t).wait(3660 * day) }, when: shred, err: ErrNotRestricted},
		"a reviewer places no hold":               {given: submitted, when: func(w *story) command { return PlaceHold{Why: "x", By: anna, At: w.now()} }, err: ErrLeadOnly},
	})
}

func TestARestrictionCanBeTakenBackForFourteenDays(t *testing.T) {
	lift := func(by Actor) func(w *story) command {
		return func(w *story) command { return LiftRestriction{Rules: rules, By: by, At: w.now()} }
	}
	after := func(from func(testing.TB) *story, d time.Duration) func(testing.TB) *story {
		return func(t testing.TB) *story {
			w := from(t)
			return w.do(Restrict{Why: "erasure request", Rules: rules, By: merchant, At: w.now()}).wait(d)
		}
	}
	returned := func(t testing.TB) *story { return individual(t).returned() }
	offered := func(t testing.TB) *story { return individual(t).offered() }
	again := func(t *testing.T, s State, _ Event) {
		is(t, s.Restricted, false)
		is(t, s.Retain.IsZero(), true)
	}
	rulebook(t, map[string]rule{
		"at once": {given: after(submitted, 0), when: lift(merchant), then: "restriction-lifted", also: again},
		"on the last day, and the platform has the stage's whole term": {
			given: after(submitted, 14*day-2*time.Minute), when: lift(merchant), then: "restriction-lifted",
			also: func(t *testing.T, s State, e Event) {
				again(t, s, e)
				is(t, s.Stage, Qualification)
				is(t, s.Deadline.Started, e.Head().At)
				fresh, err := State{}.platform(rules, must(s.policy(rules, e.Head().At)), Qualification, e.Head().At, must(s.policy(rules, e.Head().At)).Terms.Qualification)
				if err != nil {
					t.Fatal(err)
				}
				is(t, s.Deadline.Due, fresh.Due)
			},
		},
		"not after fourteen days": {given: after(submitted, 14*day), when: lift(merchant), err: ErrBackOver},
		"not of what was shredded": {given: func(t testing.TB) *story {
			w := after(individual, 14*day)(t)
			return w.do(Shred{Why: "over", By: robot, At: w.now()})
		}, when: lift(merchant), err: ErrBackOver},
		"by nobody else":               {given: after(submitted, day), when: lift(stranger), err: ErrNotYours},
		"not by a lead":                {given: after(submitted, day), when: lift(lena), err: ErrNotYours},
		"what is not restricted stays": {given: submitted, when: lift(merchant), then: ""},
		"a draft goes on": {given: after(individual, 3*day), when: lift(merchant), then: "restriction-lifted", also: func(t *testing.T, s State, e Event) {
			is(t, s.Stage, Draft)
			is(t, s.Silent, e.Head().At)
		}},
		"the merchant's deadline moves by as long as it stood": {
			given: after(returned, 5*day), when: lift(merchant), then: "restriction-lifted",
			also: func(t *testing.T, s State, e Event) {
				is(t, s.Deadline.Holder, Merchant)
				is(t, s.Deadline.Due, returned(t).s.Deadline.Due.Add(5*day+time.Minute)) // an act takes a minute
			},
		},
		"one that was over before stays": {
			given: after(func(t testing.TB) *story { return returned(t).wait(40 * day) }, 5*day), when: lift(merchant), then: "restriction-lifted",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Deadline.Due, returned(t).s.Deadline.Due) },
		},
		"the offer of a contract stands as long as its deadline": {
			given: after(offered, 5*day), when: lift(merchant), then: "restriction-lifted",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Offer.Expires, s.Deadline.Due) },
		},
		"nobody holds it afterwards": {given: after(claimed, time.Minute), when: lift(merchant), then: "restriction-lifted", also: func(t *testing.T, s State, _ Event) { is(t, s.Claim.By.ID, "") }},
		"it is worked on again": {given: func(t testing.TB) *story {
			w := after(submitted, day)(t)
			return w.do(lift(merchant)(w))
		}, when: claiming(anna), then: "claimed"},
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestMovingToANewerPolicy(t *testing.T) {
	move := func(by Actor, to string) func(w *story) command {
		return func(w *story) command { return MovePolicy{To: to, Why: "asked", Rules: rules, By: by, At: w.now()} }
	}
	moved := func(t testing.TB) *story { w := submitted(t); return w.do(move(lena, "2026-07")(w)) }
	rulebook(t, map[string]rule{
		"is a lead's act":         {given: submitted, when: move(lena, "2026-07"), then: "policy-moved", also: func(t *testing.T, s State, _ Event) { is(t, s.Policy, "2026-07") }},
		"is not a reviewer's":     {given: submitted, when: move(anna, "2026-07"), err: ErrLeadOnly},
		"never goes back":         {given: moved, when: move(lena, "2026-01"), err: ErrPolicy},
		"goes to one that exists": {given: submitted, when: move(lena, "2099-01"), err: ErrPolicy},
		"twice is once":           {given: moved, when: move(lena, "2026-07"), then: ""},
	})
}

func TestAClockThatGoesBackDoesNotTurnBusinessTimeBack(t *testing.T) {
	w := submitted(t).wait(-24 * time.Hour).claim(anna)
	if got := w.events[len(w.events)-1].Head().At; got.Before(w.events[len(w.events)-2].Head().At) {
		t.Errorf("%s lies before the event that went ahead", got)
	}
}
