package policy_test

import (
	"os"
	"slices"
	"testing"

	"alta/domain/item"
	"alta/domain/policy"
)

// everyMerchant calls f with every combination of facts that a policy can tell
// apart and that makes sense.
func everyMerchant(p policy.Policy, f func(policy.Facts)) {
	for _, kind := range policy.Kinds() {
		for products := 1; products < 8; products++ {
			for _, site := range policy.SiteTypes() {
				for _, licence := range []string{"", modernLicence, "110108000000016"} {
					for _, identity := range append(policy.IdentityTypes(), "") {
						for differs := range 8 {
							facts := policy.Facts{Kind: kind, Site: site, Licence: licence, IdentityType: identity,
								Products: subset(policy.Products(), products), Differs: subset(policy.Differences(), differs)}
							if p.Check(facts) == nil {
								f(facts)
							}
						}
					}
				}
			}
		}
	}
}

func subset[W any](all []W, bits int) []W {
	var out []W
	for i, w := range all {
		if bits&(1<<i) != 0 {
			out = append(out, w)
		}
	}
	return out
}

// What holds for every merchant under every version.
func TestNoMerchantIsAskedForTheImpossible(t *testing.T) {
	for _, version := range policy.Default().Versions() {
		p, _ := policy.Default().At(version)
		asked := 0
		everyMerchant(p, func(f policy.Facts) {
			asked++
			r := p.Requirements(f)
			online := f.Site != policy.Offline
			if r.Asks(policy.StageICP) != online || r.Asks(policy.StageWebsite) != online {
				t.Errorf("%+v: stages %v", f, r.Stages)
			}
			if two := f.Kind == policy.Enterprise || slices.Contains(f.Products, policy.OnlineBanking); r.FourEyes != two || r.Asks(policy.StageSecondApproval) != two {
				t.Errorf("%+v: four eyes %v", f, r.FourEyes)
			}
			if !r.Asks(policy.StageQualification) || !r.Asks(policy.StageContract) || len(r.Stages)+len(r.Absent) != len(policy.Stages()) {
				t.Errorf("%+v: stages %v, absent %v", f, r.Stages, r.Absent)
			}
			for i, q := range r.Items {
				if !q.Item.Fits(f.Kind.Audience()) {
					t.Errorf("%+v: asks for %s, which an %s does not have", f, q.Item, f.Kind)
				}
				if !r.Asks(q.Stage) {
					t.Errorf("%+v: %s is due before %s, which is not on the way", f, q.Item, q.Stage)
				}
				if r.IsWaived(q.Item) || i > 0 && slices.ContainsFunc(r.Items[:i], func(o policy.Requirement) bool { return o.Item == q.Item }) {
					t.Errorf("%+v: %s is waived, or there twice", f, q.Item)
				}
				if (q.Item.IsSite() || q.Item == item.SiteDomain || q.Item == item.SiteICPNumber) && !online {
					t.Errorf("%+v: asks for %s without a site", f, q.Item)
				}
			}
			for _, w := range r.Waived {
				if w.Item == item.CompanyTaxNumber && w.Derived != f.Licence[2:17] || w.Item == item.CompanyOrgCode && w.Derived != f.Licence[8:17] {
					t.Errorf("%+v: %s derives %q", f, w.Item, w.Derived)
				}
			}
		})
		if asked < 4000 {
			t.Errorf("%s: only %d merchants were asked about", version, asked)
		}
	}
}

func FuzzParse(f *testing.F) {
	raw, err := os.ReadFile("versions/2026-01.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"version":"2026-01","effective":"2026-01-01"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		if p, err := policy.Parse(raw); err == nil {
			p.Requirements(webCompany)
		}
	})
}

func FuzzFormOf(f *testing.F) {
	for _, s := range []string{modernLicence, "110108000000016", "９１", "", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		form := policy.FormOf(s)
		r := latest().Requirements(with(webCompany, func(f *policy.Facts) { f.Licence = s }))
		if r.IsWaived(item.TaxCertificate) != (form == policy.USCC) {
			t.Errorf("%q has the form %q and waives %v", s, form, r.Waived)
		}
	})
}
