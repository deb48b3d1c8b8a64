package api

import (
	"net/http"
	"slices"
	"time"

	"alta/domain/access"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/item"
	"alta/projections"
)

// applications lists one's own, or all for staff, and searches in them.
func (s *Server) applications(c *call) error {
	if err := c.await(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	cursor, limit := c.page()
	stage := c.QueryParam("stage")
	var page projections.Page
	var err error
	switch q := c.QueryParam("q"); {
	case c.who.Role == account.Merchant:
		page, err = s.Reader.OfMerchant(ctx, c.who.Account, stage, q, cursor, limit)
	case c.who.Role == account.Agent:
		page, err = s.Reader.OfAgent(ctx, c.who.Organisation, stage, q, cursor, limit)
	case projections.Searchable(q) != "" && cursor != "":
		return problem(http.StatusUnprocessableEntity, "cursor", "A search has one page.").at("query cursor", "cursor", "does not go with q")
	case projections.Searchable(q) != "":
		page, err = s.Reader.Search(ctx, q, stage, limit)
	default:
		page, err = s.Reader.All(ctx, stage, cursor, limit)
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page)
}

func (s *Server) application(c *call) error {
	return c.rendered(s.Details.Application(c.Request().Context(), c.id))
}

func (s *Server) status(c *call) error {
	return c.rendered(s.Details.Status(c.Request().Context(), c.id))
}

// reveal unmasks personal values. The look is recorded first: when that fails,
// nothing is shown.
func (s *Server) reveal(c *call) error {
	var in struct {
		Items []item.Key `json:"items"`
		Why   string     `json:"why"`
	}
	if err := c.read(&in); err != nil {
		return err
	}
	for _, k := range in.Items {
		if !k.IsPersonal() || k.IsDocument() {
			return problem(http.StatusUnprocessableEntity, "item-not-personal", "Only personal fields can be unmasked.").
				at("/items", "item-not-personal", string(k)+" is not a masked field")
		}
	}
	if err := s.mayUnmask(c, in.Why); err != nil {
		return err
	}
	if err := s.look(c, access.Looked{What: access.Values, Items: in.Items, Why: in.Why}); err != nil {
		return err
	}
	values, erased := map[string]string{}, []item.Key{}
	for _, k := range in.Items {
		t := c.state.Item(k).Personal
		if k == item.SiteTestAccount {
			d := c.state.Declaration
			if d.Password.IsErased() {
				erased = append(erased, k)
			} else if d.URL != "" {
				values[string(k)] = d.User.Clear() + "\n" + d.Password.Clear()
			}
			continue
		}
		switch {
		case t.IsErased():
			erased = append(erased, k)
		case !t.IsZero():
			values[string(k)] = t.Clear()
		}
	}
	return c.JSON(http.StatusOK, map[string]any{"values": values, "erased": erased})
}

// look records that the caller sees something of the call's application.
func (s *Server) look(c *call, l access.Looked) error {
	l.By, l.At = c.actor(), s.Now()
	l.Address = s.Index("address", c.RealIP())
	cmd := c.command()
	_, err := s.Accesses.Transact(c.Request().Context(), c.id, cmd, nil, access.Record(l).Decide)
	return err
}

// action is the answer that a call would get now.
type action struct {
	Action  string `json:"action"`
	Allowed bool   `json:"allowed"`
	Code    string `json:"code,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

// actions asks every decision that needs no further input what it would answer
// now. Nothing is recorded: deciding is pure.
func (s *Server) actions(c *call) error {
	by, at, rules := c.actor(), s.Now(), c.rules()
	judged := c.state.Proposal.Judged
	asked := []struct {
		operation string
		decision  decision
	}{
		{"submit", application.Submit{Rules: rules, By: by, At: at}},
		{"withdraw", application.Withdraw{By: by, At: at}},
		{"reopen", application.Reopen{By: by, At: at}},
		{"claim", application.Claim{Rules: rules, By: by, At: at}},
		{"release", application.Release{By: by, At: at}},
		{"return", application.Return{Rules: rules, By: by, At: at}},
		{"approveQualification", application.ApproveQualification{Rules: rules, By: by, At: at}},
		{"confirmQualification", application.ConfirmQualification{Judged: judged, Rules: rules, By: by, At: at}},
		{"refuseQualification", application.RefuseQualification{Why: "?", Rules: rules, By: by, At: at}},
		{"verifyICP", application.VerifyICP{Rules: rules, By: by, At: at}},
		{"approveSite", application.ApproveSite{Checklist: ticked(rules, c.state.Policy), Rules: rules, By: by, At: at}},
		{"offerContract", application.OfferContract{Application: c.id, Offer: "?", Rules: rules, By: by, At: at}},
		{"takeBackContract", application.TakeBackContract{Why: "?", Rules: rules, By: by, At: at}},
		{"countersignContract", application.CountersignContract{Rules: rules, By: by, At: at}},
		{"activateMerchant", application.Activate{Rules: rules, By: by, At: at}},
		{"proposeDecline", application.ProposeDecline{Note: "?", By: by, At: at}},
		{"confirmDecline", application.ConfirmDecline{Judged: c.state.Decline.Judged, By: by, At: at}},
		{"refuseDecline", application.RefuseDecline{Why: "?", By: by, At: at}},
	}
	out := []action{}
	for _, a := range asked {
		if c.outsider() && !slices.Contains(outsiders, a.operation) {
			continue // the answer could tell what only staff know
		}
		events, err := a.decision.Decide(c.state)
		if c.outsider() {
			err = discreet(err)
		}
		switch {
		case err != nil:
			p := problemOf(err)
			out = append(out, action{Action: a.operation, Code: p.Code, Detail: p.Detail})
		case len(events) == 0:
			out = append(out, action{Action: a.operation, Code: "done", Detail: "It is done already."})
		default:
			out = append(out, action{Action: a.operation, Allowed: true})
		}
	}
	c.etag(c.revision())
	return c.JSON(http.StatusOK, map[string]any{"actions": out})
}

// outsiders are the actions that a merchant or an agent is told of.
var outsiders = []string{"submit", "withdraw", "reopen"}

// ticked is the checklist of a policy with every requirement ticked.
func ticked(rules application.Rules, version string) map[string]bool {
	p, ok := rules.Policies.At(version)
	if !ok {
		p = rules.Policies.Latest()
	}
	out := map[string]bool{}
	for _, r := range p.Checklist {
		out[r.ID] = true
	}
	return out
}

// now is the time of a decision.
func (c *call) now() time.Time { return c.server.Now() }
