package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"alta/decider"

	"github.com/klauspost/compress/gzhttp"
	"github.com/labstack/echo/v4"
)

// requestIDForm is what a proxy may name a request: it is logged and answered.
var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._:/+=-]{8,128}$`)

// nameRequests gives every request an id. Only a proxy in front may choose it.
func (s *Server) nameRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := ""
		if given := c.Request().Header.Values(echo.HeaderXRequestID); s.TrustProxy && len(given) == 1 && requestIDForm.MatchString(given[0]) {
			id = given[0]
		}
		if id == "" {
			id = decider.NewID().String()
		}
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

// addresses knows which methods each address takes.
type addresses struct {
	known []address
}

type address struct {
	parts   []string
	methods []string
}

func (a *addresses) add(method, path string) {
	parts := strings.Split(path, "/")
	i := slices.IndexFunc(a.known, func(k address) bool { return slices.Equal(k.parts, parts) })
	if i < 0 {
		a.known, i = append(a.known, address{parts: parts}), len(a.known)
	}
	k := &a.known[i]
	k.methods = append(k.methods, method)
	slices.Sort(k.methods)
}

// allow lists the methods of a path as an Allow header does; empty where there is
// no such address.
func (a *addresses) allow(path string) string {
	parts := strings.Split(path, "/")
	var best *address
	for i, k := range a.known {
		if len(k.parts) != len(parts) {
			continue
		}
		fits := true
		for j, p := range k.parts {
			fits = fits && (p == parts[j] || strings.HasPrefix(p, ":") && parts[j] != "")
		}
		if fits && (best == nil || !strings.Contains(strings.Join(k.parts, "/"), ":")) {
			best = &a.known[i]
		}
	}
	if best == nil {
		return ""
	}
	return strings.Join(append(slices.Clone(best.methods), http.MethodOptions), ", ")
}

// unmatched answers what no route took: OPTIONS, a wrong method, an address that
// there is not, and everything that is a page.
func (s *Server) unmatched(c echo.Context) error {
	r := c.Request()
	p := r.URL.Path
	allow := s.addresses.allow(p)
	ofAPI := strings.HasPrefix(path.Clean("/"+p)+"/", "/v1/")
	if allow == "" && !ofAPI {
		allow = "GET, HEAD, OPTIONS"
	}
	if allow != "" {
		c.Response().Header().Set(echo.HeaderAllow, allow)
	}
	switch {
	case allow != "" && r.Method == http.MethodOptions:
		return c.NoContent(http.StatusNoContent)
	case allow == "":
		return problem(http.StatusNotFound, "not-found", "There is nothing at this address.")
	case ofAPI, r.Method != http.MethodGet && r.Method != http.MethodHead:
		return problem(http.StatusMethodNotAllowed, "method-not-allowed", "This address does not take that method.")
	case p != path.Clean(p) && p != path.Clean(p)+"/":
		return problem(http.StatusNotFound, "not-found", "There is nothing at this address.")
	}
	s.Pages.ServeHTTP(c.Response(), r)
	return nil
}

// compressed compresses JSON for who takes gzip. Answers of /v1/auth and /v1/me
// are left as they are: they carry tokens and secrets, and the length of a
// compressed answer tells about its content (BREACH). So are streams and images.
func compressed(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(1024), gzhttp.CompressionLevel(5), gzhttp.EnableZstd(false), gzhttp.RandomJitter(32, 0, false),
		gzhttp.ContentTypes([]string{echo.MIMEApplicationJSON, "application/problem+json", "application/yaml"}),
	)
	if err != nil {
		return nil, fmt.Errorf("api: compression: %w", err)
	}
	packed := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.Path
		if p == "/openapi.yaml" || strings.HasPrefix(p, "/v1/") && p != "/v1/changes" && !strings.HasPrefix(p, "/v1/auth/") && p != "/v1/me" && !strings.HasPrefix(p, "/v1/me/") {
			packed(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}

// Bounds of a request's body and of writing its answer. A body must go on: each
// read within bodyIdle, and from bodyGrace on at no less than bodyRate.
const (
	bodyIdle   = 10 * time.Second
	bodyGrace  = 10 * time.Second
	bodyRate   = 8 << 10 // bytes a second
	answerTime = 2 * time.Minute
	bodyStop   = 1500 * time.Millisecond // for bodies under way once the program stops
	bodiesOpen = 64                      // of one address, sent at once
	filesOpen  = 6                       // of one account, sent at once
)

// bounded sets the deadlines of a request before anything of it is read: on
// its whole body, and on writing its answer.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.transfers.running.Add(1)
		defer s.transfers.running.Add(-1)
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(answerTime))
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		b := &body{ReadCloser: r.Body, control: control, begun: time.Now(), total: requestTime}
		s.transfers.add(b)
		defer s.transfers.remove(b)
		b.extend()
		r.Body = b
		next.ServeHTTP(w, r)
	})
}

// body reads a request's body under a deadline that follows its progress.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	begun   time.Time

	mu    sync.Mutex
	read  int64
	total time.Duration // for all of it
	stop  time.Time     // of a program that stops; zero while it runs
	done  bool
}

// extend sets the deadline of the next read.
func (b *body) extend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return
	}
	now := time.Now()
	at := now.Add(bodyIdle)
	for _, other := range []time.Time{b.begun.Add(bodyGrace + time.Duration(b.read)*time.Second/bodyRate), b.begun.Add(b.total), b.stop} {
		if !other.IsZero() && other.Before(at) {
			at = other
		}
	}
	_ = b.control.SetReadDeadline(at)
}

// Read implements io.Reader. A body that is too slow is a problem of its sender.
func (b *body) Read(p []byte) (int, error) {
	b.extend()
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	b.read += int64(n)
	b.mu.Unlock()
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.mu.Lock()
		stopping := !b.stop.IsZero()
		b.mu.Unlock()
		if stopping {
			return n, errStopping()
		}
		return n, problem(http.StatusRequestTimeout, "body-too-slow", "The request's body came too slowly.")
	case err == io.EOF:
		b.end()
	}
	return n, err
}

// end lifts the deadline: an answer may take longer than the body.
func (b *body) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.done {
		b.done = true
		_ = b.control.SetReadDeadline(time.Time{})
	}
}

// allowTime sets how long the whole body may take.
func allowTime(r *http.Request, d time.Duration) {
	if b, ok := r.Body.(*body); ok {
		b.mu.Lock()
		b.total = d
		b.mu.Unlock()
		b.extend()
	}
}

func errStopping() *Problem {
	return problem(http.StatusServiceUnavailable, "stopping", "This server is stopping. Repeat the request with the same Idempotency-Key.").retry(time.Second)
}

// transfers are the bodies that are being sent.
type transfers struct {
	running atomic.Int64 // requests under way
	mu      sync.Mutex
	open    map[*body]bool
	senders map[string]int
	stopped time.Time
}

func (t *transfers) add(b *body) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open, t.senders = map[*body]bool{}, map[string]int{}
	}
	t.open[b] = true
	b.stop = t.stopped
}

func (t *transfers) remove(b *body) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, b)
}

// stop gives the bodies under way a moment to end.
func (t *transfers) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = time.Now().Add(bodyStop)
	for b := range t.open {
		b.mu.Lock()
		b.stop = t.stopped
		b.mu.Unlock()
		b.extend()
	}
}

// take counts one body of a sender, who may send so many at once, and answers the
// function that ends it; nil for one too many.
func (t *transfers) take(sender string, most int) func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.senders == nil {
		t.open, t.senders = map[*body]bool{}, map[string]int{}
	}
	if t.senders[sender] >= most {
		return nil
	}
	t.senders[sender]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.senders[sender]--; t.senders[sender] == 0 {
			delete(t.senders, sender)
		}
	}
}

// sending bounds how many bodies one address, and how many files one account,
// sends at once.
func (s *Server) sending(c *call, file bool) (func(), error) {
	if c.Request().Body == nil || c.Request().Body == http.NoBody {
		return func() {}, nil
	}
	sender, most := "address "+c.RealIP(), bodiesOpen*max(s.Limits.Factor, 1)
	if file {
		sender, most = "account "+c.who.Account, filesOpen*max(s.Limits.Factor, 1)
	}
	end := s.transfers.take(sender, most)
	if end == nil {
		return nil, problem(http.StatusTooManyRequests, "too-many-bodies", "Too many requests of yours are being sent at this moment.").retry(2 * time.Second)
	}
	return end, nil
}

// Stop ends live streams at once and gives bodies that are being sent a moment.
// Requests that were accepted go on.
func (s *Server) Stop() {
	s.changes.close()
	s.transfers.stop()
}

// Running is how many requests are under way.
func (s *Server) Running() int64 { return s.transfers.running.Load() }

// panicked says what a panic was without saying what it was about: a message can
// hold personal data, a type and the runtime's own words cannot.
func panicked(r any) string {
	if e, ok := r.(runtime.Error); ok {
		return fmt.Sprintf("%T: %s", r, e.Error())
	}
	return fmt.Sprintf("%T", r)
}
