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
	xdraw.ApproxBiLinear.Transform(out, m, img, img.Bounds(), draw.Over, nil)
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
	rows, out := image.NewRGBA(img.Bounds()), image.NewRGBA(img.Bounds())
	// A multiplication instead of a division; rounding up keeps white white
	// and cannot reach 256.
	size := int32(2*r + 1)
	share := (1<<16 + size - 1) / size

	for y := range h {
		src, dst := img.Pix[y*img.Stride:][:4*w], rows.Pix[y*img.Stride:][:4*w]
		var sum [4]int32
		for i := -r; i <= r; i++ {
			at := 4 * min(max(i, 0), w-1)
			for ch := range 4 {
				sum[ch] += int32(src[at+ch])
			}
		}
		for x := range w {
			in, gone := 4*min(x+r+1, w-1), 4*max(x-r, 0)
			for ch := range 4 {
				dst[4*x+ch] = uint8(sum[ch] * share >> 16)
				sum[ch] += int32(src[in+ch]) - int32(src[gone+ch])
			}
		}
	}

	// Down all columns at once, row by row: memory is read in order.
	sum := make([]int32, 4*w)
	line := func(y int) []byte { return rows.Pix[min(max(y, 0), h-1)*img.Stride:][:4*w] }
	for i := -r; i <= r; i++ {
		for x, v := range line(i) {
			sum[x] += int32(v)
		}
	}
	for y := range h {
		dst, in, gone := out.Pix[y*img.Stride:][:4*w], line(y+r+1), line(y-r)
		for x := range dst {
			dst[x] = uint8(sum[x] * share >> 16)
			sum[x] += int32(in[x]) - int32(gone[x])
		}
	}
	return out
}

func drawMask(dst *image.RGBA, r image.Rectangle, col color.Color, mask *image.Alpha, at image.Point) {
	draw.DrawMask(dst, r, image.NewUniform(col), image.Point{}, mask, at, draw.Over)
}
