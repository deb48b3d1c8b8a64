package policy

import "testing"

// However many strange merchants ask, only so many answers are remembered.
func TestTheMemoryOfAnswersIsBounded(t *testing.T) {
	p, err := Parse(must(embedded.ReadFile("versions/2026-07.json")))
	if err != nil {
		t.Fatal(err)
	}
	for products := range 1 << len(Products()) {
		for differs := range 1 << len(Differences()) {
			for _, kind := range Kinds() {
				for _, site := range SiteTypes() {
					f := Facts{Kind: kind, Site: site}
					for i, q := range Products() {
						if products&(1<<i) != 0 {
							f.Products = append(f.Products, q)
						}
					}
					for i, d := range Differences() {
						if differs&(1<<i) != 0 {
							f.Differs = append(f.Differs, d)
						}
					}
					p.Requirements(f)
				}
			}
		}
	}
	known := 0
	p.plan.known.Range(func(any, any) bool { known++; return true })
	if known != mostKnown {
		t.Errorf("%d answers are remembered, want %d", known, mostKnown)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
