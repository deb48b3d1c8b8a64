package documents

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"strings"
	"time"
	"unicode"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Mark is what is burnt into a picture before it is shown.
type Mark struct {
	Lines []string  // who looks: a name, an account's id; at most 5 lines of 80 characters
	At    time.Time // when; written in UTC to the second
	// Face draws the lines; nil for a built-in one that knows ASCII only. It
	// writes other characters as their code point, such as U+738B, so that the
	// mark always says exactly who looked.
	Face font.Face
}

// Watermark burns the mark into a view or thumbnail that Accept made, and
// answers it as JPEG. The mark covers the whole picture in rows, light with a
// dark edge, so that it is legible on any ground and cannot be cropped away,
// while the document stays readable beneath.
func Watermark(view []byte, mark Mark) ([]byte, error) {
	if err := checkPicture(view, viewSide); err != nil {
		return nil, fmt.Errorf("watermark: %w", err)
	}
	src, err := jpeg.Decode(bytes.NewReader(view))
	if err != nil {
		return nil, errors.New("watermark: the picture cannot be decoded")
	}
	m := average(src, 1)
	burn(m, mark)
	return encodeJPEG(m, viewQuality)
}

func burn(m *image.RGBA, mark Mark) {
	face := mark.Face
	clean := asciiOnly
	if face == nil {
		face = basicfont.Face7x13
	} else {
		clean = printable
	}
	var lines []string
	for _, l := range mark.Lines[:min(len(mark.Lines), 5)] {
		if l = clean(l); l != "" {
			lines = append(lines, l)
		}
	}
	lines = append(lines, mark.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	stamp := drawStamp(face, lines)

	// The stamp takes about a third of the picture's width, whatever the face's
	// size, so that three of them lie side by side.
	w, h := m.Rect.Dx(), m.Rect.Dy()
	sw := max(w/3, min(w, 60))
	sh := max(1, stamp.Rect.Dy()*sw/stamp.Rect.Dx())
	scaled := image.NewAlpha(image.Rect(0, 0, sw, sh))
	xdraw.BiLinear.Scale(scaled, scaled.Rect, stamp, stamp.Rect, xdraw.Src, nil)
	edge := max(1, sw/300)
	dark := image.NewUniform(color.NRGBA{0, 0, 0, 110})
	light := image.NewUniform(color.NRGBA{255, 255, 255, 150})
	row := 0
	for y := sh / 2; y < h; y += 2*sh + sh/2 {
		for x := -(row % 2) * sw / 2; x < w; x += sw + sw/4 {
			at := image.Rect(x, y, x+sw, y+sh)
			draw.DrawMask(m, at.Add(image.Pt(edge, edge)), dark, image.Point{}, scaled, image.Point{}, draw.Over)
			draw.DrawMask(m, at.Sub(image.Pt(edge, edge)), dark, image.Point{}, scaled, image.Point{}, draw.Over)
			draw.DrawMask(m, at, light, image.Point{}, scaled, image.Point{}, draw.Over)
		}
		row++
	}
}

// drawStamp draws the lines below one another.
func drawStamp(face font.Face, lines []string) *image.Alpha {
	metrics := face.Metrics()
	height := max(metrics.Height.Ceil(), 1)
	width := 1
	for _, l := range lines {
		width = max(width, font.MeasureString(face, l).Ceil())
	}
	stamp := image.NewAlpha(image.Rect(0, 0, width+2, height*len(lines)+2))
	d := font.Drawer{Dst: stamp, Src: image.Opaque, Face: face}
	for i, l := range lines {
		d.Dot = fixed.P(1, 1+i*height+metrics.Ascent.Ceil())
		d.DrawString(l)
	}
	return stamp
}

const maxMarkLine = 80

func printable(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if unicode.IsPrint(r) && n < maxMarkLine {
			b.WriteRune(r)
			n++
		}
	}
	return strings.TrimSpace(b.String())
}

func asciiOnly(s string) string {
	var b strings.Builder
	for _, r := range printable(s) {
		if r < 0x7F {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "U+%04X ", r)
		}
		if b.Len() > maxMarkLine {
			break
		}
	}
	return strings.TrimSpace(b.String())
}
