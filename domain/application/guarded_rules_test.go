package application

import (
	"testing"
	"time"

	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
)

// Rules that nothing else in the books would notice the loss of.
func TestWhatIsGuardedStaysGuarded(t *testing.T) {
	open := func(w *story) *story { // as a log from before an offer forbade reasons may hold it
		return w.happened(ReasonRaised{Header: w.s.head(anna, w.now()), Reason: "late", Code: "R11", Sub: "dangerous", Target: item.SiteURL, Round: w.s.Round})
	}
	signedAndReturned := func(t testing.TB) *story { // a dangerous site is found when both sides have signed
		w := individual(t).countersigned().claim(lena).raise(lena, RaiseReason{Code: "R11", Sub: "dangerous", Target: item.SiteURL})
		w.giveBack(lena)
		c := DeclareSite{URL: "https://shop.shop-chenwei.cn/", Rules: rules, By: merchant, At: w.now()}
		return w.do(c)
	}
	skipped := func(after func(*story)) func(testing.TB) *story {
		return func(t testing.TB) *story {
			w := claimed(t)
			w.do(Release{By: anna, Why: "other work", At: w.now()})
			after(w)
			return w
		}
	}
	taking := func(w *story) command { return TakeNext{Rules: rules, By: anna, At: w.now()} }
	extending := func(due func(*story) time.Time) func(*story) command {
		return func(w *story) command {
			return ExtendDeadline{Deadline: w.s.Deadline.ID, Due: due(w), Why: "asked", Rules: rules, By: lena, At: w.now()}
		}
	}
	submitting := func(w *story) command { return Submit{Rules: rules, By: merchant, At: w.now()} }
	rulebook(t, map[string]rule{
		"a contract is not signed while a reason is open": {given: func(t testing.TB) *story { return open(individual(t).offered()) }, when: func(w *story) command { return w.signature() }, err: ErrOpenReasons},
		"a corrected site is approved anew, and the contract is void": {given: signedAndReturned, when: submitting, then: "resubmitted", also: func(t *testing.T, s State, _ Event) {
			is(t, s.SiteApproved, false)
			is(t, s.Offer, Offer{})
			is(t, s.Stage, Website)
		}},
		"products are chosen before the submission only": {given: submitted, when: func(w *story) command {
			return ChooseProducts{Products: []policy.Product{policy.WeChat}, Site: policy.Web, Rules: rules, By: merchant, At: w.now()}
		}, err: ErrStage},
		"nor while corrections are asked for": {given: func(t testing.TB) *story { return individual(t).returned() }, when: func(w *story) command {
			return ChooseProducts{Products: []policy.Product{policy.WeChat}, Site: policy.Web, Rules: rules, By: merchant, At: w.now()}
		}, err: ErrStage},
		"no file moves out of an unlocked slot into a locked one": {given: func(t testing.TB) *story { return individual(t).returned() }, when: func(w *story) command {
			return MoveDocument{From: item.IDCardFront, To: item.BankFront, Document: w.s.Item(item.IDCardFront).Document.ID, By: merchant, At: w.now()}
		}, err: ErrItemLocked},
		"nor out of a locked slot into an unlocked one": {given: func(t testing.TB) *story { return individual(t).returned() }, when: func(w *story) command {
			return MoveDocument{From: item.BankFront, To: item.IDCardFront, Document: w.s.Item(item.BankFront).Document.ID, By: merchant, At: w.now()}
		}, err: ErrItemLocked},
		"an extended deadline is warned of again": {given: func(t testing.TB) *story {
			w := submitted(t)
			w.at = w.s.Deadline.Warn
			return w.do(WarnDeadline{Deadline: w.s.Deadline.ID, Mark: "warn", By: robot, At: w.now()})
		}, when: extending(func(w *story) time.Time { return w.now().Add(10 * day) }), then: "deadline-extended", also: func(t *testing.T, s State, _ Event) {
			is(t, len(s.Marks), 0)
			events, err := WarnDeadline{Deadline: s.Deadline.ID, Mark: "warn", By: robot, At: s.Deadline.Warn}.Decide(s)
			is(t, err, nil)
			is(t, len(events), 1)
		}},
		"an extended deadline is not breached any more": {given: func(t testing.TB) *story {
			w := submitted(t)
			w.at = w.s.Deadline.Due
			return w.do(BreachDeadline{Deadline: w.s.Deadline.ID, By: robot, At: w.now()})
		}, when: extending(func(w *story) time.Time { return w.now().Add(10 * day) }), then: "deadline-extended", also: func(t *testing.T, s State, _ Event) { is(t, s.Breached, false) }},
		"a deadline is extended by two years at most": {given: submitted, when: extending(func(w *story) time.Time { return w.now().AddDate(2, 0, 0).Add(time.Millisecond) }), err: ErrDeadlineTime},
		"an agent's act ends the merchant's silence": {given: func(t testing.TB) *story {
			w := newStory(t).opened(agent, policy.Individual, policy.WeChat).returned()
			return w.wait(20 * day)
		}, when: func(w *story) command {
			return UploadDocument{Slot: item.IDCardFront, Document: file("sharper"), By: colleague, At: w.now()}
		}, then: "document-uploaded", also: func(t *testing.T, s State, e Event) { is(t, s.Silent, e.Head().At) }},
		"a decline is confirmed as it was judged": {given: func(t testing.TB) *story {
			w := claimed(t)
			return w.do(ProposeDecline{Note: "forbidden goods", By: anna, At: w.now()}).claim(lena)
		}, when: func(w *story) command {
			return ConfirmDecline{Judged: w.s.Decline.Judged - 1, By: lena, At: w.now()}
		}, err: ErrEvidence},
		"an allowed late reason lapses at the return": {given: func(t testing.TB) *story {
			w := resubmitted(t).claim(anna)
			w.do(AllowLateReason{Target: item.IDCardBack, Why: "it came to light", By: lena, At: w.now()})
			return w.raise(anna, RaiseReason{Code: "R03", Sub: "unclear", Target: item.IDCardFront}).accept(anna)
		}, when: returning(anna), then: "returned", also: func(t *testing.T, s State, _ Event) { is(t, len(s.Allowed), 0) }},
		"what somebody skipped is not handed to her": {given: skipped(func(*story) {}), when: taking, err: ErrSkipped},
		"until a lead gives it to somebody": {given: skipped(func(w *story) {
			w.do(Reassign{To: bo, Rules: rules, By: lena, At: w.now()}).do(Release{By: bo, At: w.now()})
		}), when: taking, then: "claimed"},
		"or a reason is withdrawn": {given: func(t testing.TB) *story {
			w := claimed(t).raise(anna, unclearFront)
			w.do(Release{By: anna, Why: "other work", At: w.now()}).claim(bo)
			return w.do(WithdrawReason{Reason: unclearFront.Reason, By: bo, At: w.now()}).do(Release{By: bo, At: w.now()})
		}, when: taking, then: "claimed"},
		"or a reason is raised": {given: skipped(func(w *story) { w.claim(bo).raise(bo, unclearFront).do(Release{By: bo, At: w.now()}) }), when: taking, then: "claimed"},
		"a site on another domain is never approved": {given: func(t testing.TB) *story {
			w := individual(t).filed()
			w.happened(SiteDeclared{Header: w.s.head(merchant, w.now()), URL: "https://www.elsewhere.cn/", TestUser: personal.New("u"), TestPassword: personal.New("p"), Deadline: w.s.Deadline})
			return w.claim(anna)
		}, when: func(w *story) command { return ApproveSite{Checklist: w.ticked(), Rules: rules, By: anna, At: w.now()} }, err: ErrSiteOffDomain},
		"who registered the merchant does not move the policy": {given: func(t testing.TB) *story {
			w := newStory(t)
			w.happened(Opened{Header: Header{By: lena, At: w.now()}, Merchant: merchant.ID, MerchantNumber: "M1", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Web, Language: "zh-CN", Policy: "2026-01"})
			return w.submitted()
		}, when: func(w *story) command {
			return MovePolicy{To: "2026-07", Why: "asked", Rules: rules, By: lena, At: w.now()}
		}, err: ErrMaker},
	})
}
