package application

import (
	"errors"
	"testing"
	"time"

	"alta/domain/item"
	"alta/domain/policy"
)

func submitted(t testing.TB) *story { return individual(t).submitted() }
func claimed(t testing.TB) *story   { return submitted(t).claim(anna) }
func accepted(t testing.TB) *story  { return claimed(t).accept(anna) }

// resubmitted is the second round: the front of the card is new.
func resubmitted(t testing.TB) *story {
	return individual(t).returned().upload(item.IDCardFront, "front again").submit()
}

func claiming(by Actor) func(w *story) command {
	return func(w *story) command { return Claim{Rules: rules, By: by, At: w.now()} }
}

func raising(by Actor, c RaiseReason) func(w *story) command {
	return func(w *story) command {
		c.Rules, c.By, c.At = rules, by, w.now()
		return c
	}
}

func accepting(by Actor, items ...item.Key) func(w *story) command {
	return func(w *story) command { return AcceptItems{Items: items, By: by, At: w.now()} }
}

func returning(by Actor) func(w *story) command {
	return func(w *story) command { return Return{Rules: rules, By: by, At: w.now()} }
}

func approving(by Actor) func(w *story) command {
	return func(w *story) command { return ApproveQualification{Rules: rules, By: by, At: w.now()} }
}

// overCounter is a merchant whom Anna registered.
func overCounter(t testing.TB) *story {
	w := newStory(t)
	w.do(Open{Merchant: merchant.ID, MerchantNumber: "M1", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Web, Rules: rules, By: anna, At: w.now()})
	return w.submitted()
}

func TestClaiming(t *testing.T) {
	byAnna := func(t testing.TB) *story { return claimed(t) }
	reassign := func(to Actor, by Actor) func(w *story) command {
		return func(w *story) command { return Reassign{To: to, Rules: rules, By: by, At: w.now()} }
	}
	rulebook(t, map[string]rule{
		"a reviewer takes it for the length of a lease": {
			given: submitted, when: claiming(anna), then: "claimed",
			also: func(t *testing.T, s State, e Event) { is(t, s.Claim.Until, e.Head().At.Add(30*time.Minute)) },
		},
		"an act of the holder renews the lease": {
			given: func(t testing.TB) *story { return claimed(t).wait(20 * time.Minute) }, when: accepting(anna, item.IDCardFront), then: "items-accepted",
			also: func(t *testing.T, s State, e Event) { is(t, s.Claim.Until, e.Head().At.Add(30*time.Minute)) },
		},
		"claiming twice is claiming once":              {given: byAnna, when: claiming(anna), then: ""},
		"nobody takes what another one holds":          {given: byAnna, when: claiming(bo), err: ErrClaimedByOther},
		"a lease that ran out is anybody's":            {given: func(t testing.TB) *story { return claimed(t).wait(time.Hour) }, when: claiming(bo), then: "claimed"},
		"a draft is not taken":                         {given: individual, when: claiming(anna), err: ErrStage},
		"a merchant judges nothing":                    {given: submitted, when: claiming(merchant), err: ErrStaffOnly},
		"an agent judges nothing":                      {given: submitted, when: claiming(agent), err: ErrStaffOnly},
		"an auditor judges nothing":                    {given: submitted, when: claiming(auditor), err: ErrStaffOnly},
		"an admin judges nothing":                      {given: submitted, when: claiming(admin), err: ErrStaffOnly},
		"nobody judges whom they registered":           {given: overCounter, when: claiming(anna), err: ErrMaker},
		"a colleague judges whom she registered":       {given: overCounter, when: claiming(bo), then: "claimed"},
		"what is given back is free":                   {given: byAnna, when: func(w *story) command { return Release{By: anna, At: w.now()} }, then: "released"},
		"giving back what nobody holds is nothing":     {given: submitted, when: func(w *story) command { return Release{By: anna, At: w.now()} }, then: ""},
		"nobody gives back what another one holds":     {given: byAnna, when: func(w *story) command { return Release{By: bo, At: w.now()} }, err: ErrNotClaimed},
		"skipping says why":                            {given: byAnna, when: func(w *story) command { return Release{Why: "I know the owner", By: anna, At: w.now()} }, then: "released", also: func(t *testing.T, _ State, e Event) { is(t, e.(Released).Cause, Skipped) }},
		"a lease that ran out is released":             {given: func(t testing.TB) *story { return claimed(t).wait(time.Hour) }, when: func(w *story) command { return ReleaseExpired{By: robot, At: w.now()} }, then: "released"},
		"a lease that runs is not":                     {given: byAnna, when: func(w *story) command { return ReleaseExpired{By: robot, At: w.now()} }, then: ""},
		"a lead gives it to somebody else":             {given: byAnna, when: reassign(bo, lena), then: "reassigned", also: func(t *testing.T, s State, _ Event) { is(t, s.Claim.By, bo) }},
		"a lead takes it over":                         {given: byAnna, when: reassign(lena, lena), then: "reassigned"},
		"a reviewer gives it to nobody":                {given: byAnna, when: reassign(bo, anna), err: ErrLeadOnly},
		"it is not given to whom the merchant belongs": {given: overCounter, when: reassign(anna, lena), err: ErrAssignee},
		"it is not given to an agent":                  {given: byAnna, when: reassign(agent, lena), err: ErrAssignee},
		"a lead moves it up":                           {given: submitted, when: func(w *story) command { return Prioritise{Priority: 5, By: lena, At: w.now()} }, then: "prioritised"},
		"a reviewer does not":                          {given: submitted, when: func(w *story) command { return Prioritise{Priority: 5, By: anna, At: w.now()} }, err: ErrLeadOnly},
		"the other stages need a claim of their own": {
			given: func(t testing.TB) *story { return individual(t).qualified() },
			when:  func(w *story) command { return VerifyICP{Rules: rules, By: anna, At: w.now()} }, err: ErrNotClaimed,
		},
	})
}

func TestJudgingItems(t *testing.T) {
	raised := func(t testing.TB) *story { return claimed(t).raise(anna, unclearFront) }
	rulebook(t, map[string]rule{
		"a reviewer accepts items":                    {given: claimed, when: accepting(anna, item.IDCardFront, item.IdentityName), then: "items-accepted"},
		"accepting twice is accepting once":           {given: accepted, when: accepting(anna, item.IDCardFront), then: ""},
		"nobody judges what they do not hold":         {given: submitted, when: accepting(anna, item.IDCardFront), err: ErrNotClaimed},
		"nobody judges what another one holds":        {given: claimed, when: accepting(bo, item.IDCardFront), err: ErrNotClaimed},
		"nobody judges after the lease":               {given: func(t testing.TB) *story { return claimed(t).wait(time.Hour) }, when: accepting(anna, item.IDCardFront), err: ErrClaimExpired},
		"nothing is not accepted":                     {given: claimed, when: accepting(anna, item.AuthorisationContact), err: ErrNothingThere},
		"an item with an open reason is not accepted": {given: raised, when: accepting(anna, item.IDCardFront), err: ErrHasReason},
		"an unknown item is not accepted":             {given: claimed, when: accepting(anna, "x.y"), err: ErrUnknownItem},
		"a reason is raised":                          {given: claimed, when: raising(anna, unclearFront), then: "reason-raised"},
		"a reason twice is one reason":                {given: raised, when: raising(anna, unclearFront), then: ""},
		"another reason needs another identity":       {given: raised, when: raising(anna, RaiseReason{Reason: "reason-front", Code: "R03", Sub: "forged", Target: item.IDCardFront}), err: ErrReasonID},
		"a reason that does not exist":                {given: claimed, when: raising(anna, RaiseReason{Reason: "r", Code: "R99", Sub: "x", Target: item.IDCardFront}), err: ErrReasonUnknown},
		"a reason on the wrong item":                  {given: claimed, when: raising(anna, RaiseReason{Reason: "r", Code: "R03", Sub: "unclear", Target: item.ContactName}), err: ErrReasonTarget},
		"a reason on the other kind's item":           {given: claimed, when: raising(anna, RaiseReason{Reason: "r", Code: "R03", Sub: "unclear", Target: item.BusinessLicence}), err: ErrItemKind},
		"a reason on an accepted item takes the acceptance back": {
			given: accepted, when: raising(anna, unclearFront), then: "reason-raised",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Item(item.IDCardFront).Accepted, 0) },
		},
		"a reason is withdrawn":              {given: raised, when: func(w *story) command { return WithdrawReason{Reason: "reason-front", By: anna, At: w.now()} }, then: "reason-withdrawn"},
		"a reason that is not there":         {given: claimed, when: func(w *story) command { return WithdrawReason{Reason: "x", By: anna, At: w.now()} }, err: ErrReasonGone},
		"a note needs no claim":              {given: submitted, when: func(w *story) command { return AddNote{Note: "n", Text: "called", By: bo, At: w.now()} }, then: "note-added"},
		"a merchant leaves no internal note": {given: submitted, when: func(w *story) command { return AddNote{Note: "n", Text: "x", By: merchant, At: w.now()} }, err: ErrStaffOnly},
		"a covered image is not accepted": {
			given: func(t testing.TB) *story {
				w := claimed(t)
				return w.do(RedactDocument{Slot: item.BankBack, Former: "file-bank_card.back", Document: file("covered"), Why: "the security code shows", By: anna, At: w.now()})
			},
			when: accepting(anna, item.BankBack), err: ErrRedacted,
		},
		"only the image that was looked at is covered": {
			given: claimed,
			when: func(w *story) command {
				return RedactDocument{Slot: item.BankBack, Former: "file-other", Document: file("covered"), Why: "x", By: anna, At: w.now()}
			},
			err: ErrDocumentGone,
		},
	})
}

func TestReturningAndApproving(t *testing.T) {
	halfRead := func(t testing.TB) *story { return claimed(t).raise(anna, unclearFront) }
	ready := func(t testing.TB) *story { return halfRead(t).accept(anna) }
	rulebook(t, map[string]rule{
		"all reasons go to the merchant together": {
			given: func(t testing.TB) *story {
				return halfRead(t).raise(anna, RaiseReason{Reason: "second", Code: "R05", Sub: "mobile", Target: item.ContactMobile}).accept(anna)
			},
			when: returning(anna), then: "returned",
			also: func(t *testing.T, s State, e Event) {
				is(t, len(e.(Returned).Reasons), 2)
				is(t, s.Stage, Correction)
				is(t, s.Claim.By.ID, "")
				is(t, s.Deadline.Holder, Merchant)
				is(t, len(s.Deadline.Reminds), 3)
			},
		},
		"returning twice is returning once":              {given: func(t testing.TB) *story { return individual(t).returned() }, when: returning(anna), then: ""},
		"without a reason nothing is returned":           {given: accepted, when: returning(anna), err: ErrNoOpenReasons},
		"everything is read before anything is returned": {given: halfRead, when: returning(anna), err: ErrChecklist},
		"an approval":                           {given: accepted, when: approving(anna), then: "qualification-approved"},
		"nobody approves with an open reason":   {given: ready, when: approving(anna), err: ErrOpenReasons},
		"nobody approves what is not read":      {given: claimed, when: approving(anna), err: ErrChecklist},
		"nobody approves what they do not hold": {given: func(t testing.TB) *story { w := accepted(t); return w.do(Release{By: anna, At: w.now()}) }, when: approving(anna), err: ErrNotClaimed},
		"a merchant does not approve itself":    {given: accepted, when: approving(merchant), err: ErrStaffOnly},
		"a withdrawn reason leaves the item to be read": {given: func(t testing.TB) *story {
			w := ready(t)
			return w.do(WithdrawReason{Reason: "reason-front", By: anna, At: w.now()})
		}, when: approving(anna), err: ErrChecklist},
	})
}

func TestCorrecting(t *testing.T) {
	correct := func(by Actor, k item.Key, v string) func(w *story) command {
		return func(w *story) command { return Correct{Item: k, Value: &v, By: by, At: w.now()} }
	}
	say := func(k item.Key, what string) func(w *story) command {
		return func(w *story) command { return Correct{Item: k, Statement: what, By: merchant, At: w.now()} }
	}
	submit := func(w *story) command { return Submit{Rules: rules, By: merchant, At: w.now()} }
	returned := func(t testing.TB) *story { return individual(t).returned() }
	account := func(t testing.TB) *story {
		return claimed(t).raise(anna, RaiseReason{Code: "R07", Sub: "mismatch", Target: item.BankNumber}).accept(anna).giveBack(anna)
	}
	rulebook(t, map[string]rule{
		"the target of a reason is unlocked": {given: returned, when: put(merchant, item.IDCardFront, "front again"), then: "document-uploaded"},
		"its dependents are unlocked":        {given: returned, when: correct(merchant, item.IdentityNumber, "830000199201300022"), then: "item-corrected"},
		"everything else is locked":          {given: returned, when: correct(merchant, item.ContactMobile, "13900139000"), err: ErrItemLocked},
		"an accepted document is locked":     {given: returned, when: put(merchant, item.BankFront, "another"), err: ErrItemLocked},
		"the form as a whole is locked":      {given: returned, when: fill(merchant, item.ContactMobile, "13900139000"), err: ErrItemLocked},
		"another merchant corrects nothing":  {given: returned, when: correct(stranger, item.IdentityNumber, "830000199201300022"), err: ErrNotYours},
		"a statement is an answer": {given: func(t testing.TB) *story {
			w := returned(t)
			return w.do(say(item.IDCardFront, "this is the best I have")(w))
		}, when: submit, then: "resubmitted"},
		"a reason without an answer is not handed in": {given: returned, when: submit, err: ErrUnaddressed},
		"the same file again is no answer": {given: func(t testing.TB) *story {
			w := returned(t)
			d := file("id_card.front")
			d.ID = "file-new"
			return w.do(UploadDocument{Slot: item.IDCardFront, Document: d, By: merchant, At: w.now()})
		}, when: submit, err: ErrUnaddressed},
		"a reason taken back needs no answer": {given: func(t testing.TB) *story {
			w := returned(t).claim(anna)
			return w.do(WithdrawReason{Reason: "reason-front", By: anna, At: w.now()})
		}, when: submit, then: "resubmitted"},
		"a correction must be right": {given: func(t testing.TB) *story {
			w := returned(t).upload(item.IDCardFront, "again")
			return w.do(correct(merchant, item.IdentityNumber, "110105194912310021")(w))
		}, when: submit, err: ErrIncomplete},
		"the next round begins": {
			given: func(t testing.TB) *story { return returned(t).upload(item.IDCardFront, "again") }, when: submit, then: "resubmitted",
			also: func(t *testing.T, s State, e Event) {
				is(t, s.Round, 2)
				is(t, len(e.(Resubmitted).Changed), 1)
				is(t, s.Item(item.IDCardFront).Accepted, 0)
				is(t, s.Item(item.IDCardBack).Accepted, 1)
			},
		},
		"a changed item is read again before the approval": {given: func(t testing.TB) *story { return resubmitted(t).claim(anna) }, when: approving(anna), err: ErrChecklist},
		"an image covered meanwhile is asked for again": {
			given: func(t testing.TB) *story { return showed(t).upload(item.IDCardFront, "again") },
			when:  put(merchant, item.BankBack, "the code is under my thumb"), then: "document-uploaded",
		},
		"without it nothing is handed in": {given: func(t testing.TB) *story { return showed(t).upload(item.IDCardFront, "again") }, when: submit, err: ErrIncomplete},
		"a copy of a locked file is not handed in": {
			given: func(t testing.TB) *story { return returned(t).upload(item.IDCardFront, "bank_card.back") }, when: submit, err: ErrIncomplete,
		},
		"what ran out meanwhile and is locked does not stand in the merchant's way": {
			given: func(t testing.TB) *story { return ranOut(t).upload(item.BankFront, "again") }, when: submit, then: "resubmitted",
		},
		"it is read again": {given: func(t testing.TB) *story { return reread(t) }, when: approving(anna), err: ErrChecklist},
		"whoever accepts it all the same overrides the machine, which takes a second person": {
			given: func(t testing.TB) *story { return reread(t).accept(anna) }, when: approving(anna), then: "qualification-proposed",
		},
		"accepting the answer settles the reason": {
			given: func(t testing.TB) *story { return resubmitted(t).claim(anna) }, when: accepting(anna, item.IDCardFront), then: "items-accepted",
			also: func(t *testing.T, s State, _ Event) { r, _ := s.Reason("reason-front"); is(t, r.Status, StatusSettled) },
		},
		"a changed settlement account takes a second person": {
			given: func(t testing.TB) *story {
				w := account(t)
				return w.do(correct(merchant, item.BankNumber, "6217000010001234567")(w)).submit().claim(anna).accept(anna)
			},
			when: approving(anna), then: "qualification-proposed",
		},
	})
}

// showed is a correction during which a reviewer saw a security code.
func showed(t testing.TB) *story {
	w := individual(t).returned().claim(anna)
	return w.do(RedactDocument{Slot: item.BankBack, Former: "file-bank_card.back", Document: file("covered"), Why: "the security code shows", By: anna, At: w.now()})
}

// ranOut is a correction of a bank card during which the identity card ran out.
func ranOut(t testing.TB) *story {
	w := individual(t).filled()
	w.do(fill(merchant, item.IdentityValidTo, "2026-03-10")(w)).submit().claim(anna)
	return w.raise(anna, RaiseReason{Code: "R03", Sub: "unclear", Target: item.BankFront}).accept(anna).giveBack(anna).wait(10 * day)
}

// reread is the round after it, once the machine has looked.
func reread(t testing.TB) *story {
	w := ranOut(t).upload(item.BankFront, "again").submit()
	findings, err := Precheck(w.s, rules, w.now())
	if err != nil {
		t.Fatal(err)
	}
	return w.do(RecordPrecheck{Round: 2, Findings: findings, By: robot, At: w.now()}).claim(anna).accept(anna, item.IdentityValidTo)
}

func TestNewReasonsInALaterRound(t *testing.T) {
	again := func(t testing.TB) *story { return resubmitted(t).claim(anna) }
	mobile := RaiseReason{Reason: "late", Code: "R05", Sub: "mobile", Target: item.ContactMobile}
	allowed := func(t testing.TB) *story {
		w := again(t)
		return w.do(AllowLateReason{Target: item.ContactMobile, Why: "the number was handed to somebody else", By: lena, At: w.now()})
	}
	rulebook(t, map[string]rule{
		"on an untouched item takes a lead's consent": {given: again, when: raising(anna, mobile), err: ErrLateReason},
		"with that consent it can be raised":          {given: allowed, when: raising(anna, mobile), then: "reason-raised"},
		"on a changed item it can be raised":          {given: again, when: raising(anna, RaiseReason{Reason: "r2", Code: "R03", Sub: "unclear", Target: item.IDCardFront}), then: "reason-raised"},
		"a reviewer does not consent": {given: again, when: func(w *story) command {
			return AllowLateReason{Target: item.ContactMobile, Why: "x", By: anna, At: w.now()}
		}, err: ErrLeadOnly},
		"consent says why":         {given: again, when: func(w *story) command { return AllowLateReason{Target: item.ContactMobile, By: lena, At: w.now()} }, err: ErrRequired},
		"a lead raises it herself": {given: func(t testing.TB) *story { return resubmitted(t).claim(lena) }, when: raising(lena, mobile), then: "reason-raised"},
		"at a later stage, what the qualification judged is late as well": {
			given: func(t testing.TB) *story { return resubmitted(t).claim(anna).accept(anna).approve(anna).claim(anna) },
			when:  raising(anna, mobile), err: ErrLateReason,
		},
		"a covered image is asked for again at any time": {
			given: func(t testing.TB) *story {
				w := again(t)
				return w.do(RedactDocument{Slot: item.BankBack, Former: "file-bank_card.back", Document: file("covered"), Why: "the security code shows", By: anna, At: w.now()})
			},
			when: raising(anna, RaiseReason{Reason: "cvn", Code: "R03", Sub: "cvn-visible", Target: item.BankBack}), then: "reason-raised",
		},
		"what a second person refused is late as before": {
			given: func(t testing.TB) *story {
				w := enterprise(t).submitted().claim(anna).raise(anna, unclearLicence).accept(anna).giveBack(anna)
				w.upload(item.BusinessLicence, "licence again").submit().claim(anna).accept(anna).approve(anna).claim(lena)
				return w.do(RefuseQualification{Why: "another company's licence", Rules: rules, By: lena, At: w.now()}).claim(anna)
			},
			when: raising(anna, mobile), err: ErrLateReason,
		},
		"the filing is first looked at in its own stage, so its reasons are not late": {
			given: func(t testing.TB) *story { return resubmitted(t).claim(anna).accept(anna).approve(anna).claim(anna) },
			when:  raising(anna, RaiseReason{Reason: "icp", Code: "R09", Sub: "no-filing", Target: item.SiteDomain}), then: "reason-raised",
		},
	})
}

func TestTheDifferenceSinceTheLastDecision(t *testing.T) {
	w := individual(t).submitted().claim(anna).raise(anna, unclearFront).
		raise(anna, RaiseReason{Reason: "mobile", Code: "R05", Sub: "mobile", Target: item.ContactMobile}).accept(anna).giveBack(anna)
	w.upload(item.IDCardFront, "front again")
	d := w.s.RoundDiff()
	is(t, d.Round, 2)
	is(t, len(d.Items), 1)
	is(t, d.Items[0].Was.Document.ID, "file-id_card.front")
	is(t, d.Items[0].Is.Document.ID, "file-front again")
	is(t, len(d.Reasons), 2)
	is(t, d.Reasons[0].Addressed, true)
	is(t, d.Reasons[1].Addressed, false)
	v := "13900139000"
	w.do(Correct{Item: item.ContactMobile, Value: &v, By: merchant, At: w.now()}).submit()
	d = w.s.RoundDiff()
	is(t, d.Round, 2)
	is(t, len(d.Items), 2)
	is(t, d.Reasons[1].Addressed, true)
}

// A lock says whether the item was accepted, has no reason, or is under review.
func TestEveryLockSaysWhy(t *testing.T) {
	why := func(s State, k item.Key) string {
		r := (*Refusal)(nil)
		if !errors.As(s.Locked(k), &r) {
			return ""
		}
		for _, p := range r.Params {
			if p.Name == "why" {
				return p.Value
			}
		}
		return "nothing"
	}
	returned := individual(t).returned().s
	is(t, why(returned, item.BankFront), "accepted")
	is(t, why(returned, item.ContactPhone), "no_reason")
	is(t, why(returned, item.IDCardFront), "")
	is(t, why(accepted(t).s, item.BankFront), "under_review")
	is(t, why(submitted(t).s, item.BankFront), "under_review")
	is(t, why(individual(t).s, item.BankFront), "")
}

func TestALockSaysWhy(t *testing.T) {
	w := individual(t).returned()
	err := w.s.Locked(item.BankFront)
	r := (*Refusal)(nil)
	if !errors.As(err, &r) || r.Item != item.BankFront {
		t.Fatalf("got %v", err)
	}
	said := map[string]string{}
	for _, p := range r.Params {
		said[p.Name] = p.Value
	}
	is(t, said["why"], "accepted")
	is(t, said["round"], "1")
}
