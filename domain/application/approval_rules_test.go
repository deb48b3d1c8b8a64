package application

import (
	"strings"
	"testing"
	"time"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

// proposed is an enterprise that one person approved.
func proposed(t testing.TB) *story {
	return enterprise(t).submitted().claim(anna).accept(anna).approve(anna)
}

func confirming(by Actor) func(w *story) command {
	return func(w *story) command {
		return ConfirmQualification{Judged: w.s.Proposal.Judged, Rules: rules, By: by, At: w.now()}
	}
}

// otherHolder has an account of another name, lawfully, and the machine said so.
func otherHolder(t testing.TB) *story {
	w := individual(t).filled()
	w.do(fill(merchant, item.BankHolder, "王芳")(w)).upload(item.AuthorisationSettlement, "letter").submit()
	return w.do(RecordPrecheck{Round: 1, Findings: must(Precheck(w.s, rules, w.now())), By: robot, At: w.now()}).claim(anna).accept(anna)
}

func TestFourEyes(t *testing.T) {
	refusing := func(w *story) command {
		return RefuseQualification{Why: "another company's licence", Rules: rules, By: lena, At: w.now()}
	}
	byLead := func(t testing.TB) *story {
		return enterprise(t).submitted().claim(lena).accept(lena).approve(lena)
	}
	judging := func(t testing.TB) *story { return proposed(t).claim(lena) }
	letter := func(t testing.TB) *story {
		w := individual(t).filled()
		w.do(fill(merchant, item.ContactName, "王芳")(w)).upload(item.AuthorisationContact, "letter").submit()
		findings, err := Precheck(w.s, rules, w.now())
		if err != nil {
			t.Fatal(err)
		}
		return w.do(RecordPrecheck{Round: 1, Findings: findings, By: robot, At: w.now()}).claim(anna).accept(anna)
	}
	rulebook(t, map[string]rule{
		"an enterprise takes a second person": {given: func(t testing.TB) *story { return enterprise(t).submitted().claim(anna).accept(anna) }, when: approving(anna), then: "qualification-proposed",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, SecondApproval); is(t, s.Claim.By.ID, "") }},
		"online banking takes a second person": {given: func(t testing.TB) *story {
			return newStory(t).opened(merchant, policy.Individual, policy.OnlineBanking).submitted().claim(anna).accept(anna)
		}, when: approving(anna), then: "qualification-proposed"},
		"overriding a machine's objection takes a second person": {given: letter, when: approving(anna), then: "qualification-proposed"},
		"so does an account of another name":                     {given: otherHolder, when: approving(anna), then: "qualification-proposed"},
		"a warning that stops nobody does not": {given: func(t testing.TB) *story {
			w := claimed(t)
			return w.do(finding("warn")(w)).accept(anna)
		}, when: approving(anna), then: "qualification-approved"},
		"approving twice is proposing once": {given: proposed, when: approving(anna), then: ""},
		"the second person is a lead":       {given: proposed, when: claiming(bo), err: ErrLeadOnly},
		"the second person is another one":  {given: byLead, when: claiming(lena), err: ErrSamePerson},
		"not even with a claim does the first confirm": {given: func(t testing.TB) *story {
			return byLead(t).happened(Claimed{Header{lena, when("2026-03-02T04:00:00Z")}, SecondApproval, when("2026-03-02T09:00:00Z"), time.Hour})
		}, when: confirming(lena), err: ErrSamePerson},
		"the second person confirms":              {given: judging, when: confirming(lena), then: "qualification-confirmed", also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, ICP) }},
		"the second person holds the claim":       {given: proposed, when: confirming(lena), err: ErrNotClaimed},
		"the second person refuses with a reason": {given: judging, when: refusing, then: "qualification-refused", also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, Qualification) }},
		"evidence that changed voids the proposal": {given: func(t testing.TB) *story {
			w := judging(t)
			return w.do(RecordPrecheck{Round: 1, Findings: []Finding{{Code: "duplicate", Item: item.CompanyLicence, Severity: "block"}}, By: robot, At: w.now()})
		}, when: confirming(lena), err: ErrEvidence},
		"another policy voids the proposal": {given: func(t testing.TB) *story {
			w := judging(t)
			return w.do(MovePolicy{To: "2026-07", Why: "asked", Rules: rules, By: liu, At: w.now()})
		}, when: confirming(lena), err: ErrEvidence},
		"a note does not void it": {given: func(t testing.TB) *story {
			w := judging(t)
			return w.do(AddNote{Note: "n", Text: "called", By: bo, At: w.now()})
		}, when: confirming(lena), then: "qualification-confirmed"},
		"declaring the site does not void it": {given: func(t testing.TB) *story { w := judging(t); return w.do(w.site("secret")) }, when: confirming(lena), then: "qualification-confirmed"},
		"the revision that was judged is named": {given: judging, when: func(w *story) command {
			return ConfirmQualification{Judged: w.s.Proposal.Judged - 1, Rules: rules, By: lena, At: w.now()}
		}, err: ErrEvidence},
	})
}

func verifying(by Actor) func(w *story) command {
	return func(w *story) command { return VerifyICP{Rules: rules, By: by, At: w.now()} }
}

// looked is the ICP stage with evidence of that kind.
func looked(change func(*ICPEvidence)) func(t testing.TB) *story {
	return func(t testing.TB) *story {
		w := individual(t).qualified().claim(anna)
		e := w.evidence()
		if change != nil {
			change(&e)
		}
		return w.record(e).accept(anna, item.AuthorisationSite)
	}
}

func TestTheFiling(t *testing.T) {
	recording := func(change func(*ICPEvidence)) func(w *story) command {
		return func(w *story) command {
			e := w.evidence()
			e.ID = "evidence-new"
			if change != nil {
				change(&e)
			}
			return RecordICPEvidence{Evidence: e, Rules: rules, By: anna, At: w.now()}
		}
	}
	atICP := func(t testing.TB) *story { return individual(t).qualified().claim(anna) }
	rulebook(t, map[string]rule{
		"a look-up is recorded":                                   {given: atICP, when: recording(nil), then: "icp-evidence-recorded"},
		"a look-up twice is one":                                  {given: func(t testing.TB) *story { w := atICP(t); return w.do(recording(nil)(w)) }, when: recording(nil), then: ""},
		"nobody records what they do not hold":                    {given: func(t testing.TB) *story { return individual(t).qualified() }, when: recording(nil), err: ErrNotClaimed},
		"a look-up in the future is none":                         {given: atICP, when: recording(func(e *ICPEvidence) { e.LookedUpAt = when("2030-01-01T00:00:00Z") }), err: ErrEvidenceForm},
		"an answer that the register does not give":               {given: atICP, when: recording(func(e *ICPEvidence) { e.Status = "maybe" }), err: ErrEvidenceForm},
		"a number that is none":                                   {given: atICP, when: recording(func(e *ICPEvidence) { e.Number = "12345" }), err: ErrEvidenceForm},
		"good evidence is verified":                               {given: looked(nil), when: verifying(anna), then: "icp-verified", also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, Website); is(t, s.Holder(), Merchant) }},
		"without a look-up nothing is verified":                   {given: func(t testing.TB) *story { return atICP(t).accept(anna) }, when: verifying(anna), err: ErrICPEvidence},
		"a domain without a filing":                               {given: looked(func(e *ICPEvidence) { e.Status, e.Number = "none", "" }), when: verifying(anna), err: ErrICPEvidence},
		"a cancelled filing":                                      {given: looked(func(e *ICPEvidence) { e.Status = "cancelled" }), when: verifying(anna), err: ErrICPEvidence},
		"the filing of an app is no website's":                    {given: looked(func(e *ICPEvidence) { e.Status = "app_only" }), when: verifying(anna), err: ErrICPEvidence},
		"a number that ends in A is an app's":                     {given: looked(func(e *ICPEvidence) { e.Number = "闽ICP备12345678号-1A" }), when: verifying(anna), err: ErrICPEvidence},
		"the filing of another domain":                            {given: looked(func(e *ICPEvidence) { e.Domain = "other.cn" }), when: verifying(anna), err: ErrICPEvidence},
		"the number of another subject":                           {given: looked(func(e *ICPEvidence) { e.Number = "闽ICP备87654321号-1" }), when: verifying(anna), err: ErrICPEvidence},
		"another service of the same subject is good":             {given: looked(func(e *ICPEvidence) { e.Number = "闽ICP备12345678号-3" }), when: verifying(anna), then: "icp-verified"},
		"another subject without proof":                           {given: looked(func(e *ICPEvidence) { e.Subject = personal.New("王芳") }), when: verifying(anna), err: ErrICPEvidence},
		"another subject takes the proof of the relation as well": {given: looked(func(e *ICPEvidence) { e.Subject, e.Relation = personal.New("王芳"), "spouse and co-owner" }), when: verifying(anna), err: ErrChecklist},
		"with a proven relation another subject is lawful": {
			given: func(t testing.TB) *story {
				w := individual(t).filled().upload(item.AuthorisationSite, "letter").submit().claim(anna).accept(anna).approve(anna).claim(anna)
				e := w.evidence()
				e.Subject, e.Relation = personal.New("王芳"), "spouse and co-owner"
				return w.record(e).accept(anna)
			},
			when: verifying(anna), then: "icp-verified",
		},
		"evidence older than the policy allows":   {given: looked(func(e *ICPEvidence) { e.LookedUpAt = e.LookedUpAt.Add(-91 * day) }), when: verifying(anna), err: ErrICPStale},
		"verifying twice is verifying once":       {given: func(t testing.TB) *story { return individual(t).filed() }, when: verifying(anna), then: ""},
		"a newer look-up has to be verified anew": {given: func(t testing.TB) *story { w := individual(t).sited().claim(anna); return w.record(w.evidence()) }, when: func(w *story) command { return OfferContract{Rules: rules, By: anna, At: w.now()} }, err: ErrICPUnverified},
		"no contract is offered on old evidence": {
			given: func(t testing.TB) *story { return individual(t).sited().wait(100 * day).claim(anna) },
			when:  func(w *story) command { return OfferContract{Rules: rules, By: anna, At: w.now()} }, err: ErrICPStale,
		},
		"looked up again, it is offered": {
			given: func(t testing.TB) *story {
				w := individual(t).sited().wait(100 * day).claim(anna)
				return w.record(w.evidence()).verify(anna)
			},
			when: func(w *story) command { return OfferContract{Rules: rules, By: anna, At: w.now()} }, then: "contract-offered",
		},
	})
}

func TestTheSite(t *testing.T) {
	declaring := func(change func(*DeclareSite)) func(w *story) command {
		return func(w *story) command {
			c := w.site("secret")
			if change != nil {
				change(&c)
			}
			return c
		}
	}
	approve := func(change func(map[string]bool)) func(w *story) command {
		return func(w *story) command {
			list := w.ticked()
			if change != nil {
				change(list)
			}
			return ApproveSite{Checklist: list, Rules: rules, By: anna, At: w.now()}
		}
	}
	waiting := func(t testing.TB) *story { return individual(t).filed() }
	atSite := func(t testing.TB) *story { w := waiting(t); return w.do(w.site("secret")).claim(anna) }
	badPage := func(t testing.TB) *story {
		return atSite(t).raise(anna, RaiseReason{Code: "R12", Sub: "terms-missing", Target: item.SiteTerms}).giveBack(anna)
	}
	rulebook(t, map[string]rule{
		"the merchant declares it, and the platform's time begins": {
			given: waiting, when: declaring(nil), then: "site-declared",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Holder(), Platform); is(t, s.Deadline.Holder, Platform) },
		},
		"it can be declared with the form":    {given: func(t testing.TB) *story { return individual(t).filled() }, when: declaring(nil), then: "site-declared"},
		"declaring twice is declaring once":   {given: atSite, when: declaring(nil), then: ""},
		"nobody else declares it":             {given: waiting, when: declaring(func(c *DeclareSite) { c.By = stranger }), err: ErrNotYours},
		"it is on the declared domain":        {given: waiting, when: declaring(func(c *DeclareSite) { c.URL = "https://elsewhere.cn/" }), err: ErrSiteURL},
		"it is a web address":                 {given: waiting, when: declaring(func(c *DeclareSite) { c.URL = "ftp://shop-chenwei.cn/" }), err: ErrSiteURL},
		"an address without a scheme is none": {given: waiting, when: declaring(func(c *DeclareSite) { c.URL = "shop-chenwei.cn" }), err: ErrSiteURL},
		"capitals in scheme and host are the same address (C095)": {
			given: waiting, when: declaring(func(c *DeclareSite) { c.URL = "HTTPS://WWW.Shop-ChenWei.CN/Start" }), then: "site-declared",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Declaration.URL, "https://www.shop-chenwei.cn/Start") },
		},
		"a password in the address is refused (C095)":     {given: waiting, when: declaring(func(c *DeclareSite) { c.URL = "https://admin:S3cret@shop-chenwei.cn/" }), err: ErrSiteCredentials},
		"a password in a mistyped address is refused too": {given: waiting, when: declaring(func(c *DeclareSite) { c.URL = "https:/admin:S3cret@shop-chenwei.cn/" }), err: ErrSiteCredentials},
		"a password in an address of the guide is, too":   {given: waiting, when: declaring(func(c *DeclareSite) { c.Guide = new("open https://admin:S3cret@shop-chenwei.cn/") }), err: ErrSiteCredentials},
		"it needs a test account":                         {given: waiting, when: declaring(func(c *DeclareSite) { c.Password = personal.Text{} }), err: ErrRequired},
		"under review it is not declared anew":            {given: atSite, when: declaring(func(c *DeclareSite) { c.Password = personal.New("other") }), err: ErrItemLocked},
		"a walked-through site is approved":               {given: atSite, when: approve(nil), then: "site-approved", also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, Contract) }},
		"every requirement is ticked":                     {given: atSite, when: approve(func(m map[string]bool) { m["filing"] = false }), err: ErrSiteChecklist},
		"an undeclared site is not approved":              {given: func(t testing.TB) *story { return waiting(t).claim(anna) }, when: approve(nil), err: ErrSiteUndeclared},
		"a page is answered with a statement, and the site is looked at again": {
			given: func(t testing.TB) *story {
				w := badPage(t)
				return w.do(Correct{Item: item.SiteTerms, Statement: "the terms are at /terms now", By: merchant, At: w.now()})
			},
			when: func(w *story) command { return Submit{Rules: rules, By: merchant, At: w.now()} }, then: "resubmitted",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, Website) },
		},
		"another domain voids the filing": {
			given: func(t testing.TB) *story {
				w := atSite(t).raise(anna, RaiseReason{Code: "R11", Sub: "blocked", Target: item.SiteDomain}).giveBack(anna)
				v := "other-shop.cn"
				return w.do(Correct{Item: item.SiteDomain, Value: &v, By: merchant, At: w.now()})
			},
			when: func(w *story) command { return Submit{Rules: rules, By: merchant, At: w.now()} }, then: "resubmitted",
			also: func(t *testing.T, s State, e Event) { is(t, s.Stage, ICP); is(t, e.(Resubmitted).Voided[0], CheckICP) },
		},
		"another name voids filing and qualification": {
			given: func(t testing.TB) *story {
				w := atSite(t).raise(anna, RaiseReason{Code: "R10", Sub: "mismatch", Target: item.IdentityName}).giveBack(anna)
				for k, v := range map[item.Key]string{item.IdentityName: "王芳", item.ContactName: "王芳", item.BankHolder: "王芳"} {
					w.do(Correct{Item: k, Value: &v, By: merchant, At: w.now()})
				}
				return w
			},
			when: func(w *story) command { return Submit{Rules: rules, By: merchant, At: w.now()} }, then: "resubmitted",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, Qualification); is(t, s.ICPVerified, false) },
		},
	})
}

func TestTheContract(t *testing.T) {
	sign := func(change func(*SignContract)) func(w *story) command {
		return func(w *story) command {
			c := w.signature()
			if change != nil {
				change(&c)
			}
			return c
		}
	}
	offering := func(by Actor) func(w *story) command {
		return func(w *story) command { return OfferContract{Rules: rules, By: by, At: w.now()} }
	}
	taking := func(by Actor) func(w *story) command {
		return func(w *story) command { return TakeNext{Rules: rules, By: by, At: w.now()} }
	}
	countersign := func(by Actor) func(w *story) command {
		return func(w *story) command { return CountersignContract{Rules: rules, By: by, At: w.now()} }
	}
	activating := func(by Actor) func(w *story) command {
		return func(w *story) command { return Activate{Rules: rules, By: by, At: w.now()} }
	}
	offered := func(t testing.TB) *story { return individual(t).offered() }
	byAgency := func(t testing.TB) *story {
		return newStory(t).opened(agent, policy.Individual, policy.WeChat).offered()
	}
	rulebook(t, map[string]rule{
		"is offered in the policy's version, for fifteen days": {
			given: func(t testing.TB) *story { return individual(t).sited().claim(anna) }, when: offering(anna), then: "contract-offered",
			also: func(t *testing.T, s State, e Event) {
				end, err := rules.Calendar.EndOfDays(e.Head().At, 15, true)
				is(t, err, nil)
				is(t, s.Offer.Expires, end.At.UTC())
				is(t, s.Offer.Version, "2026-01")
			},
		},
		"is offered once":                                   {given: offered, when: offering(anna), then: ""},
		"is not offered over another offer":                 {given: offered, when: offering(bo), err: ErrOffered},
		"is offered again when the offer ran out":           {given: func(t testing.TB) *story { return offered(t).wait(16 * day).claim(bo) }, when: offering(bo), then: "contract-offered"},
		"is signed by the merchant":                         {given: offered, when: sign(nil), then: "contract-signed", also: func(t *testing.T, s State, _ Event) { is(t, s.Stage, Countersignature) }},
		"signing twice is signing once":                     {given: func(t testing.TB) *story { return individual(t).signed() }, when: sign(nil), then: ""},
		"is never signed by the agent":                      {given: byAgency, when: sign(func(c *SignContract) { c.By = agent }), err: ErrSignerNotMerchant},
		"is never signed by a reviewer":                     {given: offered, when: sign(func(c *SignContract) { c.By = anna }), err: ErrSignerNotMerchant},
		"is signed under this very text":                    {given: offered, when: sign(func(c *SignContract) { c.SHA256 = hash("another") }), err: ErrContractText},
		"is signed with a one-time code":                    {given: offered, when: sign(func(c *SignContract) { c.Method = "click" }), err: ErrMethod},
		"is signed with the merchant's own name":            {given: offered, when: sign(func(c *SignContract) { c.Name = personal.New("王芳") }), err: ErrSignerName},
		"is not signed after the offer ran out":             {given: func(t testing.TB) *story { return offered(t).wait(16 * day) }, when: sign(nil), err: ErrContractOver},
		"is countersigned":                                  {given: func(t testing.TB) *story { return individual(t).signed().claim(bo) }, when: countersign(bo), then: "contract-countersigned"},
		"is not countersigned by who approved the merchant": {given: func(t testing.TB) *story { return individual(t).signed().claim(anna) }, when: countersign(anna), err: ErrApprover},
		"nor by the second of two who approved it":          {given: func(t testing.TB) *story { return enterprise(t).signed().claim(lena) }, when: countersign(lena), err: ErrApprover},
		"nor is it handed to who approved the merchant":     {given: func(t testing.TB) *story { return individual(t).signed() }, when: taking(anna), err: ErrApprover},
		"but to somebody else":                              {given: func(t testing.TB) *story { return individual(t).signed() }, when: taking(bo), then: "claimed"},
		"unless the policy lets who approved countersign": {given: func(t testing.TB) *story { return individual(t).signed().claim(anna) }, when: func(w *story) command {
			c := countersign(anna)(w).(CountersignContract)
			return decides(func(s State) ([]Event, error) {
				p, err := s.policy(c.Rules, c.At)
				if err != nil {
					return nil, err
				}
				p.ApproverCountersigns = true
				return nil, s.countersigner(p, p.Requirements(s.Facts()), c.By)
			})
		}},
		"names the party: no two offers have one digest": {given: func(t testing.TB) *story {
			one, other := individual(t).sited().claim(anna), individual(t).sited().claim(anna)
			one.do(OfferContract{Application: "a-1", Offer: "o-1", Rules: rules, By: anna, At: one.now()})
			other.do(OfferContract{Application: "a-2", Offer: "o-2", Rules: rules, By: anna, At: other.now()})
			d, err := rules.Policies.Text(policy.ContractText, one.s.Offer.Version, lang.Lang(one.s.Language))
			if err != nil {
				t.Fatal(err)
			}
			switch text := one.s.Offer.Text(d.Text); {
			case one.s.Offer.SHA256 == other.s.Offer.SHA256:
				t.Error("two offers have the same digest")
			case !strings.Contains(text, "陈伟") || !strings.Contains(text, "a-1") || !strings.Contains(text, one.s.MerchantNumber):
				t.Errorf("the text names no party:\n%s", text)
			case strings.Contains(one.s.Offer.MaskedText(d.Text), "陈伟") || strings.Contains(one.s.Offer.MaskedText(d.Text), "o-1"):
				t.Error("staff see the name, or the number that blinds the digest")
			case digestOf(text) != one.s.Offer.SHA256:
				t.Error("the digest is not that of the text")
			}
			return one
		}, when: func(w *story) command { return w.signature() }, then: "contract-signed"},
		"an offer from before the digest bound the party is signed as it was": {given: func(t testing.TB) *story {
			w := individual(t).sited().claim(anna)
			events, err := OfferContract{Rules: rules, By: anna, At: w.now()}.Decide(w.s)
			if err != nil {
				t.Fatal(err)
			}
			old := events[0].(ContractOffered)
			d, err := rules.Policies.Text(policy.ContractText, old.Version, lang.Lang(old.Language))
			if err != nil {
				t.Fatal(err)
			}
			old.Terms, old.SHA256 = personal.Text{}, d.SHA256
			return w.do(decides(func(State) ([]Event, error) { return []Event{old}, nil }))
		}, when: func(w *story) command { return w.signature() }, then: "contract-signed"},
		"an enterprise's is countersigned by another than offered it": {given: func(t testing.TB) *story { return enterprise(t).signed().claim(anna) }, when: countersign(anna), err: ErrSamePerson},
		"is not countersigned before it is signed":                    {given: func(t testing.TB) *story { return offered(t).claim(anna) }, when: countersign(anna), err: ErrStage},
		"then the merchant is switched on":                            {given: func(t testing.TB) *story { return individual(t).countersigned().claim(bo) }, when: activating(bo), then: "activated"},
		"by a reviewer who holds it":                                  {given: func(t testing.TB) *story { return individual(t).countersigned() }, when: activating(bo), err: ErrNotClaimed},
		"or by the platform itself":                                   {given: func(t testing.TB) *story { return individual(t).countersigned() }, when: activating(robot), then: "activated"},
		"nobody is switched on without a signed contract":             {given: func(t testing.TB) *story { return individual(t).signed().claim(bo) }, when: activating(bo), err: ErrStage},
		"nobody is switched on with an open reason": {given: func(t testing.TB) *story {
			return individual(t).countersigned().claim(lena).raise(lena, RaiseReason{Code: "R11", Sub: "dangerous", Target: item.SiteURL})
		}, when: activating(lena), err: ErrOpenReasons},
		"a reason found now still sends it back, and the contract is void": {
			given: func(t testing.TB) *story {
				return individual(t).countersigned().claim(lena).raise(lena, RaiseReason{Code: "R11", Sub: "dangerous", Target: item.SiteURL})
			},
			when: returning(lena), then: "returned",
		},
	})
}

// decides is a decision that a test makes itself.
type decides func(State) ([]Event, error)

func (d decides) Decide(s State) ([]Event, error) { return d(s) }
