package sample

import (
	"regexp"
	"strconv"
	"testing"
	"time"
)

func keyed(kind, value string) string { return "secret/" + kind + "/" + value }

func TestTheSameDecisionAlwaysDrawsTheSameLot(t *testing.T) {
	a := LotOf(keyed, "application-1", 7)
	if b := LotOf(keyed, "application-1", 7); a != b || a.ID() != b.ID() {
		t.Error("drawn again, the lot is another one")
	}
	other := func(kind, value string) string { return "other/" + kind + "/" + value }
	for _, b := range []Lot{LotOf(keyed, "application-1", 8), LotOf(keyed, "application-2", 7), LotOf(other, "application-1", 7)} {
		if a.ID() == b.ID() {
			t.Error("two decisions, or two installations, share a lot")
		}
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(a.ID()) {
		t.Errorf("%s is no UUID", a.ID())
	}
}

func TestSoManyOfAHundredAreDrawnAndMoreAreDrawnBesideThem(t *testing.T) {
	counts := map[int]int{}
	for i := range 10_000 {
		l := LotOf(keyed, strconv.Itoa(i), 3)
		for _, percent := range []int{0, 5, 30, 100} {
			if l.Under(percent) {
				counts[percent]++
			}
		}
		if l.Under(5) && !l.Under(30) {
			t.Fatal("a higher rate left out what a lower one drew")
		}
	}
	if counts[0] != 0 || counts[100] != 10_000 || counts[5] < 400 || counts[5] > 600 || counts[30] < 2800 || counts[30] > 3200 {
		t.Errorf("drawn of 10,000: %v", counts)
	}
}

func TestAPlanIsForTheDecisionsFromItsFirstDayOn(t *testing.T) {
	zone := time.FixedZone("Beijing", 8*60*60)
	if p := PlanAt(when("2026-10-31T15:59:59Z"), zone); p != (Plan{}) {
		t.Errorf("before the first plan: %+v", p)
	}
	if p := PlanAt(when("2026-10-31T16:00:00Z"), zone); p.Version != "2026-11" {
		t.Errorf("on its first day in Beijing: %+v", p)
	}
	for i, p := range plans {
		if p.Percent < 0 || p.Percent > 100 || p.BusinessDays < 1 || i > 0 && p.Effective <= plans[i-1].Effective {
			t.Errorf("plan %s makes no sense", p.Version)
		}
		if _, err := time.Parse(time.DateOnly, p.Effective); err != nil {
			t.Error(err)
		}
	}
}
