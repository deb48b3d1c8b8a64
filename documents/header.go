package documents

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strconv"
	"strings"
)

// header is what can be told of a file without decoding it.
type header struct {
	Type        Type
	Width       int // upright is not considered here; 0 for a PDF
	Height      int
	Orientation int // EXIF, 1 to 8
	Start, End  int // of a PDF within its file
	Hints       []Hint

	oriented bool // the file says its orientation
}

// inspect tells the type by content and judges what can be judged without
// decoding. It allocates next to nothing, whatever the file claims.
func inspect(b []byte, l Limits) (header, error) {
	switch {
	case len(b) == 0:
		return header{}, reject(Empty, "the file has no bytes")
	case bytes.HasPrefix(b, []byte(pngSignature)):
		return inspectPNG(b, l)
	case bytes.HasPrefix(b, []byte{0xFF, 0xD8, 0xFF}):
		return inspectJPEG(b, l)
	}
	what := likeness(b)
	if at := pdfStart(b); at == 0 || at > 0 && what == unlike {
		return inspectPDF(b, at)
	}
	return header{}, reject(NotAllowed, "%s", what)
}

// maxPDFLead is how much may precede the header of a PDF, as Adobe's readers
// have it: scanners write empty lines there, gateways a mail's header.
const maxPDFLead = 1024

// pdfStart is where the header of a PDF begins, or -1.
func pdfStart(b []byte) int {
	return bytes.Index(b[:min(len(b), maxPDFLead+len("%PDF-"))], []byte("%PDF-"))
}

// unlike is what likeness says of a file that it cannot name.
const unlike = "This is neither JPEG, PNG nor PDF. Send a photo as JPEG, or a scan as PDF."

// likeness names common types that are not taken, and says what to do.
func likeness(b []byte) string {
	head := strings.ToLower(string(b[:min(len(b), 512)]))
	at := func(i int, s string) bool { return len(head) >= i+len(s) && head[i:i+len(s)] == s }
	pictureOf := func(kind string) string { return kind + ". Save or export it as JPEG or PNG and send that." }
	switch {
	case at(0, "gif8"):
		return pictureOf("This is a GIF picture")
	case at(0, "riff") && at(8, "webp"):
		return pictureOf("This is a WebP picture")
	case at(4, "ftyp"):
		switch brands := head[8:min(len(head), 64)]; {
		case strings.Contains(brands, "avif"), strings.Contains(brands, "avis"):
			return pictureOf("This is an AVIF picture")
		case strings.Contains(brands, "mif1"), strings.Contains(brands, "msf1"), strings.Contains(brands, "hei"), strings.Contains(brands, "hev"):
			return "This is a HEIC picture, as iPhones and some other telephones make. " +
				"Export it as JPEG, or set the camera to \"Most Compatible\" (iPhone: Settings, Camera, Formats) and take the photo again."
		}
		return "This is a video. Send a photo as JPEG or PNG."
	case at(0, "\x00\x00\x00\x0cjp"), at(0, "\xff\x0a"):
		return pictureOf("This is a JPEG 2000 or JPEG XL picture")
	case at(0, "bm"):
		return pictureOf("This is a BMP picture")
	case at(0, "ii*\x00"), at(0, "mm\x00*"), at(0, "ii\xbc"):
		return pictureOf("This is a TIFF or raw picture")
	case at(0, "pk\x03\x04"), at(0, "\xd0\xcf\x11\xe0"):
		return "This is an archive or an office document. Send the document itself, saved as PDF."
	case at(0, "rar!"), at(0, "7z\xbc\xaf"), at(0, "\x1f\x8b"):
		return "This is an archive. Send the document itself."
	case strings.Contains(head, "<svg"):
		return pictureOf("This is an SVG drawing")
	case strings.Contains(head, "<html"), strings.Contains(head, "<!doctype"), strings.Contains(head, "<script"):
		return "This is a web page. Save it as PDF and send that."
	case at(0, "mz"), at(0, "\x7felf"), at(0, "#!"):
		return "This is a program."
	}
	return unlike
}

func checkSize(w, h int, l Limits) error {
	switch {
	case w < 1 || h < 1:
		return reject(Dimensions, "the picture has no size")
	case w > l.Side || h > l.Side:
		return reject(Dimensions, "%d × %d pixels; a side has at most %d", w, h, l.Side)
	case int64(w)*int64(h) > int64(l.Pixels):
		return reject(Dimensions, "%d × %d pixels; at most %d in all", w, h, l.Pixels)
	}
	return nil
}

const pngSignature = "\x89PNG\r\n\x1a\n"

// inspectPNG walks the chunks. An APNG is refused by its acTL chunk: a reviewer
// would judge its first picture and the customer could show another.
func inspectPNG(b []byte, l Limits) (header, error) {
	h := header{Type: PNG, Orientation: 1}
	rest := b[len(pngSignature):]
	data := false
	for first := true; ; first = false {
		if len(rest) < 12 {
			return h, reject(Truncated, "the PNG ends before its IEND chunk")
		}
		size := binary.BigEndian.Uint32(rest)
		kind := string(rest[4:8])
		if first != (kind == "IHDR") || first && size != 13 {
			return h, reject(Unreadable, "the PNG does not start with one IHDR chunk")
		}
		if first && len(rest) >= 16 {
			w, ht := binary.BigEndian.Uint32(rest[8:]), binary.BigEndian.Uint32(rest[12:])
			h.Width, h.Height = int(min(w, 1<<30)), int(min(ht, 1<<30))
			if err := checkSize(h.Width, h.Height, l); err != nil {
				return h, err
			}
		}
		if uint64(size)+12 > uint64(len(rest)) {
			return h, reject(Truncated, "the PNG ends within a chunk")
		}
		body := rest[8 : 8+size]
		rest = rest[12+size:]
		switch kind {
		case "acTL", "fcTL", "fdAT":
			return h, reject(Animated, "This is an animated PNG, which holds several pictures. Send one picture as JPEG or PNG.")
		case "IDAT":
			data = true
		case "eXIf":
			h.addEXIF(body)
		case "IEND":
			if !data {
				return h, reject(Unreadable, "the PNG has no picture data")
			}
			if len(rest) > 0 {
				h.Hints = append(h.Hints, Trailing)
			}
			return h, nil
		}
	}
}

// maxScans bounds the passes of a progressive JPEG. Real encoders make about
// ten; each one costs as much time as the picture has pixels.
const maxScans = 64

// inspectJPEG walks the segments up to the end-of-image marker.
func inspectJPEG(b []byte, l Limits) (header, error) {
	h := header{Type: JPEG, Orientation: 1}
	scans := 0
	for i := 2; ; {
		marker, next, ok := nextMarker(b, i)
		if !ok {
			return h, reject(Truncated, "the JPEG ends before its last marker")
		}
		i = next
		switch {
		case marker == 0xD9: // end of image
			if h.Width == 0 || scans == 0 {
				return h, reject(Unreadable, "the JPEG has no picture data")
			}
			if i < len(b) {
				h.Hints = append(h.Hints, Trailing)
			}
			return h, nil
		case marker == 0xD8:
			return h, reject(Unreadable, "the JPEG starts twice")
		case marker == 0x01 || marker >= 0xD0 && marker <= 0xD7:
			continue // markers without a body
		}
		if i+2 > len(b) {
			return h, reject(Truncated, "the JPEG ends within a segment")
		}
		size := int(binary.BigEndian.Uint16(b[i:]))
		if size < 2 {
			return h, reject(Unreadable, "a JPEG segment has no length")
		}
		if i+size > len(b) {
			return h, reject(Truncated, "the JPEG ends within a segment")
		}
		body := b[i+2 : i+size]
		i += size
		switch {
		case marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
			if err := h.frame(marker, body, l); err != nil {
				return h, err
			}
		case marker == 0xE1 && len(body) > 6 && bytes.HasPrefix(body, []byte("Exif\x00")): // and a byte of padding
			h.addEXIF(body[6:])
		case marker == 0xDA:
			if scans++; scans > maxScans {
				return h, reject(TooComplex, "the JPEG has more than %d scans", maxScans)
			}
		}
	}
}

// nextMarker finds the next marker at or after i. Bytes between segments, such
// as the entropy-coded data after a start of scan, are passed over; within them
// 0xFF is followed by 0x00.
func nextMarker(b []byte, i int) (marker byte, next int, ok bool) {
	for i < len(b) {
		j := bytes.IndexByte(b[i:], 0xFF)
		if j < 0 {
			return 0, 0, false
		}
		for i += j; i < len(b) && b[i] == 0xFF; i++ {
		}
		if i == len(b) {
			return 0, 0, false
		}
		if b[i] != 0 {
			return b[i], i + 1, true
		}
		i++
	}
	return 0, 0, false
}

// frame reads a start-of-frame segment.
func (h *header) frame(marker byte, body []byte, l Limits) error {
	if marker > 0xC2 {
		return reject(Unreadable, "the JPEG is of a kind that is not taken (lossless, hierarchical or arithmetic)")
	}
	if len(body) < 6 {
		return reject(Unreadable, "the JPEG's frame is too short")
	}
	if h.Width != 0 {
		return reject(Unreadable, "the JPEG has two frames")
	}
	if body[0] != 8 {
		return reject(Unreadable, "the JPEG has %d bits a sample; 8 are taken", body[0])
	}
	h.Height, h.Width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	if n := body[5]; n != 1 && n != 3 && n != 4 {
		return reject(Unreadable, "the JPEG has %d colours", n)
	}
	return checkSize(h.Width, h.Height, l)
}

// maxPDFTail is how much may follow the last %%EOF of a PDF, padding aside. A PDF
// that was cut off often still has the %%EOF of an earlier part, far from its end.
const maxPDFTail = 1024

// padding is what scanners, banks and old transfers fill a file up with: NUL,
// white space, Ctrl-Z and 0xFF.
const padding = "\x00\t\n\v\f\r \x1a\xff"

// trimPadding cuts the padding off the end.
func trimPadding(b []byte) []byte {
	for len(b) > 0 && strings.IndexByte(padding, b[len(b)-1]) >= 0 {
		b = b[:len(b)-1]
	}
	return b
}

func inspectPDF(b []byte, at int) (header, error) {
	h := header{Type: PDF, Orientation: 1}
	trimmed := trimPadding(b)
	end := bytes.LastIndex(trimmed, []byte("%%EOF"))
	if end < at {
		return h, reject(Truncated, "the PDF has no end")
	}
	end += len("%%EOF")
	tail := len(trimmed) - end
	if tail > maxPDFTail {
		return h, reject(Truncated, "the PDF goes on for %d bytes after its last end", tail)
	}
	if tail > 0 || len(trimPadding(bytes.TrimPrefix(b[:at], []byte("\xEF\xBB\xBF")))) > 0 {
		h.Hints = append(h.Hints, Trailing)
	}
	h.Start, h.End = at, end
	return h, nil
}

// core is what is decoded: a PDF without what lies before and after it. The
// places that its table of objects tells count from its header or, where a program
// wrote empty lines first, from the file's first byte.
func (h header) core(b []byte) []byte {
	if h.Type != PDF {
		return b
	}
	core := b[h.Start:h.End]
	if h.Start == 0 {
		return core
	}
	i := bytes.LastIndex(core, []byte("startxref"))
	if i < 0 {
		return core
	}
	digits := bytes.TrimLeft(core[i+len("startxref"):], padding)
	n := 0
	for n < len(digits) && n < 9 && digits[n] >= '0' && digits[n] <= '9' {
		n++
	}
	place, err := strconv.Atoi(string(digits[:n]))
	if err != nil || isTable(core, place) || !isTable(b[:h.End], place) {
		return core
	}
	version := core[:min(len("%PDF-1.7"), len(core))]
	moved := append(make([]byte, 0, h.End), version...)
	moved = append(moved, bytes.Repeat([]byte{'\n'}, h.Start)...)
	return append(moved, core[len(version):]...)
}

var table = regexp.MustCompile(`^(xref|\d{1,9} \d{1,5} obj)`)

// isTable reports whether a table of objects begins at the place.
func isTable(b []byte, place int) bool {
	return place < len(b) && table.Match(b[place:min(len(b), place+32)])
}
