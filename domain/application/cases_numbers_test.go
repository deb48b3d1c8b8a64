package application

import (
	"testing"
	"time"

	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
)

// TestCasesOfPeriods is C133: a merchant's fifteen days end with a day, not at
// the time of day at which somebody returned the application.
func TestCasesOfPeriods(t *testing.T) {
	book, _ := policy.Default().At("2026-07")
	beijing := func(s string) time.Time {
		at, err := time.Parse("2006-01-02 15:04:05 -07:00", s+" +08:00")
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for rule, k := range map[string]struct {
		change func(*policy.Terms)
		at     string
		due    string
		remind []string
	}{
		"returned at night": {at: "2026-12-01 03:08:12", due: "2026-12-17 00:00:00",
			remind: []string{"2026-12-10 09:00:00", "2026-12-14 09:00:00", "2026-12-16 09:00:00"}},
		"the last day is a Saturday": {at: "2026-12-04 10:00:00", due: "2026-12-22 00:00:00",
			remind: []string{"2026-12-15 09:00:00", "2026-12-19 09:00:00", "2026-12-21 09:00:00"}},
		"the policy lets it stay on the Saturday": {change: func(t *policy.Terms) { t.PeriodDayOff = policy.StaysOnDayOff }, at: "2026-12-04 10:00:00", due: "2026-12-20 00:00:00",
			remind: []string{"2026-12-13 09:00:00", "2026-12-17 09:00:00", "2026-12-19 09:00:00"}},
		"the policy counts from instant to instant": {change: func(t *policy.Terms) { t.PeriodEnd = policy.SameInstant }, at: "2026-12-01 03:08:12", due: "2026-12-16 03:08:12",
			remind: []string{"2026-12-09 09:00:00", "2026-12-13 09:00:00", "2026-12-15 09:00:00"}},
		"the policy's notices begin at ten": {change: func(t *policy.Terms) { t.NoticesFrom = "10:00" }, at: "2026-12-01 03:08:12", due: "2026-12-17 00:00:00",
			remind: []string{"2026-12-10 10:00:00", "2026-12-14 10:00:00", "2026-12-16 10:00:00"}},
	} {
		t.Run(rule, func(t *testing.T) {
			p := book
			if k.change != nil {
				k.change(&p.Terms)
			}
			d, err := State{}.merchants(rules, p, Correction, beijing(k.at), p.Terms.CorrectionDays)
			if err != nil {
				t.Fatal(err)
			}
			is(t, d.Due, beijing(k.due).UTC())
			is(t, len(d.Reminds), len(k.remind))
			for i, want := range k.remind {
				is(t, d.Reminds[i], beijing(want).UTC())
			}
			marks := d.Marks()
			is(t, marks[0].Name+marks[1].Name+marks[2].Name, "7d3d1d")
		})
	}
}

// The older permanent residence card is lawful beside its kind of document, and
// is said to be another's beside a citizen's.
func TestCasesOfPermanentResidence(t *testing.T) {
	for kind, differs := range map[string]bool{permanentResidence: false, residentID: true} {
		s := State{Items: []*Item{
			{Key: item.IdentityType, Value: kind},
			{Key: item.IdentityNumber, Personal: personal.New("CHN110065010101")},
		}}
		p, _ := policy.Default().At("2026-07")
		found := s.checkField(p, item.IdentityNumber, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		is(t, len(found) == 1 && found[0].Code == "identity-type-differs", differs)
	}
}
