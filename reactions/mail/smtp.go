package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"alta/domain/identifier"
)

// SMTP sends through a server. Every message has a connection of its own: a
// platform sends about one a second, and a connection that was kept is one more
// thing that can be half open.
type SMTP struct {
	// TLS replaces the settings of TLS; nil verifies the server by the system's
	// roots.
	TLS *tls.Config
	// Timeout bounds the connection and every single answer; 30 s by default. The
	// answer to the content may take four times as long.
	Timeout time.Duration
	// Hello is the name in EHLO; see HelloName. Empty: the address literal of this
	// end of the connection.
	Hello string

	from     *netmail.Address
	now      func() time.Time
	host     string
	port     int
	implicit bool // TLS from the first byte
	policy   gomail.TLSPolicy
	user     string
	password string
	utf8     atomic.Pointer[bool] // whether the server offered SMTPUTF8, once it was asked
}

// NewSMTP reads smtp://user:password@host:port, which encrypts with STARTTLS, or
// smtps://, which encrypts from the first byte. Without encryption nothing is
// sent, except where the URL ends in ?tls=none, or names a loopback address and
// does not end in ?tls=required.
func NewSMTP(rawURL, from string, now func() time.Time) (*SMTP, error) {
	a, err := ParseFrom(from)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" {
		return nil, errors.New("mail: the server must be smtp://user:password@host:port or smtps://…")
	}
	s := &SMTP{from: a, now: now, host: u.Hostname(), port: 587, implicit: u.Scheme == "smtps", policy: gomail.TLSMandatory, Timeout: 30 * time.Second}
	if s.implicit {
		s.port = 465
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return nil, fmt.Errorf("mail: the server's port %q is none", p)
		}
	}
	switch mode := u.Query().Get("tls"); {
	case mode == "none", mode == "" && loopback(s.host) && !s.implicit:
		s.policy = gomail.NoTLS
	case mode != "" && mode != "required":
		return nil, fmt.Errorf("mail: tls=%s is unknown; leave it out, or write tls=none or tls=required", mode)
	}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send implements Sender.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	to, err := recipient(m.To)
	if err != nil {
		return err
	}
	m.To = to
	content, err := m.compose(s.from, s.now())
	if err != nil {
		return err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := s.transmit(ctx, conn, m, content); err != nil {
		return err
	}
	s.leave(conn)
	return nil
}

// Probe connects, says EHLO and logs in, sends nothing, and so learns what the
// server offers and whether it takes us.
func (s *SMTP) Probe(ctx context.Context) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	s.leave(conn)
	return conn.Close()
}

// Learn probes the server until the context ends: soon again until it answers,
// then every hour. It is for processes that send little or nothing.
func (s *SMTP) Learn(ctx context.Context) error {
	for {
		wait := probeEvery
		if s.Probe(ctx) != nil {
			wait = probeSoon
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// OffersUTF8 tells whether the server offers SMTPUTF8 (RFC 6531), without which
// nobody whose local part is not ASCII can be written to. known is false until a
// connection has shown it.
func (s *SMTP) OffersUTF8() (offers, known bool) {
	if p := s.utf8.Load(); p != nil {
		return *p, true
	}
	return false, false
}

// connect answers a connection that is encrypted and logged in as configured.
// Whatever goes wrong here is the server's or the operator's matter, never a
// message's: also a 5xx to the greeting or the log-in.
func (s *SMTP) connect(ctx context.Context) (*smtp.Client, error) {
	c, err := s.client(ctx)
	if err != nil {
		return nil, &SendError{Outcome: Unreachable, Phase: "connect", Err: err}
	}
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, notConnected(err)
	}
	offers, _ := conn.Extension("SMTPUTF8")
	s.utf8.Store(&offers)
	return conn, nil
}

// leave says goodbye; a farewell that gets lost changes nothing.
func (s *SMTP) leave(conn *smtp.Client) {
	_ = conn.UpdateDeadline(2 * time.Second)
	_ = conn.Quit()
}

func (s *SMTP) client(ctx context.Context) (*gomail.Client, error) {
	hello := s.Hello
	if hello == "" {
		var err error
		if hello, err = literal(ctx, net.JoinHostPort(s.host, strconv.Itoa(s.port))); err != nil {
			return nil, err
		}
	}
	opts := []gomail.Option{gomail.WithPort(s.port), gomail.WithTLSPolicy(s.policy), gomail.WithTimeout(s.Timeout), gomail.WithHELO(hello)}
	if s.implicit {
		opts = append(opts, gomail.WithSSL())
	}
	if s.TLS != nil {
		opts = append(opts, gomail.WithTLSConfig(s.TLS))
	}
	if s.user != "" {
		auth := gomail.SMTPAuthAutoDiscover
		if s.policy == gomail.NoTLS && !s.implicit {
			auth = gomail.SMTPAuthPlainNoEnc // the operator said so, or it is this machine
		}
		opts = append(opts, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
	}
	return gomail.NewClient(s.host, opts...)
}

// transmit is the dialogue from MAIL to the answer to the content. go-mail writes
// its arguments as they are, so the angle brackets of RFC 5321 §4.1.1.2 are ours.
func (s *SMTP) transmit(ctx context.Context, conn *smtp.Client, m Message, content []byte) error {
	if identifier.NeedsSMTPUTF8(m.To) {
		if offers, _ := conn.Extension("SMTPUTF8"); !offers {
			return &SendError{Outcome: Rejected, Phase: "address"}
		}
	} else {
		conn.SkipSMTPUTF8(true) // an internationalised message would not pass servers further on
	}
	step := func(phase string, do func() error) error {
		if err := errors.Join(ctx.Err(), conn.UpdateDeadline(s.Timeout)); err != nil {
			return &SendError{Outcome: Unreachable, Phase: phase}
		}
		return refused(phase, do())
	}
	if err := step("mail", func() error { return conn.Mail("<" + s.from.Address + ">") }); err != nil {
		return err
	}
	if err := step("rcpt", func() error { return conn.Rcpt("<" + m.To + ">") }); err != nil {
		return err
	}
	var open io.WriteCloser
	if err := step("data", func() (err error) { open, err = conn.Data(); return err }); err != nil {
		return err
	}
	if m.Begin != nil {
		if err := m.Begin(ctx); err != nil {
			return &SendError{Outcome: Deferred, Phase: "begin", Err: err}
		}
	}
	_ = conn.UpdateDeadline(s.Timeout)
	if _, err := open.Write(content); err != nil {
		// Without the final dot the server must not deliver (RFC 5321 §4.1.1.4).
		return &SendError{Outcome: Deferred, Phase: "content"}
	}
	_ = conn.UpdateDeadline(4 * s.Timeout) // it may look for viruses now
	err := open.Close()
	var answer *textproto.Error
	if err != nil && !errors.As(err, &answer) {
		return &SendError{Outcome: Unknown, Phase: "content"}
	}
	return refused("content", err)
}

// recipient is the address as the envelope and the header have it: the domain as
// an A-label, whatever the server offers.
func recipient(address string) (string, error) {
	r := identifier.Mailbox(address)
	if r.Canonical == "" {
		return "", &SendError{Outcome: Rejected, Phase: "address"}
	}
	return r.Canonical, nil
}
