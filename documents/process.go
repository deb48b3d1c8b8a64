package documents

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// exceededError is a worker that was killed for its time or memory.
type exceededError struct{ detail string } // in English, for the sender

func (e *exceededError) Error() string { return "documents: the worker was ended: " + e.detail }

// process is one worker process, used by one job at a time. It is started when
// it is needed and again after it was killed.
type process struct {
	cfg Config
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader

	warmed bool // the PDF renderer runs
}

func (p *process) start() error {
	if p.cmd != nil {
		return nil
	}
	l := p.cfg.Limits
	args := append(p.cfg.Worker[1:len(p.cfg.Worker):len(p.cfg.Worker)],
		"-memory", strconv.FormatInt(l.Memory, 10), "-cache", p.cfg.CacheDir)
	cmd := exec.Command(p.cfg.Worker[0], args...)
	// Nothing of the parent's environment: it may hold secrets. One processor's
	// worth of goroutines keeps a hostile file from taking the machine.
	cmd.Env = []string{
		"GOMEMLIMIT=" + strconv.FormatInt(l.Memory*3/4, 10),
		"GOMAXPROCS=1",
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a document worker: %w", err)
	}
	p.cmd, p.in, p.out = cmd, in, bufio.NewReaderSize(out, maxLine)
	return nil
}

// stop kills the process and waits for its end.
func (p *process) stop() {
	if p.cmd == nil {
		return
	}
	p.in.Close()
	p.cmd.Process.Kill()
	p.cmd.Wait()
	p.cmd, p.warmed = nil, false
}

// warmUp is how long the PDF renderer may take to start, which it does once in
// a process: several seconds where it has to be compiled first.
const warmUp = 2 * time.Minute

// do runs one job. Starting the PDF renderer does not count against the file's
// time, which is why a page of our own is drawn first.
func (p *process) do(ctx context.Context, j job, file []byte, pid *atomic.Int64) (result, error) {
	if err := p.start(); err != nil {
		return result{}, err
	}
	pid.Store(int64(p.cmd.Process.Pid))
	if j.Type == PDF {
		if err := p.warm(ctx); err != nil {
			return result{}, err
		}
	}
	return p.run(ctx, j, file, p.cfg.Limits)
}

// warm starts the PDF renderer unless it runs already.
func (p *process) warm(ctx context.Context) error {
	if p.warmed {
		return nil
	}
	page := writePDF(nil)
	l := p.cfg.Limits
	l.Time, l.Page = warmUp, warmUp
	_, err := p.run(ctx, job{Type: PDF, Orientation: 1, Limits: l, Size: len(page)}, page, l)
	var exceeded *exceededError
	if errors.As(err, &exceeded) {
		return errors.New("documents: the PDF renderer does not start")
	}
	p.warmed = err == nil
	return err
}

// run hands one job to the running process. After any failure the process is
// killed, so that the next job finds a clean one.
func (p *process) run(ctx context.Context, j job, file []byte, l Limits) (result, error) {
	var page atomic.Int64 // being worked on
	page.Store(1)
	watch := p.watch(ctx, l, &page)
	res, err := p.exchange(j, file, &page)
	exceeded := watch()
	if err != nil {
		p.stop()
		switch {
		case exceeded != nil:
			return result{}, exceeded
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return result{}, &exceededError{"The file needs more memory than is allowed."} // the worker died by itself
		}
		return result{}, fmt.Errorf("document worker: %w", err)
	}
	return res, nil
}

func (p *process) exchange(j job, file []byte, page *atomic.Int64) (result, error) {
	// The worker reads all of a job before it answers, so writing first cannot
	// block for ever.
	if err := writeFrame(p.in, j, file); err != nil {
		return result{}, fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
	}
	return readAnswer(p.out, p.cfg.Limits, func() { page.Add(1) })
}

// slack is how many times longer than its processor time a job may take, because
// other programs use the machine too.
const slack = 4

// watch kills the process when ctx ends, when the time of a page or of the whole
// is over, or when its memory comes near the limit: an eighth is left for what it
// can take between two looks. The function that it answers ends the watch and says
// what it did.
func (p *process) watch(ctx context.Context, l Limits, page *atomic.Int64) func() error {
	done := make(chan struct{})
	var exceeded error
	var wg sync.WaitGroup
	proc, pid, memory := p.cmd.Process, p.cmd.Process.Pid, l.Memory*7/8
	begun := time.Now()
	var spent meter
	spent.read(processorTime(pid))
	wg.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		current, pageBegun := int64(1), begun
		over := func(limit, used, passed time.Duration) bool {
			return used > limit || passed > slack*limit
		}
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				exceeded = ctx.Err() // the caller went away; not the file's fault
			case <-tick.C:
				spent.read(processorTime(pid))
				if n := page.Load(); n != current {
					current, pageBegun = n, time.Now()
					spent.turn()
				}
				resident, known := residentBytes(pid)
				switch {
				case known && resident > memory:
					exceeded = &exceededError{"The file needs more memory than is allowed."}
				case over(l.Page, spent.page(), time.Since(pageBegun)):
					exceeded = &exceededError{fmt.Sprintf("Page %d takes too long to draw. Print it to a new PDF, or send a photo of it.", current)}
				case over(l.Time, spent.whole(), time.Since(begun)):
					exceeded = &exceededError{"The file takes too long to read. Print it to a new PDF, or send fewer pages."}
				}
			}
			if exceeded != nil {
				proc.Kill()
				return
			}
		}
	})
	return func() error { close(done); wg.Wait(); return exceeded }
}

// meter is the processor time of a file and of its present page, as far as the system
// tells. A look at which it does not tell counts as no look: taken for 0 it would charge
// a page with all that the process ever used.
type meter struct {
	began, turned, now time.Duration
	known              bool
}

func (m *meter) read(used time.Duration, known bool) {
	if !known {
		return
	}
	if !m.known {
		m.began, m.turned, m.known = used, used, true
	}
	m.now = used
}

// turn begins the next page.
func (m *meter) turn() { m.turned = m.now }

func (m *meter) page() time.Duration  { return m.now - m.turned }
func (m *meter) whole() time.Duration { return m.now - m.began }

// processorTime is what a process has used so far; known is false where the system does
// not tell.
func processorTime(pid int) (used time.Duration, known bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	// The name of the program, in brackets, may hold anything.
	_, after, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(after)
	if len(f) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, false
	}
	return time.Duration(user+system) * (time.Second / 100), true // Linux counts in hundredths towards programs
}

// residentBytes is the memory that a process really uses; known is false where the
// system does not tell.
func residentBytes(pid int) (n int64, known bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0, false
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(f[1], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}
