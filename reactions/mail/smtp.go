package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// SMTP sends through a server. Every message has a connection of its own: a
// platform sends about one a second, and a connection that was kept is one more
// thing that can be half open.
type SMTP struct {
	// TLS replaces the settings of TLS; nil verifies the server by the system's
	// roots.
	TLS *tls.Config
	// Timeout bounds the connection and every single answer; 30 s by default.
	Timeout time.Duration

	from     *netmail.Address
	now      func() time.Time
	host     string
	port     int
	implicit bool // TLS from the first byte
	policy   gomail.TLSPolicy
	user     string
	password string
}

// NewSMTP reads smtp://user:password@host:port, which encrypts with STARTTLS, or
// smtps://, which encrypts from the first byte. Without encryption nothing is
// sent, except to a loopback address or where the URL ends in ?tls=none.
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
	case mode != "":
		return nil, fmt.Errorf("mail: tls=%s is unknown; leave it out or write tls=none", mode)
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
	content, err := m.compose(s.from, s.now())
	if err != nil {
		return err
	}
	c, err := s.client()
	if err != nil {
		return &SendError{Outcome: Unreachable, Phase: "connect", Err: err}
	}
	// Anything that goes wrong up to here is the server's or the operator's
	// matter, never this message's: also a 5xx to the greeting or the log-in.
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return &SendError{Outcome: Unreachable, Code: codeOf(err), Phase: "connect", Err: connecting(err)}
	}
	defer func() { _ = conn.Close() }()
	if err := s.transmit(ctx, conn, m, content); err != nil {
		return err
	}
	_ = conn.UpdateDeadline(2 * time.Second)
	_ = conn.Quit() // it has the message; a lost farewell changes nothing
	return nil
}

func (s *SMTP) client() (*gomail.Client, error) {
	opts := []gomail.Option{gomail.WithPort(s.port), gomail.WithTLSPolicy(s.policy), gomail.WithTimeout(s.Timeout)}
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

// transmit is the dialogue from MAIL to the answer to the content.
func (s *SMTP) transmit(ctx context.Context, conn *smtp.Client, m Message, content []byte) error {
	step := func(phase string, do func() error) error {
		if err := errors.Join(ctx.Err(), conn.UpdateDeadline(s.Timeout)); err != nil {
			return &SendError{Outcome: Unreachable, Phase: phase}
		}
		return refused(phase, do())
	}
	if err := step("mail", func() error { return conn.Mail(s.from.Address) }); err != nil {
		return err
	}
	if err := step("rcpt", func() error { return conn.Rcpt(m.To) }); err != nil {
		return err
	}
	var open interface {
		Write([]byte) (int, error)
		Close() error
	}
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
	_ = conn.UpdateDeadline(2 * s.Timeout) // it may look for viruses now
	err := open.Close()
	var answer *textproto.Error
	if err != nil && !errors.As(err, &answer) {
		return &SendError{Outcome: Unknown, Phase: "content"}
	}
	return refused("content", err)
}

// refused tells by the answer's code what an error means.
func refused(phase string, err error) error {
	code := codeOf(err)
	switch {
	case err == nil:
		return nil
	case phase == "mail" && code >= 500, code == 421:
		// Our own address is refused, or the server closes: another message would
		// fare no better.
		return &SendError{Outcome: Unreachable, Code: code, Phase: phase}
	case code >= 500:
		return &SendError{Outcome: Rejected, Code: code, Phase: phase}
	}
	return &SendError{Outcome: Deferred, Code: code, Phase: phase}
}

func codeOf(err error) int {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

// connecting keeps what helps an operator: the answer's code is told apart.
func connecting(err error) error {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return nil
	}
	return err
}
