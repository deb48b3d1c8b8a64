//go:build neighbours

// Package proxies puts Alta behind the proxies that people use, with TLS, HTTP/2
// and compression, in the configurations that docs/operations.md shows.
package proxies

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"alta/scripts/neighbours/neighbourtest"
	"alta/simulate/drive"
)

// proxy is Alta behind one of them.
type proxy struct {
	url    string
	client *http.Client
	alta   *neighbourtest.Alta
}

// behind starts Alta and the proxy in front of it.
func behind(t *testing.T, name string) *proxy {
	t.Helper()
	port := neighbourtest.FreePort(t)
	p := &proxy{url: "https://localhost:" + strconv.Itoa(port)}
	p.alta = neighbourtest.Serve(t, "", nil, "--demo", "--dev", "--trust-proxy", "--origin", p.url,
		"--registrations-per-hour", "1000", "--limit-factor", "100", "--listen", fmt.Sprintf("127.0.0.1:%d", neighbourtest.FreePort(t)))
	address := p.listening(t)
	p.alta.URL = "http://" + address // for who drives it from this machine
	ca := neighbourtest.NewAuthority(t)
	pool, err := ca.Pool()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, command := map[string]string{"nginx": "nginx.conf", "haproxy": "haproxy.cfg", "caddy": "Caddyfile"}[name], (*exec.Cmd)(nil)
	template, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	user := ""
	if os.Geteuid() == 0 { // else its workers could not write to the test's folder
		user = "user root;"
	}
	text := strings.NewReplacer("{{USER}}", user, "{{DIR}}", dir, "{{PORT}}", strconv.Itoa(port), "{{ALTA}}", address, "{{CERT}}", ca.Cert, "{{KEY}}", ca.Key, "{{BOTH}}", ca.Both).Replace(string(template))
	path := filepath.Join(dir, file)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	switch program := neighbourtest.Program(t, name); name {
	case "nginx":
		command = exec.Command(program, "-c", path, "-p", dir)
	case "haproxy":
		command = exec.Command(program, "-f", path)
	case "caddy":
		command = exec.Command(program, "run", "--config", path, "--adapter", "caddyfile")
		command.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	}
	neighbourtest.Start(t, command, neighbourtest.Answers(port))
	p.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	neighbourtest.Eventually(t, name+" reaches Alta", 20*time.Second, func() error {
		res, err := p.client.Get(p.url + "/readyz")
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			return fmt.Errorf("status %d", res.StatusCode)
		}
		return nil
	})
	return p
}

// listening is the address of Alta itself, which --listen named.
func (p *proxy) listening(t *testing.T) string {
	args := p.alta.Cmd.Args
	for i := len(args) - 1; i > 0; i-- {
		if args[i-1] == "--listen" {
			return args[i]
		}
	}
	t.Fatal("no --listen")
	return ""
}

type reply struct {
	*http.Response
	body []byte
}

func (p *proxy) ask(t *testing.T, token, method, path string, body []byte, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := p.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return reply{res, b}
}

func (p *proxy) logIn(t *testing.T, email string) (token string, cookie *http.Cookie) {
	t.Helper()
	r := p.ask(t, "", "POST", "/v1/auth/login", []byte(fmt.Sprintf(`{"email":%q,"password":%q}`, email, neighbourtest.DemoPassword)))
	var in struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(r.body, &in); err != nil || in.Token == "" {
		t.Fatalf("log-in: %d", r.StatusCode)
	}
	for _, c := range r.Cookies() {
		if strings.HasSuffix(c.Name, "alta-refresh") {
			return in.Token, c
		}
	}
	t.Fatalf("the log-in gave no session's cookie: %d others", len(r.Cookies()))
	return "", nil
}

// Behind each proxy: HTTP/2 and compression in front, preconditions that a client
// can go on with, cookies, live streams that are not held back, and large files.
func TestBehindAProxyEverythingIsAsWithout(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nginx", "haproxy", "caddy"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := behind(t, name)
			lead, cookie := p.logIn(t, "lead@demo.alta.example")
			if !cookie.Secure || !cookie.HttpOnly || !strings.HasPrefix(cookie.Name, "__Secure-") {
				t.Errorf("the session's cookie is %s", cookie)
			}
			if r := p.ask(t, "", "POST", "/v1/auth/refresh", nil, "Cookie", cookie.Name+"="+cookie.Value, "Origin", p.url); r.StatusCode != 200 {
				t.Errorf("refresh: %d %s", r.StatusCode, r.body)
			}
			if r := p.ask(t, "", "POST", "/v1/auth/refresh", nil, "Cookie", cookie.Name+"="+cookie.Value, "Origin", "https://elsewhere.example"); r.StatusCode != 403 {
				t.Errorf("refresh for another site: %d %s", r.StatusCode, r.body)
			}

			reference := p.ask(t, lead, "GET", "/v1/reference", nil)
			if reference.ProtoMajor != 2 || reference.StatusCode != 200 || reference.Header.Get("Strict-Transport-Security") == "" {
				t.Errorf("reference: %s %d, %v", reference.Proto, reference.StatusCode, reference.Header)
			}
			if !reference.Uncompressed {
				t.Error("JSON is not compressed")
			}
			if tag := reference.Header.Get("ETag"); tag != "" {
				if r := p.ask(t, lead, "GET", "/v1/reference", nil, "If-None-Match", tag); r.StatusCode != 304 {
					t.Errorf("If-None-Match %s: %d", tag, r.StatusCode)
				}
			}
			if r := p.ask(t, lead, "HEAD", "/readyz", nil); r.StatusCode != 200 {
				t.Errorf("HEAD /readyz: %d", r.StatusCode)
			}

			life(t, p, lead)
		})
	}
}

// life is one application behind the proxy: revisions go on whatever became of
// the ETag, a stream tells of each change at once, and 10 MB arrive.
func life(t *testing.T, p *proxy, lead string) {
	people := p.alta.Driver(t)
	draft := neighbourtest.Merchant(t, people, drive.Wish{Seed: 7, Count: 1, Kind: "individual", To: drive.Draft, Via: drive.Self})
	token, err := draft.Self.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	own := "/v1/applications/" + draft.ID
	form := p.ask(t, token, "GET", own+"/form", nil)
	var seen struct{ Revision int64 }
	if err := json.Unmarshal(form.body, &seen); err != nil || form.Header.Get("Alta-Revision") != fmt.Sprint(seen.Revision) {
		t.Fatalf("form: %d, revision %d, Alta-Revision %q: %v", form.StatusCode, seen.Revision, form.Header.Get("Alta-Revision"), err)
	}
	t.Logf("the form's ETag %q arrives as %q", strconv.Quote(fmt.Sprint(seen.Revision)), form.Header.Get("ETag"))

	req, err := http.NewRequestWithContext(t.Context(), "GET", p.url+"/v1/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	stream, err := (&http.Client{Transport: p.client.Transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	told := make(chan string, 64)
	go func() {
		for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
			select {
			case told <- lines.Text():
			default:
			}
		}
	}()
	next := func(event string) {
		t.Helper()
		for end := time.After(5 * time.Second); ; {
			select {
			case line := <-told:
				if line == "event: "+event {
					return
				}
			case <-end:
				t.Fatalf("the stream did not tell %q within 5 s", event)
			}
		}
	}
	next("hello")

	write := p.ask(t, token, "PUT", own+"/details", []byte(`{"values":{"contact.name":"李娜"}}`), "If-Match", strconv.Quote(fmt.Sprint(seen.Revision)))
	if write.StatusCode != 204 || write.Header.Get("Alta-Revision") == "" {
		t.Fatalf("a write with the revision of the body: %d %s", write.StatusCode, write.body)
	}
	next("changes")
	if r := p.ask(t, token, "PUT", own+"/details", []byte(`{"values":{"contact.name":"李红"}}`), "If-Match", "W/"+strconv.Quote(write.Header.Get("Alta-Revision"))); r.StatusCode != 412 {
		t.Errorf("a weak tag: %d %s", r.StatusCode, r.body)
	}
	if r := p.ask(t, token, "PUT", own+"/details", []byte(`{"values":{"contact.name":"李红"}}`), "If-Match", strconv.Quote(write.Header.Get("Alta-Revision"))); r.StatusCode != 204 {
		t.Errorf("Alta-Revision as If-Match: %d %s", r.StatusCode, r.body)
	}

	// The largest file is Alta's to refuse, with a problem, and not the proxy's.
	for size, code := range map[int]string{9_900_000: "document-type-not-allowed", 10_400_000: "document-too-large"} {
		r := p.ask(t, token, "PUT", own+"/documents/bank_card.front", bytes.Repeat([]byte("x"), size), "Content-Type", "image/png")
		if !bytes.Contains(r.body, []byte(code)) {
			t.Errorf("%d bytes: %d %.200s", size, r.StatusCode, r.body)
		}
	}
}

// The whole life of merchants in a real browser, through nginx with TLS, HTTP/2
// and compression.
func TestTheBrowserLifeThroughNginx(t *testing.T) {
	t.Parallel()
	p := behind(t, "nginx")
	root := neighbourtest.Root(t)
	command := exec.CommandContext(t.Context(), "npx", "playwright", "test", "e2e/life.spec.ts", "--output", t.TempDir())
	command.Dir = filepath.Join(root, "frontend")
	command.Env = append(os.Environ(), "ALTA_URL="+p.url, "ALTA_TLS_UNKNOWN=1")
	command.Stdout, command.Stderr = t.Output(), t.Output()
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
}
