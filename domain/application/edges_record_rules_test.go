package application

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

// The edges of ending, keeping and destroying.
func TestTheEdgesOfTheEnd(t *testing.T) {
	returned := func(t testing.TB) *story { return individual(t).returned() }
	withdrawing := func(w *story) command { return Withdraw{By: merchant, At: w.now()} }
	reopening := func(w *story) command { return Reopen{By: merchant, At: w.now()} }
	restricting := func(why string) func(*story) command {
		return func(w *story) command { return Restrict{Why: why, Rules: rules, By: merchant, At: w.now()} }
	}
	holding := func(by Actor) func(*story) command {
		return func(w *story) command { return PlaceHold{Why: "court", By: by, At: w.now()} }
	}
	lifting := func(by Actor) func(*story) command {
		return func(w *story) command { return LiftHold{Why: "over", By: by, At: w.now()} }
	}
	shredding := func(by Actor) func(*story) command {
		return func(w *story) command { return Shred{Why: "over", By: by, At: w.now()} }
	}
	over := func(t testing.TB) *story {
		w := then(individual, restricting("erasure"))(t)
		w.at = w.s.Retain
		return w
	}
	shredded := then(over, shredding(robot))
	consentOf := func(w *story) command {
		return WithdrawConsent{Consent: policy.PrivacyConsent, Address: personal.New("203.0.113.7"), By: merchant, At: w.now()}
	}
	rulebook(t, map[string]rule{
		"a withdrawal's word is no book": {given: submitted, when: func(w *story) command {
			return Withdraw{Why: strings.Repeat("x", maxText+1), By: merchant, At: w.now()}
		}, err: ErrTooLong},
		"what is being filled in is not taken up":         {given: individual, when: reopening, then: ""},
		"what is active is not taken up":                  {given: func(t testing.TB) *story { return individual(t).active() }, when: reopening, err: ErrFinal},
		"a restriction says why":                          {given: submitted, when: restricting(" "), err: ErrRequired},
		"restricting twice is restricting once":           {given: then(submitted, restricting("erasure")), when: restricting("erasure"), then: ""},
		"nobody restricts what is not there":              {given: nobody, when: restricting("erasure"), err: ErrNotOpened},
		"a withdrawn application may be restricted":       {given: then(submitted, withdrawing), when: restricting("erasure"), then: "restricted"},
		"an admin places a hold":                          {given: submitted, when: holding(admin), then: "hold-placed"},
		"somebody has to have placed it":                  {given: submitted, when: holding(Actor{Role: RoleAdmin}), err: ErrLeadOnly},
		"an auditor places none":                          {given: submitted, when: holding(auditor), err: ErrLeadOnly},
		"a hold is placed once":                           {given: then(submitted, holding(lena)), when: holding(lena), then: ""},
		"a hold says why":                                 {given: submitted, when: func(w *story) command { return PlaceHold{By: lena, At: w.now()} }, err: ErrRequired},
		"nothing destroyed is held":                       {given: shredded, when: holding(lena), then: ""},
		"nothing that is not there":                       {given: nobody, when: holding(lena), err: ErrNotOpened},
		"lifting what is not held":                        {given: submitted, when: lifting(lena), then: ""},
		"lifting says why":                                {given: then(submitted, holding(lena)), when: func(w *story) command { return LiftHold{By: lena, At: w.now()} }, err: ErrRequired},
		"at the end of the term data are destroyed":       {given: over, when: shredding(robot), then: "shredded"},
		"by an admin, too":                                {given: over, when: shredding(admin), then: "shredded"},
		"not by a reviewer":                               {given: over, when: shredding(anna), err: ErrLeadOnly},
		"destroying twice is destroying once":             {given: shredded, when: shredding(robot), then: ""},
		"what is not there is not destroyed":              {given: nobody, when: shredding(robot), err: ErrNotOpened},
		"during a correction a consent may be taken back": {given: returned, when: consentOf, then: "consent-withdrawn"},
		"an active merchant's consent stays":              {given: func(t testing.TB) *story { return individual(t).active() }, when: consentOf, err: ErrConsentActive},
		"nor while the contract lies there":               {given: func(t testing.TB) *story { return individual(t).offered() }, when: consentOf, err: ErrConsentInUse},
		"a policy is moved before the contract is offered": {given: func(t testing.TB) *story { return individual(t).sited() }, when: func(w *story) command {
			return MovePolicy{To: "2026-07", Why: "asked", Rules: rules, By: lena, At: w.now()}
		}, then: "policy-moved"},
		"moving it says why": {given: submitted, when: func(w *story) command { return MovePolicy{To: "2026-07", Rules: rules, By: lena, At: w.now()} }, err: ErrRequired},
		"what was withdrawn is taken up with nothing judged": {given: func(t testing.TB) *story {
			w := individual(t).returned()
			w.upload(item.IDCardFront, "again").submit().claim(anna).raise(anna, RaiseReason{Reason: "open", Code: "R03", Sub: "unclear", Target: item.IDCardFront})
			w.do(WithdrawReason{Reason: "open", By: anna, At: w.now()}).accept(anna).approve(anna).claim(anna)
			w.record(w.evidence()).accept(anna).verify(anna)
			w.do(w.site("secret")).claim(anna).approveSite(anna).claim(anna)
			w.raise(anna, RaiseReason{Reason: "site", Code: "R12", Sub: "terms-missing", Target: item.SiteTerms}).giveBack(anna)
			return w.do(sayingOf(item.SiteTerms, "they are there")(w)).do(withdrawing(w))
		}, when: reopening, then: "reopened", also: func(t *testing.T, s State, _ Event) {
			is(t, s.Qualified || s.ICPVerified || s.SiteApproved, false)
			is(t, len(s.Approvers)+len(s.Overridden)+len(s.Decided)+len(s.Unlocked)+len(s.Allowed), 0)
			is(t, s.From, "")
			is(t, s.Offer, Offer{})
			is(t, s.Evidence, ICPEvidence{})
			for _, i := range s.Items {
				if i.Accepted != 0 || i.Former != nil || i.Statement != "" {
					t.Errorf("%s keeps what was judged: %+v", i.Key, i)
				}
			}
			for id, want := range map[string]ReasonStatus{"reason-front": StatusSettled, "open": StatusWithdrawn, "site": StatusWithdrawn} {
				r, _ := s.Reason(id)
				is(t, r.Status, want)
			}
		}},
		"accepting settles the reasons that were answered on the item alone": {given: func(t testing.TB) *story {
			w := claimed(t).raise(anna, unclearFront).raise(anna, RaiseReason{Reason: "wrong", Code: "R03", Sub: "incomplete", Target: item.IDCardFront})
			w.raise(anna, RaiseReason{Reason: "back", Code: "R03", Sub: "unclear", Target: item.IDCardBack}).accept(anna)
			w.do(WithdrawReason{Reason: "wrong", By: anna, At: w.now()}).giveBack(anna)
			return w.upload(item.IDCardFront, "1").upload(item.IDCardBack, "2").submit().claim(anna)
		}, when: accepting(anna, item.IDCardFront), then: "items-accepted", also: func(t *testing.T, s State, _ Event) {
			for id, want := range map[string]ReasonStatus{"reason-front": StatusSettled, "wrong": StatusWithdrawn, "back": StatusAddressed} {
				r, _ := s.Reason(id)
				is(t, r.Status, want)
			}
		}},
		"what the merchant changed is no machine's objection overridden any more": {given: func(t testing.TB) *story {
			w := claimed(t)
			w.do(RecordPrecheck{Round: 1, Findings: []Finding{{Code: "x", Item: item.IdentityNumber, Severity: "block"}, {Code: "y", Item: item.BankBack, Severity: "block"}}, By: robot, At: w.now()}).accept(anna)
			w.raise(anna, RaiseReason{Reason: "number", Code: "R08", Sub: "mismatch", Target: item.IdentityNumber}).giveBack(anna)
			return w.do(correcting(item.IdentityNumber, "830000199201300022")(w))
		}, when: submitting, then: "resubmitted", also: func(t *testing.T, s State, _ Event) {
			is(t, len(s.Overridden), 1)
			is(t, s.Overridden[0], item.BankBack)
		}},
		"a machine that finds nothing voids no proposal": {given: func(t testing.TB) *story {
			w := proposed(t).claim(lena)
			return w.do(RecordPrecheck{Round: 1, By: robot, At: w.now()})
		}, when: confirming(lena), then: "qualification-confirmed"},
	})
}

// The edges of what a second look has to look at.
func TestTheEdgesOfTheDifference(t *testing.T) {
	w := claimed(t).raise(anna, unclearFront).raise(anna, RaiseReason{Reason: "gone", Code: "R05", Sub: "mobile", Target: item.ContactMobile}).accept(anna).giveBack(anna)
	w.claim(anna).do(WithdrawReason{Reason: "gone", By: anna, At: w.now()})
	again := file("id_card.front")
	again.ID = "file-again"
	w.do(UploadDocument{Slot: item.IDCardFront, Document: again, By: merchant, At: w.now()})
	d := w.s.RoundDiff()
	is(t, len(d.Items), 0) // the same file again is no difference
	is(t, len(d.Reasons), 1)
	is(t, d.Reasons[0].ID, "reason-front")
	w.do(sayingOf(item.IDCardFront, "it is the best I have")(w))
	d = w.s.RoundDiff()
	is(t, len(d.Items), 1)
	is(t, d.Items[0].Statement, "it is the best I have")
	w.submit().claim(anna).raise(anna, RaiseReason{Reason: "new", Code: "R03", Sub: "forged", Target: item.IDCardFront})
	d = w.s.RoundDiff()
	is(t, len(d.Items), 1)
	is(t, len(d.Reasons), 1) // what is raised now is not a reason of the last return
	w.accept(anna).giveBack(anna).upload(item.IDCardFront, "sharp")
	d = w.s.RoundDiff()
	is(t, d.Round, 3)
	is(t, len(d.Reasons), 1)
	is(t, d.Reasons[0].ID, "new")
	is(t, d.Items[0].Was.Document.ID, "file-again")
	is(t, len(individual(t).filled().s.RoundDiff().Items), 0) // before the first decision there is no difference
}

// What an item was before the last decision is kept once, whatever happens to it.
func TestWhatTheLastDecisionSawIsKept(t *testing.T) {
	w := individual(t).returned().upload(item.IDCardFront, "one").upload(item.IDCardFront, "two")
	i := w.s.Item(item.IDCardFront)
	is(t, i.Former.Document.ID, "file-id_card.front")
	is(t, i.Round, 2)
	is(t, i.Version, 3)
	is(t, individual(t).filled().s.Item(item.IDCardFront).Former == nil, true)
	is(t, individual(t).filled().s.Item(item.IDCardFront).Round, 1)
	other := file("other")
	other.SHA256 = i.Former.Document.SHA256
	for _, k := range []struct {
		is      Item
		differs bool
	}{
		{Item{}, false},
		{Item{Former: &Former{}}, false},
		{Item{Value: "a", Former: &Former{Value: "b"}}, true},
		{Item{Personal: personal.New("a"), Former: &Former{Personal: personal.New("b")}}, true},
		{Item{Document: file("a"), Former: &Former{Document: file("b")}}, true},
		{Item{Document: other, Former: &Former{Document: i.Former.Document}}, false},
	} {
		is(t, k.is.differs(), k.differs)
	}
	for _, k := range []struct {
		is    Item
		empty bool
	}{{Item{}, true}, {Item{Value: "a"}, false}, {Item{Personal: personal.New("a")}, false}, {Item{Personal: personal.Erased()}, false}, {Item{Document: file("a")}, false}} {
		is(t, k.is.Empty(), k.empty)
	}
}

// The edges of what a machine sees in files and beside each other.
func TestTheEdgesOfTheMachinesLook(t *testing.T) {
	one := func(slot item.Key, change func(*Document)) string {
		d := file("x")
		change(&d)
		found := ""
		for _, f := range (State{Items: []*Item{{Key: slot, Document: d}}}).checkFiles() {
			found += f.Code + " " + f.Severity + ";"
		}
		return found
	}
	for rule, k := range map[string]struct {
		slot   item.Key
		change func(*Document)
		found  string
	}{
		"exactly sharp enough":                 {item.IDCardFront, func(d *Document) { d.Blur = leastSharpness }, ""},
		"whose sharpness nobody measured":      {item.IDCardFront, func(d *Document) { d.Blur = 0 }, ""},
		"blank, and blurred of course":         {item.IDCardFront, func(d *Document) { d.Blank, d.Blur = true, 1 }, "image-blank warn;"},
		"a pixel too short":                    {item.IDCardFront, func(d *Document) { d.Width, d.Height = 799, 500 }, "image-small warn;"},
		"a pixel too narrow":                   {item.IDCardFront, func(d *Document) { d.Width, d.Height = 800, 499 }, "image-small warn;"},
		"small, and of no card's shape":        {item.IDCardFront, func(d *Document) { d.Width, d.Height = 1, 1 }, "image-small warn;image-shape hint;"},
		"a card's shape at its squarest":       {item.IDCardFront, func(d *Document) { d.Width, d.Height = 1100, 1000 }, ""},
		"one squarer":                          {item.IDCardFront, func(d *Document) { d.Width, d.Height = 1099, 1000 }, "image-shape hint;"},
		"a card's shape at its longest":        {item.IDCardFront, func(d *Document) { d.Width, d.Height = 2200, 1000 }, ""},
		"one longer":                           {item.IDCardFront, func(d *Document) { d.Width, d.Height = 2201, 1000 }, "image-shape hint;"},
		"a letter has any shape":               {item.AuthorisationContact, func(d *Document) { d.Width, d.Height = 1000, 1000 }, ""},
		"a PDF has no shape":                   {item.IDCardFront, func(d *Document) { d.Width, d.Height = 0, 0 }, ""},
		"everything at once, and nothing lost": {item.IDCardFront, func(d *Document) { d.Blur, d.Greyscale, d.Restricted = 1, true, true }, "image-blurred hint;image-greyscale hint;pdf-restricted hint;"},
	} {
		t.Run(rule, func(t *testing.T) { is(t, one(k.slot, k.change), k.found) })
	}
	two := func(a, b item.Key, sameFile bool, hashA, hashB string, roundA, roundB int) string {
		x, y := file("x"), file("y")
		if sameFile {
			y.SHA256 = x.SHA256
		}
		x.PHash, y.PHash = hashA, hashB
		found := ""
		for _, f := range (State{Items: []*Item{{Key: a, Document: x, Round: roundA}, {Key: "company.name"}, {Key: b, Document: y, Round: roundB}}}).checkFiles() {
			found += f.Code + " " + string(f.Item) + " " + f.Suggests + ";"
		}
		return found
	}
	const zero = "0000000000000000"
	for rule, k := range map[string]struct{ got, want string }{
		"six bits are alike":                        {two(item.IDCardFront, item.IDCardBack, false, zero, "000000000000003f", 1, 1), "image-alike id_card.back R02/swapped;"},
		"seven are not":                             {two(item.IDCardFront, item.IDCardBack, false, zero, "000000000000007f", 1, 1), ""},
		"two cards' fronts may be alike":            {two(item.IDCardFront, item.BankFront, false, zero, zero, 1, 1), ""},
		"nor is a card like a letter":               {two(item.IDCardFront, item.AuthorisationContact, false, zero, zero, 1, 1), ""},
		"a hash of another length is none":          {two(item.IDCardFront, item.IDCardBack, false, zero, zero[1:], 1, 1), ""},
		"two short ones are none":                   {two(item.IDCardFront, item.IDCardBack, false, "00", "00", 1, 1), ""},
		"a hash in capitals is none of ours":        {two(item.IDCardFront, item.IDCardBack, false, zero, "000000000000000F", 1, 1), ""},
		"nor on the other side":                     {two(item.IDCardFront, item.IDCardBack, false, "000000000000000F", zero, 1, 1), ""},
		"one file for both sides":                   {two(item.IDCardFront, item.IDCardBack, true, "", "", 1, 1), "same-file id_card.back R01/same-file;"},
		"one file for two cards":                    {two(item.IDCardFront, item.BankFront, true, "", "", 1, 1), "same-file bank_card.front R02/belongs-elsewhere;"},
		"the file that came later is the wrong one": {two(item.IDCardFront, item.BankFront, true, "", "", 2, 1), "same-file id_card.front R02/belongs-elsewhere;"},
		"whichever slot that is":                    {two(item.IDCardFront, item.BankFront, true, "", "", 1, 2), "same-file bank_card.front R02/belongs-elsewhere;"},
	} {
		t.Run(rule, func(t *testing.T) { is(t, k.got, k.want) })
	}
	covered := individual(t).filled().s
	covered.Items = covered.put(item.BankBack, func(i *Item) { i.Redacted = true })
	is(t, codes(t, covered, item.BankBack), itemMissing)
	erased := individual(t).filled().s
	erased.Items = erased.put(item.IdentityName, func(i *Item) { i.Personal = personal.Erased() })
	is(t, codes(t, erased, item.IdentityName), "")
	old := individual(t).filled().s
	old.Consents = slices.Clone(old.Consents)
	for i := range old.Consents {
		old.Consents[i].Version = "1999-01"
	}
	is(t, codes(t, old, "consent.privacy"), consentMissing)
	is(t, codes(t, individual(t).filled().s, "consent.contract"), "")
	company := enterprise(t).filled()
	company.do(fill(merchant, item.BankHolder, "福州坏店商贸有限公司")(company))
	is(t, codes(t, company.s, item.BankHolder), holderDiffers)
	off := individual(t).filled().s
	off.Declaration.URL = "https://www.elsewhere.cn/"
	is(t, codes(t, off, item.SiteURL), urlOffDomain)
	off.Items = off.put(item.SiteDomain, func(i *Item) { i.Value = "" })
	is(t, onDomain("https://www.elsewhere.cn/", ""), false)
	is(t, onDomain("elsewhere", "elsewhere"), false)
	if _, err := Precheck(State{}, rules, when("2026-03-02T02:00:00Z")); !errors.Is(err, ErrNotOpened) {
		t.Errorf("what is not there is not looked at: %v", err)
	}
	if _, err := Precheck(individual(t).s, Rules{}, when("2026-03-02T02:00:00Z")); !errors.Is(err, ErrPolicy) {
		t.Errorf("nothing is looked at without a policy: %v", err)
	}
	// The subject of a filing, by the last look-up, while no correction is under way.
	s := individual(t).filled().s
	s.Items = s.put(item.IdentityName, func(i *Item) { i.Personal = personal.New("马云龙") })
	s.Stage, s.Evidence.Subject = ICP, personal.New("馬雲龍")
	is(t, codes(t, s, item.SiteICPNumber), subjectAlike)
	s.Stage = Correction
	is(t, codes(t, s, item.SiteICPNumber), "")
	s.Stage, s.Evidence.Subject = ICP, personal.New("王芳")
	is(t, slices.Contains(s.Facts().Differs, policy.RegistrantDiffers), true)
	s.Stage = Correction
	is(t, slices.Contains(s.Facts().Differs, policy.RegistrantDiffers), false)
}

// codes are what a machine finds about one item.
func codes(t *testing.T, s State, k item.Key) string {
	t.Helper()
	if s.Round > 0 {
		s.Round = 0
	}
	var out []string
	for _, f := range must(Precheck(s, rules, when("2026-03-02T02:00:00Z"))) {
		if f.Item == k {
			out = append(out, f.Code)
		}
	}
	return strings.Join(out, " ")
}

// A glance finds the header of everything that Encode writes, and of nothing that
// ends too soon.
func TestAGlanceReadsWhatIsWrittenAndNothingElse(t *testing.T) {
	names, err := filepath.Glob("testdata/events/*")
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	for _, name := range names {
		b := must(os.ReadFile(name))
		h, ok := glance(b)
		if !ok {
			t.Errorf("%s: the header is not where Encode writes it", name)
		}
		end := bytes.Index(b, []byte(`"at":"`)) + len(`"at":"`)
		end += bytes.IndexByte(b[end:], '"') + 1
		for n := range b[:end] {
			if got, ok := glance(b[:n]); ok || got.At == h.At && !h.At.IsZero() {
				t.Fatalf("%s: a header was read of %q", name, b[:n])
			}
		}
		if short, ok := glance(b[:end]); !ok || short != h {
			t.Errorf("%s: the header ends with its time", name)
		}
	}
	for stored, want := range map[string]bool{
		`{"by":{"id":"a","role":"lead"},"at":"2026-03-02T02:00:00Z"}`:                    true,
		`{"by":{"id":"a","role":"agent","organisation":"o"},"at":"2026-03-02T02:00:00Z"`: true,
		`{"by":{"id":"\u0061","role":"lead"},"at":"2026-03-02T02:00:00Z"}`:               false, // as JSON only
		`{"by":{"id":"李","role":"lead"},"at":"2026-03-02T02:00:00Z"}`:                    false,
		"{\"by\":{\"id\":\"\x7f\",\"role\":\"lead\"},\"at\":\"2026-03-02T02:00:00Z\"}":   true,
		"{\"by\":{\"id\":\" \",\"role\":\"lead\"},\"at\":\"2026-03-02T02:00:00Z\"}":      true,
		"{\"by\":{\"id\":\"\x1f\",\"role\":\"lead\"},\"at\":\"2026-03-02T02:00:00Z\"}":   false,
		"{\"by\":{\"id\":\"\x80\",\"role\":\"lead\"},\"at\":\"2026-03-02T02:00:00Z\"}":   false,
		`{"by":{"id":7,"role":"lead"},"at":"2026-03-02T02:00:00Z"}`:                      false,
		`{"by":{"id":"a","role":7},"at":"2026-03-02T02:00:00Z"}`:                         false,
		`{"by":{"id":"a","role":"agent","organisation":7},"at":"2026-03-02T02:00:00Z"}`:  false,
		`{"by":{"id":"a","role":"lead"},"at":7}`:                                         false,
		`{"by":{"id":"a","role":"lead"},"at":"soon"}`:                                    false,
		`{"by":{"id":"a","name":"n","role":"lead"},"at":"2026-03-02T02:00:00Z"}`:         false,
	} {
		if _, ok := glance([]byte(stored)); ok != want {
			t.Errorf("%q: %v, want %v", stored, ok, want)
		}
	}
	if _, err := HeaderOf([]byte(`{`)); err == nil {
		t.Error("of what is no event a header was read")
	}
}

// Of what was destroyed nothing of a person is left in any state.
func TestNothingPersonalIsLeftOfWhatWasDestroyed(t *testing.T) {
	w := individual(t).returned()
	w.do(correcting(item.IdentityNumber, "830000199201300022")(w)) // what the last decision saw is kept
	offered := individual(t).offered().s
	s := w.s
	s.Offer, s.Evidence, s.Declaration = offered.Offer, offered.Evidence, offered.Declaration
	s = Evolve(s, Shredded{Header: Header{By: robot}})
	for _, i := range s.Items {
		if i.Personal.Clear() != "" || i.Former != nil && i.Former.Personal.Clear() != "" {
			t.Errorf("%s is left", i.Key)
		}
	}
	if former := s.Item(item.IdentityNumber).Former; former == nil || !former.Personal.IsErased() {
		t.Error("what the last decision saw is not marked as erased")
	}
	for what, left := range map[string]personal.Text{"terms": s.Offer.Terms, "subject": s.Evidence.Subject, "user": s.Declaration.User, "password": s.Declaration.Password} {
		if !left.IsErased() {
			t.Errorf("the %s is left", what)
		}
	}
}

// Staff read the contract with the name, and the number that blinds the digest, masked.
func TestTheMaskedTextOfAContract(t *testing.T) {
	for _, language := range []string{"zh-CN", "es", "en"} {
		s := individual(t).sited().s
		s.Language = language
		terms := s.terms(policy.Policy{Version: "2026-01"}, policy.TextRef{Version: "2026-01"}, "application-1", "offer-1")
		masked := Offer{Language: language, Terms: personal.New(terms)}.MaskedText("THE CONTRACT")
		for _, there := range []string{"THE CONTRACT", "M0001", "application-1", "wechat, alipay", "2026-01", "陈*", "o******", termsLabels[lang.Match(language)][0]} {
			if !strings.Contains(masked, there) {
				t.Errorf("%s: the text lacks %q:\n%s", language, there, masked)
			}
		}
		if strings.Contains(masked, "陈伟") || strings.Contains(masked, "offer-1") || strings.Count(masked, "\n") != strings.Count(terms, "\n") {
			t.Errorf("%s: the text tells too much, or has other lines:\n%s", language, masked)
		}
		if gone := (Offer{Language: language, Terms: personal.Erased()}).MaskedText("THE CONTRACT"); gone != "THE CONTRACT\n\nerased\n" {
			t.Errorf("%s: erased it reads %q", language, gone)
		}
		if old := (Offer{Language: language}).MaskedText("THE CONTRACT"); old != "THE CONTRACT" {
			t.Errorf("%s: from before there were terms it reads %q", language, old)
		}
	}
}

// What is stored is written as it is, and shown masked.
func TestHowEventsAreWrittenAndShown(t *testing.T) {
	if !slices.IsSorted(Names()) {
		t.Error("the stored names are listed in their order")
	}
	var unknown *UnknownEventError
	if _, _, err := Encode(nil, testSeal); !errors.As(err, &unknown) {
		t.Errorf("no event is written as %v", err)
	}
	e := ConsentGiven{Header: samples()[0].Head(), Consent: "<a> & b", Address: personal.New("203.0.113.7")}
	_, data, err := Encode(e, func(string, string) (string, error) { return "sealed", nil })
	if err != nil || !bytes.Contains(data, []byte("<a> & b")) || bytes.HasSuffix(data, []byte("\n")) {
		t.Errorf("%s, %v", data, err)
	}
	shown, err := Show(e, personal.Mask)
	if err != nil || !json.Valid(shown) || !bytes.Contains(shown, []byte("*")) || bytes.Contains(shown, []byte("203.0.113.7")) || !bytes.Contains(shown, []byte("<a> & b")) {
		t.Errorf("%s, %v", shown, err)
	}
	said := NoteAdded{Header: samples()[0].Head(), Note: "n", Text: "call her back"}
	if shown, err = Show(said, personal.Mask); err != nil || !bytes.Contains(shown, []byte("call her back")) {
		t.Errorf("%s, %v", shown, err)
	}
	asked := 0
	count := func(_, clear string) (string, error) { asked++; return clear, nil }
	for _, e := range []Event{
		ConsentGiven{Header: samples()[0].Head(), Consent: "privacy"}, Released{Header: Header{By: anna}}, DeadlineExtended{Header: Header{By: robot}, Why: CalendarMoved},
		PrecheckFound{Header: Header{By: robot}},
	} {
		if _, data, err := Encode(e, count); err != nil || asked > 0 {
			t.Errorf("%s: sealed what is empty, or the platform's own sentence: %s, %v", Name(e), data, err)
		}
	}
	if _, _, err := Encode(DeclineProposed{Header: Header{By: anna}, Note: "n", Internal: "i"}, func(string, string) (string, error) { asked++; return "", errors.New("no key") }); err == nil || asked != 1 {
		t.Errorf("after a fault %d sentences were sealed: %v", asked-1, err)
	}
	if erased := Erase(e).(ConsentGiven); !erased.Address.IsErased() {
		t.Errorf("erased it reads %+v", erased)
	}
	failing := errors.New("no key")
	for _, e := range samples() {
		if _, data, err := Encode(e, func(string, string) (string, error) { return "", failing }); err != nil && (data != nil || !errors.Is(err, failing)) {
			t.Errorf("%s: %s, %v", Name(e), data, err)
		}
		name, data, err := Encode(e, testSeal)
		if err != nil {
			t.Fatal(err)
		}
		read, err := Decode(name, data, func(string, string) (string, bool, error) { return "", false, failing })
		if sealed := bytes.Contains(data, []byte("|")); sealed != (err != nil) || err != nil && (read != nil || !errors.Is(err, failing)) {
			t.Errorf("%s: %v, %v", name, read, err)
		}
		before := reflect.ValueOf(e).Interface()
		_ = Erase(e)
		if !reflect.DeepEqual(before, e) {
			t.Errorf("erasing %s wrote into the event", name)
		}
	}
}
