package documents

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Scanners and gateways write before the header of a PDF, and fill its end up.
func TestAPDFIsTakenWithWhatScannersPutAroundIt(t *testing.T) {
	page := onePage("", mediaBox, "0 0 1 rg 10 10 100 100 re f")
	// The same with places that count from the first byte of the file.
	fromStart := func(lead string) []byte {
		b := bytes.Clone(page)
		for _, o := range []string{"1 0 obj", "2 0 obj", "3 0 obj", "4 0 obj"} {
			at := bytes.Index(page, []byte(o))
			b = bytes.Replace(b, fmt.Appendf(nil, "%010d 00000 n", at), fmt.Appendf(nil, "%010d 00000 n", at+len(lead)), 1)
		}
		x := bytes.LastIndex(page, []byte("xref\n0"))
		b = bytes.Replace(b, fmt.Appendf(nil, "startxref\n%d\n", x), fmt.Appendf(nil, "startxref\n%d\n", x+len(lead)), 1)
		return join([]byte(lead), b)
	}
	mail := "From: scanner@office.example\r\nSubject: scan\r\nContent-Type: application/pdf\r\n\r\n"
	for name, c := range map[string]struct {
		file   []byte
		hinted bool
	}{
		"two empty lines first":             {join([]byte("\n\n"), page), false},
		"a byte order mark first":           {join([]byte("\xEF\xBB\xBF"), page), false},
		"1,024 bytes of spaces first":       {join(bytes.Repeat([]byte(" "), 1024), page), false},
		"a mail's header first":             {join([]byte(mail), page), true},
		"counted from the file's start":     {fromStart("\r\n\r\n"), false},
		"counted from before a mail header": {fromStart(mail), true},
		"3,000 NUL behind":                  {join(page, make([]byte, 3000)), false},
		"a megabyte of NUL behind":          {join(page, make([]byte, 1<<20)), false},
		"5,000 empty lines behind":          {join(page, bytes.Repeat([]byte("\r\n"), 5000)), false},
		"a Ctrl-Z and blocks of 0xFF":       {join(page, []byte{0x1A}, bytes.Repeat([]byte{0xFF}, 4000)), false},
		"both":                              {join([]byte("\n"), page, make([]byte, 3000)), false},
		"a mail's boundary behind":          {join(page, []byte("\r\n--boundary--\r\n"), make([]byte, 3000)), true},
	} {
		t.Run(name, func(t *testing.T) {
			a := accept(t, intake(t), c.file)
			if a.Type != PDF || len(a.Pages) != 1 || !bytes.Equal(a.Original, c.file) {
				t.Errorf("%s of %d pages, %d of %d bytes kept", a.Type, len(a.Pages), len(a.Original), len(c.file))
			}
			if a.Pages[0].Facts.Colour < 10 {
				t.Error("what is drawn on the page is not shown")
			}
			if got := slices.Contains(a.Hints, Trailing); got != c.hinted {
				t.Errorf("hints %v", a.Hints)
			}
		})
	}
}

// entry is one entry of a TIFF directory, value being its last four bytes.
func tiff(order binary.AppendByteOrder, at uint32, entries ...[]byte) []byte {
	b := []byte("MM\x00*")
	if order.String() == "LittleEndian" {
		b = []byte("II*\x00")
	}
	b = order.AppendUint32(b, at)
	b = append(b, make([]byte, at-8)...)
	b = order.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = append(b, e...)
	}
	return order.AppendUint32(b, 0)
}

func entry(order binary.AppendByteOrder, tag, kind uint16, value ...byte) []byte {
	b := order.AppendUint16(nil, tag)
	b = order.AppendUint16(b, kind)
	b = order.AppendUint32(b, 1)
	return append(b, value...)
}

func TestTheOrientationIsReadAsTelephonesWriteIt(t *testing.T) {
	be, le := binary.BigEndian, binary.LittleEndian
	for name, c := range map[string]struct {
		tiff []byte
		want int
	}{
		"SHORT, big-endian":                 {tiff(be, 8, entry(be, 0x0112, 3, 0, 6, 0, 0)), 6},
		"SHORT, little-endian":              {tiff(le, 8, entry(le, 0x0112, 3, 6, 0, 0, 0)), 6},
		"SHORT and rubbish behind":          {tiff(be, 8, entry(be, 0x0112, 3, 0, 6, 0xAB, 0xCD)), 6},
		"SHORT at the other end":            {tiff(be, 8, entry(be, 0x0112, 3, 0, 0, 0, 6)), 6},
		"SHORT at the other end, little":    {tiff(le, 8, entry(le, 0x0112, 3, 0, 0, 6, 0)), 6},
		"SHORT in the other byte order":     {tiff(le, 8, entry(le, 0x0112, 3, 0, 6, 0, 0)), 6},
		"LONG, big-endian":                  {tiff(be, 8, entry(be, 0x0112, 4, 0, 0, 0, 6)), 6},
		"LONG, little-endian":               {tiff(le, 8, entry(le, 0x0112, 4, 8, 0, 0, 0)), 8},
		"LONG that holds a SHORT":           {tiff(be, 8, entry(be, 0x0112, 4, 0, 3, 0, 0)), 3},
		"BYTE":                              {tiff(be, 8, entry(be, 0x0112, 1, 6, 0, 0, 0)), 6},
		"signed":                            {tiff(be, 8, entry(be, 0x0112, 9, 0, 0, 0, 6)), 6},
		"in a directory further behind":     {tiff(le, 4000, entry(le, 0x010F, 2, 'X', 0, 0, 0), entry(le, 0x0112, 3, 6, 0, 0, 0)), 6},
		"twice: the first counts":           {tiff(le, 8, entry(le, 0x0112, 3, 6, 0, 0, 0), entry(le, 0x0112, 3, 8, 0, 0, 0)), 6},
		"0 is none":                         {tiff(le, 8, entry(le, 0x0112, 3, 0, 0, 0, 0)), 0},
		"9 is none":                         {tiff(le, 8, entry(le, 0x0112, 4, 9, 0, 0, 0)), 0},
		"a text is none":                    {tiff(le, 8, entry(le, 0x0112, 2, 6, 0, 0, 0)), 0},
		"two bytes that differ are none":    {tiff(be, 8, entry(be, 0x0112, 4, 6, 0, 0, 6)), 0},
		"none":                              {tiff(le, 8, entry(le, 0x010F, 2, 'X', 0, 0, 0)), 0},
		"a directory that lies outside":     {[]byte("MM\x00*\xff\xff\xff\xff"), 0},
		"a directory that says it has more": {tiff(le, 8, entry(le, 0x0112, 3, 6, 0, 0, 0))[:22], 6},
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := readEXIF(c.tiff); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

func TestTheThumbnailsOrientationIsNotThePictures(t *testing.T) {
	le := binary.LittleEndian
	first := tiff(le, 8, entry(le, 0x0112, 3, 1, 0, 0, 0))
	le.PutUint32(first[len(first)-4:], uint32(len(first)))
	thumbnail := tiff(le, 8, entry(le, 0x0112, 3, 6, 0, 0, 0))[8:]
	if got, _ := readEXIF(append(first, thumbnail...)); got != 1 {
		t.Errorf("%d", got)
	}
	only := tiff(le, 8, entry(le, 0x010F, 2, 'X', 0, 0, 0))
	le.PutUint32(only[len(only)-4:], uint32(len(only)))
	if got, _ := readEXIF(append(only, thumbnail...)); got != 0 {
		t.Errorf("%d", got)
	}
	// Of two APP1 segments the first that says it counts, as browsers have it.
	jpg := asJPEG(specimen(320, 200, 3), 80)
	jpg = insertSegment(insertSegment(jpg, 0xE1, exif(3, false)), 0xE1, exif(6, false))
	if a := accept(t, intake(t), jpg); a.Pages[0].Width != 200 {
		t.Errorf("%d × %d", a.Pages[0].Width, a.Pages[0].Height)
	}
}

func TestARefusalSaysWhatToDo(t *testing.T) {
	for file, word := range map[string]string{
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic":     "Most Compatible",
		"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1heicmiaf": "Most Compatible",
		"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1avif":     "AVIF",
		"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42":     "video",
		"RIFF\x24\x00\x00\x00WEBPVP8 ":                         "WebP",
		"GIF89a":                                               "GIF", "PK\x03\x04": "saved as PDF", "II*\x00\x08\x00\x00\x00": "TIFF", "hello": "JPEG, PNG nor PDF",
	} {
		_, err := inspect([]byte(file), Limits{}.orDefaults())
		if codeOf(err) != NotAllowed || !strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v", file, err)
		}
	}
}
