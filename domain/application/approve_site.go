package application

import (
	"time"

	"alta/domain/item"
)

// ApproveSite finds the site in order after a walk-through.
type ApproveSite struct {
	Checklist map[string]bool // the policy's requirements by their id
	Rules     Rules
	By        Actor
	At        time.Time
}

// Decide answers SiteApproved.
func (c ApproveSite) Decide(s State) ([]Event, error) {
	if s.SiteApproved && s.exists() == nil && staff(c.By) == nil {
		return nil, nil
	}
	if err := s.judge(c.By, c.At, Website); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Declaration.URL == "":
		return nil, ErrSiteUndeclared
	case !onDomain(s.Declaration.URL, s.Text(item.SiteDomain)):
		return nil, ErrSiteOffDomain
	}
	var missing []Problem
	ticked := map[string]bool{}
	for _, q := range p.Checklist {
		if ticked[q.ID] = c.Checklist[q.ID]; !ticked[q.ID] {
			missing = append(missing, Problem{Code: ErrSiteChecklist.Code, Field: "checklist." + q.ID, Detail: "this requirement is not ticked"})
		}
	}
	if len(missing) > 0 {
		return nil, ErrSiteChecklist.all(missing)
	}
	req := p.Requirements(s.Facts())
	if err := s.decidable(req); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	after := s
	after.SiteApproved = true
	e := SiteApproved{Header: h, Judged: s.Revision(), Checklist: ticked, Next: after.next(req)}
	if e.Deadline, err = s.deadline(c.Rules, p, e.Next, h.At); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}
