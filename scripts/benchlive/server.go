package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// demoPassword is that of the people that --demo makes.
const demoPassword = "harbour lantern 42"

// server is Alta as a process.
type server struct {
	cmd     *exec.Cmd
	out     bytes.Buffer
	ended   chan error
	address string
}

func startServer(ctx context.Context, alta, home, data string) (*server, error) {
	file := filepath.Join(home, "address")
	s := &server{ended: make(chan error, 1)}
	s.cmd = exec.Command(alta, "serve", "--demo", "--listen", "127.0.0.1:0", "--data", data, "--address-file", file, "--limit-factor", "1000")
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.cmd.Wait() }()
	for range 3000 {
		if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
			s.address = strings.TrimSpace(string(b))
			return s, nil
		}
		select {
		case err := <-s.ended:
			return nil, fmt.Errorf("alta serve ended: %w: %s", err, s.out.String())
		case <-ctx.Done():
			s.stop()
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	s.stop()
	return nil, errors.New("alta serve does not answer")
}

func (s *server) host() string { return strings.TrimPrefix(s.address, "http://") }

func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// failure is what the server logged as an error.
func (s *server) failure() error {
	for line := range strings.Lines(s.out.String()) {
		if strings.Contains(line, "level=ERROR") {
			return errors.New("the server logged: " + strings.TrimSpace(line))
		}
	}
	return nil
}

// memory is what the process occupies, in bytes: resident, now and at most.
type memory struct{ now, peak int64 }

func (s *server) memory() (m memory, err error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return m, err
	}
	defer f.Close()
	for scan := bufio.NewScanner(f); scan.Scan(); {
		name, value, _ := strings.Cut(scan.Text(), ":")
		n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			m.now = n << 10
		case "VmHWM":
			m.peak = n << 10
		}
	}
	return m, nil
}

// forgetPeak has the most that is occupied counted from now on (proc(5), clear_refs).
func (s *server) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0)
}

// during is how many cores the server used while something was done.
func (s *server) during(do func() error) (float64, error) {
	begun, was, err := time.Now(), time.Duration(0), error(nil)
	if was, err = s.used(); err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	is, err := s.used()
	return float64(is-was) / float64(time.Since(begun)), err
}

// used is the processor time of the process so far, in hundredths of a second as
// Linux counts it.
func (s *server) used() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("/proc/…/stat is not as expected")
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}
