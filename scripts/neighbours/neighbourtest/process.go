// Package neighbourtest starts other people's servers, and Alta as a process
// beside them, for the tests below scripts/neighbours. A fake of our own shows
// that we agree with ourselves; these tests ask somebody else's software.
//
// The tests carry the build tag neighbours. scripts/neighbours.d installs what
// each group needs and runs it; scripts/test neighbours runs all groups.
package neighbourtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is a program that runs beside the test and ends with it.
type Process struct {
	Name string
	Cmd  *exec.Cmd

	out   string // file with all that it printed
	ended chan struct{}
	err   error
	stop  sync.Once
}

// Start runs the command until the test ends, and returns once ready answers nil.
// ready may be nil. It is asked for at most a minute.
func Start(t testing.TB, cmd *exec.Cmd, ready func() error) *Process {
	t.Helper()
	p := &Process{Name: filepath.Base(cmd.Path), Cmd: cmd, ended: make(chan struct{})}
	p.out = filepath.Join(t.TempDir(), p.Name+".out")
	out, err := os.Create(p.out)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.Name, err)
	}
	go func() { p.err = cmd.Wait(); out.Close(); close(p.ended) }()
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			t.Logf("%s printed last:\n%s", p.Name, tail(p.Output(), 40))
		}
	})
	if ready != nil {
		Eventually(t, p.Name+" answers", time.Minute, func() error {
			select {
			case <-p.ended:
				t.Fatalf("%s ended: %v\n%s", p.Name, p.err, tail(p.Output(), 40))
			default:
			}
			return ready()
		})
	}
	return p
}

// Stop asks the process to end with SIGTERM and kills its group after twenty
// seconds. It may be called twice.
func (p *Process) Stop() {
	p.stop.Do(func() {
		_ = p.Cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(20 * time.Second):
		}
		_ = syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGKILL)
		<-p.ended
	})
}

// Kill ends the process and its children at once, as a power cut does.
func (p *Process) Kill() {
	p.stop.Do(func() {
		_ = syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGKILL)
		<-p.ended
	})
}

// Output is everything that the process printed so far.
func (p *Process) Output() string {
	b, _ := os.ReadFile(p.out)
	return string(b)
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Program is the path of a program on PATH, in one of Debian's folders for
// servers, or in bin/neighbours, where scripts/neighbours.d installs it. The test
// fails where it is missing: whether it can be had was asked before.
func Program(t testing.TB, name string) string {
	t.Helper()
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", filepath.Join(Root(t), "bin", "neighbours")} {
		if p := filepath.Join(dir, name); isFile(p) {
			return p
		}
	}
	t.Fatalf("%s is not installed; scripts/neighbours.d installs it", name)
	return ""
}

func isFile(p string) bool { s, err := os.Stat(p); return err == nil && s.Mode().IsRegular() }

// Root is the folder of go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !isFile(filepath.Join(dir, "go.mod")) {
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

// FreePort is a TCP port of 127.0.0.1 that nobody listens at now.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Answers tells whether something accepts connections at the port of 127.0.0.1.
func Answers(port int) func() error {
	return func() error {
		c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	}
}

// Eventually asks again and again until is answers nil, and fails the test with
// its last answer after the given time.
func Eventually(t testing.TB, what string, within time.Duration, is func() error) {
	t.Helper()
	var last error
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if last = is(); last == nil {
			return
		}
	}
	t.Fatal(fmt.Errorf("%s: not within %s: %w", what, within, last))
}
