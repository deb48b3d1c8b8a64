package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"alta/scripts/measure"

	"github.com/redis/go-redis/v9"
)

// installation is a data directory and the program on it.
type installation struct {
	alta, data   string
	applications int
	events       int
	base         string
	serving      *exec.Cmd
	log          *os.File
}

// say runs a subcommand and answers what it printed.
func (i *installation) say(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, i.alta, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("alta %s: %w: %s", args[0], err, errOut.String())
	}
	return strings.TrimSpace(out.String()), nil
}

func (i *installation) fill(ctx context.Context, applications, events int, r *measure.Report) error {
	said, err := i.say(ctx, "simulate", "--direct", "--dev", "--data", i.data, "--count", strconv.Itoa(applications), "--events", strconv.Itoa(events))
	if err != nil {
		return err
	}
	if _, err := fmt.Sscanf(said, "%d applications with %d events", &i.applications, &i.events); err != nil {
		return fmt.Errorf("simulate says %q: %w", said, err)
	}
	r.Say("filled: %s", said)
	syscall.Sync() // what is measured next must not share the disk with what was written
	return nil
}

// rebuild builds everything from the log into Redis and answers how long that
// took, opening the installation included.
func (i *installation) rebuild(ctx context.Context, server *redisServer, r *measure.Report) (time.Duration, error) {
	begun := time.Now()
	said, err := i.say(ctx, "rebuild", "--only", "lists", "--data", i.data, "--redis", server.url())
	took := time.Since(begun)
	if err != nil {
		return 0, err
	}
	if i.events == 0 { // filled by somebody else
		var commit string
		if _, err := fmt.Sscanf(said, "built %d applications up to %s", &i.applications, &commit); err != nil {
			return 0, fmt.Errorf("rebuild says %q: %w", said, err)
		}
		first, _, _ := strings.Cut(commit, "-")
		n, err := strconv.ParseInt(first, 16, 64)
		if err != nil {
			return 0, fmt.Errorf("rebuild says %q: %w", said, err)
		}
		i.events = int(n)
	}
	r.Say("rebuild: %s; %d events, %.0f events/s with the program's start", said, i.events, float64(i.events)/took.Seconds())
	return took, nil
}

// recount counts the statistics, so that the program has nothing left to build.
func (i *installation) recount(ctx context.Context, server *redisServer, r *measure.Report) error {
	begun := time.Now()
	said, err := i.say(ctx, "rebuild", "--only", "statistics", "--data", i.data, "--redis", server.url())
	if err == nil {
		r.Say("statistics: %s; %.0f events/s with the program's start", said, float64(i.events)/time.Since(begun).Seconds())
	}
	return err
}

// start runs the interface and the projector on the installation.
func (i *installation) start(ctx context.Context, server *redisServer, log string) (err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	if i.log, err = os.Create(log); err != nil {
		return err
	}
	i.base = "http://" + address
	i.serving = exec.CommandContext(context.WithoutCancel(ctx), i.alta, "serve", "--demo", "--dev", "--parts", "api,projector",
		"--data", i.data, "--redis", server.url(), "--listen", address, "--limit-factor", "1000")
	i.serving.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	i.serving.Stdout, i.serving.Stderr = i.log, i.log
	if err := i.serving.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(200 * time.Millisecond) {
		res, err := http.Get(i.base + "/readyz")
		if err != nil {
			continue
		}
		if err := res.Body.Close(); err == nil && res.StatusCode == http.StatusOK {
			return nil
		}
	}
	said, _ := os.ReadFile(log)
	return errors.Join(fmt.Errorf("alta serve is not ready: %s", said), i.stop())
}

func (i *installation) stop() error {
	if i.serving == nil {
		return nil
	}
	err := i.serving.Process.Signal(syscall.SIGTERM)
	ended := i.serving.Wait()
	i.serving = nil
	return errors.Join(err, ended, i.log.Close())
}

// memory is what the serving program holds, in bytes.
func (i *installation) memory() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.serving.Process.Pid))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(b)) {
		var kb int64
		if _, err := fmt.Sscanf(l, "VmRSS: %d kB", &kb); err == nil {
			return kb << 10, nil
		}
	}
	return 0, errors.New("the system does not say how much memory the program holds")
}

// redisServer is a private redis-server without persistence.
type redisServer struct {
	dir    string
	cmd    *exec.Cmd
	client *redis.Client
}

func startRedis(ctx context.Context, parent string) (*redisServer, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("redis-server is not installed (on Debian: apt-get install redis-server)")
	}
	dir, err := os.MkdirTemp(parent, "redis-")
	if err != nil {
		return nil, err
	}
	s := &redisServer{dir: dir}
	s.cmd = exec.CommandContext(context.WithoutCancel(ctx), path, "--port", "0", "--unixsocket", s.socket(), "--save", "", "--appendonly", "no", "--dir", dir, "--loglevel", "warning")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.client = redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket()})
	for range 200 {
		if s.client.Ping(ctx).Err() == nil {
			return s, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("redis-server does not answer"), s.stop())
}

func (s *redisServer) socket() string { return filepath.Join(s.dir, "s") }
func (s *redisServer) url() string    { return "unix://" + s.socket() }

func (s *redisServer) stop() error {
	err := s.client.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // killed
	return errors.Join(err, os.RemoveAll(s.dir))
}

// tell says what the applications cost in Redis.
func (s *redisServer) tell(ctx context.Context, i *installation, r *measure.Report) error {
	info, err := s.client.Info(ctx, "memory").Result()
	if err != nil {
		return err
	}
	scan := bufio.NewScanner(strings.NewReader(info))
	for scan.Scan() {
		var n int64
		if _, err := fmt.Sscanf(scan.Text(), "used_memory:%d", &n); err == nil {
			r.Say("Redis: %.1f GB, %.1f KB an application", float64(n)/1e9, float64(n)/1e3/float64(i.applications))
		}
	}
	return scan.Err()
}
