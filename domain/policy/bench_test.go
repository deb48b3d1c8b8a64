package policy_test

import (
	"testing"

	"alta/domain/policy"
)

// A decision asks for the requirements each time, so they must cost little.
func BenchmarkRequirements(b *testing.B) {
	p := policy.Default().Latest()
	b.ReportAllocs()
	for b.Loop() {
		p.Requirements(webCompany)
	}
}
