package policy

import (
	"slices"

	"alta/domain/item"
	"alta/domain/lang"
)

// Facts are what a policy needs to know about an application. What is not known
// yet stays empty: without a licence number nothing is waived.
type Facts struct {
	Kind         Kind
	Products     []Product
	Site         SiteType
	Licence      string // as typed
	IdentityType string // resident_id, residence_permit, permanent_residence, passport, travel_permit
	Differs      []Difference
}

// Requirement is one item that the merchant is asked for, or may add.
type Requirement struct {
	Item     item.Key    `json:"item"`
	Required bool        `json:"required"`
	Stage    Stage       `json:"stage"` // the review before which it must be there
	Why      lang.Text   `json:"why"`
	Accepts  []lang.Text `json:"accepts,omitempty"` // what else may stand in its place
}

// Waiver is one item that is usually required and here is not.
type Waiver struct {
	Item    item.Key  `json:"item"`
	Because lang.Text `json:"because"`
	Derived string    `json:"derived,omitempty"` // the waived value, where another one contains it
}

// Step is a stage of the way and why it is on it, or why it is not.
type Step struct {
	Stage Stage     `json:"stage"`
	Why   lang.Text `json:"why"`
}

// Requirements are a policy's answer to the facts of one application.
type Requirements struct {
	Policy string        `json:"policy"` // the version that answered
	Items  []Requirement `json:"items"`  // in the order of item.All
	Waived []Waiver      `json:"waived"`
	Stages []Step        `json:"stages"` // in their order; second_approval is FourEyes
	Absent []Step        `json:"absent"` // stages that this application does not need

	// FourEyes asks for a second, different person to approve the qualification.
	FourEyes    bool        `json:"four_eyes"`
	FourEyesWhy []lang.Text `json:"four_eyes_why"`
}

// Requirements judges the facts. It answers for any facts; Check says whether
// they make sense. Two answers may share their lists: nobody may change them.
func (p Policy) Requirements(f Facts) Requirements {
	rules := p.plan
	if rules == nil { // not read by Parse
		rules = p.compile()
	}
	licence := normalLicence(f.Licence)
	out := rules.answer(&p, f.situation(licence))
	out.Waived = slices.Clone(out.Waived) // the only part that is this merchant's own
	for i, w := range out.Waived {
		if d := rules.derived[w.Item]; d != nil && formOfNormal(licence) == USCC {
			out.Waived[i].Derived = licence[d.Start:d.End]
		}
	}
	return out
}

// judge applies the rules; what it leaves open is the value of a waived item.
func (rules *plan) judge(p *Policy, now condition) Requirements {
	out := Requirements{Policy: p.Version, Items: []Requirement{}, Waived: []Waiver{}, Absent: []Step{}, FourEyesWhy: []lang.Text{}}
	for i, when := range rules.fourEyes {
		if when.holds(now) {
			out.FourEyes = true
			out.FourEyesWhy = append(out.FourEyesWhy, p.FourEyes[i].Why)
		}
	}
	for i := range rules.stages {
		out.step(&rules.stages[i], now)
	}
	for i := range rules.items {
		it := &rules.items[i]
		r := firstHolding(it.rules, now)
		if r == nil || it.kinds&now[0] == 0 {
			continue
		}
		if w := firstHolding(it.waivers, now); w != nil {
			out.Waived = append(out.Waived, Waiver{w.Item, w.Because, ""})
			continue
		}
		out.Items = append(out.Items, Requirement{r.Item, r.Required, r.Stage, r.Why, r.Accepts})
	}
	return out
}

func firstHolding[R any](rules []conditional[R], now condition) *R {
	for i := range rules {
		if rules[i].when.holds(now) {
			return rules[i].rule
		}
	}
	return nil
}

func (r *Requirements) step(s *plannedStage, now condition) {
	rule := firstHolding(s.rules, now)
	switch {
	case rule != nil:
		r.Stages = append(r.Stages, Step{s.stage, rule.Why})
	case s.stage == StageSecondApproval && r.FourEyes:
		r.Stages = append(r.Stages, Step{s.stage, r.FourEyesWhy[0]})
	default:
		r.Absent = append(r.Absent, Step{s.stage, s.otherwise})
	}
}

// Required lists the items that must be there before the stage's review, less
// the waived ones. The first submission needs those of StageQualification.
func (r Requirements) Required(s Stage) []item.Key {
	var out []item.Key
	for _, q := range r.Items {
		if q.Required && q.Stage == s {
			out = append(out, q.Item)
		}
	}
	return out
}

// Optional lists the items that the merchant may add and nobody waits for.
func (r Requirements) Optional() []item.Key {
	var out []item.Key
	for _, q := range r.Items {
		if !q.Required {
			out = append(out, q.Item)
		}
	}
	return out
}

// Find is the requirement of an item; false where it is waived or not asked for.
func (r Requirements) Find(k item.Key) (Requirement, bool) {
	return find(r.Items, func(q Requirement) bool { return q.Item == k })
}

// IsWaived reports whether the item is waived.
func (r Requirements) IsWaived(k item.Key) bool {
	return slices.ContainsFunc(r.Waived, func(w Waiver) bool { return w.Item == k })
}

// Asks reports whether the way leads through the stage.
func (r Requirements) Asks(s Stage) bool {
	return slices.ContainsFunc(r.Stages, func(t Step) bool { return t.Stage == s })
}

// Check says what is wrong with the facts: a *WordError for a word that the
// policy does not know, a *PlaceError for a product that cannot be used where the
// merchant sells.
func (p Policy) Check(f Facts) error {
	if _, err := ParseKind(string(f.Kind)); err != nil {
		return err
	}
	if _, err := ParseSiteType(string(f.Site)); err != nil {
		return err
	}
	if len(f.Products) == 0 {
		return &WordError{"products", "", words(Products())}
	}
	for _, q := range f.Products {
		rule, ok := find(p.Products, func(r ProductRule) bool { return r.Product == q })
		if !ok {
			return &WordError{"products", string(q), words(Products())}
		}
		if !contains(rule.Sites, f.Site) {
			return &PlaceError{q, f.Site, rule.Sites}
		}
	}
	return nil
}
