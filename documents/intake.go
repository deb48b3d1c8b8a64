package documents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrBusy: too many files are being taken in at this moment; try again soon.
var ErrBusy = errors.New("documents: too many uploads at a time")

// ErrClosed: the intake was closed.
var ErrClosed = errors.New("documents: the intake is closed")

// Config says how files are taken in.
type Config struct {
	Limits Limits
	// Worker is the command line of the process that decodes, such as the own
	// program and "document-worker"; that command calls RunWorker.
	Worker []string
	// Workers is how many files are decoded at a time, by default 2. Together they
	// may use Workers times Limits.Memory.
	Workers int
	// Buffered bounds the bytes of all files being taken in, by default 256 MiB.
	Buffered int64
	// Scanner, when not nil, must find every file clean.
	Scanner Scanner
	// CacheDir, when not empty, keeps the compiled PDF renderer, which then starts
	// in a fraction of a second instead of several seconds. Whoever can write
	// there can run programs in the worker: keep it private.
	CacheDir string
}

// Scanner looks for known malware. It answers a *Rejection with the code
// Infected, or another error when it cannot tell, which refuses the file too.
type Scanner interface {
	Scan(ctx context.Context, r io.Reader) error
}

// Intake takes files in. It is safe for concurrent use.
type Intake struct {
	cfg      Config
	workers  chan *process
	buffered atomic.Int64
	pid      atomic.Int64 // of the process that had the last job

	mu     sync.Mutex
	closed bool
}

// Open makes the intake. No process is started before the first file.
func Open(cfg Config) (*Intake, error) {
	if len(cfg.Worker) == 0 {
		return nil, errors.New("documents: no command for the worker process")
	}
	cfg.Limits = cfg.Limits.orDefaults()
	if cfg.Workers <= 0 {
		cfg.Workers = 2
	}
	if cfg.Buffered <= 0 {
		cfg.Buffered = 256 << 20
	}
	in := &Intake{cfg: cfg, workers: make(chan *process, cfg.Workers)}
	for range cfg.Workers {
		in.workers <- &process{cfg: cfg}
	}
	return in, nil
}

// Close waits for the files being decoded and ends the processes.
func (in *Intake) Close() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return nil
	}
	in.closed = true
	for range in.cfg.Workers {
		p := <-in.workers
		p.stop()
	}
	close(in.workers)
	return nil
}

// Warm starts every worker and its PDF renderer, so that the first merchant
// need not wait for them. The program calls it beside its start.
func (in *Intake) Warm(ctx context.Context) error {
	for range in.cfg.Workers {
		p, err := in.take(ctx)
		if err != nil {
			return err
		}
		if err = p.start(); err == nil {
			err = p.warm(ctx)
		}
		in.workers <- p
		if err != nil {
			return err
		}
	}
	return nil
}

// take waits for a free worker.
func (in *Intake) take(ctx context.Context) (*process, error) {
	select {
	case p, open := <-in.workers:
		if !open {
			return nil, ErrClosed
		}
		return p, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Limits are the limits in force.
func (in *Intake) Limits() Limits { return in.cfg.Limits }

// Accept reads one file and answers what it is, with its pictures. Nothing is
// stored. A *Rejection is the sender's to put right; ErrBusy, ErrScanner and
// every other error are ours, and the same file may be sent again.
func (in *Intake) Accept(ctx context.Context, r io.Reader) (*Accepted, error) {
	file, release, err := in.read(r)
	defer release()
	if err != nil {
		return nil, err
	}
	h, err := inspect(file, in.cfg.Limits)
	if err != nil {
		return nil, err
	}
	if in.cfg.Scanner != nil {
		if err := in.cfg.Scanner.Scan(ctx, bytes.NewReader(file)); err != nil {
			return nil, err
		}
	}
	res, err := in.decode(ctx, job{Type: h.Type, Orientation: h.Orientation}, file)
	if err != nil {
		return nil, err
	}
	return accepted(h.Type, file, res, h.Hints), nil
}

// Region is a rectangle of one page to be covered.
type Region struct {
	Page int             `json:"page"` // from 0
	Rect image.Rectangle `json:"rect"` // in the pixels of the page's view
}

// Redact covers the regions of a stored original and answers a new document in
// which what they showed has never been: its original is drawn anew from the
// covered pixels. The caller stores it, records the event and then destroys the
// old blobs (Discard).
func (in *Intake) Redact(ctx context.Context, original []byte, regions []Region) (*Accepted, error) {
	if len(regions) == 0 || len(regions) > 100 {
		return nil, reject(BadRect, "1 to 100 rectangles")
	}
	h, err := inspect(original, in.cfg.Limits)
	if err != nil {
		return nil, err
	}
	res, err := in.decode(ctx, job{Type: h.Type, Orientation: h.Orientation, Redact: regions}, original)
	if err != nil {
		return nil, err
	}
	return accepted(res.NewType, res.original, res, nil), nil
}

func accepted(t Type, original []byte, res result, hints []Hint) *Accepted {
	sum := sha256.Sum256(original)
	a := &Accepted{
		Document: Document{Type: t, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(original))},
		Original: original, Pictures: res.pictures,
	}
	for _, p := range res.Pages {
		a.Pages = append(a.Pages, p.Page)
		hints = append(hints, p.hints()...)
	}
	a.Hints = slices.Compact(slices.Sorted(slices.Values(append(hints, res.Hints...))))
	return a
}

// decode hands the file to a free worker.
func (in *Intake) decode(ctx context.Context, j job, file []byte) (result, error) {
	j.Limits, j.Size = in.cfg.Limits, len(file)
	p, err := in.take(ctx)
	if err != nil {
		return result{}, err
	}
	res, err := p.do(ctx, j, file, &in.pid)
	in.workers <- p
	switch {
	case errors.Is(err, errExceeded):
		return result{}, reject(TooComplex, "decoding took more time or memory than is allowed")
	case err != nil:
		return result{}, err
	case res.Code != "":
		return result{}, reject(res.Code, "%s", res.Detail)
	case res.Fault != "":
		return result{}, fmt.Errorf("document worker: %s", res.Fault)
	case len(res.Pages) == 0:
		return result{}, reject(Unreadable, "the document has no pages")
	}
	return res, nil
}

// read reads the file into memory as it arrives, and counts it against the
// memory of all uploads, so that a thousand slow ones cannot exhaust it.
// release gives the count back.
func (in *Intake) read(r io.Reader) (file []byte, release func(), err error) {
	var counted int64
	release = func() { in.buffered.Add(-counted); counted = 0 }
	limit := in.cfg.Limits.Bytes
	buf := make([]byte, 0, 32<<10)
	for {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*cap(buf), int(limit)+1))
			copy(grown, buf)
			buf = grown
		}
		if more := int64(cap(buf)) - counted; more > 0 {
			counted += more
			if in.buffered.Add(more) > in.cfg.Buffered {
				return nil, release, ErrBusy
			}
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, release, reject(TooLarge, "more than %d bytes", limit)
		}
		if errors.Is(err, io.EOF) {
			return buf, release, nil
		}
		if err != nil {
			return nil, release, err
		}
	}
}
