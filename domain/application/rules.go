package application

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
)

func itoa(n int) string { return strconv.Itoa(n) }

// version finds a version of the policy.
func (r Rules) version(version string) (policy.Policy, error) {
	if r.Policies != nil {
		if p, ok := r.Policies.At(version); ok {
			return p, nil
		}
	}
	return policy.Policy{}, ErrPolicy.with("version", version)
}

// Facts are what the policy wants to know about the application.
func (s State) Facts() policy.Facts {
	f := policy.Facts{
		Kind: s.Kind, Products: s.Products, Site: s.Site,
		Licence: s.text(item.CompanyLicence), IdentityType: s.text(item.IdentityType),
	}
	if different(s.text(item.ContactName), s.text(item.IdentityName)) {
		f.Differs = append(f.Differs, policy.ContactDiffers)
	}
	if different(s.text(item.BankHolder), s.business()) {
		f.Differs = append(f.Differs, policy.SettlementDiffers)
	}
	// During a correction the last look-up is history: the merchant may be having
	// the domain transferred.
	if s.Stage != Correction && different(s.Evidence.Subject.Clear(), s.business()) {
		f.Differs = append(f.Differs, policy.RegistrantDiffers)
	}
	return f
}

// business is the name under which the merchant trades: the company's, or the
// person's own.
func (s *State) business() string {
	if s.Kind == policy.Enterprise {
		return s.text(item.CompanyName)
	}
	return s.text(item.IdentityName)
}

// text is Text for the questions that every decision asks: it copies nothing. An
// item has a value or a personal one, never both.
func (s *State) text(k item.Key) string {
	for _, i := range s.Items {
		if i.Key == k {
			if i.Value != "" {
				return i.Value
			}
			return i.Personal.Clear()
		}
	}
	return ""
}

// different reports whether two names, both given, are those of two. Names that
// are probably one are not: see resemble.
func different(a, b string) bool { return compared(a, b).Verdict == identifier.Different }

// resemble answers why two names that are not equal are probably one, as a person
// is told who judges them; empty where they are equal or different.
func resemble(a, b string) string {
	why := compared(a, b).Why
	words := make([]string, len(why))
	for i, l := range why {
		words[i] = string(l)
	}
	return strings.Join(words, " ")
}

// compared is the comparison of two names; of one that is not given there is none.
func compared(a, b string) identifier.Comparison {
	if a == "" || b == "" || a == b {
		return identifier.Comparison{}
	}
	return identifier.CompareNames(a, b)
}

// policy is the version that s is judged by: until the first submission the one
// in force, then the one it was submitted under or moved to.
func (s State) policy(r Rules, at time.Time) (policy.Policy, error) {
	if s.Round == 0 {
		return r.inForce(at)
	}
	return r.version(s.Policy)
}

// inForce is the version in effect at the moment in the platform's place.
func (r Rules) inForce(at time.Time) (policy.Policy, error) {
	if r.Policies == nil {
		return policy.Policy{}, ErrPolicy
	}
	if p, ok := r.Policies.InForce(at.In(r.Calendar.Zone())); ok {
		return p, nil
	}
	return policy.Policy{}, ErrPolicy.with("at", at.UTC().Format(time.DateOnly))
}

// Requirements answers what the policy asks of the application: the version
// that it is judged by, or before the first submission the one in force.
func (s State) Requirements(r Rules, at time.Time) (policy.Requirements, error) {
	p, err := s.policy(r, at)
	if err != nil {
		return policy.Requirements{}, err
	}
	return p.Requirements(s.Facts()), nil
}

// next is the stage that comes once everything judged so far is judged: the
// first on the policy's way whose result is not there, or was undone.
func (s State) next(req policy.Requirements) Stage {
	switch {
	case !s.Qualified:
		return Qualification
	case req.Asks(policy.StageICP) && !s.ICPVerified:
		return ICP
	case req.Asks(policy.StageWebsite) && !s.SiteApproved:
		return Website
	case req.Asks(policy.StageContract):
		return Contract
	}
	return Activation
}

// fourEyes reports whether the qualification takes a second person: the policy
// says so for such merchants, or for what was done here.
func (s State) fourEyes(p policy.Policy, req policy.Requirements) bool {
	_, override := p.TwoPeopleFor(policy.ActOverrideCheck)
	_, account := p.TwoPeopleFor(policy.ActChangeAccount)
	return req.FourEyes || override && len(s.Overridden) > 0 || account && s.Account
}

// accountItems are what "the settlement account" is.
var accountItems = []item.Key{item.BankHolder, item.BankNumber, item.BankCode, item.BankBranch}

// accountChanged reports whether this correction changed the settlement account.
func (s State) accountChanged() bool {
	return slices.ContainsFunc(accountItems, func(k item.Key) bool { return s.Item(k).differs() })
}

// objected reports whether a machine found an item unfit: a finding that would
// block, or two names that differ.
func (s State) objected(k item.Key) bool {
	return slices.ContainsFunc(s.Findings, func(f Finding) bool {
		return f.Item == k && (f.Severity == string(identifier.Block) || f.Code == contactDiffers || f.Code == holderDiffers)
	})
}

// unchecked lists the items required so far that are neither accepted nor have a
// reason, and the answers that nobody looked at.
func (s State) unchecked(req policy.Requirements) []Problem {
	var out []Problem
	for n := range req.Items { // by index, and the cheap questions first: this is asked at every approval
		q := &req.Items[n]
		if !q.Required || s.isAccepted(q.Item) || q.Item.IsSite() || s.hasReason(q.Item) || !s.passedOn(q.Stage) {
			continue
		}
		out = append(out, Problem{Code: ErrChecklist.Code, Item: q.Item, Detail: "neither accepted nor with a reason"})
	}
	for _, r := range s.with(StatusAddressed) {
		if !slices.ContainsFunc(out, func(p Problem) bool { return p.Item == r.Target }) && !s.hasReason(r.Target) {
			out = append(out, Problem{
				Code: ErrChecklist.Code, Item: r.Target, Detail: "the answer to a reason was not looked at",
				Params: []ParamPair{{"reason", r.ID}},
			})
		}
	}
	return out
}

// isAccepted reports whether an item is accepted, without copying anything.
func (s *State) isAccepted(k item.Key) bool {
	for _, i := range s.Items {
		if i.Key == k {
			return i.Accepted > 0
		}
	}
	return false
}

// passedOn reports whether the application is at that stage or beyond.
func (s *State) passedOn(stage policy.Stage) bool {
	switch stage {
	case policy.StageICP:
		return s.Stage != Qualification && s.Stage != SecondApproval
	case policy.StageWebsite:
		return s.Stage != Qualification && s.Stage != SecondApproval && s.Stage != ICP
	}
	return true
}

func (s *State) hasReason(k item.Key) bool {
	return slices.ContainsFunc(s.Reasons, func(r Reason) bool { return r.Target == k && r.Status == StatusOpen })
}

// decidable: nothing is open and everything is looked at.
func (s State) decidable(req policy.Requirements) error {
	if open := s.with(StatusOpen); len(open) > 0 {
		problems := make([]Problem, len(open))
		for i, r := range open {
			problems[i] = Problem{Code: ErrOpenReasons.Code, Item: r.Target, Detail: "a reason is open", Params: []ParamPair{{"reason", r.ID}}}
		}
		return ErrOpenReasons.all(problems)
	}
	return s.checked(req)
}

func (s State) checked(req policy.Requirements) error {
	if missing := s.unchecked(req); len(missing) > 0 {
		return ErrChecklist.all(missing)
	}
	return nil
}

// separate splits canonical values into those that go into an event in clear
// and those that are sealed.
func separate(values map[item.Key]string) (map[item.Key]string, map[item.Key]personal.Text) {
	var fields map[item.Key]string
	var sealed map[item.Key]personal.Text
	for k, v := range values {
		if k.IsPersonal() {
			if sealed == nil {
				sealed = map[item.Key]personal.Text{}
			}
			sealed[k] = personal.New(v)
			continue
		}
		if fields == nil {
			fields = map[item.Key]string{}
		}
		fields[k] = v
	}
	return fields, sealed
}
