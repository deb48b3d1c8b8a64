package specimen

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
)

// jpegQuality keeps small print readable at about 150 kB a card.
const jpegQuality = 84

func encode(img *image.RGBA, e Encoding) ([]byte, error) {
	var b bytes.Buffer
	switch e {
	case PNG:
		enc := png.Encoder{CompressionLevel: png.BestSpeed}
		if err := enc.Encode(&b, img); err != nil {
			return nil, fmt.Errorf("specimen: png: %w", err)
		}
		return b.Bytes(), nil
	case JPEG, PDF, "":
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: jpegQuality}); err != nil {
			return nil, fmt.Errorf("specimen: jpeg: %w", err)
		}
		if e == PDF {
			return pdf(b.Bytes(), img.Bounds().Dx(), img.Bounds().Dy()), nil
		}
		return b.Bytes(), nil
	}
	return nil, &LookError{"Look.Encoding", fmt.Sprintf("%q is none of jpeg, png, pdf", e)}
}

// pdf wraps a JPEG as a PDF 1.4 of one page (ISO 32000-1): the JPEG's own bytes
// are the image stream (DCTDecode). The page is as large as the picture at 150
// dots an inch. There is no date and no random identifier, so that equal
// pictures give equal files.
func pdf(jpg []byte, w, h int) []byte {
	pw, ph := float64(w)*72/150, float64(h)*72/150
	content := fmt.Sprintf("q %.2f 0 0 %.2f 0 0 cm /Im0 Do Q", pw, ph)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] "+
			"/Resources << /XObject << /Im0 4 0 R >> >> /Contents 5 0 R >>", pw, ph),
		fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB "+
			"/BitsPerComponent 8 /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream", w, h, len(jpg), jpg),
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Title (SPECIMEN) /Producer (Alta specimen) >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n%\xE2\xE3\xCF\xD3\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.Bytes()
}
