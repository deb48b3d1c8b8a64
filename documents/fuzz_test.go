package documents

import (
	"bufio"
	"bytes"
	"errors"
	"testing"
)

func FuzzInspect(f *testing.F) {
	for _, h := range corpus() {
		if len(h.file) < 20_000 {
			f.Add(h.file)
		}
	}
	l := Limits{}.orDefaults()
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := inspect(b, l)
		if r := (*Rejection)(nil); err != nil && !errors.As(err, &r) {
			t.Errorf("an untyped error: %v", err)
		}
		if err == nil && h.Type != PDF && checkSize(h.Width, h.Height, l) != nil {
			t.Errorf("accepted %d × %d", h.Width, h.Height)
		}
		if err == nil && (h.Orientation < 1 || h.Orientation > 8) {
			t.Errorf("orientation %d", h.Orientation)
		}
	})
}

func FuzzEXIF(f *testing.F) {
	f.Add(exif(6, true)[6:])
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, _ := readEXIF(b); o < 0 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	var good bytes.Buffer
	view := asJPEG(specimen(40, 30, 1), 80)
	writeFrame(&good, answer{Pages: []answerPage{{View: len(view), Thumb: len(view)}}}, view, view)
	f.Add(good.Bytes())
	f.Add([]byte(`{"pages":[{"view":-1}]}` + "\n"))
	f.Add([]byte(`{"newSize":99999999999}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		res, err := readAnswer(bufio.NewReaderSize(bytes.NewReader(b), maxLine), Limits{}.orDefaults(), func() {})
		if err == nil && len(res.pictures) != len(res.Pages) {
			t.Error("pages without pictures")
		}
	})
}

func FuzzJob(f *testing.F) {
	f.Add([]byte(`{"type":"image/png","size":3}` + "\nabc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if j, file, err := readJob(bufio.NewReaderSize(bytes.NewReader(b), maxLine), 1<<16); err == nil && len(file) != j.Size {
			t.Error("a job without its file")
		}
	})
}

func FuzzVerdict(f *testing.F) {
	f.Add("stream: OK")
	f.Add("stream: Eicar FOUND")
	f.Fuzz(func(t *testing.T, reply string) {
		if err := readVerdict(reply, true); err == nil && reply != "stream: OK" {
			t.Errorf("%q counts as clean", reply)
		}
	})
}
