// Package documents decides what happens to an uploaded file before any event
// may speak of it.
//
// A file is hostile until it has been read completely by a program that can do
// no harm. Intake.Accept therefore takes it through five gates, in this order:
//
//  1. It is read up to a limit, and lies on the disk encrypted with a key of this
//     process's memory: a slow sender costs neither memory nor a worker.
//  2. Its type is told by its content; its name and its claimed type are never
//     asked. Only JPEG, PNG and PDF pass.
//  3. Its headers are read by small parsers of our own: dimensions, pages,
//     animation, encryption are judged before anything is decoded, because 103
//     bytes of PNG can ask for 1.5 GB.
//  4. Where a virus scanner is configured it must say that the file is clean; a
//     scanner that does not answer refuses the file.
//  5. It is decoded in another process, which has bounded memory and time and
//     is killed when it exceeds them. That process answers new pictures, drawn
//     from the pixels alone: whatever else the file carried (EXIF, a position,
//     scripts, an archive behind the last byte) is not in them. Accounts take turns
//     at these processes.
//
// Only these new pictures are ever shown. The original stays sealed, as
// evidence. What the machine noticed about the picture (blurred, nearly blank,
// grey, seen before) is a hint to a person, never a decision.
package documents

import (
	"fmt"
	"time"
)

// Type is what a file is, told by its content.
type Type string

// The types that are taken.
const (
	JPEG Type = "image/jpeg"
	PNG  Type = "image/png"
	PDF  Type = "application/pdf"
)

// Code is the permanent name of a reason for which a file is refused.
type Code string

// The reasons. Their texts for people are the caller's business.
const (
	Empty        Code = "empty"             // no byte at all
	TooLarge     Code = "too-large"         // more bytes than the limit
	NotAllowed   Code = "type-not-allowed"  // neither JPEG, PNG nor PDF
	Dimensions   Code = "dimensions"        // too wide, too high, too many pixels, or no size
	Truncated    Code = "truncated"         // the end is missing
	Unreadable   Code = "unreadable"        // damaged, or of a kind that cannot be decoded
	Animated     Code = "animated"          // more than one picture in an image file
	Encrypted    Code = "encrypted-pdf"     // a PDF that opens with a password only
	TooManyPages Code = "too-many-pages"    // a PDF of more pages than the limit
	TooComplex   Code = "too-complex"       // decoding exceeded its time or memory
	Infected     Code = "infected"          // the scanner knows it
	BadRect      Code = "redaction-outside" // a rectangle outside the picture
)

// Rejection is why a file was refused. It is the sender's to put right, and
// says nothing of what the file contains.
type Rejection struct {
	Code   Code
	Detail string // in English, for the log and for developers
}

func (r *Rejection) Error() string { return fmt.Sprintf("documents: %s: %s", r.Code, r.Detail) }

// Is makes errors.Is match two rejections of the same code.
func (r *Rejection) Is(target error) bool {
	t, ok := target.(*Rejection)
	return ok && t.Code == r.Code
}

func reject(code Code, format string, args ...any) error {
	return &Rejection{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Limits bounds what is taken. A zero field means its default.
type Limits struct {
	Bytes  int64         // of one file; 10 MB (10,000,000) by default
	Side   int           // of one picture, in pixels; 12,000
	Pixels int           // of one picture; 50,000,000
	Pages  int           // of a PDF; 10
	Page   time.Duration // of a processor, for one page; 4 s
	Time   time.Duration // of a processor, for one file; 12 s
	Memory int64         // of the process that decodes, in bytes; 1 GiB
}

func (l Limits) orDefaults() Limits {
	def := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	if l.Bytes <= 0 {
		l.Bytes = 10_000_000
	}
	def(&l.Side, 12_000)
	def(&l.Pixels, 50_000_000)
	def(&l.Pages, 10)
	if l.Page <= 0 {
		l.Page = 4 * time.Second
	}
	if l.Time <= 0 {
		l.Time = 12 * time.Second
	}
	if l.Memory <= 0 {
		l.Memory = 1 << 30
	}
	return l
}

// Document is what is known of an accepted file. It holds no bytes of it.
type Document struct {
	Type   Type   `json:"type"`
	SHA256 string `json:"sha256"` // of the original, in hexadecimal
	Size   int64  `json:"size"`   // of the original, in bytes
	Pages  []Page `json:"pages"`  // one for an image
	Hints  []Hint `json:"hints,omitempty"`
}

// PHash is the perceptual hash of the first page.
func (d Document) PHash() PHash {
	if len(d.Pages) == 0 {
		return 0
	}
	return d.Pages[0].PHash
}

// Page is one picture of a document, upright (its EXIF orientation applied).
type Page struct {
	Width  int   `json:"width"` // of the original in pixels; for a PDF, of the view
	Height int   `json:"height"`
	PHash  PHash `json:"phash"`
	Facts  Facts `json:"facts"`
}

// Facts are measurements of a page, for the hints.
type Facts struct {
	// Sharpness is the variance of the Laplacian of the grey picture, scaled to
	// 1,000 pixels on its longer side; a photo in focus has several hundred.
	Sharpness float64 `json:"sharpness"`
	// Contrast is the standard deviation of the brightness, 0 to 127.5.
	Contrast float64 `json:"contrast"`
	// Colour is the mean difference of the strongest and the weakest of red,
	// green and blue, 0 to 255; a copy in grey has nearly none.
	Colour float64 `json:"colour"`
}

// Hint is the permanent name of something that a machine noticed. Only a person
// decides what it means.
type Hint string

// The hints.
const (
	Blurred   Hint = "blurred"
	Blank     Hint = "nearly-blank"
	Grey      Hint = "greyscale"
	Small     Hint = "small"           // under 600 pixels on the longer side
	Trailing  Hint = "trailing-bytes"  // the file has more than padding before or after the document
	Scripted  Hint = "pdf-script"      // the PDF had a script; the pictures have none
	Attached  Hint = "pdf-attachments" // the PDF had files in it
	Located   Hint = "located"         // the image told where it was taken
	ManyPages Hint = "several-pages"
	// Restricted is a PDF that opens without a password and forbids printing,
	// copying or changing.
	Restricted Hint = "pdf-restricted"
)

// Accepted is a document with its pictures, not stored yet.
type Accepted struct {
	Document
	Original []byte
	Pictures []Pictures // one a page
}

// Pictures are the renditions of one page, JPEG both.
type Pictures struct {
	View  []byte // at most 2,400 pixels on a side
	Thumb []byte // at most 320 pixels on a side
}
