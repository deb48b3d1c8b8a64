package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"alta/decider"

	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"
)

// Requests remembers for a day, for all processes, what was answered under an
// Idempotency-Key. The log knows the key and the hash of every request that left
// an event, for ever; this also knows requests that left none, and a key that
// comes back for another application. Without Redis only the log is asked.
type Requests struct {
	rdb  redis.UniversalClient
	away atomic.Int64 // until when Redis is not asked, in Unix nanoseconds
}

// NewRequests makes one.
func NewRequests(rdb redis.UniversalClient) *Requests { return &Requests{rdb: rdb} }

const (
	requestsKept    = 24 * time.Hour
	requestsHeld    = uploadTime + 30*time.Second // a process that died holds a key no longer
	requestsWait    = 3 * time.Second             // for the same request that is under way
	requestsLook    = 30 * time.Millisecond       // between two looks meanwhile
	requestsTime    = 250 * time.Millisecond      // of one question to Redis
	requestsRest    = 5 * time.Second             // after Redis did not answer
	requestsLargest = 8 << 10                     // bytes of an answer that is kept
)

// kept is what Redis holds of a request. Status 0: it is under way. Status -1: it
// is done and the answer is too large to keep, or shows a secret; the handler finds
// what is done.
type kept struct {
	Asked    string `json:"asked"`
	Status   int    `json:"status,omitempty"`
	ETag     string `json:"etag,omitempty"`
	Position string `json:"position,omitempty"`
	Revision string `json:"revision,omitempty"`
	Media    string `json:"media,omitempty"`
	Body     string `json:"body,omitempty"`
}

func requestKey(c *call) string { return "alta:request:" + c.key.String() }

// ask runs one question, and answers whether Redis answered it.
func (r *Requests) ask(ctx context.Context, question func(context.Context) error) bool {
	if r == nil || time.Now().UnixNano() < r.away.Load() {
		return false
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), requestsTime)
	defer stop()
	if err := question(ctx); err != nil {
		r.away.Store(time.Now().Add(requestsRest).UnixNano())
		return false
	}
	return true
}

// begin takes the key for the call's request. It answers what the request was
// answered before, or nil where it is the first; decider.ErrCommandReused where
// the key belongs to another request. While the same request is under way it
// waits a moment; then the log decides which of both is first.
func (r *Requests) begin(c *call) (*kept, error) {
	ctx := c.Request().Context()
	mine, err := json.Marshal(kept{Asked: c.asked})
	if err != nil {
		return nil, err
	}
	for until := time.Now().Add(requestsWait); ; {
		var k kept
		there := false
		answered := r.ask(ctx, func(ctx context.Context) error {
			took, err := r.rdb.SetNX(ctx, requestKey(c), mine, requestsHeld).Result()
			if c.held = took && err == nil; c.held || err != nil {
				return err
			}
			b, err := r.rdb.Get(ctx, requestKey(c)).Bytes()
			if err == redis.Nil {
				return nil // given back just now
			}
			there = err == nil
			if there {
				err = json.Unmarshal(b, &k)
			}
			return err
		})
		switch {
		case !answered || c.held:
			return nil, nil
		case there && k.Asked != c.asked:
			return nil, decider.ErrCommandReused
		case there && k.Status != 0:
			return &k, nil
		case time.Now().After(until):
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(requestsLook):
		}
	}
}

// end keeps the answer, or gives the key back where the request was refused: a
// refusal is not remembered.
func (r *Requests) end(c *call, answer *kept) {
	if !c.held && answer == nil {
		return
	}
	r.ask(c.Request().Context(), func(ctx context.Context) error {
		if answer == nil {
			return r.rdb.Del(ctx, requestKey(c)).Err()
		}
		b, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		return r.rdb.Set(ctx, requestKey(c), b, requestsKept).Err()
	})
}

// readKey reads the Idempotency-Key: a UUID, bare or as a structured field's
// string, in either case.
func (c *call) readKey() error {
	c.key = decider.NewID()
	lines := c.Request().Header.Values("Idempotency-Key")
	if len(lines) == 0 || !c.op.Key {
		return nil
	}
	bad := problem(http.StatusUnprocessableEntity, "idempotency-key", "The Idempotency-Key must be one UUID, bare or in quotes.")
	k := strings.TrimSpace(lines[0])
	if len(lines) > 1 {
		return bad
	}
	if inner, ok := strings.CutPrefix(k, `"`); ok {
		if k, ok = strings.CutSuffix(inner, `"`); !ok {
			return bad
		}
	}
	id, err := decider.ParseID(k)
	if err != nil {
		return bad
	}
	// Two people who happen to send one key are still two requests.
	c.key, c.given = decider.DeriveID(id, c.who.Account), id.String()
	return nil
}

// identify hashes all that the request asks for. The hash is keyed with a secret
// of the installation and salted with the Idempotency-Key, which is stored
// nowhere: nobody can guess a person's data from it.
func (c *call) identify(body string) {
	if c.given == "" {
		return
	}
	r := c.Request()
	asked, err := json.Marshal([]string{c.given, c.who.Account, r.Method, r.URL.Path, c.QueryParams().Encode(), body})
	if err != nil {
		return // a list of texts can always be written
	}
	c.asked = c.server.Index("request", string(asked))
}

// replayed says that an earlier sending of the request did what is answered.
func (c *call) replayed(is bool) {
	if is {
		c.Response().Header().Set("Idempotency-Replayed", "true")
	}
}

// answered answers what the call's request was answered before, and reports
// whether it was. It refuses with 422 where the key belongs to another request.
func (c *call) answered() (bool, error) {
	if c.asked == "" {
		return false, nil
	}
	before, err := c.server.Requests.begin(c)
	switch {
	case err != nil:
		return false, err
	case before != nil && before.Status > 0:
		return true, c.repeat(before)
	case before != nil:
		c.replayed(true)
		return false, nil
	case c.id == "" || !c.op.answers204():
		return false, nil
	}
	// What the log knows, it knows also after Redis was lost.
	r, found, err := c.server.Applications.Repeated(c.Request().Context(), c.id, c.command())
	if err != nil || !found {
		return false, err
	}
	c.replayed(true)
	if err := c.wroteTo(r); err != nil {
		return false, err
	}
	return true, c.NoContent(http.StatusNoContent)
}

// repeat writes a kept answer.
func (c *call) repeat(k *kept) error {
	h := c.Response().Header()
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	set("ETag", k.ETag)
	set("Alta-Revision", k.Revision)
	set("Alta-Position", k.Position)
	c.replayed(true)
	if k.Body == "" {
		return c.NoContent(k.Status)
	}
	return c.Blob(k.Status, k.Media, []byte(k.Body))
}

// keeping runs a handler and keeps its answer for a repetition.
func (c *call) keeping(handle func(*call) error) error {
	if c.given == "" || c.server.Requests == nil {
		return handle(c)
	}
	out := c.Response()
	tap := &tapped{ResponseWriter: out.Writer}
	out.Writer = tap
	err := handle(c)
	out.Writer = tap.ResponseWriter
	if c.asked == "" {
		return err
	}
	h := out.Header()
	if err != nil || out.Status >= http.StatusBadRequest || c.op.ID == "claimNext" && out.Status == http.StatusNoContent {
		c.server.Requests.end(c, nil)
		return err
	}
	if h.Get("Idempotency-Replayed") == "" || c.held {
		k := &kept{
			Asked: c.asked, Status: out.Status, ETag: h.Get("ETag"), Revision: h.Get("Alta-Revision"), Position: h.Get("Alta-Position"),
			Media: h.Get(echo.HeaderContentType), Body: tap.body.String(),
		}
		if c.secret || len(k.Body) > requestsLargest {
			k.Status, k.Body = -1, ""
		}
		c.server.Requests.end(c, k)
	}
	return nil
}
