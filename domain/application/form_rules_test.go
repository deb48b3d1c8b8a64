package application

import (
	"errors"
	"strings"
	"testing"

	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
)

func fill(by Actor, k item.Key, v string) func(w *story) command {
	return func(w *story) command { return FillDetails{Values: map[item.Key]string{k: v}, By: by, At: w.now()} }
}

func put(by Actor, slot item.Key, name string) func(w *story) command {
	return func(w *story) command { return UploadDocument{Slot: slot, Document: file(name), By: by, At: w.now()} }
}

func byAgent(t testing.TB) *story {
	return newStory(t).opened(agent, policy.Individual, policy.WeChat)
}

func TestOpening(t *testing.T) {
	nothing := func(t testing.TB) *story { return newStory(t) }
	open := func(by Actor, change func(*Open)) func(w *story) command {
		return func(w *story) command {
			c := Open{Merchant: merchant.ID, MerchantNumber: "M0001", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Web, Rules: rules, By: by, At: w.now()}
			if change != nil {
				change(&c)
			}
			return c
		}
	}
	rulebook(t, map[string]rule{
		"a merchant registers itself":           {given: nothing, when: open(merchant, nil), then: "opened"},
		"an agent adds a merchant":              {given: nothing, when: open(agent, nil), then: "opened", also: func(t *testing.T, s State, _ Event) { is(t, s.Agent, "agency-1") }},
		"nobody registers somebody else":        {given: nothing, when: open(stranger, nil), err: ErrNotYours},
		"an auditor registers nobody":           {given: nothing, when: open(auditor, nil), err: ErrNotYours},
		"registering twice is registering once": {given: individual, when: open(merchant, nil), then: ""},
		"a taken identity is refused":           {given: individual, when: open(agent, nil), err: ErrOpened},
		"online banking needs a bank":           {given: nothing, when: open(merchant, func(c *Open) { c.Products = []policy.Product{policy.OnlineBanking} }), err: ErrProducts},
		"a bank that the policy does not offer": {given: nothing, when: open(merchant, func(c *Open) { c.Products, c.Banks = []policy.Product{policy.OnlineBanking}, []string{"999"} }), err: ErrProducts},
		"online banking has no offline form": {given: nothing, when: open(merchant, func(c *Open) {
			c.Products, c.Banks, c.Site = []policy.Product{policy.OnlineBanking}, []string{"102"}, policy.Offline
		}), err: ErrProducts},
		"an unknown kind of merchant":                    {given: nothing, when: open(merchant, func(c *Open) { c.Kind = "charity" }), err: ErrProducts},
		"an application without products":                {given: nothing, when: open(merchant, func(c *Open) { c.Products = nil }), err: ErrProducts},
		"before there is an application nobody fills it": {given: nothing, when: fill(merchant, item.ContactName, "陈伟"), err: ErrNotOpened},
	})
}

func TestFillingTheForm(t *testing.T) {
	long := strings.Repeat("x", maxValue+1)
	rulebook(t, map[string]rule{
		"the merchant fills in":                     {given: individual, when: fill(merchant, item.ContactName, "陈伟"), then: "details-filled"},
		"the agent fills in for its merchant":       {given: byAgent, when: fill(agent, item.ContactName, "陈伟"), then: "details-filled"},
		"a colleague of the agent fills in":         {given: byAgent, when: fill(colleague, item.ContactName, "陈伟"), then: "details-filled"},
		"another agent does not":                    {given: byAgent, when: fill(rival, item.ContactName, "陈伟"), err: ErrNotYours},
		"another merchant does not":                 {given: individual, when: fill(stranger, item.ContactName, "陈伟"), err: ErrNotYours},
		"a reviewer does not":                       {given: individual, when: fill(anna, item.ContactName, "陈伟"), err: ErrNotYours},
		"an agent without a merchant does not":      {given: individual, when: fill(agent, item.ContactName, "陈伟"), err: ErrNotYours},
		"a draft may be wrong":                      {given: individual, when: fill(merchant, item.IdentityNumber, "110105194912310021"), then: "details-filled"},
		"an endless value is refused at once":       {given: individual, when: fill(merchant, item.ContactName, long), err: ErrTooLong},
		"a value that is no text is refused":        {given: individual, when: fill(merchant, item.ContactName, "\xff\xfe"), err: ErrIllFormed},
		"a value with a NUL is refused":             {given: individual, when: fill(merchant, item.ContactName, "陈\x00伟"), err: ErrNUL},
		"an unknown item is refused":                {given: individual, when: fill(merchant, "contact.fax", "1"), err: ErrUnknownItem},
		"a document is not typed":                   {given: individual, when: fill(merchant, item.IDCardFront, "x"), err: ErrUnknownItem},
		"an individual has no company name":         {given: individual, when: fill(merchant, item.CompanyName, "好店"), err: ErrItemKind},
		"typing the same again changes nothing":     {given: func(t testing.TB) *story { return individual(t).filled() }, when: fill(merchant, item.ContactMobile, "+86 138 0013 8000"), then: ""},
		"clearing a field is a change":              {given: func(t testing.TB) *story { return individual(t).filled() }, when: fill(merchant, item.ContactMobile, ""), then: "details-filled"},
		"after the submission everything is locked": {given: func(t testing.TB) *story { return individual(t).submitted() }, when: fill(merchant, item.ContactMobile, "13900139000"), err: ErrItemLocked},
		"what is stored is the canonical form": {
			given: individual, when: fill(merchant, item.SiteDomain, "https://WWW.网址之家.cn/index"), then: "details-filled",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Text(item.SiteDomain), "xn--9iq21t6wdw30c.cn") },
		},
		"a password in a domain's address is never stored, even where the rest cannot be read (C095)": {
			given: individual, when: fill(merchant, item.SiteDomain, "https:/admin:S3cret@shop.cn/"), then: "details-filled",
			also: func(t *testing.T, s State, _ Event) { is(t, s.Text(item.SiteDomain), "https:/shop.cn/") },
		},
		"an end that is none is the long term, whatever it is called (C074)": {
			given: func(t testing.TB) *story {
				w := individual(t).do(fill(merchant, item.IdentityValidFrom, "2016.05.12")(newStory(t)))
				for _, end := range []string{"永久", "9999-12-31", "Indefinido"} {
					w.do(fill(merchant, item.IdentityValidTo, "2036-05-12")(w))
					w.do(fill(merchant, item.IdentityValidTo, end)(w))
					if got := w.s.Text(item.IdentityValidTo); got != "long-term" {
						t.Errorf("%s is stored as %s", end, got)
					}
				}
				return w
			},
			when: fill(merchant, item.IdentityValidTo, "forever"), then: "",
		},
		"personal values are kept apart from the others": {
			given: individual, when: fill(merchant, item.IdentityNumber, "11010519491231002x"), then: "details-filled",
			also: func(t *testing.T, s State, e Event) {
				is(t, len(e.(DetailsFilled).Fields), 0)
				is(t, e.(DetailsFilled).Personal[item.IdentityNumber], personal.New("11010519491231002X"))
			},
		},
	})
}

func TestSwitchingTheKind(t *testing.T) {
	to := func(kind policy.Kind) func(w *story) command {
		return func(w *story) command { return SwitchKind{Kind: kind, By: merchant, At: w.now()} }
	}
	with := func(t testing.TB) *story {
		return individual(t).do(fill(merchant, item.ContactName, "陈伟")(newStory(t))).
			upload(item.IDCardFront, "front").upload(item.AuthorisationContact, "letter")
	}
	rulebook(t, map[string]rule{
		"before the first submission, keeping the uploads that still fit": {
			given: with, when: to(policy.Enterprise), then: "kind-switched",
			also: func(t *testing.T, s State, _ Event) {
				is(t, s.Kind, policy.Enterprise)
				is(t, s.Item(item.IDCardFront).Document.ID, "")
				is(t, s.Item(item.AuthorisationContact).Document.ID, "file-letter")
				is(t, s.Text(item.ContactName), "陈伟")
			},
		},
		"to the kind it is already":  {given: with, when: to(policy.Individual), then: ""},
		"to a kind that is none":     {given: with, when: to("charity"), err: ErrKind},
		"never after the submission": {given: func(t testing.TB) *story { return individual(t).submitted() }, when: to(policy.Enterprise), err: ErrKindFixed},
		"nor during a correction":    {given: func(t testing.TB) *story { return individual(t).returned() }, when: to(policy.Enterprise), err: ErrKindFixed},
		"nor after being taken up again": {given: func(t testing.TB) *story {
			w := individual(t).submitted()
			return w.do(Withdraw{By: merchant, At: w.now()}).do(Reopen{By: merchant, At: w.now()})
		}, when: to(policy.Enterprise), err: ErrKindFixed},
	})
}

func TestUploading(t *testing.T) {
	with := func(t testing.TB) *story {
		return individual(t).upload(item.IDCardFront, "front").upload(item.IDCardBack, "back")
	}
	move := func(document string) func(w *story) command {
		return func(w *story) command {
			return MoveDocument{From: item.IDCardFront, To: item.IDCardBack, Document: document, By: merchant, At: w.now()}
		}
	}
	bad := func(change func(*Document)) func(w *story) command {
		return func(w *story) command {
			d := file("x")
			change(&d)
			return UploadDocument{Slot: item.IDCardFront, Document: d, By: merchant, At: w.now()}
		}
	}
	rulebook(t, map[string]rule{
		"into its slot":                        {given: individual, when: put(merchant, item.IDCardFront, "front"), then: "document-uploaded"},
		"by the agent":                         {given: byAgent, when: put(agent, item.IDCardFront, "front"), then: "document-uploaded"},
		"the same file twice is once":          {given: with, when: put(merchant, item.IDCardFront, "front"), then: ""},
		"a new file takes the old one's place": {given: with, when: put(merchant, item.IDCardFront, "better"), then: "document-uploaded"},
		"a slot of the other kind":             {given: individual, when: put(merchant, item.BusinessLicence, "licence"), err: ErrItemKind},
		"a field is no slot":                   {given: individual, when: put(merchant, item.ContactName, "x"), err: ErrUnknownItem},
		"a type that is not accepted":          {given: individual, when: bad(func(d *Document) { d.Type = "image/gif" }), err: ErrDocument},
		"more than ten megabytes":              {given: individual, when: bad(func(d *Document) { d.Size = maxDocument + 1 }), err: ErrDocument},
		"without a digest":                     {given: individual, when: bad(func(d *Document) { d.SHA256 = "" }), err: ErrDocument},
		"an empty file":                        {given: individual, when: bad(func(d *Document) { d.Size = 0 }), err: ErrDocument},
		"removing empties the slot":            {given: with, when: func(w *story) command { return RemoveDocument{Slot: item.IDCardFront, By: merchant, At: w.now()} }, then: "document-removed"},
		"removing what is gone is nothing":     {given: individual, when: func(w *story) command { return RemoveDocument{Slot: item.IDCardFront, By: merchant, At: w.now()} }, then: ""},
		"moving swaps what lies there": {
			given: with, when: move("file-front"), then: "document-moved",
			also: func(t *testing.T, s State, _ Event) {
				is(t, s.Item(item.IDCardFront).Document.ID, "file-back")
				is(t, s.Item(item.IDCardBack).Document.ID, "file-front")
			},
		},
		"the same click twice does not swap back": {given: func(t testing.TB) *story { w := with(t); return w.do(move("file-front")(w)) }, when: move("file-front"), then: ""},
		"a file that lies elsewhere is not moved": {given: with, when: move("file-other"), err: ErrDocumentGone},
		"under review nothing is uploaded":        {given: func(t testing.TB) *story { return individual(t).submitted() }, when: put(merchant, item.IDCardFront, "better"), err: ErrItemLocked},
	})
}

func TestConsent(t *testing.T) {
	consent := func(by Actor, change func(*GiveConsent)) func(w *story) command {
		return func(w *story) command {
			p, _ := w.s.policy(rules, w.now())
			text, _ := p.Text(policy.FinancialDataConsent)
			c := GiveConsent{Consent: text.Name, Version: text.Version, SHA256: text.SHA256["es"], Language: "es", Address: personal.New("203.0.113.7"), Rules: rules, By: by, At: w.now()}
			if change != nil {
				change(&c)
			}
			return c
		}
	}
	rulebook(t, map[string]rule{
		"to financial-account data is given apart": {given: individual, when: consent(merchant, nil), then: "consent-given"},
		"is a person's own: no agent gives it":     {given: byAgent, when: consent(agent, nil), err: ErrMerchantOnly},
		"nobody gives another merchant's":          {given: individual, when: consent(stranger, nil), err: ErrNotYours},
		"is to this very text":                     {given: individual, when: consent(merchant, func(c *GiveConsent) { c.SHA256 = hash("another") }), err: ErrConsentText},
		"is to the policy's version":               {given: individual, when: consent(merchant, func(c *GiveConsent) { c.Version = "1999" }), err: ErrConsentText},
		"does not sign the contract":               {given: individual, when: consent(merchant, func(c *GiveConsent) { c.Consent = policy.ContractText }), err: ErrConsentText},
		"twice is once":                            {given: func(t testing.TB) *story { w := individual(t); return w.do(consent(merchant, nil)(w)) }, when: consent(merchant, nil), then: ""},
	})
}

func TestConsentWithdrawn(t *testing.T) {
	take := func(by Actor) func(w *story) command {
		return func(w *story) command {
			return WithdrawConsent{Consent: policy.FinancialDataConsent, Address: personal.New("203.0.113.7"), By: by, At: w.now()}
		}
	}
	gone := func(t *testing.T, s State, e Event) {
		is(t, len(s.Consents), 1)
		is(t, s.Consents[0].Name, string(policy.PrivacyConsent))
		is(t, e.(ConsentWithdrawn).Version, "2026-01")
	}
	filled := func(t testing.TB) *story { return individual(t).filled() }
	given := func(w *story) *story { return w.do(take(merchant)(w)) }
	submit := func(w *story) command { return Submit{Rules: rules, By: merchant, At: w.now()} }
	withdrawn := func(t testing.TB) *story {
		w := individual(t).submitted()
		return w.do(Withdraw{By: merchant, At: w.now()})
	}
	rulebook(t, map[string]rule{
		"a merchant takes a consent back, and the other stays": {given: filled, when: take(merchant), then: "consent-withdrawn", also: gone},
		"twice is once":                                          {given: func(t testing.TB) *story { return given(filled(t)) }, when: take(merchant), then: ""},
		"what was never given is not taken back":                 {given: individual, when: take(merchant), then: ""},
		"nothing is handed in without it":                        {given: func(t testing.TB) *story { return given(filled(t)) }, when: submit, err: ErrIncomplete},
		"it is a person's own: no agent does it":                 {given: byAgent, when: take(agent), err: ErrMerchantOnly},
		"nobody takes another merchant's back":                   {given: filled, when: take(stranger), err: ErrNotYours},
		"under review the application is withdrawn first":        {given: func(t testing.TB) *story { return individual(t).submitted() }, when: take(merchant), err: ErrConsentInUse},
		"after the application was withdrawn the consent can go": {given: withdrawn, when: take(merchant), then: "consent-withdrawn", also: gone},
		"an application taken up again needs it before handing in": {
			given: func(t testing.TB) *story { w := given(withdrawn(t)); return w.do(Reopen{By: merchant, At: w.now()}) }, when: submit, err: ErrIncomplete,
		},
	})
}

func TestSubmitting(t *testing.T) {
	submit := func(by Actor) func(w *story) command {
		return func(w *story) command { return Submit{Rules: rules, By: by, At: w.now()} }
	}
	wrong := func(k item.Key, v string) func(t testing.TB) *story {
		return func(t testing.TB) *story { w := individual(t).filled(); return w.do(fill(merchant, k, v)(w)) }
	}
	rulebook(t, map[string]rule{
		"starts round 1 and pins the policy": {
			given: func(t testing.TB) *story { return individual(t).filled() }, when: submit(merchant), then: "submitted",
			also: func(t *testing.T, s State, e Event) {
				is(t, s.Round, 1)
				is(t, s.Policy, "2026-01")
				is(t, s.Stage, Qualification)
				is(t, s.Deadline.Due, e.Head().At.AddDate(0, 0, 3)) // Monday morning and three business days
			},
		},
		"an agent may hand in what it collected": {given: func(t testing.TB) *story {
			return byAgent(t).filled()
		}, when: submit(agent), then: "submitted"},
		"twice is once":                                             {given: func(t testing.TB) *story { return individual(t).submitted() }, when: submit(merchant), then: ""},
		"an empty form":                                             {given: individual, when: submit(merchant), err: ErrIncomplete},
		"without a consent":                                         {given: unconsented, when: submit(merchant), err: ErrIncomplete},
		"with a wrong identity number":                              {given: wrong(item.IdentityNumber, "110105194912310021"), when: submit(merchant), err: ErrIncomplete},
		"with a mobile that is none":                                {given: wrong(item.ContactMobile, "12345"), when: submit(merchant), err: ErrIncomplete},
		"with an expired identity card":                             {given: wrong(item.IdentityValidTo, "2020-05-12"), when: submit(merchant), err: ErrIncomplete},
		"with the filing of an app for a website":                   {given: wrong(item.SiteICPNumber, "闽ICP备12345678号-1A"), when: submit(merchant), err: ErrIncomplete},
		"a contact of another name takes a letter of authorisation": {given: wrong(item.ContactName, "王芳"), when: submit(merchant), err: ErrIncomplete},
		"with that letter it goes in": {
			given: func(t testing.TB) *story {
				return wrong(item.ContactName, "王芳")(t).upload(item.AuthorisationContact, "letter")
			},
			when: submit(merchant), then: "submitted",
		},
		"an account of another name takes one, too": {given: wrong(item.BankHolder, "王芳"), when: submit(merchant), err: ErrIncomplete},
		"with that one it goes in": {given: func(t testing.TB) *story {
			return wrong(item.BankHolder, "王芳")(t).upload(item.AuthorisationSettlement, "letter")
		}, when: submit(merchant), then: "submitted"},
		"the same file in both sides": {given: func(t testing.TB) *story {
			return individual(t).filled().upload(item.IDCardBack, string(item.IDCardFront))
		}, when: submit(merchant), err: ErrIncomplete},
		"a warning does not stand in the way": {given: wrong(item.BankNumber, "6216261000000000019"), when: submit(merchant), then: "submitted"},
	})
}

// unconsented has everything but the consents.
func unconsented(t testing.TB) *story {
	w := individual(t)
	w.do(FillDetails{Values: values(policy.Individual), By: merchant, At: w.now()})
	for _, k := range []item.Key{item.IDCardFront, item.IDCardBack, item.BankFront, item.BankBack} {
		w.upload(k, string(k))
	}
	return w
}

func TestASubmissionTellsEverythingThatIsWrongAtOnce(t *testing.T) {
	w := individual(t)
	w.do(fill(merchant, item.ContactMobile, "12345")(w))
	_, err := Submit{Rules: rules, By: merchant, At: w.now()}.Decide(w.s)
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatal(err)
	}
	told := map[item.Key]string{}
	for _, p := range r.Problems {
		told[p.Item] = p.Code
	}
	for k, code := range map[item.Key]string{
		item.IDCardFront: "item-missing", item.IdentityName: "item-missing", "consent.privacy": "consent-missing",
		"consent.financial_account": "consent-missing", item.ContactMobile: "mobile-form",
	} {
		if told[k] != code {
			t.Errorf("%s: %q, want %q", k, told[k], code)
		}
	}
}

func TestAPrecheckFindsAndNeverDecidesAndHoldsNoPersonalValue(t *testing.T) {
	w := individual(t).filled()
	w.do(FillDetails{Values: map[item.Key]string{
		item.ContactName: "王芳", item.BankHolder: "李娜", item.IdentityNumber: "110105194912310021", item.ContactMobile: "12345", item.ContactEmail: "nobody",
	}, By: merchant, At: w.now()})
	findings, err := Precheck(w.s, rules, w.now())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, f := range findings {
		seen[f.Code] = f.Suggests
		for _, private := range []string{"王芳", "李娜", "陈伟", "110105194912310021", "12345", "nobody"} {
			if strings.Contains(f.Detail, private) {
				t.Errorf("%s tells a personal value: %s", f.Code, f.Detail)
			}
		}
		if f.Severity == string(identifier.Block) && f.Suggests == "" && f.Code != consentMissing {
			t.Errorf("%s on %s suggests no reason", f.Code, f.Item)
		}
	}
	for code, suggests := range map[string]string{contactDiffers: "R04/mismatch", holderDiffers: "R06/mismatch", "resident-id-checksum": "R08/malformed", itemMissing: "R01/proof"} {
		if seen[code] != suggests {
			t.Errorf("%s suggests %q, want %q; seen: %v", code, seen[code], suggests, seen)
		}
	}
}

func TestWhatTheImagesTellAReviewer(t *testing.T) {
	for rule, k := range map[string]struct {
		change func(*Document)
		found  string // code and what it suggests; empty for nothing
	}{
		"a photograph of a card":          {func(*Document) {}, ""},
		"a card that lies upright":        {func(d *Document) { d.Width, d.Height = 900, 1200 }, ""},
		"a strip is no card":              {func(d *Document) { d.Width, d.Height = 2400, 900 }, "image-shape R02/belongs-elsewhere"},
		"a square is no card":             {func(d *Document) { d.Width, d.Height = 1000, 1000 }, "image-shape R02/belongs-elsewhere"},
		"fewer than 500 × 800 pixels":     {func(d *Document) { d.Width, d.Height = 790, 500 }, "image-small R03/unclear"},
		"500 × 800 pixels are enough":     {func(d *Document) { d.Width, d.Height = 500, 800 }, ""},
		"a blurred image":                 {func(d *Document) { d.Blur = leastSharpness - 1 }, "image-blurred R03/unclear"},
		"a nearly blank image":            {func(d *Document) { d.Blank = true }, "image-blank R03/unclear"},
		"a copy without colour":           {func(d *Document) { d.Greyscale = true }, "image-greyscale R03/invalid"},
		"a PDF with an owner's password":  {func(d *Document) { d.Restricted = true }, "pdf-restricted "},
		"the other side once more":        {func(d *Document) { d.PHash = "00ff00ff00ff00ff" }, "image-alike R02/swapped"},
		"a hash that is told badly is no": {func(d *Document) { d.PHash = "zzff00ff00ff00ff" }, ""},
	} {
		t.Run(rule, func(t *testing.T) {
			front, back := file("front"), file("back")
			front.PHash = "00ff00ff00ff00fe"
			k.change(&back)
			w := individual(t)
			for slot, d := range map[item.Key]Document{item.IDCardFront: front, item.IDCardBack: back} {
				w.do(UploadDocument{Slot: slot, Document: d, By: merchant, At: w.now()})
			}
			found := ""
			for _, f := range w.s.checkFiles() {
				found += f.Code + " " + f.Suggests
			}
			is(t, found, k.found)
		})
	}
}

func is[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
