package reactions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
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
	// been taken into account. It waits for that until the context ends.
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
//
// Duplicates are looked for in an index that may be away. What is known without it
// is recorded all the same, with a finding that says what is missing; so the
// reviewers go on, and see it. The rest is recorded when the index is back, before
// or after a restart: the finding says that it is owed, and the reaction's position
// stays before the submission until then.
type Precheck struct {
	*Follower
	cfg  PrecheckConfig
	owed []owed    // submissions whose duplicates were not looked for
	away bool      // the last look did not succeed
	next time.Time // when the first of them is looked at again

	waiting atomic.Int64 // their number
}

// owed is a submission whose duplicates were not looked for.
type owed struct {
	record *eventstore.Record
	before eventstore.Position // handled before it
}

const (
	indexPatience = 10 * time.Second // of a look while the last one succeeded
	owedPatience  = time.Second      // of a later look
	owedEvery     = 10 * time.Second // between two of them
	mostOwed      = 4096             // then submissions wait
)

// Owed is how many submissions wait to be compared with other applications.
func (p *Precheck) Owed() int64 { return p.waiting.Load() }

// NewPrecheck makes the reaction; call Run.
func NewPrecheck(c PrecheckConfig) *Precheck {
	p := &Precheck{cfg: c}
	p.Follower = &Follower{
		Name: "precheck", Log: c.Log, Now: c.Now, Logger: c.Logger, Handle: p.handle,
		Filter: eventstore.Filter{
			Streams: []string{"application-"}, Types: []string{"application.submitted.", "application.resubmitted.", "application.restriction-lifted."},
		},
		Wake: p.wake,
		Held: func() (first eventstore.Position, held bool) {
			for i, o := range p.owed {
				if i == 0 || o.before.Compare(first) < 0 {
					first, held = o.before, true
				}
			}
			return first, held
		},
		Full: func() bool { return len(p.owed) >= mostOwed },
	}
	return p
}

func (p *Precheck) handle(ctx context.Context, r *eventstore.Record) error {
	found, err := p.check(ctx, r, !p.away)
	if err != nil {
		return err
	}
	if !found {
		p.owed = append(p.owed, owed{r, p.Position()})
		p.waiting.Store(int64(len(p.owed)))
	}
	return nil
}

// wake looks for the duplicates of one submission that owes them. One that fails
// goes behind the others.
func (p *Precheck) wake(ctx context.Context) (time.Time, error) {
	now := p.cfg.Now()
	switch {
	case len(p.owed) == 0:
		return time.Time{}, nil
	case now.Before(p.next):
		return p.next, nil
	}
	first := p.owed[0]
	found, err := p.check(ctx, first.record, true)
	var reason *eventstore.SetAsideError
	if errors.As(err, &reason) { // it is handled again once its stream can be read
		found, err = true, p.SetAside(first.record.Stream, first.record.Revision, first.before, reason)
	}
	if err != nil {
		return now, err
	}
	p.owed = slices.Delete(p.owed, 0, 1)
	if p.next = now; !found {
		p.owed, p.next = append(p.owed, first), now.Add(owedEvery)
	}
	p.waiting.Store(int64(len(p.owed)))
	if len(p.owed) == 0 {
		return time.Time{}, nil
	}
	return p.next, nil
}

// check records what a machine sees in a submission. It reports whether nothing is
// owed: false where the duplicates could not be looked for, or need not be now.
func (p *Precheck) check(ctx context.Context, r *eventstore.Record, look bool) (bool, error) {
	e, err := application.Decode(r.Type, r.Data, nil)
	if err != nil {
		return false, eventstore.Unreadable(r, err)
	}
	var round int
	switch e := e.(type) {
	case application.Submitted:
		round = e.Round
	case application.Resubmitted:
		round = e.Round
	case application.RestrictionLifted:
	default:
		return true, nil
	}
	id := r.Stream[len("application-"):]
	s, _, err := p.cfg.Applications.Load(ctx, id)
	if err != nil {
		return false, err
	}
	if _, again := e.(application.RestrictionLifted); again {
		round = s.Round // it may have been handed in just before it was restricted
	}
	over := func(s application.State) bool { return s.Round != round || s.Checked >= round && !owes(s) }
	if over(s) {
		return true, nil // long over, or in place
	}
	shared, found := []application.Finding{notCompared}, false
	if look {
		patience := indexPatience
		if p.away {
			patience = owedPatience
		}
		looking, stop := context.WithTimeout(ctx, patience)
		hints, err := p.duplicates(looking, id, s, r.Position)
		stop()
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if p.away = err != nil; err != nil {
			p.next = p.cfg.Now().Add(owedEvery)
			p.cfg.Logger.Warn("an application could not be compared with others; this is made up for", "stream", r.Stream, "error", err)
		} else {
			shared, found = hints, true
		}
	}
	name := "precheck"
	if s.Checked >= round { // recorded with what was owed
		if !found {
			return false, nil
		}
		name = "precheck-compared"
	}
	rules, by := p.cfg.Rules(), application.Actor{ID: "precheck", Role: application.RoleSystem}
	cmd := command(r, name)
	cmd.Policy, cmd.Reasons = s.Policy, reason.Version
	_, err = p.cfg.Applications.Transact(ctx, id, cmd, nil, func(s application.State) ([]application.Event, error) {
		if over(s) {
			return nil, nil
		}
		findings, err := application.Precheck(s, rules, e.Head().At)
		if err != nil {
			return nil, err
		}
		return application.RecordPrecheck{Round: round, Findings: append(findings, shared...), By: by, At: p.cfg.Now()}.Decide(s)
	})
	return found, settled(p.cfg.Logger, r, err)
}

// notCompared is what a reviewer sees meanwhile, and what says that it is owed.
var notCompared = application.Finding{
	Code: "duplicates-unknown", Item: item.IdentityNumber, Severity: string(identifier.Hint),
	Detail: "the application could not be compared with others yet; this is made up for",
}

func owes(s application.State) bool {
	return slices.ContainsFunc(s.Findings, func(f application.Finding) bool { return f.Code == notCompared.Code })
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
