package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"alta/scripts/faultskit"
	"alta/simulate/drive"
	"alta/simulate/specimen"
)

// together starts nodes at one moment on nothing, again and again.
func together(ctx context.Context, c *faultskit.Call, nodes int) (string, error) {
	rounds, mails := c.Times(20, 1), 0
	var longest time.Duration
	for round := range rounds {
		began := time.Now()
		sent, err := once(ctx, c, nodes, uint64(round))
		if err != nil {
			return "", fmt.Errorf("start %d: %w", round+1, err)
		}
		mails, longest = mails+sent, max(longest, time.Since(began))
	}
	return fmt.Sprintf("%d starts of %d nodes; %d mails, each once; a round took %s at most", rounds, nodes, mails, longest.Round(time.Second)), nil
}

func once(ctx context.Context, c *faultskit.Call, nodes int, round uint64) (mails int, err error) {
	w, err := prepare(ctx, c, nodes)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.close(), w.quiet()) }()
	if err := w.start(ctx); err != nil {
		return 0, err
	}
	// As many merchants as nodes: one asks the nodes in turn, so that what one node
	// made is used at another.
	client, err := drive.NewClient(w.addresses())
	if err != nil {
		return 0, err
	}
	press, err := specimen.NewPress()
	if err != nil {
		return 0, err
	}
	crew, err := drive.Assemble(ctx, client, drive.DemoLogIns())
	if err != nil {
		return 0, err
	}
	d := &drive.Driver{Client: client, Crew: crew, Press: press}
	if err := d.Open(ctx); err != nil {
		return 0, err
	}
	plans, err := drive.Plans(drive.Wish{Seed: c.Seed + round, Day: time.Now(), Count: nodes, To: drive.Submitted, Via: drive.Self, Small: true})
	if err != nil {
		return 0, err
	}
	for _, p := range plans {
		if _, err := d.Run(ctx, p); err != nil {
			return 0, err
		}
	}
	for _, text := range []string{"projection built", "statistics counted"} {
		if count, _, err := w.said(`msg="` + text + `"`); err != nil || count != 1 {
			return 0, errors.Join(err, fmt.Errorf("%s: %d times", text, count))
		}
	}
	if mails, err = w.mailed(ctx); err != nil {
		return mails, err
	}
	return mails, w.keys()
}

// killed kills a node after every few merchants, one node after the other, and starts
// it again.
func killed(ctx context.Context, c *faultskit.Call) (string, error) {
	merchants, kills := c.Times(100, 8), c.Times(10, 2)
	w, err := prepare(ctx, c, 2)
	if err != nil {
		return "", err
	}
	defer func() { _ = w.close() }()
	if err := w.start(ctx); err != nil {
		return "", err
	}
	done, err := w.simulate(ctx, c, merchants, kills)
	if err != nil {
		return "", err
	}
	mails, err := w.mailed(ctx)
	if err := errors.Join(err, w.keys(), w.close(), w.quiet()); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d merchants where they should be, %d kills, %d mails, each once", done, kills, mails), nil
}

// simulate runs `alta simulate` against all nodes and kills one of them whenever a
// part of the merchants has ended.
func (w *world) simulate(ctx context.Context, c *faultskit.Call, merchants, kills int) (done int, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, c.Alta, "simulate", "--api", w.addresses(), "--count", strconv.Itoa(merchants),
		"--seed", strconv.FormatUint(c.Seed, 10), "--concurrency", "4", "--small", "--json")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, cmd.Wait()) }()
	killed := 0
	for scan := bufio.NewScanner(out); scan.Scan(); {
		var o struct{ Error string }
		if err := json.Unmarshal(scan.Bytes(), &o); err != nil {
			return done, err
		}
		if o.Error != "" {
			return done, errors.New(o.Error)
		}
		done++
		if killed < kills && done*(kills+1) >= merchants*(killed+1) {
			n := w.nodes[killed%len(w.nodes)]
			killed++
			if err := n.Kill(); err != nil {
				return done, err
			}
			if err := n.Start(ctx); err != nil {
				return done, err
			}
		}
	}
	if done != merchants || killed != kills {
		return done, fmt.Errorf("%d of %d merchants ended, %d of %d kills were made", done, merchants, killed, kills)
	}
	return done, nil
}
