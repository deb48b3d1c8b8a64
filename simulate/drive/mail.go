package drive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Mail is one mail as /dev/mail shows it.
type Mail struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
	Link    string `json:"link"`
}

// ErrNoMail: the mail did not come in time. Mails can be read only where the
// server runs with --dev.
var ErrNoMail = errors.New("drive: no such mail came; can mails be read here (--dev)?")

const (
	mailTime = 20 * time.Second
	mailPoll = 25 * time.Millisecond
)

// mail waits for the newest mail of a template to somebody that good accepts.
func (c *Client) mail(ctx context.Context, to, template string, good func(Mail) bool) (Mail, error) {
	ctx, stop := context.WithTimeout(ctx, mailTime)
	defer stop()
	path := "/dev/mail/latest?to=" + url.QueryEscape(to) + "&template=" + url.QueryEscape(template)
	for {
		var m Mail
		_, err := c.Do(ctx, Request{Method: http.MethodGet, Path: path}, &m)
		if err == nil && good(m) {
			return m, nil
		}
		var p *Problem
		if err != nil && !errors.As(err, &p) {
			return m, fmt.Errorf("%w (%s to %s): %w", ErrNoMail, template, to, err)
		}
		if pause(ctx, mailPoll) != nil {
			return m, fmt.Errorf("%w (%s to %s)", ErrNoMail, template, to)
		}
	}
}

// token takes the one-time token out of a link.
func token(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	if t := u.Query().Get("token"); t != "" {
		return t
	}
	if q, err := url.ParseQuery(strings.TrimPrefix(u.Fragment, "/")); err == nil && q.Get("token") != "" {
		return q.Get("token")
	}
	if u.Fragment != "" {
		return u.Fragment[strings.LastIndexAny(u.Fragment, "/=")+1:]
	}
	return u.Path[strings.LastIndex(u.Path, "/")+1:]
}

// activationToken waits for the mail with which somebody sets the first password.
func (c *Client) activationToken(ctx context.Context, to string) (string, error) {
	m, err := c.mail(ctx, to, "activation", func(m Mail) bool { return token(m.Link) != "" })
	return token(m.Link), err
}

var sixDigits = regexp.MustCompile(`(?:^|[^0-9])([0-9]{6})(?:[^0-9]|$)`)

func code(m Mail) string {
	for _, text := range []string{m.Text, m.Subject} {
		if found := sixDigits.FindStringSubmatch(text); found != nil {
			return found[1]
		}
	}
	return ""
}

// signingCode waits for the mail with the code that stands for a signature.
func (c *Client) signingCode(ctx context.Context, to string) (string, error) {
	m, err := c.mail(ctx, to, "signing-code", func(m Mail) bool { return code(m) != "" })
	return code(m), err
}
