package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A running process answers other subcommands of the same user on a socket in the data
// directory: one line "<what> <path>" in, one line out, "ok" or the error. The one that
// has the embedded log open is alone and its socket is control.sock. With the log on a
// server several may share the directory, so each has a socket of its own name, which
// tells the machine: sockets of other machines are nobody's here.
//
// What is "backup" for a verified backup of everything, "backup-without-keys" for one
// without secrets, "copy" for a copy of the log that the asker checks; "rebuild" and
// "rebuild-check" write what they have to say to a new file; "account" and "keys" read
// what is wanted from a file in a directory and write what they have to say to another.
// A process that does not do what is asked says so, and the next one is asked.

const (
	controlName    = "control.sock"
	controlPattern = "control-%s-*.sock" // of processes whose log is on a server
	controlUnknown = "unknown request"
	controlDials   = 2 * time.Second
)

// longestSocket is how long the path of a socket may be; the system takes 104 bytes or
// a few more.
const longestSocket = 100

// through hands over a name of a socket that is short enough: its path, that from the
// working directory, or one through the open directory that it lies in.
func through(path string, use func(name string) error) error {
	if len(path) <= longestSocket {
		return use(path)
	}
	if wd, err := os.Getwd(); err == nil {
		if abs, err := filepath.Abs(path); err == nil {
			if rel, err := filepath.Rel(wd, abs); err == nil && len(rel) <= longestSocket {
				return use(rel)
			}
		}
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)))
}

// thisMachine is a short name of this machine.
func thisMachine() string {
	name, _ := os.Hostname() // without a name all are alike
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:4])
}

// controlSockets are those that may lead to a running process of this machine.
func controlSockets(data string) []string {
	own, _ := filepath.Glob(filepath.Join(data, fmt.Sprintf(controlPattern, thisMachine()))) // the pattern is right
	return append([]string{filepath.Join(data, controlName)}, own...)
}

// running reports whether a process of this machine serves from a data directory, as
// far as its sockets tell. A socket that neither answers nor says that nobody listens is
// an error: what must not be done beside a running process is not done then.
func running(ctx context.Context, data string) (bool, error) {
	for _, path := range controlSockets(data) {
		c, err := dialControl(ctx, path)
		switch {
		case err == nil:
			_ = c.Close() // nothing was asked
			return true, nil
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		default:
			return false, fmt.Errorf("whether Alta runs in %s cannot be found out: %w", data, err)
		}
	}
	return false, nil
}

func dialControl(ctx context.Context, path string) (c net.Conn, err error) {
	ctx, stop := context.WithTimeout(ctx, controlDials)
	defer stop()
	err = through(path, func(name string) (err error) {
		c, err = (&net.Dialer{}).DialContext(ctx, "unix", name)
		return err
	})
	return c, err
}

// startControl lets other subcommands ask this process.
func (p *program) startControl(start background) {
	path := filepath.Join(p.cfg.Data, controlName)
	if p.guarded == nil {
		for _, left := range controlSockets(p.cfg.Data)[1:] {
			if c, err := dialControl(context.Background(), left); err == nil {
				_ = c.Close()
			} else if errors.Is(err, syscall.ECONNREFUSED) { // its process has ended
				_ = os.Remove(left)
			}
		}
		path = filepath.Join(p.cfg.Data, strings.Replace(fmt.Sprintf(controlPattern, thisMachine()), "*", strconv.FormatUint(uint64(rand.Uint32()), 36), 1))
	}
	start("control", func(ctx context.Context) error { return serveControl(ctx, path, p.answerControl, p.logger) })
}

// serveControl answers until ctx ends. Without it only what other subcommands ask of a
// running program is missing, so the caller may go on after an error. Nobody else has
// this path, so a socket that is there was left by a process that has ended.
func serveControl(ctx context.Context, path string, answer func(ctx context.Context, line string) error, log *slog.Logger) error {
	if err := ignoreMissing(os.Remove(path)); err != nil {
		return err
	}
	var l net.Listener
	err := through(path, func(name string) (err error) {
		l, err = net.Listen("unix", name)
		return err
	})
	if err != nil {
		return fmt.Errorf("listen for other commands: %w", err)
	}
	defer os.Remove(path) // the listener may know it by another name
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
			return fmt.Errorf("listen for other commands: %w", err)
		}
		wait.Go(func() {
			defer c.Close()
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
			line, err := bufio.NewReader(io.LimitReader(c, 4096)).ReadString('\n')
			if errors.Is(err, io.EOF) && line == "" {
				return // it only looked whether somebody is here
			}
			if err == nil {
				err = answer(ctx, strings.TrimSuffix(line, "\n"))
			}
			if err != nil {
				if !errors.Is(err, errUnknownRequest) {
					log.Error("a request of another command failed", "error", err.Error())
				}
				fmt.Fprintln(c, strings.ReplaceAll(err.Error(), "\n", "; "))
				return
			}
			fmt.Fprintln(c, "ok")
		})
	}
}

// errUnknownRequest: this process does not do that.
var errUnknownRequest = errors.New(controlUnknown)

// answerControl does what one line asks for.
func (p *program) answerControl(ctx context.Context, line string) error {
	what, path, _ := strings.Cut(line, " ")
	if !filepath.IsAbs(path) {
		return errors.New("the path is not absolute")
	}
	own := p.cfg.does("projector") || p.cfg.Redis != "" // else the lists that people see are not here
	switch {
	case what == "copy" && p.guarded != nil:
		return p.guarded.copyTo(ctx, path)
	case (what == backupRequest(false) || what == backupRequest(true)) && p.guarded != nil:
		_, err := p.guarded.backup(ctx, path, what == backupRequest(true))
		return err
	case what == "rebuild" && own:
		return p.answerRebuild(false)(ctx, path)
	case what == "rebuild-check" && own:
		return p.answerRebuild(true)(ctx, path)
	case what == "calendar":
		return p.answerCalendar(false)(ctx, path)
	case what == "calendar-dry":
		return p.answerCalendar(true)(ctx, path)
	case what == "account":
		return takeOver(p.account)(ctx, path)
	case what == "keys":
		return takeOver(p.keysOf)(ctx, path)
	}
	return fmt.Errorf("%w %q", errUnknownRequest, what)
}

// askRunning asks the processes that run from a data directory, one after the other
// until one does what is asked.
func askRunning(ctx context.Context, data, what, path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	failed := errors.New("no process of this machine answers")
	for _, socket := range controlSockets(data) {
		c, err := dialControl(ctx, socket)
		if err != nil {
			if socket == filepath.Join(data, controlName) && !errors.Is(err, os.ErrNotExist) {
				failed = err
			}
			continue
		}
		said, err := askOne(ctx, c, what, abs)
		switch {
		case err != nil:
			return fmt.Errorf("the running process did not answer: %w", err)
		case said == "ok":
			return nil
		case !strings.HasPrefix(said, controlUnknown):
			return fmt.Errorf("the running process says: %s", said)
		}
		failed = fmt.Errorf("no running process does that: %s", said)
	}
	return fmt.Errorf("Alta runs in %s and cannot be asked: %w", data, failed)
}

// askOne asks one process, and closes the connection.
func askOne(ctx context.Context, c net.Conn, what, path string) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	defer c.Close()
	if _, err := fmt.Fprintf(c, "%s %s\n", what, path); err != nil {
		return "", err
	}
	said, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(said), err
}
