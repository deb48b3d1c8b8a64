package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// openRedis finds a Redis: the one that was named, else a private child process,
// else one inside this process. Nothing in it needs keeping: it is rebuilt from
// the log. child is nil where no private one runs.
func openRedis(ctx context.Context, url, data string, log *slog.Logger) (client redis.UniversalClient, child *privateRedis, stop func() error, err error) {
	dir := snapshotDir(data)
	if url != "" {
		c, err := dialRedis(url)
		if err != nil {
			return nil, nil, nil, err
		}
		// A snapshot that nobody reads must not outlive what it holds.
		return c, nil, c.Close, os.RemoveAll(dir)
	}
	for _, name := range []string{"redis-server", "valkey-server"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		r, err := newPrivateRedis(ctx, path, dir, log)
		if err == nil {
			log.Info("Redis runs as a private child process", "program", name)
			return r.client, r, r.Close, nil
		}
		log.Warn("a private Redis did not start", "program", name, "error", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, nil, nil, err
	}
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return nil, nil, nil, fmt.Errorf("start the Redis in this process: %w", err)
	}
	log.Warn("no redis-server is installed: a stand-in runs in this process, pleasant to about 10,000 open applications")
	c := redis.NewClient(&redis.Options{Addr: m.Addr(), ContextTimeoutEnabled: true})
	return c, nil, func() error { err := c.Close(); m.Close(); return err }, nil
}

// snapshotDir is where the private Redis keeps its snapshot.
func snapshotDir(data string) string { return filepath.Join(data, "redis") }

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
