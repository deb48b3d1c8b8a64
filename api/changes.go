package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"alta/domain/account"
	"alta/projections"
)

// LiveChange tells that an application changed: which, to what revision, and
// which work lists that concerns. Nothing else: what the application shows is
// read with the reader's own rights. Merchants and agents are told id and
// revision only, of what they may know of.
type LiveChange struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	// Queues are those that it stood in, before, between and after.
	Queues []projections.Queue `json:"queues,omitempty"`
	// Claimant is the account of whoever holds it.
	Claimant string `json:"claimant,omitempty"`
}

// LiveChanges is the data of one message of the stream.
type LiveChanges struct {
	Changes []LiveChange `json:"changes"`
	// Queues are all that something changed in, also by what the listener is not
	// told: an application that was hidden leaves a queue without being named.
	Queues []projections.Queue `json:"queues,omitempty"`
}

// update is a LiveChange before it is known who listens.
type update struct {
	LiveChange
	merchant, agent string
	hidden          bool  // processing is restricted: only auditors are told which
	version         int64 // the revision as the merchant knows it
	told            bool  // something of it is told to the merchant
}

// audience is who a listener is, as far as it decides what is heard.
type audience struct {
	role    account.Role
	account string
	agency  string // organisation of an agent
}

// key is what a merchant or an agent hears of; empty for staff, who hear all.
func (a audience) key() string {
	switch a.role {
	case account.Merchant:
		return "merchant " + a.account
	case account.Agent:
		return "agent " + a.agency
	}
	return ""
}

// hears reports whether an update is told to the audience.
func (a audience) hears(u update) bool {
	switch a.role {
	case account.Auditor:
		return true
	case account.Merchant:
		return !u.hidden && u.told && u.merchant == a.account
	case account.Agent:
		return !u.hidden && u.told && u.agent != "" && u.agent == a.agency
	}
	return !u.hidden
}

// message is what an audience is told of some updates.
func (a audience) message(all []update) LiveChanges {
	m := LiveChanges{Changes: []LiveChange{}}
	named := map[projections.Queue]bool{}
	for _, u := range all {
		if a.key() != "" {
			if a.hears(u) {
				m.Changes = append(m.Changes, LiveChange{ID: u.ID, Revision: u.version})
			}
			continue
		}
		if a.hears(u) {
			m.Changes = append(m.Changes, u.LiveChange)
		}
		for _, q := range u.Queues {
			if !named[q] {
				named[q] = true
				m.Queues = append(m.Queues, q)
			}
		}
	}
	return m
}

const (
	heartbeat = 20 * time.Second // until a write is given up
	beat      = heartbeat / 2    // between two signs of life
)

// live streams changes as server-sent events (HTML living standard, 9.2): `hello`
// at the start, `changes`, `behind` where more happened than can be named, and
// `beat`. The id of each is a place in the log; a client that comes back names
// the last one it saw as Last-Event-ID and hears what it missed, or `behind`: read
// your lists anew.
func (s *Server) live(c *call) error {
	var last *cursor
	if id := c.Request().Header.Get("Last-Event-ID"); id != "" {
		p, err := parseCursor(id)
		if err != nil {
			return problem(http.StatusUnprocessableEntity, "invalid-parameter", "A parameter is not as the contract wants it.").
				at("header Last-Event-ID", "invalid", "must be the id of an event of this stream")
		}
		last = &p
	}
	who := audience{role: c.who.Role, account: c.who.Account, agency: c.who.Organisation}
	l, err := s.changes.listen(who)
	if err != nil {
		return err
	}
	defer s.changes.leave(l)
	ctx := c.Request().Context()
	missed, err := s.changes.missed(ctx, l.who, last)
	if err != nil {
		return err
	}
	out := &stream{w: c.Response(), fresh: http.NewResponseController(c.Response())}
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	// The answer has begun: whatever ends it now is no refusal to anybody.
	if err := s.tell(ctx, c.token(), l, missed, out); err != nil && ctx.Err() == nil && !errors.Is(err, errListenerGone) {
		s.Logger.DebugContext(ctx, "a live stream ended", "error", err)
	}
	return nil
}

// errListenerGone: the listener was let go, or is not logged in any more.
var errListenerGone = errors.New("api: the listener is let go")

// tell writes one listener's stream until it ends.
func (s *Server) tell(ctx context.Context, token string, l *listener, missed missed, out *stream) error {
	if err := out.send("hello", []byte("{}"), missed.from); err != nil {
		return err
	}
	if missed.news != nil {
		if err := out.news(missed.news); err != nil {
			return err
		}
	}
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.check: // something about the account changed
			if _, err := s.Auth.Authenticate(ctx, token); err != nil {
				return errListenerGone
			}
		case <-ticker.C:
			// Whoever was logged out meanwhile hears no more.
			if _, err := s.Auth.Authenticate(ctx, token); err != nil {
				return errListenerGone
			}
			if err := out.send("beat", []byte("{}"), s.changes.heard(l)); err != nil {
				return err
			}
		case n, open := <-l.news:
			if !open {
				return errListenerGone // it comes back and hears what it missed
			}
			if err := out.news(n); err != nil {
				return err
			}
		}
	}
}

// stream writes server-sent events. Their ids never go back: who joined, or came
// back, at the end of the log may be told a change from before it once more, or
// that a change of no application lies behind; then the event has no id. Only who
// reads anew may go on at a smaller one: that of another log.
type stream struct {
	w     http.ResponseWriter
	fresh *http.ResponseController
	at    cursor // the newest id
}

func (o *stream) news(n *news) error {
	frame := n.frame
	switch {
	case n.at == cursor{}: // it has no id
	case n.at.Compare(o.at.Position) < 0 && !n.behind:
		_, frame, _ = bytes.Cut(frame, []byte("\n"))
	default:
		o.at = n.at
	}
	return o.write(frame)
}

func (o *stream) send(event string, data []byte, id cursor) error {
	if id.Compare(o.at.Position) < 0 {
		id = cursor{}
	} else {
		o.at = id
	}
	return o.write(frame(event, data, id))
}

// write writes one event at once.
func (o *stream) write(frame []byte) error {
	if err := o.fresh.SetWriteDeadline(time.Now().Add(heartbeat)); err != nil {
		return err
	}
	if _, err := o.w.Write(frame); err != nil {
		return err
	}
	return o.fresh.Flush()
}

// frame is an event as it is sent. The zero cursor stands for no id.
func frame(event string, data []byte, id cursor) []byte {
	b := make([]byte, 0, 80+len(event)+len(data))
	if id != (cursor{}) {
		b = append(append(append(b, "id: "...), id.String()...), '\n')
	}
	b = append(append(append(b, "event: "...), event...), '\n')
	return append(append(append(b, "data: "...), data...), "\n\n"...)
}

// LiveStats are the live updates' figures.
type LiveStats struct {
	Listeners int
	Told      int64 // messages handed to listeners
	Dropped   int64 // listeners let go because they did not keep up
	Behind    int64 // times that more happened than a message holds
}

// LiveStats answers the figures; none before Handler.
func (s *Server) LiveStats() LiveStats {
	if s.changes == nil {
		return LiveStats{}
	}
	return s.changes.stats()
}
