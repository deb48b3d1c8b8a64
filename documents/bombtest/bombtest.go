// Package bombtest makes small PDFs for tests that take very long to draw, and one
// that does not.
package bombtest

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
)

// pdfOf is a PDF of the objects, the first of which is the catalogue.
func pdfOf(objects ...string) []byte {
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
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, x)
	return b.Bytes()
}

// pageOf is a PDF of one page with the resources, its content and further objects
// from number 5 on.
func pageOf(resources, content string, more ...string) []byte {
	return pdfOf(append([]string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1000 1000] /Contents 4 0 R /Resources << " + resources + " >> >>",
		packed("", content),
	}, more...)...)
}

// packed is a compressed stream.
func packed(dictionary, content string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(content)) // into memory
	_ = w.Close()
	return fmt.Sprintf("<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", dictionary, b.Len(), b.String())
}

// Harmless is a PDF of one page that is drawn at once, another one for each number.
func Harmless(number int) []byte {
	return pageOf("", fmt.Sprintf("0.2 0.4 0.7 rg %d 40 300 200 re f", 10+number))
}

// PDFs are small files that take very long to draw.
func PDFs() map[string][]byte {
	all := map[string][]byte{
		"fills": pageOf("", "1 0 0 rg "+strings.Repeat("0 0 1000 1000 re f\n", 200_000)),
		"shadings": pageOf("/Shading << /S 5 0 R >>", strings.Repeat("/S sh\n", 20_000),
			"<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 1000 1000] /Extend [true true] /Function << /FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0 1] /N 1 >> >>"),
		"a picture drawn again and again": pageOf("/XObject << /I 5 0 R >>", strings.Repeat("q 1000 0 0 1000 0 0 cm /I Do Q\n", 5_000),
			packed("/Type /XObject /Subtype /Image /Width 4000 /Height 4000 /ColorSpace /DeviceGray /BitsPerComponent 8", strings.Repeat("\x00", 16_000_000))),
		"tilings": pageOf("/Pattern << /P 5 0 R >>", strings.Repeat("/Pattern cs /P scn 0 0 1000 1000 re f\n", 2_000),
			packed("/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.5 /YStep 0.5 /Resources << >>", strings.Repeat("1 0 0 rg 0 0 1 1 re f\n", 100))),
	}
	forms := []string{}
	for level := range 8 {
		draws := strings.Repeat("/F Do\n", 20)
		if level == 7 {
			draws = strings.Repeat("0 0 1000 1000 re f\n", 20)
		}
		forms = append(forms, packed(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 1000 1000] /Resources << /XObject << /F %d 0 R >> >>", 6+level), draws))
	}
	all["forms within forms"] = pageOf("/XObject << /F 5 0 R >>", "/F Do", forms...)
	const depth = 50_000
	tree := []string{"<< /Type /Catalog /Pages 2 0 R >>"}
	for i := range depth {
		tree = append(tree, fmt.Sprintf("<< /Type /Pages /Count 1 /Kids [%d 0 R] >>", 3+i))
	}
	all["a deep tree of pages"] = pdfOf(append(tree, "<< /Type /Page /MediaBox [0 0 10 10] >>")...)
	return all
}
