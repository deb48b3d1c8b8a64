package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"alta/api/auth"
	"alta/simulate/drive"

	"github.com/alicebob/miniredis/v2"
)

// The test binary is also the program: `serve` starts it anew as its document
// worker, and the crash tests start it as a server that can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"document-worker", "serve"}, os.Args[1]) {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(runTests(m))
}

// decoder is the program as it ships: it decodes uploads in the tests, and is the
// server that crash tests kill. It is built without the race detector, which would make pictures ten times as slow; kept is where its
// compiled PDF renderer lies for all tests.
var decoder, kept string

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "alta-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	decoder, kept = filepath.Join(dir, "alta"), filepath.Join(dir, "cache")
	if out, err := exec.Command("go", "build", "-o", decoder, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// world is the whole program on a free port, with a data directory of its own.
type world struct {
	api    string
	client *drive.Client
	log    *journal
}

// journal collects what the program logs as wrong. In development every answer
// that breaks the contract is among it.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, string(bytes.TrimSpace(b)))
	return len(b), nil
}

// count is how many lines hold a text.
func (j *journal) count(text string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, l := range j.lines {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}

// forget drops what was logged so far and answers it.
func (j *journal) forget() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	was := j.lines
	j.lines = nil
	return was
}

// demoConfig is a server with the demo people, on a Redis inside this process, whose
// limits most tests do not meet and whose password hashes cost nothing.
func demoConfig(t *testing.T) config {
	c := defaults()
	c.Listen, c.Data, c.Demo, c.Dev = "127.0.0.1:0", t.TempDir(), true, true
	c.worker, c.rendererCache, c.passwords = decoder, kept, auth.Argon2{MemoryKiB: 64, Time: 1}
	c.MaxRegistrations, c.LimitFactor, c.MailRate = 100_000, 1000, 1000
	c.Redis = "redis://" + miniredis.RunT(t).Addr()
	return c
}

// start runs the program until the test ends. The test fails if the program logs
// an error, or answers what the contract does not know.
func start(t *testing.T, c config) *world {
	t.Helper()
	w := &world{log: &journal{}}
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelError}))
	ctx, stop := context.WithCancel(context.Background())
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve(ctx, c, logger, func(a string) error { address <- a; return nil })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with: %v", err)
		}
		for _, l := range w.log.forget() {
			t.Errorf("the program logged: %s", l)
		}
	})
	select {
	case w.api = <-address:
	case err := <-ended:
		ended <- nil
		t.Fatalf("the program did not start: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("the program did not start within a minute")
	}
	if c.Origin != "" { // which leads to a proxy
		w.api = "http://" + c.Listen
	}
	var err error
	if w.client, err = drive.NewClient(w.api); err != nil {
		t.Fatal(err)
	}
	return w
}

// as logs one of the demo people in.
func (w *world) as(t *testing.T, name string) *drive.Person {
	t.Helper()
	p, err := w.client.LogIn(t.Context(), name+"@demo.alta.example", demoPassword)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// driver drives merchants with the demo people.
func (w *world) driver(t *testing.T) *drive.Driver {
	t.Helper()
	people := drive.DemoLogIns()
	people.Password = demoPassword
	d, err := openDriver(t.Context(), w.api, people)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// merchant brings one merchant to a stage.
func (w *world) merchant(t *testing.T, d *drive.Driver, wish drive.Wish) *drive.Life {
	t.Helper()
	wish.Count, wish.Small, wish.Day = 1, true, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	plans, err := drive.Plans(wish)
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Run(t.Context(), plans[0])
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// request is one raw request, for what no well-behaved client sends.
type request struct {
	method, path string
	header       map[string]string
	body         []byte
	chunked      bool // without a Content-Length
}

// answer is what came back.
type answer struct {
	status     int
	media      string
	retryAfter string
	drive.Problem
}

// send sends it as somebody; nil is nobody.
func (w *world) send(t *testing.T, who *drive.Person, r request) answer {
	t.Helper()
	a, err := w.trySend(t.Context(), who, r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	return a
}

func (w *world) trySend(ctx context.Context, who *drive.Person, r request) (answer, error) {
	var body interface {
		Read([]byte) (int, error)
	} = bytes.NewReader(r.body)
	if r.chunked {
		body = struct{ *strings.Reader }{strings.NewReader(string(r.body))}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, w.api+r.path, body)
	if err != nil {
		return answer{}, err
	}
	if who != nil {
		token, err := who.Token(ctx)
		if err != nil {
			return answer{}, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, media: res.Header.Get("Content-Type"), retryAfter: res.Header.Get("Retry-After")}
	if a.media == "application/problem+json" {
		err = json.NewDecoder(res.Body).Decode(&a.Problem)
	}
	return a, err
}

// revision is how far an application's record goes.
func (w *world) revision(t *testing.T, id string, by *drive.Person) int64 {
	t.Helper()
	reply, err := by.Get(t.Context(), "/v1/applications/"+id+"/actions", nil)
	if err != nil {
		t.Fatal(err)
	}
	return reply.Revision
}

// act has somebody change an application as it is now, whatever the machine's checks
// write to it meanwhile; with a proof of presence for each try where one is named.
func (w *world) act(t *testing.T, id string, by *drive.Person, r drive.Request, proofs ...string) {
	t.Helper()
	path := r.Path
	r.Path = "/v1/applications/" + id + path
	for range 10 {
		for _, purpose := range proofs {
			var err error
			if r.Proof, err = by.Prove(t.Context(), purpose); err != nil {
				t.Fatal(err)
			}
		}
		seen := w.revision(t, id, by)
		r.Match = &seen
		_, err := by.Do(t.Context(), r, nil)
		if refusedWith(err) == "stale" {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return
	}
	t.Fatalf("%s: always stale", path)
}

// refusedWith is the code of a refusal, or "".
func refusedWith(err error) string {
	var p *drive.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

// opened is a program that is open and serves nobody, until the test ends.
func opened(t *testing.T, c config) *program {
	t.Helper()
	p, err := open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}
