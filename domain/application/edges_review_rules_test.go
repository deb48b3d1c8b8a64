package application

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/domain/reason"
)

// after is a story to which something more happened, whatever a decision would
// have said: a log may hold it, and the next decision has to see it.
func after(from func(testing.TB) *story, more func(w *story) Event) func(testing.TB) *story {
	return func(t testing.TB) *story {
		w := from(t)
		return w.happened(more(w))
	}
}

// next does one more thing in a story.
func then(from func(testing.TB) *story, more func(w *story) command) func(testing.TB) *story {
	return func(t testing.TB) *story {
		w := from(t)
		return w.do(more(w))
	}
}

func finding(severity string) func(*story) command {
	return func(w *story) command {
		return RecordPrecheck{Round: w.s.Round, Findings: []Finding{{Code: "x", Item: item.BankNumber, Severity: severity}}, By: robot, At: w.now()}
	}
}

func proposing(by Actor) func(*story) command {
	return func(w *story) command { return ProposeDecline{Note: "forbidden goods", By: by, At: w.now()} }
}

func activating(by Actor) func(*story) command {
	return func(w *story) command { return Activate{Rules: rules, By: by, At: w.now()} }
}

func countersigning(by Actor) func(*story) command {
	return func(w *story) command { return CountersignContract{Rules: rules, By: by, At: w.now()} }
}

// The edges of judging.
func TestTheEdgesOfJudging(t *testing.T) {
	awaitingSite := func(t testing.TB) *story { w := individual(t).filed(); return w.do(w.site("secret")).claim(anna) }
	allowing := func(k item.Key) func(*story) command {
		return func(w *story) command {
			return AllowLateReason{Target: k, Why: "it came to light", By: lena, At: w.now()}
		}
	}
	second := func(t testing.TB) *story { return resubmitted(t).claim(anna) }
	letter := RaiseReason{Reason: "letter", Code: "R04", Sub: "mismatch", Target: item.ContactName}
	withdrawing := func(id string) func(*story) command {
		return func(w *story) command { return WithdrawReason{Reason: id, Why: "a mistake", By: anna, At: w.now()} }
	}
	covering := func(slot item.Key, former string) func(*story) command {
		return func(w *story) command {
			return RedactDocument{Slot: slot, Former: former, Document: file("covered"), Why: "a code is seen", By: anna, At: w.now()}
		}
	}
	recording := func(round int, findings ...Finding) func(*story) command {
		return func(w *story) command {
			return RecordPrecheck{Round: round, Findings: findings, By: robot, At: w.now()}
		}
	}
	hint := Finding{Code: "x", Item: item.BankNumber, Severity: "hint"}
	rulebook(t, map[string]rule{
		"accepting nothing is no acceptance":                  {given: claimed, when: accepting(anna), err: ErrRequired},
		"an item named twice is accepted once":                {given: claimed, when: accepting(anna, item.IDCardFront, item.IDCardFront), then: "items-accepted", also: func(t *testing.T, _ State, e Event) { is(t, len(e.(ItemsAccepted).Items), 1) }},
		"an individual's company name is not accepted":        {given: claimed, when: accepting(anna, item.CompanyName), err: ErrItemKind},
		"a page of the site is accepted as it is looked at":   {given: awaitingSite, when: accepting(anna, item.SiteContent), then: "items-accepted"},
		"the answer to one reason is none to another":         {given: second, when: accepting(anna, item.AuthorisationContact), err: ErrNothingThere},
		"an empty item can be the right answer to its reason": {given: answeredByNothing, when: accepting(anna, item.ContactPhone), then: "items-accepted"},
		"a reason taken back has no answer to accept":         {given: then(answeredByNothing, withdrawing("phone")), when: accepting(anna, item.ContactPhone), err: ErrNothingThere},
		"a late reason is allowed on an item that exists":     {given: second, when: allowing("contact.fax"), err: ErrUnknownItem},
		"allowing twice is allowing once":                     {given: then(second, allowing(item.ContactMobile)), when: allowing(item.ContactMobile), then: ""},
		"it is allowed for that item":                         {given: then(second, allowing(item.ContactEmail)), when: raising(anna, RaiseReason{Reason: "late", Code: "R05", Sub: "mobile", Target: item.ContactMobile}), err: ErrLateReason},
		"who registered the merchant allows nothing":          {given: func(t testing.TB) *story { return counterBy(lena)(t) }, when: allowing(item.ContactMobile), err: ErrMaker},
		"a reason on the other name asks for the letter":      {given: claimed, when: raising(anna, letter), then: "reason-raised"},
		"a reason needs an identity":                          {given: claimed, when: raising(anna, RaiseReason{Code: "R03", Sub: "unclear", Target: item.IDCardFront}), err: ErrRequired},
		"nothing is wrong with a site that nobody asks for": {given: func(t testing.TB) *story {
			w := individual(t).filled()
			w.do(w.site("secret")).do(ChooseProducts{Products: []policy.Product{policy.WeChat}, Site: policy.Offline, Rules: rules, By: merchant, At: w.now()})
			return w.submit().claim(anna)
		}, when: raising(anna, RaiseReason{Reason: "r", Code: "R11", Sub: "unreachable", Target: item.SiteURL}), err: ErrReasonTarget},
		"but with a domain that was given all the same": {given: func(t testing.TB) *story {
			w := individual(t).filled()
			w.do(ChooseProducts{Products: []policy.Product{policy.WeChat}, Site: policy.Offline, Rules: rules, By: merchant, At: w.now()})
			return w.submit().claim(anna)
		}, when: raising(anna, RaiseReason{Reason: "r", Code: "R09", Sub: "no-filing", Target: item.SiteDomain}), then: "reason-raised"},
		"not with one that was not": {given: func(t testing.TB) *story {
			w := individual(t).filled()
			w.do(ChooseProducts{Products: []policy.Product{policy.WeChat}, Site: policy.Offline, Rules: rules, By: merchant, At: w.now()})
			return w.do(fill(merchant, item.SiteDomain, "")(w)).submit().claim(anna)
		}, when: raising(anna, RaiseReason{Reason: "r", Code: "R09", Sub: "no-filing", Target: item.SiteDomain}), err: ErrReasonTarget},
		"its note is no book":                                   {given: claimed, when: raising(anna, RaiseReason{Reason: "r", Code: "R03", Sub: "unclear", Target: item.IDCardFront, Note: strings.Repeat("x", maxText+1)}), err: ErrTooLong},
		"nor is what stays in the house":                        {given: claimed, when: raising(anna, RaiseReason{Reason: "r", Code: "R03", Sub: "unclear", Target: item.IDCardFront, Internal: strings.Repeat("x", maxText+1)}), err: ErrTooLong},
		"the same identity for another item is refused":         {given: func(t testing.TB) *story { return claimed(t).raise(anna, unclearFront) }, when: raising(anna, RaiseReason{Reason: "reason-front", Code: "R03", Sub: "unclear", Target: item.IDCardBack}), err: ErrReasonID},
		"a reason is taken back once":                           {given: then(func(t testing.TB) *story { return claimed(t).raise(anna, unclearFront) }, withdrawing("reason-front")), when: withdrawing("reason-front"), then: ""},
		"a settled reason is not taken back":                    {given: func(t testing.TB) *story { return second(t).accept(anna) }, when: withdrawing("reason-front"), err: ErrReasonGone},
		"a note has an identity":                                {given: submitted, when: func(w *story) command { return AddNote{Text: "called", By: bo, At: w.now()} }, err: ErrRequired},
		"a note says something":                                 {given: submitted, when: func(w *story) command { return AddNote{Note: "n", Text: " ", By: bo, At: w.now()} }, err: ErrRequired},
		"a note is left once":                                   {given: then(submitted, func(w *story) command { return AddNote{Note: "n", Text: "called", By: bo, At: w.now()} }), when: func(w *story) command { return AddNote{Note: "n", Text: "called again", By: bo, At: w.now()} }, then: ""},
		"no empty slot is covered":                              {given: claimed, when: covering(item.AuthorisationContact, ""), err: ErrDocumentGone},
		"covering twice is covering once":                       {given: then(claimed, covering(item.BankBack, "file-bank_card.back")), when: covering(item.BankBack, "file-bank_card.back"), then: ""},
		"nothing is covered in a draft":                         {given: individualFilled, when: covering(item.BankBack, "file-bank_card.back"), err: ErrStage},
		"a field has nothing to cover":                          {given: claimed, when: covering(item.ContactName, "x"), err: ErrUnknownItem},
		"an image covered during a correction is unlocked once": {given: func(t testing.TB) *story { return individual(t).returned().claim(anna) }, when: covering(item.IDCardFront, "file-id_card.front"), then: "document-redacted", also: func(t *testing.T, s State, _ Event) { is(t, count(s.Unlocked, item.IDCardFront), 1) }},
		"a covered image under review stays locked":             {given: claimed, when: covering(item.BankBack, "file-bank_card.back"), then: "document-redacted", also: func(t *testing.T, s State, _ Event) { is(t, len(s.Unlocked), 0) }},
		"a machine finds nothing before there is something":     {given: nobody, when: recording(0, hint), err: ErrNotOpened},
		"it notes a round without findings": {given: submitted, when: recording(1), then: "precheck-found", also: func(t *testing.T, s State, e Event) {
			is(t, e.(PrecheckFound).Findings != nil, true)
			is(t, s.Checked, 1)
		}},
		"twice is once":                                 {given: then(submitted, recording(1)), when: recording(1), then: ""},
		"the same findings twice are once":              {given: then(submitted, recording(1, hint)), when: recording(1, hint), then: ""},
		"other findings are others":                     {given: then(submitted, recording(1, hint)), when: recording(1), then: "precheck-found"},
		"a round that is over has no findings any more": {given: second, when: recording(1, hint), then: ""},
		"nor has one that has not begun":                {given: submitted, when: recording(2, hint), then: ""},
		"nor the time in which the merchant corrects":   {given: func(t testing.TB) *story { return individual(t).returned() }, when: recording(1, hint), then: ""},
		"nor a draft that was taken up again": {given: func(t testing.TB) *story {
			w := submitted(t)
			return w.do(Withdraw{By: merchant, At: w.now()}).do(Reopen{By: merchant, At: w.now()})
		}, when: recording(1, hint), then: ""},
		"nor what has ended":                              {given: func(t testing.TB) *story { return individual(t).active() }, when: recording(1, hint), then: ""},
		"a finding that blocks takes the acceptance back": {given: accepted, when: finding("block"), then: "precheck-found", also: func(t *testing.T, s State, _ Event) { is(t, s.Item(item.BankNumber).Accepted, 0) }},
		"a warning does not":                              {given: accepted, when: finding("warn"), then: "precheck-found", also: func(t *testing.T, s State, _ Event) { is(t, s.Item(item.BankNumber).Accepted, 1) }},
		"nor one that blocks after the qualification":     {given: func(t testing.TB) *story { return individual(t).qualified() }, when: finding("block"), then: "precheck-found", also: func(t *testing.T, s State, _ Event) { is(t, s.Item(item.BankNumber).Accepted, 1) }},
		"while the second person looks it does":           {given: proposed, when: finding("block"), then: "precheck-found", also: func(t *testing.T, s State, _ Event) { is(t, s.Item(item.BankNumber).Accepted, 0) }},
		"a finding about nothing that exists takes nothing": {given: accepted, when: recording(1, Finding{Code: "consent-missing", Item: "consent.privacy", Severity: "block"}), then: "precheck-found", also: func(t *testing.T, s State, _ Event) {
			is(t, s.Item("consent.privacy").Version, 0)
			is(t, known("consent.privacy"), false)
		}},
		"an approval of evidence that changed just before it": {given: func(t testing.TB) *story { return enterpriseFound(t).approve(anna).claim(lena) }, when: confirming(lena), then: "qualification-confirmed"},
		"a decline of evidence that changed just before it": {given: func(t testing.TB) *story {
			return then(claimed, finding("hint"))(t).do(proposing(anna)(then(claimed, finding("hint"))(t))).claim(lena)
		}, when: func(w *story) command { return ConfirmDecline{Judged: w.s.Decline.Judged, By: lena, At: w.now()} }, then: "decline-confirmed"},
		"while a decline is proposed nobody confirms the qualification": {given: func(t testing.TB) *story {
			w := proposed(t).claim(lena)
			return w.do(proposing(lena)(w)).claim(liu)
		}, when: confirming(liu), err: ErrDeclinePending},
		"a decline says why": {given: claimed, when: func(w *story) command { return ProposeDecline{By: anna, At: w.now()} }, err: ErrRequired},
		"what stays in the house is no book": {given: claimed, when: func(w *story) command {
			return ProposeDecline{Note: "x", Internal: strings.Repeat("x", maxText+1), By: anna, At: w.now()}
		}, err: ErrTooLong},
		"another proposal is not taken for the same": {given: then(claimed, proposing(anna)), when: proposing(bo), err: ErrDeclinePending},
		"disagreeing says why":                       {given: func(t testing.TB) *story { return then(claimed, proposing(anna))(t).claim(lena) }, when: func(w *story) command { return RefuseDecline{By: lena, At: w.now()} }, err: ErrRequired},
		"refusing the qualification says why":        {given: func(t testing.TB) *story { return proposed(t).claim(lena) }, when: func(w *story) command { return RefuseQualification{Rules: rules, By: lena, At: w.now()} }, err: ErrRequired},
		"a refused qualification is judged in its own time": {given: func(t testing.TB) *story { return proposed(t).claim(lena) }, when: func(w *story) command { return RefuseQualification{Why: "no", Rules: rules, By: lena, At: w.now()} }, then: "qualification-refused", also: func(t *testing.T, s State, e Event) {
			is(t, s.Deadline.Stage, Qualification)
			is(t, s.Deadline.Started, e.Head().At)
		}},
	})
}

func count[T comparable](all []T, one T) (n int) {
	for _, v := range all {
		if v == one {
			n++
		}
	}
	return n
}

// counterBy is a merchant whom that person registered.
func counterBy(by Actor) func(testing.TB) *story {
	return func(t testing.TB) *story {
		w := newStory(t)
		w.do(opening(by, nil)(w))
		return w.submitted()
	}
}

// enterpriseFound has everything accepted, and then a machine's hint.
func enterpriseFound(t testing.TB) *story {
	return then(func(t testing.TB) *story { return enterprise(t).submitted().claim(anna).accept(anna) }, finding("hint"))(t)
}

// answeredByNothing is the second round of a reason on the service phone, which the
// merchant answered by taking the number out.
func answeredByNothing(t testing.TB) *story {
	w := individual(t).filled()
	w.do(fill(merchant, item.ContactPhone, "400-800-1234")(w)).submit().claim(anna)
	w.raise(anna, RaiseReason{Reason: "phone", Code: "R05", Sub: "phone", Target: item.ContactPhone}).accept(anna).giveBack(anna)
	return w.do(correcting(item.ContactPhone, "")(w)).submit().claim(anna)
}

// The edges of holding an application and handing it on.
func TestTheEdgesOfHolding(t *testing.T) {
	giving := func(to Actor) func(*story) command {
		return func(w *story) command { return Reassign{To: to, Rules: rules, By: lena, At: w.now()} }
	}
	priority := func(n int) func(*story) command {
		return func(w *story) command { return Prioritise{Priority: n, By: lena, At: w.now()} }
	}
	releasing := func(w *story) command { return ReleaseExpired{By: robot, At: w.now()} }
	atItsEnd := func(more time.Duration) func(testing.TB) *story {
		return func(t testing.TB) *story {
			w := claimed(t)
			w.at = w.s.Claim.Until.Add(more)
			return w
		}
	}
	rulebook(t, map[string]rule{
		"a moment before its end a lease runs": {given: atItsEnd(-time.Millisecond), when: accepting(anna, item.IDCardFront), then: "items-accepted"},
		"at its end it is over":                {given: atItsEnd(0), when: accepting(anna, item.IDCardFront), err: ErrClaimExpired},
		"then it is released":                  {given: atItsEnd(0), when: releasing, then: "released", also: func(t *testing.T, _ State, e Event) { is(t, e.(Released).Held, 30*time.Minute) }},
		"and not before":                       {given: atItsEnd(-time.Millisecond), when: releasing, then: ""},
		"a clock that goes back brings no lease back": {given: func(t testing.TB) *story {
			w := atItsEnd(0)(t)
			w.do(AddNote{Note: "n", Text: "called", By: bo, At: w.now()})
			w.at = w.s.Claim.Until.Add(-time.Minute)
			return w
		}, when: accepting(anna, item.IDCardFront), err: ErrClaimExpired},
		"what nobody holds is not released":              {given: submitted, when: releasing, then: ""},
		"what ran out is claimed anew by who held it":    {given: atItsEnd(0), when: claiming(anna), then: "claimed"},
		"somebody else's act renews no lease":            {given: func(t testing.TB) *story { return claimed(t).wait(time.Minute) }, when: func(w *story) command { return AddNote{Note: "n", Text: "called", By: bo, At: w.now()} }, then: "note-added", also: func(t *testing.T, s State, e Event) { is(t, s.Claim.Until, e.Head().At.Add(28*time.Minute)) }},
		"it is not given to whom it is given already":    {given: claimed, when: giving(anna), then: ""},
		"after the lease it is given to the same again":  {given: atItsEnd(0), when: giving(anna), then: "reassigned"},
		"the second approval is not given to a reviewer": {given: proposed, when: giving(bo), err: ErrAssignee},
		"a word at handing over is no book": {given: claimed, when: func(w *story) command {
			return Reassign{To: bo, Why: strings.Repeat("x", maxText+1), Rules: rules, By: lena, At: w.now()}
		}, err: ErrTooLong},
		"the highest priority":     {given: submitted, when: priority(9), then: "prioritised"},
		"one higher":               {given: submitted, when: priority(10), err: ErrTooLong},
		"the lowest priority":      {given: submitted, when: priority(-9), then: "prioritised"},
		"one lower":                {given: submitted, when: priority(-10), err: ErrTooLong},
		"the priority that it has": {given: then(submitted, priority(3)), when: priority(3), then: ""},
		"a lead gives back what she holds herself": {given: func(t testing.TB) *story { return submitted(t).claim(lena).wait(time.Minute) }, when: func(w *story) command { return TakeBack{By: lena, At: w.now()} }, then: "released", also: func(t *testing.T, _ State, e Event) {
			is(t, e.(Released).Cause, GivenBack)
			is(t, e.(Released).Held, 2*time.Minute)
		}},
		"a reviewer gives back without a word": {given: func(t testing.TB) *story { return claimed(t).wait(time.Minute) }, when: func(w *story) command { return Release{By: anna, At: w.now()} }, then: "released", also: func(t *testing.T, _ State, e Event) {
			is(t, e.(Released).Cause, GivenBack)
			is(t, e.(Released).Held, 2*time.Minute)
		}},
		"nobody is handed a decline without a second look": {given: then(claimed, proposing(anna)), when: next(bo, Desk{}), err: ErrLeadOnly},
		"nor is it handed to who proposed it":              {given: func(t testing.TB) *story { w := submitted(t).claim(lena); return w.do(proposing(lena)(w)) }, when: next(lena, Desk{}), err: ErrSamePerson},
		"a decline of a signed contract is handed to who approved": {given: func(t testing.TB) *story {
			w := enterprise(t).signed().claim(bo)
			return w.do(proposing(bo)(w))
		}, when: next(lena, Desk{}), then: "claimed"},
		"who judges every product but speaks another language": {given: submitted, when: next(anna, Desk{Languages: []string{"es"}, Products: []policy.Product{policy.Alipay, policy.WeChat}}), err: ErrSkills},
		"one more than her share":                              {given: submitted, when: next(anna, Desk{Open: 3, Most: 2}), err: ErrOpenClaims},
		"somebody else's skip is not hers":                     {given: skipped, when: next(liu, Desk{}), then: "claimed"},
		"a moment before the day is over it is not offered": {given: func(t testing.TB) *story {
			w := skipped(t)
			w.at = w.s.Last.Add(SkipLasts - time.Millisecond)
			return w
		}, when: next(anna, Desk{}), err: ErrSkipped},
		"at its end it is": {given: func(t testing.TB) *story { w := skipped(t); w.at = w.s.Last.Add(SkipLasts); return w }, when: next(anna, Desk{}), then: "claimed"},
		"a skip is remembered once for each person": {given: func(t testing.TB) *story {
			w := skipped(t).claim(bo)
			return w.do(Release{Why: "no", By: bo, At: w.now()}).claim(anna)
		}, when: func(w *story) command { return Release{Why: "still", By: anna, At: w.now()} }, then: "released", also: func(t *testing.T, s State, _ Event) { is(t, len(s.Skips), 2) }},
		"a skip that is over is forgotten":          {given: func(t testing.TB) *story { return skipped(t).wait(SkipLasts).claim(bo) }, when: func(w *story) command { return Release{Why: "no", By: bo, At: w.now()} }, then: "released", also: func(t *testing.T, s State, _ Event) { is(t, len(s.Skips), 1) }},
		"so is one of what was to be judged before": {given: func(t testing.TB) *story { return then(skipped, finding("hint"))(t).claim(bo) }, when: func(w *story) command { return Release{Why: "no", By: bo, At: w.now()} }, then: "released", also: func(t *testing.T, s State, _ Event) { is(t, len(s.Skips), 1) }},
	})
	// A refusal names who holds it, while somebody does.
	holder := func(w *story, by Actor) string {
		_, err := AcceptItems{Items: []item.Key{item.IDCardFront}, By: by, At: w.now()}.Decide(w.s)
		var r *Refusal
		if !errors.As(err, &r) || r.Code != ErrNotClaimed.Code {
			t.Fatal(err)
		}
		for _, p := range r.Params {
			if p.Name == "holder" {
				return p.Value
			}
		}
		return ""
	}
	is(t, holder(claimed(t), bo), anna.ID)
	is(t, holder(submitted(t), bo), "")
	is(t, holder(atItsEnd(0)(t), bo), "")
}

// What could be objected to at an earlier stage is late at a later one.
func TestTheFirstStageToSeeAnItem(t *testing.T) {
	for _, e := range reason.All() {
		for _, k := range e.Targets {
			want := Qualification
			switch k {
			case item.SiteDomain, item.SiteICPNumber, item.AuthorisationSite, item.DomainCertificate:
				want = ICP
			}
			switch e.Code {
			case reason.R09, reason.R10:
				want = ICP
			case reason.R11, reason.R12:
				want = Website
			}
			if k.IsSite() {
				want = Website
			}
			for _, at := range judged {
				earliest := want
				if slices.Index(judged, at) < slices.Index(judged, want) {
					earliest = at
				}
				if got := (State{Stage: at}).sees(e.Code, k); got != earliest {
					t.Errorf("%s on %s at %s is first seen at %s, want %s", e.Code, k, at, got, earliest)
				}
			}
		}
	}
}

// Somebody who cannot have an application is refused with the reason why.
func TestWhyAnApplicationIsNotGivenToSomebody(t *testing.T) {
	for why, to := range map[*Refusal]Actor{ErrStaffOnly: agent, ErrMaker: anna} {
		w := overCounter(t)
		_, err := Reassign{To: to, Rules: rules, By: lena, At: w.now()}.Decide(w.s)
		var r *Refusal
		if !errors.As(err, &r) || len(r.Params) != 1 || r.Params[0] != (ParamPair{"because", why.Code}) {
			t.Errorf("%v, want because of %s", err, why.Code)
		}
	}
}

// A filing that is not good enough is refused with the reason why.
func TestWhyAFilingIsNotGoodEnough(t *testing.T) {
	for because, change := range map[string]func(*ICPEvidence){
		"the status is not good enough":                   func(e *ICPEvidence) { e.Status = "cancelled" },
		"it is about another domain":                      func(e *ICPEvidence) { e.Domain = "other.cn" },
		"it has no number":                                func(e *ICPEvidence) { e.Number = "" },
		"it has no subject":                               func(e *ICPEvidence) { e.Subject = personal.Text{} },
		"it is the filing of an app":                      func(e *ICPEvidence) { e.Number = "闽ICP备12345678号-1A" },
		"the merchant gave the number of another subject": func(e *ICPEvidence) { e.Number = "闽ICP备87654321号-1" },
		"the subject is another than the merchant, and no relation is proven": func(e *ICPEvidence) { e.Subject = personal.New("王芳") },
	} {
		w := individual(t).qualified().claim(anna).accept(anna)
		e := w.evidence()
		change(&e)
		_, err := VerifyICP{Rules: rules, By: anna, At: w.now()}.Decide(w.record(e).s)
		var r *Refusal
		if !errors.As(err, &r) || r.Code != ErrICPEvidence.Code || r.Params[0] != (ParamPair{"because", because}) {
			t.Errorf("%s: %v %v", because, err, r)
		}
	}
}

// The edges of filing, site, contract and switching on.
func TestTheEdgesOfTheWayOn(t *testing.T) {
	looking := func(by Actor, change func(*ICPEvidence)) func(*story) command {
		return func(w *story) command {
			e := w.evidence()
			e.ID = "evidence-new"
			if change != nil {
				change(&e)
			}
			return RecordICPEvidence{Evidence: e, Rules: rules, By: by, At: w.now()}
		}
	}
	atICP := func(t testing.TB) *story { return individual(t).qualified().claim(anna) }
	without := func(change func(*ICPEvidence)) func(testing.TB) *story {
		return func(t testing.TB) *story {
			w := atICP(t).accept(anna)
			e := w.evidence()
			change(&e)
			return w.record(e)
		}
	}
	app := func(status, number string) func(testing.TB) *story {
		return func(t testing.TB) *story {
			w := newStory(t)
			w.do(opening(merchant, func(c *Open) { c.Site = policy.App })(w)).filled()
			w.do(fill(merchant, item.SiteICPNumber, "闽ICP备12345678号-1A")(w)).submit().claim(anna).accept(anna).approve(anna).claim(anna)
			e := w.evidence()
			e.Status, e.Number = status, number
			return w.record(e).accept(anna)
		}
	}
	sites := func(t testing.TB) *story { w := individual(t).filed(); return w.do(w.site("secret")).claim(anna) }
	offered := func(t testing.TB) *story { return individual(t).offered() }
	offering := func(by Actor) func(*story) command {
		return func(w *story) command { return OfferContract{Rules: rules, By: by, At: w.now()} }
	}
	signing := func(change func(*SignContract)) func(*story) command {
		return func(w *story) command {
			c := w.signature()
			change(&c)
			return c
		}
	}
	named := func(name string) func(*story) command {
		return signing(func(c *SignContract) { c.Name = personal.New(name) })
	}
	otherContact := func(t testing.TB) *story {
		w := individual(t).filled()
		w.do(fill(merchant, item.ContactName, "王芳")(w)).upload(item.AuthorisationContact, "letter").submit()
		w.claim(anna).accept(anna).approve(anna).claim(anna)
		w.record(w.evidence()).accept(anna).verify(anna)
		return w.do(w.site("secret")).claim(anna).approveSite(anna).offer(anna)
	}
	jump := func(next Stage) func(*story) Event { // what no decision answers
		return func(w *story) Event { return QualificationApproved{Header: w.s.head(lena, w.now()), Next: next} }
	}
	reoffered := func(change func(*Offer)) func(testing.TB) *story {
		return after(offered, func(w *story) Event {
			o := w.s.Offer
			change(&o)
			return ContractOffered{Header: w.s.head(anna, w.now()), Version: o.Version, Language: o.Language, SHA256: o.SHA256, Terms: o.Terms, Expires: o.Expires, Deadline: w.s.Deadline}
		})
	}
	rulebook(t, map[string]rule{
		"the platform looks the filing up itself":          {given: func(t testing.TB) *story { return individual(t).qualified() }, when: looking(robot, nil), then: "icp-evidence-recorded"},
		"not before the submission":                        {given: individualFilled, when: looking(robot, nil), err: ErrStage},
		"nor where no filing is asked for":                 {given: func(t testing.TB) *story { return offlineQualified(t).claim(anna) }, when: looking(anna, nil), err: ErrStage},
		"the time of a look-up is kept to the millisecond": {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.LookedUpAt = e.LookedUpAt.Add(1).In(rules.Calendar.Zone()) }), then: "icp-evidence-recorded", also: func(t *testing.T, s State, _ Event) { is(t, s.Evidence.LookedUpAt, stamp(s.Evidence.LookedUpAt)) }},
		"a look-up needs a name":                           {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.ID = "" }), err: ErrRequired},
		"and a source":                                     {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.Source = " " }), err: ErrRequired},
		"its proof is no book":                             {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.Relation = strings.Repeat("x", maxText+1) }), err: ErrTooLong},
		"nor is its subject":                               {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.Subject = personal.New(strings.Repeat("x", maxValue+1)) }), err: ErrTooLong},
		"nor its picture's name":                           {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.Screenshot = strings.Repeat("x", maxValue+1) }), err: ErrTooLong},
		"it is about a domain":                             {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.Domain = "?" }), err: ErrEvidenceForm},
		"in its canonical form": {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.Domain, e.Number = "WWW.Shop-ChenWei.CN", "闽icp备12345678号-1" }), then: "icp-evidence-recorded", also: func(t *testing.T, s State, _ Event) {
			is(t, s.Evidence.Domain, "shop-chenwei.cn")
			is(t, s.Evidence.Number, "闽ICP备12345678号-1")
		}},
		"a look-up without a number is one":           {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.Number = "" }), then: "icp-evidence-recorded"},
		"who filed is a person, a company or another": {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.SubjectKind = "state" }), err: ErrEvidenceForm},
		"a person":                      {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.SubjectKind = "individual" }), then: "icp-evidence-recorded"},
		"a company":                     {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.SubjectKind = "enterprise" }), then: "icp-evidence-recorded"},
		"another":                       {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.SubjectKind = "other" }), then: "icp-evidence-recorded"},
		"a look-up has a time":          {given: atICP, when: looking(anna, func(e *ICPEvidence) { e.LookedUpAt = time.Time{} }), err: ErrEvidenceForm},
		"which may be this very moment": {given: atICP, when: func(w *story) command { return looking(anna, func(e *ICPEvidence) { e.LookedUpAt = w.now() })(w) }, then: "icp-evidence-recorded"},
		"a filing without a number is not verified": {given: without(func(e *ICPEvidence) { e.Number = "" }), when: verifying(anna), err: ErrICPEvidence},
		"nor one without a subject":                 {given: without(func(e *ICPEvidence) { e.Subject = personal.Text{} }), when: verifying(anna), err: ErrICPEvidence},
		"an app's filing is an app's":               {given: app("app_only", "闽ICP备12345678号-1A"), when: verifying(anna), then: "icp-verified"},
		"evidence of the oldest day": {given: func(t testing.TB) *story {
			w := atICP(t).accept(anna)
			e := w.evidence()
			w.record(e)
			w.at = e.LookedUpAt.Add(90 * day)
			return w.claim(anna).at90(e)
		}, when: verifying(anna), then: "icp-verified"},
		"a verification at another stage leaves the stage": {given: func(t testing.TB) *story { w := individual(t).sited().claim(anna); return w.record(w.evidence()) }, when: verifying(anna), then: "icp-verified", also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, Contract); is(t, s.Claim.By.ID, anna.ID) }},
		"an approved site names what it was judged by":     {given: sites, when: func(w *story) command { return ApproveSite{Checklist: w.ticked(), Rules: rules, By: anna, At: w.now()} }, then: "site-approved", also: func(t *testing.T, _ State, e Event) { is(t, len(e.(SiteApproved).Checklist) > 2, true) }},
		"an offer stands for who made it":                  {given: offered, when: offering(anna), then: ""},
		"and is refused to others":                         {given: offered, when: offering(lena), err: ErrOffered},
		"nobody offers over it as a merchant":              {given: offered, when: offering(merchant), err: ErrStaffOnly},
		"at the moment of its end it is made anew":         {given: func(t testing.TB) *story { w := offered(t); w.at = w.s.Offer.Expires; return w.claim(anna) }, when: offering(anna), then: "contract-offered"},
		"nothing is offered before the qualification": {given: func(t testing.TB) *story {
			return after(submitted, func(w *story) Event {
				return Resubmitted{Header: w.s.head(merchant, w.now()), Round: 2, Next: Contract}
			})(t).claim(anna)
		}, when: offering(anna), err: ErrUnqualified},
		"nor before the filing": {given: func(t testing.TB) *story { return after(claimed, jump(Contract))(t).claim(anna) }, when: offering(anna), err: ErrICPUnverified},
		"nor before the site": {given: func(t testing.TB) *story {
			return after(func(t testing.TB) *story { return individual(t).filed() }, jump(Contract))(t).claim(anna)
		}, when: offering(anna), err: ErrSiteUnapproved},
		"the contact may sign":                          {given: otherContact, when: named("王芳"), then: "contract-signed"},
		"so may the merchant":                           {given: otherContact, when: named("陈伟"), then: "contract-signed"},
		"nobody else":                                   {given: otherContact, when: named("李娜"), err: ErrSignerName},
		"a signature has a name":                        {given: offered, when: named(" "), err: ErrRequired},
		"the browser's name is no book":                 {given: offered, when: signing(func(c *SignContract) { c.UserAgent = strings.Repeat("x", maxText+1) }), err: ErrTooLong},
		"another text than the policy's is not signed":  {given: reoffered(func(o *Offer) { o.SHA256 = hash("another") }), when: signing(func(*SignContract) {}), err: ErrContractText},
		"nor another version":                           {given: reoffered(func(o *Offer) { o.Version = "1999-01" }), when: signing(func(*SignContract) {}), err: ErrContractText},
		"nor an old one without terms":                  {given: reoffered(func(o *Offer) { o.Terms = personal.Text{} }), when: signing(func(*SignContract) {}), err: ErrContractText},
		"signed under another text is not signed again": {given: func(t testing.TB) *story { return individual(t).signed() }, when: signing(func(c *SignContract) { c.SHA256 = hash("another") }), err: ErrStage},
		"what was not signed is not countersigned": {given: func(t testing.TB) *story {
			return after(func(t testing.TB) *story { return individual(t).sited() }, jump(Countersignature))(t).claim(bo)
		}, when: countersigning(bo), err: ErrUnsigned},
		"nobody is switched on with one signature":            {given: after(func(t testing.TB) *story { return individual(t).signed() }, jump(Activation)), when: activating(robot), err: ErrUnsigned},
		"nor with the platform's alone":                       {given: after(offered, func(w *story) Event { return ContractCountersigned{Header: w.s.head(lena, w.now())} }), when: activating(robot), err: ErrUnsigned},
		"nor by the platform while a decline is proposed":     {given: func(t testing.TB) *story { w := individual(t).countersigned().claim(bo); return w.do(proposing(bo)(w)) }, when: activating(robot), err: ErrDeclinePending},
		"nor by the platform before its time":                 {given: func(t testing.TB) *story { return individual(t).signed() }, when: activating(robot), err: ErrStage},
		"an enterprise's is countersigned by a third":         {given: func(t testing.TB) *story { return enterprise(t).signed().claim(bo) }, when: countersigning(bo), then: "contract-countersigned"},
		"an individual's by who offered it, if not approved":  {given: func(t testing.TB) *story { return individual(t).sited().offer(bo).signedAs(merchant).claim(bo) }, when: countersigning(bo), then: "contract-countersigned"},
		"countersigning twice is countersigning once":         {given: func(t testing.TB) *story { return individual(t).countersigned() }, when: countersigning(liu), then: ""},
		"handing in while the contract lies there is nothing": {given: offered, when: submitting, err: ErrStage},
		"nor while the site is awaited":                       {given: func(t testing.TB) *story { return individual(t).filed() }, when: submitting, err: ErrStage},
	})
}

// at90 keeps the evidence's hour and claims anew: it was looked up ninety days ago.
func (w *story) at90(e ICPEvidence) *story {
	w.at = e.LookedUpAt.Add(90 * day)
	if w.at.Before(w.s.Last) {
		w.at = w.s.Last
	}
	return w
}

func (w *story) signedAs(by Actor) *story {
	c := w.signature()
	c.By = by
	return w.do(c)
}
