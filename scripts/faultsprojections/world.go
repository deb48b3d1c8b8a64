package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/policy"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/projections"
	"alta/simulate/direct"

	"github.com/redis/go-redis/v9"
)

// server is one redis-server of ours.
type server struct {
	cmd  *exec.Cmd
	port string
	dir  string
}

// startRedis starts one on a free port, a replica of master where one is named.
func startRedis(dir, port, master string) (*server, error) {
	if port == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		_, port, _ = net.SplitHostPort(l.Addr().String())
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	d, err := os.MkdirTemp(dir, "redis-")
	if err != nil {
		return nil, err
	}
	args := []string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", d, "--loglevel", "warning", "--repl-diskless-sync-delay", "0"}
	if master != "" {
		args = append(args, "--replicaof", "127.0.0.1 "+master)
	}
	s := &server{cmd: exec.Command("redis-server", args...), port: port, dir: d}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *server) address() string { return "127.0.0.1:" + s.port }

// kill ends it without warning.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// world is a log, a Redis behind a bad network, a projector, a writer that never
// stops and a reader that believes nothing.
type world struct {
	run    *run
	ctx    context.Context
	stop   context.CancelFunc
	wait   sync.WaitGroup
	log    *embedded.Log
	redis  *server
	proxy  *proxy
	rdb    *redis.Client
	store  *projections.Store
	runner *projections.Runner
	reader projections.Reader
	maker  *direct.Maker

	written          atomic.Uint64
	slowest          atomic.Int64 // command, in nanoseconds
	right, refused   atomic.Int64
	regress          atomic.Bool // answers may be older than earlier ones: a failover
	mu               sync.Mutex
	wrong            error
	commandErr       error
	seen             int64
	stopRunner, halt func()
}

var rules = application.Rules{Policies: policy.Default(), Calendar: calendar.Default()}

func newWorld(ctx context.Context, r *run) (w *world, err error) {
	w = &world{run: r}
	w.ctx, w.stop = context.WithCancel(ctx)
	dir, err := os.MkdirTemp(r.dir, "world-")
	if err != nil {
		return w, err
	}
	w.log, err = embedded.Open(filepath.Join(dir, "log"), embedded.Options{
		Leaf: func(dst []byte, r *eventstore.Record) []byte { return append(dst, r.ID[:]...) },
	})
	if err != nil {
		return w, err
	}
	if w.redis, err = startRedis(r.dir, "", ""); err != nil {
		return w, err
	}
	if w.proxy, err = newProxy(w.ctx, w.redis.address()); err != nil {
		return w, err
	}
	w.rdb = redis.NewClient(&redis.Options{
		Addr: w.proxy.address(), ContextTimeoutEnabled: true, ReadTimeout: 3 * time.Second, DialTimeout: time.Second, MaxRetries: 1,
	})
	w.store = projections.NewStore(w.rdb)
	w.maker = direct.New(r.seed, time.Now(), rules)
	w.reader = projections.Reader{Store: w.store, Index: index, Now: time.Now}
	w.runner = w.newRunner()
	w.stopRunner = w.background(func(ctx context.Context) { _ = w.runner.Run(ctx) })
	w.written.Store(uint64(r.times(2000, 150)))
	if err := w.fill(0, w.written.Load()); err != nil {
		return w, err
	}
	if err := w.caughtUp(time.Minute); err != nil {
		return w, err
	}
	w.halt = w.background(w.write)
	w.background(w.read)
	return w, nil
}

func (w *world) newRunner() *projections.Runner {
	return &projections.Runner{
		Store: w.store, Log: w.log, Decode: decode, Index: index,
		Now: time.Now, Logger: slog.New(slog.DiscardHandler), Heartbeat: 100 * time.Millisecond, Patience: time.Second,
	}
}

// background runs f until the answered function is called, or the world ends.
func (w *world) background(f func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan struct{})
	w.wait.Go(func() { defer close(done); f(ctx) })
	return func() { cancel(); <-done }
}

func (w *world) close() {
	w.stop()
	w.wait.Wait()
	if w.rdb != nil {
		_ = w.rdb.Close()
	}
	if w.redis != nil {
		w.redis.kill()
	}
	if w.log != nil {
		_ = w.log.Close()
	}
}

func encode(_ context.Context, _ string, _ eventstore.ID, e application.Event) (eventstore.Proposed, error) {
	name, data, err := application.Encode(e, func(_, clear string) (string, error) {
		return base64.StdEncoding.EncodeToString([]byte(clear)), nil
	})
	return eventstore.Proposed{Type: name, Data: data}, err
}

func decode(_ context.Context, r *eventstore.Record) (application.Event, error) {
	return application.Decode(r.Type, r.Data, func(_, sealed string) (string, bool, error) {
		b, err := base64.StdEncoding.DecodeString(sealed)
		return string(b), false, err
	})
}

func index(kind, value string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + value))
	return hex.EncodeToString(sum[:12])
}

func (w *world) fill(first, count uint64) error {
	return w.maker.Fill(w.ctx, w.log, encode, first, count, 8, direct.AnyTarget, func(*direct.Life) {})
}

// write appends one life after the other: commands do not know of Redis.
func (w *world) write(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n := w.written.Load()
		l, err := w.maker.Life(n, direct.AnyTarget(n))
		if err == nil {
			begun := time.Now()
			err = l.Append(w.ctx, w.log, encode)
			w.slowest.Store(max(w.slowest.Load(), int64(time.Since(begun))))
		}
		if err != nil && w.ctx.Err() == nil {
			w.mu.Lock()
			w.commandErr = err
			w.mu.Unlock()
			return
		}
		w.written.Store(n + 1)
	}
}

// read asks for two lists again and again. An answer is right when it is in order
// and holds only what belongs there; the list of everything also when it is whole
// and not shorter than an earlier one, since nothing ever leaves it; or when it
// says that it cannot answer. A queue may shrink: a life that passes through it
// can be seen on its way.
func (w *world) read(ctx context.Context) {
	for ctx.Err() == nil {
		call, done := context.WithTimeout(ctx, 5*time.Second)
		page, err := w.reader.Queue(call, projections.QueueQualification, "", projections.Filter{}, "", 50)
		var all projections.Page
		if err == nil {
			all, err = w.reader.All(call, "", "", 50)
		}
		done()
		switch {
		case ctx.Err() != nil:
		case err != nil:
			w.refused.Add(1) // 503, as the interface answers it
		default:
			if err := errors.Join(inOrder(page), w.whole(all)); err != nil {
				w.mu.Lock()
				w.wrong = errors.Join(w.wrong, err)
				w.mu.Unlock()
			}
			w.right.Add(1)
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// inOrder checks a page of the queue of qualifications.
func inOrder(page projections.Page) error {
	var due []time.Time
	for _, raw := range page.Rows {
		var r projections.Row
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		if r.Stage != application.Qualification || r.Due == nil {
			return fmt.Errorf("a row at %s is in the queue", r.Stage)
		}
		due = append(due, *r.Due)
	}
	if !slices.IsSortedFunc(due, time.Time.Compare) {
		return errors.New("a page is not in order")
	}
	return nil
}

// whole checks the first page of everything.
func (w *world) whole(page projections.Page) error {
	if page.Total == nil {
		return errors.New("a page without a total")
	}
	before := w.seen
	w.seen = *page.Total
	if w.regress.Load() {
		return nil
	}
	if *page.Total < before {
		return fmt.Errorf("the list of everything shrank from %d to %d", before, *page.Total)
	}
	if n := int64(len(page.Rows)); n < min(50, before) {
		return fmt.Errorf("a page of %d rows, and there are %d", n, before)
	}
	return nil
}

// caughtUp waits until readers see everything that is in the log now.
func (w *world) caughtUp(patience time.Duration) error {
	head, err := w.log.Head(w.ctx)
	if err != nil {
		return err
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		call, done := context.WithTimeout(w.ctx, 4*time.Second)
		at, err := w.store.Position(call)
		done()
		if err == nil && at.Compare(head) >= 0 {
			return nil
		}
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
	}
	return fmt.Errorf("not caught up after %s; the projector says: %w", patience, errors.Join(w.runner.Healthy(), errors.New("state "+w.runner.Stats().State)))
}

// until waits for something, for a minute at the most, and else answers what is
// wrong.
func (w *world) until(is func() bool, wrong string) error {
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		if time.Now().After(end) {
			return errors.New(wrong)
		}
	}
	return nil
}

// settle stops the load, lets the projection catch up, and compares it with a
// rebuild byte for byte.
func (w *world) settle() (figures string, err error) {
	w.halt()
	begun := time.Now()
	if err := w.caughtUp(time.Minute); err != nil {
		return "", err
	}
	took := time.Since(begun)
	live, err := w.dump()
	if err != nil {
		return "", err
	}
	if err := w.newRunner().Rebuild(w.ctx); err != nil {
		return "", err
	}
	rebuilt, err := w.dump()
	if err != nil {
		return "", err
	}
	figures = fmt.Sprintf("%d applications, %d lists right, %d refused, caught up in %s, slowest append %s, %d KB the same",
		w.written.Load(), w.right.Load(), w.refused.Load(), took.Round(time.Millisecond), time.Duration(w.slowest.Load()).Round(time.Millisecond), len(live)>>10)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !bytes.Equal(live, rebuilt) {
		err = fmt.Errorf("live (%d bytes) is not what a rebuild makes (%d bytes)", len(live), len(rebuilt))
	}
	return figures, errors.Join(err, w.wrong, w.commandErr)
}

// dump is everything that readers see, without the first line, the position.
func (w *world) dump() ([]byte, error) {
	var b bytes.Buffer
	if err := w.store.Dump(w.ctx, &b); err != nil {
		return nil, err
	}
	_, rest, _ := bytes.Cut(b.Bytes(), []byte("\n"))
	return rest, nil
}
