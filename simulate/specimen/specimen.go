// Package specimen draws the documents that merchants upload: ID cards, bank
// cards, licences, certificates, letters of authorisation and screenshots, with
// whatever a test or a demonstration wants to be wrong with them.
//
// Nothing here is, or can pass for, a real document. Every sheet carries the
// words SPECIMEN and 样本 from corner to corner, under any blur or crop; the
// state emblem, seals and security printing are replaced by plain geometric
// placeholders; and the layouts only put the same facts in about the same
// places as the real thing, which is what a reviewer, a text recogniser or a
// machine check needs to practise on.
//
// The same Document always gives the same bytes. No system font, file or
// network is needed: the fonts are embedded subsets of Noto Sans SC.
//
// A paper says what is printed (IDFront, BankCardBack, …), a Look says how the
// picture of it was taken (blurred, cropped, grey …) and in which format. The
// words on a paper are chosen by the caller; package simulate writes them to
// match, or on purpose not to match, a merchant's form.
package specimen

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"sync"
)

// Encoding is the file format of a drawn document.
type Encoding string

// The formats that the platform accepts.
const (
	JPEG Encoding = "jpeg"
	PNG  Encoding = "png"
	PDF  Encoding = "pdf" // one page that holds the JPEG
)

// MediaType is the format's name in HTTP.
func (e Encoding) MediaType() string {
	switch e {
	case PNG:
		return "image/png"
	case PDF:
		return "application/pdf"
	}
	return "image/jpeg"
}

// Extension is the usual end of a file's name, with the dot.
func (e Encoding) Extension() string {
	switch e {
	case PNG:
		return ".png"
	case PDF:
		return ".pdf"
	}
	return ".jpg"
}

// Look is how the picture of a paper was taken. The zero Look is a sharp,
// straight, complete colour picture as JPEG.
type Look struct {
	Encoding Encoding // "" is JPEG

	Rotate        float64 // degrees clockwise, at most 360 either way
	Blur          int     // radius in logical units; 6 can hardly be read
	Crop          float64 // share of width and height cut off at the right and the bottom, 0–0.8
	Grey          bool    // no colours
	LowResolution bool    // 360 pixels wide: below the advised 500 × 800

	// Small draws at half size, for load generation: four times as fast, and
	// still readable.
	Small bool
}

// Paper is what is printed on one side of a document. The papers are the
// exported structs of this package.
type Paper interface {
	// size is the whole picture in logical units, which are pixels at full size.
	size() (w, h float64)
	// background paints what does not depend on the paper's words. It is drawn
	// once and kept, under the key that variant answers.
	background(c *canvas)
	variant() string
	// draw prints the words.
	draw(c *canvas)
}

// Document is a paper and the picture taken of it. Documents are comparable:
// equal ones have equal bytes.
type Document struct {
	Paper Paper
	Look  Look
}

// File is a drawn document, ready to be uploaded.
type File struct {
	Bytes     []byte
	MediaType string
	Extension string // with the dot
	Width     int    // pixels of the picture
	Height    int
}

// LookError says which part of a Document cannot be drawn.
type LookError struct{ Field, Detail string }

func (e *LookError) Error() string { return "specimen: " + e.Field + ": " + e.Detail }

// Press draws documents. It is safe for concurrent use.
type Press struct {
	fonts fonts

	mu          sync.Mutex
	backgrounds map[string]*image.RGBA // never written to once stored
	marks       map[string]*image.RGBA // the diagonal words, likewise
}

// NewPress makes a Press. It fails only when the embedded fonts are damaged.
func NewPress() (*Press, error) {
	f, err := parseFonts()
	if err != nil {
		return nil, err
	}
	return &Press{fonts: f, backgrounds: map[string]*image.RGBA{}, marks: map[string]*image.RGBA{}}, nil
}

// Draw makes the file of d. The errors are *LookError and *GlyphError.
func (p *Press) Draw(d Document) (File, error) {
	img, err := p.Picture(d)
	if err != nil {
		return File{}, err
	}
	b, err := encode(img, d.Look.Encoding)
	if err != nil {
		return File{}, err
	}
	return File{
		Bytes:     b,
		MediaType: d.Look.Encoding.MediaType(),
		Extension: d.Look.Encoding.Extension(),
		Width:     img.Bounds().Dx(),
		Height:    img.Bounds().Dy(),
	}, nil
}

// Picture draws d without encoding it.
func (p *Press) Picture(d Document) (*image.RGBA, error) {
	if d.Paper == nil {
		return nil, &LookError{"Paper", "there is none"}
	}
	if l := d.Look; l.Crop < 0 || l.Crop > 0.8 {
		return nil, &LookError{"Look.Crop", fmt.Sprintf("%v is outside 0–0.8", l.Crop)}
	} else if l.Blur < 0 || l.Blur > 40 {
		return nil, &LookError{"Look.Blur", fmt.Sprintf("%d is outside 0–40", l.Blur)}
	} else if math.IsNaN(l.Rotate) || math.Abs(l.Rotate) > 360 {
		return nil, &LookError{"Look.Rotate", fmt.Sprintf("%v is outside ±360", l.Rotate)}
	}
	scale := 1.0
	if d.Look.Small {
		scale = 0.5
	}
	base := p.base(d.Paper, scale)
	c := p.canvas(image.NewRGBA(base.Bounds()), scale)
	copy(c.img.Pix, base.Pix)
	d.Paper.draw(c)
	over(c.img, p.mark(d.Paper, scale))
	if len(c.missing) > 0 {
		return nil, &GlyphError{c.missing}
	}
	return d.Look.apply(c.img, scale), nil
}

func (p *Press) canvas(img *image.RGBA, scale float64) *canvas {
	return &canvas{img: img, scale: scale, fonts: &p.fonts}
}

// base answers the paper's background, drawn at most once per variant and
// scale. The variants are few: kinds of paper and bank colours.
func (p *Press) base(paper Paper, scale float64) *image.RGBA {
	key := fmt.Sprintf("%T/%s/%v", paper, paper.variant(), scale)
	p.mu.Lock()
	defer p.mu.Unlock()
	if img, ok := p.backgrounds[key]; ok {
		return img
	}
	w, h := paper.size()
	c := p.canvas(image.NewRGBA(image.Rect(0, 0, int(w*scale), int(h*scale))), scale)
	paper.background(c)
	p.backgrounds[key] = c.img
	return c.img
}

// mark answers the words SPECIMEN 样本 across a whole sheet of the paper's size.
// They are printed over everything else before the picture is taken, so that no
// crop or blur that leaves anything readable takes them away.
func (p *Press) mark(paper Paper, scale float64) *image.RGBA {
	w, h := paper.size()
	key := fmt.Sprintf("%v/%v/%v", w, h, scale)
	p.mu.Lock()
	defer p.mu.Unlock()
	if img, ok := p.marks[key]; ok {
		return img
	}
	c := p.canvas(image.NewRGBA(image.Rect(0, 0, int(w*scale), int(h*scale))), scale)
	red, edge := color.NRGBA{0xC2, 0x1F, 0x2E, 0x36}, color.NRGBA{0xFF, 0xFF, 0xFF, 0x50}
	const angle, size = 24, 74
	st := style{size: size, weight: bold, tracking: 8, angle: angle}
	words := strings.Repeat("SPECIMEN 样本 · ", 2+int(w/900))
	for row, y := 0, 0.16*h; y < h+0.5*w; row, y = row+1, y+size*3.7 {
		x := -0.12*w - float64(row%2)*180
		st.col = edge
		c.text(x+1.5, y+1.5, st, words)
		st.col = red
		c.text(x, y, st, words)
	}
	p.marks[key] = c.img
	return c.img
}

// over lays a mostly empty sheet of the same size on dst.
func over(dst, sheet *image.RGBA) {
	for i := 0; i < len(sheet.Pix); i += 4 {
		a := uint32(sheet.Pix[i+3])
		if a == 0 {
			continue
		}
		for ch := range 3 {
			dst.Pix[i+ch] = sheet.Pix[i+ch] + uint8((uint32(dst.Pix[i+ch])*(255-a)+127)/255)
		}
	}
}
