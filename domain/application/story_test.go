package application

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"alta/domain/calendar"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

type command interface{ Decide(State) ([]Event, error) }

// The people of the stories.
var (
	merchant  = Actor{ID: "merchant-1", Role: RoleMerchant}
	stranger  = Actor{ID: "merchant-2", Role: RoleMerchant}
	agent     = Actor{ID: "agent-1", Role: RoleAgent, Organisation: "agency-1"}
	colleague = Actor{ID: "agent-2", Role: RoleAgent, Organisation: "agency-1"}
	rival     = Actor{ID: "agent-3", Role: RoleAgent, Organisation: "agency-2"}
	anna      = Actor{ID: "reviewer-1", Role: RoleReviewer}
	bo        = Actor{ID: "reviewer-2", Role: RoleReviewer}
	lena      = Actor{ID: "lead-1", Role: RoleLead}
	liu       = Actor{ID: "lead-2", Role: RoleLead}
	auditor   = Actor{ID: "auditor-1", Role: RoleAuditor}
	admin     = Actor{ID: "admin-1", Role: RoleAdmin}
	robot     = Actor{ID: "reaction", Role: RoleSystem}
)

var rules = Rules{Policies: policy.Default(), Calendar: calendar.Default()}

// story is an application under way: every step is a command, a minute after
// the one before.
type story struct {
	tb     testing.TB
	s      State
	events []Event
	at     time.Time
	known  int   // how many of the events another story of the same list has as well
	from   State // that those lead to
}

func newStory(tb testing.TB) *story {
	return &story{tb: tb, at: when("2026-03-02T02:00:00Z")} // a Monday, ten o'clock in Beijing
}

// now is the time of the next command.
func (w *story) now() time.Time { return w.at }

func (w *story) wait(d time.Duration) *story {
	w.at = w.at.Add(d)
	return w
}

// do performs a command that the story needs to succeed.
func (w *story) do(c command) *story {
	w.tb.Helper()
	events, err := c.Decide(w.s)
	if err != nil {
		w.tb.Fatalf("the story stops at %T: %v", c, err)
	}
	return w.happened(events...)
}

func (w *story) happened(events ...Event) *story {
	for _, e := range events {
		w.s = Evolve(w.s, e)
		w.events = append(w.events, e)
	}
	w.at = w.at.Add(time.Minute)
	return w
}

func (w *story) opened(by Actor, kind policy.Kind, products ...policy.Product) *story {
	c := Open{Merchant: merchant.ID, MerchantNumber: "M0001", Kind: kind, Products: products, Site: policy.Web, Language: "zh-CN", Rules: rules, By: by, At: w.now()}
	for _, p := range products {
		if p == policy.OnlineBanking {
			c.Banks = []string{"102"}
		}
	}
	return w.do(c)
}

// individual is one who wants WeChat Pay and Alipay for a web site.
func individual(tb testing.TB) *story {
	return newStory(tb).opened(merchant, policy.Individual, policy.WeChat, policy.Alipay)
}

// enterprise takes four eyes.
func enterprise(tb testing.TB) *story {
	return newStory(tb).opened(merchant, policy.Enterprise, policy.WeChat)
}

func values(kind policy.Kind) map[item.Key]string {
	v := map[item.Key]string{
		item.IdentityName: "陈伟", item.IdentityType: "resident_id", item.IdentityNumber: "11010519491231002X",
		item.IdentityValidFrom: "2010-05-12", item.IdentityValidTo: "long-term",
		item.ContactName: "陈伟", item.ContactMobile: "13800138000", item.ContactEmail: "chen@example.cn", item.ContactAddress: "福州市鼓楼区五四路 1 号",
		item.BankHolder: "陈伟", item.BankNumber: "6216261000000000018", item.BankCode: "403", item.BankBranch: "403713354941",
		item.SiteDomain: "shop-chenwei.cn", item.SiteICPNumber: "闽ICP备12345678号-1",
	}
	v[item.BankBranch] = "402713354941"
	v[item.BankCode] = "402"
	if kind == policy.Enterprise {
		v[item.CompanyName], v[item.CompanyLicence], v[item.CompanyAddress] = "福州好店商贸有限公司", "91350100M000100Y43", "福州市鼓楼区五四路 1 号"
		v[item.BankHolder], v[item.BankNumber] = "福州好店商贸有限公司", "35001234560000012345"
	}
	return v
}

// file is an upload whose bytes are told by its name.
func file(name string) Document {
	return Document{ID: "file-" + name, Type: "image/jpeg", SHA256: hash(name), Size: 200_000, Width: 1200, Height: 900, Pages: 1, Blur: 400, Blobs: []string{name}}
}

func (w *story) upload(slot item.Key, name string) *story {
	return w.do(UploadDocument{Slot: slot, Document: file(name), By: merchant, At: w.now()})
}

func (w *story) consents() *story {
	p, err := w.s.policy(rules, w.now())
	if err != nil {
		w.tb.Fatal(err)
	}
	for _, t := range p.Texts {
		if t.Name != policy.ContractText {
			w.do(GiveConsent{Consent: t.Name, Version: t.Version, SHA256: t.SHA256[lang.Chinese], Language: "zh-CN", Address: personal.New("203.0.113.7"), Rules: rules, By: merchant, At: w.now()})
		}
	}
	return w
}

// filled has everything that a submission needs.
func (w *story) filled() *story {
	w.do(FillDetails{Values: values(w.s.Kind), By: merchant, At: w.now()})
	req, err := w.s.Requirements(rules, w.now())
	if err != nil {
		w.tb.Fatal(err)
	}
	for _, q := range req.Items {
		if q.Required && q.Item.IsDocument() {
			w.upload(q.Item, string(q.Item))
		}
	}
	return w.consents()
}

func (w *story) submit() *story { return w.do(Submit{Rules: rules, By: merchant, At: w.now()}) }

func (w *story) submitted() *story { return w.filled().submit() }

func (w *story) claim(by Actor) *story { return w.do(Claim{Rules: rules, By: by, At: w.now()}) }

// accept accepts everything that is still to be looked at, but not the items
// named.
func (w *story) accept(by Actor, but ...item.Key) *story {
	req, err := w.s.Requirements(rules, w.now())
	if err != nil {
		w.tb.Fatal(err)
	}
	var items []item.Key
next:
	for _, p := range w.s.unchecked(req) {
		for _, k := range but {
			if k == p.Item {
				continue next
			}
		}
		items = append(items, p.Item)
	}
	if len(items) == 0 {
		return w
	}
	return w.do(AcceptItems{Items: items, By: by, At: w.now()})
}

func (w *story) approve(by Actor) *story {
	return w.do(ApproveQualification{Rules: rules, By: by, At: w.now()})
}

// qualified leads an individual, or with the second person an enterprise, to
// the stage after the qualification.
func (w *story) qualified() *story {
	w.submitted().claim(anna).accept(anna).approve(anna)
	if w.s.Stage == SecondApproval {
		w.claim(lena).do(ConfirmQualification{Judged: w.s.Proposal.Judged, Rules: rules, By: lena, At: w.now()})
	}
	return w
}

func (w *story) evidence() ICPEvidence {
	return ICPEvidence{
		ID: "evidence-" + strconv.Itoa(len(w.events)), Status: "found", Number: "闽ICP备12345678号-1", Subject: personal.New(w.s.business()),
		Domain: "shop-chenwei.cn", Source: "manual", LookedUpAt: w.now().Add(-time.Hour),
	}
}

func (w *story) record(e ICPEvidence) *story {
	return w.do(RecordICPEvidence{Evidence: e, Rules: rules, By: w.s.Claim.By, At: w.now()})
}

func (w *story) verify(by Actor) *story { return w.do(VerifyICP{Rules: rules, By: by, At: w.now()}) }

func (w *story) filed() *story {
	w.qualified().claim(anna)
	return w.record(w.evidence()).accept(anna).verify(anna)
}

func (w *story) site(password string) DeclareSite {
	return DeclareSite{
		URL: "https://www.shop-chenwei.cn/", User: personal.New("tester"), Password: personal.New(password), Guide: new("buy a cup"),
		Rules: rules, By: merchant, At: w.now(),
	}
}

func (w *story) ticked() map[string]bool {
	p, err := w.s.policy(rules, w.now())
	if err != nil {
		w.tb.Fatal(err)
	}
	out := map[string]bool{}
	for _, c := range p.Checklist {
		out[c.ID] = true
	}
	return out
}

func (w *story) approveSite(by Actor) *story {
	return w.do(ApproveSite{Checklist: w.ticked(), Rules: rules, By: by, At: w.now()})
}

func (w *story) sited() *story {
	w.filed()
	return w.do(w.site("secret")).claim(anna).approveSite(anna)
}

func (w *story) offer(by Actor) *story {
	return w.claim(by).do(OfferContract{Rules: rules, By: by, At: w.now()})
}

func (w *story) offered() *story { return w.sited().offer(anna) }

func (w *story) signature() SignContract {
	return SignContract{
		SHA256: w.s.Offer.SHA256, Name: personal.New("陈伟"), Method: OneTimeCode, Address: personal.New("203.0.113.7"),
		Rules: rules, By: merchant, At: w.now(),
	}
}

func (w *story) signed() *story { return w.offered().do(w.signature()) }

func (w *story) countersigned() *story {
	return w.signed().claim(liu).do(CountersignContract{Rules: rules, By: liu, At: w.now()})
}

func (w *story) active() *story {
	return w.countersigned().claim(bo).do(Activate{Rules: rules, By: bo, At: w.now()})
}

func (w *story) raise(by Actor, c RaiseReason) *story {
	if c.Reason == "" {
		c.Reason = fmt.Sprintf("reason-%d", len(w.events))
	}
	c.Rules, c.By, c.At = rules, by, w.now()
	return w.do(c)
}

func (w *story) giveBack(by Actor) *story { return w.do(Return{Rules: rules, By: by, At: w.now()}) }

// returned is a submission that came back because of the front of the card.
func (w *story) returned() *story {
	return w.submitted().claim(anna).raise(anna, unclearFront).accept(anna).giveBack(anna)
}

var unclearLicence = RaiseReason{Reason: "reason-licence", Code: "R03", Sub: "unclear", Target: item.BusinessLicence}

var unclearFront = RaiseReason{Reason: "reason-front", Code: "R03", Sub: "unclear", Target: item.IDCardFront, Note: "please photograph it again"}
