// Package direct makes applications without the public API: every act goes
// through the decider, as over HTTP, but in memory, and the events of a whole
// life are appended at once. It is for volume: a million open applications for a
// benchmark, or lives of every kind for a test.
//
// What it leaves out is said here: documents have a description and no bytes, and
// nobody is logged in, so nothing tests rights, uploads or mails. The package
// simulate/drive does.
//
// As in package simulate, everything follows from the seed, the moment and the
// index.
package direct

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/domain/reason"
	"alta/eventstore"
	"alta/simulate"
)

// Maker makes lives. It is safe for concurrent use.
type Maker struct {
	Seed uint64
	// Now is the moment at which all lives have arrived; they begin up to Back
	// before it, 20 days when 0.
	Now  time.Time
	Back time.Duration
	// Least is how many events a life has at least: where it is shorter, reviewers
	// leave remarks until it has. 0 leaves it as it is.
	Least int
	// Rules are what is decided by.
	Rules application.Rules
	// Reviewers and Leads judge; Agents add merchants. They are made up where nil.
	Reviewers, Leads, Agents []application.Actor

	merchants *simulate.Generator
}

// New makes a Maker with invented people.
func New(seed uint64, now time.Time, rules application.Rules) *Maker {
	m := &Maker{Seed: seed, Now: now.UTC().Truncate(time.Millisecond), Back: 20 * 24 * time.Hour, Rules: rules, merchants: simulate.New(seed, now)}
	for i := range 12 {
		m.Reviewers = append(m.Reviewers, application.Actor{ID: fmt.Sprintf("reviewer-%02d", i), Role: application.RoleReviewer})
	}
	for i := range 3 {
		m.Leads = append(m.Leads, application.Actor{ID: fmt.Sprintf("lead-%02d", i), Role: application.RoleLead})
	}
	for i := range 8 {
		m.Agents = append(m.Agents, application.Actor{ID: fmt.Sprintf("agent-%02d", i), Role: application.RoleAgent, Organisation: fmt.Sprintf("agency-%d", i)})
	}
	return m
}

// Life is one application: what was done, and how it stands.
type Life struct {
	ID     string
	Acts   []Act
	State  application.State
	Events int
}

// Act is what one command caused.
type Act struct {
	By     application.Actor
	Events []application.Event
}

// Targets are how far a life can go: stages, "claimed" (in qualification) and
// "second_round" (corrected and handed in again).
func Targets() []string {
	return []string{
		"draft", "qualification", "claimed", "correction", "second_round", "second_approval", "icp", "website", "contract",
		"signature", "countersignature", "activation", "active", "withdrawn",
	}
}

// AnyTarget is the target of the nth life: mostly open ones, as on a busy day.
func AnyTarget(n uint64) string {
	shares := []struct {
		target string
		parts  uint64
	}{
		{"qualification", 34}, {"claimed", 4}, {"second_round", 8}, {"second_approval", 6}, {"correction", 20}, {"icp", 8}, {"website", 8},
		{"contract", 4}, {"signature", 3}, {"countersignature", 2}, {"activation", 1}, {"draft", 1}, {"active", 1},
	}
	left := n % 100
	for _, s := range shares {
		if left < s.parts {
			return s.target
		}
		left -= s.parts
	}
	return "qualification"
}

// Life makes the nth life, as far as the target or as the merchant's way goes.
func (m *Maker) Life(n uint64, target string) (*Life, error) {
	l := &living{
		Life: &Life{ID: decider.DeriveID(eventstore.ID{}, fmt.Sprintf("direct/%d/%d", m.Seed, n)).String()}, maker: m, n: n, to: target,
		random: rand.New(rand.NewPCG(m.Seed, n)), merchant: m.merchants.AnyAt(n),
	}
	l.at = m.Now.Add(-time.Duration(l.random.Int64N(int64(m.Back)))).Truncate(time.Millisecond)
	l.step = min(8*time.Minute, m.Now.Sub(l.at)/100)
	l.self = application.Actor{ID: "merchant-" + l.ID[:13], Role: application.RoleMerchant}
	l.reviewer, l.lead = pick(l, m.Reviewers), pick(l, m.Leads)
	if err := l.live(); err != nil {
		return nil, fmt.Errorf("direct: life %d to %s stops at event %d: %w", n, target, l.Events, err)
	}
	return l.Life, nil
}

func pick[T any](l *living, from []T) T { return from[l.random.IntN(len(from))] }

// living is a life under way.
type living struct {
	*Life
	maker          *Maker
	n              uint64
	to             string
	random         *rand.Rand
	merchant       simulate.Merchant
	self           application.Actor
	reviewer, lead application.Actor
	at             time.Time
	step           time.Duration
}

// command is one of the domain's.
type command interface {
	Decide(application.State) ([]application.Event, error)
}

// do lets one act happen, and some time pass.
func (l *living) do(by application.Actor, c command) error {
	if err := l.act(by, c); err != nil {
		return err
	}
	l.at = l.at.Add(l.step/2 + time.Duration(l.random.Int64N(int64(l.step)+1))).Truncate(time.Millisecond)
	return nil
}

// act lets one act happen.
func (l *living) act(by application.Actor, c command) error {
	events, err := c.Decide(l.State)
	if err != nil {
		return fmt.Errorf("%T: %w", c, err)
	}
	for _, e := range events {
		l.State = application.Evolve(l.State, e)
	}
	if len(events) > 0 {
		l.Acts = append(l.Acts, Act{by, events})
		l.Events += len(events)
	}
	return nil
}

func (l *living) live() error {
	for _, s := range []func() (bool, error){l.draft, l.submit, l.correct, l.qualify, l.file, l.site, l.contract} {
		if done, err := s(); done || err != nil {
			return errors.Join(err, l.remark())
		}
	}
	return l.remark()
}

// remark lengthens a life to what the maker wants at least.
func (l *living) remark() error {
	for l.Events < l.maker.Least {
		n := l.Events
		err := l.do(l.reviewer, application.AddNote{
			Note: decider.DeriveID(eventstore.ID{}, l.ID+"/note/"+strconv.Itoa(n)).String(),
			Text: "Called the contact back, asked for the papers again, and was promised them for the day after tomorrow.",
			By:   l.reviewer, At: l.at,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *living) draft() (bool, error) {
	m, by := l.merchant, l.self
	if l.random.IntN(3) == 0 && len(l.maker.Agents) > 0 {
		by = pick(l, l.maker.Agents)
	}
	open := application.Open{
		Merchant: l.self.ID, MerchantNumber: fmt.Sprintf("M%d%08d", l.maker.Seed%10, l.n), Kind: m.Kind, Products: m.Products, Site: m.Site,
		Language: pick(l, []string{"zh-CN", "zh-CN", "zh-CN", "es", "en"}), Rules: l.maker.Rules, By: by, At: l.at,
	}
	for _, p := range m.Products {
		if p == policy.OnlineBanking {
			open.Banks = []string{"102"}
		}
	}
	if err := l.do(by, open); err != nil {
		return false, err
	}
	if err := l.do(by, application.FillDetails{Values: m.Fields, By: by, At: l.at}); err != nil {
		return false, err
	}
	return l.to == "draft", nil
}

func (l *living) submit() (bool, error) {
	if err := l.papers(); err != nil {
		return false, err
	}
	p, ok := l.maker.Rules.Policies.At(l.State.Policy)
	if !ok {
		p = l.maker.Rules.Policies.Latest()
	}
	for _, t := range p.Texts {
		if t.Name == policy.ContractText {
			continue
		}
		err := l.do(l.self, application.GiveConsent{
			Consent: t.Name, Version: t.Version, SHA256: t.SHA256[lang.Chinese], Language: "zh-CN", Address: personal.New("203.0.113.7"),
			Rules: l.maker.Rules, By: l.self, At: l.at,
		})
		if err != nil {
			return false, err
		}
	}
	if err := l.handIn(); err != nil {
		return false, err
	}
	if l.to == "withdrawn" {
		return true, l.do(l.self, application.Withdraw{Why: "changed plans", By: l.self, At: l.at})
	}
	return l.to == "qualification", nil
}

// handIn submits, and lets the machine look at what was handed in.
func (l *living) handIn() error {
	if err := l.act(l.self, application.Submit{Rules: l.maker.Rules, By: l.self, At: l.at}); err != nil {
		return err
	}
	found, err := application.Precheck(l.State, l.maker.Rules, l.at)
	if err != nil {
		return err
	}
	by := application.Actor{ID: "precheck", Role: application.RoleSystem}
	return l.do(by, application.RecordPrecheck{Round: l.State.Round, Findings: found, By: by, At: l.at})
}

// papers uploads what is required and not there.
func (l *living) papers() error {
	req, err := l.State.Requirements(l.maker.Rules, l.at)
	if err != nil {
		return err
	}
	for _, q := range req.Items {
		if q.Required && q.Item.IsDocument() && l.State.Item(q.Item).Document.ID == "" {
			if err := l.upload(q.Item); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *living) upload(slot item.Key) error {
	name := fmt.Sprintf("%s/%s/%d", l.ID, slot, l.Events)
	sum := sha256.Sum256([]byte(name))
	d := application.Document{
		ID: decider.DeriveID(eventstore.ID{}, name).String(), Type: "image/jpeg", SHA256: hex.EncodeToString(sum[:]), Size: 200_000,
		Width: 1200, Height: 900, Pages: 1, Blur: 400, Blank: sum[1] < 2, Blobs: []string{hex.EncodeToString(sum[:8])},
	}
	if sum[0] < 8 { // three in a hundred were photographed by an unsteady hand
		d.Blur = 30
	}
	return l.do(l.self, application.UploadDocument{Slot: slot, Document: d, By: l.self, At: l.at})
}

func (l *living) claim(by application.Actor) error {
	return l.do(by, application.Claim{Rules: l.maker.Rules, By: by, At: l.at})
}

// returned are faults that both kinds of merchants can put right by uploading.
func (l *living) fault() (reason.Code, reason.Sub, item.Key) {
	slot := item.IDCardFront
	if l.merchant.Kind == policy.Enterprise {
		slot = item.LegalPersonFront
	}
	return "R03", pick(l, []reason.Sub{reason.Unclear, reason.Incomplete}), slot
}

func (l *living) correct() (bool, error) {
	if err := l.claim(l.reviewer); err != nil || l.to == "claimed" {
		return true, err
	}
	if l.to != "correction" && l.to != "second_round" {
		return false, nil
	}
	code, sub, slot := l.fault()
	err := l.do(l.reviewer, application.RaiseReason{
		Reason: decider.DeriveID(eventstore.ID{}, l.ID+"/reason").String(), Code: code, Sub: sub, Target: slot,
		Note: "please photograph it again", Internal: "looks edited", Rules: l.maker.Rules, By: l.reviewer, At: l.at,
	})
	if err != nil {
		return false, err
	}
	if err := l.accept(l.reviewer); err != nil {
		return false, err
	}
	if err := l.do(l.reviewer, application.Return{Rules: l.maker.Rules, By: l.reviewer, At: l.at}); err != nil || l.to == "correction" {
		return true, err
	}
	if err := l.upload(slot); err != nil {
		return false, err
	}
	return true, l.handIn()
}

// accept accepts what is required so far and not looked at yet.
func (l *living) accept(by application.Actor) error {
	req, err := l.State.Requirements(l.maker.Rules, l.at)
	if err != nil {
		return err
	}
	var items []item.Key
	for _, q := range req.Items {
		i := l.State.Item(q.Item)
		if !q.Required || i.Accepted > 0 || q.Item.IsSite() || i.Empty() || l.objected(q.Item) || !l.reached(q.Stage) {
			continue
		}
		items = append(items, q.Item)
	}
	if len(items) == 0 {
		return nil
	}
	return l.do(by, application.AcceptItems{Items: items, By: by, At: l.at})
}

func (l *living) objected(k item.Key) bool {
	for _, r := range l.State.Reasons {
		if r.Target == k && r.Status == application.StatusOpen {
			return true
		}
	}
	return false
}

func (l *living) reached(s policy.Stage) bool {
	at := l.State.Stage
	switch s {
	case policy.StageICP:
		return at != application.Qualification && at != application.SecondApproval
	case policy.StageWebsite:
		return at != application.Qualification && at != application.SecondApproval && at != application.ICP
	}
	return true
}

// past reports whether the life has come to its target, or beyond it.
func (l *living) past(stage application.Stage) bool { return string(stage) == l.to }

func (l *living) qualify() (bool, error) {
	if err := l.accept(l.reviewer); err != nil {
		return false, err
	}
	if err := l.do(l.reviewer, application.ApproveQualification{Rules: l.maker.Rules, By: l.reviewer, At: l.at}); err != nil {
		return false, err
	}
	if l.State.Stage != application.SecondApproval || l.past(application.SecondApproval) {
		return l.past(l.State.Stage), nil
	}
	if err := l.claim(l.lead); err != nil {
		return false, err
	}
	err := l.do(l.lead, application.ConfirmQualification{Judged: l.State.Proposal.Judged, Rules: l.maker.Rules, By: l.lead, At: l.at})
	return l.past(l.State.Stage), err
}

func (l *living) file() (bool, error) {
	if l.State.Stage != application.ICP {
		return l.past(l.State.Stage), nil
	}
	if err := l.claim(l.reviewer); err != nil {
		return false, err
	}
	kind := "individual"
	if l.merchant.Kind == policy.Enterprise {
		kind = "enterprise"
	}
	err := l.do(l.reviewer, application.RecordICPEvidence{
		Evidence: application.ICPEvidence{
			ID: decider.DeriveID(eventstore.ID{}, l.ID+"/icp/"+strconv.Itoa(l.Events)).String(), Status: "found",
			Number: l.merchant.Fields[item.SiteICPNumber], Subject: personal.New(l.merchant.Name()), SubjectKind: kind,
			Domain: l.merchant.Fields[item.SiteDomain], Source: "manual", LookedUpAt: l.at.Add(-time.Minute),
		},
		Rules: l.maker.Rules, By: l.reviewer, At: l.at,
	})
	if err != nil {
		return false, err
	}
	if err := l.accept(l.reviewer); err != nil {
		return false, err
	}
	err = l.do(l.reviewer, application.VerifyICP{Rules: l.maker.Rules, By: l.reviewer, At: l.at})
	return l.past(l.State.Stage), err
}

func (l *living) site() (bool, error) {
	if l.State.Stage != application.Website {
		return l.past(l.State.Stage), nil
	}
	w := l.merchant.Web
	err := l.do(l.self, application.DeclareSite{
		URL: w.URL, User: personal.New(w.TestUser), Password: personal.New(w.TestPassword), Guide: new("buy a cup"),
		Rules: l.maker.Rules, By: l.self, At: l.at,
	})
	if err != nil {
		return false, err
	}
	if err := l.claim(l.reviewer); err != nil {
		return false, err
	}
	p, ok := l.maker.Rules.Policies.At(l.State.Policy)
	if !ok {
		p = l.maker.Rules.Policies.Latest()
	}
	ticked := map[string]bool{}
	for _, c := range p.Checklist {
		ticked[c.ID] = true
	}
	if err := l.accept(l.reviewer); err != nil {
		return false, err
	}
	err = l.do(l.reviewer, application.ApproveSite{Checklist: ticked, Rules: l.maker.Rules, By: l.reviewer, At: l.at})
	return l.past(l.State.Stage), err
}

// countersigner is a lead, or a reviewer, who neither approved the qualification
// nor offers the contract.
func (l *living) countersigner() application.Actor {
	for _, a := range slices.Concat([]application.Actor{l.lead}, l.maker.Leads, l.maker.Reviewers) {
		if a.ID != l.reviewer.ID && !slices.Contains(l.State.Approvers, a.ID) {
			return a
		}
	}
	return l.lead
}

func (l *living) contract() (bool, error) {
	if l.State.Stage != application.Contract || l.past(application.Contract) {
		return true, nil
	}
	rules := l.maker.Rules
	signer := l.countersigner()
	steps := []struct {
		claims application.Actor
		by     application.Actor
		act    func() command
	}{
		{l.reviewer, l.reviewer, func() command {
			return application.OfferContract{Application: l.ID, Offer: decider.DeriveID(eventstore.ID{}, l.ID+"/offer").String(), Rules: rules, By: l.reviewer, At: l.at}
		}},
		{application.Actor{}, l.self, func() command {
			return application.SignContract{
				SHA256: l.State.Offer.SHA256, Name: personal.New(l.merchant.Person.Name), Method: application.OneTimeCode,
				Address: personal.New("203.0.113.7"), Rules: rules, By: l.self, At: l.at,
			}
		}},
		{signer, signer, func() command { return application.CountersignContract{Rules: rules, By: signer, At: l.at} }},
		{l.reviewer, l.reviewer, func() command { return application.Activate{Rules: rules, By: l.reviewer, At: l.at} }},
	}
	for _, s := range steps {
		if s.claims.ID != "" {
			if err := l.claim(s.claims); err != nil {
				return false, err
			}
		}
		if err := l.do(s.by, s.act()); err != nil || l.past(l.State.Stage) {
			return true, err
		}
	}
	return true, nil
}
