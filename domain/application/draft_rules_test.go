package application

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"alta/domain/item"
	"alta/domain/policy"
)

// What a machine tells a merchant about a form that is filled in.
func TestWhatAMachineSeesInADraft(t *testing.T) {
	codes := func(t *testing.T, w *story) []string {
		t.Helper()
		found, err := Precheck(w.s, rules, w.now())
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range found {
			if strings.HasPrefix(string(f.Item), "consent.") || f.Code == holderAlike || f.Code == urlOffDomain {
				out = append(out, f.Code+" "+string(f.Item))
			}
		}
		slices.Sort(out)
		return out
	}
	t.Run("the text that was not agreed to is named, and not the one that was", func(t *testing.T) {
		w := individual(t)
		p, err := w.s.policy(rules, w.now())
		if err != nil {
			t.Fatal(err)
		}
		agreed := p.Texts[slices.IndexFunc(p.Texts, func(x policy.TextRef) bool { return x.Name != policy.ContractText })]
		w.s.Consents = []Consent{{Name: string(agreed.Name), Version: agreed.Version}}
		var want []string
		for _, other := range p.Texts {
			if other.Name != policy.ContractText && other.Name != agreed.Name {
				want = append(want, consentMissing+" consent."+string(other.Name))
			}
		}
		slices.Sort(want)
		if got := codes(t, w); len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("after %s: %v, want %v", agreed.Name, got, want)
		}
	})
	t.Run("an account in nearly the merchant's name is hinted at", func(t *testing.T) {
		w := individual(t).filled()
		w.do(FillDetails{Values: map[item.Key]string{item.IdentityName: "José García", item.ContactName: "José García", item.BankHolder: "JOSE GARCIA"}, By: merchant, At: w.now()})
		is(t, strings.Join(codes(t, w), "; "), holderAlike+" "+string(item.BankHolder))
	})
	for url, want := range map[string]string{
		"":                                "",
		"https://www.shop-chenwei.cn/x":   "",
		"https://shop-liu.cn/":            urlOffDomain + " " + string(item.SiteURL),
		"https://shop-chenwei.cn.evil.cn": urlOffDomain + " " + string(item.SiteURL),
		"nothing":                         urlOffDomain + " " + string(item.SiteURL),
	} {
		t.Run("declared: "+url, func(t *testing.T) {
			w := individual(t).filled()
			w.s.Declaration.URL = url
			is(t, strings.Join(codes(t, w), "; "), want)
		})
	}
}

func TestADraftIsJudgedByTheVersionInForceWhenItIsSubmitted(t *testing.T) {
	w := individual(t)
	is(t, w.s.Policy, "2026-01")
	w.at = when("2026-07-02T02:00:00Z")
	w.submitted()
	is(t, w.s.Policy, "2026-07")
}

// An id belongs to a role: nobody is the merchant by number alone.
func TestTheMerchantsNumberMakesNobodyElseTheMerchant(t *testing.T) {
	s := individual(t).s
	for by, want := range map[Actor]error{
		merchant:                              nil,
		stranger:                              ErrNotYours,
		{ID: merchant.ID, Role: RoleReviewer}: ErrNotYours,
		{Role: RoleMerchant}:                  ErrNotYours,
	} {
		if err := s.merchant(by); !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", by, err, want)
		}
	}
}

func TestNothingIsSealedOfWhatIsNotThereAndNoFailureIsLost(t *testing.T) {
	e := DocumentUploaded{Header: samples()[0].Head(), Document: Document{SHA256: hash("a"), PHash: "00ff00ff00ff00ff"}}
	failed := errors.New("no key")
	first := true
	_, err := sealIdentifying(e, func(field, clear string) (string, error) {
		if first {
			first = false
			return "", failed
		}
		return testSeal(field, clear)
	})
	if !errors.Is(err, failed) {
		t.Errorf("a seal that failed is answered with %v", err)
	}
	e.Document.PHash = ""
	sealed, err := sealIdentifying(e, testSeal)
	if got := sealed.(DocumentUploaded).Document; err != nil || got.PHash != "" || got.SHA256 == "" || got.SHA256 == e.Document.SHA256 {
		t.Errorf("sealed: %+v, %v", got, err)
	}
	gone, err := openIdentifying(sealed, func(string, string) (string, bool, error) { return "", true, nil })
	if got := gone.(DocumentUploaded).Document; err != nil || got.SHA256 != "" {
		t.Errorf("after the key is gone a digest reads %q, %v", got.SHA256, err)
	}
}
