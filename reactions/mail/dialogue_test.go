package mail

import (
	"bufio"
	"io"
	"mime"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// scripted is an SMTP server that keeps every line and answers some of them as it
// is told: by the command's beginning.
type scripted struct {
	mu      sync.Mutex
	answers map[string]string
	offers  []string
	lines   []string
	content string
}

func (s *scripted) commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

func (s *scripted) answer(line string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
	for begin, answer := range s.answers {
		if strings.HasPrefix(line, begin) {
			return answer
		}
	}
	switch {
	case strings.HasPrefix(line, "EHLO"):
		return strings.Join(append([]string{"250-mx.alta.test"}, s.offers...), "\r\n250-") + "\r\n250 ENHANCEDSTATUSCODES"
	case strings.HasPrefix(line, "DATA"):
		return "354 go on"
	case strings.HasPrefix(line, "QUIT"):
		return "221 bye"
	}
	return "250 2.0.0 ok"
}

func (s *scripted) listen(t *testing.T) (address string) {
	t.Helper()
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
			go s.talk(c)
		}
	}()
	return l.Addr().String()
}

func (s *scripted) talk(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	greeting := "220 mx.alta.test"
	s.mu.Lock()
	if g, ok := s.answers["greeting"]; ok {
		greeting = g
	}
	s.mu.Unlock()
	_, _ = io.WriteString(c, greeting+"\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		answer := s.answer(strings.TrimSuffix(line, "\r\n"))
		_, _ = io.WriteString(c, answer+"\r\n")
		if !strings.HasPrefix(answer, "354") {
			continue
		}
		var content strings.Builder
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line == ".\r\n" {
				break
			}
			content.WriteString(strings.TrimPrefix(line, "."))
		}
		s.mu.Lock()
		s.content = content.String()
		s.mu.Unlock()
		_, _ = io.WriteString(c, s.answer(".")+"\r\n")
	}
}

func TestTheEnvelopeStandsInAngleBracketsWithTheDomainAsAnALabel(t *testing.T) {
	for name, c := range map[string]struct {
		to     string
		offers []string
		want   []string
	}{
		"a plain address":                    {"chen@example.cn", nil, []string{"MAIL FROM:<no-reply@xn--fsqu00a.cn>", "RCPT TO:<chen@example.cn>"}},
		"an international domain":            {"lina@例子.公司", nil, []string{"MAIL FROM:<no-reply@xn--fsqu00a.cn>", "RCPT TO:<lina@xn--fsqu00a.xn--55qx5d>"}},
		"SMTPUTF8 only where it is needed":   {"lina@例子.公司", []string{"SMTPUTF8", "8BITMIME"}, []string{"MAIL FROM:<no-reply@xn--fsqu00a.cn> BODY=8BITMIME", "RCPT TO:<lina@xn--fsqu00a.xn--55qx5d>"}},
		"SMTPUTF8 where the person needs it": {"用户@例子.广告", []string{"SMTPUTF8", "8BITMIME"}, []string{"MAIL FROM:<no-reply@xn--fsqu00a.cn> BODY=8BITMIME SMTPUTF8", "RCPT TO:<用户@xn--fsqu00a.xn--4rr70v>"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scripted{offers: c.offers}
			from, err := NewSMTP("smtp://"+s.listen(t), "阿尔塔 <no-reply@例子.cn>", time.Now)
			if err != nil {
				t.Fatal(err)
			}
			m := aMessage()
			m.To = c.to
			if err := from.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			got := s.commands()
			if got[1] != c.want[0] || got[2] != c.want[1] {
				t.Errorf("the dialogue was %q, want %q", got[1:3], c.want)
			}
			if ascii := !strings.Contains(s.content, "用户@"); !ascii != strings.HasPrefix(name, "SMTPUTF8 where") {
				t.Errorf("ASCII content: %v\n%s", ascii, s.content)
			}
		})
	}
}

func TestHeadersAreReadBackByAnotherReader(t *testing.T) {
	s := &scripted{}
	from, err := NewSMTP("smtp://"+s.listen(t), "阿尔塔 <no-reply@例子.cn>", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	m := aMessage()
	m.To, m.Subject = "lina@例子.公司", strings.Repeat("有内容需要您更正；", 12)
	m.Text = "https://alta.example/activate?token=" + strings.Repeat("k", 1200) + "\n.\n..\nend\n"
	if err := from.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(s.content, "\r\n") {
		if len(line) > 78 || strings.ContainsFunc(line, func(r rune) bool { return r > 0x7f }) {
			t.Errorf("a line of %d bytes, or one that is not ASCII: %q", len(line), line)
		}
	}
	read, err := netmail.ReadMessage(strings.NewReader(s.content))
	if err != nil {
		t.Fatal(err)
	}
	sender, err := netmail.ParseAddress(read.Header.Get("From"))
	if err != nil || sender.Name != "阿尔塔" || sender.Address != "no-reply@xn--fsqu00a.cn" {
		t.Errorf("From is %q, %v", read.Header.Get("From"), err)
	}
	if to, err := netmail.ParseAddress(read.Header.Get("To")); err != nil || to.Address != "lina@xn--fsqu00a.xn--55qx5d" {
		t.Errorf("To is %q, %v", read.Header.Get("To"), err)
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject")); err != nil || subject != m.Subject {
		t.Errorf("Subject is %q, %v", subject, err)
	}
	if _, err := read.Header.Date(); err != nil {
		t.Errorf("Date: %v", err)
	}
	plain, _, err := bodies(read)
	if err != nil || strings.ReplaceAll(plain, "\r\n", "\n") != m.Text {
		t.Errorf("the text is not whole: %q, %v", plain, err)
	}
}

func TestAMailboxThatTheServerCannotWriteToIsNotTried(t *testing.T) {
	s := &scripted{}
	from := sender(t, "smtp://"+s.listen(t))
	m := aMessage()
	m.To = "用户@例子.广告"
	if got := outcome(t, from.Send(t.Context(), m)); got.Outcome != Rejected || got.Phase != "address" {
		t.Errorf("got %+v", got)
	}
	if offers, known := from.OffersUTF8(); offers || !known {
		t.Errorf("what the server offers: %v, known %v", offers, known)
	}
	for _, to := range []string{"no address", "a@b", "a@b.cn>\r\nRCPT TO:<c@d.cn", "\"a b\"@c.cn"} {
		m.To = to
		if got := outcome(t, from.Send(t.Context(), m)); got.Outcome != Rejected || got.Phase != "address" {
			t.Errorf("%q: %+v", to, got)
		}
	}
	for _, line := range s.commands() {
		if strings.HasPrefix(line, "MAIL") || strings.HasPrefix(line, "RCPT") {
			t.Errorf("the server was told %q", line)
		}
	}
}

func TestTheServersAnswerTellsWhomItConcerns(t *testing.T) {
	ours := func(code int, status, phase string) SendError {
		return SendError{Outcome: Misconfigured, Code: code, Status: status, Phase: phase}
	}
	theirs := func(code int, status, phase string) SendError {
		return SendError{Outcome: Rejected, Code: code, Status: status, Phase: phase}
	}
	for name, c := range map[string]struct {
		at, answer string
		want       SendError
	}{
		"a greeting that refuses":          {"greeting", "554 5.7.1 no SMTP service here", ours(554, "5.7.1", "connect")},
		"a greeting that is busy":          {"greeting", "421 4.3.2 busy", SendError{Outcome: Unreachable, Code: 421, Status: "4.3.2", Phase: "connect"}},
		"the name is refused":              {"EHLO", "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname", ours(504, "5.5.2", "hello")},
		"log-in is required":               {"MAIL", "530 5.7.0 Authentication required", ours(530, "5.7.0", "mail")},
		"the sender is refused":            {"MAIL", "550 5.1.8 <no-reply@alta.example>: Sender address rejected: Domain not found", ours(550, "5.1.8", "mail")},
		"the sender is refused at RCPT":    {"RCPT", "550 5.1.8 <no-reply@alta.example>: Sender address rejected: Domain not found", ours(550, "5.1.8", "rcpt")},
		"not the log-in's own address":     {"RCPT", "553 5.7.1 <no-reply@alta.example>: Sender address rejected: not owned by user alta", ours(553, "5.7.1", "rcpt")},
		"relaying is denied":               {"RCPT", "554 5.7.1 <chen@example.cn>: Relay access denied", ours(554, "5.7.1", "rcpt")},
		"relaying is denied, Exim":         {"RCPT", "550 relay not permitted", ours(550, "", "rcpt")},
		"the sender is not verified, Exim": {"RCPT", "550 Sender verify failed", ours(550, "", "rcpt")},
		"a syntax nobody wanted":           {"RCPT", "555 5.5.4 Unsupported option", ours(555, "5.5.4", "rcpt")},
		"DMARC":                            {".", "550 5.7.26 unauthenticated mail from alta.example", ours(550, "5.7.26", "content")},
		"unknown user":                     {"RCPT", "550 5.1.1 <chen@example.cn>: Recipient address rejected: User unknown", theirs(550, "5.1.1", "rcpt")},
		"unknown user, without a status":   {"RCPT", "550 No such user here", theirs(550, "", "rcpt")},
		"unknown domain":                   {"RCPT", "550 5.1.2 Domain not found", theirs(550, "5.1.2", "rcpt")},
		"the recipient's syntax":           {"RCPT", "501 5.1.3 Bad recipient address syntax", theirs(501, "5.1.3", "rcpt")},
		"a full mailbox":                   {"RCPT", "552 5.2.2 Mailbox full", theirs(552, "5.2.2", "rcpt")},
		"mailbox unavailable, Exchange":    {"RCPT", "550 5.5.0 Requested action not taken: mailbox unavailable", theirs(550, "5.5.0", "rcpt")},
		"taken for spam":                   {".", "554 5.7.1 Message rejected as spam", theirs(554, "5.7.1", "content")},
		"greylisting":                      {"RCPT", "451 4.7.1 Greylisted", SendError{Outcome: Deferred, Code: 451, Status: "4.7.1", Phase: "rcpt"}},
		"access denied, without log-in":    {"RCPT", "554 5.7.1 <chen@example.cn>: Recipient address rejected: Access denied", SendError{Outcome: Misconfigured, Code: 554, Status: "5.7.1", Phase: "rcpt", doubtful: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scripted{answers: map[string]string{c.at: c.answer}}
			if c.at == "EHLO" {
				s.answers["HELO"] = c.answer
			}
			if got := outcome(t, sender(t, "smtp://"+s.listen(t)).Send(t.Context(), aMessage())); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestALogInThatIsRefusedOrCannotBeDoneIsOurs(t *testing.T) {
	s := &scripted{offers: []string{"AUTH PLAIN"}, answers: map[string]string{"AUTH": "535 5.7.8 wrong"}}
	if got := outcome(t, sender(t, "smtp://alta:pw@"+s.listen(t)).Send(t.Context(), aMessage())); got.Outcome != Misconfigured || got.Phase != "auth" || got.Code != 535 {
		t.Errorf("refused: %+v", got)
	}
	s = &scripted{}
	if got := outcome(t, sender(t, "smtp://alta:pw@"+s.listen(t)).Send(t.Context(), aMessage())); got.Outcome != Misconfigured || got.Phase != "auth" {
		t.Errorf("not offered: %+v", got)
	}
	s = &scripted{offers: []string{"AUTH PLAIN"}, answers: map[string]string{"AUTH": "454 4.7.0 later"}}
	if got := outcome(t, sender(t, "smtp://alta:pw@"+s.listen(t)).Send(t.Context(), aMessage())); got.Outcome != Unreachable {
		t.Errorf("not now: %+v", got)
	}
}

func TestTheNameInEHLO(t *testing.T) {
	for name, c := range map[string]struct{ setting, origin, want string }{
		"the setting":             {"mail.alta.cn", "https://alta.example", "mail.alta.cn"},
		"an international name":   {"例子.公司", "", "xn--fsqu00a.xn--55qx5d"},
		"an address":              {"[192.0.2.1]", "", "[192.0.2.1]"},
		"an address of version 6": {"[IPv6:2001:db8::1]", "", "[IPv6:2001:db8::1]"},
		"the origin's host":       {"", "https://alta.example:8443/", "alta.example"},
		"no bare name":            {"mailhost", "", "!"},
		"nothing more":            {"mail.alta.cn\r\nQUIT", "", "!"},
	} {
		got, err := HelloName(c.setting, c.origin)
		if err != nil {
			got = "!"
		}
		if got != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
	s := &scripted{}
	if err := sender(t, "smtp://"+s.listen(t)).Send(t.Context(), aMessage()); err != nil || s.commands()[0] != "EHLO [127.0.0.1]" {
		t.Errorf("without any full name: %q, %v", s.commands()[0], err)
	}
}

func TestASenderThatNoServerWouldTakeIsRefusedAtTheStart(t *testing.T) {
	for _, from := range []string{"Alta <alta>", "Alta <用户@alta.cn>", "no-reply@localhost", "Alta", "Alta <a@[127.0.0.1]>"} {
		if _, err := ParseFrom(from); err == nil {
			t.Errorf("%q is taken", from)
		}
	}
}
