package reactions

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/sample"
	"alta/eventstore"
)

// Samples is the decider of blind second looks.
type Samples = decider.Decider[sample.State, sample.Event]

// SampleConfig is what drawing samples needs.
type SampleConfig struct {
	Log     Log
	Samples *Samples
	Rules   func() application.Rules
	// Percent is how many of a hundred decisions are drawn; below 0 as many as the
	// plan of their day says.
	Percent int
	// Keyed is the keyed hash that makes lots: the vault's blind index.
	Keyed  func(kind, value string) string
	Now    func() time.Time
	Logger *slog.Logger
}

// Sample draws qualification decisions for a blind second look, and drops what is
// drawn where the application may not be looked at any more.
//
// The sample's stream is named by the decision's lot, so that a decision that is
// handled again, by this process or another, finds its sample in place. Nothing
// personal is read: verdicts are codes.
type Sample struct {
	*Follower
	cfg SampleConfig
}

// NewSample makes the reaction; call Run.
func NewSample(c SampleConfig) *Sample {
	s := &Sample{cfg: c}
	s.Follower = &Follower{
		Name: "sample", Log: c.Log, Now: c.Now, Logger: c.Logger, Handle: s.handle,
		Filter: eventstore.Filter{Streams: []string{"application-"}, Types: []string{
			"application.qualification-approved.", "application.qualification-proposed.", "application.returned.",
			"application.restricted.", "application.shredded.",
		}},
	}
	return s
}

func (s *Sample) handle(ctx context.Context, r *eventstore.Record) error {
	all, err := s.events(ctx, r)
	if err != nil {
		return err
	}
	id := strings.TrimPrefix(r.Stream, "application-")
	switch all[len(all)-1].(type) {
	case application.Restricted, application.Shredded:
		return s.drop(ctx, r, id, all)
	default:
		return s.draw(ctx, r, id, all)
	}
}

// events reads the application's stream up to an event.
func (s *Sample) events(ctx context.Context, upTo *eventstore.Record) ([]application.Event, error) {
	out := make([]application.Event, 0, upTo.Revision+1)
	for r, err := range eventstore.Whole(eventstore.NoStream, s.cfg.Log.ReadStream(ctx, upTo.Stream, 0, int(upTo.Revision)+1)) {
		if err != nil {
			return nil, err
		}
		e, err := application.Decode(r.Type, r.Data, nil)
		if err != nil {
			return nil, eventstore.Unreadable(r, err)
		}
		out = append(out, e)
	}
	if len(out) != int(upTo.Revision)+1 {
		return nil, fmt.Errorf("reactions: %s ends before revision %d", upTo.Stream, upTo.Revision)
	}
	return out, nil
}

func (s *Sample) draw(ctx context.Context, r *eventstore.Record, id string, all []application.Event) error {
	d, ok := sample.DecisionOf(all)
	if !ok {
		return nil
	}
	rules := s.cfg.Rules()
	plan := sample.PlanAt(d.At, rules.Calendar.Zone())
	percent := plan.Percent
	if s.cfg.Percent >= 0 {
		percent = s.cfg.Percent
	}
	lot := sample.LotOf(s.cfg.Keyed, id, int64(r.Revision))
	if plan == (sample.Plan{}) || !lot.Under(percent) {
		return nil
	}
	return s.transact(ctx, r, lot, sample.Draw{
		Application: id, Decision: d, Plan: plan, Percent: percent, Calendar: rules.Calendar, By: s.actor(),
	}.Decide)
}

// drop ends the samples of an application. Which of its decisions were drawn is
// asked of their streams: the percentage may have been another one then.
func (s *Sample) drop(ctx context.Context, r *eventstore.Record, id string, all []application.Event) error {
	for i := range all {
		if _, ok := sample.DecisionOf(all[:i+1]); !ok {
			continue
		}
		drop := sample.Drop{By: s.actor(), At: s.cfg.Now()}
		if err := s.transact(ctx, r, sample.LotOf(s.cfg.Keyed, id, int64(i)), drop.Decide); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sample) actor() application.Actor {
	return application.Actor{ID: s.Name, Role: application.RoleSystem}
}

func (s *Sample) transact(ctx context.Context, r *eventstore.Record, lot sample.Lot, decide func(sample.State) ([]sample.Event, error)) error {
	_, err := s.cfg.Samples.Transact(ctx, lot.ID(), command(r, s.Name), nil, decide)
	return settled(s.cfg.Logger, r, err)
}
