package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/api"
	"alta/simulate/drive"

	"github.com/emersion/go-smtp"
)

// postOffice is an SMTP server without SMTPUTF8 that refuses whom it is told to.
type postOffice struct {
	mu      sync.Mutex
	senders *smtp.SMTPError // to every MAIL
	refused map[string]*smtp.SMTPError
	taken   map[string]string // content by recipient
}

func (o *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &session_{office: o}, nil
}

type session_ struct {
	office *postOffice
	to     string
}

func (c *session_) Mail(string, *smtp.MailOptions) error {
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	if c.office.senders != nil {
		return c.office.senders
	}
	return nil
}

func (c *session_) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.to = to
	if e := c.office.refused[to]; e != nil {
		return e
	}
	return nil
}

func (c *session_) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.taken[c.to] = string(b)
	return err
}

func (c *session_) Reset()        {}
func (c *session_) Logout() error { return nil }

func (o *postOffice) has(to string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.taken[to] != ""
}

func (o *postOffice) refuseSenders(e *smtp.SMTPError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.senders = e
}

// posts starts the program with that server, and answers its figures' address.
func (o *postOffice) posts(t *testing.T) (w *world, figures string) {
	t.Helper()
	o.taken = map[string]string{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(o)
	srv.Domain = "mx.alta.test"
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	c := demoConfig(t)
	c.SMTP = "smtp://" + l.Addr().String()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Metrics = free.Addr().String()
	_ = free.Close()
	return start(t, c), "http://" + c.Metrics + "/metrics"
}

// within asks until is is true.
func within(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

func fetched(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.Status + "\n" + string(b)
}

func registering(email string) request {
	body, _ := json.Marshal(map[string]any{"email": email, "kind": "individual", "products": []string{"wechat"}, "site": "web", "language": "zh-CN"})
	return request{method: "POST", path: "/v1/registrations", header: map[string]string{"Content-Type": "application/json"}, body: body}
}

func TestAMailboxThatOurServerCannotWriteToIsRefusedAtRegistration(t *testing.T) {
	o := &postOffice{}
	w, _ := o.posts(t)
	agent := w.as(t, "agent")
	// The server is asked in the background, right after the start.
	within(t, 10*time.Second, "the server's offers are known", func() bool {
		return w.send(t, nil, registering("用户@例子.广告")).Code == "mailbox-unreachable"
	})
	for email, code := range map[string]string{
		"用户@例子.广告": "mailbox-unreachable", "josé@correo.es": "mailbox-unreachable",
		"nobody@host": "account-email", `"li na"@shop.cn`: "account-email", "li@[192.0.2.1]": "account-email", "li@-shop.cn": "account-email",
	} {
		for _, path := range []string{"/v1/registrations", "/v1/merchants"} {
			r, who := registering(email), (*drive.Person)(nil)
			if r.path = path; path == "/v1/merchants" {
				who = agent
			}
			a := w.send(t, who, r)
			if a.status != 422 || a.Code != code || len(a.Errors) != 1 || a.Errors[0].Pointer != "/email" {
				t.Errorf("%s with %s: %d %s %+v", path, email, a.status, a.Code, a.Errors)
			}
		}
	}
	if a := w.send(t, nil, registering("lina@例子.公司")); a.status != 202 {
		t.Errorf("an international domain: %d %s", a.status, a.Code)
	}
	within(t, 20*time.Second, "the mail to the A-label", func() bool { return o.has("lina@xn--fsqu00a.xn--55qx5d") })
}

// undelivered is what somebody is told of an application's mails.
func undelivered(t *testing.T, by *drive.Person, id string) (items []struct{ Template, State, Reason, Status string }) {
	t.Helper()
	var out struct {
		Items []struct{ Template, State, Reason, Status string }
	}
	if _, err := by.Get(t.Context(), "/v1/applications/"+id+"/undelivered-mails", &out); err != nil {
		t.Fatal(err)
	}
	return out.Items
}

func TestAMailboxThatBouncesIsShownToThePeopleOfTheCase(t *testing.T) {
	o := &postOffice{refused: map[string]*smtp.SMTPError{
		"gone@shop.example": {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user gone@shop.example"},
	}}
	w, _ := o.posts(t)
	agent, lead := w.as(t, "agent"), w.as(t, "lead")
	id := map[string]string{}
	for _, email := range []string{"gone@shop.example", "here@shop.example"} {
		r := registering(email)
		r.path = "/v1/merchants"
		var added struct{ ID string }
		body := map[string]any{}
		if err := json.Unmarshal(r.body, &body); err != nil {
			t.Fatal(err)
		}
		if _, err := agent.Do(t.Context(), drive.Request{Method: "POST", Path: r.path, Body: body}, &added); err != nil {
			t.Fatal(err)
		}
		id[email] = added.ID
	}
	within(t, 20*time.Second, "the other mail", func() bool { return o.has("here@shop.example") })
	within(t, 20*time.Second, "the bounce", func() bool { return len(undelivered(t, lead, id["gone@shop.example"])) == 1 })
	for _, who := range []*drive.Person{agent, lead, w.as(t, "reviewer")} {
		got := undelivered(t, who, id["gone@shop.example"])
		if len(got) != 1 || got[0].Template != "activation" || got[0].State != "undelivered" || got[0].Reason != "rejected" || got[0].Status != "5.1.1" {
			t.Errorf("of the bounce people are told %+v", got)
		}
		if got := undelivered(t, who, id["here@shop.example"]); len(got) != 0 {
			t.Errorf("of the other people are told %+v", got)
		}
	}
	var server struct{ State string }
	if _, err := lead.Get(t.Context(), "/v1/mail-server", &server); err != nil || server.State != "works" {
		t.Errorf("one mailbox's refusal is taken for the server's: %+v, %v", server, err)
	}
}

func TestWhenOurOwnSenderIsRefusedOperatorsAndLeadsSeeItAndNoMailIsLost(t *testing.T) {
	o := &postOffice{senders: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 8}, Message: "sender domain not found"}}
	w, figures := o.posts(t)
	lead := w.as(t, "lead")
	if a := w.send(t, nil, registering("lina@shop.example")); a.status != 202 {
		t.Fatalf("registering: %d %s", a.status, a.Code)
	}
	within(t, 20*time.Second, "/readyz says it", func() bool {
		return strings.Contains(fetched(t, w.api+"/readyz"), "takes no mail from us")
	})
	if got := fetched(t, w.api+"/readyz"); !strings.HasPrefix(got, "200") || !strings.Contains(got, "mail answered 550 5.1.8") {
		t.Errorf("/readyz says %s", got)
	}
	var got []string
	within(t, 20*time.Second, "the figures show it", func() bool {
		got = nil
		for line := range strings.SplitSeq(fetched(t, figures), "\n") {
			if strings.HasPrefix(line, "alta_mail_") {
				got = append(got, line)
			}
		}
		return slices.Contains(got, "alta_mail_server_accepts 0")
	})
	if !slices.Contains(got, "alta_mail_failed_total 0") {
		t.Errorf("the figures are %q", got)
	}
	var server struct {
		State, Phase, Status string
		Code                 int
	}
	within(t, 20*time.Second, "a lead is told", func() bool {
		_, err := lead.Get(t.Context(), "/v1/mail-server", &server)
		return err == nil && server.State == "refuses"
	})
	if server.Phase != "mail" || server.Code != 550 || server.Status != "5.1.8" {
		t.Errorf("a lead is told %+v", server)
	}
	var lines []string
	within(t, 20*time.Second, "the log says it", func() bool { lines = append(lines, w.log.forget()...); return len(lines) > 0 })
	if len(lines) != 1 || !strings.Contains(lines[0], "takes no mail from us") || strings.Contains(lines[0], "lina") {
		t.Errorf("the log says %q", lines)
	}
	o.refuseSenders(nil)
	within(t, 60*time.Second, "the mail arrives once the server takes us", func() bool { return o.has("lina@shop.example") })
	within(t, 10*time.Second, "/readyz is clean", func() bool { return !strings.Contains(fetched(t, w.api+"/readyz"), api.PartAttention) })
}
