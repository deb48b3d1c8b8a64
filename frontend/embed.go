// Package frontend carries the built single-page application inside the Go
// binary.
//
// The application is a project of its own (see package.json): `npm ci && npm
// run build` writes it into dist, and a Go build after that embeds it. A Go
// build without it works as well; Built then answers false, and the server says
// how to build it instead of showing a blank page.
//
// Everything under dist/assets has its content's hash in its name and can be
// cached for ever; most of it lies there as .br and .gz too. index.html must
// not be cached: it holds NoncePlaceholder wherever the page's content security
// policy asks for the nonce of that one response.
package frontend

import (
	"embed"
	"io/fs"
)

// NoncePlaceholder stands in index.html for the nonce of a response. Replace
// every occurrence by the nonce that the response's policy names.
const NoncePlaceholder = "__ALTA_CSP_NONCE__"

//go:embed all:dist
var dist embed.FS

// Dist is the built application, index.html at its root. It is empty but for
// .gitkeep when the application was not built.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil { // fs.Sub refuses only an invalid path, and this one is a constant
		return dist
	}
	return sub
}

// Built reports whether the application was built before the Go binary was.
func Built() bool {
	_, err := fs.Stat(Dist(), "index.html")
	return err == nil
}
