//go:build neighbours

package mail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	netmail "net/mail"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"alta/scripts/neighbours/neighbourtest"
)

const wait = 30 * time.Second

// sender has a name that must be encoded and a domain that must become an A-label.
const sender = "阿尔塔 <no-reply@开户.例子.公司>"

// serve runs Alta with a mail server.
func serve(t *testing.T, smtp, ca string, flags ...string) *neighbourtest.Alta {
	t.Helper()
	var variables []string
	if ca != "" {
		variables = append(variables, "SSL_CERT_FILE="+ca)
	}
	return neighbourtest.Serve(t, "", variables, append([]string{"--demo", "--smtp", smtp, "--mail-from", sender, "--smtp-hello", "alta.alta.test"}, flags...)...)
}

// register registers a merchant and answers the status and the problem's code.
func register(t *testing.T, a *neighbourtest.Alta, email, language string) (int, string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"email": email, "kind": "individual", "products": []string{"wechat"}, "site": "web", "language": language})
	if err != nil {
		t.Fatal(err)
	}
	return post(t, a.URL+"/v1/registrations", body)
}

func post(t *testing.T, to string, body []byte) (int, string) {
	t.Helper()
	res, err := http.Post(to, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p struct{ Code string }
	_ = json.NewDecoder(res.Body).Decode(&p)
	return res.StatusCode, p.Code
}

func get(t *testing.T, from string) string {
	t.Helper()
	res, err := http.Get(from)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// letter is a mail as Go's own reader reads it.
type letter struct {
	from, to *netmail.Address
	subject  string
	date     time.Time
	plain    string
	html     string
	header   netmail.Header
}

func read(t *testing.T, content []byte) letter {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	l := letter{header: m.Header}
	if l.from, err = netmail.ParseAddress(m.Header.Get("From")); err != nil {
		t.Fatalf("From: %v", err)
	}
	if l.to, err = netmail.ParseAddress(m.Header.Get("To")); err != nil {
		t.Fatalf("To: %v", err)
	}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatalf("Subject: %v", err)
	}
	if l.date, err = m.Header.Date(); err != nil {
		t.Fatalf("Date: %v", err)
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("Content-Type: %q, %v", media, err)
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.html = string(b)
		} else {
			l.plain = string(b)
		}
	}
}

// arrived waits for the mail to somebody in a Maildir.
func arrived(t *testing.T, maildir, to string, within time.Duration) letter {
	t.Helper()
	var found letter
	neighbourtest.Eventually(t, "the mail to "+to, within, func() error {
		for _, content := range delivered(t, maildir) {
			if l := read(t, content); l.to.Address == to {
				found = l
				return nil
			}
		}
		return errors.New("not there yet")
	})
	return found
}

var link = regexp.MustCompile(`https?://[^\s"<>]+/activate\?token=[^\s"<>]+`)

// activates follows the mail's link as the page does: it sets the first password.
func activates(t *testing.T, a *neighbourtest.Alta, l letter) {
	t.Helper()
	u, err := url.Parse(link.FindString(l.plain))
	if err != nil || u.Query().Get("token") == "" || !strings.Contains(l.html, u.Query().Get("token")) {
		t.Fatalf("the mail has no link in both its parts: %v\n%s", err, l.plain)
	}
	body, _ := json.Marshal(map[string]string{"token": u.Query().Get("token"), "password": "a harbour and 9 lanterns"})
	if status, code := post(t, a.URL+"/v1/auth/activation", body); status != http.StatusNoContent {
		t.Errorf("the mail's link answers %d %s", status, code)
	}
}

func TestMailsArriveAtAStrictPostfixAndTheirLinksWork(t *testing.T) {
	t.Parallel()
	p := startPostfix(t)
	for name, c := range map[string]struct {
		smtp, ca string
		people   map[string]string // address as typed, and as the server has it
	}{
		"plain": {fmt.Sprintf("smtp://127.0.0.1:%d", p.plain), "", map[string]string{
			"chen.wei@shop.example": "chen.wei@shop.example", "lina@例子.公司": "lina@xn--fsqu00a.xn--55qx5d", "o'brien+alta@correo.example": "o'brien+alta@correo.example",
		}},
		"STARTTLS and log-in": {fmt.Sprintf("smtp://alta:%s@localhost:%d?tls=required", password, p.submit), p.ca, map[string]string{
			"submitted@shop.example": "submitted@shop.example", "用户@例子.广告": "用户@xn--fsqu00a.xn--4rr70v",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := serve(t, c.smtp, c.ca)
			languages, subjects := []string{"zh-CN", "es", "en"}, map[string]bool{}
			i := 0
			for typed, to := range c.people {
				if status, code := register(t, a, typed, languages[i%3]); status != http.StatusAccepted {
					t.Fatalf("registering %s: %d %s", typed, status, code)
				}
				l := arrived(t, p.maildir, to, wait)
				if l.from.Name != "阿尔塔" || l.from.Address != "no-reply@xn--h0tn5e.xn--fsqu00a.xn--55qx5d" {
					t.Errorf("From is %q <%s>", l.from.Name, l.from.Address)
				}
				if l.header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(l.header.Get("Message-ID"), ">") || time.Since(l.date).Abs() > time.Hour {
					t.Errorf("the header is %v", l.header)
				}
				if l.header.Get("Return-Path") == "" || l.header.Get("Content-Language") != languages[i%3] {
					t.Errorf("the header is %v", l.header)
				}
				t.Logf("%s: %s", to, l.subject)
				subjects[l.subject] = true
				activates(t, a, l)
				i++
			}
			if len(subjects) != len(c.people) {
				t.Errorf("the subjects are not of their languages: %v", subjects)
			}
			if name == "plain" {
				neighbourtest.Eventually(t, "the refusal of a mailbox that needs SMTPUTF8", wait, func() error {
					if status, code := register(t, a, "用户@例子.广告", "zh-CN"); status != 422 || code != "mailbox-unreachable" {
						return fmt.Errorf("%d %s", status, code)
					}
					return nil
				})
			}
		})
	}
}

func TestPostfixKnowsNobodyOfThatNameAndThePeopleOfTheCaseSeeIt(t *testing.T) {
	t.Parallel()
	p := startPostfix(t)
	a := serve(t, fmt.Sprintf("smtp://127.0.0.1:%d", p.plain), "")
	bounced(t, a)
}

// bounced has an agent add gone@, whom the server does not know.
func bounced(t *testing.T, a *neighbourtest.Alta) {
	t.Helper()
	_, application := a.Opened(t, "gone@shop.example")
	lead := a.LogIn(t, "lead")
	neighbourtest.Eventually(t, "a lead sees the bounce", wait, func() error {
		var out struct {
			Items []struct {
				Template, State, Reason, Status string
				Code                            int
			}
		}
		if _, err := lead.Get(t.Context(), "/v1/applications/"+application+"/undelivered-mails", &out); err != nil {
			return err
		}
		if len(out.Items) != 1 || out.Items[0].Code != 550 || out.Items[0].Status != "5.1.1" || out.Items[0].Reason != "rejected" {
			return fmt.Errorf("%+v", out.Items)
		}
		return nil
	})
	if got := get(t, a.URL+"/readyz"); !strings.HasPrefix(got, `{"ready":true`) || strings.Contains(got, "attention") {
		t.Errorf("/readyz says %q", got)
	}
}

func TestWhenPostfixRefusesOurSenderOrNameOrLogInReadyzSaysSo(t *testing.T) {
	t.Parallel()
	p := startPostfix(t)
	for name, c := range map[string]struct {
		smtp, ca, hello, want string
	}{
		"the sender":        {fmt.Sprintf("smtp://127.0.0.1:%d", p.closed), "", "alta.alta.test", "rcpt answered 554 5.7.1"},
		"the password":      {fmt.Sprintf("smtp://alta:wrong@localhost:%d?tls=required", p.submit), p.ca, "alta.alta.test", "auth answered 535 5.7.8"},
		"no log-in":         {fmt.Sprintf("smtp://localhost:%d?tls=required", p.submit), p.ca, "alta.alta.test", "rcpt answered 554 5.7.1"},
		"TLS is not there":  {fmt.Sprintf("smtp://localhost:%d?tls=required", p.plain), p.ca, "alta.alta.test", "tls"},
		"a strange witness": {fmt.Sprintf("smtp://alta:%s@localhost:%d?tls=required", password, p.submit), "", "alta.alta.test", "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			metrics := fmt.Sprintf("127.0.0.1:%d", neighbourtest.FreePort(t))
			a := serve(t, c.smtp, c.ca, "--metrics", metrics)
			if status, code := register(t, a, "waits@shop.example", "en"); status != http.StatusAccepted {
				t.Fatalf("registering: %d %s", status, code)
			}
			neighbourtest.Eventually(t, "/readyz says it", wait, func() error {
				if got := get(t, a.URL+"/readyz"); !strings.Contains(got, "the mail server takes no mail from us") || !strings.Contains(got, c.want) {
					return errors.New(got)
				}
				return nil
			})
			if got := get(t, "http://"+metrics+"/metrics"); !strings.Contains(got, "\nalta_mail_server_accepts 0\n") || !strings.Contains(got, "\nalta_mail_failed_total 0\n") {
				t.Error("the figures do not show it, or a mail was given up")
			}
		})
	}
	t.Cleanup(func() { // after all of them
		for _, content := range delivered(t, p.maildir) {
			t.Errorf("something was delivered: %s", content)
		}
	})
}

func TestEximGreylistsAndTheMailComesBack(t *testing.T) {
	t.Parallel()
	port, maildir, greylist := startExim(t)
	a := serve(t, fmt.Sprintf("smtp://127.0.0.1:%d", port), "")
	if status, code := register(t, a, "newcomer@shop.example", "es"); status != http.StatusAccepted {
		t.Fatalf("registering: %d %s", status, code)
	}
	neighbourtest.Eventually(t, "Exim defers", wait, func() error {
		if !strings.Contains(a.Output(), "mail: deferred at rcpt, code 451 4.7.1") {
			return errors.New("not yet")
		}
		return nil
	})
	if err := os.Remove(greylist); err != nil {
		t.Fatal(err)
	}
	bounced(t, a) // and the others go on meanwhile
	activates(t, a, arrived(t, maildir, "newcomer@shop.example", 100*time.Second))
}

func TestMailpitShowsTheMails(t *testing.T) {
	t.Parallel()
	port, mailpit := startMailpit(t)
	a := serve(t, fmt.Sprintf("smtp://127.0.0.1:%d", port), "")
	for i, language := range []string{"zh-CN", "es", "en"} {
		if status, code := register(t, a, fmt.Sprintf("li.%d@例子.公司", i), language); status != http.StatusAccepted {
			t.Fatalf("registering: %d %s", status, code)
		}
	}
	var list struct {
		Messages []struct {
			ID, Subject string
			From        struct{ Name, Address string }
			To          []struct{ Address string }
		}
	}
	neighbourtest.Eventually(t, "three mails", wait, func() error {
		if err := json.Unmarshal([]byte(get(t, mailpit+"/api/v1/messages")), &list); err != nil || len(list.Messages) != 3 {
			return fmt.Errorf("%d, %v", len(list.Messages), err)
		}
		return nil
	})
	for _, m := range list.Messages {
		if m.From.Name != "阿尔塔" || len(m.To) != 1 || !strings.HasSuffix(m.To[0].Address, "@xn--fsqu00a.xn--55qx5d") {
			t.Errorf("Mailpit reads %+v", m)
		}
		var check struct {
			Total    struct{ Supported, Partial, Unsupported float64 }
			Warnings []struct{ Title string }
		}
		if err := json.Unmarshal([]byte(get(t, mailpit+"/api/v1/message/"+m.ID+"/html-check")), &check); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, w := range check.Warnings {
			names = append(names, w.Title)
		}
		t.Logf("%s: %.0f %% of what it uses is supported by mail clients, %.0f %% in part; %s", m.Subject, check.Total.Supported, check.Total.Partial, strings.Join(names, ", "))
		if check.Total.Supported < 80 {
			t.Errorf("mail clients support only %.0f %% of %s", check.Total.Supported, m.Subject)
		}
	}
}
