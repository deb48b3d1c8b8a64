// Package pgserver runs a private PostgreSQL for a measurement: its own directory,
// a unix socket, no port, its own settings where they concern safety.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is one cluster of databases, which runs or does not.
type Server struct {
	bin  string
	dir  string
	cmd  *exec.Cmd
	done chan error
}

// New finds the programs. It answers an error that says what is missing where
// there are none, or where root has no user to run them as.
func New() (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	return &Server{bin: bin}, nil
}

// programs finds the directory of initdb and postgres, the newest one.
func programs() (string, error) {
	if os.Geteuid() == 0 {
		if _, err := user.Lookup("postgres"); err != nil {
			return "", errors.New("it does not run as root, and there is no user postgres")
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return "", errors.New("it is not installed (on Debian: apt-get install postgresql)")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// credentials are those of the user postgres when this process is root's.
func credentials() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func (c *Server) command(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	cred, err := credentials()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGQUIT}
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd, nil
}

// Start makes the cluster in a directory of its own under parent, if there is none
// yet, and runs it.
func (c *Server) Start(ctx context.Context, parent string) error {
	if c.cmd != nil {
		return nil
	}
	if c.dir == "" {
		c.dir = filepath.Join(parent, "pg")
		if err := os.MkdirAll(c.dir, 0o700); err != nil {
			return err
		}
		if cred, err := credentials(); err != nil {
			return err
		} else if cred != nil {
			if err := os.Chown(c.dir, int(cred.Uid), int(cred.Gid)); err != nil {
				return err
			}
		}
		cmd, err := c.command(ctx, "initdb", "--pgdata", filepath.Join(c.dir, "data"), "--auth", "trust", "--username", "postgres", "--encoding", "UTF8", "--no-locale")
		if err != nil {
			return err
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w: %s", err, out)
		}
	}
	// Its own settings where they concern safety; more memory than the default.
	cmd, err := c.command(context.WithoutCancel(ctx), "postgres", "-D", filepath.Join(c.dir, "data"), "-k", c.dir,
		"-c", "listen_addresses=", "-c", "max_connections=300", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB",
		"-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on", "-c", "log_min_messages=fatal")
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	c.cmd, c.done = cmd, make(chan error, 1)
	go func() { c.done <- cmd.Wait() }()
	for limit := time.Now().Add(20 * time.Second); ; {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case werr := <-c.done:
			return fmt.Errorf("postgres ended: %w (%w)", werr, err)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(limit) {
			return errors.Join(fmt.Errorf("postgres does not answer: %w", err), c.Stop())
		}
	}
}

// URL is the address of a database.
func (c *Server) URL(database string) string {
	return fmt.Sprintf("host=%s user=postgres dbname=%s", c.dir, database)
}

// Stop ends it in good order, and waits.
func (c *Server) Stop() error {
	if c.cmd == nil {
		return nil
	}
	err := c.cmd.Process.Signal(syscall.SIGINT) // fast shutdown
	select {
	case werr := <-c.done:
		err = errors.Join(err, werr)
	case <-time.After(30 * time.Second):
		err = errors.Join(err, errors.New("postgres does not end"), c.cmd.Process.Kill(), <-c.done)
	}
	c.cmd = nil
	return err
}

// Version tells which PostgreSQL it is.
func (c *Server) Version() string {
	out, err := exec.Command(filepath.Join(c.bin, "postgres"), "--version").Output()
	if err != nil {
		return "PostgreSQL"
	}
	return strings.TrimSpace(string(out))
}
