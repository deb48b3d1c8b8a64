package documents

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"math/rand/v2"
	"strings"
)

// hostile is one file of the corpus and what must become of it: one of the
// codes, or neutralised: taken, with nothing but pixels in what is shown.
type hostile struct {
	name  string
	file  []byte
	codes []Code // empty: it must be neutralised
	hint  Hint   // of a neutralised one
}

func pngChunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(b, kind...)
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func ihdr(w, h uint32, depth, kind byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, w)
	b = binary.BigEndian.AppendUint32(b, h)
	return pngChunk("IHDR", append(b, depth, kind, 0, 0, 0))
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestSpeed)
	if err != nil {
		panic(err)
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func rawPNG(chunks ...[]byte) []byte {
	return append([]byte(pngSignature), bytes.Join(chunks, nil)...)
}

// insertChunk puts a chunk right after IHDR.
func insertChunk(png, chunk []byte) []byte {
	at := len(pngSignature) + 25
	return join(png[:at], chunk, png[at:])
}

// insertSegment puts a segment right after SOI.
func insertSegment(jpg []byte, marker byte, body []byte) []byte {
	seg := []byte{0xFF, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}
	return join(jpg[:2], seg, body, jpg[2:])
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// exif makes an APP1 body with an orientation and, if asked, a GPS directory.
func exif(orientation uint16, gps bool) []byte {
	e := binary.BigEndian
	b := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08")
	n := uint16(1)
	if gps {
		n = 2
	}
	b = e.AppendUint16(b, n)
	b = e.AppendUint16(b, 0x0112)
	b = e.AppendUint16(b, 3)
	b = e.AppendUint32(b, 1)
	b = e.AppendUint16(b, orientation)
	b = e.AppendUint16(b, 0)
	if gps {
		b = e.AppendUint16(b, 0x8825)
		b = e.AppendUint16(b, 4)
		b = e.AppendUint32(b, 1)
		b = e.AppendUint32(b, 38)
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, "GPS 40.4168N 3.7038W"...)
}

// pdf builds a PDF of the given objects; the first is the catalogue.
func pdf(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	x := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, trailer, x)
	return b.Bytes()
}

func onePage(catalog, page, content string) []byte {
	return pdf("", "<< /Type /Catalog /Pages 2 0 R "+catalog+" >>",
		"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R "+page+" /Contents 4 0 R >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
}

const mediaBox = "/MediaBox [0 0 300 200]"

// corpus is every hostile file. All are made here, from a fixed seed.
func corpus() []hostile {
	small := specimen(640, 400, 7)
	jpg, png := asJPEG(small, 80), asPNG(small)
	page := onePage("", mediaBox, "0 0 1 rg 10 10 100 100 re f")
	var all []hostile
	add := func(name string, file []byte, codes ...Code) { all = append(all, hostile{name, file, codes, ""}) }
	tame := func(name string, file []byte, hint Hint) {
		all = append(all, hostile{name: name, file: file, hint: hint})
	}

	// Files of other types, under whatever name.
	add("nothing", nil, Empty)
	for name, b := range map[string]string{
		"one byte": "x", "text": "hello", "spaces": "     ", "zeros": strings.Repeat("\x00", 4096),
		"svg":  `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
		"svg2": `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]><svg onload="x()"/>`,
		"html": "<!DOCTYPE html><html><script>alert(1)</script></html>", "script": "<script>1</script>",
		"html after space": "  \n<html></html>", "shell": "#!/bin/sh\nrm -rf /\n", "elf": "\x7fELF\x02\x01\x01",
		"exe": "MZ\x90\x00\x03", "zip": "PK\x03\x04\x14\x00", "rar": "Rar!\x1a\x07", "gzip": "\x1f\x8b\x08",
		"7z": "7z\xbc\xaf\x27\x1c", "bmp": "BM\x36\x00\x0c\x00", "tiff le": "II*\x00\x08\x00\x00\x00", "tiff be": "MM\x00*\x00\x00\x00\x08",
		"webp": "RIFF\x24\x00\x00\x00WEBPVP8 ", "heic": "\x00\x00\x00\x18ftypheic", "avif": "\x00\x00\x00\x1cftypavif",
		"mp4": "\x00\x00\x00\x18ftypmp42", "psd": "8BPS\x00\x01", "postscript": "%!PS-Adobe-3.0", "ico": "\x00\x00\x01\x00\x01\x00",
		"jpeg 2000": "\x00\x00\x00\x0cjP  \r\n\x87\n", "jxl": "\xff\x0a", "office": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
		"json": `{"a":1}`, "php": "<?php system($_GET['c']); ?>", "rtf": `{\rtf1 x}`, "fdf": "%FDF-1.2", "eicar-like": "X5O!P%@AP",
		"utf-16 html": "\xff\xfe<\x00h\x00t\x00m\x00l\x00", "mng": "\x8aMNG\r\n\x1a\n", "jng": "\x8bJNG\r\n\x1a\n",
		"png signature without 8 bits": "\x09PNG\r\n\x1a\n", "png signature after newline loss": "\x89PNG\n\x1a\n",
		"jpeg after a byte": "x\xff\xd8\xff", "half a jpeg signature": "\xff\xd8",
	} {
		add("type: "+name, []byte(b), NotAllowed)
	}
	var g bytes.Buffer
	gif.Encode(&g, small, nil)
	add("type: gif", g.Bytes(), NotAllowed)
	add("type: pdf header after a byte and nothing else", []byte("x%PDF-1.4"), Truncated)
	add("type: pdf header too late", join(bytes.Repeat([]byte("x"), maxPDFLead+1), page), NotAllowed)
	add("type: program with a pdf behind", join([]byte("MZ\x90\x00"), page), NotAllowed)
	add("type: gif with a jpeg behind", join(g.Bytes(), jpg), NotAllowed)
	add("type: zip with a png behind", join([]byte("PK\x03\x04"), png), NotAllowed)
	add("type: html with a pdf behind", join([]byte("<html>"), page), NotAllowed)

	// Too large.
	add("size: jpeg padded to 10 MB and one byte", append(jpg, make([]byte, 10_000_001-len(jpg))...), TooLarge)
	add("size: 20 MB of zeros", make([]byte, 20_000_000), TooLarge)

	// Bombs: little file, big picture.
	for _, d := range [][2]uint32{{30000, 30000}, {65535, 65535}, {1 << 31, 1 << 31}, {0xFFFFFFFF, 0xFFFFFFFF}, {12001, 1}, {1, 12001},
		{12000, 12000}, {8000, 8000}, {0, 0}, {0, 10}, {10, 0}, {1 << 30, 1}, {7100, 7100}} {
		add(fmt.Sprintf("bomb: png of %d × %d", d[0], d[1]),
			rawPNG(ihdr(d[0], d[1], 8, 6), pngChunk("IDAT", deflate(make([]byte, 1000))), pngChunk("IEND", nil)), Dimensions)
	}
	for _, d := range [][2]uint16{{30000, 30000}, {65535, 65535}, {12001, 10}, {10, 12001}, {0, 10}, {10, 0}, {7100, 7100}} {
		b := bytes.Clone(jpg)
		i := bytes.Index(b, []byte{0xFF, 0xC0})
		binary.BigEndian.PutUint16(b[i+5:], d[1])
		binary.BigEndian.PutUint16(b[i+7:], d[0])
		add(fmt.Sprintf("bomb: jpeg of %d × %d", d[0], d[1]), b, Dimensions)
	}
	add("bomb: png data that inflate to 20 MB", rawPNG(ihdr(10, 10, 8, 6), pngChunk("IDAT", deflate(make([]byte, 20<<20))), pngChunk("IEND", nil)), Unreadable)
	tame("bomb: png text that inflates to 20 MB", insertChunk(png, pngChunk("zTXt", append([]byte("k\x00\x00"), deflate(make([]byte, 20<<20))...))), "")
	tame("bomb: png profile that inflates to 20 MB", insertChunk(png, pngChunk("iCCP", append([]byte("k\x00\x00"), deflate(make([]byte, 20<<20))...))), "")
	add("bomb: large png without enough data", rawPNG(ihdr(7000, 7000, 8, 6), pngChunk("IDAT", deflate(make([]byte, 1000))), pngChunk("IEND", nil)), Truncated, Unreadable)
	add("bomb: large 16-bit png without enough data", rawPNG(ihdr(7000, 7000, 16, 6), pngChunk("IDAT", deflate(make([]byte, 1000))), pngChunk("IEND", nil)), Truncated, Unreadable)
	sos := bytes.Index(jpg, []byte{0xFF, 0xDA})
	scan := jpg[sos : len(jpg)-2]
	add("bomb: jpeg of 1,000 scans", join(jpg[:sos], bytes.Repeat(scan[:14], 1000), jpg[len(jpg)-2:]), TooComplex)
	add("bomb: large jpeg with no data", func() []byte {
		b := bytes.Clone(jpg[:sos+14])
		i := bytes.Index(b, []byte{0xFF, 0xC0})
		binary.BigEndian.PutUint16(b[i+5:], 7000)
		binary.BigEndian.PutUint16(b[i+7:], 7000)
		return append(b, 0xFF, 0xD9)
	}(), Truncated, Unreadable)

	// Cut off.
	for i := 1; i <= 12; i++ {
		add(fmt.Sprintf("cut: jpeg at %d/13", i), jpg[:len(jpg)*i/13], Truncated)
		add(fmt.Sprintf("cut: png at %d/13", i), png[:len(png)*i/13], Truncated)
		add(fmt.Sprintf("cut: pdf at %d/13", i), page[:len(page)*i/13], Truncated, NotAllowed)
	}
	add("cut: jpeg without its last two bytes", jpg[:len(jpg)-2], Truncated)
	add("cut: jpeg without its last byte", jpg[:len(jpg)-1], Truncated)
	add("cut: jpeg with a false end", append(bytes.Clone(jpg[:len(jpg)/2]), 0xFF, 0xD9), Truncated, Unreadable)
	add("cut: png without IEND", png[:len(png)-12], Truncated)
	add("cut: png with a false end", append(bytes.Clone(png[:len(png)/2]), png[len(png)-12:]...), Truncated, Unreadable)
	add("cut: long pdf after its first part", join([]byte("%PDF-1.7\n%%EOF\n"), bytes.Repeat([]byte("1 0 obj\n"), 400)), Truncated)

	// Broken inside.
	rng := rand.New(rand.NewPCG(5, 5))
	for i := range 20 {
		b := bytes.Clone(png)
		b[len(pngSignature)+33+rng.IntN(len(b)-60)] ^= 0x40
		add(fmt.Sprintf("broken: png with flipped bit %d", i), b, Unreadable, Truncated)
	}
	add("broken: png without data", rawPNG(ihdr(10, 10, 8, 6), pngChunk("IEND", nil)), Unreadable)
	add("broken: png without header", rawPNG(pngChunk("IDAT", deflate(nil)), pngChunk("IEND", nil)), Unreadable)
	add("broken: png with two headers", insertChunk(png, ihdr(1, 1, 8, 6)), Unreadable)
	add("broken: png of depth 3", rawPNG(ihdr(10, 10, 3, 6), pngChunk("IDAT", deflate(make([]byte, 500))), pngChunk("IEND", nil)), Unreadable)
	add("broken: png of colour 9", rawPNG(ihdr(10, 10, 8, 9), pngChunk("IDAT", deflate(make([]byte, 500))), pngChunk("IEND", nil)), Unreadable)
	add("broken: png with palette missing", rawPNG(ihdr(10, 10, 8, 3), pngChunk("IDAT", deflate(make([]byte, 110))), pngChunk("IEND", nil)), Unreadable)
	add("broken: png with a huge chunk length", join(png[:33], []byte{0xFF, 0xFF, 0xFF, 0xFF}, []byte("tEXt"), png[33:]), Truncated)
	add("broken: png with rubbish for deflate", rawPNG(ihdr(10, 10, 8, 6), pngChunk("IDAT", []byte("rubbish rubbish")), pngChunk("IEND", nil)), Unreadable)
	add("broken: jpeg started twice", join(jpg[:2], jpg), Unreadable)
	add("broken: jpeg without picture", []byte{0xFF, 0xD8, 0xFF, 0xD9}, Unreadable)
	add("broken: jpeg with two frames", func() []byte {
		i := bytes.Index(jpg, []byte{0xFF, 0xC0})
		return join(jpg[:i], jpg[i:i+19], jpg[i:])
	}(), Unreadable)
	for _, m := range []byte{0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF} {
		b := bytes.Clone(jpg)
		b[bytes.Index(b, []byte{0xFF, 0xC0})+1] = m
		add(fmt.Sprintf("broken: jpeg of kind %X", m), b, Unreadable)
	}
	add("broken: jpeg of 12 bits", func() []byte {
		b := bytes.Clone(jpg)
		b[bytes.Index(b, []byte{0xFF, 0xC0})+4] = 12
		return b
	}(), Unreadable)
	add("broken: jpeg without tables", func() []byte {
		i := bytes.Index(jpg, []byte{0xFF, 0xC0})
		return join(jpg[:2], jpg[i:i+19], jpg[sos:])
	}(), Unreadable)
	add("broken: jpeg segment of length 0", join(jpg[:2], []byte{0xFF, 0xE0, 0, 0}, jpg[2:]), Unreadable)
	add("broken: jpeg segment of length 1", join(jpg[:2], []byte{0xFF, 0xE0, 0, 1}, jpg[2:]), Unreadable)
	for _, n := range []byte{0, 2, 5, 255} {
		b := bytes.Clone(jpg)
		b[bytes.Index(b, []byte{0xFF, 0xC0})+9] = n
		add(fmt.Sprintf("broken: jpeg of %d colours", n), b, Unreadable)
	}

	// Several pictures in one.
	add("animated: png", insertChunk(png, pngChunk("acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0})), Animated)
	add("animated: png with frames only", insertChunk(png, pngChunk("fcTL", make([]byte, 26))), Animated)
	add("animated: png with hidden frame data", insertChunk(png, pngChunk("fdAT", make([]byte, 30))), Animated)

	// Two files in one, and what hides in metadata.
	payloads := map[string][]byte{
		"zip": []byte("PK\x03\x04payload PK\x05\x06"), "html": []byte("<html><script>alert(1)</script></html>"),
		"php": []byte("<?php system('id'); ?>"), "svg": []byte("<svg onload=alert(1)>"), "exe": append([]byte("MZ"), make([]byte, 500)...),
		"jpeg": jpg, "png": png,
	}
	for name, p := range payloads {
		tame("polyglot: jpeg + "+name, join(jpg, p), Trailing)
		tame("polyglot: png + "+name, join(png, p), Trailing)
		if len(p) < maxPDFTail {
			tame("polyglot: pdf + "+name, join(page, p), Trailing)
		}
		tame("hidden: png text with "+name, insertChunk(png, pngChunk("tEXt", append([]byte("Comment\x00"), p...))), "")
		if len(p) < 60000 {
			tame("hidden: jpeg comment with "+name, insertSegment(jpg, 0xFE, p), "")
			tame("hidden: jpeg APP1 with "+name, insertSegment(jpg, 0xE1, p), "")
			tame("hidden: jpeg APP13 with "+name, insertSegment(jpg, 0xED, p), "")
		}
	}
	add("polyglot: pdf + long zip", join(page, []byte("PK\x03\x04"), bytes.Repeat([]byte("z"), 4000)), Truncated)
	tame("hidden: private png chunk", insertChunk(png, pngChunk("prVt", []byte("<script>"))), "")
	tame("place: jpeg with GPS", insertSegment(jpg, 0xE1, exif(1, true)), Located)
	tame("place: png with GPS", insertChunk(png, pngChunk("eXIf", exif(1, true)[6:])), Located)
	for o := range uint16(12) {
		tame(fmt.Sprintf("orientation %d", o), insertSegment(jpg, 0xE1, exif(o, false)), "")
	}
	for i, e := range []string{"Exif\x00\x00", "Exif\x00\x00II*\x00\xff\xff\xff\xff", "Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff", "Exif\x00\x00XX"} {
		tame(fmt.Sprintf("broken EXIF %d", i), insertSegment(jpg, 0xE1, []byte(e)), "")
	}
	grey := image.NewGray(small.Rect)
	for i := range grey.Pix {
		grey.Pix[i] = small.Pix[4*i]
	}
	tame("grey jpeg", asJPEG(grey, 80), Grey)
	tame("cmyk jpeg", cmykJPEG(), "")
	tame("one pixel", asPNG(image.NewNRGBA(image.Rect(0, 0, 1, 1))), Blank)
	tame("all transparent", asPNG(image.NewNRGBA(image.Rect(0, 0, 900, 600))), Blank)
	tame("thin and long", asPNG(image.NewGray(image.Rect(0, 0, 12000, 1))), Blank)
	pal := image.NewPaletted(small.Rect, color.Palette{color.White, color.Black})
	tame("palette png", asPNG(pal), Blank)
	deep := image.NewNRGBA64(image.Rect(0, 0, 300, 200))
	tame("16-bit png", asPNG(deep), Blank)

	all = append(all, pdfCorpus()...)
	return all
}

func pdfCorpus() []hostile {
	var all []hostile
	add := func(name string, file []byte, codes ...Code) { all = append(all, hostile{name, file, codes, ""}) }
	tame := func(name string, file []byte, hint Hint) {
		all = append(all, hostile{name: name, file: file, hint: hint})
	}
	fill := "1 0 0 rg 20 20 200 100 re f"

	many := []string{"<< /Type /Catalog /Pages 2 0 R >>", ""}
	kids := ""
	for i := range 11 {
		kids += fmt.Sprintf("%d 0 R ", 3+i)
		many = append(many, "<< /Type /Page /Parent 2 0 R "+mediaBox+" >>")
	}
	many[1] = "<< /Type /Pages /Count 11 /Kids [" + kids + "] >>"
	add("pdf: 11 pages", pdf("", many...), TooManyPages)
	add("pdf: a million pages claimed", pdf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1000000 /Kids [] >>"), TooManyPages, Unreadable)
	add("pdf: no pages", pdf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 0 /Kids [] >>"), Unreadable)
	add("pdf: page tree that bites its tail", pdf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [2 0 R] >>"), Unreadable)
	add("pdf: nothing but a name", []byte("%PDF-1.7\n%%EOF"), Unreadable)
	add("pdf: rubbish", join([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("rubbish "), 500), []byte("\n%%EOF")), Unreadable)
	add("pdf: no catalogue", pdf("", "<< /Type /Nothing >>"), Unreadable)
	add("pdf: encrypted", pdf("/Encrypt 5 0 R /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]",
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R "+mediaBox+" >>", "<< >>",
		"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -3904 /O <"+strings.Repeat("ab", 32)+"> /U <"+strings.Repeat("cd", 32)+"> >>"), Encrypted)
	add("pdf: encrypted by an unknown handler", pdf("/Encrypt 5 0 R", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R "+mediaBox+" >>", "<< >>", "<< /Filter /Evil /V 9 >>"), Encrypted)
	for _, box := range []string{"[0 0 14400 0.0001]", "[0 0 1 100000]"} {
		add("pdf: page of "+box, onePage("", "/MediaBox "+box, fill), Dimensions, Unreadable)
	}
	for _, box := range []string{"[0 0 100000 100000]", "[0 0 1e9 1e9]", "[-5 -5 300 200]", "[0 0 0 0]", "[300 200 0 0]"} {
		tame("pdf: page of "+box, onePage("", "/MediaBox "+box, fill), "")
	}
	tame("pdf: page without a size", onePage("", "", fill), "")
	for name, action := range map[string]string{
		"app.alert": "app.alert(1)", "launch": "app.launchURL('http://127.0.0.1/')", "endless": "while(1){}",
	} {
		tame("pdf: script at opening, "+name, onePage("/OpenAction << /S /JavaScript /JS ("+action+") >>", mediaBox, fill), "")
		tame("pdf: named script, "+name, onePage("/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS ("+action+") >>] >> >>", mediaBox, fill), Scripted)
	}
	tame("pdf: script on the page", onePage("", mediaBox+" /AA << /O << /S /JavaScript /JS (app.alert(1)) >> >>", fill), "")
	tame("pdf: launches a program", onePage("/OpenAction << /S /Launch /F (/bin/sh) >>", mediaBox, fill), "")
	tame("pdf: opens an address", onePage("/OpenAction << /S /URI /URI (http://127.0.0.1/) >>", mediaBox, fill), "")
	tame("pdf: submits a form", onePage("/OpenAction << /S /SubmitForm /F (http://127.0.0.1/) >>", mediaBox, fill), "")
	tame("pdf: goes to a remote file", onePage("/OpenAction << /S /GoToR /F (//127.0.0.1/x) >>", mediaBox, fill), "")
	tame("pdf: reads a local file as its content", pdf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R "+mediaBox+" /Contents 4 0 R >>", "<< /Length 0 /F (/etc/passwd) >>\nstream\n\nendstream"), "")
	tame("pdf: a file attached", pdf("", "<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(x.exe) << /Type /Filespec /F (x.exe) /EF << /F 4 0 R >> >>] >> >> >>",
		"<< /Type /Pages /Count 1 /Kids [3 0 R] >>", "<< /Type /Page /Parent 2 0 R "+mediaBox+" >>",
		"<< /Type /EmbeddedFile /Length 4 >>\nstream\nMZxx\nendstream"), Attached)
	tame("pdf: form field of XFA", onePage("/AcroForm << /XFA (<xdp/>) /Fields [] >>", mediaBox, fill), "")
	tame("pdf: deep nesting of states", onePage("", mediaBox, strings.Repeat("q ", 100_000)+fill), "")
	tame("pdf: deep arrays", onePage("/Deep "+strings.Repeat("[", 5000)+strings.Repeat("]", 5000), mediaBox, fill), "")
	tame("pdf: many operators", onePage("", mediaBox, strings.Repeat("0 0 m 9 9 l S ", 60_000)), "")
	bomb := deflate(bytes.Repeat([]byte("0 0 10 10 re f "), 4<<20))
	add("pdf: content that inflates to 60 MB", pdf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R "+mediaBox+" /Contents 4 0 R >>",
		fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", len(bomb), bomb)), TooComplex, Unreadable)
	huge := deflate(make([]byte, 1<<20))
	tame("pdf: picture of 60,000 × 60,000", pdf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R "+mediaBox+" /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>",
		"<< /Length 27 >>\nstream\nq 300 0 0 200 0 0 cm /I Do Q\nendstream",
		fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width 60000 /Height 60000 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", len(huge), huge)), "")
	add("pdf: form that draws itself", pdf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R "+mediaBox+" /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>",
		"<< /Length 5 >>\nstream\n/I Do\nendstream",
		"<< /Type /XObject /Subtype /Form /BBox [0 0 300 200] /Resources << /XObject << /I 5 0 R >> >> /Length 11 >>\nstream\n/I Do /I Do\nendstream"), TooComplex, Unreadable)
	tame("pdf: wrong table of objects", bytes.Replace(onePage("", mediaBox, fill), []byte("startxref\n"), []byte("startxref\n9"), 1), "")
	return all
}

// cmykJPEG is a small CMYK picture written by hand, because no encoder here
// makes one: four components of one 8 × 8 block each, with trivial tables.
func cmykJPEG() []byte {
	var b bytes.Buffer
	b.Write([]byte{0xFF, 0xD8})
	b.Write([]byte{0xFF, 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0})
	b.Write([]byte{0xFF, 0xDB, 0, 67, 0})
	b.Write(bytes.Repeat([]byte{1}, 64))
	b.Write([]byte{0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0})
	// One DC code "0" for size 0 and one AC code "0" for end of block.
	for _, class := range []byte{0x00, 0x10} {
		b.Write([]byte{0xFF, 0xC4, 0, 20, class, 1})
		b.Write(make([]byte, 15))
		b.WriteByte(0)
	}
	b.Write([]byte{0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0})
	b.WriteByte(0x00) // eight zero bits: four blocks of DC 0 and end of block
	b.Write([]byte{0xFF, 0xD9})
	return b.Bytes()
}
