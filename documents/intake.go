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
	"sync/atomic"
	"time"
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
	// may use Workers times Limits.Memory. One account has all but one at the most.
	Workers int
	// PerAccount is how many uploads of one account may be under way, by default 8;
	// Underway, of all accounts, by default 1,024.
	PerAccount, Underway int
	// Spooled bounds the bytes of all uploads under way, by default 2 GiB. They lie
	// encrypted in SpoolDir, by default the system's folder for temporary files.
	Spooled  int64
	SpoolDir string
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
	cfg     Config
	turns   *turns
	judging chan struct{} // bounds the files in memory that are looked at before a worker has them
	arrived atomic.Int64  // bytes of all uploads under way
	pid     atomic.Int64  // of the process that had the last job
}

// Open makes the intake. No process is started before the first file.
func Open(cfg Config) (*Intake, error) {
	if len(cfg.Worker) == 0 {
		return nil, errors.New("documents: no command for the worker process")
	}
	cfg.Limits = cfg.Limits.orDefaults()
	def := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	def(&cfg.Workers, 2)
	def(&cfg.PerAccount, 8)
	def(&cfg.Underway, 1024)
	if cfg.Spooled <= 0 {
		cfg.Spooled = 2 << 30
	}
	return &Intake{cfg: cfg, turns: newTurns(cfg, time.Now), judging: make(chan struct{}, 4*cfg.Workers)}, nil
}

// Close waits for the files being decoded and ends the processes.
func (in *Intake) Close() error {
	for _, p := range in.turns.close(in.cfg.Workers) {
		p.stop()
	}
	return nil
}

// Warm starts every worker and its PDF renderer, so that the first merchant
// need not wait for them. The program calls it beside its start.
func (in *Intake) Warm(ctx context.Context) error {
	const ourselves = "" // no account has an empty id
	for range in.cfg.Workers {
		p, err := in.turns.take(ctx, ourselves)
		if err != nil {
			return err
		}
		if err = p.start(); err == nil {
			err = p.warm(ctx)
		}
		in.turns.give(ourselves, p, false)
		if err != nil {
			return err
		}
	}
	return nil
}

// Limits are the limits in force.
func (in *Intake) Limits() Limits { return in.cfg.Limits }

// Accept reads one file of an account and answers what it is, with its pictures.
// Nothing is stored. A *Rejection is the sender's to put right; ErrCrowded and
// *PausedError are the account's doing; ErrBusy, ErrScanner and every other error
// are ours, and the same file may be sent again. The file arrives completely
// before it waits for a worker.
func (in *Intake) Accept(ctx context.Context, account string, r io.Reader) (*Accepted, error) {
	leave, err := in.turns.enter(account)
	if err != nil {
		return nil, err
	}
	defer leave()
	s, err := in.spool(r)
	if err != nil {
		return nil, err
	}
	defer s.discard()
	h, err := in.judge(ctx, s)
	if err != nil {
		return nil, err
	}
	file, res, err := in.decode(ctx, account, job{Type: h.Type, Orientation: h.Orientation}, h, s.load)
	if err != nil {
		return nil, err
	}
	return accepted(h.Type, file, res, h.Hints), nil
}

// judge looks at the file as it arrived, without decoding it.
func (in *Intake) judge(ctx context.Context, s *spooled) (header, error) {
	select {
	case in.judging <- struct{}{}:
		defer func() { <-in.judging }()
	case <-ctx.Done():
		return header{}, ctx.Err()
	}
	file, err := s.load()
	if err != nil {
		return header{}, err
	}
	h, err := inspect(file, in.cfg.Limits)
	if err == nil && in.cfg.Scanner != nil {
		err = in.cfg.Scanner.Scan(ctx, bytes.NewReader(file))
	}
	return h, err
}

// Region is a rectangle of one page to be covered.
type Region struct {
	Page int             `json:"page"` // from 0
	Rect image.Rectangle `json:"rect"` // in the pixels of the page's view
}

// Redact covers the regions of a stored original and answers a new document in
// which what they showed has never been: its original is drawn anew from the
// covered pixels. The caller stores it, records the event and then destroys the
// old blobs (Discard). account is who covers them.
func (in *Intake) Redact(ctx context.Context, account string, original []byte, regions []Region) (*Accepted, error) {
	if len(regions) == 0 || len(regions) > 100 {
		return nil, reject(BadRect, "1 to 100 rectangles")
	}
	h, err := inspect(original, in.cfg.Limits)
	if err != nil {
		return nil, err
	}
	_, res, err := in.decode(ctx, account, job{Type: h.Type, Orientation: h.Orientation, Redact: regions}, h, func() ([]byte, error) { return original, nil })
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

// decode hands the file to a worker when it is the account's turn.
func (in *Intake) decode(ctx context.Context, account string, j job, h header, load func() ([]byte, error)) ([]byte, result, error) {
	p, err := in.turns.take(ctx, account)
	if err != nil {
		return nil, result{}, err
	}
	var exceeded *exceededError
	defer func() { in.turns.give(account, p, exceeded != nil) }()
	file, err := load()
	if err != nil {
		return nil, result{}, err
	}
	core := h.core(file)
	j.Limits, j.Size = in.cfg.Limits, len(core)
	res, err := p.do(ctx, j, core, &in.pid)
	switch {
	case errors.As(err, &exceeded):
		return nil, result{}, reject(TooComplex, "%s", exceeded.detail)
	case err != nil:
		return nil, result{}, err
	case res.Code != "":
		return nil, result{}, reject(res.Code, "%s", res.Detail)
	case res.Fault != "":
		return nil, result{}, fmt.Errorf("document worker: %s", res.Fault)
	case len(res.Pages) == 0:
		return nil, result{}, reject(Unreadable, "the document has no pages")
	}
	return file, res, nil
}
