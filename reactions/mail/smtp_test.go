package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	gomail "github.com/wneessen/go-mail"

	"alta/domain/lang"
	"alta/eventstore"
)

// server is a real SMTP server in this process that answers as it is told.
type server struct {
	mu     sync.Mutex
	bodies []string
	rcpt   error
	data   error
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{s}, nil }

type session struct{ s *server }

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }
func (s *session) Rcpt(string, *smtp.RcptOptions) error {
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	return s.s.rcpt
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	if err == nil {
		err = s.s.data
	}
	if err == nil {
		s.s.bodies = append(s.s.bodies, string(b))
	}
	return err
}

func (s *server) delivered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}

// listens starts the server; with a certificate it offers STARTTLS.
func listens(t *testing.T, s *server, cert *tls.Config) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(s)
	srv.Domain, srv.TLSConfig, srv.ErrorLog = "localhost", cert, discard{}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return l.Addr().String()
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

func certificate(t *testing.T) (serving, trusting *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool, ServerName: "localhost"}
}

func sender(t *testing.T, url string) *SMTP {
	t.Helper()
	s, err := NewSMTP(url, "Alta <no-reply@alta.example>", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s.Timeout = 2 * time.Second
	return s
}

func aMessage() Message {
	return Message{Notice: eventstore.ID{7}, At: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), Owner: "1", To: "chen@example.cn", Lang: lang.Chinese,
		Subject: "有内容需要您更正", Text: "您好：请更正。\n", HTML: "<html><head></head><body><p>您好</p></body></html>"}
}

func outcome(t *testing.T, err error) SendError {
	t.Helper()
	var s *SendError
	if !errors.As(err, &s) {
		t.Fatalf("got %v, want a SendError", err)
	}
	if strings.Contains(err.Error(), "chen@") {
		t.Errorf("the error repeats the address: %v", err)
	}
	return *s
}

func TestAMessageArrivesWholeWithOneMessageID(t *testing.T) {
	s := &server{}
	at := listens(t, s, nil)
	for range 2 {
		if err := sender(t, "smtp://"+at).Send(t.Context(), aMessage()); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"Message-ID: <07000000-0000-0000-0000-000000000000@alta.example>", "From: \"Alta\" <no-reply@alta.example>", "To: <chen@example.cn>",
		"Auto-Submitted: auto-generated", "Content-Language: zh-CN", "multipart/alternative", "text/plain", "text/html",
	} {
		if !strings.Contains(s.bodies[0], want) || !strings.Contains(s.bodies[1], want) {
			t.Errorf("it lacks %q:\n%s", want, s.bodies[0])
		}
	}
}

func TestWhatTheServerAnswersDecidesWhatHappens(t *testing.T) {
	for name, c := range map[string]struct {
		rcpt, data error
		want       SendError
	}{
		"greylisted: later":           {rcpt: &smtp.SMTPError{Code: 451, Message: "later, chen@example.cn"}, want: SendError{Outcome: Deferred, Code: 451, Status: "4.0.0", Phase: "rcpt"}},
		"unknown user: never":         {rcpt: &smtp.SMTPError{Code: 550, Message: "no chen@example.cn"}, want: SendError{Outcome: Rejected, Code: 550, Status: "5.0.0", Phase: "rcpt"}},
		"content refused: never":      {data: &smtp.SMTPError{Code: 554, Message: "spam"}, want: SendError{Outcome: Rejected, Code: 554, Status: "5.0.0", Phase: "content"}},
		"content deferred: later":     {data: &smtp.SMTPError{Code: 452, Message: "full"}, want: SendError{Outcome: Deferred, Code: 452, Status: "4.0.0", Phase: "content"}},
		"the server closes: all wait": {rcpt: &smtp.SMTPError{Code: 421, Message: "closing"}, want: SendError{Outcome: Unreachable, Code: 421, Status: "4.0.0", Phase: "rcpt"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{rcpt: c.rcpt, data: c.data}
			if got := outcome(t, sender(t, "smtp://"+listens(t, s, nil)).Send(t.Context(), aMessage())); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestNobodyListensOrTheServerHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hanging := sender(t, "smtp://"+l.Addr().String()) // accepts by the kernel and says nothing
	hanging.Timeout = 300 * time.Millisecond
	began := time.Now()
	if got := outcome(t, hanging.Send(t.Context(), aMessage())); got.Outcome != Unreachable || time.Since(began) > 5*time.Second {
		t.Errorf("a server that hangs: %+v after %s", got, time.Since(began))
	}
	_ = l.Close()
	if got := outcome(t, sender(t, "smtp://"+l.Addr().String()).Send(t.Context(), aMessage())); got.Outcome != Unreachable || got.Phase != "connect" {
		t.Errorf("nobody listens: %+v", got)
	}
}

func TestSTARTTLSIsUsedAndWithoutItNothingIsSent(t *testing.T) {
	serving, trusting := certificate(t)
	encrypted := &server{}
	_, port, _ := net.SplitHostPort(listens(t, encrypted, serving))
	// A name that is no loopback address would need the network: the policy that
	// such a name gets is set by hand.
	s := sender(t, "smtp://localhost:"+port)
	s.policy, s.TLS = gomail.TLSMandatory, trusting
	if err := s.Send(t.Context(), aMessage()); err != nil || encrypted.delivered() != 1 {
		t.Fatalf("over STARTTLS: %v, %d delivered", err, encrypted.delivered())
	}
	plain := &server{}
	_, port, _ = net.SplitHostPort(listens(t, plain, nil)) // somebody took STARTTLS out
	s = sender(t, "smtp://localhost:"+port)
	s.policy, s.TLS = gomail.TLSMandatory, trusting
	if got := outcome(t, s.Send(t.Context(), aMessage())); got.Outcome != Misconfigured || got.Phase != "tls" || plain.delivered() != 0 {
		t.Errorf("a downgrade: %+v, %d delivered", got, plain.delivered())
	}
	_, port, _ = net.SplitHostPort(listens(t, encrypted, serving))
	s = sender(t, "smtp://localhost:"+port)
	s.policy = gomail.TLSMandatory
	if got := outcome(t, s.Send(t.Context(), aMessage())); got.Outcome != Misconfigured || got.Phase != "tls" || encrypted.delivered() != 1 {
		t.Errorf("a certificate that nobody vouches for: %+v", got)
	}
}

func TestTheURLSaysHowToEncrypt(t *testing.T) {
	for url, want := range map[string]string{
		"smtp://user:hunter2@mail.example.cn":      "mail.example.cn 587 mandatory",
		"smtp://user:hunter2@mail.example.cn:2525": "mail.example.cn 2525 mandatory",
		"smtps://user:hunter2@mail.example.cn":     "mail.example.cn 465 implicit",
		"smtp://127.0.0.1:1025":                    "127.0.0.1 1025 none",
		"smtp://127.0.0.1:1025?tls=required":       "127.0.0.1 1025 mandatory",
		"smtp://mail.example.cn:25?tls=none":       "mail.example.cn 25 none",
		"http://mail.example.cn":                   "",
		"smtp://mail.example.cn:99999":             "",
		"smtp://mail.example.cn?tls=opportunist":   "",
		"smtp://":                                  "",
	} {
		s, err := NewSMTP(url, "no-reply@alta.example", time.Now)
		got := ""
		if err == nil {
			how := map[bool]string{true: "mandatory", false: "none"}[s.policy == gomail.TLSMandatory]
			if s.implicit {
				how = "implicit"
			}
			got = fmt.Sprint(s.host, " ", s.port, " ", how)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats the password: %v", err)
		}
		if got != want {
			t.Errorf("%s: %q, %v; want %q", url, got, err, want)
		}
	}
}

// dropping is a server that takes the content and is gone before it answers.
func dropping(t *testing.T, taken *int, mu *sync.Mutex) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r := bufio.NewReader(c)
			say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
			say("220 ready")
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					break
				}
				if line == ".\r\n" {
					mu.Lock()
					*taken++
					mu.Unlock()
					break
				}
				switch {
				case strings.HasPrefix(line, "DATA"):
					say("354 go on")
				case strings.HasPrefix(line, "EHLO"), strings.HasPrefix(line, "MAIL"), strings.HasPrefix(line, "RCPT"):
					say("250 ok")
				}
			}
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

func TestAConnectionThatBreaksAfterTheFinalDotIsTriedThreeTimesUnderOneMessageID(t *testing.T) {
	var taken int
	var mu sync.Mutex
	w := newWorld(t)
	m := w.mailer(sender(t, "smtp://"+dropping(t, &taken, &mu)))
	var clock time.Time
	m.cfg.Now = func() time.Time { return clock }
	clock = time.Now()
	w.submits("1")
	j, err := m.job(w.All("application-1")[2])
	if err != nil {
		t.Fatal(err)
	}
	done := false
	for tries := 0; !done && tries < 10; tries++ {
		if done, err = m.attempt(context.Background(), j); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(settleTime + time.Second)
	}
	mu.Lock()
	defer mu.Unlock()
	if e := w.lastNotice(t); !done || taken != 3 || e.Failure != FailedUnknown || m.Stats().Unknown != 3 {
		t.Errorf("the content was taken %d times; %+v; %+v", taken, e, m.Stats())
	}
}
