package projections

import (
	"testing"

	"alta/domain/application"
	"alta/simulate/direct"
)

// What live listeners and statistics are told of an application's place is what
// its row says, after every single event of every kind of life.
func TestAPlaceIsWhatTheRowSaysAfterEveryEvent(t *testing.T) {
	maker := direct.New(11, moment, rules)
	for n := range uint64(120) {
		l, err := maker.Life(n, direct.AnyTarget(n))
		if err != nil {
			t.Fatal(err)
		}
		a := newSummary(l.ID)
		var p Place
		var s application.State
		revision := int64(0)
		for _, act := range l.Acts {
			for _, e := range act.Events {
				a.Fold(revision, e)
				s = application.Evolve(s, e)
				past, known := p.Past(application.Name(e))
				if p = p.Then(e); known && p != past {
					t.Fatalf("%s moves %s and is not read", application.Name(e), l.ID)
				}
				if p.Told != a.told || p.Told != s.Told {
					t.Fatalf("after %s: the merchant was told of %d events, of %d by the row, of %d by the decider", application.Name(e), p.Told, a.told, s.Told)
				}
				r := RowOf(a)
				claimant := ""
				if r.Claim != nil {
					claimant = r.Claim.By.ID
				}
				if p.Queue() != r.queue() || p.Holder() != r.Holder || p.Stage != s.Stage || p.Claimant != claimant ||
					p.Merchant != s.Merchant || p.Agent != s.Agent || p.Restricted != s.Restricted || p.Breached != (s.Breached && p.Holder() == application.Platform) {
					t.Fatalf("after %s (revision %d of %s): %+v, and the row says %s, %s", application.Name(e), revision, l.ID, p, r.Stage, r.queue())
				}
				revision++
			}
		}
	}
}
