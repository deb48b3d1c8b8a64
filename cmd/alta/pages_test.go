package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"alta/frontend"
)

func TestPages(t *testing.T) {
	built := fstest.MapFS{
		"index.html":          {Data: []byte(`<script nonce="` + frontend.NoncePlaceholder + `"></script>`)},
		"assets/app-1.js":     {Data: []byte("plain")},
		"assets/app-1.js.br":  {Data: []byte("brotli")},
		"assets/app-1.js.gz":  {Data: []byte("gzip")},
		"mark.svg":            {Data: []byte("<svg/>")},
		"assets/font-1.woff2": {Data: []byte("font")},
	}
	for name, c := range map[string]struct {
		path, accept string
		status       int
		body         string
		header       map[string]string
	}{
		"the root is the page":                           {path: "/", status: 200, header: map[string]string{"Cache-Control": "no-store"}},
		"an address of the application is the page":      {path: "/queue/qualification", status: 200},
		"a missing asset is not the page":                {path: "/assets/gone.js", status: 404},
		"a missing file at the root is not the page":     {path: "/favicon.ico", status: 404},
		"an asset may be kept for ever":                  {path: "/assets/app-1.js", status: 200, body: "plain", header: map[string]string{"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": "text/javascript; charset=utf-8"}},
		"brotli goes before gzip":                        {path: "/assets/app-1.js", accept: "gzip, br", status: 200, body: "brotli", header: map[string]string{"Content-Encoding": "br"}},
		"gzip for who knows no brotli":                   {path: "/assets/app-1.js", accept: "gzip", status: 200, body: "gzip"},
		"an encoding that is refused is not sent":        {path: "/assets/app-1.js", accept: "br;q=0, gzip", status: 200, body: "gzip"},
		"what exists in one encoding only is sent plain": {path: "/assets/font-1.woff2", accept: "br", status: 200, body: "font"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := newPages(built)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, c.path, nil)
			r.Header.Set("Accept-Encoding", c.accept)
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			if w.Code != c.status || c.body != "" && w.Body.String() != c.body {
				t.Fatalf("%d %q", w.Code, w.Body)
			}
			for k, v := range c.header {
				if got := w.Header().Get(k); got != v {
					t.Errorf("%s: %q, want %q", k, got, v)
				}
			}
		})
	}
}

func TestEveryPageHasItsOwnNonce(t *testing.T) {
	p, err := newPages(fstest.MapFS{"index.html": {Data: []byte("n=" + frontend.NoncePlaceholder)}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 3 {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		nonce := strings.TrimPrefix(w.Body.String(), "n=")
		if len(nonce) < 20 || seen[nonce] || !strings.Contains(w.Header().Get("Content-Security-Policy"), "'nonce-"+nonce+"'") {
			t.Fatalf("nonce %q, policy %q", nonce, w.Header().Get("Content-Security-Policy"))
		}
		seen[nonce] = true
	}
}

func TestWithoutPagesTheServerSaysHowToBuildThem(t *testing.T) {
	p, err := newPages(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "npm run build") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}
