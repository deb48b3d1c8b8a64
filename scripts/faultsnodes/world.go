package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"alta/decider"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/wire/nodetest"
	"alta/scripts/faultskit"
)

// world is nodes of Alta and what they share.
type world struct {
	dir     string
	cluster *nodetest.Cluster
	redis   *exec.Cmd
	nodes   []*faultskit.Server
}

// prepare starts the event store and Redis, both empty, and prepares so many nodes.
func prepare(ctx context.Context, c *faultskit.Call, count int) (w *world, err error) {
	w = &world{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.dir, err = os.MkdirTemp(c.Dir, "nodes-"); err != nil {
		return w, err
	}
	if w.cluster, err = nodetest.Start(nodetest.Options{Dir: filepath.Join(w.dir, "server"), Nodes: 3, Facts: nodetest.Real()}); err != nil {
		return w, err
	}
	redis, err := faultskit.FreePort()
	if err != nil {
		return w, err
	}
	_, port, err := net.SplitHostPort(redis)
	if err != nil {
		return w, err
	}
	w.redis = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", w.dir, "--loglevel", "warning")
	w.redis.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := w.redis.Start(); err != nil {
		w.redis = nil
		return w, err
	}
	for i := range count {
		listen, err := faultskit.FreePort() // a node that is started again is where it was
		if err != nil {
			return w, err
		}
		n, err := faultskit.NewServer(c.Alta, filepath.Join(w.dir, fmt.Sprint("node-", i)),
			"--data", filepath.Join(w.dir, "data"), "--listen", listen, // the last one counts
			"--eventstore", w.cluster.Connection(), "--redis", "redis://"+redis,
			"--demo", "--dev", "--limit-factor", "1000", "--registrations-per-hour", "100000", "--mails-per-second", "1000")
		if err != nil {
			return w, err
		}
		w.nodes = append(w.nodes, n)
	}
	return w, faultskit.Until(ctx, "redis-server answers", func() (bool, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", redis)
		if err != nil {
			return false, err
		}
		return true, conn.Close()
	})
}

// close ends everything that still runs.
func (w *world) close() error {
	var errs []error
	for _, n := range w.nodes {
		errs = append(errs, n.Stop())
	}
	if w.redis != nil {
		_ = w.redis.Process.Kill()
		_ = w.redis.Wait()
	}
	if w.cluster != nil {
		errs = append(errs, w.cluster.Close())
	}
	w.redis, w.cluster = nil, nil
	return errors.Join(errs...)
}

// start starts all nodes at one moment.
func (w *world) start(ctx context.Context) error {
	failed := make([]error, len(w.nodes))
	var wait sync.WaitGroup
	for i, n := range w.nodes {
		wait.Go(func() { failed[i] = n.Start(ctx) })
	}
	wait.Wait()
	return errors.Join(failed...)
}

// addresses are those of all nodes, as `alta simulate` takes them.
func (w *world) addresses() string {
	var all []string
	for _, n := range w.nodes {
		all = append(all, n.Address)
	}
	return strings.Join(all, ",")
}

// said counts the lines with a text that all nodes have printed, and answers the last.
func (w *world) said(text string) (count int, last string, err error) {
	for _, n := range w.nodes {
		f, err := os.Open(filepath.Join(n.Home, "out"))
		if err != nil {
			return 0, "", err
		}
		for scan := bufio.NewScanner(f); scan.Scan(); {
			if strings.Contains(scan.Text(), text) {
				count, last = count+1, scan.Text()
			}
		}
		if err := f.Close(); err != nil {
			return 0, "", err
		}
	}
	return count, last, nil
}

// quiet fails where a node has printed a line that is an error.
func (w *world) quiet() error {
	count, last, err := w.said("level=ERROR")
	if err == nil && count > 0 {
		err = fmt.Errorf("%d ERROR lines: %s", count, last)
	}
	return err
}

// keys fails where the shared directory does not hold one set of keys.
func (w *world) keys() error {
	data := filepath.Join(w.dir, "data")
	b, err := os.ReadFile(filepath.Join(data, "auth.keys"))
	if err != nil {
		return err
	}
	var f struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(b, &f); err != nil || len(f.Keys) != 1 {
		return errors.Join(err, fmt.Errorf("auth.keys holds %d keys", len(f.Keys)))
	}
	for _, name := range []string{"log.key", "codes.key", "vault/kek.json", "checkpoints/latest"} {
		if _, err := os.Stat(filepath.Join(data, name)); err != nil {
			return err
		}
	}
	return nil
}

// mailed waits until every submission has been confirmed by mail, and fails where a
// mail was sent twice, or not.
func (w *world) mailed(ctx context.Context) (mails int, err error) {
	err = faultskit.Until(ctx, "every submission is confirmed", func() (bool, error) {
		sent, about, waits := map[string]int{}, map[eventstore.ID]int{}, 0
		submitted := map[eventstore.ID]bool{}
		for r, err := range w.cluster.Engine().ReadAll(ctx, eventstore.Start, embedded.All) {
			if err != nil {
				return false, err
			}
			switch {
			case strings.HasPrefix(r.Type, "application.submitted."):
				submitted[r.ID] = true
			case r.Type == "notice.sent.v1":
				cmd, err := decider.ReadMeta(r.Meta)
				if err != nil {
					return false, err
				}
				sent[r.Stream]++
				about[cmd.Causation]++
			}
		}
		for stream, n := range sent {
			if n != 1 {
				return false, fmt.Errorf("%s was sent %d times", stream, n)
			}
		}
		for id := range submitted {
			if about[id] == 0 {
				waits++
			}
		}
		mails = len(sent)
		if waits > 0 {
			return false, fmt.Errorf("%d of %d are not", waits, len(submitted))
		}
		return true, nil
	})
	return mails, err
}
