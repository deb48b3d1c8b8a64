package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// The process that has the log open answers other subcommands of the same user
// on a socket in the data directory: one line "<what> <path>" in, one line out,
// "ok" or the error. What is "backup" for a verified backup of everything,
// "backup-without-keys" for one without secrets, "copy" for a copy of the log that
// the asker checks; "rebuild" and "rebuild-check" write what they have to say
// to a new file; "account" and "keys" read what is wanted from a file in a
// directory and write what they have to say to another.

// controlSocket is where. Socket paths are short (about 100 bytes), so a long
// data directory is abbreviated by going through the working directory.
func controlSocket(data string) string {
	path := filepath.Join(data, "control.sock")
	if wd, err := os.Getwd(); err == nil {
		if abs, err := filepath.Abs(path); err == nil {
			if rel, err := filepath.Rel(wd, abs); err == nil && len(rel) < len(path) {
				return rel
			}
		}
	}
	return path
}

// startControl lets other subcommands ask this process.
func (p *program) startControl(start background) {
	if p.guarded == nil {
		return
	}
	p.guarded.answers = map[string]func(context.Context, string) error{
		"rebuild": p.answerRebuild(false), "rebuild-check": p.answerRebuild(true),
		"calendar": p.answerCalendar(false), "calendar-dry": p.answerCalendar(true),
		"account": takeOver(p.account), "keys": takeOver(p.keysOf),
	}
	start("control", func(ctx context.Context) error { return serveControl(ctx, p.guarded, p.logger) })
}

// serveControl answers until ctx ends. Without it only backups of a running
// program are missing, so the caller may go on after an error.
func serveControl(ctx context.Context, g *guardedLog, log *slog.Logger) error {
	path := controlSocket(g.data)
	// Only the holder of the log's lock comes here, so a socket that is there was
	// left by a process that has ended.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("listen for backups: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var wait sync.WaitGroup
	defer wait.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("listen for backups: %w", err)
		}
		wait.Go(func() {
			defer c.Close()
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
			line, err := bufio.NewReader(io.LimitReader(c, 4096)).ReadString('\n')
			if err == nil {
				err = g.answer(ctx, strings.TrimSuffix(line, "\n"))
			}
			if err != nil {
				log.Error("a request of another command failed", "error", err.Error())
				fmt.Fprintln(c, strings.ReplaceAll(err.Error(), "\n", "; "))
				return
			}
			fmt.Fprintln(c, "ok")
		})
	}
}

func (g *guardedLog) answer(ctx context.Context, line string) error {
	what, path, _ := strings.Cut(line, " ")
	if !filepath.IsAbs(path) {
		return errors.New("the path is not absolute")
	}
	switch what {
	case "copy":
		return g.copyTo(ctx, path)
	case backupRequest(false), backupRequest(true):
		_, err := g.backup(ctx, path, what == backupRequest(true))
		return err
	}
	if answer, ok := g.answers[what]; ok {
		return answer(ctx, path)
	}
	return fmt.Errorf("unknown request %q", what)
}

// askRunning asks the process that has the log of the data directory open.
func askRunning(ctx context.Context, data, what, path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", controlSocket(data))
	if err != nil {
		return fmt.Errorf("another process has the log open and cannot be asked: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	defer c.Close()
	if _, err := fmt.Fprintf(c, "%s %s\n", what, abs); err != nil {
		return err
	}
	said, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the process that has the log open did not answer: %w", err)
	}
	if said = strings.TrimSpace(said); said != "ok" {
		return fmt.Errorf("the process that has the log open says: %s", said)
	}
	return nil
}
