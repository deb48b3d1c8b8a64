package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"alta/decider"
	"alta/reactions/mail"
	"alta/vault"
)

// proxy stands between the people and Alta. It hides values in what they upload
// and in the headers they send, remembers all that went in, and reads their sealed
// mails to them, for which it needs the keys, as nobody but Alta has them.
type proxy struct {
	*httptest.Server
	server *server
	vault  *vault.Vault
	open   string // where opened mails lie; outside of what is searched
	ids    func(context.Context) ([]string, error)

	mu     sync.Mutex
	hidden []canary // in headers and files
	sent   bytes.Buffer

	mails    sync.Mutex
	opened   map[string]bool
	subjects map[string]bool
}

// The values in headers that every request carries.
var headers = map[string]string{
	"User-Agent":      "Mozilla/5.0 (canary-agent-7f3a91) Firefox",
	"X-Forwarded-For": "198.51.100.177",
	"X-Request-Id":    "canary-request-58c2d0",
	"Referer":         "https://canary-referer-e91b.example/",
	"Cookie":          "canary_cookie=5b1e7d44aa",
}

func newProxy(s *server, v *vault.Vault, open string) *proxy {
	p := &proxy{server: s, vault: v, open: open, opened: map[string]bool{}, subjects: map[string]bool{}}
	for name, value := range headers {
		p.hidden = append(p.hidden, canary{"header " + name, []byte(value)})
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		target, _ := url.Parse(s.Address) // the server's own words
		r.SetURL(target)
		for name, value := range headers {
			r.Out.Header.Set(name, value)
		}
	}}
	mux := http.NewServeMux()
	mails := mail.Browser(open)
	mux.HandleFunc("/dev/mail/", func(w http.ResponseWriter, r *http.Request) {
		if err := p.readMails(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		mails.ServeHTTP(w, r)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		body = p.note(r, body)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		forward.ServeHTTP(w, r)
	})
	p.Server = httptest.NewServer(mux)
	return p
}

// note remembers what goes in, and hides a value in a file that is uploaded.
func (p *proxy) note(r *http.Request, body []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/documents/") || len(body) < 100 {
		p.sent.Write(body)
		p.sent.WriteByte('\n')
		return body
	}
	slot := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	kind := r.Header.Get("Content-Type")
	secret := decider.NewID().String() // not repeatable from the seed, and need not be
	body = hide(kind, body, "canary-"+secret)
	p.hidden = append(p.hidden, canary{"hidden in " + kind + " " + slot, []byte(secret)})
	for _, part := range []int{1, 2, 3} {
		if at := len(body) / 4 * part; at+32 <= len(body) && busy(body[at:at+32]) {
			p.hidden = append(p.hidden, canary{"bytes of " + kind + " " + slot, bytes.Clone(body[at : at+32])})
		}
	}
	return body
}

// busy: the bytes are not those of an empty area, which all files have.
func busy(b []byte) bool {
	distinct := map[byte]bool{}
	for _, c := range b {
		distinct[c] = true
	}
	return len(distinct) >= 20
}

// hide puts a text where cameras and programs leave theirs, and behind the end.
func hide(kind string, file []byte, text string) []byte {
	var out []byte
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		exif := []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x0e\x01\x02\x00")
		exif = binary.LittleEndian.AppendUint32(exif, uint32(len(text)+1))
		exif = binary.LittleEndian.AppendUint32(exif, 26)
		exif = append(append(exif, 0, 0, 0, 0), text+"\x00"...)
		out = append(out, file[:2]...)
		out = segment(out, 0xe1, exif)
		out = segment(out, 0xfe, []byte(text))
		out = append(out, file[2:]...)
	case bytes.HasPrefix(file, []byte("\x89PNG")) && len(file) > 33:
		chunk := append([]byte("tEXtComment\x00"), text...)
		out = append(out, file[:33]...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(chunk)-4))
		out = append(out, chunk...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
		out = append(out, file[33:]...)
	case kind == "application/pdf":
		return append(append(out, file...), "\n%"+text+"\n"...)
	default:
		return append(out, file...)
	}
	return append(out, text...)
}

func segment(out []byte, marker byte, data []byte) []byte {
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(data)+2))
	return append(out, data...)
}

var sealedMail = regexp.MustCompile(`^([0-9]{8}T[0-9]{6}-)([0-9a-f-]{36})(\.eml)\.sealed$`)

// readMails opens the sealed mails that came since, with whosever key fits.
func (p *proxy) readMails(ctx context.Context) error {
	p.mails.Lock()
	defer p.mails.Unlock()
	dir := filepath.Join(p.server.Data(), "mail")
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	asked := false
	for _, f := range files {
		parts := sealedMail.FindStringSubmatch(f.Name())
		if parts == nil || p.opened[f.Name()] {
			continue
		}
		notice, err := decider.ParseID(parts[2])
		if err != nil {
			return err
		}
		sealed, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		try := func() bool {
			for id := range p.subjects {
				clear, err := p.vault.Open(ctx, id, notice, "mail", string(sealed))
				if err == nil && os.WriteFile(filepath.Join(p.open, parts[1]+parts[2]+parts[3]), []byte(clear), 0o600) == nil {
					p.opened[f.Name()] = true
					return true
				}
			}
			return false
		}
		if try() || asked {
			continue
		}
		asked = true
		ids, err := p.ids(ctx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			p.subjects[id] = true
		}
		try()
	}
	return nil
}
