package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"alta/eventstore/wire/nodetest"
	"alta/scripts/faultskit"
	"alta/simulate/drive"

	"github.com/redis/go-redis/v9"
)

// Bounds of the fault table.
const (
	saidWithin    = 5 * time.Second
	refusedWithin = 500 * time.Millisecond
	backWithin    = 3 * time.Second
)

// cluster starts nodes in this process.
func cluster(c *faultskit.Call, nodes int) (*nodetest.Cluster, error) {
	dir, err := os.MkdirTemp(c.Dir, "cluster-")
	if err != nil {
		return nil, err
	}
	return nodetest.Start(nodetest.Options{Dir: dir, Nodes: nodes, Facts: nodetest.Real()})
}

// world is a running Alta with demo people, at an address that is known before it
// answers there.
type world struct {
	*faultskit.Server
	base  string
	http  *http.Client
	lead  *drive.Person
	token string
}

// prepare makes one that does not run yet.
func prepare(c *faultskit.Call, name string, flags ...string) (*world, error) {
	home, err := os.MkdirTemp(c.Dir, name+"-")
	if err != nil {
		return nil, err
	}
	at, err := faultskit.FreePort()
	if err != nil {
		return nil, err
	}
	s, err := faultskit.NewServer(c.Alta, home, append([]string{"--demo", "--dev", "--listen", at, "--registrations-per-hour", "1000", "--limit-factor", "100"}, flags...)...)
	return &world{Server: s, base: "http://" + at, http: &http.Client{Timeout: 20 * time.Second}}, err
}

// fill writes invented applications that wait for a reviewer.
func (w *world) fill(ctx context.Context, c *faultskit.Call, store string, count int) error {
	_, err := w.Do(ctx, "simulate", "--direct", "--dev", "--data", w.Data(), "--eventstore", store,
		"--count", strconv.Itoa(count), "--to", "qualification", "--seed", strconv.FormatUint(c.Seed, 10))
	return err
}

// open starts it and logs a lead in.
func (w *world) open(ctx context.Context) error {
	if err := w.Start(ctx); err != nil {
		return err
	}
	return w.logIn(ctx)
}

func (w *world) logIn(ctx context.Context) error {
	client, err := drive.NewClient(w.base)
	if err != nil {
		return err
	}
	if w.lead, err = client.LogIn(ctx, drive.DemoLogIns().Lead, drive.DemoLogIns().Password); err != nil {
		return err
	}
	w.token, err = w.lead.Token(ctx)
	return err
}

// end stops it where it runs.
func (w *world) end() {
	_ = w.Kill()
	w.http.CloseIdleConnections()
}

// row is what the lists show of an application.
type row struct {
	ID       string
	Revision int64
}

// rows answers the newest rows and how many there are; the status is 0 where nobody
// answered.
func (w *world) rows(ctx context.Context) (rows []row, total, status int) {
	var p struct {
		Rows  []row
		Total int
	}
	status = w.get(ctx, "/v1/applications?limit=100", &p)
	return p.Rows, p.Total, status
}

// get answers the status, 0 where nobody answered.
func (w *world) get(ctx context.Context, path string, into any) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+path, nil)
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	res, err := w.http.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return res.StatusCode
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return 0
	}
	return res.StatusCode
}

// ready is what /readyz answers; 0 where nobody does.
func (w *world) ready(ctx context.Context) (status int, text string) {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+"/readyz", nil)
	if err != nil {
		return 0, err.Error()
	}
	res, err := w.http.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

// readyWithin waits until /readyz answers so, and says how long it took. It goes on
// beyond the bound, to tell by how much it was missed.
func (w *world) readyWithin(ctx context.Context, status int, since time.Time, bound time.Duration) (took time.Duration, text string, err error) {
	for late := since.Add(max(30*time.Second, 2*bound)); ; {
		got, text := w.ready(ctx)
		took := time.Since(since)
		switch {
		case got == status && took > bound:
			return took, text, fmt.Errorf("/readyz answers %d only after %.1f s", status, took.Seconds())
		case got == status:
			return took, text, nil
		case time.Now().After(late), ctx.Err() != nil:
			return took, text, fmt.Errorf("/readyz answers %d and never %d: %.300s", got, status, text)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// prioritised is how a change is answered.
type prioritised struct {
	status   int // 0 where nobody answered
	revision int64
	retry    bool // it came with Retry-After
	code     string
	took     time.Duration
}

// prioritise makes the change with that number to one application at the revision,
// under a key of its own. Each change differs from the one before.
func (w *world) prioritise(ctx context.Context, id string, at, change int64) (p prioritised, err error) {
	why := fmt.Sprintf("change %d", change)
	body, err := json.Marshal(map[string]any{"priority": 1 + change%2, "why": why})
	if err != nil {
		return p, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, w.base+"/v1/applications/"+id+"/priority", bytes.NewReader(body))
	if err != nil {
		return p, err
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("If-Match", strconv.Quote(strconv.FormatInt(at, 10)))
	req.Header.Set("Idempotency-Key", drive.Key(id, why))
	begun := time.Now()
	res, err := w.http.Do(req)
	p.took = time.Since(begun)
	if err != nil {
		return p, nil //nolint:nilerr // it is asked again
	}
	defer res.Body.Close()
	p.status, p.retry = res.StatusCode, res.Header.Get("Retry-After") != ""
	if p.status == http.StatusNoContent {
		p.revision, err = strconv.ParseInt(strings.Trim(res.Header.Get("ETag"), `"`), 10, 64)
		return p, err
	}
	var problem struct{ Code string }
	_ = json.NewDecoder(res.Body).Decode(&problem) // a refusal without a code is told by its status
	p.code = problem.Code
	return p, nil
}

// said are the lines of the program's log that contain a text.
func (w *world) said(text string) (lines []string, err error) {
	b, err := os.ReadFile(filepath.Join(w.Home, "out"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, text) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines, nil
}

// anew are the lines of the program's log that say that something began anew.
func (w *world) anew() (lines []string, err error) {
	for _, text := range []string{"starts over", "judged anew", "another log"} {
		more, err := w.said(text)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return lines, nil
}

// shared is a redis-server that several programs share.
type shared struct {
	cmd *exec.Cmd
	url string
	rdb *redis.Client
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
	s := &shared{url: "redis://" + address, rdb: redis.NewClient(&redis.Options{Addr: address})}
	s.cmd = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir, "--loglevel", "warning")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	return s, faultskit.Until(ctx, "redis-server answers", func() (bool, error) { return true, s.rdb.Ping(ctx).Err() })
}

func (s *shared) close() {
	_ = s.rdb.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}
