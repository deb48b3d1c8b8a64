package reactions

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/reason"
	"alta/eventstore"
)

// Applications is the decider of applications.
type Applications = decider.Decider[application.State, application.Event]

// Twins looks for the same value at other merchants.
type Twins interface {
	// Elsewhere reports whether an application of another merchant holds the same
	// value of the item: a number, or the SHA-256 of a document in hexadecimal.
	// The value comes in clear and must be looked up by its blind index.
	Elsewhere(ctx context.Context, merchant string, k item.Key, value string) (bool, error)
}

// PrecheckConfig is what the machine check needs.
type PrecheckConfig struct {
	Log          Log
	Applications *Applications
	Rules        func() application.Rules
	Twins        Twins // nil: duplicates are not looked for
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
			Streams: []string{"application-"}, Types: []string{"application.submitted.", "application.resubmitted."},
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
	default:
		return nil
	}
	id := r.Stream[len("application-"):]
	s, _, err := p.cfg.Applications.Load(ctx, id)
	if err != nil {
		return err
	}
	if s.Round != round || s.Checked >= round {
		return nil // long over, or in place
	}
	twins, err := p.twins(ctx, s)
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
		return application.RecordPrecheck{Round: round, Findings: append(findings, twins...), By: by, At: p.cfg.Now()}.Decide(s)
	})
	return settled(p.cfg.Logger, r, err)
}

// compared are the numbers of which two merchants cannot both have one.
var compared = []item.Key{item.IdentityNumber, item.CompanyLicence}

// twins are the hints that another merchant handed in the same. The merchant is
// told nothing of them, and a reviewer nothing about the other merchant.
func (p *Precheck) twins(ctx context.Context, s application.State) ([]application.Finding, error) {
	if p.cfg.Twins == nil {
		return nil, nil
	}
	var out []application.Finding
	look := func(k item.Key, value, code, detail, suggests string) error {
		if value == "" {
			return nil
		}
		found, err := p.cfg.Twins.Elsewhere(ctx, s.Merchant, k, value)
		if found {
			out = append(out, application.Finding{Code: code, Item: k, Severity: string(identifier.Hint), Detail: detail, Suggests: suggests})
		}
		return err
	}
	for _, k := range compared {
		if err := look(k, s.Text(k), "duplicate-number", "another merchant has the same number", string(reason.R08)+"/"+string(reason.Duplicate)); err != nil {
			return nil, err
		}
	}
	for _, i := range s.Items {
		if err := look(i.Key, i.Document.SHA256, "duplicate-document", "another merchant handed in the same file", string(reason.R03)+"/"+string(reason.Forged)); err != nil {
			return nil, err
		}
	}
	return out, nil
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
