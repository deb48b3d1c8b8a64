package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// openRedis finds a Redis: the one that was named, else a private child process,
// else one inside this process. Nothing in it needs keeping: it is rebuilt from
// the log.
func openRedis(ctx context.Context, url string, log *slog.Logger) (redis.UniversalClient, func() error, error) {
	if url != "" {
		c, err := dialRedis(url)
		if err != nil {
			return nil, nil, err
		}
		return c, c.Close, nil
	}
	for _, name := range []string{"redis-server", "valkey-server"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		c, stop, err := childRedis(ctx, path)
		if err == nil {
			log.Info("Redis runs as a private child process", "program", name)
			return c, stop, nil
		}
		log.Warn("a private Redis did not start", "program", name, "error", err)
	}
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return nil, nil, fmt.Errorf("start the Redis in this process: %w", err)
	}
	log.Warn("no redis-server is installed: a stand-in runs in this process, pleasant to about 10,000 open applications")
	c := redis.NewClient(&redis.Options{Addr: m.Addr(), ContextTimeoutEnabled: true})
	return c, func() error { err := c.Close(); m.Close(); return err }, nil
}

// dialRedis makes a client for an address: redis://host:port/db for one server
// (rediss:// with TLS), redis+cluster://host:port?addr=host:port&… for a Cluster,
// redis+sentinel://host:port?master_name=name&addr=host:port&… for a group that
// Sentinel watches. It connects when it is first used.
func dialRedis(url string) (redis.UniversalClient, error) {
	scheme, rest, _ := strings.Cut(url, "://")
	scheme, group, _ := strings.Cut(scheme, "+")
	plain := scheme + "://" + rest
	switch group {
	case "":
		if opt, err := redis.ParseURL(plain); err == nil {
			opt.ContextTimeoutEnabled = true
			return redis.NewClient(opt), nil
		}
	case "cluster":
		if opt, err := redis.ParseClusterURL(plain); err == nil {
			opt.ContextTimeoutEnabled = true
			return redis.NewClusterClient(opt), nil
		}
	case "sentinel":
		if opt, err := redis.ParseFailoverURL(plain); err == nil && opt.MasterName != "" {
			opt.ContextTimeoutEnabled = true
			return redis.NewFailoverClient(opt), nil
		}
	}
	// The address may hold a password, which the library's errors repeat.
	return nil, errUsage("--redis: must be redis://…, redis+cluster://… or redis+sentinel://…?master_name=…; with TLS rediss…")
}

// childRedis runs a Redis of our own: an empty directory, a unix socket that
// only we can open, nothing on disk.
func childRedis(ctx context.Context, program string) (redis.UniversalClient, func() error, error) {
	dir, err := os.MkdirTemp("", "alta-redis-")
	if err != nil {
		return nil, nil, err
	}
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(program, "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700",
		"--save", "", "--appendonly", "no", "--dir", dir, "--daemonize", "no", "--loglevel", "warning",
		"--maxmemory-policy", "noeviction")
	endWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, ContextTimeoutEnabled: true})
	stop := func() error {
		err := c.Close()
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-exited:
		case <-time.After(3 * time.Second):
			_ = cmd.Process.Kill()
			<-exited
		}
		return errors.Join(err, os.RemoveAll(dir))
	}
	for range 200 {
		if c.Ping(ctx).Err() == nil {
			return c, stop, nil
		}
		select {
		case err := <-exited:
			return nil, nil, errors.Join(fmt.Errorf("%s ended at once: %w", program, err), c.Close(), os.RemoveAll(dir))
		case <-ctx.Done():
			return nil, nil, errors.Join(ctx.Err(), stop())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil, nil, errors.Join(fmt.Errorf("%s does not answer", program), stop())
}
