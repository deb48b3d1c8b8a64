package documents

import (
	"fmt"
	"image"
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// PHash is a perceptual hash of 64 bits: pictures that look alike have hashes
// that differ in few bits, also after scaling, recompression or a change of
// brightness.
//
// It is the usual DCT hash: the grey picture is averaged to 32 × 32 pixels, its
// discrete cosine transform (DCT-II) taken, and of the 8 × 8 lowest frequencies
// each gives one bit, set where the coefficient is above their median; the
// constant term (0,0), which is mere brightness, is left out of the median.
type PHash uint64

// nearBits is the distance up to which two pictures count as the same. Of
// unrelated pictures' distances (mean 32, deviation 4) it is six deviations away.
const nearBits = 8

// Distance is the number of differing bits, 0 to 64.
func (p PHash) Distance(q PHash) int { return bits.OnesCount64(uint64(p ^ q)) }

// NearlyEqual reports whether two pictures look like the same one.
func (p PHash) NearlyEqual(q PHash) bool { return p.Distance(q) <= nearBits }

// String writes 16 hexadecimal digits.
func (p PHash) String() string { return fmt.Sprintf("%016x", uint64(p)) }

// MarshalText writes what String writes: a JSON number would lose bits in
// JavaScript.
func (p PHash) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (p *PHash) UnmarshalText(b []byte) error {
	v, err := strconv.ParseUint(string(b), 16, 64)
	if err != nil || len(b) != 16 {
		return fmt.Errorf("documents: perceptual hash: want 16 hexadecimal digits")
	}
	*p = PHash(v)
	return nil
}

const dctSide = 32

// cosines[k][i] is the k-th basis function of the DCT at i.
var cosines = func() (c [8][dctSide]float64) {
	for k := range c {
		for i := range c[k] {
			c[k][i] = math.Cos(math.Pi * float64(k) * (2*float64(i) + 1) / (2 * dctSide))
		}
	}
	return c
}()

func phash(view *image.RGBA) PHash {
	grey := greySquare(view)
	var rows [8][dctSide]float64 // transformed along x
	for y := range dctSide {
		for k := range 8 {
			for x := range dctSide {
				rows[k][y] += grey[y][x] * cosines[k][x]
			}
		}
	}
	var c [64]float64
	for v := range 8 {
		for u := range 8 {
			for y := range dctSide {
				c[8*v+u] += rows[u][y] * cosines[v][y]
			}
		}
	}
	sorted := slices.Clone(c[1:])
	slices.Sort(sorted)
	median := sorted[len(sorted)/2]
	var h PHash
	for i, v := range c {
		// Rounding noise must not decide the bits of an empty picture.
		if i > 0 && v > median+1e-6 {
			h |= 1 << i
		}
	}
	return h
}

// greySquare averages the picture to 32 × 32, whatever its proportions.
func greySquare(m *image.RGBA) (g [dctSide][dctSide]float64) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for y := range dctSide {
		y0 := y * h / dctSide
		y1 := max(y0+1, (y+1)*h/dctSide)
		for x := range dctSide {
			x0 := x * w / dctSide
			x1 := max(x0+1, (x+1)*w/dctSide)
			sum := 0.0
			for sy := y0; sy < y1; sy++ {
				for sx := x0; sx < x1; sx++ {
					p := m.Pix[sy*m.Stride+4*sx:]
					sum += luminance(p[0], p[1], p[2])
				}
			}
			g[y][x] = sum / float64((x1-x0)*(y1-y0))
		}
	}
	return g
}
