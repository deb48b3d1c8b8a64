package application

import (
	"time"

	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
)

// DeclareSite names the finished site and gives a test account with which the
// reviewer can walk through a purchase. It can be done any time before the site
// is approved, and again when a reason unlocks it. A part that is left out keeps
// what was declared: a merchant who corrects the address cannot read the old
// password.
type DeclareSite struct {
	URL      string
	User     personal.Text
	Password personal.Text
	Guide    *string // how to walk through a purchase
	Rules    Rules
	By       Actor
	At       time.Time
}

// Decide answers SiteDeclared.
func (c DeclareSite) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.helper(c.By)); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	if !p.Requirements(s.Facts()).Asks(policy.StageWebsite) {
		return nil, ErrStage.with("stage", string(s.Stage)).with("because", "the policy asks for no site review")
	}
	c = c.completed(s.Declaration)
	if identifier.HasCredentials(c.URL) {
		return nil, ErrSiteCredentials.in("url")
	}
	if identifier.MentionsCredentials(*c.Guide) {
		return nil, ErrSiteCredentials.in("guide")
	}
	if err := first(required("url", c.URL, maxValue), required("test_user", c.User.Clear(), maxValue),
		required("test_password", c.Password.Clear(), maxValue), text("guide", *c.Guide, maxText)); err != nil {
		return nil, err
	}
	url, site, ok := identifier.SiteURL(c.URL)
	if !ok || site.Registrable != s.Text(item.SiteDomain) {
		return nil, ErrSiteURL.in("url")
	}
	c.URL = url
	if s.Declaration == (Declaration{c.URL, c.User, c.Password, *c.Guide}) {
		return nil, nil
	}
	if err := s.declarable(c); err != nil {
		return nil, err
	}
	e := SiteDeclared{Header: s.head(c.By, c.At), URL: c.URL, TestUser: c.User, TestPassword: c.Password, Guide: *c.Guide}
	if s.Stage == Website { // the review was waiting for it
		if e.Deadline, err = s.platform(c.Rules, p, Website, e.At, p.Terms.Website); err != nil {
			return nil, err
		}
	}
	return []Event{e}, nil
}

// completed puts what was declared before in the place of what is left out.
func (c DeclareSite) completed(was Declaration) DeclareSite {
	if c.URL == "" {
		c.URL = was.URL
	}
	if c.User.IsZero() {
		c.User = was.User
	}
	if c.Password.IsZero() {
		c.Password = was.Password
	}
	if c.Guide == nil {
		c.Guide = &was.Guide
	}
	return c
}

// declarable: nobody has looked at the site yet, or a reason unlocked what
// changes.
func (s State) declarable(c DeclareSite) error {
	switch s.Stage {
	case Correction:
		if c.URL != s.Declaration.URL && s.Declaration.URL != "" {
			if err := s.writable(item.SiteURL); err != nil {
				return err
			}
		}
		if s.Declaration.URL != "" && (c.User != s.Declaration.User || c.Password != s.Declaration.Password) {
			return s.writable(item.SiteTestAccount)
		}
		return nil
	case Qualification, SecondApproval, ICP, Website:
		if s.Declaration.URL == "" {
			return nil
		}
	}
	return s.writable(item.SiteURL)
}
