package policy_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/policy"
)

const modernLicence = "91350100M000100Y43"

func latest() policy.Policy { return policy.Default().Latest() }

func ask(t *testing.T, f policy.Facts) policy.Requirements {
	t.Helper()
	if err := latest().Check(f); err != nil {
		t.Fatal(err)
	}
	return latest().Requirements(f)
}

var (
	webIndividual = policy.Facts{Kind: policy.Individual, Products: []policy.Product{policy.WeChat, policy.Alipay, policy.OnlineBanking}, Site: policy.Web}
	webCompany    = policy.Facts{Kind: policy.Enterprise, Products: []policy.Product{policy.WeChat, policy.Alipay}, Site: policy.Web, Licence: modernLicence}
)

func with(f policy.Facts, change func(*policy.Facts)) policy.Facts {
	change(&f)
	return f
}

func TestWhatAMerchantMustSupplyBeforeTheFirstSubmission(t *testing.T) {
	for _, c := range []struct {
		rule     string
		facts    policy.Facts
		required []item.Key
		absent   []item.Key
	}{
		{"an individual supplies both sides of the ID card and of the bank card", webIndividual,
			[]item.Key{item.IDCardFront, item.IDCardBack, item.BankFront, item.BankBack, item.IdentityName, item.IdentityNumber, item.SiteDomain,
				item.BankHolder, item.BankNumber, item.BankCode, item.BankBranch, item.ContactName, item.ContactMobile, item.ContactEmail},
			[]item.Key{item.BusinessLicence, item.LegalPersonFront, item.CompanyName, item.AccountOpeningLicence, item.ContactPhone}},
		{"an enterprise with an old licence supplies all five certificates", with(webCompany, func(f *policy.Facts) { f.Licence = "110108000000016" }),
			[]item.Key{item.BusinessLicence, item.TaxCertificate, item.OrgCodeCertificate, item.LegalPersonFront, item.LegalPersonBack,
				item.AccountOpeningLicence, item.CompanyTaxNumber, item.CompanyOrgCode},
			[]item.Key{item.IDCardFront, item.BankFront}},
		{"an enterprise with an 18-character code supplies three", webCompany,
			[]item.Key{item.BusinessLicence, item.LegalPersonFront, item.LegalPersonBack, item.AccountOpeningLicence},
			[]item.Key{item.TaxCertificate, item.OrgCodeCertificate, item.CompanyTaxNumber, item.CompanyOrgCode}},
		{"an unknown licence number waives nothing", with(webCompany, func(f *policy.Facts) { f.Licence = "" }),
			[]item.Key{item.TaxCertificate, item.OrgCodeCertificate, item.CompanyTaxNumber, item.CompanyOrgCode}, nil},
		{"whoever sells offline only names no domain", with(webCompany, func(f *policy.Facts) { f.Site = policy.Offline }),
			[]item.Key{item.BusinessLicence}, []item.Key{item.SiteDomain, item.SiteICPNumber, item.SiteURL, item.DomainCertificate, item.AuthorisationSite}},
		{"a contact who is not the holder brings a letter", with(webIndividual, func(f *policy.Facts) { f.Differs = []policy.Difference{policy.ContactDiffers} }),
			[]item.Key{item.AuthorisationContact}, []item.Key{item.AuthorisationSite, item.AuthorisationSettlement}},
		{"an account in another name brings a letter", with(webIndividual, func(f *policy.Facts) { f.Differs = []policy.Difference{policy.SettlementDiffers} }),
			[]item.Key{item.AuthorisationSettlement}, []item.Key{item.AuthorisationContact}},
		{"a domain in another name brings a letter", with(webCompany, func(f *policy.Facts) { f.Differs = []policy.Difference{policy.RegistrantDiffers} }),
			[]item.Key{item.AuthorisationSite}, []item.Key{item.AuthorisationContact}},
		{"a passport has no back", with(webIndividual, func(f *policy.Facts) { f.IdentityType = "passport" }),
			[]item.Key{item.IDCardFront}, []item.Key{item.IDCardBack}},
		{"a legal person's travel permit has no back", with(webCompany, func(f *policy.Facts) { f.IdentityType = "travel_permit" }),
			[]item.Key{item.LegalPersonFront}, []item.Key{item.LegalPersonBack}},
		{"a residence permit has a back", with(webIndividual, func(f *policy.Facts) { f.IdentityType = "residence_permit" }),
			[]item.Key{item.IDCardBack}, nil},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := ask(t, c.facts).Required(policy.StageQualification)
			for _, k := range c.required {
				if !slices.Contains(got, k) {
					t.Errorf("%s is not asked for", k)
				}
			}
			for _, k := range c.absent {
				if slices.Contains(got, k) {
					t.Errorf("%s is asked for", k)
				}
			}
		})
	}
}

func TestWhatIsNeededLaterIsNotAskedForFirst(t *testing.T) {
	r := ask(t, webIndividual)
	for stage, want := range map[policy.Stage][]item.Key{
		policy.StageICP:      {item.SiteICPNumber},
		policy.StageWebsite:  {item.SiteURL, item.SiteTestAccount},
		policy.StageContract: nil,
	} {
		if got := r.Required(stage); !slices.Equal(got, want) {
			t.Errorf("before %s: %v, want %v", stage, got, want)
		}
	}
	for _, k := range []item.Key{item.ContactPhone, item.AuthorisationContact, item.AuthorisationSite, item.AuthorisationSettlement, item.DomainCertificate} {
		if !slices.Contains(r.Optional(), k) {
			t.Errorf("%s cannot be added", k)
		}
	}
}

func TestAnEighteenCharacterCodeStandsForTheTaxNumberAndTheOrganisationCode(t *testing.T) {
	for rule, licence := range map[string]string{
		"as printed":                          modernLicence,
		"in small letters":                    strings.ToLower(modernLicence),
		"with spaces":                         " 91350100 M000100Y43 ",
		"in full-width characters":            "９１３５０１００Ｍ０００１００Ｙ４３",
		"of the pilot era, wrong check digit": "91350100M000100Y44",
	} {
		t.Run(rule, func(t *testing.T) {
			r := ask(t, with(webCompany, func(f *policy.Facts) { f.Licence = licence }))
			derived := map[item.Key]string{}
			for _, w := range r.Waived {
				derived[w.Item] = w.Derived
				if !w.Because.Complete() {
					t.Errorf("%s is waived without saying why", w.Item)
				}
			}
			want := map[item.Key]string{item.CompanyTaxNumber: "350100M000100Y4", item.CompanyOrgCode: "M000100Y4",
				item.TaxCertificate: "", item.OrgCodeCertificate: ""}
			for k, v := range want {
				if got, ok := derived[k]; !ok || got != v || !r.IsWaived(k) {
					t.Errorf("%s: waived %v, value %q, want %q", k, ok, got, v)
				}
			}
			if len(derived) != len(want) {
				t.Errorf("waived: %v", derived)
			}
		})
	}
}

func TestAWaivedItemIsNeverAlsoAskedFor(t *testing.T) {
	for _, licence := range []string{"", modernLicence, "110108000000016"} {
		for _, kind := range policy.Kinds() {
			r := latest().Requirements(policy.Facts{Kind: kind, Site: policy.Web, Licence: licence, IdentityType: "passport"})
			for _, w := range r.Waived {
				if _, ok := r.Find(w.Item); ok {
					t.Errorf("%s with licence %q: %s is waived and asked for", kind, licence, w.Item)
				}
			}
		}
	}
}

func TestNoMerchantSeesAnothersDerivedNumbers(t *testing.T) {
	var all sync.WaitGroup
	for _, licence := range []string{modernLicence, "91350100M0001TGQXM"} {
		for range 8 {
			all.Go(func() {
				for _, w := range latest().Requirements(with(webCompany, func(f *policy.Facts) { f.Licence = licence })).Waived {
					if w.Item == item.CompanyOrgCode && w.Derived != licence[8:17] {
						t.Errorf("%s derives %s", licence, w.Derived)
					}
				}
			})
		}
	}
	all.Wait()
}

func TestBasicDepositAccountInformationReplacesTheAccountOpeningLicence(t *testing.T) {
	q, ok := ask(t, webCompany).Find(item.AccountOpeningLicence)
	if !ok || len(q.Accepts) != 1 || !strings.Contains(q.Accepts[0].Zh, "基本存款账户信息") || !q.Accepts[0].Complete() {
		t.Errorf("accepts %+v", q.Accepts)
	}
}

func TestTheWayOfAnApplication(t *testing.T) {
	for _, c := range []struct {
		rule  string
		facts policy.Facts
		want  []policy.Stage
		four  bool
	}{
		{"an individual with a web site who wants everything", webIndividual,
			[]policy.Stage{policy.StageQualification, policy.StageSecondApproval, policy.StageICP, policy.StageWebsite, policy.StageContract}, true},
		{"an individual without online banking is approved by one person",
			with(webIndividual, func(f *policy.Facts) { f.Products = []policy.Product{policy.Alipay} }),
			[]policy.Stage{policy.StageQualification, policy.StageICP, policy.StageWebsite, policy.StageContract}, false},
		{"an enterprise is approved by two", webCompany,
			[]policy.Stage{policy.StageQualification, policy.StageSecondApproval, policy.StageICP, policy.StageWebsite, policy.StageContract}, true},
		{"offline needs no ICP stage and no website registration",
			policy.Facts{Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Offline},
			[]policy.Stage{policy.StageQualification, policy.StageContract}, false},
		{"an app needs both, as a web site does",
			policy.Facts{Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.App},
			[]policy.Stage{policy.StageQualification, policy.StageICP, policy.StageWebsite, policy.StageContract}, false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := ask(t, c.facts)
			var got []policy.Stage
			for _, s := range r.Stages {
				got = append(got, s.Stage)
				if !s.Why.Complete() || !r.Asks(s.Stage) {
					t.Errorf("%s does not say why", s.Stage)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("stages %v, want %v", got, c.want)
			}
			if r.FourEyes != c.four || r.FourEyes != (len(r.FourEyesWhy) > 0) {
				t.Errorf("four eyes %v because %v", r.FourEyes, r.FourEyesWhy)
			}
			for _, s := range r.Absent {
				if s.Stage != policy.StageSecondApproval && !s.Why.Complete() {
					t.Errorf("does not say why %s is not on the way", s.Stage)
				}
			}
		})
	}
}

func TestAnEnterpriseWithOnlineBankingHasTwoGroundsForTwoPeople(t *testing.T) {
	r := ask(t, with(webCompany, func(f *policy.Facts) { f.Products = append(slices.Clone(f.Products), policy.OnlineBanking) }))
	if len(r.FourEyesWhy) != 2 {
		t.Errorf("%v", r.FourEyesWhy)
	}
}

func TestSomeActsAlwaysTakeTwoPeople(t *testing.T) {
	for _, a := range []policy.Act{policy.ActDecline, policy.ActOverrideCheck, policy.ActChangeAccount} {
		if why, ok := latest().TwoPeopleFor(a); !ok || !why.Complete() {
			t.Errorf("%s does not", a)
		}
	}
	if _, ok := latest().TwoPeopleFor("breathe"); ok {
		t.Error("an unlisted act takes two people")
	}
}

func TestFactsThatMakeNoSenseAreRefusedByField(t *testing.T) {
	for _, c := range []struct {
		rule  string
		facts policy.Facts
		field string
	}{
		{"no kind", policy.Facts{Products: []policy.Product{policy.WeChat}, Site: policy.Web}, "kind"},
		{"an unknown kind", policy.Facts{Kind: "robot", Products: []policy.Product{policy.WeChat}, Site: policy.Web}, "kind"},
		{"no product", policy.Facts{Kind: policy.Individual, Site: policy.Web}, "products"},
		{"an unknown product", policy.Facts{Kind: policy.Individual, Products: []policy.Product{"barter"}, Site: policy.Web}, "products"},
		{"no site type", policy.Facts{Kind: policy.Individual, Products: []policy.Product{policy.WeChat}}, "site"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			var e *policy.WordError
			if err := latest().Check(c.facts); !errors.As(err, &e) || e.Field != c.field || len(e.Accepted) == 0 {
				t.Errorf("%v, want a fault of %s", err, c.field)
			}
		})
	}
	t.Run("online banking without a site", func(t *testing.T) {
		var e *policy.PlaceError
		err := latest().Check(policy.Facts{Kind: policy.Individual, Products: []policy.Product{policy.OnlineBanking}, Site: policy.Offline})
		if !errors.As(err, &e) || e.Product != policy.OnlineBanking {
			t.Errorf("%v", err)
		}
	})
}

func TestPeopleMayTypeTheirOwnWords(t *testing.T) {
	for word, want := range map[string]policy.Product{"bank": policy.OnlineBanking, "banking": policy.OnlineBanking, "online-banking": policy.OnlineBanking,
		"Online_Banking": policy.OnlineBanking, " wechat ": policy.WeChat, "WeChat-Pay": policy.WeChat, "alipay": policy.Alipay} {
		if got, err := policy.ParseProduct(word); err != nil || got != want {
			t.Errorf("%q: %s, %v", word, got, err)
		}
	}
	if got, err := policy.ParseSiteType("none"); err != nil || got != policy.Offline {
		t.Errorf("none: %s, %v", got, err)
	}
	if got, err := policy.ParseKind("Enterprise"); err != nil || got != policy.Enterprise {
		t.Errorf("Enterprise: %s, %v", got, err)
	}
}

func TestTheDefaultTermsAreThoseOfTheProcess(t *testing.T) {
	for _, version := range policy.Default().Versions() {
		p, _ := policy.Default().At(version)
		for stage, want := range map[policy.Stage]policy.Term{
			policy.StageQualification:  {BusinessDays: 3, Target: 1},
			policy.StageSecondApproval: {BusinessDays: 1},
			policy.StageICP:            {BusinessDays: 2},
			policy.StageWebsite:        {BusinessDays: 3},
			policy.StageContract:       {BusinessDays: 1},
			"someday":                  {},
		} {
			if got := p.Terms.Of(stage); got != want {
				t.Errorf("%s: %s takes %+v, want %+v", version, stage, got, want)
			}
		}
		x := p.Terms
		if x.CorrectionDays != 15 || !slices.Equal(x.CorrectionReminders, []int{7, 3, 1}) || x.ExpiryDays != 60 || x.Lease() != 30*time.Minute ||
			x.OfferDays != 15 || x.WarnPercent != 75 || x.MinimumAge != 18 || x.ValidityWarningDays != 90 || x.RetentionYears != 10 {
			t.Errorf("%s: %+v", version, x)
		}
	}
}

func TestEveryAnswerOfTheICPRegisterLeadsSomewhere(t *testing.T) {
	for _, c := range []struct {
		status string
		site   policy.SiteType
		good   bool
		reason string
	}{
		{"website_filed", policy.Web, true, ""},
		{"licensed", policy.Web, true, ""},
		{"app_filed", policy.Web, false, "app-only"},
		{"app_filed", policy.App, true, "app-only"},
		{"pending", policy.Web, false, ""},
		{"none", policy.Web, false, "no-filing"},
		{"cancelled", policy.Web, false, "cancelled"},
		{"other_subject", policy.App, false, "other-subject"},
	} {
		s, ok := latest().ICPStatus(c.status)
		if !ok || s.OKFor(c.site) != c.good || string(s.Reason) != c.reason {
			t.Errorf("%s on %s: %+v", c.status, c.site, s)
		}
	}
}

func TestTheWebsiteReviewHasItsFourRequirements(t *testing.T) {
	covered := map[item.Key]bool{}
	for _, c := range latest().Checklist {
		for _, k := range c.Items {
			covered[k] = true
		}
	}
	if len(latest().Checklist) != 4 {
		t.Errorf("there are %d", len(latest().Checklist))
	}
	for _, i := range item.All() {
		if i.Class == item.Site && !covered[i.Key] {
			t.Errorf("no requirement covers %s", i.Key)
		}
	}
}

func TestTheBanksAreFoundByTheirCNAPSDigits(t *testing.T) {
	for code, name := range map[string]string{"102": "中国工商银行", "103": "中国农业银行", "104": "中国银行", "105": "中国建设银行", "301": "交通银行", "308": "招商银行", "403": "中国邮政储蓄银行"} {
		if b, ok := latest().Bank(code); !ok || b.Name.In(lang.Chinese) != name {
			t.Errorf("%s: %+v", code, b)
		}
	}
	if _, ok := latest().Bank("999"); ok {
		t.Error("an unknown bank is found")
	}
}

// An answer is worked out once and given to many, each of whom may add to it.
func TestWhatOneMerchantIsToldReachesNoOther(t *testing.T) {
	first := latest().Requirements(webCompany)
	other := latest().Requirements(with(webCompany, func(f *policy.Facts) { f.Licence = "91350100M0001TGQXM" }))
	for r, licence := range map[*policy.Requirements]string{&first: modernLicence, &other: "91350100M0001TGQXM"} {
		for _, w := range r.Waived {
			if w.Item == item.CompanyOrgCode && w.Derived != licence[8:17] {
				t.Errorf("%s derives %s", licence, w.Derived)
			}
		}
	}
	for _, facts := range []policy.Facts{webCompany, webIndividual, {Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Offline}} {
		a, b := latest().Requirements(facts), latest().Requirements(facts)
		a.Items, b.Items = append(a.Items, policy.Requirement{Item: "a"}), append(b.Items, policy.Requirement{Item: "b"})
		a.Stages, b.Stages = append(a.Stages, policy.Step{Stage: "a"}), append(b.Stages, policy.Step{Stage: "b"})
		a.Absent, b.Absent = append(a.Absent, policy.Step{Stage: "a"}), append(b.Absent, policy.Step{Stage: "b"})
		a.FourEyesWhy, b.FourEyesWhy = append(a.FourEyesWhy, lang.Text{En: "a"}), append(b.FourEyesWhy, lang.Text{En: "b"})
		if a.Items[len(a.Items)-1].Item != "a" || a.Stages[len(a.Stages)-1].Stage != "a" || a.Absent[len(a.Absent)-1].Stage != "a" || a.FourEyesWhy[len(a.FourEyesWhy)-1].En != "a" {
			t.Errorf("%+v: what one caller added to its answer was written over by another", facts)
		}
	}
}

func TestAPolicyThatWasNotReadFromAFileAnswersTheSame(t *testing.T) {
	p := latest()
	made := policy.Policy{Version: p.Version, Items: p.Items, Stages: p.Stages, Waivers: p.Waivers, FourEyes: p.FourEyes}
	for _, f := range []policy.Facts{webCompany, webIndividual} {
		if got, want := made.Requirements(f), p.Requirements(f); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestHowPeriodsEndAndWhenNoticesGoOut(t *testing.T) {
	for _, k := range []struct {
		terms    policy.Terms
		ends     policy.PeriodEnd
		rolls    bool
		from, to time.Duration
	}{
		{policy.Terms{}, policy.EndOfDay, true, 9 * time.Hour, 20 * time.Hour},
		{policy.Terms{PeriodEnd: policy.EndOfDay, PeriodDayOff: policy.NextBusinessDay}, policy.EndOfDay, true, 9 * time.Hour, 20 * time.Hour},
		{policy.Terms{PeriodEnd: policy.SameInstant, PeriodDayOff: policy.StaysOnDayOff, NoticesFrom: "08:30", NoticesTo: "21:45"},
			policy.SameInstant, false, 8*time.Hour + 30*time.Minute, 21*time.Hour + 45*time.Minute},
	} {
		from, to := k.terms.NoticeHours()
		if k.terms.Ends() != k.ends || k.terms.RollsOver() != k.rolls || from != k.from || to != k.to {
			t.Errorf("%+v: ends %s, rolls %v, notices %s to %s", k.terms, k.terms.Ends(), k.terms.RollsOver(), from, to)
		}
	}
}

func TestTheFormOfALicenceNumber(t *testing.T) {
	for number, want := range map[string]policy.LicenceForm{
		"": policy.NoLicence, "110108000000016": policy.FifteenD, "11010800000001": policy.NoLicence, "1101080000000161": policy.NoLicence,
		"11010800000001A": policy.NoLicence, "110108\u3000000\t000 016": policy.FifteenD, "１１０１０８０００００００１６": policy.FifteenD,
		modernLicence: policy.USCC, "９１３５０１００ｍ０００１００ｙ４３": policy.USCC, "91350100M000100Y4": policy.NoLicence, "91350100M000100Y433": policy.NoLicence,
		"9135010AM000100Y43": policy.NoLicence, "91350100I000100Y43": policy.NoLicence, "91A50100M000100Y43": policy.NoLicence, "AA350100M000100Y43": policy.USCC,
		"110108000000016000": policy.USCC, "91350100M000100Y4-": policy.NoLicence,
	} {
		if got := policy.FormOf(number); got != want {
			t.Errorf("%q has the form %q, want %q", number, got, want)
		}
	}
}

func TestAWordThatIsNotKnownIsAnsweredWithThoseThatAre(t *testing.T) {
	var word *policy.WordError
	if _, err := policy.ParseSiteType("moon"); !errors.As(err, &word) || !slices.Equal(word.Accepted, []string{"web", "app", "offline"}) || word.Value != "moon" {
		t.Errorf("%+v", word)
	}
	var place *policy.PlaceError
	err := latest().Check(policy.Facts{Kind: policy.Individual, Products: []policy.Product{policy.OnlineBanking}, Site: policy.Offline})
	if !errors.As(err, &place) || !slices.Equal(place.Sites, []policy.SiteType{policy.Web, policy.App}) || place.Site != policy.Offline {
		t.Errorf("%+v", place)
	}
}
