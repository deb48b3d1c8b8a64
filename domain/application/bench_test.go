package application

import (
	"fmt"
	"testing"

	"alta/domain/item"
)

// longHistory is an application with fifty events, in its second round.
func longHistory(b testing.TB) *story {
	w := resubmitted(b).claim(anna)
	for len(w.events) < 50 {
		w.do(AddNote{Note: fmt.Sprint(len(w.events)), Text: "called", By: anna, At: w.now()})
	}
	return w
}

func BenchmarkDecideAndEvolveAt50Events(b *testing.B) {
	w := longHistory(b)
	for name, c := range map[string]command{
		"raise":   RaiseReason{Reason: "new", Code: "R03", Sub: "unclear", Target: item.IDCardFront, Rules: rules, By: anna, At: w.now()},
		"accept":  AcceptItems{Items: []item.Key{item.IDCardFront}, By: anna, At: w.now()},
		"note":    AddNote{Note: "new", Text: "called", By: bo, At: w.now()},
		"approve": ApproveQualification{Rules: rules, By: anna, At: w.now()},
	} {
		s := w.s
		if name == "approve" {
			s = longHistory(b).accept(anna).s
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				events, err := c.Decide(s)
				if err != nil {
					b.Fatal(err)
				}
				for _, e := range events {
					Evolve(s, e)
				}
			}
		})
	}
}

func BenchmarkFold50Events(b *testing.B) {
	w := longHistory(b)
	for b.Loop() {
		refold(w.events)
	}
}
