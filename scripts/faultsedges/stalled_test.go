package main

import "testing"

// The criterion bites: by a p99 that rose, however the medians are, and never by a
// median of ratios.
func TestOthersP99MayRiseByATolerableShare(t *testing.T) {
	took := func(usual, slow float64) (out []float64) {
		for n := range 1000 {
			if out = append(out, usual); n%50 == 0 { // two in a hundred
				out[n] = slow
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		odd, even, beside []float64
		noisy, fails      bool
	}{
		"as before":             {took(2, 10), took(2, 10), took(2, 10), false, false},
		"a little more":         {took(2, 10), took(2, 10), took(2, 11.9), false, false},
		"more, medians as good": {took(2, 10), took(2, 10), took(2, 12.5), false, true},
		"slower medians only":   {took(2, 10), took(2, 10), took(9, 10), false, false},
		"a noisy machine":       {took(2, 10), took(2, 14), took(2, 12), true, false},
		"more on a noisy one":   {took(2, 10), took(2, 14), took(2, 30), true, true},
	} {
		m := compared{quiet: [2][]float64{c.even, c.odd}, beside: c.beside}
		if noisy := m.noise() > tolerated; noisy != c.noisy {
			t.Errorf("%s: noise %.2f", name, m.noise())
		}
		if err := m.verdict(); (err != nil) != c.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}
