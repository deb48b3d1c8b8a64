package reactions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/duplicate"
	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/reason"
	"alta/eventstore"
)

// Applications is the decider of applications.
type Applications = decider.Decider[application.State, application.Event]

// Duplicates finds other applications that share something with one.
type Duplicates interface {
	// Find answers them as they stand, after everything up to the position has
	// been taken into account.
	Find(ctx context.Context, id string, s application.State, after eventstore.Position) ([]duplicate.Match, error)
}

// PrecheckConfig is what the machine check needs.
type PrecheckConfig struct {
	Log          Log
	Applications *Applications
	Rules        func() application.Rules
	Duplicates   Duplicates
	Now          func() time.Time
	Logger       *slog.Logger
}

// Precheck records, after every submission, what a machine noticed. It finds
// and never decides (PIPL art. 24).
type Precheck struct {
	*Follower
	cfg PrecheckConfig
}

// NewPrecheck makes the reaction; call Run.
func NewPrecheck(c PrecheckConfig) *Precheck {
	p := &Precheck{cfg: c}
	p.Follower = &Follower{
		Name: "precheck", Log: c.Log, Now: c.Now, Logger: c.Logger, Handle: p.handle,
		Filter: eventstore.Filter{
			Streams: []string{"application-"}, Types: []string{"application.submitted.", "application.resubmitted.", "application.restriction-lifted."},
		},
	}
	return p
}

func (p *Precheck) handle(ctx context.Context, r *eventstore.Record) error {
	e, err := application.Decode(r.Type, r.Data, nil)
	if err != nil {
		return Undecodable(r, err)
	}
	var round int
	switch e := e.(type) {
	case application.Submitted:
		round = e.Round
	case application.Resubmitted:
		round = e.Round
	case application.RestrictionLifted:
	default:
		return nil
	}
	id := r.Stream[len("application-"):]
	s, _, err := p.cfg.Applications.Load(ctx, id)
	if err != nil {
		return err
	}
	if _, again := e.(application.RestrictionLifted); again {
		round = s.Round // it may have been handed in just before it was restricted
	}
	if s.Round != round || s.Checked >= round {
		return nil // long over, or in place
	}
	shared, err := p.duplicates(ctx, id, s, r.Position)
	if err != nil {
		return err
	}
	rules, by := p.cfg.Rules(), application.Actor{ID: "precheck", Role: application.RoleSystem}
	cmd := command(r, "precheck")
	cmd.Policy, cmd.Reasons = s.Policy, reason.Version
	_, err = p.cfg.Applications.Transact(ctx, id, cmd, nil, func(s application.State) ([]application.Event, error) {
		if s.Checked >= round {
			return nil, nil
		}
		findings, err := application.Precheck(s, rules, e.Head().At)
		if err != nil {
			return nil, err
		}
		return application.RecordPrecheck{Round: round, Findings: append(findings, shared...), By: by, At: p.cfg.Now()}.Decide(s)
	})
	return settled(p.cfg.Logger, r, err)
}

// duplicates are the hints that another merchant handed in the same. They do not
// name the other application: the log keeps for ever what it is told, and the other
// merchant may ask for erasure. Who may know the name finds it on the case's page.
// What has a plain reason, such as the merchant's own earlier application or the
// office telephone of an agent, is no hint.
//
// Of two applications the later one gets the hint. The earlier one's page names the
// later one whenever it is opened.
func (p *Precheck) duplicates(ctx context.Context, id string, s application.State, after eventstore.Position) ([]application.Finding, error) {
	matches, err := p.cfg.Duplicates.Find(ctx, id, s, after)
	if err != nil {
		return nil, fmt.Errorf("reactions: look for duplicates: %w", err)
	}
	var out []application.Finding
	for _, m := range matches {
		for _, x := range m.Shared {
			f := duplicateFinding(x)
			if m.Relation == duplicate.Other && !slices.ContainsFunc(out, func(o application.Finding) bool { return o.Code == f.Code && o.Item == f.Item }) {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

func duplicateFinding(x duplicate.Shared) application.Finding {
	f := application.Finding{Item: x.Item, Severity: string(identifier.Hint)}
	switch {
	case x.Kind == duplicate.File:
		f.Code, f.Detail = "duplicate-document", "another merchant handed in the same file"
		f.Suggests = string(reason.R03) + "/" + string(reason.Forged)
	case x.Kind == duplicate.Picture:
		f.Code, f.Detail = "duplicate-picture", "another merchant handed in a picture that looks the same"
		f.Suggests = string(reason.R03) + "/" + string(reason.Forged)
	case x.Item == item.IdentityNumber, x.Item == item.CompanyLicence:
		f.Code, f.Detail = "duplicate-number", "another merchant has the same number"
		f.Suggests = string(reason.R08) + "/" + string(reason.Duplicate)
	case x.Item == item.BankNumber:
		f.Code, f.Detail = "duplicate-account", "another merchant has the same settlement account"
	case x.Item == item.SiteDomain:
		f.Code, f.Detail = "duplicate-domain", "another merchant has the same domain"
	default:
		f.Code, f.Detail = "duplicate-contact", "another merchant has the same contact"
	}
	return f
}

// command is the envelope of what a reaction does because of an event.
func command(r *eventstore.Record, name string) decider.Command {
	c := decider.Command{ID: decider.DeriveID(r.ID, name), Actor: name, Role: string(application.RoleSystem), Operation: name, Causation: r.ID}
	if cause, err := decider.ReadMeta(r.Meta); err == nil {
		c.Correlation = cause.Correlation
	}
	return c
}

// settled drops refusals: the business says no, and will say no again.
func settled(log *slog.Logger, r *eventstore.Record, err error) error {
	var refusal *application.Refusal
	if errors.As(err, &refusal) {
		log.Warn("reaction was refused", "stream", r.Stream, "type", r.Type, "code", refusal.Code)
		return nil
	}
	return err
}
