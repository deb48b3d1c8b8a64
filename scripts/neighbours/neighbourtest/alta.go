package neighbourtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// DemoPassword is that of the people that --demo makes.
const DemoPassword = "harbour lantern 42"

// Alta is the program as it ships, running as `alta serve`.
type Alta struct {
	*Process
	URL  string // where it answers, without a slash at the end
	Data string // its data directory
}

var build struct {
	once sync.Once
	path string
	err  error
	out  []byte
}

// Binary is the program, built once for each test binary, or the one that the
// variable ALTA_BIN names.
func Binary(t testing.TB) string {
	t.Helper()
	if p := os.Getenv("ALTA_BIN"); p != "" {
		return p
	}
	root := Root(t)
	build.once.Do(func() {
		build.path = filepath.Join(root, "bin", "alta")
		cmd := exec.Command("go", "build", "-o", build.path, "./cmd/alta")
		cmd.Dir = root
		build.out, build.err = cmd.CombinedOutput()
	})
	if build.err != nil {
		t.Fatalf("build the program: %v\n%s", build.err, build.out)
	}
	return build.path
}

// Serve starts `alta serve` with the flags at a free port of 127.0.0.1 and waits
// until it answers. Variables are of the form NAME=value. data is its data
// directory; empty: a new one.
func Serve(t testing.TB, data string, variables []string, flags ...string) *Alta {
	t.Helper()
	if data == "" {
		data = t.TempDir()
	}
	file := filepath.Join(t.TempDir(), "address")
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--address-file", file}, flags...)
	cmd := exec.Command(Binary(t), args...)
	cmd.Env = append(os.Environ(), variables...)
	a := &Alta{Data: data}
	a.Process = Start(t, cmd, func() error {
		b, err := os.ReadFile(file)
		if err == nil && len(b) == 0 {
			err = errors.New("no address yet")
		}
		a.URL = strings.TrimSpace(string(b))
		return err
	})
	return a
}
