package reactions_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/duplicate"
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

// shares is what the application shares with others; the finder itself is tested
// with the whole program (cmd/alta/duplicates_test.go).
type shares struct {
	matches []duplicate.Match
	asked   []eventstore.Position
	fail    error       // once
	behind  atomic.Bool // the index is so far behind that everybody waits
}

func (d *shares) Find(ctx context.Context, _ string, _ application.State, after eventstore.Position) ([]duplicate.Match, error) {
	if d.behind.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	d.asked = append(d.asked, after)
	err := d.fail
	d.fail = nil
	return d.matches, err
}

func TestEverySubmissionIsCheckedOnceByTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		w.Repeat = 2
		run := func() (stop func()) {
			p := reactions.NewPrecheck(reactions.PrecheckConfig{
				Log: w, Applications: w.applications(), Rules: func() application.Rules { return book }, Duplicates: &shares{}, Now: w.now, Logger: quiet,
			})
			return following(t, p.Follower)
		}
		stop := run()
		w.submits("1")
		time.Sleep(time.Second)
		if found := w.findings("1"); len(found) != 1 || len(found[0]) == 0 {
			t.Fatalf("after the submission: %v", found)
		}
		w.returns("1")
		w.happens("1", application.Resubmitted{Header: w.head(merchant), Round: 2, Next: application.Qualification})
		time.Sleep(time.Second)
		stop()
		// A process that starts anew, and one that runs beside it, find it in place.
		stop, stop2 := run(), run()
		time.Sleep(time.Second)
		stop()
		stop2()
		found := w.findings("1")
		if len(found) != 2 || len(found[0]) == 0 || len(found[1]) == 0 {
			t.Fatalf("%d checks of two rounds: %v", len(found), found)
		}
		for i, codes := range found {
			if !slices.ContainsFunc(codes, func(f application.Finding) bool { return f.Code == "item-missing" }) {
				t.Errorf("round %d: what is missing was not found: %v", i+1, codes)
			}
		}
		meta := w.All(w.stream("1"))[2].Meta
		cmd, err := decider.ReadMeta(meta)
		if err != nil || cmd.Actor != "precheck" || cmd.Role != "system" || cmd.Causation != w.All(w.stream("1"))[1].ID {
			t.Errorf("the finding's cause is %s, %v", meta, err)
		}
	})
}

// uncompared reports whether findings say that the duplicates are not known.
func uncompared(findings []application.Finding) bool {
	return slices.ContainsFunc(findings, func(f application.Finding) bool { return f.Code == "duplicates-unknown" })
}

// While the index is away or behind, every submission is checked without it, and
// soon. What is owed is made up for when it is back, and by a process that starts
// meanwhile too.
func TestNoSubmissionWaitsForTheIndexOfDuplicates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		shared := &shares{matches: []duplicate.Match{{Application: "9", Relation: duplicate.Other, Shared: []duplicate.Shared{{Item: item.SiteDomain, With: item.SiteDomain, Kind: duplicate.Value}}}}}
		shared.behind.Store(true)
		run := func() (*reactions.Precheck, func()) {
			p := reactions.NewPrecheck(reactions.PrecheckConfig{
				Log: w, Applications: w.applications(), Rules: func() application.Rules { return book }, Duplicates: shared, Now: w.now, Logger: quiet,
			})
			return p, following(t, p.Follower)
		}
		p, stop := run()
		names := []string{"1", "2", "3"}
		for _, name := range names {
			w.submits(name)
		}
		time.Sleep(15 * time.Second)
		for _, name := range names {
			if found := w.findings(name); len(found) != 1 || !uncompared(found[0]) || len(found[0]) < 2 {
				t.Fatalf("%s, 15 s later: %v", name, found)
			}
		}
		if err := p.Healthy(); err != nil || p.Owed() != 3 {
			t.Errorf("%v, %d owed", err, p.Owed())
		}
		time.Sleep(10 * time.Minute) // and its position is kept
		stop()
		p, stop = run()
		time.Sleep(time.Minute)
		if p.Owed() != 3 {
			t.Errorf("after a restart %d are owed", p.Owed())
		}
		w.submits("4")
		time.Sleep(2 * time.Second)
		if found := w.findings("4"); len(found) != 1 {
			t.Errorf("after a restart: %v", found)
		}
		shared.behind.Store(false)
		time.Sleep(time.Minute)
		stop()
		for _, name := range append(names, "4") {
			found := w.findings(name)
			if len(found) != 2 || uncompared(found[1]) || !slices.ContainsFunc(found[1], func(f application.Finding) bool { return f.Code == "duplicate-domain" }) {
				t.Errorf("%s, when the index was back: %v", name, found)
			}
		}
		if p.Owed() != 0 {
			t.Errorf("%d are owed", p.Owed())
		}
		_, stop = run() // in place
		time.Sleep(time.Minute)
		stop()
		if found := w.findings("1"); len(found) != 2 {
			t.Errorf("after another restart: %v", found)
		}
	})
}

func TestARoundThatIsOverIsNotCheckedAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		w.submits("1")
		w.returns("1")
		p := reactions.NewPrecheck(reactions.PrecheckConfig{
			Log: w, Applications: w.applications(), Rules: func() application.Rules { return book }, Duplicates: &shares{}, Now: w.now, Logger: quiet,
		})
		stop := following(t, p.Follower)
		time.Sleep(time.Second)
		stop()
		if found := w.findings("1"); len(found) > 0 {
			t.Errorf("found %v in what the merchant is correcting", found)
		}
	})
}

func TestWhatAnotherMerchantHandedInTooIsAHintThatSaysNothingAboutThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-02T02:00:00Z")
		w.submits("1")
		shared := &shares{fail: errors.New("Redis is away")}
		match := func(relation duplicate.Relation, with string, k item.Key, kind duplicate.Kind) {
			shared.matches = append(shared.matches, duplicate.Match{Application: with, Relation: relation, Shared: []duplicate.Shared{{Item: k, With: k, Kind: kind}}})
		}
		match(duplicate.Other, "2", item.IdentityNumber, duplicate.Value)
		match(duplicate.Other, "3", item.IdentityNumber, duplicate.Value)
		match(duplicate.Other, "2", item.BankNumber, duplicate.Value)
		match(duplicate.Other, "2", item.ContactEmail, duplicate.Value)
		match(duplicate.Other, "2", item.SiteDomain, duplicate.Value)
		match(duplicate.Other, "2", item.IDCardFront, duplicate.File)
		match(duplicate.Other, "2", item.IDCardBack, duplicate.Picture)
		match(duplicate.Own, "4", item.CompanyLicence, duplicate.Value)
		match(duplicate.SameAgent, "5", item.ContactPhone, duplicate.Value)
		match(duplicate.SamePerson, "6", item.ContactMobile, duplicate.Value)
		p := reactions.NewPrecheck(reactions.PrecheckConfig{
			Log: w, Applications: w.applications(), Rules: func() application.Rules { return book }, Duplicates: shared, Now: w.now, Logger: quiet,
		})
		stop := following(t, p.Follower)
		time.Sleep(time.Minute)
		stop()
		found := w.findings("1")
		if submitted := w.All(w.stream("1"))[1]; len(found) != 2 || len(shared.asked) != 2 || shared.asked[1] != submitted.Position {
			t.Fatalf("asked after %v, found %v", shared.asked, found)
		}
		var got []string
		if !uncompared(found[0]) || uncompared(found[1]) {
			t.Errorf("while Redis was away: %v; later: %v", found[0], found[1])
		}
		for _, f := range found[1] {
			if strings.HasPrefix(f.Code, "duplicate-") {
				got = append(got, f.Code+" "+string(f.Item)+" "+f.Suggests)
				if f.Severity != "hint" || len(f.Params) > 0 {
					t.Errorf("%+v", f)
				}
			}
		}
		want := []string{
			"duplicate-number identity.number R08/duplicate", "duplicate-account bank.number ", "duplicate-contact contact.email ",
			"duplicate-domain site.domain ", "duplicate-document id_card.front R03/forged", "duplicate-picture id_card.back R03/forged",
		}
		if !slices.Equal(got, want) {
			t.Errorf("found %q", got)
		}
	})
}
