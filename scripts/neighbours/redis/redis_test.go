//go:build neighbours

// Package redis meets Redis as others run it.
package redis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"alta/scripts/neighbours/neighbourtest"

	"github.com/redis/go-redis/v9"
)

// server starts a redis-server with options and answers its port.
func server(t *testing.T, options ...string) (port int, p *neighbourtest.Process) {
	t.Helper()
	port = neighbourtest.FreePort(t)
	args := append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, options...)
	return port, neighbourtest.Start(t, exec.Command(neighbourtest.Program(t, "redis-server"), args...), answers(port))
}

func answers(port int) func() error {
	return func() error {
		c := client(port)
		defer c.Close()
		return c.Ping(context.Background()).Err()
	}
}

func client(port int) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port)})
}

// try runs `alta serve` until it serves, and answers whether it refused to start
// instead, and what it printed.
func try(t *testing.T, url string) (refused bool, out string) {
	t.Helper()
	var printed bytes.Buffer
	address := filepath.Join(t.TempDir(), "address")
	cmd := exec.Command(neighbourtest.Binary(t), "serve", "--listen", "127.0.0.1:0", "--address-file", address, "--data", t.TempDir(), "--redis", url)
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for limit := time.After(time.Minute); ; {
		select {
		case err := <-ended:
			return err != nil, printed.String()
		case <-limit:
			_ = cmd.Process.Kill()
			<-ended
			t.Fatalf("alta serve neither serves nor refuses:\n%s", printed.String())
		case <-time.After(20 * time.Millisecond):
			if _, err := os.Stat(address); err == nil {
				_ = cmd.Process.Signal(syscall.SIGTERM)
				<-ended
				return false, printed.String()
			}
		}
	}
}

func TestAPolicyThatEvictsIsRefusedAndWithoutALimitWarnedOf(t *testing.T) {
	t.Parallel()
	port, _ := server(t)
	c := client(port)
	defer c.Close()
	for _, policy := range []string{"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"} {
		if err := c.ConfigSet(t.Context(), "maxmemory-policy", policy).Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.ConfigSet(t.Context(), "maxmemory", "64mb").Err(); err != nil {
			t.Fatal(err)
		}
		if refused, out := try(t, fmt.Sprintf("redis://127.0.0.1:%d", port)); !refused || !strings.Contains(out, policy) || !strings.Contains(out, "noeviction") {
			t.Errorf("%s: refused %v:\n%s", policy, refused, out)
		}
	}
	if err := c.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if refused, out := try(t, fmt.Sprintf("redis://127.0.0.1:%d", port)); refused || !strings.Contains(out, "would evict") {
		t.Errorf("without a limit: refused %v:\n%s", refused, out)
	}
}

// person is somebody of the demo who is logged in.
type person struct {
	url, token string
}

func logIn(t *testing.T, url, name string) person {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"email": name + "@demo.alta.example", "password": neighbourtest.DemoPassword})
	var answer struct {
		Token string `json:"access_token"`
	}
	neighbourtest.Eventually(t, "somebody can log in", 30*time.Second, func() error {
		resp, err := http.Post(url+"/v1/auth/login", "application/json", bytes.NewReader(body))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return json.NewDecoder(resp.Body).Decode(&answer)
	})
	return person{url, answer.Token}
}

// list is the status of the queue, and how many rows it shows.
func (p person) list() (status, rows int, took time.Duration, err error) {
	req, err := http.NewRequest(http.MethodGet, p.url+"/v1/queues/qualification", nil)
	if err != nil {
		return 0, 0, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	begun := time.Now()
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		return 0, 0, time.Since(begun), err
	}
	defer resp.Body.Close()
	var page struct {
		Items []json.RawMessage `json:"items"`
		Rows  []json.RawMessage `json:"rows"`
	}
	if resp.StatusCode == http.StatusOK {
		err = json.NewDecoder(resp.Body).Decode(&page)
	}
	return resp.StatusCode, len(page.Items) + len(page.Rows), time.Since(begun), err
}

// back waits until the list shows what it showed, and fails where it is ever shown
// shorter.
func (p person) back(t *testing.T, what string, want int, within time.Duration) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		status, rows, _, err := p.list()
		if status == http.StatusOK && err == nil {
			if rows != want {
				t.Fatalf("%s: the list shows %d rows of %d", what, rows, want)
			}
			t.Logf("%s: lists back after %s", what, time.Since(begun).Round(10*time.Millisecond))
			return
		}
		if time.Since(begun) > within {
			t.Fatalf("%s: no list after %s: status %d, %v", what, within, status, err)
		}
	}
}

// filled is a data directory with applications in its log.
func filled(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	cmd := exec.Command(neighbourtest.Binary(t), "simulate", "--direct", "--dev", "--data", data, "--count", "300")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return data
}

func ready(t *testing.T, url string) {
	t.Helper()
	neighbourtest.Eventually(t, "it is ready", 60*time.Second, func() error {
		resp, err := http.Get(url + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	})
}

func TestThePrivateRedisIsReplacedAndListsAreNeverShort(t *testing.T) {
	t.Parallel()
	data := filled(t)
	a := neighbourtest.Serve(t, data, nil, "--demo", "--dev")
	ready(t, a.URL)
	p := logIn(t, a.URL, "reviewer")
	_, want, _, err := p.list()
	if err != nil || want == 0 {
		t.Fatal(want, err)
	}
	for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP} {
		out, err := exec.Command("pgrep", "-P", strconv.Itoa(a.Cmd.Process.Pid), "redis-server").Output()
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
		p.back(t, name, want, 20*time.Second)
	}
	a.Stop()
	if _, err := os.Stat(filepath.Join(data, "redis", "lists.rdb")); err != nil {
		t.Error(err)
	}
	a = neighbourtest.Serve(t, data, nil, "--demo", "--dev")
	p = logIn(t, a.URL, "reviewer")
	p.back(t, "started again", want, 10*time.Second)
	if out := a.Output(); !strings.Contains(out, "goes on from the snapshot") {
		t.Errorf("the snapshot was not used:\n%s", out)
	}
}

func TestListsAreBackAfterSentinelsFailOver(t *testing.T) {
	t.Parallel()
	master, first := server(t)
	replica, _ := server(t, "--replicaof", "127.0.0.1", strconv.Itoa(master))
	var sentinels []int
	for range 3 {
		port := neighbourtest.FreePort(t)
		conf := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("port %d\nbind 127.0.0.1\nsentinel monitor alta 127.0.0.1 %d 2\nsentinel down-after-milliseconds alta 2000\nsentinel failover-timeout alta 10000\n", port, master)
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		neighbourtest.Start(t, exec.Command(neighbourtest.Program(t, "redis-sentinel"), conf), answers(port))
		sentinels = append(sentinels, port)
	}
	url := fmt.Sprintf("redis+sentinel://127.0.0.1:%d?master_name=alta&addr=127.0.0.1:%d&addr=127.0.0.1:%d", sentinels[0], sentinels[1], sentinels[2])
	a := neighbourtest.Serve(t, filled(t), nil, "--demo", "--dev", "--redis", url)
	ready(t, a.URL)
	p := logIn(t, a.URL, "reviewer")
	_, want, _, err := p.list()
	if err != nil || want == 0 {
		t.Fatal(want, err)
	}
	neighbourtest.Eventually(t, "the sentinels know the replica", 30*time.Second, func() error {
		c := redis.NewSentinelClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", sentinels[0])})
		defer c.Close()
		all, err := c.Replicas(t.Context(), "alta").Result()
		if err == nil && len(all) == 0 {
			err = fmt.Errorf("none yet")
		}
		return err
	})
	first.Stop()
	time.Sleep(100 * time.Millisecond)
	p.back(t, "failover", want, 45*time.Second)
	_ = replica
}

// It is alone, as it measures how long things take.
func TestASlowCutOrHalfOpenRedisNeverKeepsDecisionsWaiting(t *testing.T) {
	program := neighbourtest.Program(t, "toxiproxy")
	upstream, _ := server(t)
	admin, listen := neighbourtest.FreePort(t), neighbourtest.FreePort(t)
	base := fmt.Sprintf("http://127.0.0.1:%d", admin)
	call := func(method, path, body string) error {
		req, err := http.NewRequest(method, base+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode >= 300 {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	}
	neighbourtest.Start(t, exec.Command(program, "-host", "127.0.0.1", "-port", strconv.Itoa(admin)), func() error { return call(http.MethodGet, "/version", "") })
	if err := call(http.MethodPost, "/proxies", fmt.Sprintf(`{"name":"redis","listen":"127.0.0.1:%d","upstream":"127.0.0.1:%d","enabled":true}`, listen, upstream)); err != nil {
		t.Fatal(err)
	}
	a := neighbourtest.Serve(t, filled(t), nil, "--demo", "--dev", "--redis", fmt.Sprintf("redis://127.0.0.1:%d", listen))
	ready(t, a.URL)
	p := logIn(t, a.URL, "reviewer")
	_, want, _, err := p.list()
	if err != nil || want == 0 {
		t.Fatal(want, err)
	}
	for name, toxic := range map[string]string{
		"slow":      `{"name":"x","type":"latency","stream":"downstream","attributes":{"latency":2000}}`,
		"half-open": `{"name":"x","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`,
		"cut":       `{"name":"x","type":"reset_peer","stream":"downstream","attributes":{"timeout":0}}`,
	} {
		if err := call(http.MethodPost, "/proxies/redis/toxics", toxic); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
		begun := time.Now()
		logIn(t, a.URL, "lead") // a write to the log; only its limits ask Redis
		took := time.Since(begun)
		t.Logf("%s: a write took %s", name, took.Round(10*time.Millisecond))
		if took > 5*time.Second {
			t.Errorf("%s: a write took %s", name, took)
		}
		if status, rows, took, err := p.list(); status == http.StatusOK && rows != want || took > 16*time.Second {
			t.Errorf("%s: the list is %d with %d rows of %d after %s, %v", name, status, rows, want, took, err)
		}
		if err := call(http.MethodDelete, "/proxies/redis/toxics/x", ""); err != nil {
			t.Fatal(err)
		}
		p.back(t, "after "+name, want, 30*time.Second)
	}
}
