package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"alta/api"
	"alta/frontend"
)

// pages serves the single-page application: assets for ever, index.html never
// from a cache and with a nonce of its own, and a missing asset as 404 instead of
// as the page.
type pages struct {
	files fs.FS
	index string
	etags map[string]string
}

const notBuilt = `The pages are not built into this program; the interface under /v1 works.
Build them with: (cd frontend && npm ci && npm run build) && go build -o alta ./cmd/alta
`

func newPages(files fs.FS) (*pages, error) {
	p := &pages{files: files, etags: map[string]string{}}
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return p, nil // not built: ServeHTTP says so
	}
	p.index = string(index)
	// Embedded files have no time of change: their content is their version.
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, name)
		sum := sha256.Sum256(b)
		p.etags[name] = `"` + hex.EncodeToString(sum[:8]) + `"`
		return err
	})
	return p, err
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if p.index == "" {
		http.Error(w, notBuilt, http.StatusServiceUnavailable)
		return
	}
	if _, there := p.etags[name]; there && name != "index.html" {
		p.asset(w, r, name)
		return
	}
	if name != "" && strings.Contains(path.Base(name), ".") || strings.HasPrefix(name, "assets/") {
		http.NotFound(w, r)
		return
	}
	p.page(w, r)
}

// contentPolicy is the page's content security policy: nothing from elsewhere, nothing
// inline but what has the nonce.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%'; img-src 'self' blob: data:; font-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'none'; object-src 'none'; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'"

func (p *pages) page(w http.ResponseWriter, r *http.Request) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails: the runtime ends the process instead
	nonce := base64.RawURLEncoding.EncodeToString(random[:])
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", strings.ReplaceAll(contentPolicy, "%", nonce))
	h.Set("Permissions-Policy", "geolocation=(), microphone=(), payment=(), usb=()")
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write([]byte(strings.ReplaceAll(p.index, frontend.NoncePlaceholder, nonce)))
}

func (p *pages) asset(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	h.Set("Content-Type", mediaType(name))
	h.Set("ETag", p.etags[name])
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "public, max-age=3600")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if api.Unmodified(r, p.etags[name]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	serve := name
	for _, enc := range []struct{ suffix, name string }{{".br", "br"}, {".gz", "gzip"}} {
		if _, there := p.etags[name+enc.suffix]; there && accepts(r, enc.name) {
			h.Set("Content-Encoding", enc.name)
			serve = name + enc.suffix
			break
		}
	}
	b, err := fs.ReadFile(p.files, serve)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(b)
}

func accepts(r *http.Request, encoding string) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == encoding && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
