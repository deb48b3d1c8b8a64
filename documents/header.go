package documents

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// header is what can be told of a file without decoding it.
type header struct {
	Type        Type
	Width       int // upright is not considered here; 0 for a PDF
	Height      int
	Orientation int // EXIF, 1 to 8
	Hints       []Hint
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
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return inspectPDF(b)
	}
	return header{}, reject(NotAllowed, "%s", likeness(b))
}

// likeness names common types that are not taken, so that the sender learns
// what to do.
func likeness(b []byte) string {
	head := strings.ToLower(string(b[:min(len(b), 512)]))
	at := func(i int, s string) bool { return len(head) >= i+len(s) && head[i:i+len(s)] == s }
	switch {
	case at(0, "gif8"):
		return "a GIF"
	case at(0, "riff") && at(8, "webp"):
		return "a WebP"
	case at(4, "ftyp"):
		return "a HEIC, AVIF or video file"
	case at(0, "bm"):
		return "a BMP"
	case at(0, "ii*\x00"), at(0, "mm\x00*"):
		return "a TIFF"
	case at(0, "pk\x03\x04"):
		return "an archive or office document"
	case strings.Contains(head, "<svg"):
		return "an SVG"
	case strings.Contains(head, "<html"), strings.Contains(head, "<!doctype"), strings.Contains(head, "<script"):
		return "a web page"
	case at(0, "mz"), at(0, "\x7felf"), at(0, "#!"):
		return "a program"
	}
	return "neither JPEG, PNG nor PDF"
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
			return h, reject(Animated, "the PNG holds several pictures")
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
		case marker == 0xE1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
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

// maxPDFTail is how much may follow the last %%EOF of a PDF. A PDF that was cut
// off often still has the %%EOF of an earlier part, far from its end.
const maxPDFTail = 1024

func inspectPDF(b []byte) (header, error) {
	h := header{Type: PDF, Orientation: 1}
	end := bytes.LastIndex(b, []byte("%%EOF"))
	if end < 0 {
		return h, reject(Truncated, "the PDF has no end")
	}
	tail := bytes.TrimSpace(b[end+5:])
	if len(tail) > maxPDFTail {
		return h, reject(Truncated, "the PDF goes on for %d bytes after its last end", len(tail))
	}
	if len(tail) > 0 {
		h.Hints = append(h.Hints, Trailing)
	}
	return h, nil
}
