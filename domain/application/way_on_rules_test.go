package application

import (
	"testing"

	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
)

// What is asked of a merchant can be supplied when it is asked for; what nobody
// asks for is not objected to.
func TestThereIsAlwaysAWayOn(t *testing.T) {
	number := item.SiteICPNumber
	without := func(t testing.TB) *story { // submitted before the filing was there, which the policy allows
		w := individual(t).filled()
		w.do(FillDetails{Values: map[item.Key]string{number: ""}, By: merchant, At: w.now()})
		return w.submit()
	}
	fill := func(k item.Key, v string) func(*story) command {
		return func(w *story) command {
			return FillDetails{Values: map[item.Key]string{k: v}, By: merchant, At: w.now()}
		}
	}
	both := func(w *story) command {
		return FillDetails{Values: map[item.Key]string{number: "闽ICP备12345678号-1", item.ContactMobile: "13700137000"}, By: merchant, At: w.now()}
	}
	proposedWithout := func(t testing.TB) *story {
		w := newStory(t).opened(merchant, policy.Enterprise, policy.WeChat).filled()
		w.do(FillDetails{Values: map[item.Key]string{number: ""}, By: merchant, At: w.now()}).submit()
		return w.claim(anna).accept(anna).approve(anna)
	}
	atICP := func(t testing.TB) *story { return without(t).claim(anna).accept(anna).approve(anna).claim(anna) }
	offline := func(t testing.TB) *story {
		w := newStory(t)
		w.do(Open{Merchant: merchant.ID, MerchantNumber: "M1", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Offline, Rules: rules, By: merchant, At: w.now()})
		return w.submitted().claim(anna)
	}
	returnedAddress := func(t testing.TB) *story {
		w := individual(t).filed()
		w.do(w.site("secret")).claim(anna).raise(anna, RaiseReason{Reason: "address", Code: "R11", Sub: "unreachable", Target: item.SiteURL})
		return w.giveBack(anna)
	}
	declare := func(change func(*DeclareSite)) func(*story) command {
		return func(w *story) command {
			c := DeclareSite{Rules: rules, By: merchant, At: w.now()}
			change(&c)
			return c
		}
	}
	rulebook(t, map[string]rule{
		"the filing's number can follow while the papers are judged": {given: without, when: fill(number, "闽ICP备12345678号-1"), then: "details-filled"},
		"and while the filing is looked up":                          {given: atICP, when: fill(number, "闽ICP备12345678号-1"), then: "details-filled"},
		"once it is there it is locked as everything is":             {given: func(t testing.TB) *story { return individual(t).submitted() }, when: fill(number, "闽ICP备87654321号-1"), err: ErrItemLocked},
		"nothing else can follow with it":                            {given: without, when: both, err: ErrItemLocked},
		"after the filing was verified it cannot follow":             {given: func(t testing.TB) *story { return individual(t).filed() }, when: fill(number, ""), err: ErrItemLocked},
		"a number that follows does not undo the first of two looks": {given: proposedWithout, when: fill(number, "闽ICP备12345678号-1"), then: "details-filled", also: func(t *testing.T, s State, _ Event) { is(t, s.Changed <= s.Proposal.Judged, true) }},
		"a new address alone keeps the test account": {given: returnedAddress, when: declare(func(c *DeclareSite) { c.URL = "https://new.shop-chenwei.cn/" }), then: "site-declared", also: func(t *testing.T, s State, _ Event) {
			is(t, s.Declaration.Password.Clear(), "secret")
			is(t, s.Declaration.Guide, "buy a cup")
		}},
		"with the address unlocked, a new password comes along":  {given: returnedAddress, when: declare(func(c *DeclareSite) { c.Password = personal.New("changed") }), err: ErrItemLocked},
		"the first declaration needs the test account":           {given: func(t testing.TB) *story { return individual(t).filed() }, when: declare(func(c *DeclareSite) { c.URL = "https://www.shop-chenwei.cn/" }), err: ErrRequired},
		"a merchant without a site gets no reason about one":     {given: offline, when: raising(anna, RaiseReason{Reason: "site", Code: "R11", Sub: "unreachable", Target: item.SiteURL}), err: ErrReasonTarget},
		"the same reason twice on one item is refused (C149)":    {given: func(t testing.TB) *story { return claimed(t).raise(anna, unclearFront) }, when: raising(anna, RaiseReason{Reason: "again", Code: "R03", Sub: "unclear", Target: item.IDCardFront}), err: ErrReasonOpen},
		"another fault of the same item is another reason":       {given: func(t testing.TB) *story { return claimed(t).raise(anna, unclearFront) }, when: raising(anna, RaiseReason{Reason: "expired", Code: "R03", Sub: "incomplete", Target: item.IDCardFront}), then: "reason-raised"},
		"in the next round the same reason can be raised anew":   {given: func(t testing.TB) *story { return resubmitted(t).claim(anna) }, when: raising(anna, RaiseReason{Reason: "again", Code: "R03", Sub: "unclear", Target: item.IDCardFront}), then: "reason-raised"},
		"a part of the site is not accepted before it is judged": {given: claimed, when: accepting(anna, item.SiteContent), err: ErrNotJudgedYet},
		"nor one that was declared early": {given: func(t testing.TB) *story {
			w := individual(t).filled()
			return w.do(w.site("secret")).submit().claim(anna)
		}, when: accepting(anna, item.SiteURL), err: ErrNotJudgedYet},
		"while the site is under review it is": {given: func(t testing.TB) *story { w := individual(t).filed(); return w.do(w.site("secret")).claim(anna) }, when: accepting(anna, item.SiteURL), then: "items-accepted"},
	})
}
