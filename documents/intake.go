package documents

import (
	"context"
	"image"
	"io"
)

// Config says how files are taken in.
type Config struct {
	Limits Limits
	// Worker is the command line of the process that decodes, such as the own
	// program and "document-worker"; that command calls RunWorker.
	Worker []string
	// Workers is how many files are decoded at a time, by default 2.
	Workers int
	// Buffered bounds the bytes of all files being taken in, by default 256 MiB.
	Buffered int64
	// Scanner, when not nil, must find every file clean.
	Scanner Scanner
	// CacheDir, when not empty, keeps the compiled PDF renderer, which then starts
	// in a fraction of a second instead of several seconds.
	CacheDir string
}

// Scanner looks for known malware. It answers a *Rejection with the code
// Infected, or another error when it cannot tell.
type Scanner interface {
	Scan(ctx context.Context, r io.Reader) error
}

// Intake takes files in. It is safe for concurrent use.
type Intake struct {
	cfg Config
}

// Open starts nothing yet: the processes start with the first file.
func Open(cfg Config) (*Intake, error) {
	cfg.Limits = cfg.Limits.orDefaults()
	return &Intake{cfg: cfg}, nil
}

// Close ends the processes.
func (in *Intake) Close() error { return nil }

// Accept reads one file and answers what it is, with its pictures, or a
// *Rejection. Nothing is stored.
func (in *Intake) Accept(ctx context.Context, r io.Reader) (*Accepted, error) {
	return nil, reject(Unreadable, "not yet")
}

// Region is a rectangle of one page to be covered.
type Region struct {
	Page int             // from 0
	Rect image.Rectangle // in the pixels of the page's view
}

// Redact covers the regions and answers a new document in which they never
// were.
func (in *Intake) Redact(ctx context.Context, original []byte, regions []Region) (*Accepted, error) {
	return nil, reject(Unreadable, "not yet")
}
