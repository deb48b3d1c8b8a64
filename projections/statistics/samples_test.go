package statistics

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/calendar"
	"alta/projections"
)

// How often two people agree is what one finds by comparing every two verdicts.
func TestTheAgreementIsThatOfAllSamples(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		stop := w.run(w.runner())
		defer stop()
		w.fill(0, 120)
		w.caughtUp()
		r, err := w.reader().Everything(t.Context(), calendar.Date{Year: 2026, Month: 8, Day: 20}, calendar.Date{Year: 2027, Month: 3, Day: 31}, "reviewer-03")
		if err != nil {
			t.Fatal(err)
		}
		drawn, judged, agreed, of := map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]Reviewer{}
		var shared, named int64
		for _, s := range w.looks {
			drawn[dayOf(s.DecidedAt)]++
			if !s.Judged() {
				continue
			}
			judged[dayOf(s.JudgedAt)]++
			own := of[s.Decider.ID]
			own.Sampled++
			a := s.Agreement()
			if a.Same {
				agreed[dayOf(s.JudgedAt)]++
				own.Agreed++
			}
			shared, named = shared+int64(a.Shared), named+int64(a.Named)
			own.Shared, own.Named = own.Shared+int64(a.Shared), own.Named+int64(a.Named)
			of[s.Decider.ID] = own
		}
		total := func(s []int64) (n int64) {
			for _, x := range s {
				n += x
			}
			return n
		}
		for i, day := range r.Days {
			if r.Samples.Drawn[i] != drawn[day] || r.Samples.Judged[i] != judged[day] || r.Samples.Agreed[i] != agreed[day] {
				t.Errorf("%s: counted %d %d %d, the samples say %d %d %d", day, r.Samples.Drawn[i], r.Samples.Judged[i], r.Samples.Agreed[i], drawn[day], judged[day], agreed[day])
			}
		}
		if total(r.Samples.Shared) != shared || total(r.Samples.Named) != named {
			t.Errorf("reasons: counted %d of %d, the samples say %d of %d", total(r.Samples.Shared), total(r.Samples.Named), shared, named)
		}
		for _, v := range r.Reviewers {
			want := of[v.Account]
			if v.Sampled != want.Sampled || v.Agreed != want.Agreed || v.Shared != want.Shared || v.Named != want.Named {
				t.Errorf("%s: counted %+v, the samples say %+v", v.Account, v, want)
			}
		}
		if own := of["reviewer-03"]; total(r.Own.Sampled) != own.Sampled || total(r.Own.Agreed) != own.Agreed || total(r.Own.Shared) != own.Shared || total(r.Own.Named) != own.Named {
			t.Errorf("own: counted %v of %v, the samples say %+v", r.Own.Agreed, r.Own.Sampled, own)
		}
		if len(judged) < 5 || len(agreed) < 5 || shared == 0 || named <= shared || total(r.Samples.Judged) == total(r.Samples.Agreed) {
			t.Fatalf("the samples were too alike to show anything: %v %v %d %d", judged, agreed, shared, named)
		}
	})
}

// Whoever asks gets each sample that waits once, the most urgent first, in pages of
// any size, also while others are judged; a rebuild lists the same.
func TestSamplesWaitInTheOrderInWhichTheyAreDue(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		stop := w.run(w.runner())
		defer stop()
		w.fill(0, 120)
		w.fill(200, 40)
		w.caughtUp()
		var want []string
		for id, s := range w.looks {
			if s.Open() {
				want = append(want, place(s.Due, id))
			}
		}
		slices.Sort(want)
		due := func(place string) time.Time {
			id, _ := idAt(place)
			return w.looks[id].Due
		}
		if len(want) < 10 || !slices.IsSortedFunc(want, func(a, b string) int { return due(a).Compare(due(b)) }) {
			t.Fatalf("%d samples wait: %v", len(want), want)
		}
		for _, size := range []int{1, 7, 1000} {
			var got []string
			for after := ""; ; {
				page, all, err := w.reader().Samples(t.Context(), after, size)
				if err != nil || int(all) != len(want) || len(page) > size {
					t.Fatalf("%d of %d samples, %v; want %d", len(page), all, err, len(want))
				}
				if len(page) == 0 {
					break
				}
				for _, s := range page {
					got = append(got, s.Place)
				}
				after = page[len(page)-1].Place
			}
			if !slices.Equal(got, want) {
				t.Errorf("in pages of %d: %v\nwant %v", size, got, want)
			}
		}
		if err := w.runner().Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if page, _, err := w.reader().Samples(t.Context(), "", 1000); err != nil || len(page) != len(want) {
			t.Errorf("rebuilt: %d wait, want %d, %v", len(page), len(want), err)
		}
		for _, cursor := range []string{"x", "2026-11-23T00:00:00.000Z", "tomorrow " + strings.Repeat("a", 36)} {
			if _, _, err := w.reader().Samples(t.Context(), cursor, 1); !errors.Is(err, projections.ErrCursor) {
				t.Errorf("after %q: %v", cursor, err)
			}
		}
	})
}
