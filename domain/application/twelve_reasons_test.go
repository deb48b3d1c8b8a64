package application

import (
	"errors"
	"slices"
	"testing"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
)

// other values for fields that can be corrected by themselves; whatever is not
// here is answered with a statement.
var corrected = map[item.Key]string{
	item.IdentityNumber: "830000199201300022", item.IdentityValidFrom: "2011-05-12", item.CompanyLicence: "91350100M0001TGQXM",
	item.CompanyAddress: "厦门市思明区湖滨路 2 号", item.ContactMobile: "13900139000", item.ContactEmail: "other@example.cn",
	item.ContactPhone: "400-800-1234", item.ContactAddress: "厦门市思明区湖滨路 2 号", item.BankNumber: "6217000010001234567",
	item.SiteICPNumber: "闽ICP备87654321号-1",
}

// TestTheTwelveReasons follows every reason with every sub-code on every lawful
// target: raised, answered, accepted; and it refuses one on an unlawful target.
func TestTheTwelveReasons(t *testing.T) {
	for _, e := range reason.All() {
		t.Run(string(e.Code)+"/"+string(e.Sub), func(t *testing.T) {
			for _, target := range e.Targets {
				kind := policy.Individual
				if !target.Fits(kind.Audience()) {
					kind = policy.Enterprise
				}
				t.Run("is raised on "+string(target)+", corrected and accepted", func(t *testing.T) { follow(t, e, target, kind) })
			}
			for _, kind := range policy.Kinds() {
				unlawful := slices.IndexFunc(catalogue, func(k item.Key) bool { return k.Fits(kind.Audience()) && !e.AppliesTo(k) })
				k := catalogue[unlawful]
				t.Run("is not raised on "+string(k)+" of an "+string(kind), func(t *testing.T) {
					w := newStory(t).opened(merchant, kind, policy.WeChat).submitted().claim(anna)
					_, err := RaiseReason{Reason: "r", Code: e.Code, Sub: e.Sub, Target: k, Rules: rules, By: anna, At: w.now()}.Decide(w.s)
					if !errors.Is(err, ErrReasonTarget) {
						t.Errorf("got %v, want %s", err, ErrReasonTarget.Code)
					}
				})
			}
		})
	}
}

func follow(t *testing.T, e reason.Entry, target item.Key, kind policy.Kind) {
	w := newStory(t).opened(merchant, kind, policy.WeChat).submitted().claim(anna)
	w.raise(anna, RaiseReason{Reason: "the-reason", Code: e.Code, Sub: e.Sub, Target: target}).accept(anna).giveBack(anna)
	for _, k := range catalogue {
		want := slices.Contains(reason.UnlocksFor(kind.Audience(), target), k)
		if open := w.s.Locked(k) == nil; open != want {
			t.Errorf("%s unlocked: %v, want %v", k, open, want)
		}
	}
	if _, err := (Submit{Rules: rules, By: merchant, At: w.now()}).Decide(w.s); !errors.Is(err, ErrUnaddressed) {
		t.Errorf("without an answer: %v, want %s", err, ErrUnaddressed.Code)
	}
	v, ok := corrected[target]
	switch {
	case target.IsDocument():
		w.upload(target, "corrected")
	case ok:
		w.do(Correct{Item: target, Value: &v, By: merchant, At: w.now()})
	default:
		w.do(Correct{Item: target, Statement: "it is put right", By: merchant, At: w.now()})
	}
	w.submit().claim(anna).accept(anna)
	if r, _ := w.s.Reason("the-reason"); r.Status != StatusSettled {
		t.Errorf("after the acceptance the reason is %s", r.Status)
	}
	w.approve(anna)
	if w.s.Stage != ICP && w.s.Stage != SecondApproval {
		t.Errorf("after the approval it stands at %s", w.s.Stage)
	}
}
