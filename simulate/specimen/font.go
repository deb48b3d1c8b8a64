package specimen

import (
	_ "embed"
	"fmt"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The two fonts are subsets of Noto Sans SC (SIL Open Font License, see
// fonts/OFL.txt). The regular one has ASCII, Latin-1 and GB 2312 level 1 (3,755
// hanzi) with some hundred common characters of names and places beyond it; the
// bold one has only the characters of printed headings.
var (
	//go:embed fonts/NotoSansSC-Regular-Subset.ttf
	regularTTF []byte
	//go:embed fonts/NotoSansSC-Bold-Subset.ttf
	boldTTF []byte
)

// weight chooses between the two fonts.
type weight int

const (
	regular weight = iota
	bold
)

// fonts are the parsed fonts. They are read only, so that many drawings can
// share them; what changes while drawing is the sfnt.Buffer of each canvas.
type fonts [2]*sfnt.Font

func parseFonts() (fonts, error) {
	var f fonts
	for i, b := range [][]byte{regularTTF, boldTTF} {
		parsed, err := sfnt.Parse(b)
		if err != nil {
			return f, fmt.Errorf("specimen: embedded font %d: %w", i, err)
		}
		f[i] = parsed
	}
	return f, nil
}

// glyph finds the outline number of r. A heading character that the bold font
// lacks is taken from the regular one; ok is false when neither has it.
func (f *fonts) glyph(b *sfnt.Buffer, w weight, r rune) (from *sfnt.Font, g sfnt.GlyphIndex, ok bool) {
	for _, from := range []*sfnt.Font{f[w], f[regular]} {
		if g, err := from.GlyphIndex(b, r); err == nil && g != 0 {
			return from, g, true
		}
	}
	return f[regular], 0, false
}

// Missing lists the characters of s for which the specimens have no glyph.
func (p *Press) Missing(s string) []rune {
	var b sfnt.Buffer
	var out []rune
	for _, r := range s {
		if _, _, ok := p.fonts.glyph(&b, regular, r); !ok {
			out = append(out, r)
		}
	}
	return out
}

func advance(f *sfnt.Font, b *sfnt.Buffer, g sfnt.GlyphIndex, size float64) float64 {
	a, err := f.GlyphAdvance(b, g, fixed.Int26_6(size*64), font.HintingNone)
	if err != nil {
		return size
	}
	return float64(a) / 64
}
