package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/identifier"
	"alta/domain/lang"
)

// member is somebody who judges applications, as leads see her.
type member struct {
	ID        string       `json:"id"`
	Role      account.Role `json:"role"`
	Name      string       `json:"name"`
	Languages []lang.Lang  `json:"languages"` // empty for all
	Products  []string     `json:"products"`  // empty for all
	Away      bool         `json:"away"`
	AwayUntil *time.Time   `json:"away_until,omitempty"`
	Open      int64        `json:"open"`
}

// place is what a person sees of her own place in the team.
type place struct {
	Languages []lang.Lang `json:"languages"`
	Products  []string    `json:"products"`
	Away      bool        `json:"away"`
	AwayUntil *time.Time  `json:"away_until,omitempty"`
	Open      int64       `json:"open"`
	Most      int         `json:"most"`
}

// judging reports whether somebody with this role can be given applications.
func judging(r account.Role) bool { return (application.Actor{Role: application.Role(r)}).Staff() }

func (p *Person) away(at time.Time) (bool, *time.Time) {
	if !p.leave || !p.leaveUntil.IsZero() && !at.Before(p.leaveUntil) {
		return false, nil
	}
	if p.leaveUntil.IsZero() {
		return true, nil
	}
	until := p.leaveUntil
	return true, &until
}

// team lists who judges, by name, with what each holds.
func (s *Server) team(c *call) error {
	if err := c.await(); err != nil {
		return err
	}
	cursor, limit := c.page()
	q, now := identifier.NameSearch(c.QueryParam("q")), s.Now()
	all := s.People.list(func(p Person) bool {
		return judging(p.Role) && !p.gone && strings.Contains(identifier.NameSearch(p.Name), q)
	})
	from := 0
	if cursor != "" {
		from = 1 + slices.IndexFunc(all, func(p Person) bool { return p.ID == cursor })
	}
	page := all[from:min(len(all), from+limit)]
	ids := make([]string, len(page))
	for i, p := range page {
		ids[i] = p.ID
	}
	open, err := s.Reader.OpenClaims(c.Request().Context(), ids)
	if err != nil {
		return err
	}
	out := struct {
		Team  []member `json:"team"`
		Total int      `json:"total"`
		Most  int      `json:"most"`
		Next  string   `json:"next,omitempty"`
	}{Team: []member{}, Total: len(all), Most: s.most()}
	for i, p := range page {
		m := member{ID: p.ID, Role: p.Role, Name: p.Name, Languages: nonNil(p.languages), Products: nonNil(p.products), Open: open[i]}
		m.Away, m.AwayUntil = p.away(now)
		out.Team = append(out.Team, m)
	}
	if from+limit < len(all) {
		out.Next = ids[len(ids)-1]
	}
	return c.JSON(http.StatusOK, out)
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func (s *Server) most() int { return cmp.Or(s.OpenClaims, application.DefaultOpenClaims) }

// myDesk answers the caller's own skills, leave and share.
func (s *Server) myDesk(c *call) error {
	if err := c.await(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	st, _, err := s.Auth.Account(ctx, c.who.Account)
	if err != nil {
		return err
	}
	open, err := s.Reader.OpenClaims(ctx, []string{c.who.Account})
	if err != nil {
		return err
	}
	d := place{Languages: nonNil(st.Languages), Products: nonNil(st.Products), Away: st.OnLeave(s.Now()), Open: open[0], Most: s.most()}
	if d.Away && !st.AwayUntil.IsZero() {
		d.AwayUntil = &st.AwayUntil
	}
	return c.JSON(http.StatusOK, d)
}

// decision about an account.
type accountDecision interface {
	Decide(account.State) ([]account.Event, error)
}

// about runs a command on an account, makes this node show the result, and
// answers 204.
func (s *Server) about(c *call, id string, d accountDecision) error {
	ctx := c.Request().Context()
	r, err := s.Auth.Transact(ctx, id, c.command(), nil, d.Decide)
	if err != nil {
		return err
	}
	c.replayed(r.Repeated)
	s.People.refresh(ctx, id)
	return c.NoContent(http.StatusNoContent)
}

// colleague is the person that the path names, who must judge applications.
func (s *Server) colleague(c *call) (string, error) {
	id := c.Param("person")
	if _, err := decider.ParseID(id); err != nil {
		return "", errNotFound()
	}
	st, _, err := s.Auth.Account(c.Request().Context(), id)
	if err != nil {
		return "", err
	}
	if !judging(st.Role) || st.Status == account.StatusClosed {
		return "", errNotFound()
	}
	return id, nil
}

func (s *Server) stateSkills(c *call) error {
	var in struct {
		Languages []lang.Lang
		Products  []string
	}
	if err := c.read(&in); err != nil {
		return err
	}
	id, err := s.colleague(c)
	if err != nil {
		return err
	}
	return s.about(c, id, account.StateSkills{Languages: in.Languages, Products: in.Products, By: c.who.Account, At: c.now()})
}

// until is the body of a leave.
func (c *call) until() (time.Time, error) {
	var in struct{ Until *time.Time }
	if err := c.read(&in); err != nil || in.Until == nil {
		return time.Time{}, err
	}
	return in.Until.UTC(), nil
}

func (s *Server) sendAway(c *call) error {
	until, err := c.until()
	if err != nil {
		return err
	}
	id, err := s.colleague(c)
	if err != nil {
		return err
	}
	return s.about(c, id, account.GoAway{Until: until, At: c.now()})
}

func (s *Server) bringBack(c *call) error {
	id, err := s.colleague(c)
	if err != nil {
		return err
	}
	return s.about(c, id, account.ComeBack{At: c.now()})
}

func (s *Server) goAway(c *call) error {
	until, err := c.until()
	if err != nil {
		return err
	}
	return s.about(c, c.who.Account, account.GoAway{Until: until, At: c.now()})
}

func (s *Server) comeBack(c *call) error {
	return s.about(c, c.who.Account, account.ComeBack{At: c.now()})
}
