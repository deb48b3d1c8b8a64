package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/simulate/drive"

	"github.com/alicebob/miniredis/v2"
)

// raw is one request and its whole answer, as a foreign client sees it.
func (w *world) raw(t *testing.T, who *drive.Person, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, w.api+path, r)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if who != nil {
		token, err := who.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res, string(b)
}

// HTTP's own rules, as RFC 9110 and RFC 9457 have them, through the whole program.
func TestHTTPIsSpokenAsTheStandardsHaveIt(t *testing.T) {
	c := demoConfig(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Listen, c.Origin = free.Addr().String(), "https://alta.example.cn"
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	w := start(t, c)
	d := w.driver(t)
	draft := w.merchant(t, d, drive.Wish{Seed: 31, To: drive.Draft, Via: drive.Self})
	me, reviewer := draft.Self, w.as(t, "reviewer")
	own := "/v1/applications/" + draft.ID
	n := w.revision(t, draft.ID, me)
	tag := etag(n)

	t.Run("If-None-Match compares weakly, as a list and as *", func(t *testing.T) {
		for _, path := range []string{own + "/status", own + "/form", "/v1/reference"} {
			res, _ := w.raw(t, me, "GET", path, "")
			have := res.Header.Get("ETag")
			for given, want := range map[string]int{have: 304, "W/" + have: 304, `"x", W/` + have: 304, "*": 304, `"x"`: 200, `W/"x", "y"`: 200} {
				res, body := w.raw(t, me, "GET", path, "", "If-None-Match", given)
				if res.StatusCode != want {
					t.Errorf("%s with If-None-Match %s: %d, want %d", path, given, res.StatusCode, want)
				}
				if want == 304 && (res.Header.Get("ETag") != have || res.Header.Get("Cache-Control") == "" || body != "") {
					t.Errorf("%s: 304 with ETag %q, Cache-Control %q and %d bytes", path, res.Header.Get("ETag"), res.Header.Get("Cache-Control"), len(body))
				}
				if !strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Accept-Encoding") {
					t.Errorf("%s: %d with Vary %v", path, res.StatusCode, res.Header.Values("Vary"))
				}
			}
		}
	})
	t.Run("If-Match compares strongly", func(t *testing.T) {
		for given, want := range map[string]int{"W/" + tag: 412, `"nobody"`: 412, `"x", W/` + tag: 412, `"0"`: 412, tag: 409, `"x", ` + tag: 409, "*": 428, `"unfinished`: 400} {
			if res, body := w.raw(t, me, "POST", own+"/submission", "", "If-Match", given); res.StatusCode != want {
				t.Errorf("If-Match %s: %d, want %d: %s", given, res.StatusCode, want, body)
			}
		}
		res, _ := w.raw(t, me, "PUT", own+"/details", `{"values":{"contact.name":"王小明"}}`, "If-Match", "*")
		if res.StatusCode != 204 || res.Header.Get("ETag") != `"`+res.Header.Get("Alta-Revision")+`"` {
			t.Errorf("If-Match * where none is needed: %d with %v", res.StatusCode, res.Header)
		}
	})
	t.Run("HEAD is GET without the body", func(t *testing.T) {
		for _, path := range []string{"/readyz", "/healthz", "/openapi.yaml", "/v1/reference", own + "/status", own, "/v1/nothing", "/v1/me", "/v1/changes"} {
			head, body := w.raw(t, me, "HEAD", path, "")
			if path == "/v1/changes" {
				if head.StatusCode != 200 || head.Header.Get("Content-Type") != "text/event-stream" {
					t.Errorf("HEAD %s: %d %v", path, head.StatusCode, head.Header)
				}
				continue
			}
			get, _ := w.raw(t, me, "GET", path, "")
			if head.StatusCode != get.StatusCode || body != "" {
				t.Errorf("HEAD %s: %d, GET %d", path, head.StatusCode, get.StatusCode)
			}
			for _, name := range []string{"Content-Type", "ETag", "Cache-Control", "Content-Length", "Alta-Revision", "Strict-Transport-Security"} {
				if head.Header.Get(name) != get.Header.Get(name) {
					t.Errorf("HEAD %s: %s is %q, of GET %q", path, name, head.Header.Get(name), get.Header.Get(name))
				}
			}
			if get.Header.Get("Strict-Transport-Security") == "" {
				t.Errorf("%s without Strict-Transport-Security although people come over https", path)
			}
		}
	})
	t.Run("methods and addresses", func(t *testing.T) {
		for _, x := range []struct {
			method, path string
			status       int
			allow        string
		}{
			{"OPTIONS", "/v1/reference", 204, "GET, HEAD, OPTIONS"},
			{"POST", "/v1/reference", 405, "GET, HEAD, OPTIONS"},
			{"GET", "/v1/bulk", 405, "POST, OPTIONS"},
			{"PATCH", own + "/claim", 405, "DELETE, PUT, OPTIONS"},
			{"BREW", own + "/claim", 405, "DELETE, PUT, OPTIONS"},
			{"POST", "/healthz", 405, "GET, HEAD, OPTIONS"},
			{"DELETE", "/log-in", 405, "GET, HEAD, OPTIONS"},
			{"OPTIONS", "/log-in", 204, "GET, HEAD, OPTIONS"},
			{"GET", "/v1", 404, ""}, {"GET", "/v1/", 404, ""}, {"PUT", "/v1/nothing", 404, ""}, {"GET", "//v1/reference", 404, ""},
			{"GET", "/v1//reference", 404, ""}, {"GET", "/a/../v1/reference", 404, ""}, {"GET", "/problems/nothing", 404, ""},
		} {
			res, body := w.raw(t, reviewer, x.method, x.path, "")
			if res.StatusCode != x.status || res.Header.Get("Allow") != x.allow {
				t.Errorf("%s %s: %d with Allow %q, want %d with %q", x.method, x.path, res.StatusCode, res.Header.Get("Allow"), x.status, x.allow)
			}
			if x.status >= 400 && res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %s is no problem: %s", x.method, x.path, body)
			}
		}
		res, body := w.raw(t, nil, "GET", "/problems/stale", "")
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/json" || !strings.Contains(body, `"code":"stale"`) {
			t.Errorf("the type of a problem leads to %d %s", res.StatusCode, body)
		}
	})
	t.Run("parameters", func(t *testing.T) {
		for _, path := range []string{"/v1/queues/qualification?limit=1&limit=2", "/v1/queues?after=zzz", own + "/status?after=zzz", own + "/history?after=zzz"} {
			if res, body := w.raw(t, reviewer, "GET", path, ""); res.StatusCode != 422 || !strings.Contains(body, "invalid-parameter") {
				t.Errorf("%s: %d %s", path, res.StatusCode, body)
			}
		}
		write, _ := w.raw(t, me, "PUT", own+"/details", `{"values":{"contact.name":"王小红"}}`)
		near := write.Header.Get("Alta-Position")
		for at, want := range map[string]string{near: "true", "7fffffffffffffff-7fffffffffffffff": "false"} {
			for _, path := range []string{"/v1/applications?after=", own + "/status?after="} {
				if res, body := w.raw(t, me, "GET", path+at, ""); res.StatusCode != 200 || res.Header.Get("Alta-Position-Reached") != want {
					t.Errorf("%s%s: %d, reached %q, want %s: %.80s", path, at, res.StatusCode, res.Header.Get("Alta-Position-Reached"), want, body)
				}
			}
		}
	})
	t.Run("a request's id is nobody's to choose but a trusted proxy's", func(t *testing.T) {
		if res, _ := w.raw(t, nil, "GET", "/v1/reference", "", "X-Request-Id", "chosen-by-me"); res.Header.Get("X-Request-Id") == "chosen-by-me" {
			t.Error("a client chose the id that is logged")
		}
	})
	t.Run("JSON is compressed, answers with secrets are not", func(t *testing.T) {
		res, body := w.raw(t, me, "GET", "/v1/reference", "", "Accept-Encoding", "gzip")
		z, err := gzip.NewReader(strings.NewReader(body))
		if err != nil || res.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%v with Content-Encoding %q", err, res.Header.Get("Content-Encoding"))
		}
		plain, err := io.ReadAll(z)
		if err != nil || !json.Valid(plain) || len(body)*2 > len(plain) {
			t.Errorf("%d bytes are sent for %d: %v", len(body), len(plain), err)
		}
		login := fmt.Sprintf(`{"email":"lead@demo.alta.example","password":%q}`, demoPassword)
		for _, x := range []struct{ method, path, body string }{{"POST", "/v1/auth/login", login}, {"GET", "/v1/me/sessions", ""}} {
			if res, _ := w.raw(t, reviewer, x.method, x.path, x.body, "Accept-Encoding", "gzip"); res.StatusCode != 200 || res.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: %d with Content-Encoding %q", x.path, res.StatusCode, res.Header.Get("Content-Encoding"))
			}
		}
	})
}

// One key is one act: the same request again is answered as the first time, and
// another request under the key is refused before anything is done.
func TestAKeyBelongsToOneRequest(t *testing.T) {
	c := demoConfig(t)
	store := miniredis.RunT(t)
	c.Redis = "redis://" + store.Addr()
	w := start(t, c)
	d := w.driver(t)
	draft := w.merchant(t, d, drive.Wish{Seed: 32, First: 0, Kind: "individual", To: drive.Draft, Via: drive.Self})
	other := w.merchant(t, d, drive.Wish{Seed: 32, First: 1, To: drive.Submitted, Via: drive.Self})
	me, lead, agent, maria := draft.Self, w.as(t, "lead"), w.as(t, "agent"), w.as(t, "reviewer2")
	own, waiting := "/v1/applications/"+draft.ID, "/v1/applications/"+other.ID
	keys := 0
	key := func() string { keys++; return drive.Key("one act", keys) }
	reused := func(what string, res *http.Response, body string) {
		t.Helper()
		if res.StatusCode != 422 || !strings.Contains(body, `"idempotency-key-reused"`) {
			t.Errorf("%s: %d %s", what, res.StatusCode, body)
		}
	}
	replay := func(what string, first, again *http.Response, was, is string) {
		t.Helper()
		if again.StatusCode != first.StatusCode || was != is || first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: %d %q, then %d %q, replayed %q", what, first.StatusCode, was, again.StatusCode, is, again.Header.Get("Idempotency-Replayed"))
		}
		for _, name := range []string{"ETag", "Alta-Position"} {
			if first.Header.Get(name) != again.Header.Get(name) {
				t.Errorf("%s: %s was %q and is %q", what, name, first.Header.Get(name), again.Header.Get(name))
			}
		}
	}

	k := key()
	first, was := w.raw(t, me, "PUT", own+"/details", `{"values":{"contact.name":"李娜"}}`, "Idempotency-Key", k)
	again, is := w.raw(t, me, "PUT", own+"/details", `{ "values": {"contact.name": "李娜"} }`, "Idempotency-Key", `"`+strings.ToUpper(k)+`"`)
	replay("the same details, the key quoted and in capitals", first, again, was, is)
	res, body := w.raw(t, me, "PUT", own+"/details", `{"values":{"contact.name":"王伟"}}`, "Idempotency-Key", k)
	reused("other details", res, body)
	res, body = w.raw(t, me, "PUT", own+"/kind", `{"kind":"enterprise"}`, "Idempotency-Key", k)
	reused("another operation", res, body)
	if n := w.revision(t, draft.ID, me); etag(n) != first.Header.Get("ETag") {
		t.Errorf("the record went on to %d", n)
	}

	k = key() // nothing to do
	first, was = w.raw(t, me, "PUT", own+"/details", `{"values":{"contact.name":"李娜"}}`, "Idempotency-Key", k)
	again, is = w.raw(t, me, "PUT", own+"/details", `{"values":{"contact.name":"李娜"}}`, "Idempotency-Key", k)
	replay("what was there already", first, again, was, is)
	res, body = w.raw(t, me, "PUT", own+"/details", `{"values":{"contact.name":"王伟"}}`, "Idempotency-Key", k)
	reused("other details after nothing was to do", res, body)

	k = key() // another application
	w.raw(t, lead, "PUT", waiting+"/priority", `{"priority":1,"why":"asked for by telephone"}`, "Idempotency-Key", k)
	third := w.merchant(t, d, drive.Wish{Seed: 32, First: 2, To: drive.Submitted, Via: drive.Self})
	res, body = w.raw(t, lead, "PUT", "/v1/applications/"+third.ID+"/priority", `{"priority":1,"why":"asked for by telephone"}`, "Idempotency-Key", k)
	reused("another application", res, body)
	res, body = w.raw(t, maria, "PUT", "/v1/applications/"+third.ID+"/claim", "", "Idempotency-Key", k)
	if res.StatusCode != 204 {
		t.Errorf("somebody else with the same key: %d %s", res.StatusCode, body)
	}

	k = key() // a refusal is not remembered
	if res, body = w.raw(t, me, "PUT", own+"/products", `{"products":["online_banking"],"site":"web"}`, "Idempotency-Key", k); res.StatusCode != 422 {
		t.Errorf("online banking without a bank: %d %s", res.StatusCode, body)
	}
	if res, body = w.raw(t, me, "PUT", own+"/products", `{"products":["wechat"],"site":"web"}`, "Idempotency-Key", k); res.StatusCode != 204 {
		t.Errorf("mended, under the same key: %d %s", res.StatusCode, body)
	}

	// An agent's merchant, a registration, a view, a leave, many at once.
	merchant := `{"email":"key%d@merchant.example","kind":"individual","products":["wechat"],"site":"web","language":"en"}`
	for i, x := range []struct {
		who          *drive.Person
		method, path string
		body, other  string
	}{
		{agent, "POST", "/v1/merchants", fmt.Sprintf(merchant, 1), strings.Replace(fmt.Sprintf(merchant, 1), "wechat", "alipay", 1)},
		{nil, "POST", "/v1/registrations", fmt.Sprintf(merchant, 2), fmt.Sprintf(merchant, 3)},
		{maria, "PUT", "/v1/views/0190b6a0-0000-4000-8000-0000000000aa", `{"name":"Mine","queue":"qualification","filters":{}}`, `{"name":"Others","queue":"qualification","filters":{}}`},
		{maria, "PUT", "/v1/me/leave", `{}`, `{"until":"2099-01-01T00:00:00Z"}`},
		{lead, "POST", "/v1/bulk", `{"act":"prioritise","applications":["` + third.ID + `"],"priority":2,"why":"soon"}`, `{"act":"prioritise","applications":["` + third.ID + `"],"priority":-2,"why":"late"}`},
	} {
		k := key()
		first, was := w.raw(t, x.who, x.method, x.path, x.body, "Idempotency-Key", k)
		again, is := w.raw(t, x.who, x.method, x.path, x.body, "Idempotency-Key", k)
		if first.StatusCode >= 300 {
			t.Errorf("%d %s: %d %s", i, x.path, first.StatusCode, was)
		}
		replay(x.path, first, again, was, is)
		res, body := w.raw(t, x.who, x.method, x.path, x.other, "Idempotency-Key", k)
		reused(x.path, res, body)
	}

	k = key() // a file
	picture, another := drawn(t, 1), drawn(t, 2)
	upload := func(file []byte) (*http.Response, string) {
		return w.raw(t, me, "PUT", own+"/documents/bank_card.front", string(file), "Idempotency-Key", k)
	}
	first, was = upload(picture)
	if first.StatusCode != 201 {
		t.Fatalf("upload: %d %s", first.StatusCode, was)
	}
	again, is = upload(picture)
	replay("the same file", first, again, was, is)
	res, body = upload(another)
	reused("another file", res, body)

	// What left an event is known from the log alone, after Redis forgot everything.
	for _, name := range store.Keys() {
		if strings.HasPrefix(name, "alta:request:") {
			store.Del(name)
		}
	}
	res, body = upload(another)
	reused("another file, without Redis", res, body)
	again, is = upload(picture)
	replay("the same file, without Redis", first, again, was, is)
	if _, err := me.Get(t.Context(), own+"/form", nil); err != nil {
		t.Fatal(err)
	}

	// Two at once: one is done, and the other is answered as that one or refused.
	for round := range 5 {
		k := key()
		statuses := make([]int, 8)
		var wait sync.WaitGroup
		for i := range statuses {
			wait.Go(func() {
				res, _ := w.raw(t, me, "PUT", own+"/details", fmt.Sprintf(`{"values":{"contact.name":"赵%d%d"}}`, round, i%2), "Idempotency-Key", k)
				statuses[i] = res.StatusCode
			})
		}
		before := w.revision(t, draft.ID, me)
		wait.Wait()
		done := 0
		for _, s := range statuses {
			if s == 204 {
				done++
			} else if s != 422 {
				t.Errorf("%d of the same key at once: %v", len(statuses), statuses)
			}
		}
		if after := w.revision(t, draft.ID, me); done != len(statuses)/2 || after > before+1 {
			t.Errorf("of the same key at once: %v, revision %d to %d", statuses, before, after)
		}
	}
}

// drawn is a picture that an upload takes.
func drawn(t *testing.T, seed int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 900, 600))
	for y := range 600 {
		for x := range 900 {
			m.Set(x, y, color.RGBA{uint8(x * seed), uint8(y / 2), uint8((x / 20) ^ (y / 20)), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A body that stops is cut off, and does not keep others waiting meanwhile.
func TestBodiesThatStopAreCutOff(t *testing.T) {
	w := start(t, demoConfig(t))
	address := strings.TrimPrefix(w.api, "http://")
	const stalled = 100
	begun := time.Now()
	ended := make(chan string, stalled)
	for range stalled {
		go func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				ended <- err.Error()
				return
			}
			defer c.Close()
			fmt.Fprintf(c, "POST /v1/auth/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", address)
			_ = c.SetReadDeadline(time.Now().Add(40 * time.Second))
			line, err := bufio.NewReader(c).ReadString('\n')
			ended <- fmt.Sprint(strings.TrimSpace(line), err)
		}()
	}
	time.Sleep(time.Second)
	asked := time.Now()
	w.as(t, "lead")
	if took := time.Since(asked); took > 3*time.Second {
		t.Errorf("a log-in took %s beside %d that stopped", took, stalled)
	}
	for range stalled {
		if line := <-ended; !strings.Contains(line, " 408 ") && !strings.Contains(line, " 429 ") {
			t.Errorf("a body that stopped was answered %q", line)
		}
	}
	if took := time.Since(begun); took > 25*time.Second {
		t.Errorf("the last was cut off after %s", took)
	}
}

// SIGTERM with open streams and a request under way: the streams end at once, the
// request is answered, and the program ends soon after.
func TestAStopEndsStreamsAtOnceAndAnswersWhatWasAccepted(t *testing.T) {
	c := demoConfig(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve(ctx, c, slog.New(slog.DiscardHandler), func(a string) error { address <- a; return nil })
	}()
	w := &world{log: &journal{}}
	select {
	case w.api = <-address:
	case err := <-ended:
		t.Fatal(err)
	}
	var err error
	if w.client, err = drive.NewClient(w.api); err != nil {
		t.Fatal(err)
	}
	lead := w.as(t, "lead")
	token, err := lead.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(w.api, "http://")
	const streams = 50
	closed := make(chan error, streams)
	for range streams {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /v1/changes HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", host, token)
		in := bufio.NewReader(conn)
		if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, " 200 ") {
			t.Fatalf("a stream begins with %q, %v", line, err)
		}
		go func() { _, err := io.Copy(io.Discard, in); closed <- err }()
	}
	half := func(rest bool) <-chan string { // a log-in of which a part is sent
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"email":"lead2@demo.alta.example","password":%q}`, demoPassword)
		fmt.Fprintf(conn, "POST /v1/auth/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", host, len(body), body[:20])
		out := make(chan string, 1)
		go func() {
			defer conn.Close()
			if rest {
				<-ctx.Done()
				time.Sleep(200 * time.Millisecond)
				fmt.Fprint(conn, body[20:])
			}
			b, _ := io.ReadAll(conn)
			out <- string(b)
		}()
		return out
	}
	finishes, stops := half(true), half(false)
	idle, err := net.Dial("tcp", host) // a connection opened in advance
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	time.Sleep(300 * time.Millisecond)

	begun := time.Now()
	stop()
	for range streams {
		<-closed
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the streams ended after %s", took)
	}
	if got := <-finishes; !strings.Contains(got, "HTTP/1.1 200 ") || !strings.Contains(got, "Connection: close") {
		t.Errorf("a request that was being sent: %.300s", got)
	}
	if got := <-stops; !strings.Contains(got, "HTTP/1.1 503 ") || !strings.Contains(got, `"stopping"`) {
		t.Errorf("a body that stopped: %.300s", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("the program ended after %s", took)
	} else {
		t.Logf("%d streams: the program ended after %s", streams, took)
	}
}
