package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"alta/scripts/faultskit"

	"github.com/redis/go-redis/v9"
)

// shared is a redis-server that several programs share.
type shared struct {
	cmd     *exec.Cmd
	address string
	rdb     *redis.Client
}

func startShared(ctx context.Context, c *faultskit.Call) (*shared, error) {
	address, err := faultskit.FreePort()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(c.Dir, "redis-")
	if err != nil {
		return nil, err
	}
	s := &shared{address: address}
	s.cmd = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir, "--loglevel", "warning")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.rdb = redis.NewClient(&redis.Options{Addr: address})
	return s, faultskit.Until(ctx, "redis-server answers", func() (bool, error) { return true, s.rdb.Ping(ctx).Err() })
}

func (s *shared) close() {
	_ = s.rdb.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// overWire prepares a program that keeps a log, and another that reads it over the
// protocol of EventStoreDB. Both use one data directory: its keys and files.
func overWire(ctx context.Context, c *faultskit.Call, applications int) (keeper *world, server string, err error) {
	at, err := faultskit.FreePort()
	if err != nil {
		return nil, "", err
	}
	keeper, err = prepare(ctx, c, "keeper", applications, "--parts", "api", "--wire", at)
	return keeper, "esdb://" + at + "?tls=false", err
}

// reader is a program with the parts that make lists, on somebody else's log.
func reader(ctx context.Context, c *faultskit.Call, keeper *world, server, redisAddress string) (*world, error) {
	w, err := prepare(ctx, c, "reader", 0, "--parts", "api,projector", "--eventstore", server, "--redis", "redis://"+redisAddress)
	if err != nil {
		return nil, err
	}
	w.Flags = append(w.Flags, "--data", keeper.Data()) // the last one counts
	return w, nil
}

// headUnknownAtStart starts a program while the log is stopped or its server is not
// there: once with everything gone from Redis, once with the lists of before.
func headUnknownAtStart(ctx context.Context, c *faultskit.Call) (string, error) {
	count := c.Times(5_000, 500)
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
	w, err := reader(ctx, c, keeper, server, r.address)
	if err != nil {
		return "", err
	}
	defer w.Stop()
	if err := w.open(ctx); err != nil {
		return "", err
	}
	a, err := w.asker(ctx, w.lead)
	if err != nil {
		return "", err
	}
	defer a.close()
	before, err := a.complete(ctx, count)
	if err != nil {
		return "", err
	}
	var back time.Duration
	rounds := c.Times(8, 4)
	for n := range rounds {
		stopped, empty := n%2 == 0, n%4 < 2
		if err := w.Stop(); err != nil {
			return "", err
		}
		if empty {
			if err := r.rdb.FlushAll(ctx).Err(); err != nil {
				return "", err
			}
		}
		live, err := r.live(ctx)
		if err != nil {
			return "", err
		}
		if stopped {
			err = keeper.Signal(syscall.SIGSTOP)
		} else {
			err = keeper.Kill()
		}
		if err != nil {
			return "", err
		}
		started := make(chan error, 1)
		go func() { started <- w.Start(ctx) }()
		for until := time.Now().Add(time.Duration(c.Times(20, 4)) * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
			if now, err := r.live(ctx); err != nil || now != live {
				return "", fmt.Errorf("with the log away at the start %q is published, before %q (%w)", now, live, err)
			}
		}
		if stopped {
			err = keeper.Signal(syscall.SIGCONT)
		} else {
			err = keeper.Start(ctx)
		}
		if err != nil {
			return "", err
		}
		begun := time.Now()
		if err := <-started; err != nil {
			return "", err
		}
		if err := w.logIn(ctx); err != nil {
			return "", err
		}
		a.close()
		if a, err = w.asker(ctx, w.lead); err != nil {
			return "", err
		}
		if _, err := a.complete(ctx, count); err != nil {
			return "", err
		}
		back = max(back, time.Since(begun))
		after, status, err := a.everything(ctx)
		if err != nil || status != http.StatusOK {
			return "", fmt.Errorf("the lists afterwards are answered %d (%w)", status, err)
		}
		if err := same(before, after); err != nil {
			return "", err
		}
		if now, err := r.live(ctx); err != nil || !empty && now != live {
			return "", fmt.Errorf("lists that nothing was wrong with were made anew: %q, before %q (%w)", now, live, err)
		}
	}
	return fmt.Sprintf("%d starts with the log of %d applications away, half of them on an empty Redis: nothing published meanwhile, full lists kept; complete at most %.1f s after the log was back, the same rows",
		rounds, len(before), back.Seconds()), nil
}

// live says which lists are published; empty for none.
func (s *shared) live(ctx context.Context) (string, error) {
	keys, err := s.rdb.Keys(ctx, "alta:projections:*:live").Result()
	if err != nil || len(keys) == 0 {
		return "", err
	}
	slices.Sort(keys)
	named, err := s.rdb.MGet(ctx, keys...).Result()
	return fmt.Sprint(named), err
}

// headUnknown takes the log away while everything is built anew from it.
func headUnknown(ctx context.Context, c *faultskit.Call) (string, error) {
	count := c.Times(5_000, 1_000)
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
	w, err := reader(ctx, c, keeper, server, r.address)
	if err != nil {
		return "", err
	}
	defer w.Stop()
	if err := w.open(ctx); err != nil {
		return "", err
	}
	a, err := w.asker(ctx, w.lead)
	if err != nil {
		return "", err
	}
	defer a.close()
	before, err := a.complete(ctx, count)
	if err != nil {
		return "", err
	}
	var told, back time.Duration
	asked, unfinished, said := 0, 0, ""
	rounds := c.Times(8, 2)
	for n := range rounds {
		kill := n%2 == 1
		if err := r.rdb.FlushAll(ctx).Err(); err != nil {
			return "", err
		}
		time.Sleep(time.Duration(n) * 60 * time.Millisecond) // from the first event to the middle of the build
		if kill {
			err = keeper.Kill()
		} else {
			err = keeper.Signal(syscall.SIGSTOP)
		}
		if err != nil {
			return "", err
		}
		away := time.Now()
		ready := time.Duration(0)
		published := false
		for time.Since(away) < time.Duration(c.Times(20, 4))*time.Second {
			status, p, err := a.get(ctx, "/v1/applications?limit=50")
			asked++
			switch {
			case err != nil:
				return "", err
			case status == http.StatusOK && p.Total == len(before) && len(p.Rows) == 50:
				published = true // the build was done before the log went away
			case status == http.StatusOK:
				return "", fmt.Errorf("with the log away %d of %d rows are shown", p.Total, len(before))
			case status != http.StatusServiceUnavailable:
				return "", fmt.Errorf("with the log away lists are answered %d", status)
			}
			if status, text := w.ready(ctx); ready == 0 && status == http.StatusServiceUnavailable && time.Since(away) > 100*time.Millisecond {
				ready, said = time.Since(away), text
			}
			time.Sleep(50 * time.Millisecond)
		}
		if ready == 0 && !published {
			return "", errors.New("/readyz never said that the log is away")
		}
		if !published {
			unfinished++
		}
		told = max(told, ready)
		if kill {
			err = keeper.Start(ctx)
		} else {
			err = keeper.Signal(syscall.SIGCONT)
		}
		if err != nil {
			return "", err
		}
		begun := time.Now()
		if _, err := a.complete(ctx, count); err != nil {
			return "", err
		}
		back = max(back, time.Since(begun))
		after, status, err := a.everything(ctx)
		if err != nil || status != http.StatusOK {
			return "", fmt.Errorf("the lists afterwards are answered %d (%w)", status, err)
		}
		if err := same(before, after); err != nil {
			return "", err
		}
	}
	if unfinished == 0 {
		return "", errors.New("every build was done before the log went away, so nothing was tested")
	}
	return fmt.Sprintf("%d times away with %d applications, %d of them before the build was done, %d answers of lists: none short; /readyz said so at most %.1f s after (%q); complete at most %.1f s after the log was back, the same rows",
		rounds, len(before), unfinished, asked, told.Seconds(), said, back.Seconds()), nil
}
