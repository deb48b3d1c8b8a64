package documents

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"slices"
	"testing"
)

func TestAPhotoBecomesAViewAndAThumbnail(t *testing.T) {
	file := asJPEG(specimen(2560, 1600, 1), 90)
	a := accept(t, intake(t), file)
	if a.Type != JPEG || a.Size != int64(len(file)) || len(a.Pages) != 1 || len(a.Pictures) != 1 {
		t.Fatalf("got %+v", a.Document)
	}
	if p := a.Pages[0]; p.Width != 2560 || p.Height != 1600 {
		t.Errorf("size %d × %d", p.Width, p.Height)
	}
	if w, h := sizeOf(t, a.Pictures[0].View); w != 2400 || h != 1500 {
		t.Errorf("view %d × %d", w, h)
	}
	if w, h := sizeOf(t, a.Pictures[0].Thumb); w != 320 || h != 200 {
		t.Errorf("thumbnail %d × %d", w, h)
	}
	if len(a.Hints) != 0 {
		t.Errorf("a clear colour photo has no hints, got %v: %+v", a.Hints, a.Pages[0].Facts)
	}
	if !bytes.Equal(a.Original, file) {
		t.Error("the original changed")
	}
}

func sizeOf(t *testing.T, b []byte) (w, h int) {
	t.Helper()
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Width, cfg.Height
}

func TestAPDFBecomesPictures(t *testing.T) {
	view := asJPEG(specimen(800, 600, 2), 90)
	file := writePDF([]pdfImage{{view, 800, 600}, {view, 800, 600}})
	a := accept(t, intake(t), file)
	if a.Type != PDF || len(a.Pages) != 2 || !slices.Contains(a.Hints, ManyPages) {
		t.Fatalf("got %+v", a.Document)
	}
	if w, h := sizeOf(t, a.Pictures[1].View); w < 790 || w > 810 || h < 590 || h > 610 {
		t.Errorf("page drawn at %d × %d", w, h)
	}
	direct := phash(average(specimen(800, 600, 2), 1))
	if !a.PHash().NearlyEqual(direct) {
		t.Errorf("the page does not look like its picture: distance %d", a.PHash().Distance(direct))
	}
}

func TestWhatIsRedactedIsNowhereInTheNewDocument(t *testing.T) {
	m := specimen(600, 400, 3)
	for name, file := range map[string][]byte{
		"jpeg": asJPEG(m, 90), "png": asPNG(m),
		"pdf": writePDF([]pdfImage{{asJPEG(m, 90), 600, 400}}),
	} {
		t.Run(name, func(t *testing.T) {
			in := intake(t)
			a := accept(t, in, file)
			w, h := sizeOf(t, a.Pictures[0].View)
			rect := image.Rect(w/4, h/4, w/2, h/2)
			r, err := in.Redact(context.Background(), "acc", a.Original, []Region{{0, rect}})
			if err != nil {
				t.Fatal(err)
			}
			if r.SHA256 == a.SHA256 {
				t.Error("the original is the same")
			}
			again := accept(t, in, r.Original)
			for what, b := range map[string][]byte{"view": r.Pictures[0].View, "view of the new original": again.Pictures[0].View} {
				got, err := jpeg.Decode(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				for y := rect.Min.Y; y < rect.Max.Y; y += 7 {
					for x := rect.Min.X; x < rect.Max.X; x += 7 {
						if c, _, _, _ := got.At(x, y).RGBA(); c > 40<<8 {
							t.Fatalf("%s: pixel %d,%d is not black", what, x, y)
						}
					}
				}
			}
			if _, err := in.Redact(context.Background(), "acc", a.Original, []Region{{0, image.Rect(0, 0, w+1, 5)}}); codeOf(err) != BadRect {
				t.Errorf("a rectangle outside: %v", err)
			}
		})
	}
}
