package application

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

// The two books of this file are the rule book as tables: who may do what in
// which situation (testdata/who_may_do_what.txt), and what every event changes
// (testdata/what_an_event_changes.txt). They are meant to be read: a change of a
// rule shows as a changed line, which the person who reviews it can judge.
// After a lawful change write them anew with
//
//	go test ./domain/application -run 'TestWho|TestWhat' -books
var writeBooks = flag.Bool("books", false, "write the books of rules anew")

// book compares text with a file of testdata, or writes it.
func book(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *writeBooks {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == text {
		return
	}
	is, was := strings.Split(text, "\n"), strings.Split(string(want), "\n")
	shown := 0
	for i := 0; i < max(len(is), len(was)) && shown < 12; i++ {
		a, b := line(is, i), line(was, i)
		if a != b {
			t.Errorf("%s:%d\n is  %s\n was %s", path, i+1, a, b)
			shown++
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no line)"
}

// situation is a story that stops where something can be asked for.
type situation struct {
	name string
	at   func(t testing.TB) *story
}

func situations() []situation {
	return []situation{
		{"nothing is there", func(t testing.TB) *story { return newStory(t) }},
		{"an empty draft", func(t testing.TB) *story { return individual(t) }},
		{"a draft that the agent opened", func(t testing.TB) *story {
			return newStory(t).opened(agent, policy.Individual, policy.WeChat)
		}},
		{"a complete draft", func(t testing.TB) *story { return individual(t).filled() }},
		{"submitted", func(t testing.TB) *story { return individual(t).submitted() }},
		{"submitted by the agent, held by Anna", func(t testing.TB) *story {
			w := newStory(t).opened(agent, policy.Individual, policy.WeChat).filled()
			return w.do(Submit{Rules: rules, By: agent, At: w.now()}).claim(anna)
		}},
		{"held by Anna", func(t testing.TB) *story { return individual(t).submitted().claim(anna) }},
		{"held by Anna, whose lease ran out", func(t testing.TB) *story {
			return individual(t).submitted().claim(anna).wait(31 * time.Minute)
		}},
		{"held by Anna, everything accepted", func(t testing.TB) *story {
			return individual(t).submitted().claim(anna).accept(anna)
		}},
		{"held by Anna, a reason raised", func(t testing.TB) *story {
			return individual(t).submitted().claim(anna).raise(anna, unclearFront)
		}},
		{"an enterprise held by Lena, everything accepted", func(t testing.TB) *story {
			return enterprise(t).submitted().claim(lena).accept(lena)
		}},
		{"returned", func(t testing.TB) *story { return individual(t).returned() }},
		{"returned and put right", func(t testing.TB) *story {
			return individual(t).returned().upload(item.IDCardFront, "sharper")
		}},
		{"resubmitted, held by Anna", func(t testing.TB) *story { return resubmitted(t).claim(anna) }},
		{"resubmitted, a late reason allowed", func(t testing.TB) *story {
			w := resubmitted(t).claim(anna)
			return w.do(AllowLateReason{Target: item.IDCardBack, Why: "it came to light", By: lena, At: w.now()})
		}},
		{"proposed by Anna", func(t testing.TB) *story { return proposed(t) }},
		{"proposed by Anna, held by Lena", func(t testing.TB) *story { return proposed(t).claim(lena) }},
		{"qualified", func(t testing.TB) *story { return individual(t).qualified() }},
		{"the filing is to be looked up, held by Anna", func(t testing.TB) *story { return individual(t).qualified().claim(anna) }},
		{"the filing was looked up, held by Anna", func(t testing.TB) *story {
			w := individual(t).qualified().claim(anna)
			return w.record(w.evidence()).accept(anna)
		}},
		{"no filing was found, held by Anna", func(t testing.TB) *story {
			w := individual(t).qualified().claim(anna)
			e := w.evidence()
			e.Status, e.Number, e.Subject = "none", "", personal.Text{}
			return w.record(e)
		}},
		{"the site is awaited", func(t testing.TB) *story { return individual(t).filed() }},
		{"the site was declared, held by Anna", func(t testing.TB) *story {
			w := individual(t).filed()
			return w.do(w.site("secret")).claim(anna)
		}},
		{"the site was declared early, in the draft", func(t testing.TB) *story {
			w := individual(t).filled()
			return w.do(w.site("secret"))
		}},
		{"the site was declared, a reason raised on its content", func(t testing.TB) *story {
			w := individual(t).filed()
			return w.do(w.site("secret")).claim(anna).raise(anna, RaiseReason{Reason: "reason-site", Code: "R12", Sub: "content", Target: item.SiteContent})
		}},
		{"the site was returned", func(t testing.TB) *story {
			w := individual(t).filed()
			w.do(w.site("secret")).claim(anna).raise(anna, RaiseReason{Reason: "reason-site", Code: "R12", Sub: "test-account", Target: item.SiteTestAccount})
			return w.giveBack(anna)
		}},
		{"the contract is to be offered, held by Anna", func(t testing.TB) *story { return individual(t).sited().claim(anna) }},
		{"the contract was offered", func(t testing.TB) *story { return individual(t).offered() }},
		{"the contract was offered, held by Anna", func(t testing.TB) *story { return individual(t).offered().claim(anna) }},
		{"the contract was offered too long ago", func(t testing.TB) *story { return individual(t).offered().wait(16 * day) }},
		{"the contract was signed, held by Lena", func(t testing.TB) *story { return individual(t).signed().claim(lena) }},
		{"countersigned, held by Bo", func(t testing.TB) *story { return individual(t).countersigned().claim(bo) }},
		{"active", func(t testing.TB) *story { return individual(t).active() }},
		{"withdrawn", func(t testing.TB) *story {
			w := individual(t).submitted()
			return w.do(Withdraw{By: merchant, At: w.now()})
		}},
		{"a decline proposed by Anna, held by Lena", func(t testing.TB) *story {
			w := individual(t).submitted().claim(anna)
			w.do(ProposeDecline{Note: "forbidden goods", By: anna, At: w.now()})
			if w.s.Claim.Live(w.now()) {
				w.do(Release{By: anna, At: w.now()})
			}
			return w.claim(lena)
		}},
		{"returned, on hold", func(t testing.TB) *story {
			w := individual(t).returned()
			return w.do(PlaceHold{Why: "court order", By: lena, At: w.now()})
		}},
		{"submitted two days ago, nobody looked", func(t testing.TB) *story { return individual(t).submitted().wait(52 * time.Hour) }},
		{"submitted a week ago, nobody looked", func(t testing.TB) *story { return individual(t).submitted().wait(7 * day) }},
		{"restricted", func(t testing.TB) *story {
			w := individual(t).returned()
			return w.do(Restrict{Why: "erasure", Rules: rules, By: merchant, At: w.now()})
		}},
		{"restricted and taken back", func(t testing.TB) *story {
			w := individual(t).returned()
			w.do(Restrict{Why: "erasure", Rules: rules, By: merchant, At: w.now()}).wait(3 * day)
			return w.do(LiftRestriction{Rules: rules, By: merchant, At: w.now()})
		}},
		{"restricted, the term is over", func(t testing.TB) *story {
			w := individual(t).returned()
			return w.do(Restrict{Why: "erasure", Rules: rules, By: merchant, At: w.now()}).wait(11 * 365 * day)
		}},
		{"returned, silent for ever", func(t testing.TB) *story { return individual(t).returned().wait(100 * day) }},
	}
}

// act is something that can be asked for.
type act struct {
	name string
	ask  func(w *story, by Actor) command
}

func acts() []act {
	value, said := corrected[item.BankNumber], "it is put right"
	deadline := func(w *story) Deadline {
		if w.s.Deadline == nil {
			return Deadline{ID: "none"}
		}
		return *w.s.Deadline
	}
	return []act{
		{"open", func(w *story, by Actor) command {
			return Open{Merchant: merchant.ID, MerchantNumber: "M0001", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Web, Language: "es", Rules: rules, By: by, At: w.now()}
		}},
		{"switch kind", func(w *story, by Actor) command {
			return SwitchKind{Kind: policy.Enterprise, By: by, At: w.now()}
		}},
		{"choose products", func(w *story, by Actor) command {
			return ChooseProducts{Products: []policy.Product{policy.Alipay}, Site: policy.Offline, Rules: rules, By: by, At: w.now()}
		}},
		{"fill in the mobile", func(w *story, by Actor) command {
			return FillDetails{Values: map[item.Key]string{item.ContactMobile: "13700137000"}, By: by, At: w.now()}
		}},
		{"upload the card's front", func(w *story, by Actor) command {
			return UploadDocument{Slot: item.IDCardFront, Document: file("another"), By: by, At: w.now()}
		}},
		{"upload a letter", func(w *story, by Actor) command {
			return UploadDocument{Slot: item.AuthorisationContact, Document: file("letter"), By: by, At: w.now()}
		}},
		{"remove the card's back", func(w *story, by Actor) command {
			return RemoveDocument{Slot: item.IDCardBack, By: by, At: w.now()}
		}},
		{"move front to back", func(w *story, by Actor) command {
			return MoveDocument{From: item.IDCardFront, To: item.IDCardBack, Document: w.s.Item(item.IDCardFront).Document.ID, By: by, At: w.now()}
		}},
		{"consent", func(w *story, by Actor) command {
			p, err := w.s.policy(rules, w.now())
			if err != nil {
				p, _ = rules.Policies.InForce(w.now())
			}
			return GiveConsent{Consent: p.Texts[0].Name, Version: p.Texts[0].Version, SHA256: p.Texts[0].SHA256[lang.Chinese], Language: "zh-CN", Address: personal.New("203.0.113.9"), Rules: rules, By: by, At: w.now()}
		}},
		{"withdraw the consent", func(w *story, by Actor) command {
			return WithdrawConsent{Consent: policy.PrivacyConsent, Address: personal.New("203.0.113.9"), By: by, At: w.now()}
		}},
		{"submit", func(w *story, by Actor) command { return Submit{Rules: rules, By: by, At: w.now()} }},
		{"correct the account number", func(w *story, by Actor) command {
			return Correct{Item: item.BankNumber, Value: &value, By: by, At: w.now()}
		}},
		{"say about the card's front", func(w *story, by Actor) command {
			return Correct{Item: item.IDCardFront, Statement: said, By: by, At: w.now()}
		}},
		{"declare the site", func(w *story, by Actor) command { c := w.site("new secret"); c.By = by; return c }},
		{"record the pre-check", func(w *story, by Actor) command {
			return RecordPrecheck{Round: w.s.Round, Findings: []Finding{{Code: "duplicate", Item: item.IdentityNumber, Severity: "block"}}, By: by, At: w.now()}
		}},
		{"claim", func(w *story, by Actor) command { return Claim{Rules: rules, By: by, At: w.now()} }},
		{"release", func(w *story, by Actor) command { return Release{By: by, At: w.now()} }},
		{"release what ran out", func(w *story, by Actor) command { return ReleaseExpired{By: by, At: w.now()} }},
		{"give to Bo", func(w *story, by Actor) command { return Reassign{To: bo, Rules: rules, By: by, At: w.now()} }},
		{"set the priority", func(w *story, by Actor) command { return Prioritise{Priority: 2, By: by, At: w.now()} }},
		{"accept what is open", func(w *story, by Actor) command {
			var keys []item.Key
			if req, err := w.s.Requirements(rules, w.now()); err == nil {
				for _, p := range w.s.unchecked(req) {
					keys = append(keys, p.Item)
				}
			}
			if len(keys) == 0 {
				keys = []item.Key{item.IDCardFront}
			}
			return AcceptItems{Items: keys, By: by, At: w.now()}
		}},
		{"raise R03 on the card's back", func(w *story, by Actor) command {
			return RaiseReason{Reason: "another", Code: "R03", Sub: "unclear", Target: item.IDCardBack, Note: "blurred", Rules: rules, By: by, At: w.now()}
		}},
		{"raise R11 on the site", func(w *story, by Actor) command {
			return RaiseReason{Reason: "down", Code: "R11", Sub: "unreachable", Target: item.SiteURL, Rules: rules, By: by, At: w.now()}
		}},
		{"withdraw the first reason", func(w *story, by Actor) command {
			id := "none"
			if len(w.s.Reasons) > 0 {
				id = w.s.Reasons[0].ID
			}
			return WithdrawReason{Reason: id, By: by, At: w.now()}
		}},
		{"allow a late reason", func(w *story, by Actor) command {
			return AllowLateReason{Target: item.BankFront, Why: "it came to light", By: by, At: w.now()}
		}},
		{"note", func(w *story, by Actor) command { return AddNote{Note: "note", Text: "seen", By: by, At: w.now()} }},
		{"redact the card's back", func(w *story, by Actor) command {
			return RedactDocument{Slot: item.BankBack, Former: w.s.Item(item.BankBack).Document.ID, Document: file("covered"), Why: "a code is seen", By: by, At: w.now()}
		}},
		{"return", func(w *story, by Actor) command { return Return{Rules: rules, By: by, At: w.now()} }},
		{"approve the qualification", func(w *story, by Actor) command {
			return ApproveQualification{Rules: rules, By: by, At: w.now()}
		}},
		{"confirm the qualification", func(w *story, by Actor) command {
			return ConfirmQualification{Judged: w.s.Proposal.Judged, Rules: rules, By: by, At: w.now()}
		}},
		{"refuse the qualification", func(w *story, by Actor) command {
			return RefuseQualification{Why: "look again", Rules: rules, By: by, At: w.now()}
		}},
		{"record a look-up", func(w *story, by Actor) command {
			return RecordICPEvidence{Evidence: w.evidence(), Rules: rules, By: by, At: w.now()}
		}},
		{"verify the filing", func(w *story, by Actor) command { return VerifyICP{Rules: rules, By: by, At: w.now()} }},
		{"approve the site", func(w *story, by Actor) command {
			ticked := map[string]bool{}
			p, _ := rules.Policies.InForce(w.now())
			for _, c := range p.Checklist {
				ticked[c.ID] = true
			}
			return ApproveSite{Checklist: ticked, Rules: rules, By: by, At: w.now()}
		}},
		{"approve the site, a box unticked", func(w *story, by Actor) command {
			return ApproveSite{Checklist: map[string]bool{}, Rules: rules, By: by, At: w.now()}
		}},
		{"offer the contract", func(w *story, by Actor) command { return OfferContract{Rules: rules, By: by, At: w.now()} }},
		{"sign the contract", func(w *story, by Actor) command { c := w.signature(); c.By = by; return c }},
		{"sign another text", func(w *story, by Actor) command {
			c := w.signature()
			c.By, c.SHA256 = by, hash("another text")
			return c
		}},
		{"sign with another name", func(w *story, by Actor) command {
			c := w.signature()
			c.By, c.Name = by, personal.New("李四")
			return c
		}},
		{"take the offer back", func(w *story, by Actor) command {
			return TakeBackContract{Why: "look again", Rules: rules, By: by, At: w.now()}
		}},
		{"let the offer lapse", func(w *story, by Actor) command { return LapseContract{Rules: rules, By: by, At: w.now()} }},
		{"countersign", func(w *story, by Actor) command { return CountersignContract{Rules: rules, By: by, At: w.now()} }},
		{"activate", func(w *story, by Actor) command { return Activate{Rules: rules, By: by, At: w.now()} }},
		{"withdraw", func(w *story, by Actor) command { return Withdraw{By: by, At: w.now()} }},
		{"reopen", func(w *story, by Actor) command { return Reopen{By: by, At: w.now()} }},
		{"propose to decline", func(w *story, by Actor) command {
			return ProposeDecline{Note: "forbidden goods", By: by, At: w.now()}
		}},
		{"confirm the decline", func(w *story, by Actor) command {
			return ConfirmDecline{Judged: w.s.Decline.Judged, By: by, At: w.now()}
		}},
		{"refuse the decline", func(w *story, by Actor) command { return RefuseDecline{Why: "it is lawful", By: by, At: w.now()} }},
		{"expire", func(w *story, by Actor) command { return Expire{Rules: rules, By: by, At: w.now()} }},
		{"warn of the deadline", func(w *story, by Actor) command {
			return WarnDeadline{Deadline: deadline(w).ID, Mark: "warn", By: by, At: w.now()}
		}},
		{"breach the deadline", func(w *story, by Actor) command {
			return BreachDeadline{Deadline: deadline(w).ID, By: by, At: w.now()}
		}},
		{"extend the deadline", func(w *story, by Actor) command {
			return ExtendDeadline{Deadline: deadline(w).ID, Due: w.now().Add(30 * day), Why: "asked", Rules: rules, By: by, At: w.now()}
		}},
		{"move the policy", func(w *story, by Actor) command {
			return MovePolicy{To: "2026-07", Why: "asked", Rules: rules, By: by, At: w.now()}
		}},
		{"lift the restriction", func(w *story, by Actor) command { return LiftRestriction{Rules: rules, By: by, At: w.now()} }},
		{"hold", func(w *story, by Actor) command { return PlaceHold{Why: "court order", By: by, At: w.now()} }},
		{"lift the hold", func(w *story, by Actor) command { return LiftHold{Why: "over", By: by, At: w.now()} }},
		{"shred", func(w *story, by Actor) command { return Shred{Why: "over", By: by, At: w.now()} }},
	}
}

var names = map[string]string{
	"merchant-1": "merchant", "merchant-2": "stranger", "agent-1": "agent", "agent-2": "colleague", "agent-3": "rival",
	"reviewer-1": "Anna", "reviewer-2": "Bo", "lead-1": "Lena", "lead-2": "Liu", "auditor-1": "auditor", "admin-1": "admin", "reaction": "system",
}

// outcome is what a command leads to, in a few words.
func outcome(w *story, c command) string {
	events, err := c.Decide(w.s)
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		out := "no, " + refusal.Code
		if refusal.Item != "" {
			out += " on " + string(refusal.Item)
		}
		if refusal.Field != "" {
			out += " in " + refusal.Field
		}
		var problems []string
		for _, p := range refusal.Problems {
			problems = append(problems, strings.TrimSpace(p.Code+" "+string(p.Item)))
		}
		if len(problems) > 0 {
			out += ": " + strings.Join(problems, ", ")
		}
		return out
	case err != nil:
		return "fault: " + err.Error()
	case len(events) == 0:
		return "nothing to do"
	}
	var happened []string
	for _, e := range events {
		happened = append(happened, strings.TrimPrefix(Name(e), "application."))
	}
	return "yes, " + strings.Join(happened, " ")
}

func TestWhoMayDoWhat(t *testing.T) {
	var b strings.Builder
	b.WriteString("Who may do what, situation by situation. People with the same answer share a line.\n")
	for _, s := range situations() {
		fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(s.name))
		unanimous := map[string][]string{} // by the answer that everybody gets
		w := s.at(t)
		for _, a := range acts() {
			var order []string
			people := map[string][]string{}
			for _, by := range everybody {
				o := outcome(w, a.ask(w, by))
				if people[o] == nil {
					order = append(order, o)
				}
				people[o] = append(people[o], names[by.ID])
			}
			slices.SortStableFunc(order, func(x, y string) int { return len(people[y]) - len(people[x]) })
			if len(order) == 1 {
				unanimous[order[0]] = append(unanimous[order[0]], a.name)
				continue
			}
			var answers []string
			for i, o := range order {
				who := strings.Join(people[o], ", ")
				if i == 0 && len(people[o]) > 4 {
					who = "everybody else"
				}
				answers = append(answers, who+": "+o)
			}
			slices.Reverse(answers)
			fmt.Fprintf(&b, "  %s\n      %s\n", a.name, strings.Join(answers, "\n      "))
		}
		for _, o := range slices.Sorted(maps.Keys(unanimous)) {
			fmt.Fprintf(&b, "  everybody: %s\n      %s\n", o, strings.Join(unanimous[o], ", "))
		}
	}
	book(t, "who_may_do_what.txt", b.String())
}

// what flattens a value into lines "path: value"; clear values of invented people
// may be shown in tests.
func what(into map[string]string, path string, v reflect.Value, now time.Time) {
	switch x := v.Interface().(type) {
	case time.Time:
		switch d := x.Sub(now).Round(time.Second); {
		case x.IsZero():
		case d == 0:
			into[path] = "now"
		case d > 0:
			into[path] = "in " + d.String()
		default:
			into[path] = (-d).String() + " ago"
		}
		return
	case personal.Text:
		if !x.IsZero() {
			into[path] = x.Clear()
		}
		return
	case time.Duration:
		if x != 0 {
			into[path] = x.String()
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			what(into, path, v.Elem(), now)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				what(into, path+"."+v.Type().Field(i).Name, v.Field(i), now)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			name := fmt.Sprint(i)
			if it, ok := v.Index(i).Interface().(*Item); ok {
				name = string(it.Key)
			}
			what(into, path+"["+name+"]", v.Index(i), now)
		}
	default:
		if !v.IsZero() {
			into[path] = fmt.Sprint(v.Interface())
		}
	}
}

// difference lists what of a state changed, one line a part.
func difference(before, after State, now time.Time) []string {
	was, is := map[string]string{}, map[string]string{}
	what(was, "", reflect.ValueOf(before), now)
	what(is, "", reflect.ValueOf(after), now)
	var out []string
	for path, v := range is {
		if old, ok := was[path]; !ok {
			out = append(out, path+": "+v)
		} else if old != v {
			out = append(out, path+": "+old+" → "+v)
		}
	}
	for path, old := range was {
		if _, ok := is[path]; !ok {
			out = append(out, path+": "+old+" → nothing")
		}
	}
	slices.Sort(out)
	return out
}

// lives are stories in which every event happens, some of them in more than one
// way.
func lives(t testing.TB) []*story {
	second := func() *story {
		w := resubmitted(t).claim(anna).accept(anna).approve(anna)
		return w
	}
	site := func() *story {
		w := individual(t).filed()
		w.do(w.site("secret")).claim(anna).raise(anna, RaiseReason{Reason: "reason-site", Code: "R12", Sub: "test-account", Target: item.SiteTestAccount})
		w.giveBack(anna)
		w.do(w.site("another")).submit()
		return w.claim(anna).accept(anna).approveSite(anna)
	}
	out := []*story{individual(t).active(), enterprise(t).active(), second(), site()}
	for _, s := range situations() {
		if s.name != "nothing is there" {
			out = append(out, s.at(t))
		}
	}
	for _, s := range situations() {
		w := s.at(t)
		for _, a := range acts() {
			for _, by := range []Actor{merchant, agent, anna, bo, lena, robot} {
				if events, err := a.ask(w, by).Decide(w.s); err == nil && len(events) > 0 {
					next := &story{tb: t, s: w.s, events: slices.Clip(w.events), at: w.at, known: len(w.events), from: w.s}
					out = append(out, next.happened(events...))
				}
			}
		}
	}
	return out
}

// ways is how many different effects of one event the book shows at most.
const ways = 8

func TestWhatAnEventChanges(t *testing.T) {
	texts := map[string][]string{} // by stored name: each way in which it changed a state
	for _, w := range lives(t) {
		s := w.from
		for _, e := range w.events[w.known:] {
			after := Evolve(s, e)
			if len(texts[Name(e)]) == ways {
				s = after
				continue
			}
			var b strings.Builder
			for _, l := range difference(s, after, e.Head().At) {
				if strings.HasPrefix(l, ".Events:") || strings.HasPrefix(l, ".Last:") {
					continue
				}
				fmt.Fprintf(&b, "  %s\n", l)
			}
			if text := b.String(); !slices.Contains(texts[Name(e)], text) {
				texts[Name(e)] = append(texts[Name(e)], text)
			}
			s = after
		}
	}
	var b strings.Builder
	b.WriteString("What every event changes, in up to eight ways that the stories of matrix_test.go know.\n")
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		for i, text := range texts[name] {
			fmt.Fprintf(&b, "\n%s (%d)\n%s", name, i+1, text)
		}
	}
	book(t, "what_an_event_changes.txt", b.String())
}

// An event that no story knows would be missing from the book without a word.
func TestTheStoriesKnowEveryEvent(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range lives(t) {
		for _, e := range w.events {
			seen[Name(e)] = true
		}
	}
	for _, name := range Names() {
		stem, version, _ := strings.Cut(strings.TrimPrefix(name, "application."), ".v")
		n, err := strconv.Atoi(version)
		if err != nil {
			t.Fatal(err)
		}
		replaced := slices.Contains(Names(), fmt.Sprintf("application.%s.v%d", stem, n+1))
		if !seen[name] && !replaced {
			t.Errorf("no story has the event %s", name)
		}
	}
}
