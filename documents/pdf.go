package documents

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdfiumerr "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// renderer is PDFium in WebAssembly: its memory is an array with an end, it has
// no file system, no network and no script engine. Every document gets a fresh
// instance, so that no document finds anything of another.
type renderer struct {
	cacheDir string
	start    sync.Once
	pool     pdfium.Pool
	err      error
}

// wasmPages bounds the renderer's memory, in pages of 64 KiB: 384 MiB.
const wasmPages = 6144

func (r *renderer) instance() (pdfium.Pdfium, error) {
	r.start.Do(func() {
		cfg := wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithMemoryLimitPages(wasmPages)
		if r.cacheDir != "" {
			// Without the cache the start is slow; that is all that is lost.
			if cache, err := wazero.NewCompilationCacheWithDir(r.cacheDir); err == nil {
				cfg = cfg.WithCompilationCache(cache)
			}
		}
		r.pool, r.err = webassembly.Init(webassembly.Config{
			Context: context.Background(),
			MinIdle: 1, MaxIdle: 1, MaxTotal: 1,
			RuntimeConfig: cfg,
			// The library's default would mount the whole disk.
			FSConfig: wazero.NewFSConfig(),
			Stdout:   io.Discard, Stderr: io.Discard,
		})
	})
	if r.err != nil {
		return nil, fmt.Errorf("start the PDF renderer: %w", r.err)
	}
	return r.pool.GetInstance(time.Minute)
}

// render draws every page, no larger than a view, and calls visit with it.
func (r *renderer) render(file []byte, l Limits, visit func(*image.RGBA) error) (hints []Hint, err error) {
	pdf, err := r.instance()
	if err != nil {
		return nil, err
	}
	// Closing throws the instance away, whatever state the document left it in.
	defer pdf.Close()
	doc, err := pdf.OpenDocument(&requests.OpenDocument{File: &file})
	switch {
	case errors.Is(err, pdfiumerr.ErrPassword), errors.Is(err, pdfiumerr.ErrSecurity):
		return nil, reject(Encrypted, "This PDF opens with a password only. Open it, print or export it to a new PDF without a password, and send that.")
	case err != nil:
		return nil, reject(Unreadable, "the PDF cannot be read")
	}
	// Encrypted, and yet it opened without a password: only printing, copying or
	// changing is forbidden, as banks do to their statements.
	security, err := pdf.FPDF_GetSecurityHandlerRevision(&requests.FPDF_GetSecurityHandlerRevision{Document: doc.Document})
	if err == nil && security.SecurityHandlerRevision >= 0 {
		hints = append(hints, Restricted)
	}
	count, err := pdf.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc.Document})
	switch {
	case err != nil || count.PageCount < 1:
		return nil, reject(Unreadable, "the PDF has no pages")
	case count.PageCount > l.Pages:
		return nil, reject(TooManyPages, "%d pages; at most %d", count.PageCount, l.Pages)
	}
	if js, err := pdf.FPDFDoc_GetJavaScriptActionCount(&requests.FPDFDoc_GetJavaScriptActionCount{Document: doc.Document}); err == nil && js.JavaScriptActionCount > 0 {
		hints = append(hints, Scripted)
	}
	if at, err := pdf.FPDFDoc_GetAttachmentCount(&requests.FPDFDoc_GetAttachmentCount{Document: doc.Document}); err == nil && at.AttachmentCount > 0 {
		hints = append(hints, Attached)
	}
	if count.PageCount > 1 {
		hints = append(hints, ManyPages)
	}
	for i := range count.PageCount {
		page := requests.Page{ByIndex: &requests.PageByIndex{Document: doc.Document, Index: i}}
		size, err := pdf.GetPageSize(&requests.GetPageSize{Page: page})
		if err != nil {
			return nil, reject(Unreadable, "page %d cannot be read", i+1)
		}
		w, h, err := pageSize(size.Width, size.Height)
		if err != nil {
			return nil, err
		}
		out, err := pdf.RenderPageInPixels(&requests.RenderPageInPixels{Page: page, Width: w, Height: h})
		if err != nil {
			return nil, reject(Unreadable, "page %d cannot be drawn", i+1)
		}
		drawn, ok := out.Result.RenderedImage.(*image.RGBA)
		if !ok || drawn.Rect.Empty() {
			out.Cleanup()
			return nil, reject(Unreadable, "page %d cannot be drawn", i+1)
		}
		err = visit(average(drawn, 1)) // a copy, flattened on white
		out.Cleanup()
		if err != nil {
			return nil, err
		}
	}
	return hints, nil
}

// pageSize is the size in pixels at which a page of w × h points is drawn: 200
// dots an inch, at most a view.
func pageSize(w, h float64) (int, int, error) {
	if !(w > 0 && h > 0) || math.IsInf(w, 0) || math.IsInf(h, 0) {
		return 0, 0, reject(Dimensions, "a page has no size")
	}
	scale := min(200.0/72, viewSide/max(w, h))
	pw, ph := int(w*scale), int(h*scale)
	if pw < 1 || ph < 1 {
		return 0, 0, reject(Dimensions, "a page is %.0f × %.0f points", w, h)
	}
	return pw, ph, nil
}
