package drive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Problem is an answer that refuses: RFC 9457 with Alta's members.
type Problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Errors []struct {
		Pointer string `json:"pointer"`
		Item    string `json:"item"`
		Code    string `json:"code"`
		Detail  string `json:"detail"`
	} `json:"errors"`
	Params  map[string]string `json:"params"`
	Changes []struct {
		Revision int64  `json:"revision"`
		Type     string `json:"type"`
		By       Actor  `json:"by"`
	} `json:"changes"`

	asked string
}

func (p *Problem) Error() string {
	s := fmt.Sprintf("%s answers %d %s: %s", p.asked, p.Status, p.Code, p.Detail)
	for i, e := range p.Errors {
		if i == 6 {
			return s + " …"
		}
		s += fmt.Sprintf("; %s %s", e.Code, cmpOr(e.Item, e.Pointer))
	}
	return s
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// refused reports whether err is a refusal with that permanent code.
func refused(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}

// Actor is who did something.
type Actor struct {
	ID           string `json:"id"`
	Role         string `json:"role"`
	Organisation string `json:"organisation,omitempty"`
}

// Client reaches a server, or several nodes of one installation, request by request
// in turn, as a load balancer does. It is safe for concurrent use.
type Client struct {
	nodes []string
	next  atomic.Uint64
	http  *http.Client
}

const (
	requestTime = 60 * time.Second // of one request, uploads included
	patience    = 12               // how often a refusal for haste or a lost answer is met with the same request
	longestRest = 15 * time.Second // of one such rest
	longestWait = 90 * time.Second // that a server may ask for
	largest     = 64 << 20         // bytes of an answer
)

// NewClient makes a client for the server at an address, such as
// "http://127.0.0.1:8080", or for the nodes at several, separated by commas.
func NewClient(addresses string) (*Client, error) {
	var nodes []string
	for base := range strings.SplitSeq(addresses, ",") {
		u, err := url.Parse(base)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("drive: %q is not the address of a server", base)
		}
		nodes = append(nodes, strings.TrimRight(base, "/"))
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return &Client{nodes: nodes, http: &http.Client{Transport: t, Timeout: requestTime}}, nil
}

// node is the one whose turn it is.
func (c *Client) node() string { return c.nodes[c.next.Add(1)%uint64(len(c.nodes))] }

// Request is one call of an operation.
type Request struct {
	Method string
	Path   string // with the query
	Body   any    // marshalled to JSON; []byte is sent as it is, with Media
	Media  string
	Match  *int64 // If-Match: the revision looked at
	Key    string // Idempotency-Key
	Token  string // bearer
	Proof  string // of presence, see Person.Prove

	Language string

	Once bool // the first answer is the answer, a request for a rest or a lost one too

	again bool // it may be sent again without a Key
}

// repeatable reports whether the request may be sent again though an answer to it may
// have been lost.
func (r Request) repeatable() bool { return r.Method != http.MethodPost || r.Key != "" || r.again }

// Reply is an answer that does not refuse.
type Reply struct {
	Status   int
	Revision int64 // of the ETag; -1 for none
	Position string
	Media    string
	Body     []byte
}

// Do sends a request and reads the answer. A refusal is a *Problem. Where the
// server asks for a rest, or its answer is lost, the same request is sent again, to
// the next node where there are several.
func (c *Client) Do(ctx context.Context, r Request, into any) (Reply, error) {
	body, media := r.Body, r.Media
	var raw []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		raw = b
	default:
		var err error
		if raw, err = json.Marshal(b); err != nil {
			return Reply{}, err
		}
		media = "application/json"
	}
	for attempt := 1; ; attempt++ {
		reply, rest, err := c.once(ctx, r, raw, media)
		if err == nil && into != nil {
			if err := json.Unmarshal(reply.Body, into); err != nil {
				return reply, fmt.Errorf("drive: %s %s: %w", r.Method, r.Path, err)
			}
		}
		if rest == 0 || r.Once || attempt == patience || ctx.Err() != nil {
			return reply, err
		}
		if err := pause(ctx, min(rest, longestRest)); err != nil {
			return reply, err
		}
	}
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// once sends it one time; rest is how long to wait before sending it again, 0
// for never.
func (c *Client) once(ctx context.Context, r Request, raw []byte, media string) (reply Reply, rest time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, c.node()+r.Path, bytes.NewReader(raw))
	if err != nil {
		return Reply{}, 0, err
	}
	set := func(name, value string) {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	set("Content-Type", media)
	set("Idempotency-Key", r.Key)
	set("Accept-Language", r.Language)
	set("User-Agent", "alta simulate")
	if r.Token != "" {
		set("Authorization", "Bearer "+r.Token)
	}
	if r.Proof != "" {
		set("Alta-Step-Up", r.Proof)
	}
	if r.Match != nil {
		set("If-Match", strconv.Quote(strconv.FormatInt(*r.Match, 10)))
	}
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil || !r.repeatable() && !errors.Is(err, syscall.ECONNREFUSED) {
			return Reply{}, 0, err
		}
		return Reply{}, 200 * time.Millisecond, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, largest))
	if err != nil {
		if !r.repeatable() {
			return Reply{}, 0, err
		}
		return Reply{}, 200 * time.Millisecond, err
	}
	reply = Reply{Status: res.StatusCode, Revision: -1, Position: res.Header.Get("Alta-Position"), Media: res.Header.Get("Content-Type"), Body: b}
	if n, err := strconv.ParseInt(strings.Trim(res.Header.Get("ETag"), `"`), 10, 64); err == nil {
		reply.Revision = n
	}
	if res.StatusCode < 400 {
		return reply, 0, nil
	}
	p := &Problem{Status: res.StatusCode, asked: r.Method + " " + r.Path}
	if err := json.Unmarshal(b, p); err != nil {
		p.Code, p.Detail = "not-a-problem", http.StatusText(res.StatusCode)
	}
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
		n, err := strconv.Atoi(res.Header.Get("Retry-After"))
		if err != nil {
			n = 1
		}
		if d := time.Duration(n) * time.Second; d <= longestWait {
			rest = d
		}
	}
	return reply, rest, p
}

// Key is the Idempotency-Key of what the parts name: a version 5 style UUID.
func Key(parts ...any) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%v\x00", p)
	}
	b := h.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// Person is somebody who is logged in. It logs in again when its token runs out.
// It is safe for concurrent use.
type Person struct {
	ID, Role, Name, Language, Organisation string

	client          *Client
	email, password string

	mu    sync.Mutex
	token string
	until time.Time
}

// Prove answers a proof of the person's presence, to be sent as Alta-Step-Up.
func (p *Person) Prove(ctx context.Context, purpose string) (string, error) {
	var proof struct{ Proof string }
	body := map[string]string{"purpose": purpose, "password": p.password}
	_, err := p.Do(ctx, Request{Method: http.MethodPost, Path: "/v1/auth/step-up", Body: body, again: true}, &proof)
	return proof.Proof, err
}

// LogIn starts a session.
func (c *Client) LogIn(ctx context.Context, email, password string) (*Person, error) {
	p := &Person{client: c, email: email, password: password}
	if err := p.logIn(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Person) logIn(ctx context.Context) error {
	var s struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
		MustEnrol   bool   `json:"must_enrol"`
		Account     struct{ ID, Role, Name, Language, Organisation string }
	}
	body := map[string]string{"email": p.email, "password": p.password}
	if _, err := p.client.Do(ctx, Request{Method: http.MethodPost, Path: "/v1/auth/login", Body: body, again: true}, &s); err != nil {
		return fmt.Errorf("log in as %s: %w", p.email, err)
	}
	if s.MustEnrol {
		return fmt.Errorf("log in as %s: the role needs one-time codes, which this program cannot make", p.email)
	}
	p.ID, p.Role, p.Name, p.Language, p.Organisation = s.Account.ID, s.Account.Role, s.Account.Name, s.Account.Language, s.Account.Organisation
	p.token, p.until = s.AccessToken, time.Now().Add(time.Duration(s.ExpiresIn)*time.Second-30*time.Second)
	return nil
}

// Token is the person's bearer token, fresh for half a minute at least.
func (p *Person) Token(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Now().Before(p.until) {
		return p.token, nil
	}
	err := p.logIn(ctx)
	return p.token, err
}

// Do sends a request in the person's name.
func (p *Person) Do(ctx context.Context, r Request, into any) (Reply, error) {
	token, err := p.Token(ctx)
	if err != nil {
		return Reply{}, err
	}
	r.Token = token
	if r.Language == "" {
		r.Language = p.Language
	}
	return p.client.Do(ctx, r, into)
}

// Get reads.
func (p *Person) Get(ctx context.Context, path string, into any) (Reply, error) {
	return p.Do(ctx, Request{Method: http.MethodGet, Path: path}, into)
}
