package application

import (
	"strings"
	"testing"

	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
)

// sayingOf says what the merchant did about an item that has no value.
func sayingOf(k item.Key, what string) func(*story) command {
	return func(w *story) command { return Correct{Item: k, Statement: what, By: merchant, At: w.now()} }
}

func correcting(k item.Key, v string) func(*story) command {
	return func(w *story) command { return Correct{Item: k, Value: &v, By: merchant, At: w.now()} }
}

func submitting(w *story) command { return Submit{Rules: rules, By: merchant, At: w.now()} }

// The edges of what may be typed, uploaded and chosen.
func TestTheEdgesOfTheForm(t *testing.T) {
	returned := func(t testing.TB) *story { return individual(t).returned() }
	filled := func(t testing.TB) *story { return individual(t).filled() }
	erasedMobile := func(from func(testing.TB) *story) func(testing.TB) *story {
		return func(t testing.TB) *story {
			w := from(t)
			return w.happened(DetailsFilled{Header: w.s.head(merchant, w.now()), Personal: map[item.Key]personal.Text{item.ContactMobile: personal.Erased()}})
		}
	}
	mobileReturned := func(t testing.TB) *story {
		return claimed(t).raise(anna, RaiseReason{Code: "R05", Sub: "mobile", Target: item.ContactMobile}).accept(anna).giveBack(anna)
	}
	choosing := func(site policy.SiteType, banks []string, products ...policy.Product) func(*story) command {
		return func(w *story) command {
			return ChooseProducts{Products: products, Banks: banks, Site: site, Rules: rules, By: merchant, At: w.now()}
		}
	}
	bank := func(t testing.TB) *story {
		return newStory(t).opened(merchant, policy.Individual, policy.OnlineBanking)
	}
	described := func(change func(*Document)) func(*story) command {
		return func(w *story) command {
			d := file("x")
			change(&d)
			return UploadDocument{Slot: item.IDCardFront, Document: d, By: merchant, At: w.now()}
		}
	}
	withQuota := func(q FileQuota) func(*story) command {
		return func(w *story) command {
			return UploadDocument{Quota: q, Slot: item.IDCardFront, Document: file("third"), By: merchant, At: w.now()}
		}
	}
	twoFronts := func(t testing.TB) *story {
		return individual(t).upload(item.IDCardFront, "first").upload(item.IDCardFront, "second")
	}
	removing := func(document string) func(*story) command {
		return func(w *story) command {
			return RemoveDocument{Slot: item.IDCardFront, Document: document, By: merchant, At: w.now()}
		}
	}
	moving := func(change func(*MoveDocument)) func(*story) command {
		return func(w *story) command {
			c := MoveDocument{From: item.IDCardFront, To: item.IDCardBack, Document: "file-first", By: merchant, At: w.now()}
			change(&c)
			return c
		}
	}
	front := func(t testing.TB) *story { return individual(t).upload(item.IDCardFront, "first") }
	rulebook(t, map[string]rule{
		"nothing typed is no filling in":                 {given: individual, when: func(w *story) command { return FillDetails{By: merchant, At: w.now()} }, err: ErrRequired},
		"an erased value can be cleared":                 {given: erasedMobile(individual), when: fill(merchant, item.ContactMobile, ""), then: "details-filled", also: func(t *testing.T, s State, _ Event) { is(t, s.Item(item.ContactMobile).Empty(), true) }},
		"a value that is not erased and empty stays":     {given: individual, when: fill(merchant, item.ContactMobile, ""), then: ""},
		"a correction without a value or a word is none": {given: returned, when: sayingOf(item.IDCardFront, ""), err: ErrRequired},
		"an item that does not exist is not corrected":   {given: returned, when: sayingOf("contact.fax", "x"), err: ErrUnknownItem},
		"an individual corrects no company's name":       {given: returned, when: sayingOf(item.CompanyName, "x"), err: ErrItemKind},
		"a document is not corrected by typing":          {given: returned, when: correcting(item.IDCardFront, "x"), err: ErrUnknownItem},
		"a statement is no book":                         {given: returned, when: sayingOf(item.IDCardFront, strings.Repeat("x", maxText+1)), err: ErrTooLong},
		"a corrected value is no book":                   {given: returned, when: correcting(item.IdentityNumber, strings.Repeat("x", maxValue+1)), err: ErrTooLong},
		"correcting to what is there changes nothing":    {given: returned, when: correcting(item.IdentityNumber, "11010519491231002X"), then: ""},
		"saying the same again changes nothing":          {given: func(t testing.TB) *story { w := returned(t); return w.do(sayingOf(item.IDCardFront, "it is sharp")(w)) }, when: sayingOf(item.IDCardFront, " it is sharp "), then: ""},
		"saying something else does":                     {given: func(t testing.TB) *story { w := returned(t); return w.do(sayingOf(item.IDCardFront, "it is sharp")(w)) }, when: sayingOf(item.IDCardFront, "it is new"), then: "item-corrected"},
		"an erased value can be corrected to nothing":    {given: erasedMobile(mobileReturned), when: correcting(item.ContactMobile, ""), then: "item-corrected"},
		"a draft is filled in, not corrected":            {given: filled, when: correcting(item.ContactMobile, "13900139000"), err: ErrStage},
		"what is awaited is filled in, not corrected":    {given: withoutFiling, when: correcting(item.SiteICPNumber, "闽ICP备12345678号-1"), err: ErrStage},
		"what is unlocked is corrected, not filled in":   {given: mobileReturned, when: fill(merchant, item.ContactMobile, "13900139000"), err: ErrStage},
		"a reviewer who names the agency is no agent":    {given: byAgent, when: fill(Actor{ID: "r", Role: RoleReviewer, Organisation: "agency-1"}, item.ContactName, "陈伟"), err: ErrNotYours},
		"an agent of no organisation helps nobody":       {given: individual, when: fill(Actor{ID: "a", Role: RoleAgent}, item.ContactName, "陈伟"), err: ErrNotYours},
		"nor is a reviewer told what an agent is": {given: byAgent, when: func(w *story) command {
			return Withdraw{By: Actor{ID: "r", Role: RoleReviewer, Organisation: "agency-1"}, At: w.now()}
		}, err: ErrNotYours},
		"nor an agent of no organisation": {given: individual, when: func(w *story) command { return Withdraw{By: Actor{ID: "a", Role: RoleAgent}, At: w.now()} }, err: ErrNotYours},
		"agreeing to another text of the same words is another consent": {given: after(individual, func(w *story) Event {
			c := consenting("es")(w).(GiveConsent)
			return ConsentGiven{Header: w.s.head(merchant, w.now()), Consent: "privacy", Version: c.Version, SHA256: c.SHA256}
		}), when: consenting("es"), then: "consent-given"},
		"choosing what is chosen changes nothing":                {given: individual, when: choosing(policy.Web, nil, policy.WeChat, policy.Alipay), then: ""},
		"another site is another choice":                         {given: individual, when: choosing(policy.Offline, nil, policy.WeChat, policy.Alipay), then: "products-chosen"},
		"another product is another choice":                      {given: individual, when: choosing(policy.Web, nil, policy.WeChat), then: "products-chosen"},
		"another bank is another choice":                         {given: bank, when: choosing(policy.Web, []string{"103"}, policy.OnlineBanking), then: "products-chosen"},
		"a product is chosen once":                               {given: individual, when: choosing(policy.Web, nil, policy.WeChat, policy.WeChat), err: ErrProducts},
		"banks belong to online banking":                         {given: individual, when: choosing(policy.Web, []string{"102"}, policy.WeChat), err: ErrProducts},
		"a bank is chosen once":                                  {given: bank, when: choosing(policy.Web, []string{"102", "102"}, policy.OnlineBanking), err: ErrProducts},
		"two banks are two":                                      {given: bank, when: choosing(policy.Web, []string{"102", "103"}, policy.OnlineBanking), then: "products-chosen"},
		"a file of exactly ten megabytes":                        {given: individual, when: described(func(d *Document) { d.Size = maxDocument }), then: "document-uploaded"},
		"a file of one byte":                                     {given: individual, when: described(func(d *Document) { d.Size = 1 }), then: "document-uploaded"},
		"a file of less than nothing":                            {given: individual, when: described(func(d *Document) { d.Size = -1 }), err: ErrDocument},
		"a file without a page":                                  {given: individual, when: described(func(d *Document) { d.Pages = 0 }), err: ErrDocument},
		"a file without a name":                                  {given: individual, when: described(func(d *Document) { d.ID = " " }), err: ErrDocument},
		"a PDF has no width and no height":                       {given: individual, when: described(func(d *Document) { d.Type, d.Width, d.Height = "application/pdf", 0, 0 }), then: "document-uploaded"},
		"no image is less than nothing wide":                     {given: individual, when: described(func(d *Document) { d.Width = -1 }), err: ErrDocument},
		"no image is less than nothing high":                     {given: individual, when: described(func(d *Document) { d.Height = -1 }), err: ErrDocument},
		"where the operator sets no quota a slot is filled anew": {given: twoFronts, when: withQuota(FileQuota{}), then: "document-uploaded"},
		"the third version where three are allowed":              {given: twoFronts, when: withQuota(FileQuota{Versions: 3}), then: "document-uploaded"},
		"the third version where two are allowed":                {given: twoFronts, when: withQuota(FileQuota{Versions: 2}), err: ErrVersions},
		"as many bytes as are allowed":                           {given: twoFronts, when: withQuota(FileQuota{Bytes: 600_000}), then: "document-uploaded"},
		"a byte more than is allowed":                            {given: twoFronts, when: withQuota(FileQuota{Bytes: 599_999}), err: ErrBytes},
		"the file that is meant is removed":                      {given: front, when: removing("file-first"), then: "document-removed"},
		"one that was replaced meanwhile is gone already":        {given: twoFronts, when: removing("file-first"), then: ""},
		"nothing is removed from the other kind's slot": {given: front, when: func(w *story) command {
			return RemoveDocument{Slot: item.BusinessLicence, By: merchant, At: w.now()}
		}, err: ErrItemKind},
		"a move names its file":                {given: front, when: moving(func(c *MoveDocument) { c.Document = "" }), err: ErrRequired},
		"no file is moved into a field":        {given: front, when: moving(func(c *MoveDocument) { c.To = item.ContactName }), err: ErrUnknownItem},
		"no file is moved to the other kind":   {given: front, when: moving(func(c *MoveDocument) { c.To = item.BusinessLicence }), err: ErrItemKind},
		"into an empty slot a move leaves one": {given: front, when: moving(func(*MoveDocument) {}), then: "document-moved", also: func(t *testing.T, s State, _ Event) { is(t, s.Item(item.IDCardFront).Empty(), true) }},
		"a file is uploaded, and counted": {given: front, when: described(func(d *Document) { d.Size = 7 }), then: "document-uploaded", also: func(t *testing.T, s State, _ Event) {
			is(t, s.Bytes, 200_007)
			is(t, s.Item(item.IDCardFront).Uploads, 2)
		}},
		"a kind that the policy does not know":  {given: individual, when: func(w *story) command { return SwitchKind{Kind: "charity", By: merchant, At: w.now()} }, err: ErrKind},
		"an empty slot is not noted as dropped": {given: individual, when: func(w *story) command { return SwitchKind{Kind: policy.Enterprise, By: merchant, At: w.now()} }, then: "kind-switched", also: func(t *testing.T, _ State, e Event) { is(t, len(e.(KindSwitched).Dropped), 0) }},
		"what does not fit is, and is gone": {given: front, when: func(w *story) command { return SwitchKind{Kind: policy.Enterprise, By: merchant, At: w.now()} }, then: "kind-switched", also: func(t *testing.T, s State, e Event) {
			is(t, len(e.(KindSwitched).Dropped), 1)
			is(t, s.Item(item.IDCardFront).Uploads, 1)
		}},
		"an application without a merchant":      {given: nobody, when: opening(merchant, func(c *Open) { c.Merchant, c.By.ID = "", "" }), err: ErrRole},
		"a merchant without a number":            {given: nobody, when: opening(merchant, func(c *Open) { c.MerchantNumber = " " }), err: ErrRequired},
		"an agent adds a merchant with an id":    {given: nobody, when: opening(agent, func(c *Open) { c.Merchant = "" }), err: ErrRequired},
		"an agent has an organisation":           {given: nobody, when: opening(Actor{ID: "a", Role: RoleAgent}, nil), err: ErrRequired},
		"whoever acts has a role":                {given: nobody, when: opening(Actor{ID: merchant.ID, Role: "guest"}, nil), err: ErrRole},
		"a lead registers one over the counter":  {given: nobody, when: opening(lena, nil), then: "opened", also: func(t *testing.T, s State, _ Event) { is(t, s.Agent, "") }},
		"an admin registers nobody":              {given: nobody, when: opening(admin, nil), err: ErrNotYours},
		"the platform registers nobody":          {given: nobody, when: opening(robot, nil), err: ErrNotYours},
		"another number is another application":  {given: individual, when: opening(merchant, func(c *Open) { c.MerchantNumber = "M0002" }), err: ErrOpened},
		"another merchant, another one, too":     {given: byAgent, when: opening(agent, func(c *Open) { c.Merchant = "merchant-2" }), err: ErrOpened},
		"the same by its agent is nothing":       {given: byAgent, when: opening(agent, nil), then: ""},
		"a colleague did not open it":            {given: byAgent, when: opening(colleague, nil), err: ErrOpened},
		"consent in another language is another": {given: filled, when: consenting("es"), then: "consent-given"},
		"consent without a digest is none":       {given: individual, when: func(w *story) command { c := consenting("es")(w).(GiveConsent); c.SHA256 = ""; return c }, err: ErrConsentText},
	})
}

func nobody(t testing.TB) *story { return newStory(t) }

func opening(by Actor, change func(*Open)) func(*story) command {
	return func(w *story) command {
		c := Open{Merchant: merchant.ID, MerchantNumber: "M0001", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Web, Rules: rules, By: by, At: w.now()}
		if change != nil {
			change(&c)
		}
		return c
	}
}

func consenting(language string) func(*story) command {
	return func(w *story) command {
		p, _ := w.s.policy(rules, w.now())
		text, _ := p.Text(policy.FinancialDataConsent)
		return GiveConsent{Consent: text.Name, Version: text.Version, SHA256: text.SHA256["es"], Language: language, Address: personal.New("203.0.113.7"), Rules: rules, By: merchant, At: w.now()}
	}
}

// withoutFiling is submitted before the filing was there, which the policy allows.
func withoutFiling(t testing.TB) *story {
	w := individual(t).filled()
	return w.do(fill(merchant, item.SiteICPNumber, "")(w)).submit()
}

// The edges of declaring the site.
func TestTheEdgesOfTheDeclaration(t *testing.T) {
	declaring := func(change func(*DeclareSite)) func(*story) command {
		return func(w *story) command {
			c := w.site("secret")
			if change != nil {
				change(&c)
			}
			return c
		}
	}
	url := func(u string) func(*story) command { return declaring(func(c *DeclareSite) { c.URL = u }) }
	elsewhere := url("https://new.shop-chenwei.cn/")
	offline := func(t testing.TB) *story {
		w := newStory(t)
		w.do(Open{Merchant: merchant.ID, MerchantNumber: "M1", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Offline, Rules: rules, By: merchant, At: w.now()})
		return w.filled()
	}
	early := func(t testing.TB) *story { w := individual(t).filled(); return w.do(w.site("secret")) }
	earlyReturned := func(t testing.TB) *story {
		return early(t).submit().claim(anna).raise(anna, unclearFront).accept(anna).giveBack(anna)
	}
	accountReturned := func(t testing.TB) *story {
		w := individual(t).filed()
		w.do(w.site("secret")).claim(anna).raise(anna, RaiseReason{Code: "R12", Sub: "test-account", Target: item.SiteTestAccount})
		return w.giveBack(anna)
	}
	awaitedReturned := func(t testing.TB) *story { // at the site's stage, before it was declared
		return individual(t).filed().claim(lena).raise(lena, unclearFront).accept(lena).giveBack(lena).upload(item.IDCardFront, "again")
	}
	rulebook(t, map[string]rule{
		"where no site is reviewed none is declared":                {given: offline, when: declaring(nil), err: ErrStage},
		"a declaration has an address":                              {given: individualFilled, when: url(""), err: ErrRequired},
		"a declaration has a user":                                  {given: individualFilled, when: declaring(func(c *DeclareSite) { c.User = personal.Text{} }), err: ErrRequired},
		"a guide is no book":                                        {given: individualFilled, when: declaring(func(c *DeclareSite) { c.Guide = new(strings.Repeat("x", maxText+1)) }), err: ErrTooLong},
		"declared with the form it starts no deadline":              {given: individualFilled, when: declaring(nil), then: "site-declared", also: func(t *testing.T, _ State, e Event) { is(t, e.(SiteDeclared).Deadline == nil, true) }},
		"another user is another declaration":                       {given: early, when: declaring(func(c *DeclareSite) { c.User = personal.New("other") }), then: "site-declared"},
		"another guide is another declaration":                      {given: early, when: declaring(func(c *DeclareSite) { c.Guide = new("sell a cup") }), then: "site-declared"},
		"in the draft the address changes freely":                   {given: early, when: elsewhere, then: "site-declared"},
		"while the papers are judged it is declared the first time": {given: submitted, when: declaring(nil), then: "site-declared"},
		"and while a second person looks":                           {given: proposed, when: declaring(nil), then: "site-declared"},
		"and while the filing is looked up":                         {given: func(t testing.TB) *story { return individual(t).qualified() }, when: declaring(nil), then: "site-declared"},
		"then not again":                                            {given: func(t testing.TB) *story { return early(t).submit() }, when: elsewhere, err: ErrItemLocked},
		"during a correction it is declared the first time":         {given: func(t testing.TB) *story { return individual(t).returned() }, when: declaring(nil), then: "site-declared"},
		"during the correction of something else not anew":          {given: earlyReturned, when: elsewhere, err: ErrItemLocked},
		"nor with another password":                                 {given: earlyReturned, when: declaring(func(c *DeclareSite) { c.Password = personal.New("other") }), err: ErrItemLocked},
		"nor with another user":                                     {given: earlyReturned, when: declaring(func(c *DeclareSite) { c.User = personal.New("other") }), err: ErrItemLocked},
		"but the guide may be made plainer":                         {given: earlyReturned, when: declaring(func(c *DeclareSite) { c.Guide = new("click on the cup") }), then: "site-declared"},
		"a reason on the test account unlocks the user":             {given: accountReturned, when: declaring(func(c *DeclareSite) { c.User = personal.New("other") }), then: "site-declared"},
		"and not the address":                                       {given: accountReturned, when: elsewhere, err: ErrItemLocked},
		"a declared site is not declared anew at the contract":      {given: func(t testing.TB) *story { return individual(t).sited() }, when: elsewhere, err: ErrItemLocked},
		"the platform's time begins when an awaited site is declared": {given: func(t testing.TB) *story { return individual(t).filed().wait(5 * day) }, when: declaring(nil), then: "site-declared", also: func(t *testing.T, s State, e Event) {
			is(t, s.Deadline.Started, e.Head().At)
			is(t, s.Deadline.Stage, Website)
		}},
		"a site still awaited after a correction is the merchant's to declare": {given: awaitedReturned, when: submitting, then: "resubmitted", also: func(t *testing.T, s State, e Event) {
			is(t, s.Stage, Qualification) // the papers are judged anew
			is(t, s.Deadline.Holder, Platform)
		}},
	})
}

func individualFilled(t testing.TB) *story { return individual(t).filled() }

// What stands in the place of what a reason was raised on, and what a change
// undoes.
func TestWhatAnswersAReasonAndWhatAChangeUndoes(t *testing.T) {
	filing := []item.Key{item.SiteDomain, item.SiteICPNumber}
	letters := []item.Key{item.AuthorisationContact, item.AuthorisationSite, item.AuthorisationSettlement, item.DomainCertificate}
	for _, target := range catalogue {
		for _, k := range catalogue {
			want := false
			for _, l := range letters {
				want = want || k == l && !target.IsDocument() // a letter is no answer to an unclear image
			}
			for _, f := range filing {
				want = want || k == f && (target == item.SiteDomain || target == item.SiteICPNumber || target == item.SiteURL)
			}
			if instead(target, k) != want {
				t.Errorf("%s in the place of %s: %v, want %v", k, target, !want, want)
			}
		}
	}
	// All results are there, the site was returned, and one item changed.
	all := []Check{CheckQualification, CheckICP, CheckSite, CheckContract}
	for _, k := range catalogue {
		s := State{Qualified: true, ICPVerified: true, SiteApproved: true, Offer: Offer{Version: "2026-01"}, From: Website, Stage: Correction,
			Items: []*Item{{Key: k, Value: "new", Former: &Former{Value: "old"}}}}
		want := map[Check]bool{CheckContract: true}
		switch k {
		case item.IdentityName, item.CompanyName:
			want[CheckQualification], want[CheckICP], want[CheckSite] = true, true, true
		case item.SiteDomain:
			want[CheckICP], want[CheckSite] = true, true
		case item.SiteICPNumber, item.AuthorisationSite, item.DomainCertificate:
			want[CheckICP] = true
		default:
			want[CheckSite] = k.IsSite()
			want[CheckQualification] = !k.IsSite()
		}
		got := map[Check]bool{}
		for _, c := range s.voided() {
			got[c] = true
		}
		for _, c := range all {
			if got[c] != want[c] {
				t.Errorf("a change of %s undoes %s: %v, want %v", k, c, got[c], want[c])
			}
		}
		if s.From = ""; len(s.voided()) > 0 {
			t.Errorf("%s: what was taken up again has no result to undo", k)
		}
		none := State{From: Website, Stage: Correction, Items: s.Items}
		if len(none.voided()) > 0 {
			t.Errorf("%s: what was never found good cannot be undone", k)
		}
	}
	// A reason that was answered in words has the filing and the site looked at again.
	for _, k := range catalogue {
		s := State{Qualified: true, ICPVerified: true, SiteApproved: true, From: Website, Stage: Correction, Reasons: []Reason{{Target: k, Status: StatusReturned}}}
		want := ""
		switch {
		case k == item.SiteDomain:
			want = "icp site "
		case k.IsSite():
			want = "site "
		case k == item.SiteICPNumber || k == item.AuthorisationSite || k == item.DomainCertificate:
			want = "icp "
		}
		got := ""
		for _, c := range s.voided() {
			got += string(c) + " "
		}
		is(t, got, want)
		s.Reasons[0].Status = StatusSettled
		is(t, len(s.voided()), 0)
	}
}

// The merchant's version counts, from 0, what the merchant was told.
func TestTheMerchantsVersion(t *testing.T) {
	w := individual(t).filled()
	before := w.s.Version()
	is(t, individual(t).s.Version(), 0)
	is(t, before, int64(len(w.events)-1))
	w.submit().claim(anna)
	is(t, w.s.Version(), before+1)
}

// Whatever was typed can be cleared again.
func TestEveryFieldCanBeCleared(t *testing.T) {
	for _, kind := range policy.Kinds() {
		for k := range values(kind) {
			for _, nothing := range []string{"", "  ", "\u3000\t", "\u200b"} {
				w := newStory(t).opened(merchant, kind, policy.WeChat).filled()
				w.do(fill(merchant, k, nothing)(w))
				if i := w.s.Item(k); !i.Empty() {
					t.Errorf("%s of an %s, cleared with %q, holds %q", k, kind, nothing, w.s.Text(k))
				}
			}
		}
	}
}
