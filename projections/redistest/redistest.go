// Package redistest starts a real redis-server for a test.
package redistest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Path is where redis-server is. Where none is installed the test is skipped: what
// one server does is tested on miniredis as well, and scripts/test installs a
// server or says what it leaves out.
func Path(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed here; what one server does was tested on miniredis")
	}
	return path
}

// Server starts one that forgets everything and ends with the test, on a unix
// socket.
func Server(t testing.TB) *redis.Options {
	t.Helper()
	path := Path(t)
	// The path of a socket has about a hundred bytes, which a test's name may fill.
	dir, err := os.MkdirTemp("", "alta-redis-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	opt := &redis.Options{Network: "unix", Addr: socket, ContextTimeoutEnabled: true}
	c := redis.NewClient(opt)
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for c.Ping(ctx).Err() != nil {
		if ctx.Err() != nil {
			t.Fatalf("redis-server does not answer on %s", socket)
		}
	}
	return opt
}
