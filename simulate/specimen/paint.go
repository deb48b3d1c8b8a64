package specimen

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// blank is a canvas of the same size and scale with nothing on it.
func (c *canvas) blank() *canvas {
	return &canvas{img: image.NewRGBA(c.img.Bounds()), scale: c.scale, fonts: c.fonts}
}

// window is a canvas that draws on c, but only inside the rectangle.
func (c *canvas) window(x, y, w, h float64) *canvas {
	min, max := c.px(x, y), c.px(x+w, y+h)
	r := image.Rect(int(min.x), int(min.y), int(max.x), int(max.y))
	return &canvas{img: c.img.SubImage(r).(*image.RGBA), scale: c.scale, fonts: c.fonts}
}

// through copies src onto c, but only inside the shape.
func (c *canvas) through(src *canvas, shape func(*outline)) {
	var o outline
	shape(&o)
	mask := &canvas{img: image.NewRGBA(c.img.Bounds()), scale: c.scale}
	mask.fill(&o, white)
	box := image.Rect(int(o.min.x), int(o.min.y), int(math.Ceil(o.max.x))+1, int(math.Ceil(o.max.y))+1)
	box = box.Intersect(c.img.Bounds())
	draw.DrawMask(c.img, box, src.img, box.Min, mask.img, box.Min, draw.Over)
}

// gradient fills the canvas from its upper left to its lower right corner.
func (c *canvas) gradient(from, to color.RGBA) {
	w, h := c.img.Bounds().Dx(), c.img.Bounds().Dy()
	// Few colours lie between two; more steps would show no difference.
	var steps [256][4]byte
	for i := range steps {
		m := mix(from, to, float64(i)/255)
		steps[i] = [4]byte{m.R, m.G, m.B, m.A}
	}
	for y := range h {
		line := c.img.Pix[y*c.img.Stride:][:4*w]
		for x := range w {
			copy(line[4*x:], steps[(x*255/w+y*255/h)/2][:])
		}
	}
}

// mix is a colour on the way from a to b; t is 0 at a and 1 at b.
func mix(a, b color.RGBA, t float64) color.RGBA {
	f := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*t)) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 0xFF}
}
