package documents

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/draw"
)

func TestEveryOrientationIsShownUpright(t *testing.T) {
	// The upright picture: red top left, green top right, blue bottom left.
	const w, h = 96, 64
	want := image.NewRGBA(image.Rect(0, 0, w, h))
	corner := func(m *image.RGBA, x, y int) color.RGBA { return m.RGBAAt(x, y) }
	for y := range h {
		for x := range w {
			c := color.RGBA{200, 200, 200, 255}
			switch {
			case x < w/2 && y < h/2:
				c = color.RGBA{255, 0, 0, 255}
			case y < h/2:
				c = color.RGBA{0, 255, 0, 255}
			case x < w/2:
				c = color.RGBA{0, 0, 255, 255}
			}
			want.SetRGBA(x, y, c)
		}
	}
	// The inverse of each orientation; only 6 and 8 are not their own.
	inverse := map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
	for o, inv := range inverse {
		stored := upright(want, inv)
		file := insertSegment(asJPEG(stored, 95), 0xE1, exif(uint16(o), false))
		a := accept(t, intake(t), file)
		if a.Pages[0].Width != w || a.Pages[0].Height != h {
			t.Errorf("orientation %d: %d × %d", o, a.Pages[0].Width, a.Pages[0].Height)
			continue
		}
		got, err := jpeg.Decode(bytes.NewReader(a.Pictures[0].View))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []image.Point{{10, 10}, {w - 10, 10}, {10, h - 10}, {w - 10, h - 10}} {
			g, e := color.RGBAModel.Convert(got.At(p.X, p.Y)).(color.RGBA), corner(want, p.X, p.Y)
			if diff(g.R, e.R)+diff(g.G, e.G)+diff(g.B, e.B) > 60 {
				t.Errorf("orientation %d: at %v %v, want %v", o, p, g, e)
			}
		}
	}
}

func diff(a, b uint8) int { return int(max(a, b) - min(a, b)) }

func TestAPictureSeenBeforeIsRecognised(t *testing.T) {
	var others []PHash
	for seed := range uint64(12) {
		m := specimen(1000, 630, seed)
		h := phash(m)
		small := shrink(m, 400)
		darker := image.NewRGBA(m.Rect)
		for i, v := range m.Pix {
			darker.Pix[i] = uint8(int(v) * 8 / 10)
		}
		again, err := jpeg.Decode(bytes.NewReader(asJPEG(m, 40)))
		if err != nil {
			t.Fatal(err)
		}
		for name, copy := range map[string]*image.RGBA{"smaller": small, "darker": darker, "recompressed": average(again, 1)} {
			if d := h.Distance(phash(copy)); d > nearBits {
				t.Errorf("seed %d, %s: distance %d", seed, name, d)
			}
		}
		for _, o := range others {
			if h.NearlyEqual(o) {
				t.Errorf("seed %d looks like another picture: distance %d", seed, h.Distance(o))
			}
		}
		others = append(others, h)
	}
}

func TestAHashKeepsItsBitsInJSON(t *testing.T) {
	p := Page{PHash: 0xFEDCBA9876543210}
	b, err := json.Marshal(p)
	if err != nil || !strings.Contains(string(b), `"fedcba9876543210"`) {
		t.Fatalf("%s, %v", b, err)
	}
	var q Page
	if err := json.Unmarshal(b, &q); err != nil || q != p {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestHintsSayWhatAMachineNoticed(t *testing.T) {
	sharp := specimen(1200, 800, 4)
	blurred := image.NewRGBA(sharp.Rect)
	draw.BiLinear.Scale(blurred, blurred.Rect, shrink(sharp, 80), image.Rect(0, 0, 80, 53), draw.Src, nil)
	blank := image.NewRGBA(sharp.Rect)
	draw.Draw(blank, blank.Rect, image.NewUniform(color.RGBA{240, 235, 200, 255}), image.Point{}, draw.Src)
	grey := image.NewGray(sharp.Rect)
	draw.Draw(grey, grey.Rect, sharp, image.Point{}, draw.Src)
	for name, c := range map[string]struct {
		m    image.Image
		want []Hint
	}{
		"a clear colour photo": {sharp, nil},
		"out of focus":         {blurred, []Hint{Blurred}},
		"an empty sheet":       {blank, []Hint{Blank}},
		"a grey copy":          {grey, []Hint{Grey}},
		"too small to read":    {shrink(sharp, 300), []Hint{Small}},
	} {
		t.Run(name, func(t *testing.T) {
			a := accept(t, intake(t), asJPEG(c.m, 90))
			if !slices.Equal(a.Hints, c.want) {
				t.Errorf("got %v, want %v: %+v", a.Hints, c.want, a.Pages[0].Facts)
			}
		})
	}
}

func TestTheWatermarkIsBurntIn(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	for name, m := range map[string]image.Image{"white": image.White, "black": image.Black, "card": specimen(1200, 800, 5)} {
		t.Run(name, func(t *testing.T) {
			canvas := image.NewRGBA(image.Rect(0, 0, 1200, 800))
			draw.Draw(canvas, canvas.Rect, m, image.Point{}, draw.Src)
			view := asJPEG(canvas, 90)
			a, err := Watermark(view, Mark{Lines: []string{"王芳 reviewer-17"}, At: at})
			if err != nil {
				t.Fatal(err)
			}
			b, err := Watermark(view, Mark{Lines: []string{"reviewer-18"}, At: at})
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(a, b) {
				t.Error("two viewers get the same picture")
			}
			// Each ninth of the picture carries some of it, so cropping keeps it.
			got, err := jpeg.Decode(bytes.NewReader(a))
			if err != nil {
				t.Fatal(err)
			}
			marked := average(got, 1)
			for i := range 9 {
				r := image.Rect(0, 0, 400, 266).Add(image.Pt(i%3*400, i/3*266))
				changed := 0
				for y := r.Min.Y; y < r.Max.Y; y++ {
					for x := r.Min.X; x < r.Max.X; x++ {
						if diff(marked.RGBAAt(x, y).G, canvas.RGBAAt(x, y).G) > 25 {
							changed++
						}
					}
				}
				if changed < 100 {
					t.Errorf("part %d: %d pixels changed", i, changed)
				}
			}
		})
	}
	if got := asciiOnly("王 ok\x07"); got != "U+738B  ok" {
		t.Errorf("characters that the face lacks: %q", got)
	}
	if _, err := Watermark([]byte("no picture"), Mark{}); err == nil {
		t.Error("watermarked no picture")
	}
}
