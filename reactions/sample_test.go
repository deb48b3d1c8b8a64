package reactions_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/sample"
	"alta/eventstore"
	"alta/reactions"
)

func keyed(kind, value string) string { return "secret/" + kind + "/" + value }

func (w *world) drawing(percent int) *reactions.Sample {
	return reactions.NewSample(reactions.SampleConfig{
		Log: w, Rules: func() application.Rules { return book }, Percent: percent, Keyed: keyed, Now: w.now, Logger: quiet,
		Samples: &reactions.Samples{
			Log: w, Category: sample.Category, Evolve: sample.Evolve,
			Encode: func(_ context.Context, _ string, _ eventstore.ID, e sample.Event) (eventstore.Proposed, error) {
				name, data, err := sample.Encode(e)
				return eventstore.Proposed{Type: name, Data: data}, err
			},
			Decode: func(_ context.Context, r *eventstore.Record) (sample.Event, error) {
				return sample.Decode(r.Type, r.Data)
			},
		},
	})
}

// draws runs the reaction until the answered function is called.
func (w *world) draws(percent int) (stop func()) { return following(w.t, w.drawing(percent).Follower) }

// samples are the names of the events of every sample, by its stream.
func (w *world) samples() map[string][]string {
	out := map[string][]string{}
	for _, r := range w.All("") {
		if strings.HasPrefix(r.Stream, "sample-") {
			out[r.Stream] = append(out[r.Stream], r.Type)
		}
	}
	return out
}

func (w *world) approves(name string) {
	w.submits(name)
	w.happens(name, application.QualificationApproved{Header: w.head(reviewer), Next: application.ICP})
}

const once = "[sample.drawn.v1]"

func TestADecisionIsDrawnOnceHoweverOftenItIsHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-23T02:00:00Z")
		w.Repeat = 2
		stop := w.draws(100)
		w.approves("1")
		w.submits("2")
		w.returns("2")
		w.happens("2", application.Resubmitted{Header: w.head(merchant), Round: 2, Next: application.Qualification},
			application.QualificationProposed{Header: w.head(reviewer), Judged: 3})
		w.happens("3", application.Opened{Header: w.head(merchant)}, application.Returned{Header: w.head(reviewer), From: application.Website})
		synctest.Wait()
		stop()
		// The position is lost: everything is handled once more, by another process.
		other := w.drawing(100)
		other.Replay = true
		defer following(t, other.Follower)()
		settle(time.Second)
		got := w.samples()
		if len(got) != 3 {
			t.Errorf("%d samples of an approval, a return and a proposal: %v", len(got), got)
		}
		for stream, events := range got {
			if fmt.Sprint(events) != once {
				t.Errorf("%s: %v", stream, events)
			}
		}
		r := w.All("sample-" + sample.LotOf(keyed, "1", 2).ID())[0]
		cmd, err := decider.ReadMeta(r.Meta)
		if err != nil || cmd.Actor != "sample" || cmd.Causation != w.All(w.stream("1"))[2].ID {
			t.Errorf("the draw's cause is %s, %v", r.Meta, err)
		}
		if e, err := sample.Decode(r.Type, r.Data); err != nil || e.(sample.Drawn).Decider != reviewer || e.(sample.Drawn).Judged != 1 {
			t.Errorf("drawn: %+v, %v", e, err)
		}
	})
}

func TestAProcessThatEndsAnywhereDrawsTheSameSamples(t *testing.T) {
	drawn := func(fail func(n int64) bool) (out map[string][]string) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2026-11-23T02:00:00Z")
			var n atomic.Int64
			w.Fail = func(call, stream string) error {
				if call == "append" && strings.HasPrefix(stream, "sample-") && fail(n.Add(1)) {
					return errors.New("the log is away")
				}
				return nil
			}
			for i := range 200 {
				w.approves(fmt.Sprint(i))
			}
			stop := w.draws(-1)
			settle(time.Hour)
			stop()
			out = w.samples()
		})
		return out
	}
	whole := drawn(func(int64) bool { return false })
	if len(whole) < 3 || len(whole) > 25 {
		t.Fatalf("%d of 200 decisions were drawn, and the plan says five of a hundred", len(whole))
	}
	if broken := drawn(func(n int64) bool { return n%3 == 1 }); !maps.EqualFunc(whole, broken, slices.Equal) {
		t.Errorf("drawn after interruptions: %v\nwithout: %v", broken, whole)
	}
}

func TestWhatWasDecidedBeforeThereWasAPlanIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-10-30T02:00:00Z")
		stop := w.draws(100)
		defer stop()
		w.approves("1")
		synctest.Wait()
		if got := w.samples(); len(got) > 0 {
			t.Error(got)
		}
	})
}

func TestNobodyIsAskedAboutAnApplicationThatMayNotBeLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-23T02:00:00Z")
		w.Repeat = 1
		stop := w.draws(100)
		w.approves("1")
		w.approves("2")
		synctest.Wait()
		stop()
		stop = w.draws(0) // fewer are drawn now; what was drawn goes all the same
		defer stop()
		w.restricts("1", 10)
		settle(time.Second)
		got := w.samples()
		if first := got["sample-"+sample.LotOf(keyed, "1", 2).ID()]; fmt.Sprint(first) != "[sample.drawn.v1 sample.dropped.v1]" {
			t.Errorf("of the restricted application: %v", first)
		}
		if other := got["sample-"+sample.LotOf(keyed, "2", 2).ID()]; fmt.Sprint(other) != once || len(got) != 2 {
			t.Errorf("of the other: %v", got)
		}
	})
}
