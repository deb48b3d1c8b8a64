package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"alta/decider"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/wire/nodetest"
	"alta/scripts/faultskit"
)

// killed runs two programs under `alta simulate`, kills one of them after every few
// merchants, one after the other, and starts it again.
func killed(ctx context.Context, call *faultskit.Call) (figures string, err error) {
	c, err := cluster(call, 3)
	if err != nil {
		return "", err
	}
	defer c.Close()
	r, err := startShared(ctx, call)
	if err != nil {
		return "", err
	}
	defer r.close()
	data, err := os.MkdirTemp(call.Dir, "killed-")
	if err != nil {
		return "", err
	}
	var pair []*world
	for i := range 2 {
		w, err := prepare(call, fmt.Sprintf("program%d", i), "--eventstore", c.Connection(), "--redis", r.url, "--data", data, "--mails-per-second", "1000")
		if err != nil {
			return "", err
		}
		defer w.end()
		pair = append(pair, w)
	}
	for _, w := range pair {
		if err := w.Launch(); err != nil {
			return "", err
		}
	}
	for _, w := range pair {
		if err := w.Answers(ctx); err != nil {
			return "", err
		}
	}
	merchants, kills := call.Times(100, 8), call.Times(10, 2)
	if err := simulated(ctx, call, pair, merchants, kills); err != nil {
		return "", err
	}
	mails, err := mailedOnce(ctx, c)
	if err != nil {
		return "", err
	}
	for i, w := range pair {
		wrong, err := w.said("level=ERROR")
		if err := errors.Join(w.Stop(), err); err != nil {
			return "", fmt.Errorf("program %d: %w", i, err)
		}
		if len(wrong) > 0 {
			return "", fmt.Errorf("program %d has %d ERROR lines, such as: %s", i, len(wrong), wrong[0])
		}
	}
	return fmt.Sprintf("%d merchants where they should be, %d kills, %d mails, each once, 0 ERROR lines", merchants, kills, mails), nil
}

// simulated runs `alta simulate` against all programs and kills one of them whenever a
// part of the merchants has ended.
func simulated(ctx context.Context, call *faultskit.Call, all []*world, merchants, kills int) (err error) {
	var addresses []string
	for _, w := range all {
		addresses = append(addresses, w.base)
	}
	ctx, stop := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, call.Alta, "simulate", "--api", strings.Join(addresses, ","), "--count", strconv.Itoa(merchants),
		"--seed", strconv.FormatUint(call.Seed, 10), "--concurrency", "4", "--small", "--json", "--timeout", "2h")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return err
	}
	done, killed := 0, 0
	err = func() error {
		for scan := bufio.NewScanner(out); scan.Scan(); {
			var o struct{ Error string }
			if err := json.Unmarshal(scan.Bytes(), &o); err != nil {
				return err
			}
			if o.Error != "" {
				return errors.New(o.Error)
			}
			done++
			if killed < kills && done*(kills+1) >= merchants*(killed+1) {
				w := all[killed%len(all)]
				killed++
				if err := errors.Join(w.Kill(), w.Start(ctx)); err != nil {
					return err
				}
			}
		}
		return nil
	}()
	if err != nil {
		stop() // what it says of its end is no news
		_ = cmd.Wait()
		return err
	}
	err = cmd.Wait()
	stop()
	if err == nil && (done != merchants || killed != kills) {
		err = fmt.Errorf("%d of %d merchants ended, %d of %d kills were made", done, merchants, killed, kills)
	}
	return err
}

// mailedOnce waits until every submission has been confirmed by mail, and fails where
// the log says of a mail that it was sent twice.
func mailedOnce(ctx context.Context, c *nodetest.Cluster) (mails int, err error) {
	var twice error
	err = faultskit.Until(ctx, "every submission is confirmed", func() (bool, error) {
		sent, about, submitted := map[string]int{}, map[eventstore.ID]bool{}, map[eventstore.ID]bool{}
		for r, err := range c.Engine().ReadAll(ctx, eventstore.Start, embedded.All) {
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
				about[cmd.Causation] = true
				if sent[r.Stream]++; sent[r.Stream] > 1 {
					twice = fmt.Errorf("%s was sent twice", r.Stream)
				}
			}
		}
		mails = len(sent)
		for id := range submitted {
			if !about[id] {
				return false, fmt.Errorf("the submission %s is not", id)
			}
		}
		return true, nil
	})
	return mails, errors.Join(err, twice)
}
