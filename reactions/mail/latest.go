package mail

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

// templateHeader tells programs what kind of mail it is.
const templateHeader = "X-Alta-Template"

// Latest is the newest mail to somebody, as programs read it at
// /dev/mail/latest. Link is the mail's one link, where it has one.
type Latest struct {
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Link    string    `json:"link,omitempty"`
	Date    time.Time `json:"date"`
}

type addressed struct{ to, template string }

// latest answers the newest mail of a spool. It reads every file once, whatever
// the number of questions: people who wait for a mail ask often.
type latest struct {
	dir string

	mu     sync.Mutex
	read   map[string]bool
	newest map[addressed]Latest
}

func (l *latest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	q := r.URL.Query()
	l.mu.Lock()
	err := l.catchUp()
	m, ok := l.newest[addressed{strings.ToLower(q.Get("to")), q.Get("template")}]
	l.mu.Unlock()
	switch {
	case err != nil:
		http.Error(w, "the spool cannot be read", http.StatusInternalServerError)
	case !ok:
		http.Error(w, "there is no such mail", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(m)
	}
}

var link = regexp.MustCompile(`https?://[^\s"<>]+`)

// catchUp reads the files that came since.
func (l *latest) catchUp() error {
	files, err := os.ReadDir(l.dir)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, f := range files {
		if l.read[f.Name()] || !spooled.MatchString(f.Name()) {
			continue
		}
		m, err := browser(l.dir).read(f.Name())
		if err != nil {
			continue // it was removed meanwhile
		}
		plain, rich, err := bodies(m)
		if err != nil {
			continue
		}
		l.read[f.Name()] = true
		date, _ := m.Header.Date()
		k := addressed{strings.ToLower(strings.Trim(m.Header.Get("To"), "<> ")), m.Header.Get(templateHeader)}
		if had, ok := l.newest[k]; !ok || !date.Before(had.Date) {
			l.newest[k] = Latest{Subject: subject(m), Text: plain, HTML: rich, Link: link.FindString(plain), Date: date}
		}
	}
	return nil
}
