package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"alta/decider"
	"alta/eventstore"
)

// ServerStream holds how the mail server takes our mails, one event for each
// change, so that every process and every later reader knows.
const ServerStream = "mail-server"

// Condition is how the mail server takes our mails.
type Condition string

// The conditions.
const (
	Works   Condition = "works"
	Refuses Condition = "refuses" // it takes no mail from us until an operator acts
	Away    Condition = "away"    // it has not been reached for a while
)

// The stored names of the conditions.
var serverTypes = map[Condition]string{
	Works: "mail.server-works.v1", Refuses: "mail.server-refuses.v1", Away: "mail.server-away.v1",
}

// ServerState is the condition, since when, and what the server said.
type ServerState struct {
	Condition Condition `json:"-"`
	Since     time.Time `json:"since"`
	Phase     string    `json:"phase,omitempty"`
	Code      int       `json:"code,omitempty"`
	Status    string    `json:"status,omitempty"`
}

// Error says what is wrong, for an operator; empty while the server works.
func (s ServerState) Error() string {
	if s.Condition == Works || s.Condition == "" {
		return ""
	}
	what := "the mail server takes no mail from us"
	switch {
	case s.Phase == "seal" || s.Phase == "file":
		what = "mails cannot be kept as files"
	case s.Condition == Away:
		what = "the mail server cannot be reached"
	}
	out := fmt.Sprintf("%s since %s: %s", what, s.Since.UTC().Format(time.RFC3339), s.Phase)
	if s.Code != 0 {
		out += fmt.Sprintf(" answered %d", s.Code)
	}
	if s.Status != "" {
		out += " " + s.Status
	}
	return out
}

const (
	fromEnd = eventstore.Revision(-1) // a negative revision begins a backward read at the last event

	awayAfter  = 5 * time.Minute // out of reach: a server that restarts is nobody's business
	probeEvery = time.Hour
	probeSoon  = 2 * time.Minute // while something is wrong and no mail waits that would show it
)

// prober is a Sender that can be asked without a mail.
type prober interface {
	Probe(ctx context.Context) error
}

// Server is the mail server's state; known is false before this process has read or
// seen it.
func (m *Mailer) Server() (s ServerState, known bool) {
	if s := m.server.Load(); s != nil {
		return *s, true
	}
	return ServerState{}, false
}

// ReadServer reads the newest state from the log.
func ReadServer(ctx context.Context, log reader) (ServerState, error) {
	s, _, err := readServer(ctx, log)
	return s, err
}

func readServer(ctx context.Context, log reader) (ServerState, eventstore.Revision, error) {
	for r, err := range log.ReadStreamBackward(ctx, ServerStream, fromEnd, 1) {
		if eventstore.Absent(err) {
			break
		}
		if err != nil {
			return ServerState{}, 0, fmt.Errorf("mail: server state: %w", err)
		}
		for condition, name := range serverTypes {
			if r.Type == name {
				s := ServerState{Condition: condition}
				return s, r.Revision, json.Unmarshal(r.Data, &s)
			}
		}
		return ServerState{}, 0, eventstore.Unreadable(r, errors.New("it is no state of the mail server"))
	}
	return ServerState{Condition: Works}, eventstore.NoStream, nil
}

func (m *Mailer) pause(now time.Time) {
	m.paused = now.Add(min(firstPause<<min(m.refused, 10), longestPause))
	m.refused++
}

// works: the server gave a verdict on a mail of ours. What it refused meanwhile is
// tried again.
func (m *Mailer) works() {
	m.refused, m.paused = 0, time.Time{}
	if m.trouble == nil {
		return
	}
	m.trouble = nil
	for _, j := range m.waiting {
		if !j.blamed.IsZero() {
			j.next = time.Time{}
		}
	}
}

// reached: the dialogue came to a phase, so all before it is in order.
func (m *Mailer) reached(phase string) {
	m.refused = 0
	if t := m.trouble; t != nil && order[t.Phase] < order[phase] {
		m.works()
	}
}

var order = map[string]int{"connect": 0, "tls": 1, "hello": 2, "auth": 3, "mail": 4, "rcpt": 5, "data": 6, "content": 7}

// troubled notes what stands in the way of all mails.
func (m *Mailer) troubled(s *SendError) {
	now := m.cfg.Now().UTC().Truncate(time.Millisecond)
	t := ServerState{Condition: Works, Since: now, Phase: s.Phase, Code: s.Code, Status: s.Status}
	if m.trouble != nil {
		t.Condition, t.Since = m.trouble.Condition, m.trouble.Since
	}
	switch {
	case s.Outcome == Misconfigured:
		t.Condition = Refuses
	case t.Condition != Refuses && now.Sub(t.Since) >= awayAfter:
		t.Condition = Away
	}
	m.trouble = &t
}

// probe asks the server without a mail: at the start, from time to time, and often
// while something is wrong and nothing waits.
func (m *Mailer) probe(ctx context.Context) error {
	p, ok := m.cfg.Sender.(prober)
	now := m.cfg.Now()
	if !ok || len(m.waiting) > 0 && !m.probed.IsZero() || now.Before(m.nextProbe()) {
		return ctx.Err()
	}
	m.probed = now
	err := p.Probe(ctx)
	var s *SendError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &s):
		m.cfg.Logger.Warn("the mail server was asked in vain", "error", s)
		m.troubled(s)
	case err == nil:
		m.reached("mail")
	}
	m.publish(ctx)
	return ctx.Err()
}

// nextProbe is when the server is to be asked without a mail; the zero time where
// it cannot be.
func (m *Mailer) nextProbe() time.Time {
	if _, ok := m.cfg.Sender.(prober); !ok {
		return time.Time{}
	}
	switch {
	case m.probed.IsZero():
		return m.cfg.Now()
	case m.trouble != nil:
		return m.probed.Add(probeSoon)
	}
	return m.probed.Add(probeEvery)
}

// recall takes up the state that the log has from before this start.
func (m *Mailer) recall(ctx context.Context) {
	if m.stored != nil {
		return
	}
	s, _, err := readServer(ctx, m.cfg.Log)
	if err != nil {
		m.cfg.Logger.Warn("the mail server's state cannot be read", "error", err)
		if !errors.As(err, new(*eventstore.SetAsideError)) {
			return
		}
		m.stored = &ServerState{Condition: Works} // nothing is written there until it can be read; what is so the next mail shows
		return
	}
	m.stored = &s
	m.server.Store(&s)
	if s.Condition != Works {
		t := s
		m.trouble = &t
	}
}

// publish shows the state, and writes a change of its condition to the log. What
// cannot be written now is written after the next attempt.
func (m *Mailer) publish(ctx context.Context) {
	now := ServerState{Condition: Works, Since: m.cfg.Now().UTC().Truncate(time.Millisecond)}
	if m.trouble != nil {
		now = *m.trouble
	}
	m.server.Store(&now)
	if m.stored != nil && m.stored.Condition == now.Condition {
		return
	}
	stored, revision, err := readServer(ctx, m.cfg.Log)
	if err == nil && stored.Condition != now.Condition {
		err = m.storeServer(ctx, now, revision)
	}
	if errors.Is(err, eventstore.ErrConflict) { // another worker said how it is: compared at the next attempt
		return
	}
	if err != nil {
		m.cfg.Logger.Warn("the mail server's state cannot be recorded", "error", err)
		return
	}
	if text := now.Error(); text != "" {
		m.cfg.Logger.Error(text)
	} else if stored.Condition != Works {
		m.cfg.Logger.Info("the mail server takes our mails again")
	}
	m.stored = &now
}

func (m *Mailer) storeServer(ctx context.Context, s ServerState, revision eventstore.Revision) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return m.put(ctx, ServerStream, revision, serverTypes[s.Condition], data, decider.Command{
		ID: decider.NewID(), Actor: "mail", Role: "system", Operation: "mail server",
	})
}

// put appends one event of the mail's own at a revision.
func (m *Mailer) put(ctx context.Context, stream string, revision eventstore.Revision, typ string, data []byte, cmd decider.Command) error {
	meta, err := cmd.Meta()
	if err != nil {
		return err
	}
	id := decider.DeriveID(cmd.ID, typ)
	for attempt := 0; ; attempt++ {
		_, err := m.cfg.Log.Append(ctx, stream, revision, eventstore.Proposed{ID: id, Type: typ, Data: data, Meta: meta})
		if err == nil || attempt == 3 || !errors.Is(err, eventstore.ErrUnknownOutcome) {
			return err
		}
	}
}
