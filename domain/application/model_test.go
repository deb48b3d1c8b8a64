package application

import (
	"errors"
	"flag"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/domain/reason"
)

// model walks at random through the life of an application and checks, after
// every event, the invariants that doc.go lists. Run it at length with
//
//	go test ./domain/application -run Model -rapid.checks=100000
type model struct {
	t  *rapid.T
	s  State
	at time.Time
	// all are the events from the very beginning, for the fold.
	all []Event
}

var everybody = []Actor{merchant, stranger, agent, colleague, rival, anna, bo, lena, liu, auditor, admin, robot}

// beginnings are the states from which a walk sets out, so that random walks
// reach every corner.
func beginnings(t testing.TB) [][]Event {
	byAgency := newStory(t).opened(agent, policy.Individual, policy.WeChat).offered()
	return [][]Event{
		individual(t).events,
		byAgency.events,
		individual(t).filled().events,
		individual(t).submitted().claim(anna).events,
		individual(t).returned().events,
		resubmitted(t).claim(anna).accept(anna).events,
		proposed(t).claim(lena).events,
		individual(t).qualified().claim(bo).events,
		individual(t).filed().events,
		individual(t).sited().claim(lena).events,
		individual(t).offered().claim(bo).events,
		individual(t).signed().claim(bo).events,
		enterprise(t).countersigned().events,
		individual(t).active().events,
	}
}

func TestModelNoReachableStateBreaksAnInvariant(t *testing.T) {
	starts := beginnings(t)
	rapid.Check(t, func(rt *rapid.T) {
		start := pick(rt, "beginning", starts)
		m := &model{t: rt, all: slices.Clone(start)}
		m.s = refold(start)
		m.at = m.s.Last.Add(time.Minute)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			m.step()
			m.getsOn()
		}
		m.refold()
	})
}

// A hundred walks, which is what rapid does unasked, find too little.
func init() {
	if err := flag.Set("rapid.checks", "2000"); err != nil {
		panic(err)
	}
}

// pick draws by number, so that a failing walk prints as a short list.
func pick[T any](t *rapid.T, label string, from []T) T {
	return from[rapid.IntRange(0, len(from)-1).Draw(t, label)]
}

// step lets somebody do something.
func (m *model) step() {
	pause := pick(m.t, "pause", []time.Duration{time.Second, time.Minute, time.Hour, 3 * day, 20 * day, 70 * day, -time.Hour})
	if rapid.IntRange(0, 9).Draw(m.t, "slow") > 0 {
		pause = min(pause, time.Minute)
	}
	m.at = m.at.Add(pause)
	c := m.command()
	before := m.s
	events, err := c.Decide(m.s)
	if err != nil {
		if len(events) > 0 {
			m.t.Fatalf("%T refused and decided %d events", c, len(events))
		}
		return
	}
	if len(events) > 1 {
		m.t.Fatalf("%T left %d events", c, len(events))
	}
	for _, e := range events {
		m.s = Evolve(m.s, e)
		m.all = append(m.all, e)
		m.lawful(before, e)
		m.discreet(before, e)
	}
	if again, err := c.Decide(m.s); err == nil && len(events) > 0 && len(again) > 0 && reflect.DeepEqual(bare(events[0]), bare(again[0])) {
		m.t.Fatalf("%T twice did it twice", c)
	}
}

// getsOn: whoever has the ball can do something. The merchant signs while the
// offer lasts, and after that it lapses; a site that is awaited can be declared;
// at every stage of the platform somebody of the staff holds the application or can
// claim it.
func (m *model) getsOn() {
	w := &story{s: m.s, at: m.at, events: m.all}
	able := func(what string, some ...command) {
		for _, c := range some {
			if events, err := c.Decide(m.s); err == nil && len(events) > 0 {
				return
			}
		}
		_, err := some[0].Decide(m.s)
		m.t.Fatalf("I15 (somebody can always get on): at %s nobody can %s: %v", m.s.Stage, what, err)
	}
	switch now := m.s.moment(m.at); {
	case !m.s.Opened() || m.s.Restricted || m.s.Stage.Ended():
	case m.s.Stage == Signature && now.Before(m.s.Offer.Expires):
		able("sign", w.signature())
	case m.s.Stage == Signature:
		able("let the offer lapse", LapseContract{Rules: rules, By: robot, At: m.at})
	case m.s.Stage == Website && m.s.Holder() == Merchant:
		able("declare the site", w.site("secret"))
	case m.s.Holder() == Platform && !m.s.Claim.Live(now):
		var some []command
		for _, by := range []Actor{anna, bo, lena, liu, {ID: "lead-3", Role: RoleLead}} {
			some = append(some, Claim{Rules: rules, By: by, At: m.at})
		}
		able("claim", some...)
	}
}

func (m *model) actor() Actor { return pick(m.t, "by", everybody) }

// command is most often what somebody sensible would do next, and otherwise
// anything by anybody.
func (m *model) command() command {
	holder := m.s.Claim.By
	if holder.ID == "" {
		holder = pick(m.t, "staff", []Actor{anna, bo, lena, liu})
	}
	if rapid.IntRange(0, 9).Draw(m.t, "sense") < 6 {
		return m.sensible(holder)
	}
	return m.anything(m.actor())
}

func (m *model) sensible(holder Actor) command {
	if m.s.Holder() == Platform && !m.s.Claim.Live(m.at) {
		return Claim{Rules: rules, By: pick(m.t, "staff", []Actor{anna, bo, lena, liu}), At: m.at}
	}
	accept := AcceptItems{Items: m.todo(), By: holder, At: m.at}
	w := &story{s: m.s, at: m.at, events: m.all}
	var next []command
	switch m.s.Stage {
	case Draft:
		next = []command{FillDetails{Values: values(m.s.Kind), By: merchant, At: m.at}, m.upload(merchant), Submit{Rules: rules, By: merchant, At: m.at}}
	case Correction:
		next = []command{m.upload(merchant), m.correct(merchant), Submit{Rules: rules, By: merchant, At: m.at}}
	case Qualification:
		next = []command{accept, ApproveQualification{Rules: rules, By: holder, At: m.at}, m.raise(holder), Return{Rules: rules, By: holder, At: m.at}}
	case SecondApproval:
		next = []command{
			ConfirmQualification{Judged: m.s.Proposal.Judged, Rules: rules, By: holder, At: m.at},
			RefuseQualification{Why: "no", Rules: rules, By: holder, At: m.at},
		}
	case ICP:
		e := w.evidence()
		next = []command{accept, RecordICPEvidence{Evidence: e, Rules: rules, By: holder, At: m.at}, VerifyICP{Rules: rules, By: holder, At: m.at}, m.raise(holder), Return{Rules: rules, By: holder, At: m.at}}
	case Website:
		next = []command{accept, m.site(merchant), ApproveSite{Checklist: map[string]bool{"independent_site": true, "true_and_legal": true, "filing": true, "test_account": true}, Rules: rules, By: holder, At: m.at}, m.raise(holder), Return{Rules: rules, By: holder, At: m.at}}
	case Contract:
		next = []command{accept, OfferContract{Rules: rules, By: holder, At: m.at}, m.raise(holder), Return{Rules: rules, By: holder, At: m.at}}
	case Signature:
		next = []command{w.signature(), TakeBackContract{Why: "look again", Rules: rules, By: holder, At: m.at}, LapseContract{Rules: rules, By: robot, At: m.at},
			m.raise(holder), RecordICPEvidence{Evidence: w.evidence(), Rules: rules, By: holder, At: m.at}}
	case Countersignature:
		next = []command{accept, CountersignContract{Rules: rules, By: holder, At: m.at}}
	case Activation:
		next = []command{accept, Activate{Rules: rules, By: holder, At: m.at}}
	case WithdrawnStage:
		next = []command{Reopen{By: merchant, At: m.at}}
	default:
		return m.anything(m.actor())
	}
	return pick(m.t, "next", next)
}

func (m *model) todo() []item.Key {
	req, err := m.s.Requirements(rules, m.at)
	if err != nil {
		m.t.Fatal(err)
	}
	var keys []item.Key
	for _, p := range m.s.unchecked(req) {
		keys = append(keys, p.Item)
	}
	return keys
}

func (m *model) upload(by Actor) command {
	name := fmt.Sprintf("upload-%d", rapid.IntRange(0, 99).Draw(m.t, "file"))
	return UploadDocument{Slot: m.item(), Document: file(name), By: by, At: m.at}
}

func (m *model) correct(by Actor) command {
	k := m.item()
	if len(m.s.Unlocked) > 0 {
		k = pick(m.t, "unlocked", m.s.Unlocked)
	}
	c := Correct{Item: k, By: by, At: m.at}
	if v, ok := corrected[k]; ok && rapid.Bool().Draw(m.t, "value") {
		c.Value = &v
	} else {
		c.Statement = "it is put right"
	}
	return c
}

func (m *model) item() item.Key { return pick(m.t, "item", catalogue) }

func (m *model) raise(by Actor) command {
	e := pick(m.t, "reason", reason.All())
	return RaiseReason{
		Reason: fmt.Sprintf("reason-%d", rapid.IntRange(0, 99).Draw(m.t, "id")), Code: e.Code, Sub: e.Sub,
		Target: pick(m.t, "target", e.Targets), Rules: rules, By: by, At: m.at,
	}
}

func (m *model) site(by Actor) command {
	return DeclareSite{
		URL: "https://www.shop-chenwei.cn/", User: personal.New("tester"), Password: personal.New(pick(m.t, "password", []string{"secret", "other"})),
		Rules: rules, By: by, At: m.at,
	}
}

// anything is any command by anybody.
func (m *model) anything(by Actor) command {
	w := &story{s: m.s, at: m.at, events: m.all}
	evidence, signature := w.evidence(), w.signature()
	evidence.Status = pick(m.t, "status", []string{"found", "none", "app_only", "cancelled"})
	signature.By = by
	deadline := Deadline{}
	if m.s.Deadline != nil {
		deadline = *m.s.Deadline
	}
	k, at := m.item(), m.at
	document := m.s.Item(k).Document.ID
	return pick(m.t, "anything", []command{
		Open{Merchant: merchant.ID, MerchantNumber: "M0001", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Web, Rules: rules, By: by, At: at},
		SwitchKind{Kind: pick(m.t, "kind", policy.Kinds()), By: by, At: at},
		ChooseProducts{Products: []policy.Product{policy.OnlineBanking}, Banks: []string{"102"}, Site: policy.Web, Rules: rules, By: by, At: at},
		FillDetails{Values: map[item.Key]string{item.ContactMobile: "13700137000"}, By: by, At: at},
		m.upload(by), m.correct(by), m.raise(by), m.site(by),
		RemoveDocument{Slot: k, By: by, At: at},
		MoveDocument{From: k, To: m.item(), Document: document, By: by, At: at},
		RedactDocument{Slot: k, Former: document, Document: file("covered"), Why: "code", By: by, At: at},
		Submit{Rules: rules, By: by, At: at},
		RecordPrecheck{Round: m.s.Round, Findings: []Finding{{Code: "duplicate", Item: k, Severity: "block"}}, By: by, At: at},
		Claim{Rules: rules, By: by, At: at},
		Release{By: by, At: at}, ReleaseExpired{By: robot, At: at},
		Reassign{To: m.actor(), Rules: rules, By: by, At: at},
		Prioritise{Priority: 1, By: by, At: at},
		AcceptItems{Items: []item.Key{k}, By: by, At: at},
		WithdrawReason{Reason: fmt.Sprintf("reason-%d", rapid.IntRange(0, 99).Draw(m.t, "withdrawn")), By: by, At: at},
		AllowLateReason{Target: k, Why: "late", By: by, At: at},
		AddNote{Note: "note", Text: "text", By: by, At: at},
		Return{Rules: rules, By: by, At: at},
		ApproveQualification{Rules: rules, By: by, At: at},
		ConfirmQualification{Judged: m.s.Proposal.Judged, Rules: rules, By: by, At: at},
		RefuseQualification{Why: "no", Rules: rules, By: by, At: at},
		RecordICPEvidence{Evidence: evidence, Rules: rules, By: by, At: at},
		VerifyICP{Rules: rules, By: by, At: at},
		ApproveSite{Checklist: map[string]bool{"independent_site": true, "true_and_legal": true, "filing": true, "test_account": true}, Rules: rules, By: by, At: at},
		OfferContract{Rules: rules, By: by, At: at}, signature,
		TakeBackContract{Why: "look again", Rules: rules, By: by, At: at}, LapseContract{Rules: rules, By: by, At: at},
		CountersignContract{Rules: rules, By: by, At: at}, Activate{Rules: rules, By: by, At: at},
		Withdraw{By: by, At: at}, Reopen{By: by, At: at},
		ProposeDecline{Note: "no", By: by, At: at},
		ConfirmDecline{Judged: m.s.Decline.Judged, By: by, At: at},
		RefuseDecline{Why: "yes", By: by, At: at},
		Expire{Rules: rules, By: by, At: at},
		WarnDeadline{Deadline: deadline.ID, Mark: "warn", By: by, At: at},
		BreachDeadline{Deadline: deadline.ID, By: by, At: at},
		ExtendDeadline{Deadline: deadline.ID, Due: deadline.Due.Add(day), Why: "more", Rules: rules, By: by, At: at},
		MovePolicy{To: "2026-07", Why: "asked", Rules: rules, By: by, At: at},
		Restrict{Why: "erasure", Rules: rules, By: pick(m.t, "restricts", []Actor{stranger, anna, by}), At: at},
		LiftRestriction{Rules: rules, By: pick(m.t, "lifts", []Actor{stranger, anna, by}), At: at},
		PlaceHold{Why: "court", By: by, At: at}, LiftHold{Why: "over", By: by, At: at},
		Shred{Why: "over", By: by, At: at},
	})
}

// lawful checks the invariants of doc.go on one event and the states around it.
func (m *model) lawful(before State, e Event) {
	must := func(ok bool, invariant string) {
		if !ok {
			m.t.Fatalf("%s broken by %s at %s, by %+v", invariant, Name(e), before.Stage, e.Head().By)
		}
	}
	after, by, at := m.s, e.Head().By, e.Head().At
	must(after.Revision() == before.Revision()+1, "I1 (one event, one revision)")
	must(!at.Before(before.Last), "I2 (time never runs back)")
	open := len(before.with(StatusOpen)) > 0
	unanswered := open || len(before.with(StatusReturned)) > 0 || len(before.with(StatusAddressed)) > 0
	switch e := e.(type) {
	case QualificationApproved, QualificationProposed, QualificationConfirmed, ICPVerified, SiteApproved, ContractOffered, ContractSigned, ContractCountersigned, Activated:
		must(!unanswered, "I3 (no approval with an open reason)")
	case Returned:
		must(open, "I3 (no return without a reason)")
	case DeclineConfirmed:
		must(before.Decline.By.ID != by.ID && before.Changed <= before.Decline.Judged, "I5 (two people, same evidence)")
	case Submitted, Resubmitted:
		must(after.Round == before.Round+1, "I9 (a submission is a round)")
	case Withdrawn, Reopened, ConsentGiven, ConsentWithdrawn:
		must(by.ID == before.Merchant && by.Role == RoleMerchant, "I7 (only the merchant)")
	case Claimed:
		must(!before.Claim.Live(at), "I6 (one holder)")
	case LateReasonAllowed, PolicyMoved, Prioritised, Reassigned:
		must(by.Role == RoleLead, "I4 (a lead's act)")
	case ReasonRaised:
		must(reason.AppliesTo(e.Code, e.Sub, e.Target), "I3 (a reason fits its target)")
	}
	switch e.(type) {
	case QualificationConfirmed:
		must(before.Proposal.By.ID != by.ID && before.Changed <= before.Proposal.Judged && by.Role == RoleLead, "I5 (two people, same evidence)")
	case ContractSigned:
		must(by.ID == before.Merchant && by.Role == RoleMerchant, "I7 (only the merchant signs)")
	}
	switch e.(type) {
	case ItemsAccepted, ReasonRaised, ReasonWithdrawn, Returned, QualificationApproved, QualificationProposed, QualificationConfirmed,
		QualificationRefused, ICPVerified, SiteApproved, ContractOffered, ContractCountersigned, DeclineProposed, DeclineConfirmed, DeclineRefused, DocumentRedacted:
		must(before.Claim.By.ID == by.ID && before.Claim.Live(at), "I4 (who judges holds the claim)")
		must(by.Staff() && by.ID != before.Registrar.ID, "I4 (maker is not checker)")
	}
	m.guarded(before, e, must)
	m.stands(after, must)
}

// discreet: an event that the merchant is not told of changes no answer to the
// merchant, and no refusal. A signature is the exception: whether it is taken may
// change, but why is not told.
func (m *model) discreet(before State, e Event) {
	if before.Opened() && (m.s.Version() != before.Version()) != Told(e) {
		m.t.Fatalf("%s: the merchant's version went from %d to %d", Name(e), before.Version(), m.s.Version())
	}
	w := &story{s: m.s, at: m.at, events: m.all}
	k, by, at := m.item(), merchant, m.at
	if m.s.Merchant == "" {
		return
	}
	by.ID = m.s.Merchant
	signature := w.signature()
	signature.By = by
	_, err := signature.Decide(m.s)
	m.silent("a signature", err)
	if Told(e) {
		return
	}
	text := "13700137000"
	for _, c := range []command{
		Submit{Rules: rules, By: by, At: at}, Withdraw{By: by, At: at}, Reopen{By: by, At: at}, m.upload(by), m.site(by),
		FillDetails{Values: map[item.Key]string{item.ContactMobile: text}, By: by, At: at},
		Correct{Item: k, Statement: "it is put right", By: by, At: at}, Correct{Item: item.ContactMobile, Value: &text, By: by, At: at},
		RemoveDocument{Slot: k, By: by, At: at}, SwitchKind{Kind: policy.Enterprise, By: by, At: at},
		ChooseProducts{Products: []policy.Product{policy.Alipay}, Site: policy.Web, Rules: rules, By: by, At: at},
	} {
		was, errBefore := c.Decide(before)
		is, errAfter := c.Decide(m.s)
		m.silent("a refusal", errAfter)
		if outside(errBefore) != outside(errAfter) || len(was) != len(is) {
			m.t.Fatalf("%T tells the merchant of %s: %s (%d events), and before %s (%d events)", c, Name(e), outside(errAfter), len(is), outside(errBefore), len(was))
		}
	}
}

// outside is a refusal as the merchant reads it.
func outside(err error) string {
	if r := (*Refusal)(nil); errors.As(err, &r) {
		return fmt.Sprintf("%+v", *Discreet(r))
	}
	return fmt.Sprint(err)
}

// silent: a refusal names nothing that only staff know.
func (m *model) silent(what string, err error) {
	secret := []*Refusal{ErrDeclinePending, ErrHold, ErrICPEvidence, ErrICPStale, ErrICPUnverified, ErrOpenReasons, ErrChecklist, ErrUnqualified}
	for _, r := range secret {
		if strings.Contains(outside(err), r.Code) {
			m.t.Fatalf("%s tells the merchant: %v", what, err)
		}
	}
}

// guarded: what may be changed when.
func (m *model) guarded(before State, e Event, must func(bool, string)) {
	for _, k := range catalogue {
		was, is := before.Item(k), m.s.Item(k)
		same := was.Value == is.Value && was.Personal == is.Personal && was.Document.ID == is.Document.ID
		_, redacted := e.(DocumentRedacted)
		_, declared := e.(SiteDeclared)
		if same || redacted || declared && before.Declaration.URL == "" {
			continue
		}
		must(before.Stage == Draft || before.Stage == Correction && slices.Contains(before.Unlocked, k), "I8 (locked items stay: "+string(k)+")")
	}
	if before.Restricted {
		switch e.(type) {
		case HoldPlaced, HoldLifted, Shredded, Released, RestrictionLifted:
		default:
			must(false, "I10 (restricted)")
		}
	}
	if before.Stage.Ended() {
		switch e.(type) {
		case Reopened, Restricted, RestrictionLifted, HoldPlaced, HoldLifted, Shredded, NoteAdded:
		default:
			must(false, "I11 (ended)")
		}
	}
}

// stands: what is true of every state.
func (m *model) stands(s State, must func(bool, string)) {
	if s.Stage == Active {
		req, err := s.Requirements(rules, s.Last)
		if err != nil {
			m.t.Fatal(err)
		}
		must(s.Qualified && s.Offer.Signed && s.Offer.Countersigned, "I12 (active with a signed contract)")
		must(s.ICPVerified || !req.Asks(policy.StageICP), "I12 (active with a verified filing)")
		must(s.SiteApproved || !req.Asks(policy.StageWebsite), "I12 (active with an approved site)")
	}
	if s.Stage != Draft && s.Stage != Qualification && s.Stage != SecondApproval && s.Stage != Correction && !s.Stage.Ended() {
		must(s.Qualified, "I12 (nothing goes past an undone qualification)")
	}
	must(s.Deadline == nil || s.Deadline.Holder == s.Holder(), "I13 (the deadline is the holder's)")
	must(s.Deadline != nil || s.Stage == Draft || s.Stage.Ended(), "I13 (a deadline runs)")
	must(s.Stage == SecondApproval == s.Proposal.Pending(), "I5 (a proposal belongs to its stage)")
	must(len(s.Unlocked) == 0 || s.Stage == Correction || s.Stage.Ended(), "I8 (nothing is unlocked but for a correction)")
}

// refold: what is stored folds to what the decider saw.
func (m *model) refold() {
	var s State
	for _, e := range m.all {
		name, data, err := Encode(e, testSeal)
		if err != nil {
			m.t.Fatal(err)
		}
		stored, err := Decode(name, data, testOpen)
		if err != nil {
			m.t.Fatal(err)
		}
		s = Evolve(s, stored)
	}
	if !reflect.DeepEqual(s, m.s) {
		m.t.Fatalf("I14 (the fold of what is stored is the state):\n%+v\n%+v", s, m.s)
	}
}
