package documents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// The test binary is its own worker, as the program is in production.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "document-worker" {
		if err := RunWorker(os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// Compiling the PDF renderer takes six seconds, so what was compiled is kept
	// from one run of the tests to the next, as the go command keeps packages.
	if dir, err := os.UserCacheDir(); err == nil {
		cacheDir = filepath.Join(dir, "alta-pdf-renderer")
	}
	code := m.Run()
	if shared != nil {
		shared.Close()
	}
	os.Exit(code)
}

var (
	cacheDir string
	shared   *Intake
)

func testConfig() Config {
	cfg := Config{Worker: []string{os.Args[0], "document-worker"}, Workers: 1, CacheDir: cacheDir}
	if raceDetector { // which needs several times the memory and the time
		cfg.Limits = Limits{Memory: 8 << 30, Page: 5 * time.Minute, Time: 5 * time.Minute}
	}
	return cfg
}

// intake is one intake for all tests that need no limits of their own, because
// a worker takes seconds to start its PDF renderer.
func intake(t testing.TB) *Intake {
	t.Helper()
	if shared == nil {
		shared = newIntake(t, testConfig())
	}
	return shared
}

func newIntake(t testing.TB, cfg Config) *Intake {
	t.Helper()
	in, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func accept(t *testing.T, in *Intake, file []byte) *Accepted {
	t.Helper()
	a, err := in.Accept(context.Background(), "acc", bytes.NewReader(file))
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	return a
}

func codeOf(err error) Code {
	if r := (*Rejection)(nil); errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// specimen draws something like a card: coloured ground, blocks and print.
func specimen(w, h int, seed uint64) *image.RGBA {
	rng := rand.New(rand.NewPCG(seed, 1))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	base := [3]int{120 + rng.IntN(100), 120 + rng.IntN(100), 120 + rng.IntN(100)}
	for y := range h {
		for x := range w {
			copy(m.Pix[m.PixOffset(x, y):], []byte{uint8(base[0] + 30*x/w), uint8(base[1] - 30*y/h), uint8(base[2]), 255})
		}
	}
	for range 12 {
		x, y := rng.IntN(w*3/4), rng.IntN(h*3/4)
		c := color.RGBA{uint8(rng.IntN(256)), uint8(rng.IntN(256)), uint8(rng.IntN(256)), 255}
		r := image.Rect(x, y, x+w/16+rng.IntN(w/4+1), y+h/16+rng.IntN(h/4+1))
		draw.Draw(m, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	d := font.Drawer{Dst: m, Src: image.Black, Face: basicfont.Face7x13}
	for y := 20; y < h; y += 20 {
		d.Dot = fixed.P(10, y)
		d.DrawString(fmt.Sprintf("SPECIMEN %d %s", rng.Int64(), "the quick brown fox jumps over the lazy dog"))
	}
	return m
}

func asJPEG(m image.Image, q int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: q}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asPNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}
