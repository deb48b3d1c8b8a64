package specimen

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// lowWidth is the width in pixels of a picture that is too small to accept.
const lowWidth = 360

// desk is what shows around a paper that lies askew.
var desk = color.RGBA{0xE3, 0xE1, 0xDC, 0xFF}

// apply does to a straight picture what a careless photographer would, in the
// order in which it happens: paper turned, lens out of focus, edge of the frame,
// colours lost, sent as a thumbnail.
func (l Look) apply(img *image.RGBA, scale float64) *image.RGBA {
	if l.Rotate != 0 {
		img = rotate(img, l.Rotate)
	}
	if r := int(math.Round(float64(l.Blur) * scale)); r > 0 {
		for range 2 { // two box blurs are near enough to a lens
			img = boxBlur(img, r)
		}
	}
	if l.Crop > 0 {
		b := img.Bounds()
		w, h := int(float64(b.Dx())*(1-l.Crop)), int(float64(b.Dy())*(1-l.Crop))
		out := image.NewRGBA(image.Rect(0, 0, w, h))
		draw.Draw(out, out.Bounds(), img, b.Min, draw.Src)
		img = out
	}
	if l.Grey {
		img = grey(img)
	}
	if l.LowResolution && img.Bounds().Dx() > lowWidth {
		b := img.Bounds()
		out := image.NewRGBA(image.Rect(0, 0, lowWidth, b.Dy()*lowWidth/b.Dx()))
		xdraw.BiLinear.Scale(out, out.Bounds(), img, b, draw.Src, nil)
		img = out
	}
	return img
}

// rotate turns the picture clockwise about its middle and grows the frame so
// that every corner stays in it.
func rotate(img *image.RGBA, degrees float64) *image.RGBA {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	nw := math.Round(math.Abs(w*cos) + math.Abs(h*sin))
	nh := math.Round(math.Abs(w*sin) + math.Abs(h*cos))
	out := image.NewRGBA(image.Rect(0, 0, int(nw), int(nh)))
	draw.Draw(out, out.Bounds(), image.NewUniform(desk), image.Point{}, draw.Src)
	m := f64.Aff3{
		cos, -sin, nw/2 - w/2*cos + h/2*sin,
		sin, cos, nh/2 - w/2*sin - h/2*cos,
	}
	xdraw.BiLinear.Transform(out, m, img, img.Bounds(), draw.Over, nil)
	return out
}

func grey(img *image.RGBA) *image.RGBA {
	out := image.NewRGBA(img.Bounds())
	for i := 0; i < len(img.Pix); i += 4 {
		y := (299*int(img.Pix[i]) + 587*int(img.Pix[i+1]) + 114*int(img.Pix[i+2])) / 1000
		out.Pix[i], out.Pix[i+1], out.Pix[i+2], out.Pix[i+3] = uint8(y), uint8(y), uint8(y), 0xFF
	}
	return out
}

// boxBlur averages over squares of side 2r+1 with running sums: its cost does
// not depend on r.
func boxBlur(img *image.RGBA, r int) *image.RGBA {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	tmp, out := image.NewRGBA(img.Bounds()), image.NewRGBA(img.Bounds())
	blurLines(tmp.Pix, img.Pix, h, img.Stride, w, 4, r)
	blurLines(out.Pix, tmp.Pix, w, 4, h, img.Stride, r)
	return out
}

// blurLines averages along lines: count lines that begin lineStep apart, each
// of n pixels that lie step apart.
func blurLines(dst, src []byte, count, lineStep, n, step, r int) {
	size := 2*r + 1
	for line := range count {
		at := line * lineStep
		for ch := range 4 {
			sum := 0
			px := func(i int) int { return int(src[at+ch+min(max(i, 0), n-1)*step]) }
			for i := -r; i <= r; i++ {
				sum += px(i)
			}
			for i := range n {
				dst[at+ch+i*step] = uint8(sum / size)
				sum += px(i+r+1) - px(i-r)
			}
		}
	}
}

func drawMask(dst *image.RGBA, r image.Rectangle, col color.Color, mask *image.Alpha, at image.Point) {
	draw.DrawMask(dst, r, image.NewUniform(col), image.Point{}, mask, at, draw.Over)
}
