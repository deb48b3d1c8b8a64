package direct

import (
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/policy"
)

func maker() *Maker {
	return New(7, time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), application.Rules{Policies: policy.Default(), Calendar: calendar.Default()})
}

func TestEveryTargetIsReachedByItsOwnWay(t *testing.T) {
	m := maker()
	for _, target := range Targets() {
		reached := 0
		for n := range uint64(30) {
			l, err := m.Life(n, target)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]application.Stage{"claimed": application.Qualification, "second_round": application.Qualification}[target]
			if want == "" {
				want = application.Stage(target)
			}
			if l.State.Stage == want {
				reached++
			}
			if l.at(t).After(m.Now) {
				t.Errorf("life %d to %s ends in the future", n, target)
			}
		}
		if reached == 0 {
			t.Errorf("no life reaches %s", target)
		}
	}
}

func (l *Life) at(t *testing.T) time.Time {
	t.Helper()
	events := l.Acts[len(l.Acts)-1].Events
	return events[len(events)-1].Head().At
}

func TestTheSameSeedMakesTheSameLife(t *testing.T) {
	a, err := maker().Life(3, "active")
	if err != nil {
		t.Fatal(err)
	}
	b, err := maker().Life(3, "active")
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != b.ID || a.Events != b.Events || !a.at(t).Equal(b.at(t)) {
		t.Errorf("%s with %d events, and %s with %d", a.ID, a.Events, b.ID, b.Events)
	}
}
