package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"alta/simulate/drive"
)

// desk is an operator at the command line of one installation.
type desk struct {
	t    *testing.T
	data string
}

func (d desk) try(args ...string) (string, error) {
	d.t.Helper()
	var out bytes.Buffer
	err := run(d.t.Context(), append(append([]string{"account"}, args...), "--data", d.data, "--by", "night shift"), &out, io.Discard)
	return out.String(), err
}

func (d desk) does(args ...string) string {
	d.t.Helper()
	out, err := d.try(args...)
	if err != nil {
		d.t.Fatalf("%v: %v", args, err)
	}
	return out
}

var (
	printedLink = regexp.MustCompile(`SECRET: \S+/activate\?token=(\S+)`)
	printedID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// entered is who has logged in, perhaps only to set one-time codes up.
type entered struct {
	Token     string `json:"access_token"`
	MustEnrol bool   `json:"must_enrol"`
	Account   struct{ Role string }
}

func TestAnOperatorLooksAfterAccountsOfARunningInstallation(t *testing.T) {
	c := demoConfig(t)
	w, d := start(t, c), desk{t, c.Data}
	ctx := t.Context()
	logIn := func(email, password string) (s entered, err error) {
		_, err = w.client.Do(ctx, drive.Request{Method: http.MethodPost, Path: "/v1/auth/login", Body: map[string]string{"email": email, "password": password}}, &s)
		return s, err
	}
	reads := func(s entered, path string) error {
		_, err := w.client.Do(ctx, drive.Request{Method: http.MethodGet, Path: path, Token: s.Token}, nil)
		return err
	}
	setPassword := func(token, password string) error {
		_, err := w.client.Do(ctx, drive.Request{Method: http.MethodPost, Path: "/v1/auth/activation", Body: map[string]string{"token": token, "password": password}}, nil)
		return err
	}
	const email, first, second = "zhao@alta.example", "quiet harbour 73", "louder harbour 74"

	out := d.does("invite", "--role", "reviewer", "--email", email, "--name", "赵敏", "--language", "zh-CN", "--print-link")
	id, link := printedID.FindString(out), printedLink.FindStringSubmatch(out)
	if id == "" || link == nil {
		t.Fatal(out)
	}
	if err := setPassword(link[1], first); err != nil {
		t.Fatal(err)
	}
	p, err := logIn(email, first)
	if err != nil || p.Account.Role != "reviewer" || !p.MustEnrol {
		t.Fatal(p, err)
	}
	if refusedWith(reads(p, "/v1/queues")) != "must-enrol" {
		t.Error("a reviewer without one-time codes sees the queues")
	}
	if out := d.does("list"); !strings.Contains(out, id) || !strings.Contains(out, "赵敏") || strings.Contains(out, "agent@") {
		t.Errorf("staff are listed as\n%s", out)
	}
	if out := d.does("list", "--role", "agent"); strings.Contains(out, id) || strings.Contains(out, "agent@demo.alta.example") || !strings.Contains(out, "agent ") {
		t.Errorf("agents are listed, masked, as\n%s", out)
	}
	if out := d.does("list", "--status", "suspended"); strings.Contains(out, id) {
		t.Errorf("nobody is shut, and listed are\n%s", out)
	}
	if out := d.does("show", email); !strings.Contains(out, "session") || strings.Contains(out, "argon2") {
		t.Errorf("shown is\n%s", out)
	}

	// Shut at once, open again, with another password.
	if err := reads(p, "/v1/me"); err != nil {
		t.Fatal(err)
	}
	d.does("disable", email, "--why", "the laptop was stolen")
	if reads(p, "/v1/me") == nil {
		t.Error("who was shut goes on")
	}
	if out := d.does("list", "--status", "suspended"); !strings.Contains(out, id) {
		t.Errorf("who is shut is not listed:\n%s", out)
	}
	if _, err := logIn(email, first); refusedWith(err) == "" {
		t.Error("who was shut logs in")
	}
	d.does("enable", id)
	if out := d.does("enable", id); !strings.Contains(out, "nothing had to be changed") {
		t.Errorf("the second time: %s", out)
	}
	link = printedLink.FindStringSubmatch(d.does("link", email, "--print-link"))
	if link == nil || setPassword(link[1], second) != nil {
		t.Fatal("the new link sets no password")
	}
	if out := d.does("link", email); printedLink.MatchString(out) {
		t.Error("a link is printed that nobody asked for")
	}
	if p, err = logIn(email, second); err != nil {
		t.Fatal(err)
	}
	d.does("sign-out", email)
	if reads(p, "/v1/me") == nil {
		t.Error("who was signed out goes on")
	}
	d.does("role", email, "--role", "lead")
	if p, err = logIn(email, second); err != nil || p.Account.Role != "lead" || !p.MustEnrol {
		t.Errorf("a lead without one-time codes: %v, %v", p, err)
	}
	if out := d.does("reset-totp", email); !strings.Contains(out, "nothing had to be changed") {
		t.Errorf("there were no codes: %s", out)
	}
	d.does("close", email, "--why", "left the company")
	if _, err := d.try("show", email); err == nil {
		t.Error("the address still belongs to the closed account")
	}
	d.does("invite", "--role", "auditor", "--email", email, "--name", "赵敏")

	for _, wrong := range [][]string{
		{}, {"show"}, {"erase", email}, {"show", "nobody@alta.example"}, {"show", "x"}, {"show", "0190b6a0-0000-7000-8000-000000000000"},
		{"disable", email}, {"disable", email, "--why", " "}, {"role", email}, {"role", email, "--role", "king"}, {"list", "--status", "asleep"},
		{"invite", "--role", "lead", "--email", email, "--name", "x"}, {"invite", "--role", "lead", "--name", "x"},
		{"invite", "--role", "lead", "--email", "no address", "--name", "x"}, {"invite", "--role", "lead", "--email", "y@alta.example", "--name", "x", "--language", "fr"},
		{"role", "agent@demo.alta.example", "--role", "lead"},
	} {
		if len(wrong) == 0 {
			continue
		}
		if out, err := d.try(wrong...); err == nil {
			t.Errorf("%v: %s", wrong, out)
		} else if strings.Contains(err.Error(), "nobody@") {
			t.Errorf("%v: the error repeats who was asked for: %v", wrong, err)
		}
	}
	// The refusals above are in the program's journal, and name nobody.
	for _, line := range w.log.forget() {
		if strings.Contains(line, "@") || !strings.Contains(line, "a request of another command failed") {
			t.Errorf("the program logged: %s", line)
		}
	}
}

func TestAnOperatorLooksAfterAccountsOfAStoppedInstallation(t *testing.T) {
	c := demoConfig(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	up := make(chan string, 1)
	go func() {
		ended <- serve(ctx, c, slog.New(slog.DiscardHandler), func(a string) error { up <- a; return nil })
	}()
	<-up
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	d := desk{t, c.Data}
	d.does("disable", "auditor@demo.alta.example", "--why", "left")
	if out := d.does("show", "auditor@demo.alta.example"); !strings.Contains(out, "suspended") {
		t.Error(out)
	}
	w := start(t, c)
	if _, err := w.client.LogIn(t.Context(), "auditor@demo.alta.example", demoPassword); refusedWith(err) == "" {
		t.Error("who was shut before the start logs in")
	}
	if _, err := (desk{t, t.TempDir()}).try("list"); err == nil {
		t.Error("a directory without a log has accounts")
	}
}
