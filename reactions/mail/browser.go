package mail

import (
	"bytes"
	"html/template"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Browser shows the mails of an unsealed spool, newest first. It is for
// development: it asks nobody who they are. Mount it at /dev/mail and /dev/mail/.
//
// /dev/mail/latest?to=<address>&template=<name> answers, for programs, the newest
// mail to somebody as JSON; see Latest.
func Browser(dir string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/dev/mail/latest", &latest{dir: dir, read: map[string]bool{}, newest: map[addressed]Latest{}})
	mux.Handle("/", browser(dir))
	return mux
}

type browser string

var spooled = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}-[0-9a-f-]{36}\.eml$`)

const shown = 200 // mails in the list

func (b browser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; img-src data:")
	rest := strings.Trim(strings.TrimPrefix(r.URL.Path, "/dev/mail"), "/")
	name, view, _ := strings.Cut(rest, "/")
	switch {
	case rest == "":
		b.list(w)
	case !spooled.MatchString(name):
		http.NotFound(w, r)
	default:
		b.show(w, r, name, view)
	}
}

// listed is a line of the list.
type listed struct {
	Name, To, Subject string
	Date              time.Time
}

func (b browser) list(w http.ResponseWriter) {
	files, err := os.ReadDir(string(b))
	if err != nil && !os.IsNotExist(err) {
		http.Error(w, "the spool cannot be read", http.StatusInternalServerError)
		return
	}
	var mails []listed
	for _, f := range slices.Backward(files) {
		if len(mails) == shown {
			break
		}
		if !spooled.MatchString(f.Name()) {
			continue
		}
		m, err := b.read(f.Name())
		if err != nil {
			continue // it was removed meanwhile
		}
		date, _ := m.Header.Date()
		mails = append(mails, listed{f.Name(), m.Header.Get("To"), subject(m), date})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pages.ExecuteTemplate(w, "list", mails)
}

func (b browser) read(name string) (*netmail.Message, error) {
	content, err := os.ReadFile(filepath.Join(string(b), name))
	if err != nil {
		return nil, err
	}
	return netmail.ReadMessage(bytes.NewReader(content))
}

func subject(m *netmail.Message) string {
	s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return m.Header.Get("Subject")
	}
	return s
}

func (b browser) show(w http.ResponseWriter, r *http.Request, name, view string) {
	m, err := b.read(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	plain, rich, err := bodies(m)
	if err != nil {
		http.Error(w, "the mail cannot be read", http.StatusInternalServerError)
		return
	}
	switch view {
	case "html":
		// No script, no form, no request; a link opens in a tab of its own.
		w.Header().Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, strings.Replace(rich, "<head>", `<head><base target="_blank">`, 1))
	case "text":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, plain)
	case "":
		date, _ := m.Header.Date()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = pages.ExecuteTemplate(w, "mail", struct {
			listed
			Text string
		}{listed{name, m.Header.Get("To"), subject(m), date}, plain})
	default:
		http.NotFound(w, r)
	}
}

// bodies are the plain and the HTML part.
func bodies(m *netmail.Message) (plain, rich string, err error) {
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return "", "", err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return plain, rich, nil
		}
		if err != nil {
			return "", "", err
		}
		var body io.Reader = p
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(p)
		}
		content, err := io.ReadAll(io.LimitReader(body, 1<<20))
		if err != nil {
			return "", "", err
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			rich = string(content)
		} else {
			plain = string(content)
		}
	}
}

var pages = template.Must(template.New("").Parse(`
{{define "head"}}<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Mail</title><style>
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem}
a{color:inherit}li{list-style:none;border-top:1px solid #8884;padding:.7rem 0}ul{padding:0}small{opacity:.7}
iframe{width:100%;height:80vh;border:1px solid #8884;border-radius:6px;background:#fff}
</style></head><body>{{end}}
{{define "list"}}{{template "head"}}<h1>Mail</h1><p><small>Development only: these mails were written to files and sent to nobody.</small></p><ul>
{{range .}}<li><a href="/dev/mail/{{.Name}}">{{.Subject}}</a><br><small>{{.To}} · {{.Date.Format "2006-01-02 15:04:05 -0700"}}</small></li>
{{else}}<li>None yet.</li>{{end}}</ul></body></html>{{end}}
{{define "mail"}}{{template "head"}}<p><a href="/dev/mail">All mails</a></p><h1>{{.Subject}}</h1><p><small>{{.To}} · {{.Date.Format "2006-01-02 15:04:05 -0700"}} · <a href="/dev/mail/{{.Name}}/text">plain text</a></small></p>
<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/dev/mail/{{.Name}}/html" title="the mail"></iframe></body></html>{{end}}
`))
