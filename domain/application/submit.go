package application

import (
	"slices"
	"time"

	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
)

// Submit hands the application in: the first time it starts round 1 and pins
// the policy; after a correction it starts the next round.
type Submit struct {
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers Submitted the first time and Resubmitted afterwards. Where
// something stands in the way it tells everything at once.
func (c Submit) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.helper(c.By)); err != nil {
		return nil, err
	}
	if s.Holder() == Platform {
		return nil, nil // it is handed in
	}
	if err := s.at(Draft, Correction); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	if problems := s.blockers(p, h.At); len(problems) > 0 {
		return nil, ErrIncomplete.all(problems)
	}
	if s.Round == 0 {
		d, err := s.deadline(c.Rules, p, Qualification, h.At)
		if err != nil {
			return nil, err
		}
		return []Event{Submitted{Header: h, Round: 1, Policy: p.Version, Registry: reason.Version, Next: Qualification, Deadline: d}}, nil
	}
	if problems := s.unaddressed(); len(problems) > 0 {
		return nil, ErrUnaddressed.all(problems)
	}
	e := Resubmitted{Header: h, Round: s.Round + 1, Changed: s.changed(), Voided: s.voided()}
	e.Next = s.onward(p, e.Voided)
	if e.Deadline, err = s.resumed(c.Rules, p, e.Next, h.At); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// onward is the stage after a resubmission: the first whose result is not there,
// which is the one it was returned from unless something earlier was undone.
func (s State) onward(p policy.Policy, voided []Check) Stage {
	return s.without(voided).next(p.Requirements(s.Facts()))
}

// blockers are the findings that stand in the way of a submission. What the
// merchant cannot change does not: a card that ran out during the correction of
// something else is a reviewer's to look at again.
func (s State) blockers(p policy.Policy, at time.Time) []Problem {
	var out []Problem
	for _, f := range s.precheck(p, at) {
		if f.Severity == string(identifier.Block) && !(known(f.Item) && s.Locked(f.Item) != nil) {
			out = append(out, Problem{Code: f.Code, Item: f.Item, Detail: f.Detail, Params: f.Params})
		}
	}
	return out
}

// unaddressed lists the returned reasons that the merchant has not answered.
func (s State) unaddressed() []Problem {
	var out []Problem
	for _, r := range s.with(StatusReturned) {
		if !s.addressed(r) {
			out = append(out, Problem{
				Code: ErrUnaddressed.Code, Item: r.Target, Detail: "nothing was changed or said about this reason",
				Params: []ParamPair{{"reason", r.ID}, {"code", string(r.Code)}, {"sub", string(r.Sub)}},
			})
		}
	}
	return out
}

// addressed: the target changed, or the merchant says what she did about it, or
// what may stand in its place changed: the proof of an exception, and for a
// filing either of number and domain.
func (s State) addressed(r Reason) bool {
	i := s.Item(r.Target)
	if i.differs() || i.Statement != "" {
		return true
	}
	return slices.ContainsFunc(s.opens(r.Target), func(k item.Key) bool {
		return instead(r.Target, k) && s.Item(k).differs()
	})
}

func instead(target, k item.Key) bool {
	switch k {
	case item.AuthorisationContact, item.AuthorisationSite, item.AuthorisationSettlement, item.DomainCertificate:
		return !target.IsDocument()
	case item.SiteDomain, item.SiteICPNumber:
		return target == item.SiteDomain || target == item.SiteICPNumber || target == item.SiteURL
	}
	return false
}

// changed lists the items that are not what the last decision saw.
func (s State) changed() []item.Key {
	out := []item.Key{}
	for _, k := range catalogue {
		if s.Item(k).differs() {
			out = append(out, k)
		}
	}
	return out
}

// What a change undoes. Names and the domain are what the filing and the site
// were compared with.
var (
	icpItems  = []item.Key{item.IdentityName, item.CompanyName, item.SiteDomain, item.SiteICPNumber, item.AuthorisationSite, item.DomainCertificate}
	siteItems = []item.Key{item.IdentityName, item.CompanyName, item.SiteDomain, item.SiteURL, item.SiteTestAccount, item.SiteContact,
		item.SiteCompany, item.SiteContent, item.SiteDisplay, item.SitePurchase, item.SiteTerms}
	filingItems = []item.Key{item.SiteDomain, item.SiteICPNumber, item.AuthorisationSite, item.DomainCertificate}
)

// voided lists the results that the correction undid. A site or a filing that a
// reason was answered on is looked at again even where nothing typed changed.
func (s State) voided() []Check {
	touched := s.changed()
	for _, r := range s.with(StatusReturned) {
		if r.Target.IsSite() || slices.Contains(filingItems, r.Target) {
			touched = append(touched, r.Target)
		}
	}
	if s.From == "" { // taken up again after a withdrawal: everything is judged anew
		return nil
	}
	var out []Check
	qualification := func(k item.Key) bool { return !k.IsSite() && !slices.Contains(filingItems, k) }
	if s.Qualified && slices.ContainsFunc(touched, qualification) {
		out = append(out, CheckQualification)
	}
	if s.ICPVerified && slices.ContainsFunc(touched, func(k item.Key) bool { return slices.Contains(icpItems, k) }) {
		out = append(out, CheckICP)
	}
	if s.SiteApproved && slices.ContainsFunc(touched, func(k item.Key) bool { return slices.Contains(siteItems, k) }) {
		out = append(out, CheckSite)
	}
	if s.Offer.Version != "" {
		out = append(out, CheckContract)
	}
	return out
}
