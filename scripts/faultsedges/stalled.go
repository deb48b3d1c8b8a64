package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/scripts/faultskit"
	"alta/simulate/drive"
)

const (
	stalledUploads = 64
	stalledLogIns  = 200
	settle         = 500 * time.Millisecond
	cutOff         = 15 * time.Second // ten of silence, and what a busy machine needs
)

// stalled measures the requests of others in alternating turns without and with
// senders that stopped, compares the 99th percentiles of all of each, and looks what
// is left of the senders.
func stalled(ctx context.Context, c *faultskit.Call) (string, error) {
	w, err := prepare(ctx, c, "stalled", 0, "--dev", "--trust-proxy")
	if err != nil {
		return "", err
	}
	defer w.Stop()
	if err := w.open(ctx); err != nil {
		return "", err
	}
	d, err := w.driver(ctx)
	if err != nil {
		return "", err
	}
	// An account may send six files at once.
	lives, err := w.merchants(ctx, d, c.Seed, (stalledUploads+5)/6)
	if err != nil {
		return "", err
	}
	a, err := w.asker(ctx, w.lead)
	if err != nil {
		return "", err
	}
	defer a.close()
	if _, err := a.complete(ctx, len(lives)); err != nil {
		return "", err
	}
	least, most, phase := c.Times(12, 6), c.Times(36, 18), time.Duration(c.Times(5000, 1500))*time.Millisecond
	if _, err := a.load(ctx, phase); err != nil { // warm
		return "", err
	}
	a.close()
	time.Sleep(time.Second)
	goroutines, err := faultskit.Figure(ctx, w.metrics, "go_goroutines")
	if err != nil {
		return "", err
	}
	var m compared
	var s *senders
	// Both halves of a round come first in turn, so that what a machine does over
	// time falls on both.
	for n := 0; n < least || n < most && m.noise() > tolerated; n++ {
		for half := range 2 {
			beside := half != n%2
			if beside {
				if s, err = stall(ctx, w, lives); err != nil {
					return "", err
				}
				time.Sleep(settle) // they are counted once they have stopped, not while they come
			}
			took, err := a.load(ctx, phase)
			if err != nil {
				return "", err
			}
			if !beside {
				m.quiet[n%2] = append(m.quiet[n%2], took...)
				continue
			}
			m.beside = append(m.beside, took...)
			s.hangUp()
		}
		m.rounds++
	}
	if s, err = stall(ctx, w, lives); err != nil {
		return "", err
	}
	if err := s.cut(ctx); err != nil {
		return "", err
	}
	a.close()
	if err := faultskit.Until(ctx, "goroutines and connections of senders that were cut off end", func() (bool, error) {
		g, err := faultskit.Figure(ctx, w.metrics, "go_goroutines")
		if err != nil {
			return false, err
		}
		open, err := w.Connections()
		if g > goroutines+3 || open > 1 { // what reads the figures, and what the client's other half holds
			err = errors.Join(err, fmt.Errorf("%.0f goroutines, before %.0f; %d connections", g, goroutines, open))
		}
		return err == nil, err
	}); err != nil {
		return "", err
	}
	left, _ := faultskit.Figure(ctx, w.metrics, "go_goroutines")
	figures := fmt.Sprintf("%s; %s; goroutines %.0f before, %.0f after", m.figures(phase), s.told, goroutines, left)
	return figures, m.verdict()
}

// tolerated is how much the p99 of others may rise, and how much it may differ
// among quiet rounds before more of them are needed.
const tolerated = 0.20

// compared are the requests of others in milliseconds: of odd and of even rounds
// without senders that stopped, and of all rounds beside them.
type compared struct {
	quiet  [2][]float64
	beside []float64
	rounds int
}

func p99(took []float64) float64 {
	took = slices.Sorted(slices.Values(took))
	return took[len(took)*99/100]
}

func (m *compared) without() float64 { return p99(slices.Concat(m.quiet[0], m.quiet[1])) }

// noise is how far the p99 of odd quiet rounds lies from that of even ones. It is
// what the machine does by itself, and the only thing that asks for more rounds: how
// the senders that stopped do has no part in it.
func (m *compared) noise() float64 {
	a, b := p99(m.quiet[0]), p99(m.quiet[1])
	return max(a, b)/min(a, b) - 1
}

func (m *compared) figures(phase time.Duration) string {
	return fmt.Sprintf("%d rounds of twice %s, %d requests without and %d beside: p99 %.1f ms without (odd rounds %.1f, even rounds %.1f: noise %.0f %%), %.1f ms beside; medians %.1f and %.1f ms",
		m.rounds, phase, len(m.quiet[0])+len(m.quiet[1]), len(m.beside), m.without(), p99(m.quiet[1]), p99(m.quiet[0]), 100*m.noise(), p99(m.beside),
		median(slices.Concat(m.quiet[0], m.quiet[1])), median(m.beside))
}

// verdict is an error where the p99 rose by more than is tolerated, also on a
// machine that is too noisy to tell whose doing that is.
func (m *compared) verdict() error {
	rose := p99(m.beside)/m.without() - 1
	switch {
	case rose <= tolerated:
		return nil
	case m.noise() > tolerated:
		return fmt.Errorf("the p99 of others rose by %.0f %%, on a machine on which quiet rounds differ by %.0f %%: run it on a quiet one", 100*rose, 100*m.noise())
	}
	return fmt.Errorf("the p99 of others rose by %.0f %%", 100*rose)
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[(len(x)-1)/2]
}

// load asks for lists from four places, a hundred times a second together, and
// answers how long each took in milliseconds. A request is counted from when it was
// due, not from when the one before let it go.
func (a *asker) load(ctx context.Context, lasts time.Duration) (took []float64, err error) {
	var mu sync.Mutex
	var failed error
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			begun := time.Now().Add(time.Duration(n) * 10 * time.Millisecond)
			for due := begun; due.Sub(begun) < lasts; due = due.Add(40 * time.Millisecond) {
				time.Sleep(time.Until(due))
				path := []string{"/v1/applications?limit=50", "/v1/queues/qualification", "/v1/queues", "/v1/me"}[n]
				status, _, err := a.get(ctx, path)
				if err == nil && status != http.StatusOK {
					err = fmt.Errorf("%s beside senders that stopped is answered %d", path, status)
				}
				mu.Lock()
				took = append(took, float64(time.Since(due))/1e6)
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return took, failed
}

// senders are connections whose request stops after the first byte of its body.
type senders struct {
	conns []net.Conn
	begun time.Time
	told  string
}

func stall(ctx context.Context, w *world, lives []*drive.Life) (*senders, error) {
	s := &senders{begun: time.Now()}
	host := strings.TrimPrefix(w.Address, "http://")
	send := func(method, path, header string) error {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			return err
		}
		s.conns = append(s.conns, conn)
		_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n%sContent-Length: 100000\r\n\r\n{", method, path, host, w.Address, header)
		return err
	}
	for n := range stalledUploads {
		l := lives[n%len(lives)]
		token, err := l.Self.Token(ctx)
		if err != nil {
			return s, err
		}
		header := fmt.Sprintf("Authorization: Bearer %s\r\nContent-Type: image/png\r\nIdempotency-Key: %s\r\nX-Forwarded-For: 192.0.2.%d\r\n", token, drive.Key(time.Now(), n), n+1)
		if err := send(http.MethodPut, "/v1/applications/"+l.ID+"/documents/bank_card.back", header); err != nil {
			return s, err
		}
	}
	for n := range stalledLogIns {
		if err := send(http.MethodPost, "/v1/auth/login", fmt.Sprintf("Content-Type: application/json\r\nX-Forwarded-For: 198.51.100.%d\r\n", n+1)); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *senders) hangUp() {
	for _, c := range s.conns {
		_ = c.Close()
	}
}

// cut waits until the server has ended every one.
func (s *senders) cut(ctx context.Context) error {
	defer s.hangUp()
	answers := map[string]int{}
	var last time.Duration
	for _, c := range s.conns {
		_ = c.SetReadDeadline(s.begun.Add(cutOff))
		r := bufio.NewReader(c)
		line, err := r.ReadString('\n')
		answers[strings.TrimSpace(line)]++
		for err == nil {
			_, err = r.ReadString('\n')
		}
		if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			return fmt.Errorf("a sender that stopped is connected after %s; it was answered %q", time.Since(s.begun), line)
		}
		last = time.Since(s.begun)
	}
	for line := range answers {
		if !strings.Contains(line, " 408 ") {
			return fmt.Errorf("senders that stopped were answered %v", answers)
		}
	}
	s.told = fmt.Sprintf("%d answered 408, the last connection ended after %.1f s", len(s.conns), last.Seconds())
	return ctx.Err()
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}
