package s3

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// bucket is an S3 server in the test: the protocol as the real client speaks it
// (path style, aws-chunked bodies, XML listings in pages, conditional writes,
// versions), over a map.
type bucket struct {
	mu       sync.Mutex
	objects  map[string][]version // oldest first
	serial   int
	keepAll  bool // a bucket with versions
	lax      bool // ignores conditions, as some stores do
	down     bool
	pageSize int
}

type version struct {
	id      string
	data    []byte
	at      time.Time
	deleted bool
}

func startBucket(t *testing.T) (*bucket, Config) {
	t.Helper()
	b := &bucket{objects: map[string][]version{}, pageSize: 7}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return b, Config{Endpoint: strings.TrimPrefix(server.URL, "http://"), Region: "test", Bucket: "alta", Prefix: "a/", AccessKey: "key", SecretKey: "secret"}
}

func etag(b []byte) string {
	sum := md5.Sum(b)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fail := func(status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
	}
	if b.down {
		fail(503, "SlowDown")
		return
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=key/") {
		fail(403, "AccessDenied")
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/alta/")
	q := r.URL.Query()
	if !ok || name == "" {
		b.list(w, q.Get("prefix"), q.Has("versions"), q.Get("continuation-token")+q.Get("key-marker"))
		return
	}
	all := b.objects[name]
	var now *version
	if len(all) > 0 && !all[len(all)-1].deleted {
		now = &all[len(all)-1]
	}
	switch r.Method {
	case http.MethodPut:
		data, err := readBody(r)
		if err != nil {
			fail(400, "IncompleteBody")
			return
		}
		match := r.Header.Get("If-Match")
		switch {
		case b.lax:
		case r.Header.Get("If-None-Match") == "*" && now != nil, match != "" && now != nil && strings.Trim(match, `"`) != strings.Trim(etag(now.data), `"`):
			fail(412, "PreconditionFailed")
			return
		case match != "" && now == nil:
			fail(404, "NoSuchKey")
			return
		}
		b.add(name, version{data: data})
		w.Header().Set("ETag", etag(data))
	case http.MethodGet, http.MethodHead:
		if now == nil {
			fail(404, "NoSuchKey")
			return
		}
		w.Header().Set("ETag", etag(now.data))
		w.Header().Set("Last-Modified", now.at.UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Length", strconv.Itoa(len(now.data)))
		if r.Method == http.MethodGet {
			w.Write(now.data)
		}
	case http.MethodDelete:
		if id := q.Get("versionId"); id != "" {
			b.objects[name] = slices.DeleteFunc(all, func(v version) bool { return v.id == id })
		} else if b.keepAll && now != nil {
			b.add(name, version{deleted: true})
		} else if !b.keepAll {
			delete(b.objects, name)
		}
		w.WriteHeader(204)
	default:
		fail(405, "MethodNotAllowed")
	}
}

func (b *bucket) add(name string, v version) {
	b.serial++
	v.at = time.Now()
	v.id = "null"
	if b.keepAll {
		v.id = fmt.Sprintf("v%d", b.serial)
		b.objects[name] = append(b.objects[name], v)
		return
	}
	b.objects[name] = []version{v}
}

type entry struct {
	Key          string
	VersionID    string `xml:"VersionId,omitempty"`
	LastModified string
	ETag         string
	Size         int
	IsLatest     bool
}

func (b *bucket) list(w http.ResponseWriter, prefix string, versions bool, after string) {
	var names []string
	for n, all := range b.objects {
		if strings.HasPrefix(n, prefix) && n > after && len(all) > 0 && (versions || !all[len(all)-1].deleted) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	out := struct {
		XMLName               xml.Name
		IsTruncated           bool
		NextContinuationToken string  `xml:",omitempty"`
		NextKeyMarker         string  `xml:",omitempty"`
		Contents              []entry `xml:",omitempty"`
		Version               []entry `xml:",omitempty"`
		DeleteMarker          []entry `xml:",omitempty"`
	}{XMLName: xml.Name{Local: "ListBucketResult"}}
	if len(names) > b.pageSize {
		names = names[:b.pageSize]
		out.IsTruncated = true
		out.NextContinuationToken, out.NextKeyMarker = names[len(names)-1], names[len(names)-1]
	}
	if versions {
		out.XMLName.Local = "ListVersionsResult"
	}
	for _, n := range names {
		for i, v := range b.objects[n] {
			e := entry{Key: n, LastModified: v.at.UTC().Format("2006-01-02T15:04:05.000Z"), ETag: etag(v.data), Size: len(v.data), IsLatest: i == len(b.objects[n])-1}
			switch {
			case !versions && e.IsLatest:
				out.Contents = append(out.Contents, e)
			case versions && v.deleted:
				e.VersionID = v.id
				out.DeleteMarker = append(out.DeleteMarker, e)
			case versions:
				e.VersionID = v.id
				out.Version = append(out.Version, e)
			}
		}
	}
	w.Header().Set("Content-Type", "application/xml")
	xml.NewEncoder(w).Encode(out)
}

// readBody undoes aws-chunked: "<hex size>;chunk-signature=…", the bytes, and so
// on until a chunk of size 0; trailers may follow.
func readBody(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return io.ReadAll(r.Body)
	}
	var out bytes.Buffer
	in := bufio.NewReader(r.Body)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		head, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(head, 16, 64)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			io.Copy(io.Discard, in)
			break
		}
		if _, err := io.CopyN(&out, in, n); err != nil {
			return nil, err
		}
		if _, err := in.Discard(2); err != nil {
			return nil, err
		}
	}
	if want := r.Header.Get("X-Amz-Decoded-Content-Length"); want != strconv.Itoa(out.Len()) {
		return nil, io.ErrUnexpectedEOF
	}
	return out.Bytes(), nil
}
