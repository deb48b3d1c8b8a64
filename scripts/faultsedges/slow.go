package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"alta/scripts/faultskit"
)

// slowLink carries connections to a Redis and keeps every piece back for a while.
type slowLink struct {
	l     net.Listener
	delay atomic.Int64 // nanoseconds
}

func newSlowLink(backend string) (*slowLink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &slowLink{l: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", backend)
			if err != nil {
				_ = c.Close()
				continue
			}
			go s.pump(b, c)
			go s.pump(c, b)
		}
	}()
	return s, nil
}

func (s *slowLink) pump(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		time.Sleep(time.Duration(s.delay.Load()))
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// linkDelay makes a transaction with its questions last longer than a silent holder
// is waited for, which is three seconds, while a sign of life takes one.
const linkDelay = 250 * time.Millisecond

// slowBatches makes every transaction of a projector take five seconds, and counts
// how often the other, which sees Redis quickly, takes over from it.
func slowBatches(ctx context.Context, c *faultskit.Call) (string, error) {
	count := 300
	keeper, server, err := overWire(ctx, c, count)
	if err != nil {
		return "", err
	}
	defer keeper.Kill()
	if err := keeper.open(ctx); err != nil {
		return "", err
	}
	r, err := startShared(ctx, c)
	if err != nil {
		return "", err
	}
	defer r.close()
	link, err := newSlowLink(r.address) // of the one that works; the other's is quick
	if err != nil {
		return "", err
	}
	defer link.l.Close()
	var two []*world
	for _, address := range []string{link.l.Addr().String(), r.address} {
		w, err := reader(ctx, c, keeper, server, address)
		if err != nil {
			return "", err
		}
		defer w.Stop()
		if err := w.open(ctx); err != nil {
			return "", err
		}
		if two = append(two, w); len(two) > 1 {
			continue
		}
		if err := faultskit.Until(ctx, "the first one holds the lists", func() (bool, error) {
			holder, err := r.holder(ctx)
			return holder != "", err
		}); err != nil {
			return "", err
		}
	}
	a, err := two[0].asker(ctx, two[0].lead)
	if err != nil {
		return "", err
	}
	defer a.close()
	if _, err := a.complete(ctx, count); err != nil {
		return "", err
	}
	restarts := func() (n float64, err error) {
		for _, w := range two {
			f, err := faultskit.Figure(ctx, w.metrics, "alta_projection_restarts_total")
			if err != nil {
				return 0, err
			}
			n += f
		}
		return n, nil
	}
	before, err := restarts()
	if err != nil {
		return "", err
	}
	holder, err := r.holder(ctx)
	if err != nil {
		return "", err
	}
	position, err := r.positions(ctx)
	if err != nil {
		return "", err
	}
	link.delay.Store(int64(linkDelay))
	thefts, steps := 0, 0
	added := c.Times(2_000, 150)
	written := make(chan error, 1)
	go func() {
		_, err := keeper.Do(ctx, "simulate", "--direct", "--dev", "--eventstore", server, "--data", keeper.Data(),
			"--seed", strconv.FormatUint(c.Seed, 10), "--first", strconv.Itoa(count), "--count", strconv.Itoa(added))
		written <- err
	}()
	begun, last, longest := time.Now(), time.Now(), time.Duration(0)
	for steps < c.Times(12, 2) && time.Since(begun) < 3*time.Minute {
		now, err := r.holder(ctx)
		if err != nil {
			return "", err
		}
		if now != holder {
			thefts, holder = thefts+1, now
		}
		at, err := r.positions(ctx)
		if err != nil {
			return "", err
		}
		if at != position {
			steps, position = steps+1, at
			longest, last = max(longest, time.Since(last)), time.Now()
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := <-written; err != nil {
		return "", err
	}
	after, err := restarts()
	if err != nil {
		return "", err
	}
	link.delay.Store(0)
	rows, err := a.complete(ctx, count+added)
	figures := fmt.Sprintf("%d transactions through a link of %s each way, at most %.1f s apart; %d take-overs, %.0f starts over; %d applications complete afterwards",
		steps, linkDelay, longest.Seconds(), thefts, after-before, len(rows))
	switch {
	case err != nil:
	case thefts > 0 || after > before:
		err = errors.New("a projector that worked lost its place")
	case steps < 2 || longest < 4*time.Second:
		err = errors.New("too little progress, or batches that were too short to show anything")
	}
	return figures, err
}

// checkpoint is one field of the live generation's checkpoint.
func (s *shared) checkpoint(ctx context.Context, field string) (string, error) {
	keys, err := s.rdb.Keys(ctx, "alta:projections:*:checkpoint").Result()
	if err != nil || len(keys) != 1 {
		return "", errors.Join(err, fmt.Errorf("%d checkpoints", len(keys)))
	}
	return s.rdb.HGet(ctx, keys[0], field).Result()
}

func (s *shared) holder(ctx context.Context) (string, error) { return s.checkpoint(ctx, "holder") }

func (s *shared) positions(ctx context.Context) (string, error) { return s.checkpoint(ctx, "position") }
