package documents

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"runtime/debug"
)

// largestJob bounds a file as the worker sees it, above any sensible limit.
const largestJob = 256 << 20

// RunWorker is the process that decodes: it reads jobs from in and answers on
// out until in ends. It first gives up what it does not need: memory over the
// limit, core files, further files. The arguments are those that Intake adds.
func RunWorker(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("document-worker", flag.ContinueOnError)
	memory := flags.Int64("memory", 1<<30, "bytes of memory")
	cache := flags.String("cache", "", "folder of the compiled PDF renderer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	debug.SetMemoryLimit(*memory * 3 / 4)
	if err := confine(*memory); err != nil {
		return fmt.Errorf("confine the worker: %w", err)
	}
	pdf := &renderer{cacheDir: *cache}
	r := bufio.NewReaderSize(in, maxLine)
	for {
		j, file, err := readJob(r, largestJob)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		res := j.do(pdf, file, func() error { return writeFrame(out, answer{Drawn: true}) })
		bodies := [][]byte{res.original}
		for _, p := range res.pictures {
			bodies = append(bodies, p.View, p.Thumb)
		}
		if err := writeFrame(out, res.answer, bodies...); err != nil {
			return err
		}
		debug.FreeOSMemory()
	}
}

// do decodes one file. drawn is called after every page of a PDF.
func (j job) do(pdf *renderer, file []byte, drawn func() error) (res result) {
	fail := func(err error) result {
		if r := (*Rejection)(nil); errors.As(err, &r) {
			return result{answer: answer{Code: r.Code, Detail: r.Detail}}
		}
		return result{answer: answer{Fault: err.Error()}}
	}
	defer func() {
		// A decoder that panics has met a file that it cannot read. The panic's
		// text may quote the file, so it goes nowhere.
		if recover() != nil {
			res = fail(reject(Unreadable, "the decoder failed"))
		}
	}()
	var err error
	switch {
	case j.Type == PDF:
		err = j.doPDF(pdf, file, &res, drawn)
	case j.Type == JPEG || j.Type == PNG:
		err = j.doImage(file, &res)
	default:
		err = reject(NotAllowed, "not a type that is decoded")
	}
	if err != nil {
		return fail(err)
	}
	return res
}

func (j job) doImage(file []byte, res *result) error {
	src, err := decode(j.Type, file)
	if err != nil {
		return err
	}
	if len(j.Redact) == 0 {
		view := upright(shrink(src, viewSide), j.Orientation)
		w, h := src.Bounds().Dx(), src.Bounds().Dy()
		if j.Orientation >= 5 {
			w, h = h, w
		}
		return res.add(view, w, h)
	}
	full := upright(average(src, 1), j.Orientation)
	src = nil
	vw, vh := fit(full.Rect.Dx(), full.Rect.Dy(), viewSide)
	for _, r := range j.Redact {
		if r.Page != 0 {
			return reject(BadRect, "the document has one page")
		}
		if err := cover(full, r.Rect, vw, vh); err != nil {
			return err
		}
	}
	if res.original, err = encodeJPEG(full, 92); err != nil {
		return err
	}
	res.NewType, res.NewSize = JPEG, len(res.original)
	return res.add(shrink(full, viewSide), full.Rect.Dx(), full.Rect.Dy())
}

func (j job) doPDF(pdf *renderer, file []byte, res *result, drawn func() error) error {
	var pages []pdfImage
	number := 0
	hints, err := pdf.render(file, j.Limits, func(m *image.RGBA) error {
		for _, r := range j.Redact {
			if r.Page != number {
				continue
			}
			if err := cover(m, r.Rect, m.Rect.Dx(), m.Rect.Dy()); err != nil {
				return err
			}
		}
		number++
		if err := res.add(m, m.Rect.Dx(), m.Rect.Dy()); err != nil {
			return err
		}
		if len(j.Redact) > 0 {
			pages = append(pages, pdfImage{res.pictures[len(res.pictures)-1].View, m.Rect.Dx(), m.Rect.Dy()})
		}
		return drawn()
	})
	if err != nil {
		return err
	}
	for _, r := range j.Redact {
		if r.Page < 0 || r.Page >= number {
			return reject(BadRect, "the document has %d pages", number)
		}
	}
	if len(j.Redact) > 0 {
		res.original = writePDF(pages)
		res.NewType, res.NewSize = PDF, len(res.original)
	} else {
		res.Hints = hints
	}
	return nil
}

// add makes the renditions and measurements of one upright page.
func (res *result) add(view *image.RGBA, w, h int) error {
	var pic Pictures
	var err error
	if pic.View, err = encodeJPEG(view, viewQuality); err != nil {
		return err
	}
	if pic.Thumb, err = encodeJPEG(shrink(view, thumbSide), thumbQuality); err != nil {
		return err
	}
	page := Page{Width: w, Height: h, PHash: phash(view), Facts: measure(view)}
	res.Pages = append(res.Pages, answerPage{Page: page, View: len(pic.View), Thumb: len(pic.Thumb)})
	res.pictures = append(res.pictures, pic)
	return nil
}

func decode(t Type, file []byte) (image.Image, error) {
	var src image.Image
	var err error
	if t == PNG {
		src, err = png.Decode(bytes.NewReader(file))
	} else {
		src, err = jpeg.Decode(bytes.NewReader(file))
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, reject(Truncated, "the picture data end too early")
	case err != nil:
		return nil, reject(Unreadable, "the picture cannot be decoded")
	}
	return src, nil
}

// cover paints a rectangle, given in the pixels of a view of vw × vh, black.
// It grows by two pixels on each side, because scaling mixes neighbours.
func cover(m *image.RGBA, r image.Rectangle, vw, vh int) error {
	if r.Empty() || !r.In(image.Rect(0, 0, vw, vh)) {
		return reject(BadRect, "the rectangle is empty or outside of the picture")
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	full := image.Rect(r.Min.X*w/vw-2, r.Min.Y*h/vh-2, (r.Max.X*w+vw-1)/vw+2, (r.Max.Y*h+vh-1)/vh+2)
	draw.Draw(m, full.Intersect(m.Rect), image.NewUniform(color.Black), image.Point{}, draw.Src)
	return nil
}
