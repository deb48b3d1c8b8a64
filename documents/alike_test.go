package documents

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"golang.org/x/image/draw"
)

// thumbnailOf is what Accept would make of a picture as the thumbnail.
func thumbnailOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	b, err := encodeJPEG(shrink(shrink(m, viewSide), thumbSide), thumbQuality)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAPictureSavedAnewIsAlikeAndAnotherOneIsNot(t *testing.T) {
	for seed := range uint64(6) {
		m := specimen(1000, 630, seed)
		first := thumbnailOf(t, m)
		again := map[string]image.Image{}
		poor, err := jpeg.Decode(bytes.NewReader(asJPEG(m, 40)))
		if err != nil {
			t.Fatal(err)
		}
		again["poorer"] = poor
		half := image.NewRGBA(image.Rect(0, 0, 500, 315))
		draw.BiLinear.Scale(half, half.Rect, m, m.Rect, draw.Src, nil)
		again["half as large"] = half
		darker := image.NewRGBA(m.Rect)
		for i, v := range m.Pix {
			darker.Pix[i] = uint8(int(v) * 8 / 10)
		}
		again["darker"] = darker
		for name, picture := range again {
			if same, err := Alike(first, thumbnailOf(t, picture)); err != nil || !same {
				t.Errorf("seed %d, %s: %v, %v", seed, name, same, err)
			}
		}
		// The same paper with another name in one line.
		other := image.NewRGBA(m.Rect)
		copy(other.Pix, m.Pix)
		draw.Draw(other, image.Rect(100, 300, 400, 360), image.NewUniform(color.RGBA{250, 250, 250, 255}), image.Point{}, draw.Src)
		if same, err := Alike(first, thumbnailOf(t, other)); err != nil || same {
			t.Errorf("seed %d, another name: %v, %v", seed, same, err)
		}
		if same, err := Alike(first, thumbnailOf(t, specimen(1000, 630, seed+100))); err != nil || same {
			t.Errorf("seed %d, another paper: %v, %v", seed, same, err)
		}
	}
	if _, err := Alike([]byte("no picture"), thumbnailOf(t, specimen(100, 60, 1))); err == nil {
		t.Error("compared no picture")
	}
}
