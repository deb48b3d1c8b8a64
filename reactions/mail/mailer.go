package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/lang"
	"alta/eventstore"
	"alta/reactions"
)

// Config is what the Mailer needs. Index, Since and Rate may be left out.
type Config struct {
	Log reactions.Log
	// Decode reads an application's event with its personal values in clear.
	Decode func(ctx context.Context, r *eventstore.Record) (application.Event, error)
	// ApplicationState is an application as it stands now.
	ApplicationState func(ctx context.Context, id string) (application.State, error)
	// Account is an account as it stands now.
	Account func(ctx context.Context, id string) (account.State, error)
	// LinkToken makes the token of an account's link; account.ErrLinkOver where
	// the link is of no use any more.
	LinkToken func(ctx context.Context, account, link string) (string, error)
	// Index is the blind index under which a recipient is recorded.
	Index  func(kind, value string) string
	Sender Sender
	Origin string // where people reach the pages, such as https://alta.example
	// Since bounds, at the first start on a log, how old an event may be that is
	// still written about; 7 days by default. It keeps a copied log from writing
	// to everybody about the past.
	Since  time.Duration
	Rate   float64 // mails a second at most, 10 by default
	Now    func() time.Time
	Logger *slog.Logger
}

// Mailer is the reaction that writes to merchants.
type Mailer struct {
	*reactions.Follower
	cfg      Config
	instance string
	numbers  map[string]string // merchant numbers of applications opened lately, by account

	waiting []*job    // by position: the oldest is sent first
	paused  time.Time // until then the server is left alone
	refused int       // connections in a row that came to nothing
	probed  time.Time // when the server was last asked without a mail
	took    time.Time // when the server last took a mail
	slot    time.Time // when the rate allows the next mail

	trouble *ServerState // what stands in the way of all mails; nil while nothing does
	server  atomic.Pointer[ServerState]
	stored  *ServerState // the newest state in the log; nil before it was read

	fault                             atomic.Pointer[error]
	oldest                            atomic.Pointer[time.Time] // business time of the oldest mail that waits
	backlog                           atomic.Int64
	sent, failed, tries, unknowns     atomic.Int64
	unreachables, deferrals, codesOut atomic.Int64
	refusals                          atomic.Int64
}

// Stats are counters since the start of the process.
type Stats struct {
	reactions.Stats
	Backlog     int64     // mails that wait
	Oldest      time.Time // when the oldest of them was due; zero without any
	Sent        int64
	Failed      int64 // never to be sent
	Attempts    int64
	Unreachable int64 // attempts that met no server
	Refused     int64 // attempts that the server refused for a fault of ours
	Deferred    int64 // attempts answered with 4xx
	Unknown     int64 // unknown_outcome: attempts of whose end nothing is known
	Codes       int64 // signing codes
}

// job is one mail on its way. It holds references only; what the mail says is
// put together when it is sent.
type job struct {
	stream      string
	revision    eventstore.Revision
	cause       eventstore.ID
	correlation string
	position    eventstore.Position
	before      eventstore.Position // handled before this event
	at          time.Time           // business time of the event
	template    Template
	application string
	account     string
	merchant    string    // account of who is written to, once it is known
	to          string    // blind index of the address, once it is known
	link        string    // of an account's letter
	subject     string    // the key or device that an account's letter is about
	expires     time.Time // of the link, or of the time to take a restriction back
	next        time.Time // not before
	tries       int
	faults      int       // in a row, before there was anything to send
	blamed      time.Time // since when the server refuses it for what looks like our own fault
	delayed     bool      // the log says that it is late
	taken       *Entry    // what is still to be noted: the server has the mail
}

const (
	patience     = 2 * time.Second // for the merchant number
	room         = 1000            // mails that wait in memory; the log keeps the others
	maxUnknown   = 3
	settleTime   = 10 * time.Minute // after an attempt whose end is unknown
	lookAgain    = 30 * time.Second // at an attempt that may be another worker's
	yielded      = time.Second      // after another worker was first
	giveUpAfter  = 5 * 24 * time.Hour
	firstPause   = 5 * time.Second
	longestPause = 5 * time.Minute
	codeTime     = 12 * time.Second // less than a request may take, so that its answer says why
	tookLately   = time.Hour
	delayedAfter = 4 // deferrals, after which people are told: most of an hour
)

// deferral is how long a mail waits after its n-th deferral: short at first,
// because greylisting wants a second try within the hour (RFC 6647).
var deferral = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}

// New makes the Mailer; call Run.
func New(c Config) *Mailer {
	if c.Since <= 0 {
		c.Since = 7 * 24 * time.Hour
	}
	if c.Rate <= 0 {
		c.Rate = 10
	}
	if c.Index == nil {
		c.Index = func(string, string) string { return "" }
	}
	c.Origin = strings.TrimRight(c.Origin, "/")
	m := &Mailer{cfg: c, instance: decider.NewID().String(), numbers: map[string]string{}}
	m.Follower = &reactions.Follower{
		Name: "mail", Log: c.Log, Now: c.Now, Logger: c.Logger,
		Filter: eventstore.Filter{Streams: []string{"application-", account.Category + "-"}, Types: eventTypes()},
		Handle: m.handle, Wake: m.wake,
		Held: func() (eventstore.Position, bool) {
			if len(m.waiting) == 0 {
				return eventstore.Position{}, false
			}
			return m.waiting[0].before, true
		},
		Full: func() bool { return len(m.waiting) >= room },
		Moved: func() {
			m.waiting = nil // the log delivers them again
			m.counted()
		},
	}
	return m
}

// Healthy answers nil while mails are written, and else why one cannot be. A
// server that is away is no fault of this process: see Stats.Backlog.
func (m *Mailer) Healthy() error {
	if e := m.fault.Load(); e != nil {
		return *e
	}
	return m.Follower.Healthy()
}

// Stats answers the counters.
func (m *Mailer) Stats() Stats {
	var oldest time.Time
	if t := m.oldest.Load(); t != nil {
		oldest = *t
	}
	return Stats{
		m.Follower.Stats(), m.backlog.Load(), oldest, m.sent.Load(), m.failed.Load(), m.tries.Load(),
		m.unreachables.Load(), m.refusals.Load(), m.deferrals.Load(), m.unknowns.Load(), m.codesOut.Load(),
	}
}

// handle puts an event's mail among those that wait, unless it is done.
func (m *Mailer) handle(ctx context.Context, r *eventstore.Record) error {
	j, err := m.job(r)
	if j == nil || err != nil {
		return err
	}
	if j.at.Before(m.Begun.Add(-m.cfg.Since)) {
		return nil // from before this reaction was there
	}
	n, err := m.look(ctx, j)
	if err != nil || n.over {
		return err
	}
	m.waiting = append(m.waiting, j)
	m.counted()
	return nil
}

// counted keeps the figures about what waits.
func (m *Mailer) counted() {
	m.backlog.Store(int64(len(m.waiting)))
	if len(m.waiting) == 0 {
		m.oldest.Store(nil)
		return
	}
	m.oldest.Store(&m.waiting[0].at)
}

// job reads what mail an event leads to, if any.
func (m *Mailer) job(r *eventstore.Record) (*job, error) {
	j := &job{stream: r.Stream, revision: r.Revision, cause: r.ID, position: r.Position, before: m.Position()}
	if c, err := decider.ReadMeta(r.Meta); err == nil {
		j.correlation = c.Correlation
	}
	if id, ok := strings.CutPrefix(r.Stream, account.Category+"-"); ok {
		e, err := account.Decode(r.Type, r.Data, nil)
		if err != nil {
			return nil, eventstore.Unreadable(r, err)
		}
		issued, ok := e.(account.LinkIssued)
		if !ok {
			if j.template, j.subject, j.at = securityOf(r, e); j.template == "" {
				return nil, nil
			}
			j.account = id
			return j, nil
		}
		j.template, j.account, j.at, j.link, j.expires = Activation, id, issued.At, issued.Link, issued.Expires
		if issued.Purpose == account.Reset {
			j.template = Reset
		} else {
			j.next = m.cfg.Now().Add(patience)
		}
		return j, nil
	}
	e, err := application.Decode(r.Type, r.Data, nil)
	if err != nil {
		return nil, eventstore.Unreadable(r, err)
	}
	if o, ok := e.(application.Opened); ok {
		m.opened(o)
		if o.Agent == "" {
			return nil, nil
		}
		j.template = AgentAdded
		j.application, j.at = strings.TrimPrefix(r.Stream, "application-"), o.At
		return j, nil
	}
	if j.template = templateOf(e); j.template == "" {
		return nil, nil
	}
	j.application, j.at = strings.TrimPrefix(r.Stream, "application-"), e.Head().At
	if x, ok := e.(application.Restricted); ok {
		if x.Back.IsZero() {
			return nil, nil // from before a restriction could be taken back
		}
		j.expires = x.Back
	}
	return j, nil
}

// opened notes a merchant number. A registration opens the account first and the
// application right after it, so the letter with the link waits for a moment.
func (m *Mailer) opened(o application.Opened) {
	if len(m.numbers) >= room {
		clear(m.numbers)
	}
	m.numbers[o.Merchant] = o.MerchantNumber
	for _, j := range m.waiting {
		if j.account == o.Merchant && j.tries == 0 {
			j.next = time.Time{}
		}
	}
}

// wake sends the oldest mail that is due.
func (m *Mailer) wake(ctx context.Context) (time.Time, error) {
	m.recall(ctx)
	if err := m.probe(ctx); err != nil {
		return time.Time{}, err
	}
	now := m.cfg.Now()
	if now.Before(m.paused) {
		return m.paused, nil
	}
	if now.Before(m.slot) {
		return m.slot, nil
	}
	i := slices.IndexFunc(m.waiting, func(j *job) bool { return !now.Before(j.next) })
	if i < 0 {
		return m.soonest(), nil
	}
	j := m.waiting[i]
	done, err := m.attempt(ctx, j)
	var reason *eventstore.SetAsideError
	switch {
	case ctx.Err() != nil:
		return time.Time{}, err
	case errors.Is(err, eventstore.ErrConflict):
		// Another worker of this reaction was first. What it wrote is read at the next
		// attempt; on a cluster it may not be readable at once.
		j.next = now.Add(yielded)
		m.cfg.Logger.Debug("another worker has this mail", "notice", noticeID(j.cause, j.template).String())
	case errors.As(err, &reason): // it comes back once the stream can be read
		if err := m.SetAside(j.stream, j.revision, j.before, reason); err != nil {
			return time.Time{}, err
		}
		done = true
	case err != nil: // a key, an account, the log cannot be had: the others go on
		j.next = now.Add(min(firstPause<<min(j.faults, 12), time.Hour))
		if j.faults++; j.faults >= 3 {
			m.fault.Store(&err)
		}
		m.cfg.Logger.Error("mail cannot be written", "notice", noticeID(j.cause, j.template).String(), "faults", j.faults, "error", err)
	case j.faults > 0:
		j.faults = 0
		m.fault.Store(nil)
	}
	if done {
		m.waiting = slices.Delete(m.waiting, i, i+1)
		m.counted()
	}
	m.publish(ctx)
	return m.soonest(), nil
}

// soonest is when there is something to do.
func (m *Mailer) soonest() time.Time {
	if len(m.waiting) == 0 {
		return m.nextProbe()
	}
	next := m.waiting[0].next
	for _, j := range m.waiting[1:] {
		if j.next.Before(next) {
			next = j.next
		}
	}
	for _, t := range []time.Time{m.paused, m.slot} {
		if next.Before(t) {
			next = t
		}
	}
	if next.IsZero() {
		next = m.cfg.Now()
	}
	return next
}

// attempt tries to send one mail; done says that it is never to be tried again.
func (m *Mailer) attempt(ctx context.Context, j *job) (done bool, err error) {
	n, err := m.look(ctx, j)
	if err != nil || n.over {
		return n.over, err
	}
	if j.taken != nil {
		return m.record(ctx, j, &n)
	}
	if n.unknown >= maxUnknown {
		return m.fail(ctx, j, &n, FailedUnknown, nil)
	}
	if settled := n.begun.Add(settleTime); n.unknown > 0 && m.cfg.Now().Before(settled) {
		// Another worker may be at it, and soon say how it ended.
		if j.next = m.cfg.Now().Add(lookAgain); settled.Before(j.next) {
			j.next = settled
		}
		return false, nil
	}
	msg, failure, err := m.compose(ctx, j)
	switch {
	case err != nil:
		return false, err
	case failure != "":
		return m.fail(ctx, j, &n, failure, nil)
	case msg == nil:
		return true, nil // overtaken by events
	}
	j.to = m.cfg.Index("email", strings.ToLower(msg.To))
	e := Entry{MessageID: msg.Notice.String(), ToIndex: j.to, Language: string(msg.Lang)}
	begun := false
	msg.Begin = func(ctx context.Context) error {
		n.attempts++
		e.Attempts = n.attempts
		if err := m.note(ctx, j, &n, begunType, e); err != nil {
			return err
		}
		begun = true
		return nil
	}
	j.tries++
	m.tries.Add(1)
	m.slot = m.cfg.Now().Add(time.Duration(float64(time.Second) / m.cfg.Rate))
	sendErr := m.cfg.Sender.Send(ctx, *msg)
	// What is known now must not get lost because the process is ending.
	ctx = context.WithoutCancel(ctx)
	switch {
	case sendErr == nil:
		m.took = m.cfg.Now()
		m.works()
		j.taken = &e
		return m.record(ctx, j, &n)
	case errors.Is(sendErr, eventstore.ErrConflict): // another worker began: nothing went out
		return false, sendErr
	}
	return m.unsent(ctx, j, &n, e, begun, sendErr)
}

// record notes that the server has the mail. Where that fails the mail is not sent
// again: the job keeps what is to be noted.
func (m *Mailer) record(ctx context.Context, j *job, n *notice) (done bool, err error) {
	j.taken.Attempts = max(n.attempts, j.tries)
	if err := m.note(ctx, j, n, sentType, *j.taken); err != nil {
		return false, err
	}
	m.sent.Add(1)
	m.arrived(ctx, j)
	return true, nil
}

// unsent decides what becomes of a mail that was not certainly delivered.
func (m *Mailer) unsent(ctx context.Context, j *job, n *notice, e Entry, begun bool, sendErr error) (done bool, err error) {
	var s *SendError
	if !errors.As(sendErr, &s) {
		return false, sendErr
	}
	now := m.cfg.Now()
	m.cfg.Logger.Warn("mail not sent", "notice", noticeID(j.cause, j.template).String(), "template", string(j.template), "error", s)
	if s.Outcome == Misconfigured && s.ofMessage() {
		since := j.blamed
		if s.doubtful && since.IsZero() {
			since = now.Add(-tookLately)
		}
		if !since.IsZero() && m.took.After(since) {
			s.Outcome = Rejected // others were taken since: it is about this mail
		}
	}
	switch s.Outcome {
	case Rejected:
		m.works()
		if s.Phase == "address" {
			return m.fail(ctx, j, n, FailedAddress, s)
		}
		return m.fail(ctx, j, n, FailedRejected, s)
	case Unknown:
		m.unknowns.Add(1)
		j.next = now.Add(settleTime)
		return false, nil
	case Unreachable:
		m.unreachables.Add(1)
		m.pause(now)
		m.troubled(s)
	case Misconfigured:
		m.refusals.Add(1)
		m.troubled(s)
		if !s.ofMessage() {
			m.pause(now)
			break
		}
		// Perhaps only this mail is refused: the others go on, and if one of them is
		// taken, this one is tried again and judged for itself.
		if j.blamed.IsZero() {
			j.blamed = now
		}
		j.next = now.Add(deferral[min(j.tries-1, len(deferral)-1)])
	default:
		m.deferrals.Add(1)
		m.reached(s.Phase)
		if now.Sub(j.at) > giveUpAfter && j.tries >= len(deferral) {
			return m.fail(ctx, j, n, FailedGaveUp, s)
		}
		j.next = now.Add(deferral[min(j.tries-1, len(deferral)-1)])
		if j.tries >= delayedAfter && !j.delayed {
			if err := m.late(ctx, j, s); err != nil {
				return false, err
			}
		}
	}
	if begun {
		e.Attempts = n.attempts
		e.told(s)
		return false, m.note(ctx, j, n, deferredType, e)
	}
	return false, nil
}

func (m *Mailer) fail(ctx context.Context, j *job, n *notice, why Failure, s *SendError) (bool, error) {
	e := Entry{Failure: why, Attempts: max(n.attempts, j.tries), MessageID: noticeID(j.cause, j.template).String(), ToIndex: j.to}
	if s != nil {
		e.told(s)
	}
	// People are told first: the notice, once it is over, is not looked at again.
	if err := m.undelivered(ctx, j, e); err != nil {
		return false, err
	}
	if err := m.note(ctx, j, n, failedType, e); err != nil {
		return false, err
	}
	m.failed.Add(1)
	return true, nil
}

// SigningCode sends the one-time code with which a contract is signed, at once:
// somebody waits for it. Nothing about the code is in the log.
func (m *Mailer) SigningCode(ctx context.Context, application, address, language, code string, expires time.Time) error {
	s, err := m.cfg.ApplicationState(ctx, application)
	if err != nil {
		return err
	}
	l := lang.Match(language)
	letter := write(SigningCode, l, params{"code": code, "expires": moment(expires, l), "number": s.MerchantNumber})
	letter.Code = code
	msg := letter.message()
	msg.Notice, msg.At, msg.Owner, msg.To = decider.NewID(), m.cfg.Now(), application, address
	msg.Kind = SigningCode
	ctx, cancel := context.WithTimeout(ctx, codeTime)
	defer cancel()
	if err := m.cfg.Sender.Send(ctx, msg); err != nil {
		return fmt.Errorf("mail: signing code: %w", err)
	}
	m.codesOut.Add(1)
	return nil
}
