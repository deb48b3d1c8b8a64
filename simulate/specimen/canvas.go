package specimen

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// canvas draws in logical units, which scale to pixels once, here: every
// document is laid out one time and drawn at any size.
type canvas struct {
	img   *image.RGBA
	scale float64
	fonts *fonts
	buf   sfnt.Buffer
	ras   vector.Rasterizer
	// missing are the characters that could not be drawn; a document with any
	// is refused rather than shown with holes.
	missing []rune
	thin    []rune // headings that had to be set in the regular font
}

type point struct{ x, y float64 }

// outline is a filled shape: closed contours of lines and quadratic or cubic
// curves, in pixels.
type outline struct {
	ops []op
	min point
	max point
}

type op struct {
	kind byte // m, l, q, c
	p    [3]point
}

func (o *outline) add(kind byte, pts ...point) {
	var s op
	s.kind = kind
	for i, p := range pts {
		s.p[i] = p
		if len(o.ops) == 0 && i == 0 {
			o.min, o.max = p, p
		}
		o.min = point{math.Min(o.min.x, p.x), math.Min(o.min.y, p.y)}
		o.max = point{math.Max(o.max.x, p.x), math.Max(o.max.y, p.y)}
	}
	o.ops = append(o.ops, s)
}

// fill paints the outline. Only its bounding box is rasterised.
func (c *canvas) fill(o *outline, col color.Color) {
	if len(o.ops) == 0 {
		return
	}
	r := image.Rect(int(math.Floor(o.min.x)), int(math.Floor(o.min.y)),
		int(math.Ceil(o.max.x))+1, int(math.Ceil(o.max.y))+1)
	dst := r.Intersect(c.img.Bounds())
	if dst.Empty() {
		return
	}
	c.ras.Reset(r.Dx(), r.Dy())
	f := func(p point) (float32, float32) {
		return float32(p.x - float64(r.Min.X)), float32(p.y - float64(r.Min.Y))
	}
	for i, s := range o.ops {
		x0, y0 := f(s.p[0])
		x1, y1 := f(s.p[1])
		x2, y2 := f(s.p[2])
		switch s.kind {
		case 'm':
			if i > 0 {
				c.ras.ClosePath()
			}
			c.ras.MoveTo(x0, y0)
		case 'l':
			c.ras.LineTo(x0, y0)
		case 'q':
			c.ras.QuadTo(x0, y0, x1, y1)
		case 'c':
			c.ras.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	c.ras.ClosePath()
	if dst == r {
		c.ras.Draw(c.img, r, image.NewUniform(col), image.Point{})
		return
	}
	// Partly outside: the rasteriser writes its whole box, so draw it into a
	// mask first.
	mask := image.NewAlpha(image.Rect(0, 0, r.Dx(), r.Dy()))
	c.ras.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	drawMask(c.img, dst, col, mask, dst.Min.Sub(r.Min))
}

func (c *canvas) px(x, y float64) point { return point{x * c.scale, y * c.scale} }

func (c *canvas) polygon(col color.Color, pts ...point) {
	var o outline
	for i, p := range pts {
		kind := byte('l')
		if i == 0 {
			kind = 'm'
		}
		o.add(kind, c.px(p.x, p.y))
	}
	c.fill(&o, col)
}

func (c *canvas) rect(x, y, w, h float64, col color.Color) {
	c.polygon(col, point{x, y}, point{x + w, y}, point{x + w, y + h}, point{x, y + h})
}

// kappa makes a cubic curve follow a quarter of a circle.
const kappa = 0.5522847498

func (c *canvas) roundRect(x, y, w, h, r float64, col color.Color) {
	var o outline
	c.roundPath(&o, x, y, w, h, r)
	c.fill(&o, col)
}

func (c *canvas) roundPath(o *outline, x, y, w, h, r float64) {
	k := r * (1 - kappa)
	o.add('m', c.px(x+r, y))
	o.add('l', c.px(x+w-r, y))
	o.add('c', c.px(x+w-k, y), c.px(x+w, y+k), c.px(x+w, y+r))
	o.add('l', c.px(x+w, y+h-r))
	o.add('c', c.px(x+w, y+h-k), c.px(x+w-k, y+h), c.px(x+w-r, y+h))
	o.add('l', c.px(x+r, y+h))
	o.add('c', c.px(x+k, y+h), c.px(x, y+h-k), c.px(x, y+h-r))
	o.add('l', c.px(x, y+r))
	o.add('c', c.px(x, y+k), c.px(x+k, y), c.px(x+r, y))
}

// frame is a rectangle's border: an outer contour and an inner one that runs
// the other way round, so that the middle stays free.
func (c *canvas) frame(x, y, w, h, line float64, col color.Color) {
	c.rect(x, y, w, line, col)
	c.rect(x, y+h-line, w, line, col)
	c.rect(x, y+line, line, h-2*line, col)
	c.rect(x+w-line, y+line, line, h-2*line, col)
}

func (c *canvas) ellipse(cx, cy, rx, ry float64, col color.Color) {
	var o outline
	c.ellipsePath(&o, cx, cy, rx, ry, 1)
	c.fill(&o, col)
}

func (c *canvas) ellipsePath(o *outline, cx, cy, rx, ry, dir float64) {
	kx, ky := rx*kappa, ry*kappa*dir
	ry *= dir
	o.add('m', c.px(cx+rx, cy))
	o.add('c', c.px(cx+rx, cy+ky), c.px(cx+kx, cy+ry), c.px(cx, cy+ry))
	o.add('c', c.px(cx-kx, cy+ry), c.px(cx-rx, cy+ky), c.px(cx-rx, cy))
	o.add('c', c.px(cx-rx, cy-ky), c.px(cx-kx, cy-ry), c.px(cx, cy-ry))
	o.add('c', c.px(cx+kx, cy-ry), c.px(cx+rx, cy-ky), c.px(cx+rx, cy))
}

func (c *canvas) ring(cx, cy, r, line float64, col color.Color) {
	var o outline
	c.ellipsePath(&o, cx, cy, r, r, 1)
	c.ellipsePath(&o, cx, cy, r-line, r-line, -1)
	c.fill(&o, col)
}

// style is how a line of text looks.
type style struct {
	size     float64
	weight   weight
	col      color.Color
	tracking float64 // extra room between characters
	angle    float64 // degrees, anticlockwise, about the line's start
}

// width is the length of the line in logical units.
func (c *canvas) width(st style, s string) float64 {
	w := 0.0
	for _, r := range s {
		f, g, _ := c.fonts.glyph(&c.buf, st.weight, r)
		w += advance(f, &c.buf, g, st.size) + st.tracking
	}
	return w
}

// text writes s with its baseline at (x, y) and answers where it ended.
func (c *canvas) text(x, y float64, st style, s string) float64 {
	size := st.size * c.scale
	sin, cos := math.Sincos(-st.angle * math.Pi / 180)
	ppem := fixed.Int26_6(size * 64)
	origin := c.px(x, y)
	var o outline
	pen := 0.0
	for _, r := range s {
		f, g, ok := c.fonts.glyph(&c.buf, st.weight, r)
		if !ok {
			c.missing = append(c.missing, r)
			continue
		}
		if st.weight == bold && f != c.fonts[bold] {
			c.thin = append(c.thin, r)
		}
		segs, err := f.LoadGlyph(&c.buf, g, ppem, nil)
		if err != nil {
			c.missing = append(c.missing, r)
			continue
		}
		at := func(p fixed.Point26_6) point {
			gx, gy := float64(p.X)/64+pen, float64(p.Y)/64
			return point{origin.x + gx*cos - gy*sin, origin.y + gx*sin + gy*cos}
		}
		for _, sg := range segs {
			switch sg.Op {
			case sfnt.SegmentOpMoveTo:
				o.add('m', at(sg.Args[0]))
			case sfnt.SegmentOpLineTo:
				o.add('l', at(sg.Args[0]))
			case sfnt.SegmentOpQuadTo:
				o.add('q', at(sg.Args[0]), at(sg.Args[1]))
			case sfnt.SegmentOpCubeTo:
				o.add('c', at(sg.Args[0]), at(sg.Args[1]), at(sg.Args[2]))
			}
		}
		pen += advance(f, &c.buf, g, size) + st.tracking*c.scale
	}
	c.fill(&o, st.col)
	return x + pen/c.scale
}

func (c *canvas) textCentre(cx, y float64, st style, s string) {
	c.text(cx-(c.width(st, s)-st.tracking)/2, y, st, s)
}

func (c *canvas) textRight(x, y float64, st style, s string) {
	c.text(x-c.width(st, s)+st.tracking, y, st, s)
}

// textWrap writes s in lines no wider than width and answers the baseline
// after the last one. Chinese breaks anywhere except before a closing mark;
// Latin words and numbers stay whole where they fit on a line.
func (c *canvas) textWrap(x, y, width, leading float64, st style, s string) float64 {
	for _, line := range c.wrap(width, st, s) {
		c.text(x, y, st, line)
		y += leading
	}
	return y
}

func (c *canvas) wrap(width float64, st style, s string) []string {
	var lines []string
	runes := []rune(s)
	for len(runes) > 0 {
		n, w := 0, 0.0
		for n < len(runes) {
			w += c.width(st, string(runes[n]))
			if w > width && n > 0 {
				break
			}
			n++
		}
		if n < len(runes) {
			n = breakBefore(runes, n)
		}
		lines = append(lines, string(runes[:n]))
		runes = runes[n:]
	}
	return lines
}

// breakBefore moves a break at n back to where a line may end.
func breakBefore(runes []rune, n int) int {
	word := func(r rune) bool { return r < 0x80 && r > ' ' }
	for k := n; k > 0 && n-k < 16; k-- {
		closing := runes[k] == '，' || runes[k] == '。' || runes[k] == '、' || runes[k] == '；' || runes[k] == '）' || runes[k] == '：' || runes[k] == '》'
		if !closing && (!word(runes[k]) || !word(runes[k-1])) {
			return k
		}
	}
	return n
}

// GlyphError says which characters a document could not be drawn with.
type GlyphError struct{ Runes []rune }

func (e *GlyphError) Error() string {
	return fmt.Sprintf("specimen: no glyph for %d characters, the first is %U", len(e.Runes), e.Runes[0])
}
