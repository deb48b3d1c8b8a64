package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/eventstore"
)

// update tells that an application changed: which, to what revision, and where
// in the log. Nothing else: what it shows is read with the reader's own rights.
type update struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	Position string `json:"position"`
}

// hub spreads the newest changes to everyone who listens: one subscription for
// the whole process, coalesced, and a listener that does not keep up is told to
// read anew instead of being waited for.
type hub struct {
	log    Log
	logger *slog.Logger

	mu        sync.Mutex
	listeners map[chan *news]bool
}

// news is what all listeners get at once: one JSON text for everybody, however
// many they are.
type news struct {
	json     []byte
	position string // of the newest change
}

const (
	category    = "application-"
	coalesce    = 250 * time.Millisecond
	heartbeat   = 20 * time.Second
	maxLive     = 5000 // listeners of one process
	maxCoalesce = 1000 // updates of one message
)

func newHub(log Log, logger *slog.Logger) *hub {
	return &hub{log: log, logger: logger, listeners: map[chan *news]bool{}}
}

// run follows the log from its end until the context ends.
func (h *hub) run(ctx context.Context) {
	feed := make(chan update, 1024)
	go h.follow(ctx, feed)
	tick := time.NewTicker(coalesce)
	defer tick.Stop()
	pending := map[string]update{}
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-feed:
			if len(pending) <= maxCoalesce {
				pending[u.ID] = u
			}
		case <-tick.C:
			h.tell(pending)
			clear(pending)
		}
	}
}

func (h *hub) follow(ctx context.Context, feed chan<- update) {
	from := h.log.Head()
	for ctx.Err() == nil {
		for m, err := range h.log.Subscribe(ctx, from, eventstore.Filter{Streams: []string{category}}) {
			if err != nil {
				if ctx.Err() == nil {
					h.logger.Warn("live updates are interrupted", "error", err)
				}
				break
			}
			if m.Record == nil {
				continue
			}
			from = m.Record.Position
			id, ok := strings.CutPrefix(m.Record.Stream, category)
			if !ok {
				continue
			}
			select {
			case feed <- update{id, int64(m.Record.Revision), m.Record.Position.String()}:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// tell sends what gathered: all of it, or the news that it is too much to name.
func (h *hub) tell(pending map[string]update) {
	switch {
	case len(pending) == 0:
	case len(pending) > maxCoalesce:
		h.disperse() // to name only some of them would hide the others
	default:
		h.spread(slices.Collect(maps.Values(pending)))
	}
}

func (h *hub) spread(batch []update) {
	slices.SortFunc(batch, func(a, b update) int { return strings.Compare(a.Position, b.Position) })
	data, err := json.Marshal(batch)
	if err != nil {
		h.logger.Error("live updates cannot be written", "error", err)
		h.disperse()
		return
	}
	n := &news{data, batch[len(batch)-1].Position}
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		select {
		case l <- n:
		default: // it is behind: closing tells it to start over
			delete(h.listeners, l)
			close(l)
		}
	}
}

// disperse tells everybody to read anew.
func (h *hub) disperse() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		delete(h.listeners, l)
		close(l)
	}
}

func (h *hub) listen() (chan *news, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.listeners) >= maxLive {
		return nil, problem(http.StatusServiceUnavailable, "too-many-listeners", "Too many live connections; lists still work.").retry(30 * time.Second)
	}
	l := make(chan *news, 16)
	h.listeners[l] = true
	return l, nil
}

func (h *hub) leave(l chan *news) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners[l] {
		delete(h.listeners, l)
		close(l)
	}
}

// live streams changes as server-sent events (HTML living standard, 9.2). A
// client that comes back is told to read its lists anew: the stream keeps no
// past, and every list names its revision.
func (s *Server) live(c *call) error {
	l, err := s.changes.listen()
	if err != nil {
		return err
	}
	defer s.changes.leave(l)
	w := c.Response()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	send := func(event, data, id string) error {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(heartbeat))
		if id != "" {
			id = "id: " + id + "\n"
		}
		if _, err := fmt.Fprintf(w, "%sevent: %s\ndata: %s\n\n", id, event, data); err != nil {
			return err
		}
		w.Flush()
		return nil
	}
	if err := send("hello", `{}`, s.Log.Head().String()); err != nil {
		return nil
	}
	beat := time.NewTicker(heartbeat / 2)
	defer beat.Stop()
	for {
		select {
		case <-c.Request().Context().Done():
			return nil
		case <-beat.C:
			// Whoever was logged out meanwhile hears no more.
			if _, err := s.Auth.Authenticate(c.Request().Context(), c.token()); err != nil {
				return nil
			}
			if err := send("beat", `{}`, ""); err != nil {
				return nil
			}
		case batch, open := <-l:
			if !open {
				_ = send("behind", `{}`, "")
				return nil
			}
			if err := send("changes", string(batch.json), batch.position); err != nil {
				return nil
			}
		}
	}
}
