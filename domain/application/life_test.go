package application

import (
	"testing"

	"alta/domain/policy"
)

func TestAnIndividualWithASiteGoesAllTheWayWithOneEventPerAct(t *testing.T) {
	w := newStory(t).opened(merchant, policy.Individual, policy.WeChat, policy.Alipay, policy.OnlineBanking).active()
	if w.s.Stage != Active {
		t.Errorf("it ends at %s", w.s.Stage)
	}
	if w.s.Revision() != int64(len(w.events)-1) {
		t.Errorf("revision %d after %d events", w.s.Revision(), len(w.events))
	}
}

func TestAnEnterpriseGoesAllTheWay(t *testing.T) {
	if w := enterprise(t).active(); w.s.Stage != Active {
		t.Errorf("it ends at %s", w.s.Stage)
	}
}

func TestAProductUsedOnlyOfflineNeedsNeitherFilingNorSite(t *testing.T) {
	w := newStory(t)
	w.do(Open{Merchant: merchant.ID, MerchantNumber: "M1", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Offline, Rules: rules, By: merchant, At: w.now()})
	if w.qualified(); w.s.Stage != Contract {
		t.Errorf("after the qualification comes %s, want contract", w.s.Stage)
	}
}
