// Package faultskit is what the groups of faults share: Alta as a process of its
// own, and the table of what it survived.
package faultskit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Server is `alta serve` as a process. Home holds its data, its temporary files
// and what it printed.
type Server struct {
	Program, Home string
	Flags         []string // beside those of listening and of the data directory
	Address       string   // http://…; another one after each start
	Began         time.Time

	cmd   *exec.Cmd
	out   *os.File
	ended chan struct{}
	err   error
}

// NewServer prepares one; Start starts it.
func NewServer(program, home string, flags ...string) (*Server, error) {
	s := &Server{Program: program, Home: home, Flags: flags}
	return s, errors.Join(os.MkdirAll(s.Data(), 0o700), os.MkdirAll(filepath.Join(home, "tmp"), 0o700))
}

// Data is its data directory.
func (s *Server) Data() string { return filepath.Join(s.Home, "data") }

// Start runs the program until it answers.
func (s *Server) Start(ctx context.Context) error {
	if err := s.Launch(); err != nil {
		return err
	}
	return s.Answers(ctx)
}

func (s *Server) addressFile() string { return filepath.Join(s.Home, "address") }

// Launch runs the program and does not wait for anything.
func (s *Server) Launch() (err error) {
	file := s.addressFile()
	_ = os.Remove(file)
	if s.out, err = os.OpenFile(filepath.Join(s.Home, "out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--data", s.Data(), "--address-file", file}, s.Flags...)
	cmd := exec.Command(s.Program, args...)
	cmd.Stdout, cmd.Stderr = s.out, s.out
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Join(s.Home, "tmp"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.Began = time.Now()
	if err := cmd.Start(); err != nil {
		return errors.Join(err, s.out.Close())
	}
	s.cmd, s.ended = cmd, make(chan struct{})
	go func() { s.err = cmd.Wait(); close(s.ended) }()
	return nil
}

// Answers waits until a launched program answers.
func (s *Server) Answers(ctx context.Context) error {
	file := s.addressFile()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); { // five at once make passwords
		if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
			s.Address = strings.TrimSpace(string(b))
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("alta serve ended: %w: %s", s.err, s.LastWords())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return fmt.Errorf("alta serve does not answer: %s", s.LastWords())
}

// LastWords are the last lines that the process printed.
func (s *Server) LastWords() string {
	f, err := os.Open(filepath.Join(s.Home, "out"))
	if err != nil {
		return ""
	}
	defer f.Close()
	var lines []string
	for scan := bufio.NewScanner(f); scan.Scan(); {
		lines = append(lines, scan.Text())
	}
	return strings.Join(lines[max(0, len(lines)-3):], " / ")
}

// Pid is the process, 0 while there is none.
func (s *Server) Pid() int {
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// Signal sends one to the running process.
func (s *Server) Signal(which syscall.Signal) error { return s.cmd.Process.Signal(which) }

// Ended is closed once the process has ended.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Stop ends the process as an operator does, and answers how it ended.
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	_ = s.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
		s.err = errors.Join(errors.New("alta serve did not end"), s.err)
	}
	s.cmd = nil
	return errors.Join(s.err, s.out.Close())
}

// Kill ends the process at once, as a power cut does.
func (s *Server) Kill() error {
	if s.cmd == nil {
		return nil
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
	s.cmd = nil
	return s.out.Close()
}

// Do runs another subcommand and answers what it printed.
func (s *Server) Do(ctx context.Context, args ...string) (string, error) {
	b, err := exec.CommandContext(ctx, s.Program, args...).CombinedOutput()
	if err != nil {
		return string(b), fmt.Errorf("alta %s: %w: %s", args[0], err, b)
	}
	return string(b), nil
}

// Memory is what the process holds in memory, in bytes.
func (s *Server) Memory() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.Pid()))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0, errors.New("statm is too short")
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// Connections is how many connections to its address the process has open.
func (s *Server) Connections() (n int, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", s.Pid()))
	if err != nil {
		return 0, err
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(s.Address, "http://"), ":")
	number, err := strconv.Atoi(port)
	if err != nil {
		return 0, err
	}
	const established, closeWait = "01", "08"
	for line := range strings.Lines(string(b)) {
		// number local remote state …
		f := strings.Fields(line)
		if len(f) > 3 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", number)) && (f[3] == established || f[3] == closeWait) {
			n++
		}
	}
	return n, nil
}

// Child is the child process of that name, 0 for none.
func (s *Server) Child(name string) int {
	all, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, f := range all {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent …
		before, after, _ := strings.Cut(string(b), ") ")
		number, is, _ := strings.Cut(before, " (")
		fields := strings.Fields(after)
		if is != name || len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(s.Pid()) {
			continue
		}
		if pid, err := strconv.Atoi(number); err == nil {
			return pid
		}
	}
	return 0
}

// Fetch reads a page that answers 200; another answer is an error that tells how it begins.
func Fetch(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		return nil, fmt.Errorf("%s answers %d: %s", address, res.StatusCode, said)
	}
	return io.ReadAll(io.LimitReader(res.Body, 16<<20))
}

// Figure reads one figure, without labels, of a page for Prometheus.
func Figure(ctx context.Context, address, name string) (float64, error) {
	b, err := Fetch(ctx, "http://"+address+"/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if value, is := strings.CutPrefix(line, name+" "); is {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("there is no figure %s", name)
}

// FreePort is an address of this machine at which nobody listens now.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Until asks again and again for at most two minutes.
func Until(ctx context.Context, what string, is func() (bool, error)) error {
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	for {
		ok, err := is()
		if ok && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s: not within two minutes", what), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
