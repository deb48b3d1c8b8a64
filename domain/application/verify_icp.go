package application

import (
	"time"

	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/policy"
)

// VerifyICP finds the newest evidence good. Later, while the site is looked at or
// a contract waits for its signatures, it renews a verification that grew old.
type VerifyICP struct {
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers ICPVerified.
func (c VerifyICP) Decide(s State) ([]Event, error) {
	if s.ICPVerified && s.exists() == nil && staff(c.By) == nil {
		return nil, nil
	}
	if err := s.judge(c.By, c.At, ICP, Website, Contract, Countersignature, Activation); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	if err := first(s.filed(p), s.fresh(p, h.At)); err != nil {
		return nil, err
	}
	req := p.Requirements(s.Facts())
	if err := s.decidable(req); err != nil {
		return nil, err
	}
	e := ICPVerified{Header: h, Judged: s.Revision(), Next: s.Stage, Deadline: s.Deadline}
	if s.Stage == ICP {
		after := s
		after.ICPVerified = true
		e.Next = after.next(req)
		if e.Deadline, err = s.deadline(c.Rules, p, e.Next, h.At); err != nil {
			return nil, err
		}
	}
	return []Event{e}, nil
}

// filed: the evidence shows a filing of this domain, of the number the merchant
// gave, and by the merchant or by somebody whose relation to it is proven.
func (s State) filed(p policy.Policy) error {
	e := s.Evidence
	if e.ID == "" {
		return ErrICPEvidence.with("because", "no look-up is recorded")
	}
	status, ok := e.answer(p)
	switch {
	case !ok || !status.OKFor(s.Site):
		return ErrICPEvidence.in("status").with("because", "the status is not good enough").with("status", e.Status)
	case e.Domain != s.Text(item.SiteDomain):
		return ErrICPEvidence.in("domain").with("because", "it is about another domain")
	case e.Number == "":
		return ErrICPEvidence.in("number").with("because", "it has no number")
	case e.Subject.Clear() == "":
		return ErrICPEvidence.in("subject").with("because", "it has no subject")
	case different(e.Subject.Clear(), s.business()) && e.Relation == "":
		return ErrICPEvidence.in("relation").with("because", "the subject is another than the merchant, and no relation is proven")
	}
	found, ok := identifier.ParseICP(e.Number)
	if !ok || found.IsApp() && s.Site != policy.App {
		return ErrICPEvidence.in("number").with("because", "it is the filing of an app")
	}
	if declared, ok := identifier.ParseICP(s.Text(item.SiteICPNumber)); ok && declared.Subject() != found.Subject() {
		return ErrICPEvidence.in("number").with("because", "the merchant gave the number of another subject")
	}
	return nil
}

// fresh: the evidence is not older than the policy allows.
func (s State) fresh(p policy.Policy, at time.Time) error {
	if oldest := at.Add(-time.Duration(p.Terms.ICPEvidenceDays) * day); s.Evidence.LookedUpAt.Before(oldest) {
		return ErrICPStale.with("looked_up_at", s.Evidence.LookedUpAt.Format(time.RFC3339))
	}
	return nil
}
