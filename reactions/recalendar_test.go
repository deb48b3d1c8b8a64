package reactions_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/policy"
	"alta/reactions"
)

// imported is the calendar after a table came that changes 2026.
func imported(t *testing.T, version string, change func(y *calendar.Year)) calendar.Calendar {
	t.Helper()
	y, ok := calendar.Default().Table(2026)
	if !ok {
		t.Fatal("no table of 2026")
	}
	change(&y)
	b, err := json.Marshal(calendar.Document{Version: version, Years: []calendar.Year{y}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := calendar.Default().Import(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func recalendar(w *world, c calendar.Calendar, dry bool) (map[string]string, reactions.Recalendared) {
	w.t.Helper()
	old := calendar.Default()
	got := map[string]string{}
	sum, err := reactions.Recalendar{
		Log: w, Rules: application.Rules{Policies: policy.Default(), Calendar: c}, Now: w.now,
		Old: func(version string) (calendar.Calendar, bool) { return old, version == old.Version },
	}.Run(w.t.Context(), dry, func(m reactions.MovedDeadline) error {
		got[m.Application] = m.Is.In(c.Zone()).Format("2006-01-02 15:04")
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return got, sum
}

// A Wednesday becomes a day off: what runs over it moves by a day, and nothing
// else does.
func TestAnImportedTableMovesRunningDeadlinesByTheStatedRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-23T02:00:00Z") // a Monday, ten o'clock
		w.submits("over")                        // due on Thursday at ten
		w.opens("before")
		w.happens("before", application.Submitted{Header: w.head(merchant), Round: 1, Policy: version, Registry: "2026-11", Next: application.ICP, Deadline: w.deadline("before", application.ICP, 1)})
		w.submits("returned")
		w.returns("returned")
		w.submits("gone")
		w.happens("gone", application.Withdrawn{Header: w.head(merchant)})
		w.opens("draft")
		byHand := w.submits("by-hand")
		saturday := *byHand
		saturday.ID, saturday.Due = "qualification-9", time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)
		w.happens("by-hand", application.DeadlineExtended{Header: w.head(reviewer), Deadline: saturday, Why: "promised"})
		late := w.submits("late")
		w.happens("late", application.DeadlineBreached{Header: w.head(reviewer), Deadline: late.ID, Due: late.Due})
		other := *w.deadline("other", application.Qualification, 3)
		other.Calendar = "1999.1"
		w.opens("other")
		w.happens("other", application.Submitted{Header: w.head(merchant), Round: 1, Policy: version, Registry: "2026-11", Next: application.Qualification, Deadline: &other})

		off := imported(t, "test.1", func(y *calendar.Year) { y.Off = append(y.Off, "2026-11-25") })
		head, _ := w.Head(t.Context())
		want := map[string]string{"over": "2026-11-27 10:00"}
		got, sum := recalendar(w, off, true)
		if !equalMaps(got, want) || sum.Moved != 1 || sum.Unknown["1999.1"] != 1 || len(w.All("")) != int(head.Commit) {
			t.Errorf("a dry run: %v, %+v; head %v, was %v", got, sum, w.All(""), head)
		}
		if got, _ = recalendar(w, off, false); !equalMaps(got, want) {
			t.Errorf("moved: %v", got)
		}
		head, _ = w.Head(t.Context())
		if got, _ = recalendar(w, off, false); len(got) > 0 || len(w.All("")) != int(head.Commit) {
			t.Errorf("a second time: %v", got)
		}
		all := w.All(w.stream("over"))
		e, err := application.Decode(all[len(all)-1].Type, all[len(all)-1].Data, nil)
		moved, ok := e.(application.DeadlineExtended)
		if err != nil || !ok || moved.Why != application.CalendarMoved || moved.Deadline.Calendar != "test.1" || moved.By.Role != application.RoleSystem || !moved.Deadline.Started.Equal(w.now()) {
			t.Errorf("recorded: %+v, %v", e, err)
		}
	})
}

// A Saturday becomes a working day: deadlines come earlier, but none into the past.
func TestAnImportedTableMakesNobodyLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-27T02:00:00Z") // a Friday, ten o'clock
		w.submits("soon")                        // due on Wednesday at ten
		w.opens("nearly")
		w.happens("nearly", application.Submitted{Header: w.head(merchant), Round: 1, Policy: version, Registry: "2026-11", Next: application.ICP, Deadline: w.deadline("nearly", application.ICP, 1)})
		time.Sleep(25 * time.Hour) // Saturday, eleven o'clock
		work := imported(t, "test.2", func(y *calendar.Year) { y.Work = append(y.Work, "2026-11-28") })
		got, _ := recalendar(w, work, false)
		if want := map[string]string{"soon": "2026-12-01 10:00"}; !equalMaps(got, want) {
			t.Errorf("moved: %v, want %v", got, want)
		}
	})
}

func equalMaps(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
