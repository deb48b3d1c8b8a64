package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/decider"
	"alta/simulate/drive"

	"github.com/alicebob/miniredis/v2"
)

var kills = flag.Int("kills", 5, "how often the crash test kills the program")

// The program is killed with SIGKILL at random moments while people write, and
// started again on the same data and the same Redis. Whatever was acknowledged is
// there exactly once, and the documents equal those of a rebuild, byte for byte.
func TestAKilledProgramKeepsWhatItAcknowledgedAndItsDocumentsEqualARebuild(t *testing.T) {
	c := demoConfig(t)
	c.Redis = "redis://" + miniredis.RunT(t).Addr() // it outlives the program, as a server's Redis does
	c.Listen = freeAddress(t)
	client, err := drive.NewClient("http://" + c.Listen)
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t, c)
	agent, err := client.LogIn(t.Context(), "agent@demo.alta.example", demoPassword)
	if err != nil {
		t.Fatal(err)
	}
	load := &writers{client: client, agent: agent}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() { load.run(ctx, n) })
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range *kills {
		load.progress(t, 1+r.IntN(40)) // a kill falls between any two steps of any write
		p.kill(t)
		p = launch(t, c)
	}
	load.progress(t, 8)
	stop()
	wait.Wait()
	if load.failed != nil {
		t.Fatal(load.failed)
	}
	auditor, err := client.LogIn(t.Context(), "auditor@demo.alta.example", demoPassword)
	if err != nil {
		t.Fatal(err)
	}
	load.check(t, auditor)
	p.kill(t)
	compareWithARebuild(t, c)
	t.Logf("%d kills, %d acknowledged writes to %d applications", *kills+1, len(load.acked), len(load.applications))
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// child is the program as a process of its own.
type child struct {
	cmd *exec.Cmd
	err bytes.Buffer
}

func launch(t *testing.T, c config) *child {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "address")
	p := &child{cmd: exec.Command(decoder, "serve", "--demo", "--dev", "--data", c.Data, "--redis", c.Redis, "--listen", c.Listen,
		"--limit-factor", "1000", "--address-file", ready)}
	p.cmd.Stderr = &p.err
	endWithParent(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	deadline := time.Now().Add(time.Minute)
	for {
		if b, err := os.ReadFile(ready); err == nil && len(b) > 0 {
			return p
		}
		if p.cmd.ProcessState != nil || time.Now().After(deadline) {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
			t.Fatalf("the program did not start again: %s", p.err.String())
		}
		time.Sleep(5 * time.Millisecond) // for another process; nothing else tells
	}
}

// kill is a power cut for the process: no handler runs.
func (p *child) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	for line := range strings.Lines(p.err.String()) {
		if strings.Contains(line, "level=ERROR") {
			t.Errorf("the program logged: %s", line)
		}
	}
}

// ack is a write that the program said is done.
type ack struct {
	application string
	revision    int64
	command     string
}

// writers write and remember what was acknowledged.
type writers struct {
	client *drive.Client
	agent  *drive.Person

	mu           sync.Mutex
	acked        []ack
	applications []string
	failed       error
}

// run adds merchants and fills their forms in. A lost answer is asked for again
// with the same key, until it comes.
func (w *writers) run(ctx context.Context, n int) {
	for i := 0; ctx.Err() == nil; i++ {
		var added struct{ ID string }
		body := map[string]any{"email": fmt.Sprintf("crash.%d.%d@example.com", n, i), "kind": "individual", "products": []string{"wechat"}, "site": "web", "language": "en"}
		if !w.write(ctx, "", drive.Request{Method: "POST", Path: "/v1/merchants", Body: body, Key: drive.Key("add", n, i)}, &added) {
			return
		}
		w.mu.Lock()
		w.applications = append(w.applications, added.ID)
		w.mu.Unlock()
		for k := range 12 {
			values := map[string]string{"contact.address": fmt.Sprintf("北京市朝阳区人民路%d号", k), "site.domain": fmt.Sprintf("crash%d-%d-%d.cn", n, i, k)}
			if !w.write(ctx, added.ID, drive.Request{Method: "PUT", Path: "/v1/applications/" + added.ID + "/details", Body: map[string]any{"values": values}, Key: drive.Key("fill", n, i, k)}, nil) {
				return
			}
		}
	}
}

func (w *writers) write(ctx context.Context, application string, r drive.Request, into any) bool {
	for {
		reply, err := w.agent.Do(ctx, r, into)
		var refused *drive.Problem
		switch {
		case ctx.Err() != nil:
			return false
		case errors.As(err, &refused) && refused.Status < 500:
			w.mu.Lock()
			w.failed = errors.Join(w.failed, err)
			w.mu.Unlock()
			return false
		case err != nil:
			continue // it is being started again
		}
		if x, ok := into.(*struct{ ID string }); ok {
			application = x.ID
		}
		key, err := decider.ParseID(r.Key)
		w.mu.Lock()
		w.failed = errors.Join(w.failed, err)
		w.acked = append(w.acked, ack{application, reply.Revision, decider.DeriveID(key, w.agent.ID).String()})
		w.mu.Unlock()
		return true
	}
}

// progress waits until so many more writes are acknowledged.
func (w *writers) progress(t *testing.T, more int) {
	t.Helper()
	count := func() (int, error) { w.mu.Lock(); defer w.mu.Unlock(); return len(w.acked), w.failed }
	began, _ := count()
	for deadline := time.Now().Add(time.Minute); ; {
		now, failed := count()
		if failed != nil {
			t.Fatal(failed)
		}
		if now >= began+more {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %d writes in a minute", now-began)
		}
		time.Sleep(time.Millisecond) // lets the writers run
	}
}

// check finds every acknowledged write at the revision that was answered, and no
// request in the record twice.
func (w *writers) check(t *testing.T, by *drive.Person) {
	t.Helper()
	at, last := map[string]map[int64]string{}, map[string]int64{}
	for _, a := range w.acked {
		last[a.application] = max(last[a.application], a.revision)
	}
	for _, id := range w.applications {
		var h struct {
			Entries []struct {
				Revision int64
				Command  string
			}
		}
		// The lists follow the record, and a program that was just started first
		// takes over from the one that was killed.
		for deadline := time.Now().Add(time.Minute); int64(len(h.Entries)) <= last[id]; time.Sleep(20 * time.Millisecond) {
			_, err := by.Get(t.Context(), "/v1/applications/"+id+"/history?limit=200", &h)
			if err != nil && refusedWith(err) != "not-found" {
				t.Fatal(err)
			}
			if time.Now().After(deadline) {
				t.Fatalf("application %s shows %d events after a minute, and revision %d was acknowledged", id, len(h.Entries), last[id])
			}
		}
		at[id] = map[int64]string{}
		once := map[string]bool{}
		for i, e := range h.Entries {
			if e.Revision != int64(i) {
				t.Errorf("application %s has revision %d where %d should be", id, e.Revision, i)
			}
			if once[e.Command] {
				t.Errorf("application %s has request %s twice", id, e.Command)
			}
			once[e.Command], at[id][e.Revision] = true, e.Command
		}
	}
	for _, a := range w.acked {
		if got := at[a.application][a.revision]; got != a.command {
			t.Errorf("application %s, revision %d: the record holds request %q, acknowledged was %q", a.application, a.revision, got, a.command)
		}
	}
}

// compareWithARebuild lets the projector catch up with what a killed one left,
// and compares its documents with those built anew from the log.
func compareWithARebuild(t *testing.T, c config) {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(&journal{}, nil))
	p, err := open(t.Context(), c, logger)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.runner.Run(ctx) }()
	head, err := p.log.Head(t.Context())
	if err == nil {
		err = p.reader.Wait(t.Context(), head)
	}
	if err != nil {
		t.Fatal(err)
	}
	stop()
	<-ended
	var live, rebuilt bytes.Buffer
	if err := p.store.Dump(t.Context(), &live); err != nil {
		t.Fatal(err)
	}
	if err := p.runner.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.store.Dump(t.Context(), &rebuilt); err != nil {
		t.Fatal(err)
	}
	if live.Len() < 1000 {
		t.Fatalf("the documents are %d bytes only", live.Len())
	}
	a, b := strings.Split(live.String(), "\n"), strings.Split(rebuilt.String(), "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("line %d of %d and %d differs:\nlive:    %.600s\nrebuilt: %.600s", i, len(a), len(b), at(a, i), at(b, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}
