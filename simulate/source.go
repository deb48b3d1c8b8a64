package simulate

import (
	"math/bits"
	"math/rand/v2"
	"strconv"
)

// source is the random source of one merchant.
type source struct{ *rand.Rand }

func newSource(seed, n uint64) *source { return &source{rand.New(rand.NewPCG(seed, n))} }

// between answers a number from lo to hi, both included.
func (s *source) between(lo, hi int) int { return lo + s.IntN(hi-lo+1) }

// chance is true in percent of all cases.
func (s *source) chance(percent int) bool { return s.IntN(100) < percent }

// digits answers n random digits, the first of which may be 0.
func (s *source) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + s.IntN(10))
	}
	return string(b)
}

func pick[T any](s *source, from []T) T { return from[s.IntN(len(from))] }

func itoa(n int) string { return strconv.Itoa(n) }

// spread shuffles the numbers below size: different n never meet. Numbers that
// must be unique to a merchant are made with it instead of drawn: a million draws
// from a range of 10⁹ would repeat hundreds of times, and a number held by two
// merchants is a fraud signal.
//
// It is a few reversible steps on as many bits as size has, repeated until the
// result is below size again (cycle walking), which takes two rounds at most on
// average.
func spread(seed, n, size uint64) uint64 {
	width := bits.Len64(size - 1)
	mask := uint64(1)<<width - 1
	x := n % size
	for {
		for i := range uint64(3) {
			x = (x*(mixSeed(seed+i)|1) + mixSeed(seed^i)) & mask
			x ^= x >> (width/2 + 1)
		}
		if x < size {
			return x
		}
	}
}

// mixSeed makes neighbouring seeds start far apart (SplitMix64's finaliser).
func mixSeed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
