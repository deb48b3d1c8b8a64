package documents

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"

	"golang.org/x/image/draw"
)

// Sizes of what is shown, in pixels on the longer side, and its JPEG quality.
const (
	viewSide     = 2400
	thumbSide    = 320
	viewQuality  = 85
	thumbQuality = 75
)

// fit answers w × h scaled down to at most side on the longer side.
func fit(w, h, side int) (int, int) {
	long := max(w, h)
	if long <= side {
		return w, h
	}
	return max(1, (w*side+long/2)/long), max(1, (h*side+long/2)/long)
}

// shrink draws src, flattened on white, no larger than side. It averages whole
// blocks of pixels first and interpolates the rest, which keeps small print
// legible and needs far less memory than a general kernel: one row of the
// source and a picture of at most twice the side.
func shrink(src image.Image, side int) *image.RGBA {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	tw, th := fit(w, h, side)
	block := max(1, max(w, h)/side)
	mid := average(src, block)
	if mid.Rect.Dx() == tw && mid.Rect.Dy() == th {
		return mid
	}
	dst := image.NewRGBA(image.Rect(0, 0, tw, th))
	draw.ApproxBiLinear.Scale(dst, dst.Rect, mid, mid.Rect, draw.Src, nil)
	return dst
}

// average makes one pixel of each block × block pixels of src.
func average(src image.Image, block int) *image.RGBA {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	dw, dh := (w+block-1)/block, (h+block-1)/block
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	row := make([]byte, 3*w)
	sums := make([]uint32, 3*dw)
	for y := range dh {
		clear(sums)
		y0, y1 := y*block, min((y+1)*block, h)
		for sy := y0; sy < y1; sy++ {
			readRow(src, sy, row)
			for x := range dw {
				var r, g, b uint32
				for p := row[3*x*block : 3*min((x+1)*block, w)]; len(p) >= 3; p = p[3:] {
					r, g, b = r+uint32(p[0]), g+uint32(p[1]), b+uint32(p[2])
				}
				s := sums[3*x : 3*x+3]
				s[0], s[1], s[2] = s[0]+r, s[1]+g, s[2]+b
			}
		}
		out := dst.Pix[y*dst.Stride:]
		for x := range dw {
			n := uint32((min((x+1)*block, w) - x*block) * (y1 - y0))
			out[4*x] = uint8((sums[3*x] + n/2) / n)
			out[4*x+1] = uint8((sums[3*x+1] + n/2) / n)
			out[4*x+2] = uint8((sums[3*x+2] + n/2) / n)
			out[4*x+3] = 0xFF
		}
	}
	return dst
}

// readRow writes row y of src as red, green and blue, flattened on white.
func readRow(src image.Image, y int, row []byte) {
	b := src.Bounds()
	y += b.Min.Y
	switch m := src.(type) {
	case *image.YCbCr:
		for x := range b.Dx() {
			yi, ci := m.YOffset(b.Min.X+x, y), m.COffset(b.Min.X+x, y)
			row[3*x], row[3*x+1], row[3*x+2] = color.YCbCrToRGB(m.Y[yi], m.Cb[ci], m.Cr[ci])
		}
	case *image.Gray:
		p := m.Pix[m.PixOffset(b.Min.X, y):]
		for x := range b.Dx() {
			row[3*x], row[3*x+1], row[3*x+2] = p[x], p[x], p[x]
		}
	case *image.RGBA:
		p := m.Pix[m.PixOffset(b.Min.X, y):]
		for x := range b.Dx() {
			white := 0xFF - p[4*x+3]
			for c := range 3 {
				row[3*x+c] = uint8(min(int(p[4*x+c])+int(white), 0xFF))
			}
		}
	case *image.NRGBA:
		p := m.Pix[m.PixOffset(b.Min.X, y):]
		for x := range b.Dx() {
			a := uint32(p[4*x+3])
			if a == 0xFF {
				copy(row[3*x:3*x+3], p[4*x:])
				continue
			}
			for c := range 3 {
				row[3*x+c] = uint8((uint32(p[4*x+c])*a + 0xFF*(0xFF-a) + 127) / 0xFF)
			}
		}
	default:
		for x := range b.Dx() {
			r, g, bl, a := src.At(b.Min.X+x, y).RGBA()
			white := 0xFFFF - a
			row[3*x] = uint8(min(r+white, 0xFFFF) >> 8)
			row[3*x+1] = uint8(min(g+white, 0xFFFF) >> 8)
			row[3*x+2] = uint8(min(bl+white, 0xFFFF) >> 8)
		}
	}
}

// upright turns and mirrors a picture as its EXIF orientation says (TIFF 6.0,
// tag 274): 2 mirrored, 3 turned round, 4 upside down, 5 to 8 with the sides
// exchanged.
func upright(src *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dw, dh := w, h
	if orientation >= 5 {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range dh {
		for x := range dw {
			sx, sy := x, y
			switch orientation {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, h-1-x
			case 7:
				sx, sy = w-1-y, h-1-x
			case 8:
				sx, sy = w-1-y, x
			}
			copy(dst.Pix[dst.PixOffset(x, y):][:4], src.Pix[src.PixOffset(sx, sy):][:4])
		}
	}
	return dst
}

func encodeJPEG(m image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// Below these values a page gets the hint; they were set on drawn specimens and
// are meant to be generous: a hint costs a person a second look.
const (
	sharpEnough    = 60.0
	contrastEnough = 8.0
	colourEnough   = 4.0
	smallSide      = 600
)

// measure computes the facts of an upright view.
func measure(view *image.RGBA) Facts {
	m := shrink(view, 1000)
	w, h := m.Rect.Dx(), m.Rect.Dy()
	grey := make([]float64, w*h)
	var sum, squares, colour float64
	for i := range grey {
		r, g, b := m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2]
		v := luminance(r, g, b)
		grey[i] = v
		sum += v
		squares += v * v
		colour += float64(max(r, g, b) - min(r, g, b))
	}
	n := float64(len(grey))
	mean := sum / n
	f := Facts{Contrast: math.Sqrt(max(0, squares/n-mean*mean)), Colour: colour / n}
	if w < 3 || h < 3 {
		return f
	}
	var lsum, lsquares float64
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*w + x
			v := grey[i-1] + grey[i+1] + grey[i-w] + grey[i+w] - 4*grey[i]
			lsum += v
			lsquares += v * v
		}
	}
	n = float64((w - 2) * (h - 2))
	f.Sharpness = max(0, lsquares/n-(lsum/n)*(lsum/n))
	return f
}

func luminance(r, g, b uint8) float64 {
	return 0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b)
}

// hints says what the facts of a page suggest.
func (p Page) hints() []Hint {
	var h []Hint
	if max(p.Width, p.Height) < smallSide {
		h = append(h, Small)
	}
	if p.Facts.Contrast < contrastEnough {
		return append(h, Blank) // nothing on it that could be sharp or coloured
	}
	if p.Facts.Sharpness < sharpEnough {
		h = append(h, Blurred)
	}
	if p.Facts.Colour < colourEnough {
		h = append(h, Grey)
	}
	return h
}
