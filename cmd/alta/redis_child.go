package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/projections"
	"alta/projections/statistics"

	"github.com/redis/go-redis/v9"
)

const (
	snapshotFile   = "lists.rdb"
	childBeat      = 500 * time.Millisecond
	childSilent    = time.Second // one question; a second one without an answer ends the child
	childStarts    = 10 * time.Second
	childStopsAt   = 10 * time.Second
	snapshotRetry  = 10 * time.Second
	leftover       = "temp-*.rdb" // what Redis leaves of a snapshot that was broken off
	privateKeyMode = 0o600
)

// privateRedis is a Redis of our own: a child process behind a unix socket that
// only we can open. Everything in it is made from the log. When it ends in good
// order it writes a snapshot of the lists and the statistics, so that a restart need
// not read the whole log. What a snapshot holds is withheld from readers until the
// projector has compared it with the log and caught up.
type privateRedis struct {
	program string
	sockets string // directory of the socket
	dir     string // of the snapshot
	keeps   bool   // whether the directory is ours, so that a snapshot may be kept
	unlock  func() error
	roomy   func() bool // false while the disk has no room for a snapshot
	logger  *slog.Logger
	client  *redis.Client

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan error // gets the end of the process

	erased chan struct{} // somebody's data must leave the snapshot
}

// newPrivateRedis starts one. dir is where it may keep its snapshot.
func newPrivateRedis(ctx context.Context, program, dir string, logger *slog.Logger) (*privateRedis, error) {
	sockets, err := os.MkdirTemp("", "alta-redis-")
	if err != nil {
		return nil, err
	}
	r := &privateRedis{
		program: program, sockets: sockets, dir: dir, logger: logger, erased: make(chan struct{}, 1),
		unlock: func() error { return nil }, roomy: func() bool { return true },
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, errors.Join(err, os.RemoveAll(sockets))
	}
	if unlock, err := lockDir(dir); err == nil {
		r.unlock, r.keeps = unlock, true
	} else {
		logger.Info("the private Redis keeps no snapshot: another process has the directory", "directory", dir)
		r.dir = sockets
	}
	r.client = redis.NewClient(&redis.Options{
		Network: "unix", Addr: r.socket(), ContextTimeoutEnabled: true, DialTimeout: time.Second, ReadTimeout: 2 * time.Second,
	})
	if err := r.begin(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *privateRedis) socket() string { return filepath.Join(r.sockets, "s") }

func (r *privateRedis) snapshot() string { return filepath.Join(r.dir, snapshotFile) }

// begin starts the process. A snapshot that it refuses to read is removed: the log
// has everything.
func (r *privateRedis) begin(ctx context.Context) error {
	r.sweep()
	_, missing := os.Stat(r.snapshot())
	err := r.launch(ctx)
	if err != nil && missing == nil && ctx.Err() == nil {
		r.logger.Warn("the snapshot of the lists cannot be read and is removed; they are built from the log", "error", err)
		if err := os.Remove(r.snapshot()); err != nil {
			return err
		}
		err = r.launch(ctx)
	}
	return err
}

// sweep removes what a broken-off snapshot left, and closes files to others.
func (r *privateRedis) sweep() {
	left, _ := filepath.Glob(filepath.Join(r.dir, leftover)) // the pattern is right
	for _, f := range left {
		_ = os.Remove(f)
	}
	_ = os.Chmod(r.snapshot(), privateKeyMode)
}

// launch starts the process, waits until it answers, and withholds what it brought
// back. Only then does the socket get the name under which readers look for it.
func (r *privateRedis) launch(ctx context.Context) error {
	socket := filepath.Join(r.sockets, "starting")
	if err := errors.Join(ignoreMissing(os.Remove(r.socket())), ignoreMissing(os.Remove(socket))); err != nil {
		return err
	}
	starting := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, ContextTimeoutEnabled: true})
	defer starting.Close()
	cmd := exec.Command(r.program, "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700",
		"--save", "", "--appendonly", "no", "--dir", r.dir, "--dbfilename", snapshotFile, "--daemonize", "no",
		"--loglevel", "warning", "--maxmemory-policy", "noeviction")
	endWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	r.mu.Lock()
	r.cmd, r.exited = cmd, exited
	r.mu.Unlock()
	for end := time.Now().Add(childStarts); ; {
		err := ask(ctx, starting)
		if err == nil {
			if err := errors.Join(withhold(ctx, starting), os.Rename(socket, r.socket())); err != nil {
				r.kill()
				return err
			}
			return nil
		}
		if strings.HasPrefix(err.Error(), "LOADING") {
			end = time.Now().Add(childStarts)
		}
		select {
		case err := <-exited:
			r.forget()
			return fmt.Errorf("%s ended at once: %w", filepath.Base(r.program), orNothing(err))
		case <-ctx.Done():
			r.kill()
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(end) {
			r.kill()
			return fmt.Errorf("%s does not answer", filepath.Base(r.program))
		}
	}
}

func orNothing(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

// ask asks a Redis for a sign of life.
func ask(ctx context.Context, c *redis.Client) error {
	ctx, stop := context.WithTimeout(ctx, childSilent)
	defer stop()
	return c.Ping(ctx).Err()
}

// withhold keeps what a snapshot brought from readers, and drops the leases of a
// process that has ended.
func withhold(ctx context.Context, c *redis.Client) error {
	return errors.Join(
		projections.NewStore(c).Withhold(ctx), statistics.NewStore(c).Withhold(ctx),
		c.Del(ctx, "alta:sequencer").Err(),
	)
}

func (r *privateRedis) running() (*exec.Cmd, chan error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cmd, r.exited
}

func (r *privateRedis) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cmd, r.exited = nil, nil
}

// kill ends the process at once and waits for its end.
func (r *privateRedis) kill() {
	cmd, exited := r.running()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Kill() // it may have ended by itself
	<-exited
	r.forget()
}

// run watches the process, and answers an error when it ended or does not answer,
// so that the supervisor calls it again: then it starts the process anew.
func (r *privateRedis) run(ctx context.Context) error {
	if cmd, _ := r.running(); cmd == nil {
		if err := r.begin(ctx); err != nil {
			return err
		}
		r.logger.Info("the private Redis was started again")
	}
	var saving sync.WaitGroup
	defer saving.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	saving.Go(func() { r.keepSnapshot(ctx) })
	_, exited := r.running()
	beat := time.NewTicker(childBeat)
	defer beat.Stop()
	for silent := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case err := <-exited:
			r.forget()
			return fmt.Errorf("the private Redis ended: %w", orNothing(err))
		case <-beat.C:
			err := ask(ctx, r.client)
			if err == nil || ctx.Err() != nil || errors.As(err, new(redis.Error)) {
				silent = 0
				continue
			}
			if silent++; silent == 2 {
				r.kill()
				return fmt.Errorf("the private Redis did not answer and was ended: %w", err)
			}
		}
	}
}

// Erased has the snapshot removed, because somebody's data left the lists.
func (r *privateRedis) Erased() {
	select {
	case r.erased <- struct{}{}:
	default: // it is about to be
	}
}

// keepSnapshot removes the snapshot where data were erased, so that it cannot bring
// them back. The next end in good order writes a new one.
func (r *privateRedis) keepSnapshot(ctx context.Context) {
	if !r.keeps {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.erased:
			for ignoreMissing(os.Remove(r.snapshot())) != nil && pause(ctx, snapshotRetry) {
				r.logger.Warn("the snapshot of the lists cannot be removed, although data in it were erased", "file", r.snapshot())
			}
		}
	}
}

// strip deletes what is neither lists nor statistics. Answers that are kept for
// repetitions may hold secrets, which must not reach the disk.
func (r *privateRedis) strip(ctx context.Context) error {
	for cursor := uint64(0); ; {
		keys, next, err := r.client.Scan(ctx, cursor, "*", 1000).Result()
		if err != nil {
			return err
		}
		keys = slices.DeleteFunc(keys, func(k string) bool {
			return strings.HasPrefix(k, "alta:projections:") || strings.HasPrefix(k, "alta:{statistics.")
		})
		if len(keys) > 0 {
			if err := r.client.Del(ctx, keys...).Err(); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// end has the child write its snapshot and stop. The command is answered by the
// end of the connection, so it is sent once: a client that sends it again would
// wait for a server that is no more.
func (r *privateRedis) end(ctx context.Context) {
	options := *r.client.Options()
	options.MaxRetries, options.ReadTimeout = -1, childStopsAt
	once := redis.NewClient(&options)
	_ = once.ShutdownSave(ctx).Err()
	_ = once.Close()
}

// Close ends the process, after a last snapshot.
func (r *privateRedis) Close() error {
	if cmd, exited := r.running(); cmd != nil {
		ctx, stop := context.WithTimeout(context.Background(), childStopsAt)
		if r.keeps && r.roomy() && r.strip(ctx) == nil {
			r.end(ctx)
		} else {
			_ = cmd.Process.Signal(os.Interrupt)
		}
		select {
		case <-exited:
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			<-exited
		}
		stop()
		r.forget()
		r.sweep()
	}
	return errors.Join(r.client.Close(), r.unlock(), os.RemoveAll(r.sockets))
}
