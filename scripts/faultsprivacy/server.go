package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// server is Alta as a process, with a Redis that this program can look into.
type server struct {
	alta, home string // home holds data, tmp and out
	flags      []string
	redis      *miniredis.Miniredis
	rdb        *redis.Client

	cmd     *exec.Cmd
	out     *os.File
	ended   chan error
	address string
}

func newServer(alta, home string, flags ...string) (*server, error) {
	s := &server{alta: alta, home: home, flags: flags, redis: miniredis.NewMiniRedis()}
	if err := errors.Join(os.MkdirAll(s.data(), 0o700), os.MkdirAll(filepath.Join(home, "tmp"), 0o700)); err != nil {
		return nil, err
	}
	if err := s.redis.StartAddr("127.0.0.1:0"); err != nil {
		return nil, err
	}
	s.rdb = redis.NewClient(&redis.Options{Addr: s.redis.Addr()})
	return s, nil
}

func (s *server) data() string { return filepath.Join(s.home, "data") }

// start runs the program until it answers.
func (s *server) start(ctx context.Context) (err error) {
	file := filepath.Join(s.home, "address")
	_ = os.Remove(file)
	if s.out, err = os.OpenFile(filepath.Join(s.home, "out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	args := append([]string{"serve", "--demo", "--listen", "127.0.0.1:0", "--data", s.data(), "--address-file", file,
		"--redis", "redis://" + s.redis.Addr(), "--registrations-per-hour", "1000"}, s.flags...)
	s.cmd = exec.Command(s.alta, args...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	s.cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Join(s.home, "tmp"))
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan error, 1)
	go func() { s.ended <- s.cmd.Wait() }()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
			s.address = strings.TrimSpace(string(b))
			return nil
		}
		select {
		case err := <-s.ended:
			return fmt.Errorf("alta serve ended: %w: %s", err, s.lastWords())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("alta serve does not answer")
}

// lastWords are the last lines that the process printed.
func (s *server) lastWords() string {
	f, err := os.Open(filepath.Join(s.home, "out"))
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

// stop ends the process as an operator does.
func (s *server) stop() error {
	if s.cmd == nil {
		return nil
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	var err error
	select {
	case err = <-s.ended:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		err = errors.Join(errors.New("alta serve did not end"), <-s.ended)
	}
	s.cmd = nil
	return errors.Join(err, s.out.Close())
}

func (s *server) close() {
	_ = s.stop()
	_ = s.rdb.Close()
	s.redis.Close()
}

// do runs another subcommand and answers what it printed.
func (s *server) do(ctx context.Context, args ...string) (string, error) {
	b, err := exec.CommandContext(ctx, s.alta, args...).CombinedOutput()
	if err != nil {
		return string(b), fmt.Errorf("alta %s: %w: %s", args[0], err, b)
	}
	return string(b), nil
}

// dump reads all that Redis holds: key by key, hashes field by field.
func (s *server) dump(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for it := s.rdb.Scan(ctx, 0, "*", 500).Iterator(); it.Next(ctx); {
		k := it.Val()
		kind, err := s.rdb.Type(ctx, k).Result()
		if err != nil {
			return nil, err
		}
		var v any
		switch kind {
		case "string":
			v, err = s.rdb.Get(ctx, k).Result()
		case "hash":
			fields, err := s.rdb.HGetAll(ctx, k).Result()
			if err != nil {
				return nil, err
			}
			for field, value := range fields {
				out[k+" "+field] = value
			}
			continue
		case "zset":
			v, err = s.rdb.ZRangeWithScores(ctx, k, 0, -1).Result()
		case "set":
			v, err = s.rdb.SMembersMap(ctx, k).Result()
		case "list":
			v, err = s.rdb.LRange(ctx, k, 0, -1).Result()
		default:
			return nil, fmt.Errorf("Redis has a %s, which is not read here", kind)
		}
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		out[k] = fmt.Sprint(v)
	}
	return out, nil
}

// until asks again and again for at most two minutes.
func until(ctx context.Context, what string, is func() (bool, error)) error {
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
