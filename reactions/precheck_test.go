package reactions_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/item"
	"alta/eventstore"
	"alta/reactions"
)

func (w *world) applications() *reactions.Applications {
	return &reactions.Applications{
		Log: w, Category: "application", Evolve: application.Evolve,
		Encode: func(_ context.Context, _ string, _ eventstore.ID, e application.Event) (eventstore.Proposed, error) {
			name, data, err := application.Encode(e, func(_, clear string) (string, error) { return clear, nil })
			return eventstore.Proposed{Type: name, Data: data}, err
		},
		Decode: func(_ context.Context, r *eventstore.Record) (application.Event, error) {
			return application.Decode(r.Type, r.Data, func(_, sealed string) (string, bool, error) { return sealed, false, nil })
		},
	}
}

// findings are what was recorded about an application, one list for every time.
func (w *world) findings(name string) [][]application.Finding {
	var out [][]application.Finding
	for _, r := range w.All(w.stream(name)) {
		if e, err := application.Decode(r.Type, r.Data, nil); err == nil {
			if found, ok := e.(application.PrecheckFound); ok {
				out = append(out, found.Findings)
			}
		}
	}
	return out
}

type everywhere struct{ asked []item.Key }

func (e *everywhere) Elsewhere(_ context.Context, _ string, k item.Key, _ string) (bool, error) {
	e.asked = append(e.asked, k)
	return true, nil
}

func TestEverySubmissionIsCheckedOnceByTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		w.Repeat = 2
		run := func(twins reactions.Twins) (stop func()) {
			p := reactions.NewPrecheck(reactions.PrecheckConfig{
				Log: w, Applications: w.applications(), Rules: func() application.Rules { return book }, Twins: twins, Now: w.now, Logger: quiet,
			})
			return following(t, p.Follower)
		}
		stop := run(nil)
		w.submits("1")
		time.Sleep(time.Second)
		w.returns("1")
		w.happens("1", application.Resubmitted{Header: w.head(merchant), Round: 2, Next: application.Qualification})
		time.Sleep(time.Second)
		stop()
		found := w.findings("1")
		if len(found) != 2 || len(found[0]) == 0 {
			t.Fatalf("%d checks of two rounds: %v", len(found), found)
		}
		meta := w.All(w.stream("1"))[2].Meta
		cmd, err := decider.ReadMeta(meta)
		if err != nil || cmd.Actor != "precheck" || cmd.Role != "system" || cmd.Causation != w.All(w.stream("1"))[1].ID {
			t.Errorf("the finding's cause is %s, %v", meta, err)
		}
	})
}

func TestARoundThatIsOverIsNotCheckedAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		w.submits("1")
		w.returns("1")
		p := reactions.NewPrecheck(reactions.PrecheckConfig{
			Log: w, Applications: w.applications(), Rules: func() application.Rules { return book }, Now: w.now, Logger: quiet,
		})
		stop := following(t, p.Follower)
		time.Sleep(time.Second)
		stop()
		if found := w.findings("1"); len(found) > 0 {
			t.Errorf("found %v in what the merchant is correcting", found)
		}
	})
}

func TestTheSameNumberOrFileAtAnotherMerchantIsAHintThatSaysNothingAboutThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		w.opens("1")
		w.happens("1", application.DocumentUploaded{Header: w.head(merchant), Slot: item.IDCardFront, Document: application.Document{ID: "d1", SHA256: "abc"}},
			application.Submitted{Header: w.head(merchant), Round: 1, Policy: version, Next: application.Qualification})
		twins := &everywhere{}
		p := reactions.NewPrecheck(reactions.PrecheckConfig{
			Log: w, Applications: w.applications(), Rules: func() application.Rules { return book }, Twins: twins, Now: w.now, Logger: quiet,
		})
		stop := following(t, p.Follower)
		time.Sleep(time.Second)
		stop()
		found := w.findings("1")
		if len(found) != 1 || len(twins.asked) != 1 || twins.asked[0] != item.IDCardFront {
			t.Fatalf("asked for %v, found %v", twins.asked, found)
		}
		hint := found[0][len(found[0])-1]
		if hint.Code != "duplicate-document" || hint.Severity != "hint" || len(hint.Params) > 0 {
			b, _ := json.Marshal(hint)
			t.Errorf("the hint is %s", b)
		}
	})
}
