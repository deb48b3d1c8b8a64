//go:build neighbours

// Package files uploads what other people's programs write to a running Alta.
package files

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alta/scripts/neighbours/neighbourtest"
	"alta/simulate/drive"
	"alta/simulate/specimen"
)

// want is what must become of a file: a refusal's code and a word of its text, or
// the sides of the picture that is shown.
type want struct {
	code, word    string
	width, height int
	restricted    bool
}

func TestFilesOfOtherProgramsAreTakenOrRefusedWithAReason(t *testing.T) {
	for _, p := range []string{"qpdf", "mutool", "exiftool", "convert-im6.q16", "heif-enc"} {
		neighbourtest.Program(t, p)
	}
	merchant, slot := merchant(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	do := func(program string, args ...string) {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
		}
	}
	read := func(name string) []byte {
		t.Helper()
		b, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	write := func(name string, parts ...[]byte) {
		t.Helper()
		if err := os.WriteFile(at(name), bytes.Join(parts, nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	convert := func(args ...string) { t.Helper(); do("convert-im6.q16", args...) }
	write("card.png", card())
	landscape, portrait := want{width: 1200, height: 760}, want{width: 760, height: 1200}
	page := want{width: 1200, height: 760}
	cases := map[string]want{}
	taken := func(name string, w want) { cases[name] = w }

	// PDFs: as mutool and qpdf write them, and what a scanner or a bank
	// adds.
	convert("card.png", "-units", "PixelsPerInch", "-density", "200", "dots.png")
	do("mutool", "convert", "-o", "scan.pdf", "dots.png")
	do("mutool", "clean", "-gz", "scan.pdf", "mutool.pdf")
	for name, args := range map[string][]string{
		"objects.pdf":      {"--object-streams=generate", "scan.pdf"},
		"linear.pdf":       {"--linearize", "scan.pdf"},
		"owner-40.pdf":     {"--allow-weak-crypto", "--encrypt", "", "owner", "40", "--print=n", "--", "scan.pdf"},
		"owner-128.pdf":    {"--allow-weak-crypto", "--encrypt", "", "owner", "128", "--use-aes=n", "--print=none", "--", "scan.pdf"},
		"owner-aes128.pdf": {"--allow-weak-crypto", "--encrypt", "", "owner", "128", "--use-aes=y", "--modify=none", "--", "scan.pdf"},
		"owner-256.pdf":    {"--encrypt", "", "owner", "256", "--print=none", "--extract=n", "--", "scan.pdf"},
		"user-40.pdf":      {"--allow-weak-crypto", "--encrypt", "user", "owner", "40", "--", "scan.pdf"},
		"user-128.pdf":     {"--allow-weak-crypto", "--encrypt", "user", "owner", "128", "--use-aes=y", "--", "scan.pdf"},
		"user-256.pdf":     {"--encrypt", "user", "owner", "256", "--", "scan.pdf"},
	} {
		do("qpdf", append(args, name)...)
		switch {
		case strings.HasPrefix(name, "user"):
			taken(name, want{code: "document-encrypted-pdf", word: "without a password"})
		case strings.HasPrefix(name, "owner"):
			taken(name, want{width: page.width, height: page.height, restricted: true})
		default:
			taken(name, page)
		}
	}
	taken("mutool.pdf", page)
	mail := []byte("From: scanner@office.example\r\nContent-Type: application/pdf\r\n\r\n")
	for _, name := range []string{"scan.pdf", "objects.pdf", "linear.pdf", "owner-256.pdf", "mutool.pdf"} {
		whole, w := read(name), cases[name]
		if name == "scan.pdf" {
			w = page
		}
		for what, parts := range map[string][][]byte{
			"lines before ":    {[]byte("\r\n\n"), whole},
			"mail before ":     {mail, whole},
			"zeros behind ":    {whole, make([]byte, 70_000)},
			"lines behind ":    {whole, bytes.Repeat([]byte("\n"), 3000)},
			"zeros and lines ": {[]byte("\n\n"), whole, make([]byte, 3000)},
		} {
			write(what+name, parts...)
			taken(what+name, w)
		}
	}
	write("cut.pdf", read("scan.pdf")[:len(read("scan.pdf"))/2])
	taken("cut.pdf", want{code: "document-truncated"})

	// JPEGs: how they are coded.
	jpeg := func(name string, w want, args ...string) {
		t.Helper()
		convert(append(append([]string{"card.png", "-quality", "85"}, args...), name)...)
		taken(name, w)
	}
	jpeg("plain.jpg", landscape)
	jpeg("progressive.jpg", landscape, "-interlace", "JPEG")
	jpeg("grey.jpg", landscape, "-colorspace", "Gray")
	jpeg("cmyk.jpg", landscape, "-colorspace", "CMYK")
	jpeg("rgb.jpg", landscape, "-colorspace", "RGB")
	for _, s := range []string{"1x1", "2x1", "2x2", "1x2", "4x1", "4x2"} {
		jpeg("sampling-"+s+".jpg", landscape, "-sampling-factor", s)
	}
	jpeg("restart.jpg", landscape, "-define", "jpeg:restart-interval=8")
	jpeg("optimised.jpg", landscape, "-define", "jpeg:optimize-coding=true", "-strip")

	// Orientations, in every encoding that exiftool writes.
	for o, w := range map[string]want{"1": landscape, "3": landscape, "6": portrait, "8": portrait} {
		for _, order := range []string{"II", "MM"} {
			name := "turned-" + o + order + ".jpg"
			write(name, read("plain.jpg"))
			do("exiftool", "-q", "-overwrite_original", "-exifbyteorder="+order, "-n", "-IFD0:Orientation="+o, "-GPSLatitude=40.4", "-GPSLatitudeRef=N", name)
			taken(name, w)
			raw := read(name)
			short, long := orientationEntry(order, 3), orientationEntry(order, 4)
			i := bytes.Index(raw, short)
			if i < 0 {
				t.Fatalf("exiftool wrote no orientation of the expected form into %s", name)
			}
			// The same entry as LONG: its type, and the value in all four bytes.
			n := raw[i+9]
			if order == "II" {
				n = raw[i+8]
			}
			value := []byte{0, 0, 0, n}
			if order == "II" {
				value = []byte{n, 0, 0, 0}
			}
			write("long-"+name, raw[:i], long, value, raw[i+12:])
			taken("long-"+name, w)
		}
	}
	write("thumbnail.jpg", read("plain.jpg"))
	convert("card.png", "-resize", "160x", "small.jpg")
	do("exiftool", "-q", "-overwrite_original", "-n", "-IFD0:Orientation=1", "-IFD1:Orientation=6", "-ThumbnailImage<=small.jpg", "thumbnail.jpg")
	taken("thumbnail.jpg", landscape)
	write("xmp.jpg", read("plain.jpg"))
	do("exiftool", "-q", "-overwrite_original", "-XMP:Title=card", "-IPTC:City=Madrid", "-Comment=card", "xmp.jpg")
	taken("xmp.jpg", landscape)
	convert("card.png", "turned.png")
	do("exiftool", "-q", "-overwrite_original", "-n", "-IFD0:Orientation=6", "turned.png")
	taken("turned.png", portrait)

	// What telephones write after the end of a picture.
	plain := read("plain.jpg")
	write("mpo.jpg", plain, read("small.jpg"))
	write("samsung.jpg", plain, []byte("\x00\x00\x01\x0a\x0e\x00\x00\x00Image_UTC_Data1700000000000SEFHk\x00\x00\x00\x01\x00\x00\x00SEFT"))
	write("motion.jpg", plain, []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42"), make([]byte, 50_000))
	write("padded.jpg", plain, make([]byte, 70_000))
	write("padded.png", read("card.png"), make([]byte, 70_000))
	for _, name := range []string{"mpo.jpg", "samsung.jpg", "motion.jpg", "padded.jpg", "padded.png"} {
		taken(name, landscape)
	}
	write("cut.jpg", plain[:len(plain)/2])
	taken("cut.jpg", want{code: "document-truncated"})

	// PNGs: every kind of colour.
	for name, args := range map[string][]string{
		"16-bit.png": {"-depth", "16", "-define", "png:bit-depth=16"}, "grey.png": {"-colorspace", "Gray"},
		"grey-16.png": {"-colorspace", "Gray", "-depth", "16", "-define", "png:bit-depth=16"},
		"palette.png": {"-colors", "64", "-type", "Palette"}, "bits.png": {"-monochrome"}, "4-bit.png": {"-colors", "12", "-type", "Palette"},
		"alpha.png": {"-alpha", "set", "-channel", "A", "-evaluate", "set", "80%"}, "interlaced.png": {"-interlace", "PNG"},
		"grey-alpha.png": {"-colorspace", "Gray", "-alpha", "set", "-channel", "A", "-evaluate", "set", "80%"},
	} {
		convert(append(append([]string{"card.png"}, args...), name)...)
		taken(name, landscape)
	}

	// What is not taken says what to do.
	do("heif-enc", "-A", "-o", "photo.avif", "plain.jpg")
	taken("photo.avif", want{code: "document-type-not-allowed", word: "JPEG"})
	avif := read("photo.avif")
	write("photo.heic", []byte("\x00\x00\x00\x1cftypheic\x00\x00\x00\x00mif1heicmiaf"), avif[28:])
	taken("photo.heic", want{code: "document-type-not-allowed", word: "Most Compatible"})
	for name, word := range map[string]string{"card.gif": "GIF", "card.bmp": "BMP", "card.tiff": "TIFF", "card.webp": "WebP"} {
		convert("card.png", name)
		taken(name, want{code: "document-type-not-allowed", word: word})
	}

	for name, w := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := merchant.Do(t.Context(), drive.Request{Method: http.MethodDelete, Path: slot, Key: drive.Key("empty", name)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Width, Height int
				Restricted    bool
			}
			answer, err := merchant.Do(t.Context(), drive.Request{
				Method: http.MethodPut, Path: slot, Body: read(name), Media: "application/octet-stream", Key: drive.Key("put", name),
			}, &got)
			refusal := &drive.Problem{}
			if errors.As(err, &refusal) {
				if refusal.Code != w.code || !strings.Contains(refusal.Detail, w.word) {
					t.Errorf("refused: %s, %q", refusal.Code, refusal.Detail)
				}
				return
			}
			if err != nil || w.code != "" {
				t.Fatalf("%d, %v; want %q", answer.Status, err, w.code)
			}
			if abs(got.Width-w.width) > 2 || abs(got.Height-w.height) > 2 || got.Restricted != w.restricted {
				t.Errorf("taken as %+v, want %+v", got, w)
			}
		})
	}
}

// orientationEntry is the beginning of a TIFF entry for one orientation.
func orientationEntry(order string, kind byte) []byte {
	if order == "II" {
		return []byte{0x12, 0x01, kind, 0, 1, 0, 0, 0}
	}
	return []byte{0x01, 0x12, 0, kind, 0, 0, 0, 1}
}

func abs(n int) int { return max(n, -n) }

// card is a picture with something on it.
func card() []byte {
	m := image.NewRGBA(image.Rect(0, 0, 1200, 760))
	draw.Draw(m, m.Rect, image.NewUniform(color.RGBA{170, 200, 180, 255}), image.Point{}, draw.Src)
	for i := range 24 {
		c := color.RGBA{uint8(40 * i), uint8(90 + 7*i), uint8(200 - 8*i), 255}
		draw.Draw(m, image.Rect(40+45*i, 60+25*i, 120+45*i, 90+25*i), image.NewUniform(c), image.Point{}, draw.Src)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// merchant is one with a draft on a server of its own, and the path of a slot.
func merchant(t *testing.T) (*drive.Person, string) {
	t.Helper()
	alta := neighbourtest.Serve(t, "", nil, "--demo", "--dev", "--quota-versions", "1000", "--quota-megabytes", "4000", "--quota-documents-per-hour", "1000", "--quota-events-per-hour", "5000")
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	client, err := drive.NewClient(alta.URL)
	if err != nil {
		t.Fatal(err)
	}
	people := drive.DemoLogIns()
	people.Password = neighbourtest.DemoPassword
	crew, err := drive.Assemble(ctx, client, people)
	if err != nil {
		t.Fatal(err)
	}
	press, err := specimen.NewPress()
	if err != nil {
		t.Fatal(err)
	}
	d := &drive.Driver{Client: client, Crew: crew, Press: press}
	if err := d.Open(ctx); err != nil {
		t.Fatal(err)
	}
	plans, err := drive.Plans(drive.Wish{Seed: 3, Count: 1, Kind: "individual", To: drive.Draft, Via: drive.Self, Small: true, Day: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	life, err := d.Run(ctx, plans[0])
	if err != nil {
		t.Fatal(err)
	}
	return life.Self, "/v1/applications/" + life.ID + "/documents/bank_card.front"
}
